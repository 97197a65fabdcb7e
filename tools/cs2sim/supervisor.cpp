#include "tools/cs2sim/supervisor.h"

#include <fcntl.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <climits>
#include <cstddef>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <optional>
#include <system_error>
#include <thread>

#include "firmware/protocol/node_ioctls.h"
#include "host-lib/files/file_descriptor.h"
#include "tools/control/attended_child.h"
#include "tools/control/program.h"
#include "tools/cs2sim/device_name.h"
#include "tools/cs2sim/seccomp_filter.h"
#include "tools/instance/instance.h"
#include "tools/instance/supervised.h"

namespace cs2sim {
namespace {

namespace fs = std::filesystem;
using host::FileDescriptor;

constexpr int kNotAllowed = 126;

bool has_value(const char* variable, const std::string& value) {
    const char* const found = std::getenv(variable);
    return found && value == found;
}

// A message of one byte, with space for one descriptor.
struct DescriptorMessage {
    char byte = 0;
    iovec piece{&byte, 1};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> space{};
    msghdr head{};

    DescriptorMessage() {
        head.msg_iov = &piece;
        head.msg_iovlen = 1;
        head.msg_control = space.data();
        head.msg_controllen = space.size();
    }
    DescriptorMessage(const DescriptorMessage&) = delete;
    DescriptorMessage& operator=(const DescriptorMessage&) = delete;
};

// Negative: a message without one.
void send_descriptor(int line, int fd) {
    DescriptorMessage message;
    if (fd >= 0) {
        cmsghdr* control = CMSG_FIRSTHDR(&message.head);
        control->cmsg_level = SOL_SOCKET;
        control->cmsg_type = SCM_RIGHTS;
        control->cmsg_len = CMSG_LEN(sizeof fd);
        std::memcpy(CMSG_DATA(control), &fd, sizeof fd);
    } else {
        message.head.msg_controllen = 0;
    }
    (void)::sendmsg(line, &message.head, MSG_NOSIGNAL);
}

FileDescriptor receive_descriptor(int line) {
    DescriptorMessage message;
    const ssize_t got = ::recvmsg(line, &message.head, MSG_CMSG_CLOEXEC);
    const cmsghdr* control = got == 1 ? CMSG_FIRSTHDR(&message.head) : nullptr;
    int fd = -1;
    if (control && control->cmsg_type == SCM_RIGHTS) std::memcpy(&fd, CMSG_DATA(control), sizeof fd);
    return FileDescriptor(fd);
}

// The process of a thread.
pid_t process_of(pid_t thread) {
    std::ifstream status("/proc/" + std::to_string(thread) + "/status");
    for (std::string line; std::getline(status, line);)
        if (line.starts_with("Tgid:")) return static_cast<pid_t>(std::strtol(line.c_str() + 5, nullptr, 10));
    return thread;
}

class Supervisor : public std::enable_shared_from_this<Supervisor> {
public:
    Supervisor(FileDescriptor listener, const std::string& device, std::string socket)
        : listener_(std::move(listener)), device_(device), socket_(std::move(socket)) {}

    // Until the child and its descendants have ended. The listener's POLLHUP tells no end: before Linux 6.11
    // it comes only when the last of them was reaped, which is our affair, or that of somebody who never
    // does.
    void serve(AttendedChild& child) {
        pollfd sources[] = {{child.descriptor(), POLLIN, 0}, {listener_.get(), POLLIN, 0}};
        for (;;) {
            if (::poll(sources, std::size(sources), -1) < 0) continue;
            if (sources[0].revents != 0 && !child.attend()) return;
            const bool asked = (sources[1].revents & POLLIN) != 0;
            if (asked ? !take_question() : sources[1].revents != 0) sources[1].fd = -1;
        }
    }

private:
    // False: nobody asks any more.
    bool take_question() {
        seccomp_notif question{};
        if (::ioctl(listener_.get(), SECCOMP_IOCTL_NOTIF_RECV, &question) != 0)
            return errno == EINTR || errno == ENOENT;
        guarded(question, [&] { answer(question); });
        return true;
    }

    template <typename Work>
    void guarded(const seccomp_notif& question, Work work) {
        try {
            work();
        } catch (const std::exception&) {  // no memory, or no thread
            reply(question, 0, EAGAIN);
        }
    }

    void answer(const seccomp_notif& question) {
        const FilteredCalls& calls = calls_of(question.data);
        if (question.data.nr != calls.ioctl) return answer_open(question, calls);
        FileDescriptor line = descriptor_of(question);
        if (!line || !is_ours(line.get())) return go_on(question);
        // An ioctl may wait: others are served meanwhile.
        std::thread([self = shared_from_this(), question, line = std::move(line)] {
            self->guarded(question, [&] { self->control(question, line.get()); });
        }).detach();
    }

    int asked_flags(const seccomp_notif& question, const FilteredCalls& calls) const {
        const int call = question.data.nr;
        if (call == calls.openat) return static_cast<int>(question.data.args[2]);
        if (call == calls.open) return static_cast<int>(question.data.args[1]);
        if (call == calls.creat) return O_WRONLY | O_CREAT | O_TRUNC;
        std::uint64_t flags = 0;  // the first of struct open_how
        const FileDescriptor memory = memory_of(question, O_RDONLY);
        const auto address = static_cast<off_t>(question.data.args[2]);
        if (!memory || ::pread(memory.get(), &flags, sizeof flags, address) != sizeof flags) return 0;
        return static_cast<int>(flags);
    }

    void answer_open(const seccomp_notif& question, const FilteredCalls& calls) {
        const bool at = question.data.nr == calls.openat || question.data.nr == calls.openat2;
        const int flags = asked_flags(question, calls);
        const fs::path path = asked_path(question, at);
        const DeviceName::Answer named = path.empty() ? DeviceName::Answer::it_is_not : device_.at_once(path);
        if (named == DeviceName::Answer::it_is) return open_for(question, flags);
        if (named == DeviceName::Answer::it_is_not) return go_on(question);
        const auto look = [self = shared_from_this(), question, path, flags] {
            self->guarded(question, [&] {
                self->device_.is(path) ? self->open_for(question, flags) : self->go_on(question);
            });
        };
        try {
            std::thread(look).detach();
        } catch (const std::system_error&) {
            look();
        }
    }

    void reply(const seccomp_notif& question, std::int64_t value, int error, std::uint32_t flags = 0) {
        seccomp_notif_resp response{};
        response.id = question.id;
        response.val = value;
        response.error = -error;
        response.flags = flags;
        (void)::ioctl(listener_.get(), SECCOMP_IOCTL_NOTIF_SEND, &response);  // the asker may be gone
    }
    void go_on(const seccomp_notif& question) { reply(question, 0, 0, SECCOMP_USER_NOTIF_FLAG_CONTINUE); }

    // The asker's memory. The question still stands: the process of that number is the asker.
    bool still_asked(const seccomp_notif& question) const {
        return ::ioctl(listener_.get(), SECCOMP_IOCTL_NOTIF_ID_VALID, &question.id) == 0;
    }
    FileDescriptor memory_of(const seccomp_notif& question, int mode) const {
        return FileDescriptor(
            ::open(("/proc/" + std::to_string(question.pid) + "/mem").c_str(), mode | O_CLOEXEC));
    }

    // Absolute; empty when it cannot be told.
    fs::path asked_path(const seccomp_notif& question, bool at) const {
        std::array<char, PATH_MAX> text{};
        const FileDescriptor memory = memory_of(question, O_RDONLY);
        const auto address = static_cast<off_t>(question.data.args[at ? 1 : 0]);
        const ssize_t got = memory ? ::pread(memory.get(), text.data(), text.size(), address) : -1;
        const std::size_t length = got > 0 ? ::strnlen(text.data(), static_cast<std::size_t>(got)) : 0;
        if (length == 0 || length == static_cast<std::size_t>(got) || !still_asked(question)) return {};
        fs::path path(std::string(text.data(), length));
        if (path.is_absolute()) return path;
        const auto folder = static_cast<int>(question.data.args[0]);
        const bool of_descriptor = at && folder != AT_FDCWD;
        std::error_code error;
        const fs::path from =
            fs::read_symlink("/proc/" + std::to_string(question.pid) +
                                 (of_descriptor ? "/fd/" + std::to_string(folder) : std::string("/cwd")),
                             error);
        return error || !from.is_absolute() ? fs::path() : from / path;
    }

    FileDescriptor connection(int flags) const {
        sockaddr_un where{};
        where.sun_family = AF_UNIX;
        std::strncpy(where.sun_path, socket_.c_str(), sizeof where.sun_path - 1);
        FileDescriptor line(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
        if (line && ::connect(line.get(), reinterpret_cast<const sockaddr*>(&where), sizeof where) != 0)
            return FileDescriptor(-1);
        if ((flags & O_NONBLOCK) != 0) ::fcntl(line.get(), F_SETFL, O_NONBLOCK);
        return line;
    }

    void open_for(const seccomp_notif& question, int flags) {
        const FileDescriptor line = connection(flags);
        if (!line) return reply(question, 0, ENXIO);
        seccomp_notif_addfd add{};
        add.id = question.id;
        add.srcfd = static_cast<std::uint32_t>(line.get());
        add.newfd_flags = static_cast<std::uint32_t>(flags & O_CLOEXEC);
        // With the answer in one step: of an open that a signal interrupts nothing stays.
        add.flags = SECCOMP_ADDFD_FLAG_SEND;
        int number = ::ioctl(listener_.get(), SECCOMP_IOCTL_NOTIF_ADDFD, &add);
        if (number >= 0) return;
        if (errno == EINVAL) {  // before Linux 5.14
            add.flags = 0;
            number = ::ioctl(listener_.get(), SECCOMP_IOCTL_NOTIF_ADDFD, &add);
        }
        if (number < 0) return reply(question, 0, errno == ENOENT ? EINTR : errno);
        reply(question, number, 0);
    }

    FileDescriptor descriptor_of(const seccomp_notif& question) const {
        const FileDescriptor process(
            static_cast<int>(::syscall(SYS_pidfd_open, process_of(static_cast<pid_t>(question.pid)), 0)));
        if (!process) return FileDescriptor(-1);
        return FileDescriptor(static_cast<int>(
            ::syscall(SYS_pidfd_getfd, process.get(), static_cast<int>(question.data.args[0]), 0)));
    }

    bool is_ours(int line) const {
        sockaddr_un peer{};
        socklen_t size = sizeof peer - 1;
        return ::getpeername(line, reinterpret_cast<sockaddr*>(&peer), &size) == 0 &&
               socket_ == peer.sun_path;
    }

    void control(const seccomp_notif& question, int line) {
        if (static_cast<unsigned>(question.data.args[1]) != kIoctlAwait) return reply(question, 0, ENOTTY);
        const FileDescriptor memory = memory_of(question, O_RDWR);
        const auto address = static_cast<off_t>(question.data.args[2]);
        AwaitArgument argument{};
        if (!memory || ::pread(memory.get(), &argument, sizeof argument, address) != sizeof argument)
            return reply(question, 0, EFAULT);
        const std::optional<int> error = await(question, line, argument);
        if (!error) return;
        if (*error == 0 && ::pwrite(memory.get(), &argument, sizeof argument, address) != sizeof argument)
            return reply(question, 0, EFAULT);
        reply(question, 0, *error);
    }

    // 0 and the answer's length, or the errno. Nothing: the asker waits no more, of which nobody tells us.
    std::optional<int> await(const seccomp_notif& question, int line, AwaitArgument& argument) const {
        using Clock = std::chrono::steady_clock;
        constexpr std::chrono::milliseconds kSlice{100};
        const Clock::time_point end = Clock::now() + std::chrono::milliseconds(argument.timeout_ms);
        for (;;) {
            auto slice = kSlice;
            if (argument.timeout_ms >= 0)
                slice = std::clamp(std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now()),
                                   std::chrono::milliseconds(0), kSlice);
            pollfd answer{line, POLLIN | POLLRDHUP, 0};
            const int ready = ::poll(&answer, 1, static_cast<int>(slice.count()));
            if (ready < 0 && errno != EINTR) return errno;
            if (!still_asked(question)) return std::nullopt;
            if (ready <= 0 && argument.timeout_ms >= 0 && Clock::now() >= end) return ETIMEDOUT;
            if (ready <= 0) continue;
            std::array<std::uint8_t, 4> head{};
            const ssize_t seen = ::recv(line, head.data(), head.size(), MSG_PEEK | MSG_DONTWAIT);
            if (seen == static_cast<ssize_t>(head.size())) {
                argument.length = static_cast<std::uint32_t>(head[1] << 16 | head[2] << 8 | head[3]);
                return 0;
            }
            if (seen == 0 || (answer.revents & POLLRDHUP) != 0) return EIO;
            ::usleep(50);  // a part of the head came
        }
    }

    FileDescriptor listener_;
    DeviceName device_;
    std::string socket_;
};

// In the child that is to be the program: has the kernel ask who is at the end of `line`, and becomes it. The
// kernel has one to ask a process tree: where that leads to the same device already, so much the better.
[[noreturn]] void become_supervised(const std::vector<std::string>& program, const std::string& device,
                                    const std::string& socket, int line) {
    const int listener = install_filter();
    const int error = errno;
    send_descriptor(line, listener);
    ::close(listener);
    if (listener < 0 &&
        (error != EBUSY || !has_value(kSupervisedDevice, device) || !has_value(kSupervisedSocket, socket))) {
        std::cerr
            << "cs2sim: nothing can be preloaded into " << program[0]
            << ", and to lead it all the same takes a seccomp user notification, which this kernel allows "
               "not: "
            << std::strerror(error)
            << (error == EBUSY ? "; another one, as of a `cs2sim run` around this, leads these processes"
                               : "")
            << '\n';
        ::_exit(kNotAllowed);
    }
    ::setenv(kSupervisedDevice, device.c_str(), 1);
    ::setenv(kSupervisedSocket, socket.c_str(), 1);
    become(program);
}

}  // namespace

int run_supervised(const std::vector<std::string>& program, const std::string& device,
                   const fs::path& state) {
    const std::string socket = host_socket(state);
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return kNotAllowed;
    const FileDescriptor ours(ends[0]);
    FileDescriptor theirs(ends[1]);
    // The simulator itself waits for our end (run_lock.h).
    const auto is_simulator = [&](pid_t process) { return InstanceLock::holder(state) == process; };
    AttendedChild child(AttendedChild::Until::descendants_end, is_simulator);
    const pid_t forked = child.fork();
    if (forked < 0) return kNotAllowed;
    if (forked == 0) become_supervised(program, device, socket, theirs.get());
    theirs = FileDescriptor(-1);
    FileDescriptor listener = receive_descriptor(ours.get());
    if (!listener) return child.wait();
    std::make_shared<Supervisor>(std::move(listener), device, socket)->serve(child);
    return child.exit_status();
}

}  // namespace cs2sim
