#include "firmware/protocol/advice.h"

#include <algorithm>

#include "firmware/protocol/error.h"

namespace cs2sim {
namespace {

// Functions of CXI that go the same ways. Each set ends with a blank.
// Out of nothing or of a group; of bytes that came; what is there, stored once more.
#define CXI_GENERATES "CXI.KEY_GENERATE CXI.KEY_PAIR_GEN CXI.KEY_DSA_XGEN "
#define CXI_IMPORTS "CXI.KEY_IMPORT CXI.KEY_UNWRAP "
#define CXI_STORES "CXI.OBJ_COPY CXI.KEY_RESTORE "
// What makes a key or an object by a template; all that makes one; all that takes a template.
#define CXI_TEMPLATED CXI_GENERATES CXI_IMPORTS "CXI.OBJ_CREATE CXI.KEY_DERIVE CXI.OBJ_COPY "
#define CXI_MAKES CXI_TEMPLATED "CXI.KEY_RESTORE "
#define CXI_TEMPLATES CXI_MAKES "CXI.KEY_PROP_SET CXI.KEY_LIST CXI.KEY_OPEN "
// Keys that leave, and leave or come, under another; that encrypt or sign; all that work, in FIPS and CC
// modes (which have no SECRET_AGREE) and elsewhere.
#define CXI_WRAPS "CXI.KEY_WRAP CXI.KEY_EXPORT "
#define CXI_MOVES CXI_WRAPS CXI_IMPORTS
#define CXI_CIPHERS "CXI.CRYPT CXI.KEY_DERIVE " CXI_MOVES
#define CXI_SIGNS "CXI.SIGN CXI.SIGN_BULK CXI.VERIFY "
#define CXI_CERTIFIED CXI_CIPHERS CXI_SIGNS "CXI.HASH_COMPUTE "
#define CXI_VENDORS \
    CXI_CIPHERS "CXI.SIGN CXI.VERIFY CXI.HASH_COMPUTE CXI.KEY_GENERATE "  // where modules come in
#define CXI_WORKS CXI_CERTIFIED "CXI.SECRET_AGREE "
// What goes on with an earlier command; what concerns a key authorisation key.
#define CXI_CHAINS "CXI.CRYPT CXI.HASH_COMPUTE "
#define CXI_AUTHORISES "CXI.KEY_INITIALIZE CXI.KEY_AUTH_CHALLENGE CXI.KEY_UNBLOCK "
// Keys that are looked at or looked after; all that refer to one; all that name one; lists of external ones.
#define CXI_LOOKS "CXI.KEY_BACKUP CXI.KEY_DELETE CXI.KEY_PROP_GET CXI.KEY_PROP_SET CXI.OBJ_COPY "
#define CXI_REFERS CXI_WORKS CXI_AUTHORISES CXI_LOOKS
#define CXI_NAMES_KEYS CXI_REFERS "CXI.KEY_OPEN "
#define CXI_EXTERNALS "CXI.EXTERNAL_PROPS CXI.EXTERNAL_RESEAL "

constexpr Advice kAdvice[] = {
#define CS2SIM_ADVICE(name, functions, provoked_by, remedy) {E_##name, true, functions, provoked_by, remedy},
#define CS2SIM_NEVER(name, reason) {E_##name, false, "", reason, ""},
#include "firmware/protocol/advice.inc"
#undef CS2SIM_ADVICE
#undef CS2SIM_NEVER
};
#undef CXI_GENERATES
#undef CXI_IMPORTS
#undef CXI_STORES
#undef CXI_TEMPLATED
#undef CXI_MAKES
#undef CXI_TEMPLATES
#undef CXI_WRAPS
#undef CXI_MOVES
#undef CXI_CIPHERS
#undef CXI_SIGNS
#undef CXI_CERTIFIED
#undef CXI_VENDORS
#undef CXI_WORKS
#undef CXI_CHAINS
#undef CXI_AUTHORISES
#undef CXI_LOOKS
#undef CXI_REFERS
#undef CXI_NAMES_KEYS
#undef CXI_EXTERNALS

bool lists(std::string_view names, std::string_view name) {
    while (!names.empty()) {
        const std::string_view word = names.substr(0, names.find(' '));
        if (word == name) return true;
        names.remove_prefix(std::min(names.size(), word.size() + 1));
    }
    return false;
}

}  // namespace

bool answered_by_any(const Advice& advice) { return lists(advice.functions, "*"); }

std::vector<std::uint32_t> possible_errors(const FunctionSignature& function) {
    std::vector<std::uint32_t> codes;
    for (const ModeRule& rule : function.rules) codes.push_back(rule.error);
    if (function.permission != 0)
        for (const std::uint32_t code : {E_CMDS_DENIED, E_CMDS_DENIED_FIPS, E_CMDS_DENIED_CC})
            codes.push_back(code);
    const std::string name = full_name(function);
    for (const Advice& advice : kAdvice)
        if (advice.occurs && (answered_by_any(advice) || lists(advice.functions, name)))
            codes.push_back(advice.code);
    std::ranges::sort(codes);
    codes.erase(std::unique(codes.begin(), codes.end()), codes.end());
    return codes;
}

std::span<const Advice> advice_table() { return kAdvice; }

const Advice* find_advice(std::uint32_t code) {
    const auto* row = std::ranges::find(kAdvice, code, &Advice::code);
    return row == std::end(kAdvice) ? nullptr : row;
}

}  // namespace cs2sim
