// A command for which there is no memory is refused by code, nothing of it is stored, and the device lives
// on: every allocation of it fails once.
#include <cstdlib>
#include <iostream>
#include <new>

#include "firmware/protocol/cxi/property_list.h"
#include "firmware/smos/flash/boot_log.h"
#include "firmware/smos/flash/state_folder.h"
#include "test/unit/cmds/host.h"

namespace {

// Allocations of this thread until one fails; below 0: none does.
thread_local long allocations_left = -1;
thread_local bool one_failed = false;

void* allocate(std::size_t size) {
    if (allocations_left >= 0 && allocations_left-- == 0) {
        one_failed = true;
        throw std::bad_alloc();
    }
    void* const memory = std::malloc(size == 0 ? 1 : size);
    if (!memory) throw std::bad_alloc();
    return memory;
}

}  // namespace

void* operator new(std::size_t size) { return allocate(size); }
void* operator new[](std::size_t size) { return allocate(size); }
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
    return std::malloc(size == 0 ? 1 : size);
}
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept {
    return std::malloc(size == 0 ? 1 : size);
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }

using namespace cs2sim;

namespace {

constexpr std::uint32_t kThrown = 1;  // no device's code

// The code of a command outside a session whose allocation `failing` fails.
std::uint32_t code_without_memory(Conversation& conversation, ByteView frame, long failing) {
    one_failed = false;
    Reply reply{};
    try {
        allocations_left = failing;
        reply = conversation.transact(frame);
        allocations_left = -1;
    } catch (const std::bad_alloc&) {  // what the transport's thread takes as the end of its caller
        allocations_left = -1;
        return kThrown;
    }
    REQUIRE(reply.action == Reply::Action::send);
    const auto block = parse_answer(reply.frame);
    return block ? 0 : block.error().code;
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
        const std::uint32_t usual = code_without_memory(*conversation, frame, -1);
        for (long failing = 0;; ++failing) {
            REQUIRE(failing < 5000);
            const std::uint32_t code = code_without_memory(*conversation, frame, failing);
            if (!one_failed) break;  // it has no more of them
            ++failures;
            if (code == E_CMDS_NO_MEM) ++refused;
            INFO("allocation " << failing << " answers " << code);
            const bool by_code = code == E_CMDS_NO_MEM || code == E_DB_NO_MEM || code == E_CXI_MALLOC;
            CHECK((by_code || code == kThrown || code == usual));
            CHECK(code_without_memory(*conversation, echo, -1) == 0);
        }
        CHECK(code_without_memory(*conversation, frame, -1) == usual);
    }
    CHECK(refused > frames.size());
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
        one_failed = false;
        try {
            allocations_left = failing;
            static_cast<void>(prepare_state_folder(state, log));
        } catch (const std::bad_alloc&) {
        }
        allocations_left = -1;
        return one_failed;
    };
    long failing = 0;
    while (prepare(failing)) REQUIRE(++failing < 5000);
    CHECK(failing > 20);
    CHECK(prepare_state_folder(state, log));
}
