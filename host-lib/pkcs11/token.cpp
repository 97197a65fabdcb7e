#include "host-lib/pkcs11/token.h"

#include <cstdio>

namespace cs2sim::p11 {
namespace {

constexpr std::uint8_t kInitialPassword = 1;  // of LAYOUT_USER's `initial`, whose next bit tells of tries

std::string numbered(const char* prefix, unsigned number) {
    char text[32];
    std::snprintf(text, sizeof text, "%s_%04u", prefix, number);
    return text;
}

}  // namespace

std::string Token::group() const { return numbered("SLOT", number_); }

std::string Token::user_name(TokenRole role) const {
    return numbered(role == TokenRole::so ? "SO" : role == TokenRole::user ? "USR" : "KM", number_);
}

const std::string& Token::device() const {
    static const std::string* const none = new std::string;
    return devices_.devices().empty() ? *none : devices_.devices().front();
}

Result<TokenUser> Token::find_user(TokenRole role) {
    const auto answer = shared_.execute(FC_CMDS, SFC_CMDS_GET_USER_INFO, {user_name(role)});
    if (!answer) return fail(answer.error());
    const auto user = parse(LAYOUT_USER, answer->block.bytes("user"));
    if (!user) return fail(E_CSA_PROTOCOL);
    return TokenUser{(user->u8("initial") & kInitialPassword) != 0, user->u8("failures"),
                     std::string(user->text("longname"))};
}

Result<unsigned> Token::most_failures() {
    const auto answer = shared_.execute(FC_CMDS, SFC_CMDS_GET_MAX_AUTH_FAILS, {});
    if (!answer) return fail(answer.error());
    return answer->block.u8("count");
}

}  // namespace cs2sim::p11
