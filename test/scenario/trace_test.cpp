// cs2sim trace, its captures in tshark with the dissector that ships with it, recordings and their replay.
#include <fstream>
#include <optional>

#include "test/scenario/expect.h"
#include "test/scenario/simulator.h"

using namespace cs2sim;
using namespace cs2sim::scenario;

namespace {

// `cs2sim trace` in the background; it ends by itself after a while that is longer than the test's work.
class Listening {
public:
    Listening(const Simulator& simulator, const Operator& user, std::vector<std::string> options)
        : capture_(user.file("trace.pcap")) {
        std::vector<std::string> command{
            built_program("cs2sim"), "trace",     "--state", simulator.state().string(), "--pcap",
            capture_.string(),       "--seconds", "6"};
        command.insert(command.end(), options.begin(), options.end());
        trace_.emplace(command);
        // It listens when the first command shows up.
        do {
            require_success(user.csadm({"GetState"}));
        } while (!std::filesystem::exists(capture_) || std::filesystem::file_size(capture_) <= 24);
    }
    Outcome end() {
        const Outcome outcome = trace_->get();
        require_success(outcome);
        return outcome;
    }
    const std::filesystem::path& capture() const { return capture_; }

private:
    std::filesystem::path capture_;
    std::optional<RunsBeside> trace_;
};

// The lines that tshark prints of a capture's packets which match `filter`: these fields, tab between them.
std::string dissected(const Operator& user, const std::filesystem::path& capture, const std::string& filter,
                      const std::vector<std::string>& fields) {
    const Outcome dissector = run({built_program("cs2sim"), "trace", "--dissector"});
    require_success(dissector);
    write_file(user.file("cs2sim.lua"), dissector.out);
    std::vector<std::string> command{"tshark",
                                     "-X",
                                     "lua_script:" + user.file("cs2sim.lua").string(),
                                     "-r",
                                     capture.string(),
                                     "-Y",
                                     filter,
                                     "-T",
                                     "fields"};
    for (const std::string& field : fields) command.insert(command.end(), {"-e", field});
    const Outcome outcome = run(command);
    require_success(outcome);
    return outcome.out;
}

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("trace shows commands with users and fields, masks secrets, and tshark reads the capture") {
    const Simulator simulator;
    const Operator user(simulator, Way::tcp);
    Listening listening(simulator, user, {});
    require_success(user.as_admin({"AddUser=ALICE,00000002,hmacpwd,topsecret"}));
    require_error(user.csadm({"ChallengeLength=7", user.admin_logon(), "ListUsers"}), E_CMDS_CHALLENGE_LEN);
    const Outcome shown = listening.end();
    INFO(shown.out);
    CHECK(contains(shown.out, "CMDS.ADD_USER  ok"));
    CHECK(contains(shown.out, "users=ADMIN"));
    CHECK(contains(shown.out, "name=\"ALICE\""));
    CHECK(contains(shown.out, "token=***(9 bytes)"));
    CHECK(contains(shown.out, "CMDS.GET_CHALLENGE  B0830063 CHALLENGE_LEN"));
    CHECK_FALSE(contains(shown.out, "topsecret"));
    CHECK_FALSE(contains(read_file(listening.capture()), "topsecret"));

    CHECK(contains(dissected(user, listening.capture(), "cs2sim.code == 0xB0830063",
                             {"cs2sim.function", "cs2sim.code", "cs2sim.text"}),
                   "CMDS.GET_CHALLENGE\t0xb0830063\tCMDS.CHALLENGE_LEN: illegal challenge length requested"));
    const std::string added = dissected(user, listening.capture(), "cs2sim.function == \"CMDS.ADD_USER\"",
                                        {"cs2sim.direction", "cs2sim.users", "cs2sim.field"});
    INFO(added);
    CHECK(contains(added, "request\tADMIN\t"));
    CHECK(contains(added, "name=\"ALICE\""));
    CHECK(contains(added, "token=***(9 bytes)"));
    CHECK(contains(added, "answer\tADMIN\t"));
    CHECK(dissected(user, listening.capture(), "_ws.malformed or _ws.lua.error", {"frame.number"}).empty());
}

TEST_CASE("a recording is sent again: the same device answers alike, another does not") {
    const Simulator simulator;
    const Operator user(simulator, Way::tcp);
    const std::string record = user.file("record.toml").string();
    Listening listening(simulator, user, {"--record", record, "--quiet"});
    require_success(user.csadm({"GetModel", "ListFirmware"}));
    require_success(user.as_admin({"ListUsers", "MBKListKeys"}));
    require_error(user.as_admin({"DeleteFile=absent.bin"}), E_OS_FILE_NO_SUCH_FILE);
    CHECK(listening.end().out.empty());

    const std::string cs2sim = built_program("cs2sim");
    const std::string logon = "ADMIN," + simulator.admin_key().string();
    const Outcome plain = run({cs2sim, "replay", record, "--device", simulator.device(Way::tcp)});
    INFO(plain.out << plain.err);
    CHECK(plain.status == 1);  // something was not sent
    CHECK(contains(plain.out, "not sent: ran inside a session; give --logon"));
    CHECK(contains(plain.out, " 0 different"));

    const Outcome sealed =
        run({cs2sim, "replay", record, "--device", simulator.device(Way::tcp), "--logon", logon});
    INFO(sealed.out << sealed.err);
    CHECK(sealed.status == 0);
    CHECK_FALSE(contains(sealed.out, "give --logon"));

    std::ofstream(user.file("absent.bin")) << "there now";
    require_success(user.as_admin({"AddUser=NOBODY,00000002,hmacpwd,password", "LoadFile=absent.bin"}));
    const Outcome other =
        run({cs2sim, "replay", record, "--device", simulator.device(Way::tcp), "--logon", logon});
    INFO(other.out << other.err);
    CHECK(other.status == 1);
    CHECK(contains(other.out, "CMDS.LIST_USERS  another answer"));
    CHECK(contains(other.out, "ADM.DELETE_FILE  recorded B0000506, now ok"));
}

TEST_CASE("trace and explain tell what is wrong with how they are called") {
    const Folder folder;
    const std::string cs2sim = built_program("cs2sim");
    CHECK(run({cs2sim, "trace", "--state", (folder / "nobody").string()}).status == 3);
    CHECK(run({cs2sim, "replay", (folder / "nothing").string(), "--device", "unix:/nowhere"}).status == 2);
    CHECK(run({cs2sim, "explain", "B0830063"}).status == 0);
    CHECK(run({cs2sim, "explain", "HELLO"}).status == 1);
}
