// Whatever anybody sends, the device answers, lives on, and does next to nothing before it knows the caller.
#include <time.h>

#include <iostream>
#include <set>

#include "firmware/cmds/call.h"
#include "firmware/protocol/cxi/property_list.h"
#include "test/bad_input.h"
#include "test/hostile/blocks.h"
#include "test/unit/cmds/host.h"

using namespace cs2sim;

namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr double kMostMilliseconds = 100;  // an instrumented build counts every access
#else
constexpr double kMostMilliseconds = 5;
#endif

// Of the whole process: what a command leaves to other threads counts too.
double processor_milliseconds() {
    timespec now{};
    REQUIRE(::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now) == 0);
    return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

// A restart is anybody's, and no work on what the caller sent; it ends the test's own session besides.
constexpr bool restarts(const FunctionSignature& function) {
    return function.fc == FC_ADM &&
           (function.sfc == SFC_ADM_RESTART || function.sfc == SFC_ADM_START_OS ||
            function.sfc == SFC_ADM_RESET_TO_BL || function.sfc == SFC_ADM_CLEAR ||
            function.sfc == SFC_ADM_RECOVER_OS || function.sfc == SFC_ADM_CSL_REBOOT ||
            function.sfc == SFC_ADM_CSL_SHUTDOWN);
}

double cost(Caller& caller, const FunctionSignature& function, const Bytes& block) {
    const double before = processor_milliseconds();
    (void)caller.plain(function.fc, function.sfc, block);
    return processor_milliseconds() - before;
}

Bytes falling_properties() {
    Bytes list;
    for (std::uint32_t id = 0xFFFFFFFF; list.size() + 8 < 0x7F000; --id) {
        append_big_endian(list, id, 4);
        append_big_endian(list, 0, 4);
    }
    return list;
}

}  // namespace

TEST_CASE("a frame of any content costs next to nothing before its sender logs on") {
    Simulated simulated;
    Caller caller(simulated);
    (void)caller.open_session(
        SessionKind{SM_MODE_DH_MA_RSA, SM_MECH_AES_CMAC});  // makes the device's key once
    Caller unknown(simulated);
    std::size_t frames = 0;
    double dearest = 0;
    std::string name;
    for (const FunctionSignature& function : function_catalogue()) {
        if (function.fc == FC_SIM || restarts(function)) continue;
        for (const Bytes& block : test::largest_blocks(function.request, test::most_block_bytes(false))) {
            // Other programs share the processor's caches: the least of three is what the frame costs.
            double least = cost(unknown, function, block);
            for (int again = 0; again < 2 && least > kMostMilliseconds / 2; ++again)
                least = std::min(least, cost(unknown, function, block));
            INFO(function.module << "." << function.name << ", block of " << block.size() << " bytes, begins "
                                 << to_hex(ByteView(block).first(std::min<std::size_t>(block.size(), 32))));
            CHECK(least < kMostMilliseconds);
            ++frames;
            if (least > dearest) {
                dearest = least;
                name = std::string(function.module) + "." + std::string(function.name);
            }
        }
    }
    std::cout << "frames without logon: " << frames << ", dearest " << dearest << " ms (" << name << ")\n";
}

TEST_CASE("no length that a user chooses ends the device") {
    Simulated simulated;
    Caller admin(simulated);
    admin.as_admin();
    REQUIRE(code_of(admin.add_user("CRYPTO", 0x00000222, "password", 0, "CXI_GROUP=*")) == 0);
    Caller caller(simulated);
    caller.as_admin();
    REQUIRE(code_of(caller.logon("CRYPTO", "password")) == 0);
    test::bad_input("lengths up to the largest frame");

    SECTION("a group name of 64 KiB in the reference to a configuration object") {
        Bytes key(1 + 65536, 'g');
        key[0] = CXI_TAG_CONFIG;
        CHECK(code_of(caller.call(FC_CXI, SFC_CXI_KEY_PROP_GET, {key, ByteView()})) ==
              E_CXI_INVALID_PARAM_LEN);
        CHECK(code_of(caller.call(FC_CXI, SFC_CXI_P11_PERMISSIONS, {Bytes(65535, 'g')})) ==
              E_CXI_INVALID_PARAM_LEN);
    }
    SECTION("every field of every function, as large as a sealed command can be") {
        std::size_t frames = 0;
        for (const FunctionSignature& function : function_catalogue()) {
            if (function.fc == FC_SIM || restarts(function)) continue;
            const bool ends_session = function.fc == FC_CMDS && (function.sfc == SFC_CMDS_CLOSE_SESSION ||
                                                                 function.sfc == SFC_CMDS_LOGOFF);
            if (ends_session) continue;
            for (const Bytes& block : test::largest_blocks(function.request, test::most_block_bytes(true))) {
                (void)caller.call(function.fc, function.sfc, block);
                ++frames;
            }
        }
        CHECK(code_of(caller.cmds(SFC_CMDS_GET_AUTH_STATE)) == 0);
        std::cout << "largest sealed commands: " << frames << '\n';
    }
}

TEST_CASE("templates and lists of ids have a stated size") {
    const auto list_of = [](std::uint32_t count) {
        Bytes list;
        for (std::uint32_t at = 0; at < count; ++at) {
            append_big_endian(list, CXI_PROP_CUSTOM | (count - at), 4);
            append_big_endian(list, 1, 4);
            list.push_back(7);
        }
        return list;
    };
    const auto most = PropertyList::decode(list_of(256));
    REQUIRE(most);
    CHECK(most->encode().size() == 256 * 9);
    CHECK(most->bytes(CXI_PROP_CUSTOM | 256).size() == 1);
    CHECK(code_of(PropertyList::decode(list_of(257))) == E_CXI_ITEM_COUNT);
    CHECK(code_of(PropertyList::decode(falling_properties())) == E_CXI_PROP_LEN);
    Bytes twice = list_of(3);
    append(twice, list_of(1));
    CHECK(code_of(PropertyList::decode(twice)) == E_CXI_PROP_EXISTS);

    Bytes ids;
    for (std::uint32_t at = 0; at < 256; ++at)
        append_big_endian(ids, at % 2 == 0 ? CXI_PROP_KEY_NAME : CXI_PROP_KEY_GROUP, 4);
    const auto wanted = decode_property_ids(ids);
    REQUIRE(wanted);
    CHECK(*wanted == std::vector<std::uint32_t>{CXI_PROP_KEY_GROUP, CXI_PROP_KEY_NAME});
    append_big_endian(ids, CXI_PROP_KEY_NAME, 4);
    CHECK(code_of(decode_property_ids(ids)) == E_CXI_ITEM_COUNT);
}
