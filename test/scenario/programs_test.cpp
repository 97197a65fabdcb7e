// The programs themselves: what they carry, and how the client finds and starts the simulator's.
#include <filesystem>

#include "test/scenario/expect.h"
#include "test/scenario/simulator.h"

using namespace cs2sim;
using namespace cs2sim::scenario;

TEST_CASE("programs that only talk to a device carry neither SQLite nor FUSE nor the firmware") {
    const std::string kFirmware[] = {"sqlite3_open_v2", "fuse_session_new",
                                     "cs2sim::Scheduler::", "cs2sim::Smos::"};
    const auto symbols = [](const std::string& path) {
        const Outcome names = run({"nm", "--demangle", path});
        require_success(names);
        return names.out + run({"ldd", path}).out;
    };
    const std::string daemon = symbols(built_program("cs2simd"));  // the names tell
    for (const std::string& name : kFirmware) CHECK(daemon.find(name) != std::string::npos);
    const std::string lib =
        std::filesystem::path(built_program("cs2sim")).parent_path().parent_path() / "lib";
    for (const std::string& path :
         {built_program("cs2sim"), built_program("csadm"), built_program("cxitool"),
          built_program("p11tool2"), lib + "/libcsxapi.so", lib + "/libcs_pkcs11_R3.so"}) {
        INFO(path);
        const std::string found = symbols(path);
        for (const std::string& name : kFirmware) CHECK(found.find(name) == std::string::npos);
        CHECK(found.find("libsqlite") == std::string::npos);
        CHECK(found.find("libfuse") == std::string::npos);
    }
}

TEST_CASE("cs2sim finds the simulator's program beside itself, where it is installed, or where it is told") {
    namespace fs = std::filesystem;
    const Folder folder;
    const fs::path built = fs::path(built_program("cs2sim")).parent_path();
    fs::create_directories(folder.path() / "bin");
    fs::create_directories(folder.path() / "libexec/cs2sim");
    fs::copy_file(built / "cs2sim", folder.path() / "bin/cs2sim");
    const std::string client = folder / "bin/cs2sim";
    const std::vector<std::string> start = {client, "start", "--no-device", "--state", folder / "state"};
    const auto stop = [&] { require_success(run({client, "stop", "--state", folder / "state"})); };

    const Outcome missing = run(start);
    CHECK(missing.status == 1);
    CHECK(missing.err ==
          "cs2sim: " + (folder / "libexec/cs2sim/cs2simd").string() + ": No such file or directory\n");

    RunOptions told;
    told.environment = {{"CS2SIM_DAEMON", built / "cs2simd"}};
    require_success(run(start, told));
    stop();
    fs::copy_file(built / "cs2simd", folder.path() / "libexec/cs2sim/cs2simd");
    require_success(run(start));
    stop();
    fs::rename(folder.path() / "libexec/cs2sim/cs2simd", folder.path() / "bin/cs2simd");
    require_success(run(start));
    stop();
}

TEST_CASE("a start says what became of a simulator's program that ends without a word") {
    const Folder folder;
    const auto start_by = [&](const std::string& script) {
        const std::string program = folder / "program";
        write_file(program, "#!/bin/sh\n" + script + "\n");
        std::filesystem::permissions(program, std::filesystem::perms::owner_all);
        RunOptions options;
        options.environment = {{"CS2SIM_DAEMON", program}};
        return run({built_program("cs2sim"), "start", "--state", folder / "state"}, options);
    };
    CHECK(start_by("exit 2").status == 2);
    CHECK(start_by("exit 0").status == 0);
    const Outcome died = start_by("kill -9 $$");
    CHECK(died.status == 1);
    CHECK(died.err == "cs2sim: the simulator died while it started\n");
    const Outcome refused = start_by("printf -- '-no, thanks' >&$CS2SIM_TELL_START");
    CHECK(refused.status == 1);
    CHECK(refused.err == "cs2sim: no, thanks\n");
}

TEST_CASE("words in brackets reach a program and a command as they are typed") {
    const Folder folder;
    const std::string cs2sim = built_program("cs2sim");
    const Outcome printed = run({cs2sim, "run", "--state", folder / "state", "--", "printf", "<%s>",
                                 "[a b, c]", "[]", "[ -e x ]", "x[1]"});
    require_success(printed);
    CHECK(printed.out == "<[a b, c]><[]><[ -e x ]><x[1]>");
    const Outcome explained = run({cs2sim, "explain", "[1,2]"});
    CHECK(explained.err.find("[1,2]") != std::string::npos);
}
