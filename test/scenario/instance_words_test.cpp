// What status, list and logs say of instances whose records, names and logs are not as they should be, and
// that nothing printed in vain looks like success.
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <string>

#include "test/scenario/expect.h"
#include "test/scenario/instance.h"

using namespace cs2sim;
using namespace cs2sim::scenario;

namespace fs = std::filesystem;

namespace {

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

Outcome list(const Instance& instance) {
    RunOptions options;
    options.environment = instance.environment;
    return run({built_program("cs2sim"), "list"}, options);
}

fs::path record_of(const Instance& instance) { return fs::path(instance.state) / "instance.toml"; }
fs::path log_of(const Instance& instance) { return fs::path(instance.state) / "cs2sim.log"; }

// A line of a shell in which $0 is cs2sim and $1 the state.
Outcome by_shell(const Instance& instance, const std::string& line) {
    RunOptions options;
    options.environment = instance.environment;
    return run({"sh", "-c", line, built_program("cs2sim"), instance.state}, options);
}

}  // namespace

TEST_CASE("an instance whose record cannot be read runs all the same") {
    const Instance instance;
    require_success(instance.cs2sim({"start", "--no-device"}));
    const std::string pid = std::to_string(instance.pid());
    const std::string whole = read_file(record_of(instance));
    for (const std::string record : {"", "no TOML ="}) {
        INFO(record);
        record.empty() ? (void)fs::remove(record_of(instance)) : write_file(record_of(instance), record);
        const Outcome status = instance.cs2sim({"status"});
        if (record.empty()) {
            CHECK(has(status.out, "running    pid " + pid + ", its record cannot be read\n"));
            CHECK(has(list(instance).out, "pid " + pid + "  " + instance.state + "  its record cannot be"));
        }
        CHECK(status.status == 0);
        CHECK(line_of(status.out, "running").starts_with("pid " + pid));
        CHECK(line_of(status.out, "state") == instance.state);
        CHECK(line_of(status.out, "clients") == "0");
        CHECK(has(list(instance).out, "pid " + pid + "  " + instance.state));
    }
    const Outcome restarted = instance.cs2sim({"restart"});  // with which options?
    CHECK(restarted.status == 1);
    CHECK(has(restarted.err, "the record of the instance cannot be read"));
    CHECK(std::to_string(instance.pid()) == pid);
    require_success(instance.cs2sim({"stop"}));
    CHECK(instance.cs2sim({"status"}).status == 3);
}

TEST_CASE("names and records steer no terminal and forge no line") {
    Instance instance;
    instance.state = instance.folder / "e\nlisten     forged\x1b[31m";
    const Outcome started = instance.cs2sim({"start", "--no-device"});
    require_success(started);
    const auto check_harmless = [](const std::string& text) {
        INFO(text);
        CHECK(!has(text, "\x1b"));
        CHECK(!has(text, "\nlisten     forged"));
    };
    check_harmless(started.out);
    write_file(record_of(instance),
               "devices = [\"/dev/x\\u001b[2J\"]\nkinds = [\"\\u001b[2J\"]\n"
               "listen = [\"unix:a\\nlisten     forged\"]\ninherited = [\"unix:@\\u001b[2J\"]\n"
               "profile = \"p\\nlisten     forged\"\nstarted = -9223372036854775808\n");
    const std::string status = instance.cs2sim({"status"}).out;
    check_harmless(status);
    CHECK(line_of(status, "uptime") == "unknown");
    CHECK(line_of(status, "device") == "/dev/x?[2J (?[2J)");
    check_harmless(list(instance).out);
    write_file(record_of(instance), "started = 9223372036854775807\n");
    CHECK(line_of(instance.cs2sim({"status"}).out, "uptime") == "unknown");
    require_success(instance.cs2sim({"stop"}));
    for (const std::string verb : {"status", "stop", "logs"}) {
        const Outcome outcome = instance.cs2sim({verb});
        check_harmless(outcome.out + outcome.err);
    }
}

TEST_CASE("what is printed in vain ends with an error in words") {
    const Instance instance;
    require_success(instance.cs2sim({"start", "--no-device"}));
    for (const std::string verb :
         {"status --state \"$1\"", "list", "logs --state \"$1\"", "explain 0", "--help", "--version",
          "scenario list", "man-page", "fault list --state \"$1\""}) {
        INFO(verb);
        const bool silent = verb.starts_with("fault");  // there are none
        for (const std::string where : {">/dev/full", ">&-"}) {
            INFO(where);
            std::string line = "\"$0\" ";
            const Outcome outcome = by_shell(instance, line.append(verb).append(" ").append(where));
            CHECK((outcome.status != 0) == !silent);
            CHECK(has(outcome.err, "cs2sim: standard output: ") == !silent);
        }
    }
    const auto tool = [](const std::string& name, const std::string& words) {
        return run({"sh", "-c", "exec \"$0\" " + words, built_program(name)});
    };
    for (const std::string name : {"csadm", "cxitool", "p11tool2"})
        for (const std::string words : {"Help >/dev/full", "Help >&-", "--man-page >/dev/full"}) {
            INFO(name << " " << words);
            const Outcome outcome = tool(name, words);
            CHECK(outcome.status == 1);
            CHECK(has(outcome.err, name + ": standard output: "));
        }
}

TEST_CASE("a start whose output is closed keeps its state for itself") {
    const Instance instance;
    CHECK(by_shell(instance, "\"$0\" start --no-device --state \"$1\" <&- >&- 2>&-").status != 127);
    CHECK(instance.pid() > 0);
    const Outcome second = instance.cs2sim({"start", "--no-device"});
    CHECK(second.status == 1);
    CHECK(has(second.err, "is taken by another instance"));
}

TEST_CASE("logs that are followed end when nobody reads them") {
    const Instance instance;
    require_success(instance.cs2sim({"start", "--no-device"}));
    // The log says nothing more, so that nothing is written which would tell.
    const Outcome first = by_shell(instance, "\"$0\" logs -f --state \"$1\" | head -n 1");
    require_success(first);
    CHECK(has(first.out, "started, profile"));
    CHECK(instance.pid() > 0);
}

TEST_CASE("a log that is no file is not read, nor one that this user may not see") {
    const Instance instance;
    require_success(instance.cs2sim({"start", "--no-device"}));
    require_success(instance.cs2sim({"stop"}));
    const auto said = [&] {
        const Outcome outcome = instance.cs2sim({"logs"});
        CHECK(outcome.status == 1);
        CHECK(outcome.out.empty());
        return outcome.err;
    };
    const fs::path log = log_of(instance);
    write_file(instance.folder / "secret", "another's\n");
    fs::remove(log);
    CHECK(has(said(), "there is no log"));
    fs::create_symlink(instance.folder / "secret", log);
    CHECK(has(said(), "is a link, no log"));
    fs::remove(log);
    REQUIRE(::mkfifo(log.c_str(), 0600) == 0);
    CHECK(has(said(), "is no regular file, no log"));
    fs::remove(log);
    fs::create_directory(log);
    CHECK(has(said(), "is no regular file, no log"));
    fs::remove(log);
    // Whole lines and what follows the last of them, long ones too.
    const std::string lines = "one\n" + std::string(40000, 'x') +
                              "\nthr\x1b"
                              "ee";
    write_file(log, lines);
    CHECK(instance.cs2sim({"logs"}).out == "one\n" + std::string(40000, 'x') + "\nthr?ee\n");
}
