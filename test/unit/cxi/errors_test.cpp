// The errors that advice.inc says of CXI's functions are those that they answer: what no test here provokes
// stands below with the reason.
#include "test/after_whole_run.h"
#include "test/unit/cxi/workshop.h"

using namespace cs2sim;
using namespace cs2sim::test;

namespace {

constexpr std::string_view kVendors =
    "CXI.CRYPT CXI.SIGN CXI.VERIFY CXI.HASH_COMPUTE CXI.KEY_GENERATE CXI.KEY_DERIVE CXI.KEY_WRAP "
    "CXI.KEY_EXPORT CXI.KEY_UNWRAP CXI.KEY_IMPORT";

constexpr OutOfReach kOutOfReach[] = {
    {kVendors, E_CXI_VDM_CB_NOT_REGISTERED, "needs a user's module: unit_modules"},
    {kVendors, E_CXI_VDM_MECH_NOT_HANDLED, "needs a user's module: unit_modules"},
    {kVendors, E_CXI_VDM_CB_DATA_INCONSISTENT, "needs a user's module: unit_modules"},
    {kVendors, E_CXI_VDM_CB_STATE_INVALID, "needs a user's module: unit_modules"},
    {kVendors, E_CXI_VDM_CB_BUF_LEN_ZERO, "needs a user's module: unit_modules"},
    {kVendors, E_OS_MDL_NOT_AVAILABLE, "needs a user's module: unit_modules"},
    {"CXI.CRYPT CXI.HASH_COMPUTE CXI.KEY_DERIVE CXI.KEY_DSA_GGEN CXI.KEY_DSA_PQGEN CXI.KEY_DSA_XGEN "
     "CXI.KEY_EXPORT CXI.KEY_GENERATE CXI.KEY_IMPORT CXI.KEY_PAIR_GEN CXI.KEY_UNWRAP CXI.KEY_WRAP CXI.SIGN "
     "CXI.SIGN_BULK CXI.VERIFY",
     E_CXI_INTERNAL, "OpenSSL would have to fail"},
    {"CXI.VERIFY CXI.KEY_WRAP CXI.KEY_EXPORT", E_CXI_MALLOC, "OpenSSL would have to get no memory"},
};

const AfterWholeRun checked([](std::ostream& wrong) { check_errors_provoked(wrong, FC_CXI, kOutOfReach); });

}  // namespace

TEST_CASE("the commands that tests spoil are good ones") {
    for (const FunctionSignature& function : function_catalogue()) {
        if (function.fc != FC_CXI || function.sfc == SFC_CXI_KEY_AUTHORIZE ||
            function.sfc == SFC_CXI_KEY_UNBLOCK || function.sfc == SFC_CXI_USER_DELETE)
            continue;
        const bool is_none = function.sfc == SFC_CXI_CHECK_GENUINENESS ||
                             function.sfc == SFC_CXI_GET_PERSKEY || function.sfc == SFC_CXI_KEY_HASH_GET;
        Workshop shop;
        INFO(full_name(function));
        CHECK(code_of(shop.run(shop.good(full_name(function)))) ==
              (is_none ? std::uint32_t{E_CXI_NOT_SUPPORTED} : 0u));
    }
}
