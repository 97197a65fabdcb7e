#include "tools/instance/instance.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <mutex>
#include <set>
#include <sstream>
#include <utility>

#include "firmware/protocol/terminal_text.h"
#include "firmware/toml/toml.h"
#include "tools/instance/whole_file.h"

namespace cs2sim {
namespace {

namespace fs = std::filesystem;

std::string environment(const char* name) {
    const char* value = std::getenv(name);
    return value ? value : "";
}

fs::path lock_file(const fs::path& state) { return state / "lock"; }
fs::path record_file(const fs::path& state) { return state / "instance.toml"; }

toml::array to_array(const std::vector<std::string>& texts) {
    toml::array array;
    for (const std::string& text : texts) array.push_back(text);
    return array;
}

std::vector<std::string> from_array(const toml::node_view<toml::node>& node) {
    std::vector<std::string> texts;
    if (const toml::array* array = node.as_array())
        for (const toml::node& element : *array)
            if (const auto text = element.value<std::string>()) texts.push_back(*text);
    return texts;
}

// Absolute; `a/`, `./a` and `b/../a` are one folder. Behind a link, `..` is the folder above where that leads
// to.
fs::path spelt_out(const fs::path& given) {
    fs::path path = fs::absolute(given);
    std::error_code unknown;
    if (std::ranges::find(path, "..") != path.end())
        if (fs::path real = fs::weakly_canonical(path, unknown); !unknown) path = std::move(real);
    path = path.lexically_normal();
    return path.has_filename() ? path : path.parent_path();
}

}  // namespace

fs::path state_folder(const std::string& given) {
    if (!given.empty()) return spelt_out(given);
    if (const std::string path = environment("CS2SIM_STATE"); !path.empty()) return spelt_out(path);
    if (const std::string path = environment("SDK_PATH"); !path.empty()) return spelt_out(path);
    if (const std::string path = environment("XDG_STATE_HOME"); !path.empty())
        return fs::path(path) / "cs2sim";
    if (const std::string path = environment("HOME"); !path.empty())
        return fs::path(path) / ".local/state/cs2sim";
    return "/var/lib/cs2sim";
}

namespace {

// Of this user alone, gone with the login session or the machine.
fs::path runtime_folder() {
    const std::string folder = environment("XDG_RUNTIME_DIR");
    return folder.empty() ? fs::path("/tmp/cs2sim-" + std::to_string(::getuid()))
                          : fs::path(folder) / "cs2sim";
}

// Where the instances of a runtime folder are listed.
fs::path instances_folder(const fs::path& runtime) { return runtime / "instances"; }

// Of this user: an instance that a service or a remote command started may know another runtime folder than a
// login has.
std::vector<fs::path> runtime_folders() {
    const std::string user = std::to_string(::getuid());
    std::vector<fs::path> folders{runtime_folder()};
    for (const fs::path& folder :
         {fs::path("/run/user") / user / "cs2sim", fs::path("/tmp") / ("cs2sim-" + user)})
        if (std::ranges::find(folders, folder) == folders.end()) folders.push_back(folder);
    return folders;
}

// In /tmp another may have made a folder of that name first, and say in it what they like.
bool is_ours(const fs::path& folder) {
    struct stat info {};
    return ::lstat(folder.c_str(), &info) == 0 && S_ISDIR(info.st_mode) && info.st_uid == ::getuid() &&
           (info.st_mode & 0022) == 0;
}

// A node that nobody serves any more may be taken over, and a socket that nobody listens on.
bool is_free(const fs::path& path) {
    struct statx found {};
    if (::statx(AT_FDCWD, path.c_str(), AT_STATX_DONT_SYNC, STATX_TYPE | STATX_SIZE, &found) != 0)
        return errno == ENOENT || errno == ENOTCONN || errno == ECONNABORTED;
    for (const fs::path& state : running_instances())
        if (const auto record = read_record(state))
            for (const auto* list : {&record->devices, &record->listen})
                for (const std::string& taken : *list)
                    if (taken == path || taken == "unix:" + path.string()) return false;
    return S_ISSOCK(found.stx_mode) || (S_ISREG(found.stx_mode) && found.stx_size == 0);
}

}  // namespace

DefaultDevice default_device() {
    DefaultDevice chosen;
    fs::path folder = "/dev";
    if (::access("/dev/fuse", R_OK | W_OK) != 0 && ::access("/dev/cuse", R_OK | W_OK) != 0) {
        folder = runtime_folder();
        chosen.socket = true;
        chosen.reason = "there is no FUSE that this user may use (/dev/fuse)";
    } else if (::access("/dev", W_OK) != 0) {
        folder = runtime_folder();
        chosen.reason = "this user may not make /dev/cs2a";
    }
    const std::string first = folder / "cs2a";
    for (char letter = 'a'; letter <= 'z'; ++letter) {
        chosen.path = folder / (std::string("cs2") + letter);
        if (is_free(chosen.path)) break;
    }
    if (chosen.path != first) chosen.reason += (chosen.reason.empty() ? "" : ", and ") + first + " is taken";
    return chosen;
}

std::vector<fs::path> running_instances() {
    std::vector<fs::path> found;
    for (const fs::path& runtime : runtime_folders()) {
        std::error_code error;
        if (!is_ours(runtime) || !is_ours(instances_folder(runtime))) continue;
        for (const fs::directory_entry& entry : fs::directory_iterator(instances_folder(runtime), error)) {
            std::error_code gone;
            const fs::path state = fs::read_symlink(entry.path(), gone);
            if (gone) continue;
            if (InstanceLock::holder(state))
                found.push_back(state);
            else
                fs::remove(entry.path(), gone);
        }
    }
    std::ranges::sort(found);
    found.erase(std::unique(found.begin(), found.end()), found.end());  // clang 14 has no std::ranges::unique
    return found;
}

void register_instance(const fs::path& state) {
    std::error_code ignored;  // who is not found by `list` is still found by its state
    fs::create_directories(runtime_folder().parent_path(), ignored);
    if (!make_own_folder(runtime_folder()) || !make_own_folder(instances_folder(runtime_folder()))) return;
    const fs::path link =
        instances_folder(runtime_folder()) / std::to_string(std::hash<std::string>()(state.string()));
    fs::remove(link, ignored);
    fs::create_symlink(state, link, ignored);
}

tl::expected<void, std::string> make_own_folder(const fs::path& folder) {
    const auto refused = [&](const std::string& why) {
        return tl::unexpected<std::string>("folder " + folder.string() + ": " + why);
    };
    if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) return refused(std::strerror(errno));
    struct stat info {};
    if (::lstat(folder.c_str(), &info) != 0) return refused(std::strerror(errno));
    if (!S_ISDIR(info.st_mode)) return refused("is no folder");
    if (info.st_uid != ::getuid()) return refused("belongs to another user; choose a path with --device");
    // What is there already keeps its mode: it may be a folder of the system.
    if ((info.st_mode & 0022) != 0) return refused("others may write to it; choose a path with --device");
    return {};
}

bool is_hidden(const fs::path& state) {
    return ::access(lock_file(state).c_str(), R_OK | W_OK) != 0 && errno == EACCES;
}

std::string no_instance(const fs::path& state) {
    const std::string shown = terminal_text(state.string());
    if (is_hidden(state)) return "state folder " + shown + ": this user may not look into it";
    return "no instance runs on " + shown;
}

namespace {

using FileNumber = std::pair<dev_t, ino_t>;

// What this process holds. It loses a lock with any descriptor of that file that it closes (fcntl(2)), so of
// its own ones it asks without opening.
class HeldHere {
public:
    void add(int fd) {
        const std::lock_guard lock(mutex_);
        process_ = ::getpid();
        if (const auto number = number_of(fd)) files_.insert(*number);
    }
    void drop(int fd) {
        const std::lock_guard lock(mutex_);
        if (const auto number = number_of(fd)) files_.erase(*number);
    }
    bool has(const fs::path& file) {
        struct stat found {};
        const std::lock_guard lock(mutex_);
        return process_ == ::getpid() && ::stat(file.c_str(), &found) == 0 &&
               files_.contains({found.st_dev, found.st_ino});
    }

private:
    static std::optional<FileNumber> number_of(int fd) {
        struct stat found {};
        if (::fstat(fd, &found) != 0) return std::nullopt;
        return FileNumber(found.st_dev, found.st_ino);
    }
    std::mutex mutex_;
    pid_t process_ = 0;  // a child by fork(2) has no lock of its parent's
    std::set<FileNumber> files_;
};

// Bytes of the lock file, which an instance has both.
enum Part : off_t { kSeen, kInstance };

HeldHere& held_here() {
    static HeldHere held;
    return held;
}

}  // namespace

tl::expected<InstanceLock, std::string> InstanceLock::take(const fs::path& state,
                                                           const std::function<void()>& unseen) {
    const int fd =
        ::open(lock_file(state).c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
    if (fd < 0)
        return tl::unexpected<std::string>("state folder " + terminal_text(state.string()) + ": " +
                                           std::strerror(errno));
    InstanceLock lock(fd);
    struct flock request = byte_of_file(F_WRLCK, kInstance);
    if (::fcntl(fd, F_SETLK, &request) != 0) {
        std::string words = "state folder " + terminal_text(state.string()) + " is taken by another instance";
        if (const auto pid = holder(state)) words += " (pid " + std::to_string(*pid) + ")";
        return tl::unexpected<std::string>(words);
    }
    held_here().add(fd);
    if (unseen) unseen();
    request = byte_of_file(F_WRLCK, kSeen);
    if (::fcntl(fd, F_SETLK, &request) != 0)
        return tl::unexpected<std::string>("state folder " + terminal_text(state.string()) + ": " +
                                           std::strerror(errno));
    return lock;
}

std::optional<pid_t> InstanceLock::holder(const fs::path& state) {
    if (held_here().has(lock_file(state))) return ::getpid();
    const int fd = ::open(lock_file(state).c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0) return std::nullopt;
    struct flock request = byte_of_file(F_WRLCK, kSeen);
    const bool asked = ::fcntl(fd, F_GETLK, &request) == 0;
    ::close(fd);
    if (!asked || request.l_type == F_UNLCK) return std::nullopt;
    return request.l_pid;
}

bool InstanceLock::in_place(const fs::path& state) const { return is_in_place(fd_, lock_file(state)); }

InstanceLock::~InstanceLock() {
    if (fd_ < 0) return;
    held_here().drop(fd_);
    ::close(fd_);
}

void write_record(const fs::path& state, const InstanceRecord& record) {
    const toml::table table{{"devices", to_array(record.devices)},
                            {"kinds", to_array(record.kinds)},
                            {"listen", to_array(record.listen)},
                            {"inherited", to_array(record.inherited)},
                            {"profile", record.profile},
                            {"shim", record.shim},
                            {"node_mode", record.node_mode},
                            {"socket_mode", record.socket_mode},
                            {"node_group", record.node_group},
                            {"log_level", record.log_level},
                            {"pid_file", record.pid_file},
                            {"log", record.log},
                            {"while_used", record.while_used},
                            {"running", record.running},
                            {"started", record.started}};
    const fs::path whole = record_file(state);
    const fs::path part = whole.string() + ".new";
    // One that a kill left behind, or a link to what is not the simulator's.
    ::unlink(part.c_str());
    const int fd = ::open(part.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    std::error_code failed;
    if (fd < 0) {
        fs::remove(whole, failed);
        return;
    }
    std::ostringstream text;
    text << table << '\n';
    const std::string content = text.str();
    const bool written = ::write(fd, content.data(), content.size()) == static_cast<ssize_t>(content.size());
    ::close(fd);
    if (written) fs::rename(part, whole, failed);
    if (written && !failed) return;
    for (const fs::path& file : {part, whole}) fs::remove(file, failed);
}

std::optional<InstanceRecord> read_record(const fs::path& state) {
    auto parsed = parse_toml_file(record_file(state).string());
    if (!parsed) return std::nullopt;
    auto& table = *parsed;
    InstanceRecord record;
    record.devices = from_array(table["devices"]);
    record.kinds = from_array(table["kinds"]);
    record.listen = from_array(table["listen"]);
    record.inherited = from_array(table["inherited"]);
    record.profile = table["profile"].value_or(std::string());
    record.shim = table["shim"].value_or(record.shim);
    record.node_mode = table["node_mode"].value_or(record.node_mode);
    record.socket_mode = table["socket_mode"].value_or(record.socket_mode);
    record.node_group = table["node_group"].value_or(std::string());
    record.log_level = table["log_level"].value_or(record.log_level);
    record.pid_file = table["pid_file"].value_or(std::string());
    record.log = table["log"].value_or(std::string());
    record.running = table["running"].value_or(true);
    record.while_used = table["while_used"].value_or(false);
    record.started = table["started"].value_or(std::int64_t{0});
    return record;
}

fs::path host_socket(const fs::path& state) { return state / "host.sock"; }
fs::path control_socket(const fs::path& state) { return state / "control.sock"; }
fs::path admin_key_file(const fs::path& state) { return state / "ADMIN.key"; }
fs::path pkcs11_config_file(const fs::path& state) { return state / "cs_pkcs11_R3.cfg"; }
fs::path log_file(const fs::path& state) { return state / "cs2sim.log"; }

}  // namespace cs2sim
