#include "tools/daemon/instance.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <fstream>
#include <utility>

#include "firmware/toml/toml.h"

namespace cs2sim {
namespace {

namespace fs = std::filesystem;

std::string environment(const char* name) {
    const char* value = std::getenv(name);
    return value ? value : "";
}

fs::path lock_file(const fs::path& state) { return state / "lock"; }
fs::path record_file(const fs::path& state) { return state / "instance.toml"; }

struct flock whole_file(short type) {
    struct flock lock {};
    lock.l_type = type;
    lock.l_whence = SEEK_SET;
    return lock;
}

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

}  // namespace

fs::path state_folder(const std::string& given) {
    if (!given.empty()) return fs::absolute(given);
    if (const std::string path = environment("CS2SIM_STATE"); !path.empty()) return fs::absolute(path);
    if (const std::string path = environment("SDK_PATH"); !path.empty()) return fs::absolute(path);
    if (const std::string path = environment("XDG_STATE_HOME"); !path.empty())
        return fs::path(path) / "cs2sim";
    if (const std::string path = environment("HOME"); !path.empty())
        return fs::path(path) / ".local/state/cs2sim";
    return "/var/lib/cs2sim";
}

DefaultDevice default_device() {
    if (::access("/dev", W_OK) == 0) return {"/dev/cs2a", ""};
    std::string folder = environment("XDG_RUNTIME_DIR");
    folder = folder.empty() ? "/tmp/cs2sim-" + std::to_string(::getuid()) : folder + "/cs2sim";
    return {folder + "/cs2a", "this user may not make /dev/cs2a"};
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
    if ((info.st_mode & 0077) != 0 && ::chmod(folder.c_str(), 0700) != 0)
        return refused(std::strerror(errno));
    return {};
}

tl::expected<InstanceLock, std::string> InstanceLock::take(const fs::path& state) {
    const int fd = ::open(lock_file(state).c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return tl::unexpected<std::string>("state folder " + state.string() + ": " + std::strerror(errno));
    InstanceLock lock(fd);
    struct flock request = whole_file(F_WRLCK);
    if (::fcntl(fd, F_SETLK, &request) != 0) {
        std::string words = "state folder " + state.string() + " is taken by another instance";
        if (const auto pid = holder(state)) words += " (pid " + std::to_string(*pid) + ")";
        return tl::unexpected<std::string>(words);
    }
    return lock;
}

std::optional<pid_t> InstanceLock::holder(const fs::path& state) {
    const int fd = ::open(lock_file(state).c_str(), O_RDWR | O_CLOEXEC);
    if (fd < 0) return std::nullopt;
    struct flock request = whole_file(F_WRLCK);
    const bool asked = ::fcntl(fd, F_GETLK, &request) == 0;
    ::close(fd);
    if (!asked || request.l_type == F_UNLCK) return std::nullopt;
    return request.l_pid;
}

InstanceLock::~InstanceLock() {
    if (fd_ >= 0) ::close(fd_);
}

void write_record(const fs::path& state, const InstanceRecord& record) {
    const toml::table table{{"devices", to_array(record.devices)},
                            {"listen", to_array(record.listen)},
                            {"profile", record.profile}};
    std::ofstream(record_file(state)) << table << '\n';
}

std::optional<InstanceRecord> read_record(const fs::path& state) {
    auto table = parse_toml_file(record_file(state).string());
    if (!table) return std::nullopt;
    return InstanceRecord{from_array((*table)["devices"]), from_array((*table)["listen"]),
                          (*table)["profile"].value_or(std::string())};
}

fs::path control_socket(const fs::path& state) { return state / "control.sock"; }
fs::path admin_key_file(const fs::path& state) { return state / "ADMIN.key"; }
fs::path log_file(const fs::path& state) { return state / "cs2sim.log"; }

}  // namespace cs2sim
