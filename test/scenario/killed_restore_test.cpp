// `cs2sim governance restore`, killed before each change that it makes to the file system.
#include <csignal>

#include "test/scenario/clerk.h"

using namespace cs2sim;
using namespace cs2sim::scenario;

namespace {

class Governed {
public:
    Governed() {
        std::filesystem::create_directory(targets());
        for (const std::string name : {"f1", "f2", "f3"}) write_file(targets() / name, "new " + name);
        require_success(governance("backup", {"--file", "module=" + (targets() / "f1").string(), "--file",
                                              "module=" + (targets() / "f2").string(), "--file",
                                              "module=" + (targets() / "f3").string()}));
    }
    std::filesystem::path targets() const { return folder_ / "t"; }

    // Two files say something else, the third is not there.
    void make_old() const {
        write_file(targets() / "f1", "old f1");
        write_file(targets() / "f2", "old f2");
        std::filesystem::remove(targets() / "f3");
    }
    bool is_old() const {
        return names_in(targets()) == std::vector<std::string>{"f1", "f2"} &&
               read_file(targets() / "f1") == "old f1" && read_file(targets() / "f2") == "old f2";
    }
    bool is_new() const {
        if (names_in(targets()) != std::vector<std::string>{"f1", "f2", "f3"}) return false;
        for (const std::string name : {"f1", "f2", "f3"})
            if (read_file(targets() / name) != "new " + name) return false;
        return true;
    }

    // `dies_at`: before which change it is killed; 0 is never.
    Outcome governance(const std::string& verb, std::vector<std::string> more = {}, int dies_at = 0) const {
        std::vector<std::string> words{
            built_program("cs2sim"), "governance", verb,
            folder_ / "kept",        "--key",      simulator_.admin_key().string()};
        words.insert(words.end(), more.begin(), more.end());
        RunOptions options;
        options.environment = {{"CS2SIM_STATE", simulator_.state()}};
        if (dies_at != 0) {
            options.environment["LD_PRELOAD"] = CS2SIM_DIES_AT;
            options.environment["CS2SIM_TEST_FOLDER"] = targets();
            options.environment["CS2SIM_TEST_DIES_AT"] = std::to_string(dies_at);
        }
        return run(words, options);
    }

private:
    const Simulator simulator_;
    const Folder folder_;
};

constexpr int kKilled = 128 + SIGKILL;

}  // namespace

TEST_CASE("a restore of governance files killed at any step leaves the old or the new state, whole") {
    const Governed governed;
    int kills = 0, taken_back = 0, completed = 0;
    for (int at = 1;; ++at) {
        INFO("killed before change " << at);
        REQUIRE(at < 200);
        governed.make_old();
        const Outcome restored = governed.governance("restore", {}, at);
        if (restored.status != kKilled) {  // there are no more
            require_success(restored);
            CHECK(governed.is_new());
            break;
        }
        ++kills;
        // Whoever looks next ends it; killed itself, the one after does.
        if (at % 3 == 0) (void)governed.governance("verify", {}, 1 + at % 7);
        (void)governed.governance("verify");
        CHECK((governed.is_old() || governed.is_new()));
        governed.is_old() ? ++taken_back : ++completed;
        require_success(governed.governance("restore"));
        CHECK(governed.is_new());
    }
    CHECK(kills > 15);
    CHECK(taken_back > 5);
    CHECK(completed > 2);
}
