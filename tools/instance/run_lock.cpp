#include "tools/instance/run_lock.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "firmware/protocol/terminal_text.h"
#include "tools/instance/whole_file.h"

namespace cs2sim {
namespace {

namespace fs = std::filesystem;
using host::FileDescriptor;

// Bytes of the file.
enum Part : off_t {
    kUsers,    // shared by users; whole for the simulator that ends, and for who is to be the one user
    kStarter,  // whole for who starts it
};

bool lock(const FileDescriptor& file, Part part, short type, int command = F_OFD_SETLKW) {
    struct flock wanted = byte_of_file(type, part);
    int result = 0;
    while ((result = ::fcntl(file.get(), command, &wanted)) < 0 && errno == EINTR) {
    }
    return result == 0;
}

RunLock::Others others_of(const FileDescriptor& file) {
    struct flock found = byte_of_file(F_WRLCK, kUsers);
    if (::fcntl(file.get(), F_OFD_GETLK, &found) != 0 || found.l_type == F_UNLCK)
        return RunLock::Others::none;
    return found.l_type == F_RDLCK ? RunLock::Others::users : RunLock::Others::ending;
}

FileDescriptor open_file(const fs::path& path, int more) {
    return FileDescriptor(::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | more, 0600));
}

fs::path file_of(const fs::path& state) { return state / "run.lock"; }

}  // namespace

tl::expected<RunLock, std::string> RunLock::open(const fs::path& state) {
    const fs::path path = file_of(state);
    const auto refused = [&](const std::string& why) {
        return tl::unexpected(terminal_text(path.string()) + ": " + why);
    };
    struct stat folder {
    }, found{};
    if (::stat(state.c_str(), &folder) == 0 && folder.st_uid != ::geteuid())
        return refused("the folder belongs to another user (uid " + std::to_string(folder.st_uid) + ")");
    FileDescriptor file = open_file(path, O_CREAT);
    if (!file) return refused(std::strerror(errno));
    if (::fstat(file.get(), &found) != 0 || !S_ISREG(found.st_mode)) return refused("is no regular file");
    if (found.st_uid != ::geteuid()) return refused("belongs to another user");
    return RunLock(std::move(file), path);
}

bool RunLock::is_used(const fs::path& state) {
    const FileDescriptor file = open_file(file_of(state), 0);
    return file && others_of(file) == Others::users;
}

bool RunLock::use() { return lock(file_, kUsers, F_RDLCK); }
void RunLock::leave() { lock(file_, kUsers, F_UNLCK); }
bool RunLock::begin_start() { return lock(file_, kStarter, F_WRLCK); }
void RunLock::end_start() { lock(file_, kStarter, F_UNLCK); }
bool RunLock::use_alone() { return lock(file_, kUsers, F_WRLCK, F_OFD_SETLK); }
RunLock::Others RunLock::others() const { return others_of(file_); }
bool RunLock::wait_until_unused() { return lock(file_, kUsers, F_WRLCK); }

bool RunLock::is_in_place() const { return cs2sim::is_in_place(file_.get(), path_); }

void RunLock::remove() { ::unlink(path_.c_str()); }

}  // namespace cs2sim
