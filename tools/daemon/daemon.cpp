#include "tools/daemon/daemon.h"

#include <fcntl.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fstream>
#include <iostream>
#include <optional>
#include <set>
#include <sstream>
#include <system_error>
#include <thread>
#include <vector>

#include "driver/listener.h"
#include "driver/mount_point.h"
#include "firmware/crypto/core_file.h"
#include "firmware/crypto/start.h"
#include "firmware/device/device.h"
#include "firmware/protocol/terminal_text.h"
#include "firmware/smos/flash/own_files.h"
#include "firmware/smos/flash/state_file.h"
#include "tools/daemon/activity_log.h"
#include "tools/daemon/daemon_log.h"
#include "tools/daemon/factory_key.h"
#include "tools/daemon/inherited_socket.h"
#include "tools/daemon/longest_end.h"
#include "tools/daemon/memory.h"
#include "tools/daemon/pid_file.h"
#include "tools/daemon/start_check.h"
#include "tools/daemon/wait.h"
#include "tools/instance/start_report.h"

namespace cs2sim {
namespace {

namespace fs = std::filesystem;
using Problem = tl::unexpected<std::string>;

const char* name_of(bool cuse) { return cuse ? "CUSE" : "FUSE"; }

// What a start makes in the folder of a new device. Unless it is kept it goes again, so that a start that
// fails leaves neither a device nor a folder behind. Precondition: the folder is locked.
class NewDevice {
public:
    // Before the folder is made. Does nothing where a device lives already.
    explicit NewDevice(fs::path state) : state_(std::move(state)), folder_is_new_(!fs::exists(state_)) {}
    ~NewDevice() {
        if (!is_new_ || !locked_) return;
        std::error_code ignored;
        for (const std::string& name : file_names(state_))
            if (is_own_name(name) && !there_.contains(name)) fs::remove_all(state_ / name, ignored);
        if (folder_is_new_) fs::remove(state_, ignored);
    }
    NewDevice(const NewDevice&) = delete;
    NewDevice& operator=(const NewDevice&) = delete;
    // From now on what comes under a simulator's names is ours.
    void lock() {
        locked_ = true;
        is_new_ = SimulatedDevice::is_new(state_);
        for (const std::string& name : file_names(state_))
            if (name != "lock") there_.insert(name);
    }
    void keep() { locked_ = false; }
    bool is_new() const { return is_new_; }

private:
    fs::path state_;
    bool is_new_ = false, folder_is_new_, locked_ = false;
    std::set<std::string> there_;
};

// `cs2sim stop` waits for 15 s.
constexpr std::chrono::seconds kLongestEnd{8};

// All at once, so that one caller's computation keeps no other door open.
void stop_all(const std::vector<std::unique_ptr<Listener>>& listeners) {
    std::vector<std::thread> stopping;
    for (const auto& listener : listeners) {
        try {
            stopping.emplace_back([&listener] { listener->stop(); });
        } catch (const std::system_error&) {
            listener->stop();
        }
    }
    for (std::thread& thread : stopping) thread.join();
}

// Everything that a running instance owns, in the order in which it must come and, reversed, go.
struct Instance {
    std::optional<LongestEnd> longest_end;
    InstanceLock lock;
    std::optional<PidFile> pid_file;
    std::unique_ptr<NewDevice> made;  // goes while the folder is locked, when nothing else uses it any more
    std::unique_ptr<SimulatedDevice> device;
    std::vector<std::unique_ptr<Listener>> listeners;
    std::optional<CommandLog> commands;
    InstanceRecord record;
    std::ostringstream report;  // what start prints
    std::shared_ptr<CallerMemory> memory;
    std::optional<MemoryReturn> memory_return;

    explicit Instance(InstanceLock held) : lock(std::move(held)) {}
    ~Instance() {
        longest_end.emplace(kLongestEnd, [] {
            spdlog::warn("a command does not end: ended without it; what was answered is on disk");
        });
        if (device) device->withdraw_commands();  // nobody waits for a computation
        stop_all(listeners);
        listeners.clear();
        commands.reset();
    }
    SocketOptions sockets() const { return {.max_callers = most_callers(), .memory = memory}; }

    Answerer answerer(Reach reach) {
        return told([this, reach](std::string peer) { return device->converse(reach, std::move(peer)); },
                    reach, record.log_level);
    }
    tl::expected<void, std::string> add(Opened<std::unique_ptr<Listener>> opened) {
        CS2SIM_TRY(opened);
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
    CS2SIM_TRY_LET(profile, load_profile(options.profile));
    instance.memory = std::make_shared<CallerMemory>(caller_memory_limits(profile));
    instance.memory_return.emplace(*instance.memory);
    const auto stop_soon = [] { ::kill(::getpid(), SIGTERM); };  // wait_for_the_end() hears it
    const auto warned = [](std::string_view line) { std::cerr << "cs2sim: warning: " << line << '\n'; };
    SimulatedDevice::Options boot_options{options.state, std::move(profile), {}, stop_soon, warned};
    if (SimulatedDevice::is_new(options.state)) {
        auto key = factory_key(admin_key_file(options.state), options.factory_key);
        if (!key) return Problem(words_of(key.error()));
        boot_options.initial_key = std::move(*key);
    }
    auto device = SimulatedDevice::boot(std::move(boot_options));
    if (!device) return Problem("the device does not start\n" + words_of(device.error()));
    instance.device = std::move(*device);
    return {};
}

tl::expected<void, std::string> open_node(Instance& instance, const StartOptions& options,
                                          const std::string& path) {
    const bool under_dev = path.starts_with("/dev/");
    const bool cuse =
        options.shim == Shim::cuse || (options.shim == Shim::automatic && under_dev && cuse_available());
    const NodeOptions node{options.node_mode, options.node_group, instance.memory};
    const Answerer answerer = instance.answerer(Reach::host);
    CS2SIM_TRY(instance.add(cuse ? mount_cuse(path, answerer, node) : mount_fuse(path, answerer, node)));
    instance.record.devices.push_back(path);
    instance.record.kinds.emplace_back(name_of(cuse));
    instance.report << "device     " << terminal_text(path) << " (" << name_of(cuse) << ")\n";
    return {};
}

bool is_loopback(const std::string& address) {
    const std::string host = address.substr(address.find('@') + 1);
    return host.starts_with("127.") || host == "::1";
}

tl::expected<void, std::string> open_socket(Instance& instance, const StartOptions& options,
                                            const std::string& where) {
    constexpr std::string_view kUnix = "unix:";
    constexpr std::string_view kInherited = "fd:";
    const Answerer answerer = instance.answerer(Reach::host);
    const bool unix_socket = where.starts_with(kUnix);
    const bool inherited = where.starts_with(kInherited);
    const auto unix_name =
        inherited ? inherited_unix_name(where.substr(kInherited.size())) : std::optional<std::string>();
    SocketOptions sockets = instance.sockets();
    sockets.mode = options.socket_mode;
    sockets.group = options.node_group;
    CS2SIM_TRY(instance.add(unix_socket ? listen_unix(where.substr(kUnix.size()), answerer, sockets)
                            : inherited ? listen_inherited(where.substr(kInherited.size()), answerer, sockets)
                                        : listen_tcp(where, answerer, sockets)));
    std::string address = unix_name.value_or(instance.listeners.back()->address());
    if (unix_socket) address.insert(0, kUnix);
    if (!unix_socket && !unix_name && !is_loopback(address))
        instance.report << "warning    " << address
                        << " can be reached from other machines; commands outside sessions travel in clear\n";
    const bool abstract = unix_name && is_abstract(address);
    if (!abstract) instance.record.listen.push_back(address);
    if (inherited) instance.record.inherited.push_back(address);
    instance.report << "listen     " << terminal_text(address) << (abstract ? " (abstract)" : "") << '\n';
    return {};
}

tl::expected<void, std::string> open_nodes(Instance& instance, const StartOptions& options) {
    if (!options.device_node) return {};
    for (const std::string& path : options.devices) {
        CS2SIM_TRY(open_node(instance, options, path));
    }
    if (!options.devices.empty()) return {};

    const DefaultDevice chosen = default_device();
    if (!chosen.reason.empty()) {
        instance.report << "note       " << chosen.reason << ", so the device is " << chosen.path << '\n';
        const fs::path folder = fs::path(chosen.path).parent_path();
        CS2SIM_TRY(folder == "/dev" ? tl::expected<void, std::string>() : make_own_folder(folder));
    }
    if (chosen.socket) return open_socket(instance, options, "unix:" + chosen.path);
    return open_node(instance, options, chosen.path);
}

tl::expected<void, std::string> open_sockets(Instance& instance, const StartOptions& options) {
    for (const std::string& where : options.listen) CS2SIM_TRY(open_socket(instance, options, where));
    // The socket in the state folder, for `cs2sim run`: where nothing else was asked for, it is the way.
    const std::string for_hosts = host_socket(options.state).string();
    if (instance.record.devices.empty() && instance.record.listen.empty()) {
        CS2SIM_TRY(open_socket(instance, options, "unix:" + for_hosts));
    } else {
        auto opened =
            instance.add(listen_unix(for_hosts, instance.answerer(Reach::host), instance.sockets()));
        CS2SIM_TRY(opened);
    }
    return instance.add(
        listen_unix(control_socket(options.state).string(), instance.answerer(Reach::control)));
}

void report_end(Instance& instance, const StartOptions& options) {
    const auto shown = [](const fs::path& path) { return terminal_text(path.string()); };
    instance.report << "state      " << shown(options.state) << '\n'
                    << "profile    " << shown(options.profile) << '\n'
                    << "ADMIN key  " << shown(admin_key_file(options.state)) << '\n'
                    << "note       cs2sim is an independent simulator; it protects no production key\n";
    if (!instance.record.devices.empty()) {
        instance.report << "export CRYPTOSERVER=" << shown(instance.record.devices.front()) << '\n';
    } else if (!instance.record.listen.empty()) {
        instance.report << "export CRYPTOSERVER=" << shown(instance.record.listen.front()) << '\n';
    }
}

tl::expected<void, std::string> write_pid_file(Instance& instance, const StartOptions& options) {
    if (options.pid_file.empty()) return {};
    if (const auto wrong = wrong_pid_file(options)) return Problem(*wrong);
    CS2SIM_TRY_LET(file, PidFile::make(options.pid_file));
    instance.pid_file.emplace(std::move(file));
    return {};
}

// This user's, closed to others, with nothing in it that leads elsewhere: before anything is made in it.
tl::expected<void, std::string> make_state_folder(const fs::path& state) {
    std::error_code error;
    fs::create_directories(state, error);
    const auto refused = [&](const std::string& why) {
        return Problem("state folder " + terminal_text(state.string()) + ": " + why);
    };
    if (error) return refused(error.message());
    struct stat info {};
    if (::stat(state.c_str(), &info) != 0) return refused(std::strerror(errno));
    for (const auto& words : {close_root(state), not_our_own(state)})
        if (words) return Problem("state folder: " + *words);
    return {};
}

std::string place_of_log(const StartOptions& options) {
    return options.foreground ? log_place_of_foreground() : std::string();
}

// Nobody takes the record of the instance before for ours.
void tell_beginning(const StartOptions& options) {
    auto before = read_record(options.state);
    if (!before) return;
    before->running = false;
    before->log = place_of_log(options);
    write_record(options.state, *before);
}

// Boots and opens everything. On failure what was opened is closed again.
tl::expected<std::unique_ptr<Instance>, std::string> launch(const StartOptions& options) {
    arrange_memory();
    const OpensslStart openssl;
    CS2SIM_TRY(have_descriptors());
    if (is_hidden(options.state)) return Problem(no_instance(options.state));
    if (const auto words = bound_to_a_run(options)) return Problem(*words);
    CS2SIM_TRY(group_id(options.node_group));
    auto made = std::make_unique<NewDevice>(options.state);
    CS2SIM_TRY(make_state_folder(options.state));
    CS2SIM_TRY_LET(lock, InstanceLock::take(options.state, [&] { tell_beginning(options); }));
    made->lock();

    auto instance = std::make_unique<Instance>(std::move(lock));
    instance->made = std::move(made);
    instance->record.log_level = options.log_level;
    for (auto step : {boot, open_nodes, open_sockets, write_pid_file}) CS2SIM_TRY(step(*instance, options));
    InstanceRecord& record = instance->record;
    record.profile = options.profile;
    record.shim = name_of(options.shim);
    record.node_mode = options.node_mode;
    record.socket_mode = options.socket_mode;
    record.node_group = options.node_group;
    record.pid_file = options.pid_file.string();
    record.while_used = options.while_used;
    record.log = place_of_log(options);
    record.started = std::time(nullptr);
    write_record(options.state, record);
    register_instance(options.state);
    report_end(*instance, options);
    instance->made->keep();
    return instance;
}

void serve(Instance& instance, const StartOptions& options) {
    forget_start();
    tell_start_of(options, instance.made->is_new());
    if (options.log_level == "trace") instance.commands.emplace(*instance.device);
    if (options.while_used) stop_when_unused(options.state);
    wait_for_the_end(instance.lock, options.state);
    instance.pid_file.reset();
}

void detach_from_terminal() {
    ::setsid();
    const int null = ::open("/dev/null", O_RDWR);
    for (int fd : {0, 1, 2}) ::dup2(null, fd);
    if (null < 0) ::close_range(0, 2, 0);  // among them what `cs2sim run` keeps for a start
    if (null > 2) ::close(null);
    if (::chdir("/") != 0) spdlog::warn("chdir: {}", std::strerror(errno));
}

// The daemon's side of start(). `listener`: who is told of it.
int run_daemon(const StartOptions& options, int listener) {
    auto instance = launch(options);
    if (instance)
        if (auto log = open_log(options); !log) instance = tl::unexpected(log.error());
    const bool told = tell_start(listener, instance.map([](const auto& made) { return made->report.str(); }));
    if (!instance || !told) return 1;
    detach_from_terminal();
    ::close(listener);
    spdlog::info("started, profile {}", options.profile);
    serve(**instance, options);
    return 0;
}

int run_in_background(const StartOptions& options) {
    if (const auto listener = start_listener()) return run_daemon(options, *listener);
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
    return hear_start(pipe_ends[0], child);
}

int run_in_foreground(const StartOptions& options) {
    log_to_terminal(options);
    auto instance = launch(options);
    if (!instance) {
        std::cerr << "cs2sim: " << instance.error() << '\n';
        return 1;
    }
    std::cout << (*instance)->report.str() << std::flush;
    serve(**instance, options);
    return 0;
}

}  // namespace

int start(const StartOptions& options) {
    if (const auto wrong = wrong_word(options)) {
        std::cerr << "cs2sim: " << *wrong << '\n';
        return kCalledWrongly;
    }
    leave_no_core_file();
    close_memory();
    // State, log and sockets are this user's alone, whatever the shell says; a way in that is for more gets
    // its mode when it is there.
    ::umask(0077);
    const sigset_t set = ending_signals();
    pthread_sigmask(SIG_BLOCK, &set, nullptr);  // every thread inherits it; wait_for_the_end() waits
    std::signal(SIGPIPE, SIG_IGN);
    return options.foreground ? run_in_foreground(options) : run_in_background(options);
}

}  // namespace cs2sim
