// What cs2sim says when the words do not fit, and how it ends: 0, 1 refused, 2 called wrongly, 3 no
// simulator.
#include "test/scenario/expect.h"
#include "test/scenario/simulator.h"

using namespace cs2sim;
using namespace cs2sim::scenario;

namespace {

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

Outcome client(std::vector<std::string> words) {
    words.insert(words.begin(), built_program("cs2sim"));
    return run(words);
}

}  // namespace

TEST_CASE("cs2sim names the word that it does not know, and the nearest one") {
    const auto told = [](std::vector<std::string> words, const std::string& why) {
        const Outcome outcome = client(std::move(words));
        test::bad_input("command lines of cs2sim");
        CHECK(outcome.status == 2);
        CHECK(outcome.out.empty());
        CHECK(outcome.err == "cs2sim: " + why + "\n");
    };
    told({"explian", "X"}, "unknown command 'explian', did you mean explain?; see cs2sim --help");
    told({"--bogus"}, "unknown option '--bogus'; see cs2sim --help");
    told({"xyzzy"}, "unknown command 'xyzzy'; see cs2sim --help");
    told({"mode", "foo"}, "unknown command 'foo'; see cs2sim mode --help");
    told({"fault", "lsit"}, "unknown command 'lsit', did you mean list?; see cs2sim fault --help");
    told({"mode"}, "cs2sim mode wants a command: show, set");
    told({"status", "--stat", "x"},
         "unknown option '--stat', did you mean --state?; see cs2sim status --help");
    told({"status", "now"}, "'now' is one word too many; see cs2sim status --help");
    const Outcome nothing = client({});
    CHECK(nothing.status == 2);
    CHECK(contains(nothing.err, "cs2sim wants a command: start, restart, stop, "));
}

TEST_CASE("explain proposes the nearest name, csadm's commands included") {
    const auto proposed = [](const std::string& what) {
        const Outcome outcome = client({"explain", what});
        CHECK(outcome.status == 1);
        return outcome.err;
    };
    CHECK(contains(proposed("CMDS.ADD_USR"), "that the tables know, did you mean CMDS.ADD_USER?\n"));
    CHECK(contains(proposed("GetState"), ", did you mean ADM.GET_STATE?\n"));
    CHECK(contains(proposed("GET_CHALENGE"), ", did you mean CMDS.GET_CHALLENGE?\n"));
    CHECK(proposed("xyzzyx") ==
          "cs2sim: 'xyzzyx' is no error code, no function and no module that the tables know\n");
    CHECK(contains(client({"explain", "B9061003"}).out, "\nmodule      906 CSA, Host library\n"));
    CHECK(contains(client({"explain", "B9010002"}).out, "\nmodule      901 CSA, Host library\n"));
}

TEST_CASE("without a simulator every verb that needs one ends with 3, as status does") {
    const Folder folder;
    for (const std::vector<std::string>& verb :
         std::vector<std::vector<std::string>>{{"status"},
                                               {"stop"},
                                               {"health"},
                                               {"stats"},
                                               {"fault", "list"},
                                               {"fault", "add", "--do", "drop"},
                                               {"database", "list"},
                                               {"clock", "show"},
                                               {"trace"}}) {
        INFO(verb.front());
        std::vector<std::string> words = verb;
        words.insert(words.end(), {"--state", folder / "state"});
        const Outcome outcome = client(words);
        CHECK(outcome.status == 3);
        CHECK(contains(outcome.out + outcome.err, folder / "state"));
    }
}

TEST_CASE("databases of one's own: what is wrong is told") {
    const Simulator simulator;
    const auto told = [&](std::vector<std::string> words, const std::string& why, std::uint32_t code,
                          int status) {
        words.insert(words.begin(), "database");
        const Outcome outcome = simulator.steer(std::move(words));
        test::bad_input("databases of one's own");
        CHECK(outcome.status == status);
        CHECK(outcome.err == "cs2sim: " + why + "\n" + describe(code));
    };
    CHECK(simulator.steer({"database", "create", "own.db"}).err.empty());
    const Outcome again = simulator.steer({"database", "create", "own.db"});
    require_success(again);
    CHECK(again.err == "cs2sim: own.db was there already and stays as it is\n");
    told({"insert", "own.db", "keyrecord"}, "'keyrecord' is no KEY=RECORD", E_CSA_SYNTAX, 2);
    told({"insert", "own.db", "0x123=r"}, "'0x123' is not whole bytes in hexadecimal", E_CSA_SYNTAX, 2);
    told({"insert", "own.db", "k=@/nowhere"}, "/nowhere: No such file or directory", E_CSA_PARAM, 1);
    told({"list", "--logon", "ADMIN"}, "--logon is USER,KEYSPEC", E_CSA_SYNTAX, 2);
    told({"list", "--logon", "ADMIN,/nowhere"}, "/nowhere: No such file or directory", E_CSA_KEY_OPEN, 1);
}

TEST_CASE("help and lists keep their form: --shim's words, the column of scenarios") {
    const std::string help = client({"start", "--help"}).out;
    CHECK(contains(help, "--shim TEXT:{auto,cuse,fuse}"));
    CHECK_FALSE(contains(help, "ENUM"));
    const Outcome wrong = client({"start", "--shim", "cues"});
    CHECK(wrong.status == 2);
    CHECK(contains(wrong.err, "--shim: cues not in {auto,cuse,fuse}\n"));
    CHECK(client({"complete", "--", "cs2sim", "start", "--shim", ""}).out == "auto\ncuse\nfuse\n");
    std::istringstream lines(client({"scenario", "list"}).out);
    std::size_t column = 0;
    for (std::string line; std::getline(lines, line);) {
        INFO(line);
        const std::size_t name = line.find(' '), about = line.find_first_not_of(' ', name);
        if (column == 0) column = about;
        CHECK(about == column);
    }
    CHECK(column > 0);
}

TEST_CASE("a start that fails says which word is wrong, and leaves no device and no folder behind") {
    const Simulator other;
    const Folder folder;
    std::filesystem::create_directory(folder / "kept");
    write_file(folder / "kept/notes", "somebody's");
    const auto fails = [&](const std::string& state, std::vector<std::string> words, const std::string& why,
                           int status) {
        words.insert(words.begin(), {"start", "--no-device", "--state", folder / state});
        const Outcome outcome = client(words);
        INFO(words.back() << '\n' << outcome.err);
        test::bad_input("starts that fail");
        CHECK(outcome.status == status);
        CHECK(contains(outcome.err, why));
        CHECK(names_in(folder.path()) == std::vector<std::string>{"kept"});
        CHECK(names_in(folder / "kept") == std::vector<std::string>{"notes"});
    };
    const std::string taken = other.device(Way::tcp);
    for (const char* state : {"new", "kept"}) {
        fails(state, {"--profile", "nope"}, "nope", 2);
        fails(state, {"--listen", "foo:bar"}, "--listen foo:bar: is no port@address", 2);
        fails(state, {"--listen", "99999"}, "--listen 99999: is no port@address", 2);
        fails(state, {"--listen", taken}, taken + ": is taken, another program listens there", 1);
        fails(state, {"--profile", "/nowhere/p.toml"}, "/nowhere/p.toml", 1);
        fails(state, {"--pid-file", "/nowhere/pid"}, "/nowhere/pid", 1);
    }
    // A device that lives there stays whole.
    const std::vector<std::string> good{"start", "--no-device", "--state", folder / "kept"};
    require_success(client(good));
    require_success(client({"stop", "--state", folder / "kept"}));
    const auto before = names_in(folder / "kept");
    CHECK(client({"start", "--no-device", "--state", folder / "kept", "--listen", taken}).status == 1);
    CHECK(names_in(folder / "kept") == before);
    require_success(client(good));
    CHECK(client(good).status == 1);  // held by the running one, which stays
    CHECK(client({"health", "--state", folder / "kept"}).status == 0);
    require_success(client({"stop", "--state", folder / "kept"}));
}
