#include "tools/cs2sim/device_name.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <system_error>

#include "host-lib/files/file_descriptor.h"

namespace cs2sim {
namespace {

namespace fs = std::filesystem;

fs::path in_real_folder(const fs::path& path, std::error_code& error) {
    return fs::weakly_canonical(path.parent_path(), error) / path.filename();
}

}  // namespace

DeviceName::DeviceName(const fs::path& device) : named_(device.lexically_normal()), resolved_(named_) {
    std::error_code error;
    if (fs::path resolved = in_real_folder(named_, error); !error) resolved_ = std::move(resolved);
}

DeviceName::Answer DeviceName::at_once(const fs::path& path) const {
    const bool goes_up = std::ranges::find(path, fs::path("..")) != path.end();
    if (!goes_up && path.lexically_normal() == named_) return Answer::it_is;
    open_how how{};
    how.flags = O_PATH | O_CLOEXEC;
    how.resolve = RESOLVE_CACHED;
    const host::FileDescriptor found(
        static_cast<int>(::syscall(SYS_openat2, AT_FDCWD, path.c_str(), &how, sizeof how)));
    if (!found) return Answer::unknown;
    std::error_code error;
    const fs::path real = fs::read_symlink("/proc/self/fd/" + std::to_string(found.get()), error);
    if (error) return Answer::unknown;
    return real == named_ || real == resolved_ ? Answer::it_is : Answer::it_is_not;
}

bool DeviceName::is(fs::path path) const {
    constexpr int kMostLinks = 40;  // as the kernel
    std::error_code error;
    for (int links = 0; links <= kMostLinks; ++links) {
        path = in_real_folder(path, error);
        if (error) return false;
        if (path == named_ || path == resolved_) return true;
        const fs::path target = fs::read_symlink(path, error);
        if (error) return false;
        path = path.parent_path() / target;
    }
    return false;
}

}  // namespace cs2sim
