#include "tools/daemon/daemon.h"

#include <fcntl.h>
#include <malloc.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstring>
#include <iostream>
#include <sstream>
#include <thread>

#include "driver/listener.h"
#include "firmware/device/device.h"
#include "tools/daemon/factory_key.h"

namespace cs2sim {
namespace {

namespace fs = std::filesystem;
using Problem = tl::unexpected<std::string>;

const char* name_of(bool cuse) { return cuse ? "CUSE" : "FUSE"; }

// Everything that a running instance owns, in the order in which it must come and, reversed, go.
struct Instance {
    InstanceLock lock;
    std::unique_ptr<Device> device;
    std::vector<std::unique_ptr<Listener>> listeners;
    InstanceRecord record;
    std::ostringstream report;  // what start prints

    explicit Instance(InstanceLock held) : lock(std::move(held)) {}
    ~Instance() {
        for (auto& listener : listeners) listener->stop();
        listeners.clear();
    }

    Answerer answerer(Reach reach) {
        return [this, reach](std::string peer) { return device->converse(reach, std::move(peer)); };
    }
    tl::expected<void, std::string> add(Opened<std::unique_ptr<Listener>> opened) {
        if (!opened) return Problem(opened.error());
        listeners.push_back(std::move(*opened));
        return {};
    }
};

std::string words_of(Error error) {
    std::string text = describe(error.code);
    if (!text.empty()) text.pop_back();
    return text;
}

tl::expected<void, std::string> boot(Instance& instance, const StartOptions& options) {
    auto profile = load_profile(options.profile);
    if (!profile) return Problem(profile.error());
    const auto warned = [](std::string_view line) { std::cerr << "cs2sim: warning: " << line << '\n'; };
    Device::Options boot_options{options.state, std::move(*profile), {}, warned};
    if (Device::is_new(options.state)) {
        auto key = factory_key(admin_key_file(options.state));
        if (!key) return Problem(words_of(key.error()));
        boot_options.initial_key = std::move(*key);
    }
    auto device = Device::boot(std::move(boot_options));
    if (!device) return Problem("the device does not start\n" + words_of(device.error()));
    instance.device = std::move(*device);
    return {};
}

tl::expected<void, std::string> open_node(Instance& instance, const StartOptions& options,
                                          const std::string& path) {
    const bool under_dev = path.starts_with("/dev/");
    const bool cuse =
        options.shim == Shim::cuse || (options.shim == Shim::automatic && under_dev && cuse_available());
    const NodeOptions node{options.node_mode, options.node_group};
    const Answerer answerer = instance.answerer(Reach::host);
    auto added = instance.add(cuse ? mount_cuse(path, answerer, node) : mount_fuse(path, answerer, node));
    if (!added) return added;
    instance.record.devices.push_back(path);
    instance.report << "device     " << path << " (" << name_of(cuse) << ")\n";
    return {};
}

tl::expected<void, std::string> open_nodes(Instance& instance, const StartOptions& options) {
    if (!options.device_node) return {};
    for (const std::string& path : options.devices) {
        auto opened = open_node(instance, options, path);
        if (!opened) return opened;
    }
    if (!options.devices.empty()) return {};

    const DefaultDevice chosen = default_device();
    if (!chosen.reason.empty()) {
        instance.report << "note       " << chosen.reason << ", so the device is " << chosen.path << '\n';
        if (auto made = make_own_folder(fs::path(chosen.path).parent_path()); !made) return made;
    }
    return open_node(instance, options, chosen.path);
}

tl::expected<void, std::string> open_sockets(Instance& instance, const StartOptions& options) {
    constexpr std::string_view kUnix = "unix:";
    for (const std::string& where : options.listen) {
        const Answerer answerer = instance.answerer(Reach::host);
        auto added = instance.add(where.starts_with(kUnix) ? listen_unix(where.substr(kUnix.size()), answerer)
                                                           : listen_tcp(where, answerer));
        if (!added) return added;
        instance.report << "listen     " << where << '\n';
    }
    return instance.add(
        listen_unix(control_socket(options.state).string(), instance.answerer(Reach::control)));
}

void report_end(Instance& instance, const StartOptions& options) {
    instance.report << "state      " << options.state.string() << '\n'
                    << "profile    " << options.profile << '\n'
                    << "ADMIN key  " << admin_key_file(options.state).string() << '\n'
                    << "note       cs2sim is an independent simulator; it protects no production key\n";
    if (!instance.record.devices.empty()) {
        instance.report << "export CRYPTOSERVER=" << instance.record.devices.front() << '\n';
    } else if (!instance.record.listen.empty()) {
        instance.report << "export CRYPTOSERVER=" << instance.record.listen.front() << '\n';
    }
}

// A command of 256 KiB needs a few buffers of that size. Those that come from mmap(), and those that trimming
// gives back, cost a page fault every 4 KiB with the next command: more than to encrypt them.
void keep_freed_memory() {
    constexpr int kMost = 8 << 20;  // of one thread's arena
    ::mallopt(M_MMAP_THRESHOLD, kMost);
    ::mallopt(M_TRIM_THRESHOLD, kMost);
}

// Boots and opens everything. On failure what was opened is closed again.
tl::expected<std::unique_ptr<Instance>, std::string> launch(const StartOptions& options) {
    keep_freed_memory();
    std::error_code error;
    fs::create_directories(options.state, error);
    if (error) return Problem("state folder " + options.state.string() + ": " + error.message());
    auto lock = InstanceLock::take(options.state);
    if (!lock) return Problem(lock.error());

    auto instance = std::make_unique<Instance>(std::move(*lock));
    for (auto step : {boot, open_nodes, open_sockets})
        if (auto done = step(*instance, options); !done) return Problem(done.error());
    instance->record.listen = options.listen;
    instance->record.profile = options.profile;
    write_record(options.state, instance->record);
    report_end(*instance, options);
    return instance;
}

sigset_t ending_signals() {
    sigset_t set;
    sigemptyset(&set);
    for (int number : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&set, number);
    return set;
}

void serve_until_signalled() {
    const sigset_t set = ending_signals();
    int number = 0;
    sigwait(&set, &number);
    spdlog::info("signal {}: stopping", number);
}

void open_log(const StartOptions& options) {
    auto sink = std::make_shared<spdlog::sinks::basic_file_sink_mt>(log_file(options.state).string());
    spdlog::set_default_logger(std::make_shared<spdlog::logger>("cs2sim", std::move(sink)));
    spdlog::flush_on(spdlog::level::info);
}

void detach_from_terminal() {
    ::setsid();
    const int null = ::open("/dev/null", O_RDWR);
    for (int fd : {0, 1, 2}) ::dup2(null, fd);
    if (null > 2) ::close(null);
    if (::chdir("/") != 0) spdlog::warn("chdir: {}", std::strerror(errno));
}

// The daemon's side of start(): tells the parent "+" and the report, or "-" and the problem.
int run_daemon(const StartOptions& options, int to_parent) {
    auto instance = launch(options);
    const std::string message = instance ? "+" + (*instance)->report.str() : "-" + instance.error();
    if (instance) open_log(options);
    const bool told =
        ::write(to_parent, message.data(), message.size()) == static_cast<ssize_t>(message.size());
    if (!instance || !told) return 1;
    detach_from_terminal();
    ::close(to_parent);
    spdlog::info("started, profile {}", options.profile);
    serve_until_signalled();
    return 0;
}

std::string read_all(int fd) {
    std::string text;
    char buffer[4096];
    for (;;) {
        const ssize_t count = ::read(fd, buffer, sizeof buffer);
        if (count > 0) {
            text.append(buffer, static_cast<std::size_t>(count));
        } else if (count == 0 || errno != EINTR) {
            return text;
        }
    }
}

int run_in_background(const StartOptions& options) {
    int pipe_ends[2];
    if (::pipe2(pipe_ends, O_CLOEXEC) != 0) {
        std::cerr << "cs2sim: pipe: " << std::strerror(errno) << '\n';
        return 1;
    }
    const pid_t child = ::fork();
    if (child < 0) {
        std::cerr << "cs2sim: fork: " << std::strerror(errno) << '\n';
        return 1;
    }
    if (child == 0) {
        ::close(pipe_ends[0]);
        ::_exit(run_daemon(options, pipe_ends[1]));
    }
    ::close(pipe_ends[1]);
    const std::string message = read_all(pipe_ends[0]);
    ::close(pipe_ends[0]);
    if (message.starts_with('+')) {
        std::cout << message.substr(1);
        return 0;
    }
    int ended = 0;
    ::waitpid(child, &ended, 0);
    std::cerr << "cs2sim: " << (message.empty() ? "the simulator died while it started" : message.substr(1))
              << '\n';
    return 1;
}

int run_in_foreground(const StartOptions& options) {
    auto instance = launch(options);
    if (!instance) {
        std::cerr << "cs2sim: " << instance.error() << '\n';
        return 1;
    }
    std::cout << (*instance)->report.str() << std::flush;
    serve_until_signalled();
    return 0;
}

}  // namespace

int start(const StartOptions& options) {
    ::umask(0077);  // state, log and sockets are this user's alone, whatever the shell says
    const sigset_t set = ending_signals();
    pthread_sigmask(SIG_BLOCK, &set, nullptr);  // every thread inherits it; serve_until_signalled() waits
    std::signal(SIGPIPE, SIG_IGN);
    return options.foreground ? run_in_foreground(options) : run_in_background(options);
}

int stop(const fs::path& state) {
    const auto pid = InstanceLock::holder(state);
    if (!pid) {
        std::cerr << "cs2sim: no instance runs on " << state.string() << '\n';
        return 1;
    }
    ::kill(*pid, SIGTERM);
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(15);
    while (InstanceLock::holder(state) == pid) {
        if (std::chrono::steady_clock::now() > deadline) {
            std::cerr << "cs2sim: pid " << *pid << " does not end\n";
            return 1;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    return 0;
}

int status(const fs::path& state) {
    const auto pid = InstanceLock::holder(state);
    const auto record = read_record(state);
    if (!pid || !record) {
        std::cout << "stopped    " << state.string() << '\n';
        return 3;  // as init scripts report a stopped service (LSB)
    }
    std::cout << "running    pid " << *pid << '\n';
    for (const std::string& device : record->devices) std::cout << "device     " << device << '\n';
    for (const std::string& where : record->listen) std::cout << "listen     " << where << '\n';
    std::cout << "profile    " << record->profile << "\nstate      " << state.string() << '\n';
    return 0;
}

}  // namespace cs2sim
