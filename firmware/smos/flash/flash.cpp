#include "firmware/smos/flash/flash.h"

#include <fcntl.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <new>

#include "firmware/smos/flash/fault_points.h"
#include "firmware/smos/flash/state_file.h"

namespace cs2sim {
namespace {

constexpr std::string_view kPrefix = "FLASH\\";
constexpr std::size_t kLongestName = 31;

bool allowed(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.';
}

}  // namespace

Flash::Flash(std::filesystem::path folder) : folder_(std::move(folder)) {}

Result<std::string> Flash::plain_name(std::string_view name) {
    if (name.size() >= kPrefix.size() && ::strncasecmp(name.data(), kPrefix.data(), kPrefix.size()) == 0)
        name.remove_prefix(kPrefix.size());
    if (name.empty() || name.size() > kLongestName || name.front() == '.' ||
        !std::ranges::all_of(name, allowed))
        return fail(E_OS_FILE_ILL_NAME);
    return std::string(name);
}

Result<Bytes> Flash::read(std::string_view name) const {
    const StateFile file(path_of(name), O_RDONLY);
    if (!file) return fail(file_error(errno));
    return file.content(kLargestFile);
}

Result<void> Flash::write(std::string_view name, ByteView content) {
    CS2SIM_TRY(fault_point(FaultPoint::flash_write, name));
    return write_atomically(path_of(name), content);
}

Result<void> Flash::remove(std::string_view name) {
    if (::unlink(path_of(name).c_str()) != 0) return fail(file_error(errno));
    return sync_folder(folder_);
}

bool Flash::exists(std::string_view name) const { return ::access(path_of(name).c_str(), F_OK) == 0; }

std::vector<FileInfo> Flash::list() const {
    std::vector<FileInfo> files;
    for (const std::string& name : file_names(folder_)) {
        struct stat status {};
        if (name.starts_with('.') || ::stat((folder_ / name).c_str(), &status) != 0) continue;
        if (S_ISREG(status.st_mode)) files.push_back({name, static_cast<std::uint64_t>(status.st_size)});
    }
    std::ranges::sort(files, {}, &FileInfo::name);
    return files;
}

FlashSpace Flash::space() const {
    FlashSpace space;
    for (const FileInfo& file : list()) space.used += file.size;
    std::error_code unknown;
    const auto host = std::filesystem::space(folder_, unknown);
    if (!unknown) space.free = host.available;
    return space;
}

std::filesystem::path Flash::path_of(std::string_view name) const { return folder_ / name; }

UnfinishedFile::UnfinishedFile(Flash& flash, std::string name)
    : flash_(flash), unfinished_(flash.unfinished_), name_(std::move(name)) {}

UnfinishedFile::~UnfinishedFile() { *unfinished_ -= content_.size(); }

Result<void> UnfinishedFile::append(ByteView part) {
    if (content_.size() + part.size() > Flash::kLargestFile) return fail(E_OS_FILE_NO_SPACE);
    if (unfinished_->fetch_add(part.size()) + part.size() > Flash::kMostUnfinished) {
        *unfinished_ -= part.size();
        return fail(E_OS_FILE_NO_SPACE);
    }
    try {
        cs2sim::append(content_, part);
    } catch (const std::bad_alloc&) {
        *unfinished_ -= part.size();
        return fail(E_OS_FILE_NO_MEM);
    }
    return {};
}

Result<void> UnfinishedFile::finish() { return flash_.write(name_, content_); }

}  // namespace cs2sim
