// Every function of every table, called with arguments that are all wrong.
#include <algorithm>
#include <catch2/catch.hpp>
#include <sstream>

#include "test/unit/modules/bench.h"

using namespace cs2sim;

namespace {

constexpr std::uint16_t kWrong = 0x177;
constexpr std::uint8_t kCount = 0, kName = 1, kCall = 2;

// wrong.c: NULL for all; for all a pointer to 4 KiB of FF, which is no handle and as a length far too long;
// that and a length of 4 GiB by turns, either first.
constexpr const char* kWays[] = {"NULL", "block", "block, length", "length, block"};
constexpr std::uint8_t kNulls = 0;

enum class Policy {
    refuses,   // a code of the firmware, whatever is wrong
    crashes,   // reads where it is pointed to, as C's own do: NULL ends the module
    no_wrong,  // has no argument that could be wrong, or takes NULL and 0 for what they are
    left_out   // not called: it waits, ends the task, sets the clock, runs what it is given
};
struct Row {
    const char* function;
    Policy policy;
};
// All others refuse.
constexpr Row kPolicies[] = {
    {"os_str_cmp", Policy::crashes},
    {"os_str_match", Policy::crashes},
    {"os_str_split", Policy::crashes},
    {"os_str_cat", Policy::crashes},
    {"os_str_chr", Policy::crashes},
    {"os_str_rchr", Policy::crashes},
    {"os_str_nstr", Policy::crashes},
    {"os_str_str", Policy::crashes},
    {"os_str_cpy", Policy::crashes},
    {"os_str_len", Policy::crashes},
#if defined(__aarch64__)  // who calls it copies the va_list
    {"os_str_vcprintf", Policy::crashes},
    {"os_audit_write_ex", Policy::crashes},
    {"cmds_vprint", Policy::crashes},
#endif
    {"os_task_dly", Policy::left_out},
    {"os_task_dly_wait", Policy::left_out},
    {"os_task_wait", Policy::left_out},
    {"os_task_new", Policy::left_out},
    {"util_set_time", Policy::left_out},
    {"util_set_time_ex", Policy::left_out},
    {"adm_set_time", Policy::left_out},
    {"os_mem_cmp", Policy::no_wrong},
    {"os_mem_cmp_ti", Policy::no_wrong},
    {"os_mem_smcp", Policy::no_wrong},
    {"os_mem_tst", Policy::no_wrong},
    {"os_mem_trace", Policy::no_wrong},
    {"util_mem_cmp_ti", Policy::no_wrong},
    {"os_str_ncmp", Policy::no_wrong},
    {"os_str_snprintf", Policy::no_wrong},
    {"os_mdl_check", Policy::no_wrong},
    {"os_mdl_check_all", Policy::no_wrong},
    {"os_mdl_cpu_get", Policy::no_wrong},
    {"os_mdl_list", Policy::no_wrong},
    {"os_mdl_name_get", Policy::no_wrong},
    {"os_log_entry_write", Policy::no_wrong},
    {"os_sema_req", Policy::no_wrong},
    {"os_tmr_expired", Policy::no_wrong},
    {"os_task_errno_get", Policy::no_wrong},
    {"os_tmr_cnt_get", Policy::no_wrong},
    {"os_crypt_drbg_rnd", Policy::no_wrong},
    {"os_crypt_real_rnd", Policy::no_wrong},
    {"os_crypt_drbg_reseed", Policy::no_wrong},
    {"util_get_time", Policy::no_wrong},
    {"util_get_str_time", Policy::no_wrong},
    {"util_time_to_str", Policy::no_wrong},
    {"util_get_pseudo_rnd", Policy::no_wrong},
    {"util_get_real_rnd", Policy::no_wrong},
    {"util_init_pseudo_rnd", Policy::no_wrong},
    {"cmds_get_max_auth_fails", Policy::no_wrong},
    {"cmds_set_max_auth_fails", Policy::no_wrong},
    {"cmds_set_admin_mode", Policy::no_wrong},
    {"cmds_set_startup_mode", Policy::no_wrong},
    {"cmds_get_startup_mode", Policy::no_wrong},
    {"cmds_critical_error", Policy::no_wrong},
    {"cmds_erase", Policy::no_wrong},
    {"aes_free", Policy::no_wrong},
    {"vdes_free", Policy::no_wrong},
    {"aes_keyerror", Policy::no_wrong},
    {"vdes_keyerror", Policy::no_wrong},
    {"aes_mkkey", Policy::no_wrong},  // all pointers are the same here
    {"vdes_mkkey", Policy::no_wrong},
    {"vdes_set_odd_parity", Policy::no_wrong},
    {"vrsa_bv_xgen", Policy::no_wrong},
    {"eca_int_get_blen", Policy::no_wrong},
    {"eca_int_get_wlen", Policy::no_wrong},
    {"lna_cmp_eq", Policy::no_wrong},
    {"pp_set_type", Policy::no_wrong},
    {"asn1_find_item", Policy::no_wrong},
};

Policy policy_of(std::string_view function) {
    const auto* row = std::ranges::find(kPolicies, function, &Row::function);
    return row == std::end(kPolicies) ? Policy::refuses : row->policy;
}

struct Said {
    bool crashed = false;
    std::uint32_t code = 0;
};

Said call(ModuleBench& bench, std::uint64_t row, std::uint8_t way) {
    Bytes block = to_bytes(big_endian_bytes<2>(row));
    block.push_back(way);
    const auto answer = bench.run(kCall, block, kWrong);
    INFO(bench.module_log("WRNG"));
    REQUIRE(answer);
    REQUIRE(answer->size() == 5);
    return {(*answer)[0] != 0, static_cast<std::uint32_t>(big_endian(ByteView(*answer).subspan(1)))};
}

}  // namespace

TEST_CASE("Every function of every table answers a code to wrong arguments, and the simulator lives on") {
    const std::string name = GENERATE("wrong32", "wrong64");
    if (!std::filesystem::exists(std::filesystem::path(CS2SIM_TEST_MODULES) / (name + ".so"))) return;
    ModuleBench bench;
    bench.start(name);
    const auto count = big_endian(bench.run(kCount, {}, kWrong).value());
    REQUIRE(count > 500);
    for (std::uint64_t row = 0; row < count; ++row) {
        std::istringstream words(std::string(as_text(*bench.run(kName, big_endian_bytes<2>(row), kWrong))));
        std::string table, function, kind;
        words >> table >> function >> kind;
        const Policy policy = policy_of(function);
        if (policy == Policy::left_out) continue;
        for (std::uint8_t way = kNulls; way < std::size(kWays); ++way) {
            INFO(name << ": " << function << "(" << kWays[way] << ")");
            const Said said = call(bench, row, way);
            INFO(hex_code(said.code));
            if (way == kNulls) CHECK(said.crashed == (policy == Policy::crashes));
            if (policy != Policy::refuses || said.crashed || kind != "code") continue;
            CHECK(said.code >> 24 == 0xB0);
        }
    }
    CHECK(bench.stage("WRNG") == ModuleStage::ready);
    CHECK(bench.run(1, {}, FC_CMDS).error().code != E_OS_MDL_NOT_AVAILABLE);
}
