// The lock of an instance, as its own process and another one see it.
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>

#include "test/unit/scratch.h"
#include "tools/instance/instance.h"

using namespace cs2sim;

namespace {

// The holder as another process sees it.
bool others_see_holder(const std::filesystem::path& state, pid_t holder) {
    const pid_t child = ::fork();
    if (child == 0) ::_exit(InstanceLock::holder(state) == holder ? 0 : 1);
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

// Beside those of other users of this machine's runtime folders.
bool is_found(const std::filesystem::path& state) {
    const auto running = running_instances();
    return std::ranges::find(running, state) != running.end();
}

}  // namespace

TEST_CASE("a process that looks for instances that run does not lose its own lock") {
    ScratchFolder scratch;
    const std::filesystem::path state = scratch.path() / "state";
    std::filesystem::create_directory(state);
    REQUIRE(::setenv("XDG_RUNTIME_DIR", scratch.path().c_str(), 1) == 0);
    {
        auto lock = InstanceLock::take(state);
        REQUIRE(lock);
        const InstanceLock moved = std::move(*lock);
        register_instance(state);
        CHECK(InstanceLock::holder(state) == ::getpid());
        CHECK(is_found(state));
        CHECK(others_see_holder(state, ::getpid()));
    }
    CHECK_FALSE(InstanceLock::holder(state));
    CHECK_FALSE(is_found(state));
    REQUIRE(::unsetenv("XDG_RUNTIME_DIR") == 0);
}
