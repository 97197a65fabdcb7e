#define CATCH_CONFIG_RUNNER
#include <catch2/catch.hpp>
#include <cstdlib>
#include <iostream>
#include <thread>

namespace {

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

private:
    const std::thread::id own_ = std::this_thread::get_id();
};
CATCH_REGISTER_LISTENER(OneThread)

}  // namespace

int main(int argc, char** argv) { return Catch::Session().run(argc, argv); }
