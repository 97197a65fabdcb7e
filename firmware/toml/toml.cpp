#define TOML_IMPLEMENTATION
#include "firmware/toml/toml.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace cs2sim {
namespace {

using Problem = tl::unexpected<std::string>;

struct TomlAssertion : std::logic_error {
    using std::logic_error::logic_error;
};

// Every dot of a key is one more level of tables. No line of ours has as many; a line of text may not either.
constexpr std::ptrdiff_t kMostDots = 200;

// The number of the first line with too many dots, from 1; 0 when there is none.
std::size_t too_deep(std::string_view text) {
    for (std::size_t line = 1; !text.empty(); ++line) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        if (std::ranges::count(text.substr(0, end), '.') > kMostDots) return line;
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return 0;
}

// What is no file in words, or nothing: a folder; a pipe in a folder, whose writer may never come (what a
// shell makes of <(command) has no name); a device, which may never end. A terminal and /dev/null do.
const char* odd_kind(const std::string& path) {
    struct stat info {};
    struct statfs system {};
    if (::stat(path.c_str(), &info) != 0) return nullptr;  // whoever opens it says why
    if (S_ISDIR(info.st_mode)) return "is a folder";
    if (S_ISFIFO(info.st_mode))
        return ::statfs(path.c_str(), &system) != 0 || system.f_type != PIPEFS_MAGIC ? "is a named pipe"
                                                                                     : nullptr;
    if (S_ISREG(info.st_mode)) return nullptr;
    if (S_ISCHR(info.st_mode) && info.st_rdev == makedev(1, 3)) return nullptr;
    const int fd =
        S_ISCHR(info.st_mode) ? ::open(path.c_str(), O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC) : -1;
    const bool terminal = fd >= 0 && ::isatty(fd) == 1;
    if (fd >= 0) ::close(fd);
    return terminal ? nullptr : "is a device or a socket, no file";
}

}  // namespace

void toml_assertion_failed(const char* what) { throw TomlAssertion(what); }

tl::expected<toml::table, std::string> parse_toml(std::string_view text, std::string_view name) {
    if (const std::size_t line = too_deep(text))
        return Problem(std::string(name) + ": more than " + std::to_string(kMostDots) + " dots in line " +
                       std::to_string(line));
    try {
        return toml::parse(text, name);
    } catch (const toml::parse_error& error) {
        std::ostringstream words;
        words << std::string(name) << ": " << error;
        return Problem(words.str());
    } catch (const TomlAssertion&) {
        return Problem(std::string(name) + ": is no TOML document");
    }
}

tl::expected<std::string, std::string> read_text(const std::string& path, std::size_t longest) {
    if (const char* const words = odd_kind(path)) return Problem(path + ": " + words);
    std::ifstream file(path, std::ios::binary);
    if (!file) return Problem(path + ": cannot be read");
    std::string text(std::min<std::size_t>(longest + 1, std::size_t{1} << 16), '\0');
    std::size_t size = 0;
    while (file.read(text.data() + size, static_cast<std::streamsize>(text.size() - size)),
           file.gcount() > 0) {
        size += static_cast<std::size_t>(file.gcount());
        if (size > longest) return Problem(path + ": is longer than " + std::to_string(longest) + " bytes");
        if (size == text.size()) text.resize(std::min(longest + 1, 2 * size));
    }
    if (file.bad()) return Problem(path + ": cannot be read");
    text.resize(size);
    return text;
}

tl::expected<toml::table, std::string> parse_toml_file(const std::string& path, std::size_t longest) {
    const auto text = read_text(path, longest);
    if (!text) return Problem(text.error());
    return parse_toml(*text, path);
}

}  // namespace cs2sim
