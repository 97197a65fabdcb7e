#include <array>
#include <utility>

#include "firmware/cxi/access.h"
#include "firmware/cxi/cxi.h"
#include "firmware/cxi/handlers.h"

namespace cs2sim {
namespace {

struct CxiFunction {
    std::uint8_t sfc;
    Result<Bytes> (*handler)(CxiCall&);
    std::array<AccessRow, 5> access{};  // all that apply are asked, in this order
};

constexpr std::uint16_t kUseOpen = RIGHT_USE | RIGHT_USE_PUBLIC;
constexpr std::uint16_t kLook = RIGHT_USE | RIGHT_MANAGE | RIGHT_SEE_PUBLIC;

constexpr AccessRow kMade{"properties", Names::made, RIGHT_MANAGE | RIGHT_MAKE_OPEN};
constexpr AccessRow kGenerated{"properties", Names::generated, RIGHT_MANAGE | RIGHT_MAKE_OPEN};
constexpr AccessRow kUsed{"key", Names::key, RIGHT_USE};
constexpr AccessRow kManaged{"key", Names::key, RIGHT_MANAGE};
// Many signatures' work is not for callers whom nobody knows, and what leaves a note of its policy for those
// of its group alone.
constexpr AccessRow kByUser{"key", Names::key, RIGHT_LOGGED_ON};
constexpr AccessRow kNoted{"key", Names::key, RIGHT_NOTE};
constexpr AccessRow kWrapping{"wrapping", Names::key, RIGHT_USE};
constexpr AccessRow kWrappingIfAny{"wrapping", Names::key_if_any, RIGHT_USE};
// Whoever makes a key out of another, wherever it goes, makes keys in the group of that one as well.
constexpr AccessRow kUnwrapping{"wrapping", Names::key, RIGHT_MANAGE};
constexpr AccessRow kUnwrappingIfAny{"wrapping", Names::key_if_any, RIGHT_MANAGE};

// Numbers 0, 2 and 6 are retired.
constexpr CxiFunction kCxiFunctions[] = {
    {SFC_CXI_CHECK_GENUINENESS, cxi_not_supported},
    {SFC_CXI_GET_INFO, cxi_get_info},
    {SFC_CXI_GET_PERSKEY, cxi_not_supported},
    // Who manages the keys, and those who set a token up.
    {SFC_CXI_KEY_INIT,
     cxi_key_init,
     {{{"group", Names::group, RIGHT_MANAGE | RIGHT_SECURITY_OFFICER | RIGHT_ADMINISTRATOR}}}},
    {SFC_CXI_KEY_HASH_GET, cxi_not_supported},
    {SFC_CXI_KEY_DSA_XGEN, cxi_key_dsa_xgen, {{kGenerated}}},
    // A backup outlives what is changed or deleted meanwhile: it is taken and brought back by who could make
    // and delete the key.
    {SFC_CXI_KEY_BACKUP, cxi_key_backup, {{kManaged}}},
    {SFC_CXI_KEY_RESTORE, cxi_key_restore, {{{"blob", Names::sealed, RIGHT_MANAGE}}}},
    {SFC_CXI_KEY_LIST, cxi_key_list, {{{"template", Names::listed, RIGHT_USE | RIGHT_MANAGE}}}},
    {SFC_CXI_KEY_GENERATE, cxi_key_generate, {{kGenerated}}},
    {SFC_CXI_KEY_OPEN, cxi_key_open, {{{"properties", Names::key_name, kUseOpen | RIGHT_SEE_PUBLIC}}}},
    {SFC_CXI_KEY_DELETE, cxi_key_delete, {{kManaged}}},
    {SFC_CXI_KEY_PROP_GET,
     cxi_key_prop_get,
     {{{"key", Names::key_or_config, kLook}, {"key", Names::config, RIGHT_LOGGED_ON}}}},
    {SFC_CXI_KEY_PROP_SET,
     cxi_key_prop_set,
     // A security officer sets TRUSTED.
     {{{"key", Names::key_or_config, RIGHT_USE | RIGHT_MANAGE | RIGHT_SECURITY_OFFICER},
       {"key", Names::config, RIGHT_CONFIGURE}}}},
    {SFC_CXI_KEY_EXPORT,
     cxi_key_export,
     {{{"key", Names::key, kUseOpen},
       {"key", Names::key, RIGHT_MANAGE, When::secret_leaves},
       {"key", Names::key, RIGHT_PLAIN, When::in_clear},
       {"key", Names::key, RIGHT_NOTE, When::wrapped},
       kWrappingIfAny}}},
    {SFC_CXI_KEY_IMPORT,
     cxi_key_import,
     {{kMade, {"properties", Names::made, RIGHT_PLAIN, When::in_clear}, kWrappingIfAny, kUnwrappingIfAny}}},
    {SFC_CXI_HASH_COMPUTE, cxi_hash_compute, {{{"key", Names::key_if_any, RIGHT_USE}}}},
    {SFC_CXI_CRYPT, cxi_crypt, {{{"key", Names::key_if_any, kUseOpen}}}},
    {SFC_CXI_SIGN, cxi_sign, {{kUsed}}},
    {SFC_CXI_VERIFY, cxi_verify, {{{"key", Names::key, kUseOpen}}}},
    {SFC_CXI_RND_GEN, cxi_rnd_gen},
    // The secret is the key that KEY_DERIVE makes, and KEY_EXPORT gives in clear: it takes what both take.
    {SFC_CXI_SECRET_AGREE, cxi_secret_agree, {{kUsed, kManaged, {"key", Names::key, RIGHT_PLAIN}}}},
    {SFC_CXI_OBJ_CREATE, cxi_obj_create, {{kMade}}},
    {SFC_CXI_KEY_PAIR_GEN,
     cxi_key_pair_gen,
     {{{"private", Names::generated, RIGHT_MANAGE | RIGHT_MAKE_OPEN},
       {"public", Names::made, RIGHT_MANAGE | RIGHT_MAKE_OPEN}}}},
    {SFC_CXI_OBJ_COPY,
     cxi_obj_copy,
     {{kManaged, {"properties", Names::copied, RIGHT_MANAGE | RIGHT_MAKE_OPEN}}}},
    {SFC_CXI_KEY_DERIVE,
     cxi_key_derive,
     {{kMade,
       kUsed,
       kManaged,
       {"data", Names::key, RIGHT_USE, When::joins_keys},
       {"data", Names::key, RIGHT_MANAGE, When::joins_keys}}}},
    {SFC_CXI_KEY_WRAP, cxi_key_wrap, {{kUsed, kManaged, kNoted, {"wrapping", Names::key, kUseOpen}}}},
    {SFC_CXI_KEY_UNWRAP, cxi_key_unwrap, {{kMade, kWrapping, kUnwrapping}}},
    {SFC_CXI_USER_ADD, cxi_user_add},
    {SFC_CXI_USER_DELETE, cxi_user_delete},
    {SFC_CXI_KEY_DSA_PQGEN, cxi_key_dsa_pqgen},
    {SFC_CXI_KEY_DSA_GGEN, cxi_key_dsa_ggen},
    {SFC_CXI_P11_PERMISSIONS, cxi_p11_permissions},
    {SFC_CXI_SIGN_BULK, cxi_sign_bulk, {{kUsed, kByUser}}},
    {SFC_CXI_P11_PROFILE, cxi_p11_profile},
    {SFC_CXI_P11_EVENTS, cxi_p11_events},
    // Rights are asked for each blob.
    {SFC_CXI_EXTERNAL_PROPS, cxi_external_props},
    {SFC_CXI_EXTERNAL_RESEAL, cxi_external_reseal},
    {SFC_CXI_KEY_INITIALIZE, cxi_key_initialize, {{kManaged}}},
    {SFC_CXI_KEY_AUTH_CHALLENGE, cxi_key_auth_challenge, {{kUsed}}},
    {SFC_CXI_KEY_AUTHORIZE, cxi_key_authorize},  // asks again for the key of its challenge
    {SFC_CXI_KEY_UNBLOCK,
     cxi_key_unblock,
     {{{"key", Names::key, RIGHT_SECURITY_OFFICER | RIGHT_ADMINISTRATOR}}}},
};

// Asks the rows of access of one function, then runs its handler. What keys did there for the first time is
// noted before anybody hears what came of it.
template <std::size_t number>
Result<Bytes> enter(Call& call) {
    constexpr const CxiFunction& row = kCxiFunctions[number];
    CxiCall asked(call, call.state<Cxi>());
    for (const AccessRow& access : row.access)
        if (!access.field.text().empty()) CS2SIM_TRY(asked.ask(access));
    CS2SIM_TRY(asked.bound_work());
    asked.choose_log();
    auto answer = row.handler(asked);
    if (!answer && !tells_of_key(answer.error().code)) return answer;
    if (const auto noted = asked.note_uses(); !noted) {
        if (answer) cleanse(answer->data(), answer->size());
        return fail(noted.error());
    }
    return answer;
}

// Permission 0: what a caller needs depends on the group of the key.
constexpr auto kFunctions = []<std::size_t... numbers>(std::index_sequence<numbers...>) {
    return std::array<Function, sizeof...(numbers)>{Function{kCxiFunctions[numbers].sfc, enter<numbers>}...};
}
(std::make_index_sequence<std::size(kCxiFunctions)>());

}  // namespace

Module cxi_module(Cxi& cxi) { return {FC_CXI, kFunctions, ModuleState(cxi)}; }

}  // namespace cs2sim
