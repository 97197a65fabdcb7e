// A device's first start: how often it waits for the disk, and what a kill in the middle leaves.
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>

#include "firmware/crypto/pkey.h"
#include "firmware/device/device.h"
#include "firmware/protocol/block.h"
#include "firmware/protocol/frame.h"
#include "firmware/protocol/functions.h"
#include "firmware/smos/flash/fault_points.h"
#include "test/bad_input.h"
#include "test/unit/scratch.h"

using namespace cs2sim;

namespace {

std::atomic<unsigned> syncs{0};

Bytes initial_key() {
    const auto key = generate_rsa(2048);
    REQUIRE(key);
    return public_key_der(**key);
}

Result<std::unique_ptr<SimulatedDevice>> boot(const std::filesystem::path& state, const Bytes& key) {
    return SimulatedDevice::boot({state, *load_profile("se-gen2"), key});
}

// Dies at the n-th point in storage, as by a power loss whose caches reached the disk.
class Dying final : public FaultObserver {
public:
    explicit Dying(unsigned left) : left_(left) {}
    Result<void> reached(FaultPoint, std::string_view, ByteView) override {
        if (left_-- == 0) ::_exit(1);
        return {};
    }

private:
    unsigned left_;
};

bool dies_at(unsigned point, const std::filesystem::path& state, const Bytes& key) {
    const pid_t child = ::fork();
    if (child == 0) {
        Dying dying(point);
        const FaultObserverScope scope(&dying);
        ::_exit(boot(state, key) ? 0 : 2);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    REQUIRE(WIFEXITED(status));
    REQUIRE(WEXITSTATUS(status) != 2);
    return WEXITSTATUS(status) == 1;
}

}  // namespace

// In place of the C library's, for the whole of this program: what they promise is not tested here.
extern "C" int fsync(int) {
    ++syncs;
    return 0;
}
extern "C" int fdatasync(int) {
    ++syncs;
    return 0;
}

TEST_CASE("a first start waits for the disk no more often than it makes files") {
    const ScratchFolder folder;
    const Bytes key = initial_key();
    syncs = 0;
    REQUIRE(boot(folder.path() / "state", key));
    const unsigned at_first = syncs;
    // Six files, each with its folder; the settings' log is begun, and what is complete is noted.
    CHECK(at_first > 6);
    CHECK(at_first <= 20);
}

TEST_CASE("a first start that is killed is gone on with, and ADMIN is there") {
    const Bytes key = initial_key();
    unsigned point = 0;
    for (bool died = true; died; ++point) {
        const ScratchFolder folder;
        const auto state = folder.path() / "state";
        died = dies_at(point, state, key);
        INFO("killed at point " << point);
        const auto device = boot(state, key);
        REQUIRE(code_of(device) == 0);
        const Reply reply = (*device)
                                ->converse(Reach::host, "test")
                                ->transact(request_frame(FC_CMDS, SFC_CMDS_GET_USER_INFO,
                                                         compose("user:v2", {"ADMIN"}).value()));
        const auto answer = parse_answer(reply.frame);
        CHECK(code_of(answer) == 0);
    }
    CHECK(point > 3);  // the key, the MBK, ADMIN
}
