// Where the log of an instance in the foreground is: with whoever started it, and status and logs say so.
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

#include "test/scenario/expect.h"
#include "test/scenario/instance.h"

using namespace cs2sim;
using namespace cs2sim::scenario;

namespace {

namespace fs = std::filesystem;

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

// An instance in the foreground of a shell, whose words stand before those of the program.
class InForeground {
public:
    InForeground(const Instance& instance, const std::string& before, const std::string& after)
        : instance_(instance) {
        RunOptions options;
        options.environment = instance.environment;
        require_success(
            run({"sh", "-c", before + " \"$0\" start --foreground --no-device --state \"$1\" " + after + " &",
                 built_program("cs2sim"), instance.state},
                options));
        for (int tries = 0; tries < 1000 && instance.cs2sim({"status"}).status != 0; ++tries)
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    ~InForeground() { instance_.cs2sim({"stop"}); }
    InForeground(const InForeground&) = delete;
    InForeground& operator=(const InForeground&) = delete;

private:
    const Instance& instance_;
};

}  // namespace

TEST_CASE("status and logs say where the log of an instance in the foreground goes") {
    const Instance instance;
    const std::string out = instance.folder / "out";
    const std::string to_out = ">'" + out + "' 2>&1";
    const auto check_elsewhere = [&](const std::string& place, const std::string& verb) {
        for (const std::vector<std::string>& words : {std::vector<std::string>{"logs"}, {"logs", "-f"}}) {
            const Outcome logs = instance.cs2sim(words);
            CHECK(logs.status == 1);
            CHECK(logs.out.empty());
            CHECK(has(logs.err, instance.state + ": its log " + verb + " to " + place));
        }
    };
    {
        const InForeground simulator(instance, "", to_out);
        CHECK(line_of(instance.cs2sim({"status"}).out, "log") == "its standard output, " + out);
        check_elsewhere("its standard output, " + out + "\n", "goes");
    }
    check_elsewhere("its standard output, " + out + "\n", "went");
    CHECK(has(read_file(out), "signal 15: stopping"));
    {
        const InForeground simulator(instance, "", "2>&1 | cat " + to_out);
        CHECK(line_of(instance.cs2sim({"status"}).out, "log") == "its standard output");
    }
    // As systemd does it; the test itself may be part of a service, which is named then.
    const InForeground simulator(instance, ": >'" + out + "'; JOURNAL_STREAM=$(stat -c %d:%i '" + out + "')",
                                 to_out);
    CHECK(line_of(instance.cs2sim({"status"}).out, "log").starts_with("the journal"));
    check_elsewhere("the journal", "goes");
}

TEST_CASE("the log of an earlier start in the background is not shown as that of the one in the foreground") {
    const Instance instance;
    require_success(instance.cs2sim({"start", "--no-device"}));
    require_success(instance.cs2sim({"stop"}));
    const std::string file = instance.state + "/cs2sim.log";
    REQUIRE(fs::exists(file));
    {
        const InForeground simulator(instance, "", ">'" + (instance.folder / "out").string() + "' 2>&1");
        const Outcome logs = instance.cs2sim({"logs"});
        CHECK(logs.status == 1);
        CHECK(logs.out.empty());
        CHECK(has(logs.err, file + " is of an earlier start"));
    }
    CHECK(instance.cs2sim({"logs"}).status == 1);
    require_success(instance.cs2sim({"start", "--no-device"}));
    CHECK(line_of(instance.cs2sim({"status"}).out, "log") == file);
    CHECK(has(instance.cs2sim({"logs"}).out, "started, profile"));
}
