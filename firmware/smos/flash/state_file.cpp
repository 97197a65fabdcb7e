#include "firmware/smos/flash/state_file.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <string_view>

#include "firmware/smos/flash/memory_reserve.h"

namespace cs2sim {

StateFile::StateFile(const std::filesystem::path& path, int flags, mode_t mode)
    : descriptor_(::open(path.c_str(), flags | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW, mode)) {}

StateFile::~StateFile() {
    if (descriptor_ >= 0) ::close(descriptor_);
}

Result<Bytes> StateFile::content(std::uint64_t most) const {
    struct stat info {};
    if (::fstat(descriptor_, &info) != 0 || !S_ISREG(info.st_mode)) return fail(E_OS_FILE_CORR);
    if (static_cast<std::uint64_t>(info.st_size) > most) return fail(E_OS_FILE_CORR);
    Bytes content(static_cast<std::size_t>(info.st_size));
    std::size_t have = 0;
    while (have < content.size()) {
        const ssize_t got =
            ::pread(descriptor_, content.data() + have, content.size() - have, static_cast<off_t>(have));
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return fail(E_OS_FILE_CORR);
        have += static_cast<std::size_t>(got);
    }
    return content;
}

bool StateFile::write_all(ByteView bytes) const {
    while (!bytes.empty()) {
        const ssize_t written = ::write(descriptor_, bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return false;
        bytes = bytes.subspan(static_cast<std::size_t>(written));
    }
    return true;
}

bool StateFile::sync() const { return ::fdatasync(descriptor_) == 0; }

Error file_error(int host_errno) {
    switch (host_errno) {
        case ENOENT:
            return {E_OS_FILE_NO_SUCH_FILE};
        case ENOSPC:
        case EDQUOT:
        case EFBIG:
            return {E_OS_FILE_NO_SPACE};
        case EMFILE:
        case ENFILE:
            return {E_OS_FILE_HDL_TOOMANY};
        case EROFS:
        case EACCES:
        case EPERM:
            return {E_OS_FILE_RDONLY};
        default:
            return {E_OS_FILE_CORR};
    }
}

std::vector<std::string> file_names(const std::filesystem::path& folder) {
    std::vector<std::string> names;
    const std::unique_ptr<DIR, int (*)(DIR*)> open(::opendir(folder.c_str()), ::closedir);
    while (const dirent* entry = open ? ::readdir(open.get()) : nullptr) {
        const std::string_view name = entry->d_name;
        if (name != "." && name != "..") names.emplace_back(name);
    }
    return names;
}

Result<void> sync_folder(const std::filesystem::path& folder) {
    // The state folder itself may be a link of the user's.
    const StateFile handle(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!handle || ::fsync(handle.get()) != 0) return fail(file_error(errno));
    return {};
}

Result<void> write_atomically(const std::filesystem::path& path, ByteView content) {
    static std::atomic<unsigned> counter{0};
    std::filesystem::path temporary = path.parent_path() / ".tmp";
    temporary += std::to_string(counter++);

    const StateFile file(temporary, O_WRONLY | O_CREAT | O_TRUNC);
    if (!file) return fail(file_error(errno));
    if (!file.write_all(content) || !file.sync() || std::rename(temporary.c_str(), path.c_str()) != 0) {
        const Error error = file_error(errno);
        ::unlink(temporary.c_str());
        return fail(error);
    }
    CommandMemory::stored();
    return sync_folder(path.parent_path());
}

}  // namespace cs2sim
