// cs2sim from outside: restarting, staying in the foreground, explaining; the keys that csadm loads and
// shows.
#include <grp.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <regex>
#include <thread>

#include "test/places.h"
#include "test/scenario/expect.h"
#include "test/scenario/simulator.h"

using namespace cs2sim::scenario;

namespace {

std::string pid_of(const Outcome& status) {
    std::smatch found;
    REQUIRE(std::regex_search(status.out, found, std::regex("running +pid (\\d+)")));
    return found[1];
}

}  // namespace

TEST_CASE("cs2sim restart is a new process with the same state, device and port") {
    const Simulator simulator("cse");
    const Operator user(simulator, Way::mount), by_tcp(simulator, Way::tcp);
    user.admin_does({"AddUser=KEPT,00000002,hmacpwd,secret-of-kept"});
    const Outcome before = simulator.steer({"status"});
    const std::string model = user.csadm({"GetModel"}).out;
    require_success(simulator.steer({"restart"}));
    const Outcome after = simulator.steer({"status"});
    CHECK(pid_of(after) != pid_of(before));
    CHECK(user.users().find("KEPT ") != std::string::npos);
    CHECK(user.csadm({"GetModel"}).out == model);
    CHECK(by_tcp.users() == user.users());
}

TEST_CASE("cs2sim restart knows a state folder in any spelling") {
    const Folder folder;
    std::filesystem::create_directory_symlink("state", folder / "link");
    const std::string cs2sim = built_program("cs2sim");
    const auto as = [&](const std::string& verb, const std::string& state) {
        const Outcome outcome = run({cs2sim, verb, "--state", state}, {folder.path(), {}});
        require_success(outcome);
        return outcome;
    };
    require_success(run({cs2sim, "start", "--no-device", "--state", "state"}, {folder.path(), {}}));
    const std::string name = folder.path().filename();
    const std::vector<std::string> spellings{
        "./state", "state/", "state/.", "../" + name + "/state", "link/../state", "link", folder / "link"};
    for (const std::string& spelt : spellings) {
        INFO(spelt);
        as("restart", spelt);
        CHECK(as("status", "state").out.starts_with("running"));
    }
    as("stop", "./link/");
}

TEST_CASE("cs2sim restart keeps mode, group and kind of the node, and the level of the log") {
    const Folder folder;
    const std::string state = folder / "state", node = folder / "node";
    const auto cs2sim = [&](std::vector<std::string> words) {
        words.insert(words.begin(), built_program("cs2sim"));
        words.insert(words.end(), {"--state", state});
        RunOptions options;
        options.environment = {{"XDG_RUNTIME_DIR", folder.path()}, {"CS2SIM_STATE", ""}};
        const Outcome outcome = run(words, options);
        require_success(outcome);
        return outcome.out;
    };
    // Another group than the node has by itself, where this user is in another.
    gid_t groups[64] = {::geteuid() == 0 ? 65534 : ::getegid()};
    if (::geteuid() != 0) REQUIRE(::getgroups(static_cast<int>(std::size(groups)), groups) >= 0);
    const struct group* const named = ::getgrgid(groups[0]);
    REQUIRE(named);
    cs2sim({"start", "--device", node, "--mode", "0604", "--group", named->gr_name, "--shim", "fuse",
            "--log-level", "error"});
    const auto shown = [&] {
        struct stat info {};
        REQUIRE(::stat(node.c_str(), &info) == 0);
        return std::to_string(info.st_mode & 07777) + " " + std::to_string(info.st_gid) + " " +
               std::regex_replace(cs2sim({"status"}), std::regex("pid \\d+|uptime .*"), "");
    };
    const std::string before = shown();
    CHECK(before.starts_with(std::to_string(0604) + " " + std::to_string(groups[0])));
    cs2sim({"restart"});
    CHECK(shown() == before);
    CHECK(read_file(state + "/cs2sim.log").empty());
    cs2sim({"stop"});
}

TEST_CASE("cs2sim restart starts nothing where nothing ever ran") {
    const Folder folder;
    const std::filesystem::path state = folder / "state";
    const Outcome outcome = run({built_program("cs2sim"), "restart", "--state", state});
    CHECK(outcome.status == 3);
    CHECK(outcome.err ==
          "cs2sim: no instance runs on " + state.string() + ", nor did one; `cs2sim start` starts one\n");
    CHECK_FALSE(std::filesystem::exists(state));
}

TEST_CASE("a simulator whose profile cannot be used any more is not stopped by a restart") {
    const Folder folder;
    const std::string profile = folder / "lab.toml";
    const std::string rules =
        "challenge_lengths = [16]\nsession_modes = [5]\nsession_mechanisms = [4]\nuser_mechanisms = [0, 4]\n";
    write_file(profile, "model = \"Lab\"\n" + rules);
    const Simulator simulator(profile);
    const std::string before = pid_of(simulator.steer({"status"}));
    write_file(profile, "modle = \"Lab\"\n" + rules);
    const Outcome outcome = simulator.steer({"restart"});
    CHECK(outcome.status == 1);
    CHECK(outcome.err.find("modle") != std::string::npos);
    CHECK(pid_of(simulator.steer({"status"})) == before);
    CHECK(simulator.steer({"restart", "--profile", "nothing-like-it"}).status == 2);
    CHECK(pid_of(simulator.steer({"status"})) == before);
    write_file(profile, "model = \"Lab 2\"\n" + rules);
    require_success(simulator.steer({"restart"}));
    CHECK(Operator(simulator, Way::mount).csadm({"GetModel"}).out.find("Lab 2") != std::string::npos);
}

TEST_CASE("cs2sim start --foreground stays, says where it is, and ends in good order at SIGTERM") {
    const Folder folder;
    const std::string state = folder / "state", device = folder / "cs2a", said = folder / "said";
    const pid_t child = ::fork();
    if (child == 0) {
        const std::string program = built_program("cs2sim");
        if (std::freopen(said.c_str(), "w", stdout) == nullptr) ::_exit(126);
        ::execl(program.c_str(), program.c_str(), "start", "--foreground", "--state", state.c_str(),
                "--device", device.c_str(), nullptr);
        ::_exit(127);
    }
    REQUIRE(child > 0);
    const auto up = [&] { return run({built_program("cs2sim"), "status", "--state", state}).status == 0; };
    for (int tries = 0; tries < 1000 && !up() && ::waitpid(child, nullptr, WNOHANG) == 0; ++tries)
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    const Outcome status = run({built_program("cs2sim"), "status", "--state", state});
    CHECK(status.status == 0);
    CHECK(status.out.find("pid " + std::to_string(child)) != std::string::npos);
    RunOptions options;
    options.environment = {{"CRYPTOSERVER", device}};
    CHECK(run({built_program("csadm"), "GetModel"}, options).status == 0);
    ::kill(child, SIGTERM);
    int ended = 0;
    REQUIRE(::waitpid(child, &ended, 0) == child);
    CHECK(WIFEXITED(ended));
    CHECK(WEXITSTATUS(ended) == 0);
    CHECK(::access(device.c_str(), F_OK) != 0);
    CHECK(read_file(said).find("export CRYPTOSERVER=" + device) != std::string::npos);
}

TEST_CASE("explain tells functions, modules and modes without a simulator") {
    const auto explained = [](const std::string& what) {
        const Outcome outcome = run({built_program("cs2sim"), "explain", what});
        INFO(what << outcome.err);
        REQUIRE(outcome.status == 0);
        return outcome.out;
    };
    CHECK(explained("CMDS.GET_CHALLENGE") == explained("083.01"));
    CHECK(explained("ADM.BACKUP_OPEN").find("BACKUP_OPEN") != std::string::npos);
    const std::string module = explained("CMDS");
    CHECK(module.find("Command scheduler") != std::string::npos);
    CHECK(module.find("GET_CHALLENGE") != std::string::npos);
    CHECK(explained("--modes") == read_file(cs2sim::source_folder() / "test/unit/trace/modes.txt"));
    // The form without number, of modules and of layers of the host library.
    CHECK(explained("B083").starts_with(
        "083 CMDS, Command scheduler\n  B0830001  DENIED: permission denied\n"));
    CHECK(explained("b9063") == "906 CSA, Host library\n  B9063000 to B9063FFF: ADM client\n");
    CHECK(explained("099").starts_with("099 PIN\n"));
    CHECK(run({built_program("cs2sim"), "explain", "B777"}).status == 1);
    const Outcome unknown = run({built_program("cs2sim"), "explain", "CMDS.NO_SUCH_FUNCTION"});
    CHECK(unknown.status == 1);
    CHECK(unknown.err.find("NO_SUCH_FUNCTION") != std::string::npos);
}

TEST_CASE("LoadAltMdlSigKey puts the public half alone into flash, for administrators") {
    const Simulator simulator;
    const Operator user(simulator, Way::mount);
    require_success(user.csadm({"KeyType=RSA", "GenKey=modules.key#secret,2048,MAKER"}));
    require_error(user.csadm({"LoadAltMdlSigKey=modules.key#secret"}), cs2sim::E_CMDS_DENIED);
    CHECK(user.csadm({"ListFiles"}).out.find("mdlsigalt.key") == std::string::npos);
    user.admin_does({"LoadAltMdlSigKey=modules.key#secret"});
    CHECK(user.csadm({"ListFiles"}).out.find("mdlsigalt.key") != std::string::npos);
    CHECK(user.as_admin({"LoadAltMdlSigKey=nothing.key"}).status == 1);
}

TEST_CASE("certified firmware takes no alternative module signature key") {
    const std::string profile = GENERATE("se-gen2-fips", "cp5");
    INFO(profile);
    const Simulator simulator(profile);
    const Operator user(simulator, Way::tcp);
    require_success(user.csadm({"KeyType=RSA", "GenKey=modules.key,2048,MAKER"}));
    require_error(user.as_admin({"LoadAltMdlSigKey=modules.key"}), cs2sim::E_ADM_ALT_KEY_BARRED);
    // Nor as a file, and no key in place of the device's own.
    for (const char* name : {"mdlsigalt.key", "MDLSIGALT.KEY"}) {
        std::filesystem::copy_file(user.file("modules.key"), user.file(name));
        require_error(user.as_admin({std::string("LoadFile=") + name}), cs2sim::E_ADM_ALT_KEY_BARRED);
    }
    for (const char* name : {"mdlsig.key", "MDLSIG.KEY"}) {
        std::filesystem::copy_file(user.file("modules.key"), user.file(name));
        require_error(user.as_admin({std::string("LoadFile=") + name}), cs2sim::E_ADM_PERMISSION);
        require_error(user.as_admin({std::string("DeleteFile=") + name}), cs2sim::E_ADM_PERMISSION);
    }
    CHECK(user.csadm({"ListFiles"}).out.find("mdlsig") == std::string::npos);
}

TEST_CASE("GetHSMAuthKey shows the key by which logons know the device, the same after a restart") {
    const Simulator simulator, other;
    const Operator user(simulator, Way::mount), elsewhere(other, Way::mount);
    const std::string key = user.csadm({"GetHSMAuthKey"}).out;
    CHECK(key.size() > 1500);
    CHECK(key.find_first_not_of("0123456789ABCDEF \n") == std::string::npos);
    CHECK(elsewhere.csadm({"GetHSMAuthKey"}).out != key);
    require_success(simulator.steer({"restart"}));
    CHECK(user.csadm({"GetHSMAuthKey"}).out == key);

    Operator careful(simulator, Way::mount);
    const auto logon_with = [&](const std::string& keys) {
        std::ofstream(careful.file("auth.keys")) << keys;
        careful.options.environment.insert_or_assign("CS_AUTH_KEYS", careful.file("auth.keys").string());
        return careful.as_admin({"GetBootLog"});
    };
    require_success(logon_with(key));
    CHECK(logon_with(elsewhere.csadm({"GetHSMAuthKey"}).out).status == 1);
}

TEST_CASE("module run starts its simulator where it is told to, and says when one runs already") {
    const Folder folder;
    RunOptions options;
    options.folder = folder.path();
    std::filesystem::copy_file(cs2sim::source_folder() / "firmware/sdk/lua/demo.lua", folder / "demo.lua");
    const std::string port = std::to_string(free_port()), cs2sim = built_program("cs2sim");
    const Outcome ran =
        run({"/bin/sh", "-c",
             cs2sim + " module run --state own --no-device --listen " + port +
                 "@127.0.0.1 demo.lua > said 2>&1 & started=$!\n" +
                 "until grep -q loading said; do kill -0 $started || exit 9; sleep 0.05; done\n" +
                 "kill -INT $started; wait $started; cat said"},
            options);
    INFO(ran.out << ran.err);
    CHECK(ran.out.find("listen     " + port + "@127.0.0.1\n") != std::string::npos);
    CHECK(ran.out.find("device ") == std::string::npos);

    // Nobody reads on: it ends as at Ctrl-C, and so does its simulator.
    const Outcome unread = run({"/bin/sh", "-c",
                                cs2sim + " module run --state unread --no-device --listen " + port +
                                    "@127.0.0.1 demo.lua | head -1\n" + cs2sim + " stop --state unread"},
                               options);
    INFO(unread.out << unread.err);
    CHECK(unread.status != 0);  // nothing runs there any more

    const Simulator other;
    for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{
             {"--no-device"}, {"--device", folder / "node"}, {"--listen", "0"}}) {
        std::vector<std::string> command = {cs2sim, "module", "run", "--state", other.state(), "demo.lua"};
        command.insert(command.end(), words.begin(), words.end());
        const Outcome refused = run(command, options);
        CHECK(refused.status == 2);
        CHECK(refused.err.find("already: --device, --no-device and --listen are for one that is started") !=
              std::string::npos);
    }
}
