#include "host-lib/files/host_file.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <string>
#include <utility>

namespace cs2sim::host {
namespace {

thread_local std::optional<FileRefusal> last_refusal;

std::nullopt_t refused(const std::filesystem::path& path, int error) {
    note_file_refusal(path, error);
    return std::nullopt;
}

// What is wrong with a file that is there and no regular one.
int error_of_kind(const struct stat& status) { return S_ISDIR(status.st_mode) ? EISDIR : EINVAL; }

bool write_all(int fd, ByteView rest) {
    while (!rest.empty()) {
        const ssize_t written = ::write(fd, rest.data(), rest.size());
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return false;
        rest = rest.subspan(static_cast<std::size_t>(written));
    }
    return true;
}

// To the end, whatever the size was said to be. Nothing: errno says why.
std::optional<SecretBytes> read_to_end(int fd, std::size_t most) {
    constexpr std::size_t kAtOnce = 64 * 1024;
    SecretBytes content;
    while (true) {
        const std::size_t filled = content.size();
        content.resize(filled + kAtOnce);
        const ssize_t got = ::read(fd, content.data() + filled, kAtOnce);
        content.resize(filled + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return std::nullopt;
        if (content.size() > most) {
            errno = EFBIG;
            return std::nullopt;
        }
        if (got == 0) return content;
    }
}

// An empty regular file (of /proc, say), a terminal, /dev/null, and a pipe without a name.
bool ends_some_time(int fd) {
    struct stat status {};
    struct statfs system {};
    if (::fstat(fd, &status) != 0 || ::fstatfs(fd, &system) != 0) return false;
    if (S_ISFIFO(status.st_mode)) return system.f_type == PIPEFS_MAGIC;
    const bool null = S_ISCHR(status.st_mode) && status.st_rdev == makedev(1, 3);
    return S_ISREG(status.st_mode) || null || ::isatty(fd) == 1;
}

std::filesystem::path folder_of(const std::filesystem::path& target) {
    return target.has_parent_path() ? target.parent_path() : ".";
}

constexpr const char* kOpenFiles = "/proc/self/fd/";

std::filesystem::path temporary_beside(const std::filesystem::path& target) {
    static std::atomic<unsigned> count{0};
    // Not the whole name: with more in front and behind, it would be too long for a folder.
    return folder_of(target) / ("." + target.filename().string().substr(0, 180) + "." +
                                std::to_string(::getpid()) + "." + std::to_string(++count));
}

bool is_open_as(int fd, const struct stat& file) {
    struct stat status {};
    return ::fstat(fd, &status) == 0 && status.st_dev == file.st_dev && status.st_ino == file.st_ino;
}

// Terminals, pipes and devices are not ours to replace; nor is the file that our own output goes to.
bool takes_no_replacement(const struct stat& file) {
    return !S_ISREG(file.st_mode) || is_open_as(STDOUT_FILENO, file) || is_open_as(STDERR_FILENO, file);
}

// Through our own output where that is it: so both stand one behind the other, and sockets work too.
FileDescriptor open_as_it_is(const std::filesystem::path& target, const struct stat& file) {
    for (const int fd : {STDOUT_FILENO, STDERR_FILENO})
        if (is_open_as(fd, file)) return FileDescriptor(::fcntl(fd, F_DUPFD_CLOEXEC, 0));
    return FileDescriptor(::open(target.c_str(), O_WRONLY | O_NOCTTY | O_CLOEXEC));
}

}  // namespace

std::optional<FileRefusal> take_file_refusal() { return std::exchange(last_refusal, std::nullopt); }

void note_file_refusal(const std::filesystem::path& path, int error) {
    last_refusal = FileRefusal{path.string(), error};
}

std::filesystem::path behind_links(std::filesystem::path target) {
    constexpr int kMostLinks = 40;  // Linux's own limit
    std::error_code error;
    for (int i = 0; i < kMostLinks && std::filesystem::is_symlink(target, error); ++i) {
        auto next = std::filesystem::read_symlink(target, error);
        if (error) break;
        target = folder_of(target) / next;  // an absolute one stands for itself
    }
    return target;
}

bool make_private_folders(const std::filesystem::path& folder) {
    if (::mkdir(folder.c_str(), 0700) == 0) return ::chmod(folder.c_str(), 0700) == 0;
    if (errno == ENOENT && folder.has_parent_path() && folder.parent_path() != folder)
        return make_private_folders(folder.parent_path()) && make_private_folders(folder);
    struct stat status {};
    if (errno != EEXIST || ::stat(folder.c_str(), &status) != 0) return false;
    if (!S_ISDIR(status.st_mode)) errno = ENOTDIR;
    return S_ISDIR(status.st_mode);
}

std::optional<SecretBytes> read_host_file(const std::filesystem::path& path, std::size_t most) {
    // Non-blocking, so that a FIFO of that name cannot hang us.
    const FileDescriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    struct stat status {};
    if (!fd || ::fstat(fd.get(), &status) != 0) return refused(path, errno);
    if (!S_ISREG(status.st_mode)) return refused(path, error_of_kind(status));
    if (static_cast<std::size_t>(status.st_size) > most) return refused(path, EFBIG);

    if (status.st_size == 0) {  // it may be one of /proc: with bytes, or with none that can be read
        auto content = read_to_end(fd.get(), most);
        if (!content) note_file_refusal(path, errno);
        return content;
    }
    SecretBytes content(static_cast<std::size_t>(status.st_size));
    std::size_t filled = 0;
    while (filled < content.size()) {
        const ssize_t got = ::read(fd.get(), content.data() + filled, content.size() - filled);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return refused(path, errno);
        if (got == 0) break;  // it became shorter
        filled += static_cast<std::size_t>(got);
    }
    content.resize(filled);
    return content;
}

std::optional<SecretBytes> read_host_input(const std::filesystem::path& path, std::size_t most) {
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0) return refused(path, errno);
    if (S_ISDIR(status.st_mode)) return refused(path, EISDIR);
    if (S_ISREG(status.st_mode) && status.st_size > 0) return read_host_file(path, most);
    // Non-blocking until it is known what it is.
    const FileDescriptor fd(::open(path.c_str(), O_RDONLY | O_NOCTTY | O_CLOEXEC | O_NONBLOCK));
    if (!fd) return refused(path, errno);
    if (!ends_some_time(fd.get())) return refused(path, EINVAL);
    ::fcntl(fd.get(), F_SETFL, ::fcntl(fd.get(), F_GETFL) & ~O_NONBLOCK);
    auto content = read_to_end(fd.get(), most);
    if (!content) note_file_refusal(path, errno);
    return content;
}

NewFile::NewFile(std::filesystem::path target, mode_t mode) : target_(std::move(target)) {
    struct stat status {};
    if (::stat(target_.c_str(), &status) == 0) {
        if (S_ISDIR(status.st_mode)) {
            note_file_refusal(target_, EISDIR);
            return;
        }
        if (takes_no_replacement(status)) {
            fd_ = open_as_it_is(target_, status);
            return;
        }
    }
    target_ = behind_links(std::move(target_));
    // Without a name it is gone with us, however we end. Naming it takes /proc.
    if (::access(kOpenFiles, X_OK) == 0)
        fd_ = FileDescriptor(::open(folder_of(target_).c_str(), O_WRONLY | O_TMPFILE | O_CLOEXEC, mode));
    nameless_ = static_cast<bool>(fd_);
    if (nameless_ || open_temporary(mode)) return;
    note_file_refusal(target_, errno);
    temporary_.clear();
}

bool NewFile::open_temporary(mode_t mode) {
    do {
        temporary_ = temporary_beside(target_);
        fd_ = FileDescriptor(::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode));
    } while (!fd_ && errno == EEXIST);
    return static_cast<bool>(fd_);
}

// A link cannot replace what is there, a renamed file can.
bool NewFile::link_temporary() {
    const std::string open_file = kOpenFiles + std::to_string(fd_.get());
    int linked = 0;
    do {
        temporary_ = temporary_beside(target_);
        linked = ::linkat(AT_FDCWD, open_file.c_str(), AT_FDCWD, temporary_.c_str(), AT_SYMLINK_FOLLOW);
    } while (linked != 0 && errno == EEXIST);
    if (linked != 0) temporary_.clear();
    nameless_ = linked != 0;
    return linked == 0;
}

NewFile::~NewFile() {
    if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

bool NewFile::write(ByteView bytes) {
    if (fd_ && write_all(fd_.get(), bytes)) return true;
    if (fd_) note_file_refusal(target_, errno);
    return false;
}

bool NewFile::commit() {
    if (!fd_) return false;
    if (temporary_.empty() && !nameless_) return true;  // written where it is: pipes cannot be synchronised
    if (::fsync(fd_.get()) != 0) return false;
    if (nameless_ && !link_temporary()) return false;
    if (::rename(temporary_.c_str(), target_.c_str()) != 0) return false;
    temporary_.clear();
    // The new name on disk as well, where the folder can be opened and synchronised.
    const FileDescriptor folder(::open(folder_of(target_).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (folder) ::fsync(folder.get());
    return true;
}

bool replace_host_file(const std::filesystem::path& path, ByteView content, mode_t mode) {
    NewFile file(path, mode);
    return file.write(content) && file.commit();
}

}  // namespace cs2sim::host
