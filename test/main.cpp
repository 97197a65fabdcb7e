#define CATCH_CONFIG_RUNNER
#include <catch2/catch.hpp>
#include <cstdlib>
#include <iostream>
#include <sstream>
#include <thread>
#include <vector>

#include "test/after_whole_run.h"

namespace {

bool ran_to_its_end = false;  // not one that only lists tests, or gave up

// Catch2's macros, INFO too, are for one thread. From another one they would spoil what the run remembers,
// and it would crash somewhere else, once in many runs: so it ends here, every time.
class OneThread : public Catch::TestEventListenerBase {
public:
    using Catch::TestEventListenerBase::TestEventListenerBase;
    void assertionStarting(const Catch::AssertionInfo& assertion) override {
        if (std::this_thread::get_id() == own_) return;
        std::cerr << assertion.lineInfo << ": asserted by another thread than the test's own" << std::endl;
        std::abort();
    }
    void testRunEnded(const Catch::TestRunStats& run) override { ran_to_its_end = !run.aborting; }

private:
    const std::thread::id own_ = std::this_thread::get_id();
};
CATCH_REGISTER_LISTENER(OneThread)

std::vector<void (*)(std::ostream&)>& checks_after_whole_run() {
    static std::vector<void (*)(std::ostream&)> checks;
    return checks;
}

int check_whole_run() {
    std::ostringstream wrong;
    for (const auto check : checks_after_whole_run()) check(wrong);
    std::cerr << wrong.str();
    return wrong.str().empty() ? EXIT_SUCCESS : EXIT_FAILURE;
}

}  // namespace

cs2sim::test::AfterWholeRun::AfterWholeRun(void (*check)(std::ostream&)) {
    checks_after_whole_run().push_back(check);
}

int main(int argc, char** argv) {
    Catch::Session session;
    const int result = session.run(argc, argv);
    const bool whole = ran_to_its_end && session.configData().testsOrTags.empty();
    return result == EXIT_SUCCESS && whole ? check_whole_run() : result;
}
