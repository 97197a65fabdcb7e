// A simulator ends within its time though a command in it never does, and nothing that was answered is lost.
#include <thread>

#include "test/scenario/expect.h"
#include "test/scenario/process.h"

using namespace cs2sim;
using namespace cs2sim::scenario;
using namespace std::chrono_literals;

namespace fs = std::filesystem;

TEST_CASE("cs2sim stop ends a simulator in which a command never ends, and loses nothing") {
    const Folder folder;
    const std::string state = folder / "state", device = "unix:" + (folder / "socket").string();
    RunOptions options;
    options.folder = folder.path();
    options.environment = {{"CS2SIM_STATE", state}, {"CRYPTOSERVER", device}};
    RunOptions preloaded = options;
    preloaded.environment["LD_PRELOAD"] = CS2SIM_NEVER_ENDS;
    preloaded.environment["CS2SIM_TEST_HANGS"] = folder / "hangs";
    const std::vector<std::string> start{built_program("cs2sim"), "start", "--no-device", "--listen", device};
    const std::string logon = "LogonSign=ADMIN," + (fs::path(state) / "ADMIN.key").string();
    require_success(run(start, preloaded));
    require_success(
        run({built_program("csadm"), logon, "AddUser=CLERK,00000002{CXI_GROUP=A},hmacpwd,clerks-secret"},
            options));
    const auto cxitool = [&](std::initializer_list<std::string> more) {
        std::vector<std::string> words{built_program("cxitool"), "LogonPass=CLERK,clerks-secret", "Group=A"};
        words.insert(words.end(), more);
        return words;
    };
    require_success(run(cxitool({"Name=answered", "GenerateKey=AES,256"}), options));

    write_file(folder / "hangs", "");
    RunsBeside hanging(cxitool({"Name=unanswered", "GenerateKey=AES,256"}), options);
    for (int tries = 0; tries < 3000 && read_file(folder / "hangs").empty() && !hanging.ended(10ms);
         ++tries) {
    }
    REQUIRE_FALSE(read_file(folder / "hangs").empty());
    const Outcome stopped = run({built_program("cs2sim"), "stop"}, options);
    require_success(stopped);  // it waits for 15 s, and fails then
    CHECK(hanging.get().status != 0);
    CHECK_FALSE(fs::exists(folder / "socket"));
    CHECK(read_file(fs::path(state) / "cs2sim.log").find("ended without it") != std::string::npos);

    require_success(run(start, options));
    const Outcome listed = run(cxitool({"ListKeys"}), options);
    require_success(run({built_program("cs2sim"), "stop"}, options));
    require_success(listed);
    CHECK(listed.out.find(" answered") != std::string::npos);
}
