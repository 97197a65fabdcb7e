#include "tools/daemon/pid_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "firmware/protocol/error.h"
#include "firmware/protocol/terminal_text.h"
#include "tools/instance/whole_file.h"

namespace cs2sim {
namespace {

namespace fs = std::filesystem;
using host::FileDescriptor;

// The longest number, its line's end, and one byte more, by which longer files are told.
constexpr std::size_t kLongestNumber = 22;

tl::unexpected<std::string> refused(const fs::path& file, const std::string& why) {
    return tl::unexpected("PID file " + terminal_text(file.string()) + ": " + why);
}

std::string beginning_of(int descriptor) {
    char text[kLongestNumber];
    const ssize_t size = ::pread(descriptor, text, sizeof text, 0);
    return {text, static_cast<std::size_t>(std::max<ssize_t>(size, 0))};
}

bool is_number(std::string text) {
    if (text.size() == kLongestNumber) return false;
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
    return std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

std::string own_line() { return std::to_string(::getpid()) + "\n"; }

// The instance that keeps it locked: its number, 0 in another PID namespace.
std::optional<pid_t> owner_of(int descriptor) {
    struct flock lock = whole_file(F_WRLCK);
    if (::fcntl(descriptor, F_GETLK, &lock) != 0 || lock.l_type == F_UNLCK) return std::nullopt;
    return lock.l_pid;
}

// What is there and may be replaced, open; no descriptor where nothing is. What is no regular file is not
// opened: a pipe would wait for its other end, a device may do anything.
tl::expected<FileDescriptor, std::string> open_old(const fs::path& file, pid_t leaving) {
    struct stat found {};
    if (::lstat(file.c_str(), &found) != 0)
        return errno == ENOENT ? tl::expected<FileDescriptor, std::string>(FileDescriptor())
                               : refused(file, std::strerror(errno));
    if (!S_ISREG(found.st_mode)) return refused(file, "is no regular file, it stays");
    FileDescriptor old(::open(file.c_str(), O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    if (!old) return refused(file, std::strerror(errno));
    if (const auto owner = owner_of(old.get()); owner && (*owner != leaving || leaving == 0))
        return refused(file, "belongs to another instance" +
                                 (*owner > 0 ? " (pid " + std::to_string(*owner) + ")" : ""));
    if (!is_number(beginning_of(old.get())))
        return refused(file, "holds something else than the number of a process, it stays");
    return old;
}

enum class Placed { done, changed_meanwhile, failed };

// `fresh` becomes `file`, in place of what `old` is.
Placed place(const std::string& fresh, const fs::path& file, const FileDescriptor& old) {
    if (!old) {
        if (::renameat2(AT_FDCWD, fresh.c_str(), AT_FDCWD, file.c_str(), RENAME_NOREPLACE) == 0)
            return Placed::done;
        if (errno == EEXIST) return Placed::changed_meanwhile;
        if (errno != EINVAL && errno != ENOSYS) return Placed::failed;  // else the file system cannot tell
    } else {
        // Who else starts at this moment takes the same lock, and finds another file when it comes free.
        struct flock lock = whole_file(F_WRLCK);
        const bool taken = ::fcntl(old.get(), F_SETLK, &lock) != 0 && (errno == EAGAIN || errno == EACCES);
        if (taken || !is_in_place(old.get(), file)) return Placed::changed_meanwhile;
    }
    return ::rename(fresh.c_str(), file.c_str()) == 0 ? Placed::done : Placed::failed;
}

}  // namespace

std::optional<std::string> PidFile::obstacle(const fs::path& file, pid_t leaving) {
    const auto old = open_old(file, leaving);
    return old ? std::nullopt : std::optional(old.error());
}

// In a folder that is another's, a file that was made for us beforehand is written itself.
tl::expected<PidFile, std::string> PidFile::write_in_place(const fs::path& file) {
    const int why = errno;
    auto old = open_old(file, 0);
    if (!old) return tl::unexpected(old.error());
    if (!*old) return refused(file, std::strerror(why));
    struct flock lock = whole_file(F_WRLCK);
    (void)::fcntl(old->get(), F_SETLK, &lock);
    const std::string line = own_line();
    if (::ftruncate(old->get(), 0) != 0 ||
        ::pwrite(old->get(), line.data(), line.size(), 0) != static_cast<ssize_t>(line.size()))
        return refused(file, std::strerror(errno));
    return PidFile(file, std::move(*old));
}

tl::expected<PidFile, std::string> PidFile::make(const fs::path& file) {
    CS2SIM_TRY(open_old(file, 0));
    std::string fresh = file.string() + ".XXXXXX";
    FileDescriptor made(::mkostemp(fresh.data(), O_CLOEXEC));
    if (!made) return write_in_place(file);
    const std::string line = own_line();
    struct flock lock = whole_file(F_WRLCK);
    (void)::fcntl(made.get(), F_SETLK, &lock);  // some file systems know no locks
    Placed placed = Placed::failed;
    if (::write(made.get(), line.data(), line.size()) == static_cast<ssize_t>(line.size())) {
        do {
            const auto old = open_old(file, 0);
            if (!old) {
                ::unlink(fresh.c_str());
                return tl::unexpected(old.error());
            }
            placed = place(fresh, file, *old);
        } while (placed == Placed::changed_meanwhile);
    }
    if (placed == Placed::done) return PidFile(file, std::move(made));
    const int why = errno;
    ::unlink(fresh.c_str());
    return refused(file, std::strerror(why));
}

PidFile::~PidFile() {
    if (!descriptor_) return;
    const int held = descriptor_.get();
    if (is_in_place(held, file_) && beginning_of(held) == own_line() && ::unlink(file_.c_str()) != 0)
        (void)!::ftruncate(held, 0);
}

}  // namespace cs2sim
