// A caller looks again for a moment before it sleeps, and never where others of its process wait as well.
#include "host-lib/link/brief_wait.h"

#include "test/processor_time.h"

using namespace cs2sim;
using namespace cs2sim::host;

TEST_CASE("Looking for an answer that does not come ends by itself") {
    const double before = test::processor_milliseconds(CLOCK_THREAD_CPUTIME_ID);
    for (int i = 0; i < 1000; ++i) {
        BriefWait wait;
        while (wait.again()) {
        }
    }
    CHECK(test::processor_milliseconds(CLOCK_THREAD_CPUTIME_ID) - before < 1000);  // 50 us each
}

TEST_CASE("Of several waiting callers none looks again") {
    // By itself it does, unless somebody else wants this processor in the same moment, each time.
    const auto looked = [] {
        bool once = false;
        for (int i = 0; i < 10'000 && !once; ++i) once = BriefWait().again();
        return once;
    };
    CHECK(looked());
    {
        const BriefWait other;
        CHECK_FALSE(looked());
    }
    CHECK(looked());
}
