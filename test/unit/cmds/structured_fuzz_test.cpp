// Commands built from the layouts of the catalogue, by chance, in sessions of each permission: up to the
// largest frame, with every length a host may choose. By default some thousands from one seed;
// CS2SIM_FUZZ_SECONDS runs on with others (test/fuzz/run structured).
#include <cstdlib>
#include <iostream>

#include "firmware/protocol/advice.h"
#include "firmware/protocol/cxi/property_list.h"
#include "test/bad_input.h"
#include "test/hostile/blocks.h"
#include "test/unit/cmds/host.h"

using namespace cs2sim;

namespace {

constexpr std::size_t kCommandsOfADevice = 1500;

// What ends the sessions or the device's being as it was, so that nothing could be said of the next command.
// Each is met by tests of its own.
constexpr FunctionId kUpsetting[] = {
    {FC_ADM, SFC_ADM_RESTART},
    {FC_ADM, SFC_ADM_RESET_TO_BL},
    {FC_ADM, SFC_ADM_START_OS},
    {FC_ADM, SFC_ADM_CLEAR},
    {FC_CMDS, SFC_CMDS_SET_ADMIN_MODE},
    {FC_CMDS, SFC_CMDS_SET_STARTUP_MODE},
    {FC_CMDS, SFC_CMDS_LOGOFF},
    {FC_CMDS, SFC_CMDS_CLOSE_SESSION},
    {FC_CMDS, SFC_CMDS_SECURE_MESSAGE},
    {FC_ADM, SFC_ADM_RECOVER_OS},
    {FC_ADM, SFC_ADM_CSL_REBOOT},
    {FC_ADM, SFC_ADM_CSL_SHUTDOWN},
    {FC_ADM, SFC_ADM_CSL_SET_TIME},
    {FC_ADM, SFC_ADM_SET_TIME},
    {FC_CMDS, SFC_CMDS_SET_MAX_AUTH_FAILS},
};

std::vector<const FunctionSignature*> aims() {
    std::vector<const FunctionSignature*> list;
    for (const FunctionSignature& function : function_catalogue())
        if (function.fc != FC_SIM &&
            std::ranges::find(kUpsetting, FunctionId{function.fc, function.sfc}) == std::end(kUpsetting))
            list.push_back(&function);
    return list;
}

Bytes key_template(std::uint32_t algorithm, std::string_view name) {
    PropertyList list;
    list.set_number(CXI_PROP_KEY_ALGO, algorithm);
    if (algorithm == CXI_KEY_ALGO_AES) list.set_number(CXI_PROP_KEY_SIZE, 256);
    if (algorithm == CXI_KEY_ALGO_EC) list.set(CXI_PROP_KEY_EC_CURVE, "NIST-P256");
    list.set_number(CXI_PROP_KEY_EXPORT, CXI_KEY_EXPORT_ALLOW | CXI_KEY_EXPORT_ALLOW_PLAIN);
    list.set(CXI_PROP_KEY_NAME, name);
    return list.encode();
}

// A code that the function is not known to answer is a hole in the catalogue, or a fault.
bool is_known_answer(const FunctionSignature& function, std::uint32_t code) {
    if (code == E_CMDS_SM_SESS_CLOSED) return true;  // another caller deleted or changed the user
    const Advice* advice = find_advice(code);
    if (!advice) return function.fc != FC_CXI;
    if (!advice->occurs) return false;
    const auto known = possible_errors(function);
    return std::ranges::binary_search(known, code);
}

// Sessions last, however slowly the machine goes on.
Profile patient() {
    Profile profile = profile_named("se-gen2");
    profile.session_seconds = 30 * 24 * 3600;
    return profile;
}

// A device, and callers of each kind.
class Arena {
public:
    explicit Arena(std::uint64_t seed) : maker_(seed) {
        admin_.as_admin();
        REQUIRE(code_of(admin_.add_user("CRYPTO", 0x00000002, "password", 0, "CXI_GROUP=*")) == 0);
        REQUIRE(code_of(admin_.add_user("OFFICER", 0x00000222, "password", 0, "CXI_GROUP=*")) == 0);
        REQUIRE(admin_.call(FC_MBK, SFC_MBK_GENERATE, {2, 32, 2, 2, "FUZZ"}));
        for (auto& [caller, user] : {std::pair(&crypto_, "CRYPTO"), std::pair(&officer_, "OFFICER")}) {
            REQUIRE(code_of(caller->open_session()) == 0);
            REQUIRE(code_of(caller->logon(user, "password")) == 0);
        }
        for (const std::uint32_t algorithm : {CXI_KEY_ALGO_AES, CXI_KEY_ALGO_EC})
            known_.push_back(key_template(algorithm, "fuzz"));
        for (const char* text : {"CRYPTO", "user.db", "CXIKEY.db", "OWN.db", "FUZZ", "", "file.txt"})
            known_.push_back(to_bytes(as_bytes(text)));
    }

    // One command; what it answers is worth sending back.
    void command() {
        const FunctionSignature& function = *aims_[maker_.below(aims_.size())];
        Caller& caller = *callers_[maker_.below(std::size(callers_))];
        const bool sealed = caller.session_id() != 0;
        const Bytes block = maker_.make(function.request, test::most_block_bytes(sealed), known_);
        const auto answer = caller.call(function.fc, function.sfc, block);
        INFO(full_name(function) << " answered " << std::hex << code_of(answer) << ", block of " << std::dec
                                 << block.size() << " bytes, begins "
                                 << to_hex(ByteView(block).first(std::min<std::size_t>(block.size(), 64))));
        CHECK((answer || is_known_answer(function, answer.error().code)));
        if (answer) remember(function, *answer);
    }

    void must_be_sound() {
        CHECK(code_of(admin_.cmds(SFC_CMDS_GET_AUTH_STATE)) == 0);
        Caller unknown(simulated_);
        CHECK(code_of(unknown.challenge(16)) == 0);
        CHECK(code_of(unknown.plain(FC_ADM, SFC_ADM_GET_STATE)) == 0);
    }

private:
    void remember(const FunctionSignature& function, ByteView answer) {
        const auto block = parse(function.answer, answer);
        CHECK(block);  // every answer fits its layout
        if (!block) return;
        for (const Block::Field& field : block->fields())
            if (!field.is_number && !field.bytes.empty() && field.bytes.size() < 2000) {
                if (known_.size() < 200)
                    known_.push_back(to_bytes(field.bytes));
                else
                    known_[20 + maker_.below(180)] = to_bytes(field.bytes);
            }
    }

    test::BlockMaker maker_;
    Simulated simulated_{patient()};
    Caller admin_{simulated_}, crypto_{simulated_}, officer_{simulated_}, unknown_{simulated_};
    Caller* const callers_[4] = {&admin_, &crypto_, &officer_, &unknown_};
    const std::vector<const FunctionSignature*> aims_ = aims();
    std::vector<Bytes> known_;
};

}  // namespace

TEST_CASE("structured fuzz: commands from the layouts, in sessions of each permission", "[structured]") {
    const char* const seconds = std::getenv("CS2SIM_FUZZ_SECONDS");
    const auto end =
        std::chrono::steady_clock::now() + std::chrono::seconds(seconds ? std::atoi(seconds) : 0);
    std::uint64_t seed =
        seconds ? static_cast<std::uint64_t>(std::chrono::system_clock::now().time_since_epoch().count()) : 1;
    std::size_t commands = 0;
    do {
        INFO("seed " << seed);
        test::bad_input("structured fuzz");
        Arena arena(seed++);
        for (std::size_t i = 0; i < kCommandsOfADevice; ++i) arena.command();
        arena.must_be_sound();
        commands += kCommandsOfADevice;
    } while (std::chrono::steady_clock::now() < end);
    std::cout << "structured fuzz: " << commands << " commands\n";
}
