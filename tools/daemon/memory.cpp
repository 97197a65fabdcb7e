#include "tools/daemon/memory.h"

#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <span>
#include <string>

namespace cs2sim {
namespace {

constexpr std::size_t kMiB = std::size_t{1} << 20;
constexpr std::size_t kACallerNeeds = 64 << 10;   // with nothing under way
constexpr std::size_t kReservedDescriptors = 32;  // for databases, logs and the nodes
constexpr std::size_t kFewestCallers = 8;
constexpr std::size_t kMostCallers = 1024;
constexpr std::size_t kWorthReturning = 8 * kMiB;
constexpr auto kPause = std::chrono::seconds(1);  // memory that is needed again at once stays

std::size_t limit_of(int resource) {
    rlimit limit{};
    return ::getrlimit(static_cast<__rlimit_resource>(resource), &limit) == 0 &&
                   limit.rlim_cur != RLIM_INFINITY
               ? limit.rlim_cur
               : SIZE_MAX;
}

// Of a small file of the kernel; empty when it cannot be read.
std::string text_of(const std::string& file) {
    char text[4096];
    const int fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
    const ssize_t size = fd < 0 ? 0 : ::read(fd, text, sizeof text);
    if (fd >= 0) ::close(fd);
    return {text, static_cast<std::size_t>(std::max<ssize_t>(size, 0))};
}

std::size_t number_in(const std::string& file) {
    const std::string text = text_of(file);
    std::size_t number = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
    return read.ec == std::errc() ? number : SIZE_MAX;  // "max" where there is no limit
}

// Of this process's control group and those above it (cgroups(7)): "0::/path" in version 2, "n:memory:/path"
// before it.
std::size_t limit_of_control_groups() {
    std::size_t least = SIZE_MAX;
    const std::string groups = text_of("/proc/self/cgroup");
    for (std::size_t at = 0, end = 0; (end = groups.find('\n', at)) != std::string::npos; at = end + 1) {
        const std::string line = groups.substr(at, end - at);
        const bool second = line.starts_with("0::");
        const auto memory = line.find(":memory:");
        if (!second && memory == std::string::npos) continue;
        std::string path = line.substr(second ? 3 : memory + 8);
        for (;;) {
            least = std::min(least,
                             second ? number_in("/sys/fs/cgroup" + path + "/memory.max")
                                    : number_in("/sys/fs/cgroup/memory" + path + "/memory.limit_in_bytes"));
            if (path.empty()) break;
            path.erase(path.rfind('/'));
        }
    }
    return least;
}

}  // namespace

std::size_t allowed_memory() {
    static const std::size_t allowed =
        std::min({limit_of(RLIMIT_AS), limit_of(RLIMIT_DATA), limit_of_control_groups()});
    return allowed;
}

CallerMemory::Limits caller_memory_limits(const Profile& profile) {
    const std::size_t most = allowed_memory() / 4;
    return {std::min(profile.memory_without_logon * kMiB, most),
            std::min(profile.memory_with_logon * kMiB, most)};
}

std::size_t most_callers() {
    rlimit descriptors{};
    ::getrlimit(RLIMIT_NOFILE, &descriptors);  // the soft limit is raised to the hard one
    const std::size_t left =
        std::max<std::size_t>(descriptors.rlim_max, kReservedDescriptors + kFewestCallers) -
        kReservedDescriptors;
    return std::min({kMostCallers, left, std::max<std::size_t>(allowed_memory() / 4 / kACallerNeeds, 8)});
}

tl::expected<void, std::string> have_descriptors() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return {};
    limit.rlim_cur = limit.rlim_max;
    (void)::setrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_max >= kReservedDescriptors + kFewestCallers) return {};
    return tl::make_unexpected("this process may have " + std::to_string(limit.rlim_max) +
                               " files open (ulimit -n), and a simulator needs " +
                               std::to_string(kReservedDescriptors + kFewestCallers));
}

// A command of 256 KiB needs a few buffers of that size. Those that come from mmap(), and those that trimming
// gives back, cost a page fault every 4 KiB with the next command: more than to encrypt them.
void arrange_memory() {
    const std::size_t most = std::clamp(allowed_memory() / 16, kMiB, 8 * kMiB);  // of one thread's arena
    ::mallopt(M_MMAP_THRESHOLD, static_cast<int>(most));
    ::mallopt(M_TRIM_THRESHOLD, static_cast<int>(most));
    if (allowed_memory() < 512 * kMiB) ::mallopt(M_ARENA_MAX, 2);
    pthread_attr_t attributes;
    if (::pthread_attr_init(&attributes) != 0) return;
    // Callers have a thread each.
    ::pthread_attr_setstacksize(&attributes, std::clamp(allowed_memory() / 256, kMiB / 4, kMiB));
    ::pthread_setattr_default_np(&attributes);
    ::pthread_attr_destroy(&attributes);
}

void forget_start() { ::malloc_trim(0); }

MemoryReturn::MemoryReturn(CallerMemory& memory) : memory_(memory) {
    thread_ = std::thread([this] {
        while (memory_.wait_for_returned(kWorthReturning, kPause)) ::malloc_trim(0);
    });
}

MemoryReturn::~MemoryReturn() {
    memory_.stop();
    thread_.join();
}

}  // namespace cs2sim
