// A command for which there is no memory is refused by code, and the device lives on: every allocation of it
// fails once.
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <future>
#include <iostream>
#include <new>
#include <optional>

#include "firmware/protocol/cxi/property_list.h"
#include "firmware/smos/flash/boot_log.h"
#include "firmware/smos/flash/state_folder.h"
#include "test/failing_allocation.h"
#include "test/unit/cmds/host.h"

using namespace cs2sim;

namespace {

constexpr std::uint32_t kThrown = 1;  // no device's code

// Null where std::bad_alloc came out, which the transport's thread takes as the end of its caller.
std::optional<Reply> reply_to(Conversation& conversation, ByteView frame) {
    try {
        return conversation.transact(frame);
    } catch (const std::bad_alloc&) {
        return std::nullopt;
    }
}

std::uint32_t code_in(const std::optional<Reply>& reply) {
    if (!reply) return kThrown;
    REQUIRE(reply->action == Reply::Action::send);
    const auto block = parse_answer(reply->frame);
    return block ? 0 : block.error().code;
}

// The code of a command outside a session.
std::uint32_t code_of(Conversation& conversation, ByteView frame) {
    return code_in(reply_to(conversation, frame));
}

struct WithoutMemory {
    std::uint32_t code = 0;
    bool ran_out = false;
};

// The same, while the allocation behind `before` others fails.
WithoutMemory code_without_memory(Conversation& conversation, ByteView frame, long before) {
    test::Shortage shortage(test::Shortage::Of::this_thread, test::Shortage::Lasts::once, before);
    const auto reply = reply_to(conversation, frame);
    const bool ran_out = shortage.end();
    return {code_in(reply), ran_out};
}

Bytes frame_of(std::uint16_t fc, std::uint8_t sfc, std::initializer_list<Value> values) {
    return request_frame(fc, sfc, compose(find_function(fc, sfc)->request, values).value());
}

Bytes open_key() {
    PropertyList list;
    list.set(CXI_PROP_KEY_GROUP, "SLOT_0000");
    list.set_flag(CXI_PROP_PRIVATE, false);
    list.set_flag(CXI_PROP_TOKEN, false);
    list.set_number(CXI_PROP_KEY_ALGO, CXI_KEY_ALGO_AES);
    list.set_number(CXI_PROP_KEY_SIZE, 256);
    return list.encode();
}

}  // namespace

TEST_CASE("a command whose allocation fails is refused by code, and the device goes on") {
    Simulated simulated;
    const auto conversation = simulated.device().converse(Reach::host, "test");
    const Bytes value = KeyAgreement::start(SM_MODE_ECDH)->public_value();
    const Bytes echo = frame_of(FC_CMDS, SFC_CMDS_ECHO, {Bytes(1000, 7)});
    const std::vector<Bytes> frames{
        echo,
        frame_of(FC_CMDS, SFC_CMDS_GET_CHALLENGE, {16}),
        frame_of(FC_CMDS, SFC_CMDS_LIST_USERS, {ByteView()}),
        frame_of(FC_CMDS, SFC_CMDS_OPEN_SESSION, {SM_MODE_ECDH, SM_MECH_AES_GCM, value}),
        frame_of(FC_CMDS, SFC_CMDS_LOGON, {"ADMIN", MECH_RSA_SIGN, Bytes(256, 1)}),
        frame_of(FC_ADM, SFC_ADM_LIST_FILES, {}),
        frame_of(FC_CXI, SFC_CXI_KEY_LIST, {ByteView(), ByteView(), ByteView(), 0}),
        frame_of(FC_CXI, SFC_CXI_KEY_GENERATE, {CXI_FLAG_KEY_EXTERNAL, 0, open_key()}),
    };
    std::size_t failures = 0, refused = 0;
    for (const Bytes& frame : frames) {
        const auto request = parse_request(frame);
        INFO("function " << request->fc << "." << int(request->sfc));
        const std::uint32_t usual = code_of(*conversation, frame);
        for (long failing = 0;; ++failing) {
            REQUIRE(failing < 5000);
            const auto [code, ran_out] = code_without_memory(*conversation, frame, failing);
            if (!ran_out) break;  // it has no more of them
            ++failures;
            if (code == E_CMDS_NO_MEM) ++refused;
            INFO("allocation " << failing << " answers " << code);
            const bool by_code = code == E_CMDS_NO_MEM || code == E_DB_NO_MEM || code == E_CXI_MALLOC;
            CHECK((by_code || code == kThrown || code == usual));
            CHECK(code_of(*conversation, echo) == 0);
        }
        CHECK(code_of(*conversation, frame) == usual);
    }
    CHECK(refused > frames.size());
    // A conversation begins with an error or whole, and ends without memory: a device's destructor asks for
    // none.
    for (long failing = 0;; ++failing) {
        REQUIRE(failing < 100);
        test::Shortage shortage(test::Shortage::Of::this_thread, test::Shortage::Lasts::from_then_on,
                                failing);
        std::unique_ptr<Conversation> made;
        try {
            made = simulated.device().converse(Reach::host, "test");
        } catch (const std::bad_alloc&) {
            made = nullptr;
        }
        made.reset();
        if (!shortage.end()) break;
        CHECK(code_of(*conversation, echo) == 0);
    }
    std::cout << "allocations that failed: " << failures << ", refused by code: " << refused << '\n';
}

// Iterators of std::filesystem end the process when a name does not fit into memory.
TEST_CASE(
    "a start whose allocation fails while it reads the state folder ends by an exception, not the process") {
    const ScratchFolder scratch;
    const StateFolder state{scratch.path() / "state"};
    BootLog log;
    REQUIRE(prepare_state_folder(state, log));
    const std::string long_name(60, 'x');  // no string keeps it in itself
    for (const auto& folder : {state.root, state.files(), state.databases(), state.audit()})
        std::ofstream(folder / ("audit." + long_name)) << "content";
    const auto prepare = [&](long failing) {
        test::Shortage shortage(test::Shortage::Of::this_thread, test::Shortage::Lasts::once, failing);
        try {
            static_cast<void>(prepare_state_folder(state, log));
        } catch (const std::bad_alloc&) {
            return shortage.end();
        }
        return shortage.end();
    };
    long failing = 0;
    while (prepare(failing)) REQUIRE(++failing < 5000);
    CHECK(failing > 20);
    CHECK(prepare_state_folder(state, log));
}

TEST_CASE("a restart for which there is no memory holds nobody up, and is made up for by the next command") {
    Simulated simulated;
    Caller reader(simulated);
    const auto has_started = [&] {
        const auto log = reader.plain(FC_ADM, SFC_ADM_GET_BOOT_LOG, Bytes(4));
        return log && as_text(*log).find("device started, profile") != std::string_view::npos;
    };
    const Bytes restart = frame_of(FC_ADM, SFC_ADM_RESTART, {});
    const auto conversation = simulated.device().converse(Reach::host, "test");
    int failures = 0;
    for (long before = 0;; ++before) {
        REQUIRE(before < 5000);
        const auto [code, ran_out] = code_without_memory(*conversation, restart, before);
        if (!ran_out) break;
        failures += code != 0 ? 1 : 0;
        CAPTURE(before, code);
        CHECK((code == 0 || code == E_CMDS_NO_MEM || code == kThrown));
        auto next = std::async(std::launch::async, has_started);
        if (next.wait_for(std::chrono::seconds(60)) != std::future_status::ready) {
            std::cerr << "the device answers nobody after allocation " << before << '\n';
            std::abort();  // no thread of it ends any more
        }
        CHECK(next.get());
    }
    CHECK(failures > 10);
    CHECK(code_of(*conversation, restart) == 0);
}
