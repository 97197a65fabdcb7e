// Files that never end, never begin, or are none where a file should be: refused in words, by every program.
#include <sys/stat.h>

#include <fstream>

#include "test/scenario/clerk.h"

using namespace cs2sim;
using namespace cs2sim::scenario;

namespace {

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

mode_t mode_of(const std::filesystem::path& path) {
    struct stat status {};
    REQUIRE(::stat(path.c_str(), &status) == 0);
    return status.st_mode & 0777;
}

// What cs2sim says on a state folder of one's own.
Outcome cs2sim_on(const Folder& folder, std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), built_program("cs2sim"));
    return run(arguments, {folder.path(), {{"CS2SIM_STATE", folder / "state"}}, std::chrono::seconds(60)});
}

}  // namespace

TEST_CASE("cxitool refuses named pipes and devices without end, at once") {
    const Simulator simulator;
    const Operator user(simulator, Way::mount);
    add_clerk(user);
    require_success(cxitool(user, {"Group=G", "Name=k", "GenerateKey=RSA,2048"}));
    REQUIRE(::mkfifo(user.file("pipe").c_str(), 0600) == 0);
    for (const std::string file : {"pipe", "/dev/zero"}) {
        INFO(file);
        require_error(cxitool(user, {"RestoreKey=" + file}), E_CSA_BACKUP_FILE);
        require_error(cxitool(user, {"Group=G", "Name=i", "Algo=AES", "ImportKey=" + file}), E_CSA_KEY_OPEN);
        require_error(cxitool(user, {"ExternalKey=" + file, "Sign=/dev/null"}), E_CSA_KEY_OPEN);
        require_error(cxitool(user, {"Group=G", "Name=d", "Params=" + file, "GenerateKey=DSA,2048"}),
                      E_CSA_KEY_OPEN);
        require_error(cxitool(user, {"Group=G", "Name=k", "Sign=" + file}), E_CSA_PARAM);
        require_error(cxitool(user, {"Group=G", "Name=k", "Encrypt=" + file}), E_CSA_PARAM);
        require_error(cxitool(user, {"Group=G", "Name=k", "Signature=" + file, "Verify=/dev/null"}),
                      E_CSA_PARAM);
        require_error(cxitool(user, {"KeyStore=" + file, "ListKeys"}), E_CSA_STORE_CONFIG);
    }
    const Outcome replayed = simulator.steer({"replay", user.file("pipe").string()});
    CHECK(replayed.status == 2);
    CHECK(has(replayed.err, "is a named pipe"));
    for (const std::string file : {"/dev/zero", "/dev/urandom"}) {
        const Outcome endless = simulator.steer({"replay", file});
        CHECK(endless.status == 2);
        CHECK(has(endless.err, file + ": is a device or a socket, no file"));
        const Outcome module = simulator.steer({"module", "run", file});
        CHECK(module.status == 1);
        CHECK(has(module.err, file + " is no firmware module"));
    }
    CHECK(has(simulator.steer({"module", "run", "/proc/self/mem"}).err,
              "/proc/self/mem is no firmware module"));
    // What a shell makes of | and <() is no file in a folder.
    const Outcome piped = user.tool("cxitool", {"Random=1"});
    require_success(piped);
    require_success(run({"sh", "-c", "echo data | exec \"$0\" \"$@\"", built_program("cxitool"),
                         "Dev=" + simulator.device(Way::mount), "LogonPass=CLERK,clerks-secret", "Group=G",
                         "Name=k", "Sign=/dev/stdin"}));
}

TEST_CASE("links that stand where the simulator makes files of its own lead it nowhere") {
    const Folder folder;
    const std::filesystem::path state = folder / "state";
    std::filesystem::create_directory(state);
    std::filesystem::permissions(state, std::filesystem::perms::owner_all);
    const std::string precious = folder / "precious";
    std::ofstream(precious) << "kept";
    std::filesystem::permissions(precious, std::filesystem::perms(0644));
    std::filesystem::create_symlink(precious, state / "instance.toml.new");
    const std::string program = built_program("cs2sim");
    require_success(run({program, "start", "--no-device", "--state", state.string()}));
    CHECK(read_file(state / "instance.toml").find("listen") != std::string::npos);
    require_success(run({program, "stop", "--state", state.string()}));
    CHECK(read_file(precious) == "kept");
    CHECK(mode_of(precious) == 0644);
}

TEST_CASE(
    "a link in place of a file or folder of the state ends the start, and what it leads to is as it was") {
    for (const std::string name : {"lock", "instance.toml", "cs2sim.log", "ADMIN.key", "keyram", "nvram.db",
                                   "flash", "audit", "modules", "flash/db", "audit/audit.1"}) {
        INFO(name);
        const Folder folder;
        const std::filesystem::path link = folder / "state" / name, precious = folder / "precious";
        std::filesystem::create_directories(link.parent_path());
        const bool to_folder = link.filename().extension().empty() && name != "lock" && name != "keyram";
        if (to_folder)
            std::filesystem::create_directory(precious);
        else
            std::ofstream(precious) << "kept";
        std::filesystem::permissions(precious, std::filesystem::perms(0755));
        std::filesystem::create_symlink(precious, link);
        const Outcome outcome = cs2sim_on(folder, {"start", "--no-device"});
        CHECK(outcome.status == 1);
        CHECK(has(outcome.err, "state folder: " + link.string() + " is a link"));
        CHECK(mode_of(precious) == 0755);
        if (to_folder)
            CHECK(std::filesystem::is_empty(precious));
        else
            CHECK(read_file(precious) == "kept");
    }
}

TEST_CASE("a state folder may be a link of one's own") {
    const Folder folder;
    std::filesystem::create_directory(folder / "disk");
    std::filesystem::create_directory_symlink("disk", folder / "state");
    for (int i = 0; i < 2; ++i) {
        require_success(cs2sim_on(folder, {"start", "--no-device"}));
        require_success(cs2sim_on(folder, {"stop"}));
    }
    CHECK(std::filesystem::exists(folder / "disk/keyram"));
}

TEST_CASE("a log of the daemon that is no file ends the start in words") {
    const Folder folder;
    std::filesystem::create_directory(folder / "state");
    const auto start = [&] { return cs2sim_on(folder, {"start", "--no-device"}); };
    REQUIRE(::mkfifo((folder / "state/cs2sim.log").c_str(), 0600) == 0);
    const Outcome pipe = start();
    CHECK(pipe.status == 1);
    CHECK(has(pipe.err, "cs2sim.log: is a named pipe"));
    std::filesystem::remove(folder / "state/cs2sim.log");
    std::filesystem::create_directory(folder / "state/cs2sim.log");
    const Outcome occupied = start();
    CHECK(occupied.status == 1);
    CHECK(has(occupied.err, "cs2sim.log: Is a directory"));
}

TEST_CASE("an empty --state is refused, not taken for the usual folder") {
    const Folder folder;
    for (const std::vector<std::string>& words :
         {std::vector<std::string>{"start", "--state", "", "--no-device"},
          {"status", "--state", ""},
          {"stop", "--state="},
          {"card", "list", "--state", ""},
          {"restart", "--state", ""}}) {
        INFO(words.front());
        CHECK(cs2sim_on(folder, words).status == 2);
    }
    CHECK_FALSE(std::filesystem::exists(folder / "state"));
}

TEST_CASE("folders of cards and of the SDK are closed to others whatever the umask") {
    const Folder folder;
    const auto under_umask = [&](const std::string& mask, const std::string& words) {
        return run({"sh", "-c", "umask " + mask + "; exec " + built_program("cs2sim") + " " + words},
                   {folder.path(), {{"CS2SIM_STATE", ""}}});
    };
    for (const std::string mask : {"0", "022"}) {
        const std::string state = folder / ("cards" + mask);
        require_success(under_umask(mask, "card new A --state " + state));
        CHECK(mode_of(state) == 0700);
        CHECK(mode_of(state + "/cards") == 0700);
        CHECK(mode_of(state + "/cards/cards/A.card") == 0600);
    }
    require_success(under_umask("0", "module sdk sdk"));
    CHECK(mode_of(folder / "sdk/simulator") == 0700);
    CHECK(mode_of(folder / "sdk/simulator/devices/flash/files/mdlsig.key") == 0600);
}

TEST_CASE("a password that is asked for without a terminal says that there is none") {
    const Simulator simulator;
    const Operator user(simulator, Way::mount);
    const Outcome asked = user.csadm({"LogonPass=CLERK,ask"});
    require_error(asked, E_CSA_KEY_PASSWORD);
    CHECK(has(asked.err, "csadm: no terminal to ask at"));
}

TEST_CASE("a restore of governance files that was killed is ended by the next verify or restore") {
    const Simulator simulator;
    const Operator user(simulator, Way::mount);
    std::filesystem::create_directory(user.file("t"));
    for (const std::string name : {"t/f1", "t/f2", "t/f3"}) write_file(user.file(name), "new " + name);
    const auto governance = [&](const std::string& verb, std::vector<std::string> more = {}) {
        std::vector<std::string> words{"governance", verb, user.file("kept").string(), "--key",
                                       simulator.admin_key().string()};
        words.insert(words.end(), more.begin(), more.end());
        return simulator.steer(words);
    };
    const auto file = [&](const std::string& name) { return user.file(name).string(); };
    require_success(governance("backup", {"--file", "module=" + file("t/f1"), "--file",
                                          "module=" + file("t/f2"), "--file", "module=" + file("t/f3")}));
    // As a kill between the first file's place and the second's leaves it; the third was not there.
    const auto killed = [&] {
        write_file(user.file("t/f1"), "new t/f1");
        write_file(user.file("t/.cs2sim-restore.1.before"), "old t/f1");
        write_file(user.file("t/f2"), "old t/f2");
        write_file(user.file("t/.cs2sim-restore.2.before"), "old t/f2");
        write_file(user.file("t/.cs2sim-restore.2.new"), "new t/f2");
        std::filesystem::remove(user.file("t/f3"));
        write_file(user.file("t/.cs2sim-restore.3.new"), "new t/f3");
        std::string journal;
        for (const std::string name : {"t/f1", "t/f2", "t/f3"})
            journal += "[[target]]\npath = \"" + file(name) +
                       "\"\nwas_there = " + (name == "t/f3" ? "false" : "true") + "\n";
        write_file(user.file("t/.cs2sim-restore"), journal);
    };
    killed();
    const Outcome verified = governance("verify");
    require_success(verified);
    CHECK(has(verified.err, "is taken back"));
    CHECK(read_file(user.file("t/f1")) == "old t/f1");
    CHECK(read_file(user.file("t/f2")) == "old t/f2");
    CHECK(names_in(user.file("t")) == std::vector<std::string>{"f1", "f2"});
    killed();
    const Outcome restored = governance("restore");
    require_success(restored);
    CHECK(has(restored.err, "is taken back"));
    for (const std::string name : {"t/f1", "t/f2", "t/f3"})
        CHECK(read_file(user.file(name)) == "new " + name);
    CHECK(names_in(user.file("t")) == std::vector<std::string>{"f1", "f2", "f3"});
    // Killed when all were in place: only what was kept goes.
    write_file(user.file("t/.cs2sim-restore.1.before"), "old t/f1");
    write_file(user.file("t/.cs2sim-restore.done"), "[[target]]\npath = \"" + file("t/f1") + "\"\n");
    CHECK(has(governance("verify").err, "is complete"));
    CHECK(read_file(user.file("t/f1")) == "new t/f1");
    CHECK(names_in(user.file("t")) == std::vector<std::string>{"f1", "f2", "f3"});
    std::filesystem::remove_all(user.file("t"));
    CHECK(has(governance("restore").err, "No such file or directory; nothing was changed"));
}
