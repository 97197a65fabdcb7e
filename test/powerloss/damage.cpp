#include "test/powerloss/damage.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <vector>

namespace cs2sim::powerloss {
namespace {

namespace fs = std::filesystem;

using Random = std::mt19937;

std::size_t below(std::size_t limit, Random& random) {
    return limit == 0 ? 0 : std::uniform_int_distribution<std::size_t>(0, limit - 1)(random);
}

std::vector<fs::path> files_in(const fs::path& folder) {
    std::vector<fs::path> files;
    for (const auto& entry : fs::recursive_directory_iterator(folder))
        if (entry.is_regular_file()) files.push_back(entry.path());
    std::ranges::sort(files);
    return files;
}

std::string read(const fs::path& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

void write(const fs::path& file, const std::string& content) {
    std::ofstream(file, std::ios::binary | std::ios::trunc) << content;
}

std::string noise(std::size_t size, Random& random) {
    std::string bytes(size, '\0');
    for (char& byte : bytes) byte = static_cast<char>(below(256, random));
    return bytes;
}

void remove_file(const fs::path& file, Random&) { fs::remove(file); }
void empty_file(const fs::path& file, Random&) { write(file, {}); }
void truncate_file(const fs::path& file, Random& random) {
    fs::resize_file(file, below(fs::file_size(file), random));
}
void append_noise(const fs::path& file, Random& random) {
    write(file, read(file) + noise(1 + below(5000, random), random));
}
void flip_a_byte(const fs::path& file, Random& random) {
    std::string content = read(file);
    if (content.empty()) return;
    char& byte = content[below(content.size(), random)];
    byte = static_cast<char>(byte ^ static_cast<char>(1 + below(255, random)));
    write(file, content);
}
void overwrite_a_part(const fs::path& file, Random& random) {
    std::string content = read(file);
    const std::size_t from = below(content.size(), random);
    const std::size_t size = below(content.size() - from + 1, random);
    content.replace(from, size, noise(size, random));
    write(file, content);
}
void zero_a_page(const fs::path& file, Random& random) {
    constexpr std::size_t kPage = 4096;
    std::string content = read(file);
    const std::size_t from = below(content.size() / kPage + 1, random) * kPage;
    if (from >= content.size()) return;
    const std::size_t size = std::min(kPage, content.size() - from);
    content.replace(from, size, std::string(size, '\0'));
    write(file, content);
}
void replace_by_noise(const fs::path& file, Random& random) {
    write(file, noise(below(20000, random), random));
}
void replace_by_folder(const fs::path& file, Random&) {
    fs::remove(file);
    fs::create_directory(file);
}
void replace_by_dangling_link(const fs::path& file, Random&) {
    fs::remove(file);
    fs::create_symlink("nowhere", file);
}

struct Way {
    const char* words;
    void (*apply)(const fs::path& file, Random& random);
};
constexpr Way kWays[] = {
    {"removed", remove_file},
    {"emptied", empty_file},
    {"truncated", truncate_file},
    {"longer by noise", append_noise},
    {"one byte changed", flip_a_byte},
    {"one byte changed", flip_a_byte},
    {"a part overwritten", overwrite_a_part},
    {"a page of zeros", zero_a_page},
    {"replaced by noise", replace_by_noise},
    {"replaced by a folder", replace_by_folder},
    {"replaced by a dangling link", replace_by_dangling_link},
};

std::string exchange_two(const std::vector<fs::path>& files, Random& random) {
    const fs::path& a = files[below(files.size(), random)];
    const fs::path& b = files[below(files.size(), random)];
    const std::string content = read(a);
    write(a, read(b));
    write(b, content);
    return a.filename().string() + " and " + b.filename().string() + " exchanged";
}

}  // namespace

std::string damage(const fs::path& folder, Random& random) {
    const std::vector<fs::path> files = files_in(folder);
    if (below(12, random) == 0) return exchange_two(files, random);
    const fs::path& file = files[below(files.size(), random)];
    const Way& way = kWays[below(std::size(kWays), random)];
    way.apply(file, random);
    return file.filename().string() + " " + way.words;
}

}  // namespace cs2sim::powerloss
