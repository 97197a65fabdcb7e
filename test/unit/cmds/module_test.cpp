// Modules that come and go while the device runs, and what the scheduler counts of every function.
#include "firmware/cmds/call.h"
#include "firmware/cmds/scheduler.h"
#include "firmware/faults/engine.h"
#include "test/unit/cmds/host.h"

using namespace cs2sim;

namespace {

constexpr std::uint16_t kOwn = 0x3E0;

struct Tally {
    std::uint32_t calls = 0;
};

Result<Bytes> add(Call& call) {
    Tally& tally = call.state<Tally>();
    tally.calls += call.request.u32("count");
    return call.answer({tally.calls, call.request.text("name")});
}

Result<Bytes> administer(Call& call) { return call.answer({}); }

constexpr Function kFunctions[] = {{0x01, add}, {0x02, administer}};

// As a loader makes them of a file's text: nothing of this stands in the catalogue.
std::vector<FunctionSignature> rows() {
    const auto row = [](std::uint8_t sfc, std::string_view name, std::string_view request,
                        std::string_view answer, std::uint32_t needed) {
        return FunctionSignature{kOwn,
                                 sfc,
                                 "OWN",
                                 name,
                                 Layout::from(request).value(),
                                 Layout::from(answer).value(),
                                 Provenance::known,
                                 needed,
                                 rules::kOrdinary,
                                 0,
                                 Touches::nothing,
                                 AUDIT_NOTHING};
    };
    return {row(0x01, "ADD", "count:u4 name:v2", "count:u4 name:v2", permission::kAnybody),
            row(0x02, "ADMINISTER", "", "", permission::kSystemAdministrator)};
}

std::uint32_t sum_in(const Result<Bytes>& answer) {
    REQUIRE(answer);
    return parse("count:u4 name:v2", *answer)->u32("count");
}

FunctionCounts counts_of(Simulated& simulated, std::uint16_t fc, std::uint8_t sfc) {
    Caller control(simulated, Reach::control);
    const auto answer = control.plain(FC_SIM, SFC_SIM_FUNCTION_COUNTS);
    REQUIRE(answer);
    for (ByteView rest = *answer; !rest.empty();) {
        const auto one = parse_prefix(LAYOUT_FUNCTION_COUNTS, rest);
        REQUIRE(one);
        if (one->u16("fc") == fc && one->u8("sfc") == sfc)
            return {fc,
                    sfc,
                    one->u64("calls"),
                    one->u64("refusals"),
                    one->u64("failures"),
                    one->u64("microseconds")};
    }
    return {fc, sfc, 0, 0, 0, 0};
}

}  // namespace

TEST_CASE("a module that comes at run time brings its rows and its state, and takes them along") {
    Simulated simulated;
    Caller caller(simulated);
    const Bytes block = compose("count:u4 name:v2", {5, "x"}).value();
    CHECK(code_of(caller.plain(kOwn, 0x01, block)) == E_CMDS_BAD_FC);

    const auto own_rows = rows();
    const auto tally = std::make_shared<Tally>();
    const Module module{kOwn, kFunctions, ModuleState(tally), own_rows};
    REQUIRE(simulated.device().publish(module));
    CHECK(sum_in(caller.plain(kOwn, 0x01, block)) == 5);
    CHECK(sum_in(caller.plain(kOwn, 0x01, block)) == 10);
    CHECK(code_of(caller.plain(kOwn, 0x01, ByteView(block).first(3))) == E_CMDS_DATA_LEN);
    CHECK(code_of(caller.plain(kOwn, 0x03, block)) == E_CMDS_BAD_SFC);
    CHECK(code_of(caller.plain(kOwn, 0x02, ByteView())) == E_CMDS_DENIED);
    caller.as_admin();
    CHECK(code_of(caller.call(kOwn, 0x02, ByteView())) == 0);
    CHECK(tally->calls == 10);

    const FunctionCounts counts = counts_of(simulated, kOwn, 0x01);
    CHECK(counts.calls == 3);
    CHECK(counts.refusals == 1);

    CHECK(code_of(simulated.device().publish(module)) == E_CMDS_IN_USE);
    constexpr Function kWithoutRow[] = {{0x10, administer}, {0x11, administer}};
    CHECK(code_of(simulated.device().publish({kOwn, kWithoutRow, {}, own_rows})) == E_CMDS_BAD_SFC);
    CHECK(code_of(caller.call(kOwn, 0x10, ByteView())) == E_CMDS_BAD_SFC);

    REQUIRE(simulated.device().withdraw(kOwn));
    CHECK(code_of(caller.call(kOwn, 0x01, block)) == E_CMDS_SM_SESS_CLOSED);  // nobody keeps what was its
    CHECK(code_of(caller.plain(kOwn, 0x01, block)) == E_CMDS_BAD_FC);
    CHECK(code_of(simulated.device().withdraw(kOwn)) == E_CMDS_BAD_FC);
    CHECK(tally.use_count() == 2);  // `module` here has the other
}

TEST_CASE("a module comes and goes while others call it") {
    Simulated simulated;
    const auto own_rows = rows();
    const Module module{kOwn, kFunctions, ModuleState(std::make_shared<Tally>()), own_rows};
    const Bytes block = compose("count:u4 name:v2", {1, ""}).value();
    std::atomic<bool> done{false};
    std::atomic<std::uint64_t> odd{0}, served{0};
    std::thread caller([&] {
        Caller mine(simulated);
        while (!done.load()) {
            const std::uint32_t code = code_of(mine.plain(kOwn, 0x01, block));
            if (code == 0) ++served;
            if (code != 0 && code != E_CMDS_BAD_FC) ++odd;
        }
    });
    std::uint64_t before = 0;
    for (int i = 0; i < 20; ++i) {
        REQUIRE(simulated.device().publish(module));
        while (served.load() == before) std::this_thread::yield();
        REQUIRE(simulated.device().withdraw(kOwn));
        before = served.load();
    }
    done = true;
    caller.join();
    CHECK(odd == 0);
    CHECK(served >= 20);
}

TEST_CASE("layouts that come at run time are checked") {
    for (const char* good : {"", "a:u1", "a:u1 b!:v2 c:*", "x:b255"}) CHECK(Layout::from(good));
    for (const char* bad :
         {"a", "a:", ":u1", "a:u3", "a:v1", "a:b0", "a:b256", "a:* b:u1", "a:u1x", "a:q4", "a:u99999999999"})
        CHECK_FALSE(Layout::from(bad));
    std::string many;
    for (int i = 0; i < 21; ++i) many += "f:u1 ";
    CHECK_FALSE(Layout::from(many));
}

TEST_CASE("every command is counted, as refused or failed where it was") {
    Simulated simulated;
    Caller caller(simulated);
    CHECK(code_of(caller.challenge(16)) == 0);
    CHECK(code_of(caller.challenge(17)) == E_CMDS_CHALLENGE_LEN);
    CHECK(code_of(caller.plain(FC_CMDS, SFC_CMDS_GET_CHALLENGE, Bytes(1))) == E_CMDS_DATA_LEN);
    CHECK(code_of(caller.plain(FC_CMDS, SFC_CMDS_GET_CHALLENGE, Bytes{0, 16})) == 0);
    const FunctionCounts counts = counts_of(simulated, FC_CMDS, SFC_CMDS_GET_CHALLENGE);
    CHECK(counts.calls == 4);
    CHECK(counts.refusals == 1);
    CHECK(counts.failures == 1);
    CHECK(code_of(caller.plain(FC_MBK, SFC_MBK_GENERATE, {2, 32, 2, 2, "X"})) == E_CMDS_DENIED);
    CHECK(counts_of(simulated, FC_MBK, SFC_MBK_GENERATE).refusals == 1);
    CHECK(counts_of(simulated, FC_MBK, SFC_MBK_IMPORT).calls == 0);
}
