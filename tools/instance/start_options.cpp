#include "tools/instance/start_options.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <system_error>

#include "tools/instance/run_lock.h"

namespace cs2sim {
namespace {

const std::map<std::string, Shim> kShims{
    {"auto", Shim::automatic}, {"cuse", Shim::cuse}, {"fuse", Shim::fuse}};

std::optional<unsigned> octal(const std::string& text) {
    unsigned value = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value, 8);
    if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size() || value > 0777)
        return std::nullopt;
    return value;
}

std::string octal_text(unsigned mode) {
    std::array<char, 16> text{};
    std::snprintf(text.data(), text.size(), "%04o", mode);
    return text.data();
}

// systemd's socket activation, sd_listen_fds(3).
std::vector<std::string> inherited_sockets() {
    const char* inherited = std::getenv("LISTEN_FDS");
    const char* for_whom = std::getenv("LISTEN_PID");
    std::vector<std::string> sockets;
    if (inherited && for_whom && std::to_string(::getpid()) == for_whom)
        for (int fd = 3; fd < 3 + std::atoi(inherited); ++fd) sockets.push_back("fd:" + std::to_string(fd));
    return sockets;
}

// Each descriptor can be taken once, however it is written and by whomever it is named.
std::vector<std::string> each_descriptor_once(const std::vector<std::string>& places) {
    constexpr std::string_view kInherited = "fd:";
    std::vector<std::string> once;
    std::set<int> taken;
    for (const std::string& place : places) {
        int number = -1;
        const char* end = place.data() + place.size();
        if (place.starts_with(kInherited) &&
            std::from_chars(place.data() + kInherited.size(), end, number).ptr == end &&
            !taken.insert(number).second)
            continue;
        once.push_back(place);
    }
    return once;
}

// However the state's folder was spelt when it was opened.
bool is_host_socket(const std::string& place, const std::filesystem::path& state) {
    constexpr std::string_view kUnix = "unix:";
    if (!place.starts_with(kUnix)) return false;
    const std::filesystem::path socket = place.substr(kUnix.size());
    std::error_code absent;
    return socket.filename() == host_socket(state).filename() &&
           std::filesystem::equivalent(socket.parent_path(), state, absent);
}

}  // namespace

const std::vector<std::string>& socket_variables() {
    static const std::vector<std::string> variables{"CS2SIM_LISTEN", "SDK_PORT", "LISTEN_FDS", "LISTEN_PID",
                                                    "LISTEN_FDNAMES"};
    return variables;
}

std::string name_of(Shim shim) {
    for (const auto& [name, each] : kShims)
        if (each == shim) return name;
    return "auto";
}

void StartArguments::add_to(CLI::App& command, Unsaid unsaid) {
    const auto by_environment = [&](CLI::Option* option, const char* variable) {
        if (unsaid == Unsaid::environment) option->envname(variable);
    };
    const auto unless_said = [&](const std::string& value) {
        return unsaid == Unsaid::environment ? "; " + value + " when nothing says otherwise" : "";
    };
    // An empty path is a script's unset variable, and shall not quietly mean the usual folder.
    command
        .add_option(
            "--state", state_,
            "state folder, tells instances apart; default: the environment's CS2SIM_STATE or SDK_PATH, else "
            "cs2sim in XDG_STATE_HOME or ~/.local/state")
        ->check(CLI::Validator(
            [](std::string& text) { return text.empty() ? "names nothing: it is empty" : ""; }, ""));
    by_environment(
        command.add_option("--device", options_.devices, "device node, more than once for several"),
        "CS2SIM_DEVICE");
    command.add_flag("--no-device", sockets_only_, "no device node, sockets only");
    command.add_option(
        "--listen", options_.listen,
        "PORT@ADDRESS, ADDRESS:PORT, PORT (on loopback, 0 for a free one), unix:PATH or fd:NUMBER "
        "(inherited); more than once for several; default: the environment's CS2SIM_LISTEN, apart by "
        "blanks, or any: SDK_PORT (3001) on all addresses");
    by_environment(command.add_option("--profile", options_.profile,
                                      "name, or a TOML file" + unless_said(options_.profile)),
                   "CS2SIM_PROFILE");
    command
        .add_option("--factory-key", options_.factory_key,
                    "key file of a new device's ADMIN, instead of a fresh key")
        ->envname("CS2SIM_FACTORY_KEY");
    command.add_option("--shim", shim_, "auto, cuse or fuse")
        ->transform(CLI::IsMember({"auto", "cuse", "fuse"}, CLI::ignore_case));
    const CLI::Validator permissions(
        [](std::string& text) { return octal(text) ? "" : "not octal permissions"; }, "");
    command.add_option("--mode", mode_, "permissions of the device node, octal (0660)")->check(permissions);
    by_environment(
        command.add_option("--socket-mode", socket_mode_, "permissions of sockets unix:PATH, octal (0600)")
            ->check(permissions),
        "CS2SIM_SOCKET_MODE");
    command.add_option("--group", options_.node_group, "group of the device node and of sockets unix:PATH");
    command.add_flag("--while-used", options_.while_used)->group("");  // of `cs2sim run`
    command.add_flag("--foreground", options_.foreground, "do not become a daemon");
    command.add_option("--pid-file", options_.pid_file, "write the process's number there");
    command
        .add_option(
            "--log-level", options_.log_level,
            std::string(
                "off, critical, error, warning, info (beginning and end), debug (also the options, who "
                "connects, sessions and fault rules) or trace (also each command: its function, lengths, "
                "result and time, nothing of what is in it)") +
                unless_said(options_.log_level))
        ->check(CLI::IsMember({"trace", "debug", "info", "warning", "error", "critical", "off"}));
}

StartOptions StartArguments::complete() const {
    StartOptions whole = options_;
    whole.state = state_folder(state_);
    whole.shim = kShims.at(shim_);
    whole.device_node = !sockets_only_;
    whole.node_mode = octal(mode_).value_or(0660);
    whole.socket_mode = octal(socket_mode_).value_or(0600);
    if (!whole.pid_file.empty()) whole.pid_file = std::filesystem::absolute(whole.pid_file);
    for (std::string& socket : inherited_sockets()) whole.listen.push_back(std::move(socket));
    whole.listen = each_descriptor_once(whole.listen);
    const char* port = std::getenv("SDK_PORT");
    if (const char* places = std::getenv("CS2SIM_LISTEN"); whole.listen.empty() && places)
        whole.listen = places == std::string_view("any")
                           ? std::vector{std::string(port ? port : "3001") + "@0.0.0.0"}
                           : CLI::detail::split_up(places);
    if (whole.listen.empty() && port) whole.listen.push_back(std::string(port) + "@127.0.0.1");
    return whole;
}

StartOptions StartArguments::complete_from(const CLI::App& command) const {
    StartOptions whole = complete();
    const auto record = read_record(whole.state);
    const auto left_out = [&](const char* option) { return command.count(option) == 0; };
    if (!record) {  // `cs2sim start` then reads the environment's CS2SIM_DEVICE itself
        const char* profile = std::getenv("CS2SIM_PROFILE");
        if (left_out("--profile") && profile) whole.profile = profile;
        return whole;
    }
    if (left_out("--device")) whole.devices = record->devices;
    if (left_out("--device") && record->devices.empty()) whole.device_node = false;
    if (left_out("--listen")) {
        if (whole.listen = inherited_sockets(); whole.listen.empty()) whole.lost_sockets = record->inherited;
        for (const std::string& place : record->listen)
            if (std::ranges::find(record->inherited, place) == record->inherited.end())
                whole.listen.push_back(place);
    }
    // Each instance opens its socket for hosts by itself.
    std::erase_if(whole.listen, [&](const std::string& place) { return is_host_socket(place, whole.state); });
    whole.while_used = record->while_used && RunLock::is_used(whole.state);
    if (left_out("--profile")) whole.profile = record->profile;
    if (left_out("--shim") && kShims.contains(record->shim)) whole.shim = kShims.at(record->shim);
    if (left_out("--mode")) whole.node_mode = record->node_mode;
    if (left_out("--socket-mode")) whole.socket_mode = record->socket_mode;
    if (left_out("--group")) whole.node_group = record->node_group;
    if (left_out("--log-level")) whole.log_level = record->log_level;
    if (left_out("--pid-file")) whole.pid_file = record->pid_file;
    return whole;
}

std::vector<std::string> words_of(const StartOptions& options) {
    std::vector<std::string> words{
        "--state",       options.state.string(),          "--profile",   options.profile,
        "--shim",        name_of(options.shim),           "--mode",      octal_text(options.node_mode),
        "--socket-mode", octal_text(options.socket_mode), "--log-level", options.log_level};
    const auto say = [&](const char* option, const std::string& value) {
        if (!value.empty()) words.insert(words.end(), {option, value});
    };
    if (options.device_node)
        for (const std::string& device : options.devices) say("--device", device);
    else
        words.emplace_back("--no-device");
    for (const std::string& where : options.listen) say("--listen", where);
    say("--group", options.node_group);
    say("--factory-key", options.factory_key.string());
    say("--pid-file", options.pid_file.string());
    if (options.foreground) words.emplace_back("--foreground");
    if (options.while_used) words.emplace_back("--while-used");
    return words;
}

}  // namespace cs2sim
