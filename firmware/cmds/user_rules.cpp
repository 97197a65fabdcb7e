#include "firmware/cmds/user_rules.h"

#include <openssl/core_names.h>

#include <algorithm>

#include "firmware/crypto/pkey.h"
#include "firmware/protocol/channel/secure_channel.h"
#include "firmware/protocol/group_patterns.h"

namespace cs2sim {
namespace {

constexpr std::size_t kLongestAttributes = 1024;
constexpr std::size_t kShortestPassword = 4;
constexpr std::size_t kLongestPassword = 255;
constexpr std::size_t kSha1 = 20;
constexpr std::uint32_t kAdministration = 0xFF000000;  // slots 6 and 7

// The same refusal has its own code in FIPS and in CC mode.
struct Refusal {
    std::uint32_t plain, fips, cc;
    tl::unexpected<Error> in(Certification mode) const {
        switch (mode) {
            case Certification::fips:
                return fail(fips);
            case Certification::cc:
                return fail(cc);
            default:
                return fail(plain);
        }
    }
};

constexpr Refusal kMechanismRefused{E_CMDS_BAD_MECH, E_CMDS_BAD_MECH_FIPS, E_CMDS_BAD_MECH_CC};
constexpr Refusal kFlagRefused{E_CMDS_USER_FLAG_NOT_ALLOWED, E_CMDS_BAD_USER_FLAG_FIPS,
                               E_CMDS_BAD_USER_FLAG_CC};
constexpr Refusal kAttributeRefused{E_CMDS_BAD_ATT, E_CMDS_BAD_ATT_FIPS, E_CMDS_BAD_ATT_CC};

// "NAME=VALUE,NAME=VALUE": names of letters, digits and '_', values of printable characters. A part without
// '=' goes on with the value before it, as in CXI_GROUP=A,B*.
bool well_formed_attributes(std::string_view attributes) {
    for (bool first = true; !attributes.empty(); first = false) {
        const std::string_view item = attributes.substr(0, attributes.find(','));
        const std::size_t equals = item.find('=');
        const bool goes_on = equals == std::string_view::npos;
        if (item.empty() || equals == 0 || (first && goes_on)) return false;
        const auto in_name = [](char c) {
            return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
        };
        const auto in_value = [](char c) { return c > ' ' && c < 0x7F; };
        if (!goes_on && !std::ranges::all_of(item.substr(0, equals), in_name)) return false;
        if (!std::ranges::all_of(goes_on ? item : item.substr(equals + 1), in_value)) return false;
        if (item.size() == attributes.size()) return true;
        attributes.remove_prefix(item.size() + 1);
        if (attributes.empty()) return false;  // a comma at the end
    }
    return true;
}

std::uint32_t highest_level(std::uint32_t permission) {
    std::uint32_t highest = 0;
    for (; permission != 0; permission >>= 4) highest = std::max(highest, permission & 0xF);
    return highest;
}

// A modulus and an exponent that RSA can have: both odd, no small factor, an exponent as FIPS 186-5 bounds it
// from above (section 5.4). Random bytes are none.
bool is_plausible_rsa(const EVP_PKEY& key) {
    constexpr int kLongestExponent = 256;
    constexpr BN_ULONG kSmallFactors = 752;
    BIGNUM *n = nullptr, *e = nullptr;
    const bool read = EVP_PKEY_get_bn_param(&key, OSSL_PKEY_PARAM_RSA_N, &n) == 1 &&
                      EVP_PKEY_get_bn_param(&key, OSSL_PKEY_PARAM_RSA_E, &e) == 1;
    const Handle<BIGNUM> modulus(n), exponent(e);
    if (!read || !BN_is_odd(n) || !BN_is_odd(e) || BN_is_one(e) || BN_num_bits(e) > kLongestExponent)
        return false;
    for (BN_ULONG factor = 3; factor < kSmallFactors; factor += 2)
        if (BN_mod_word(n, factor) == 0) return false;
    return true;
}

Result<void> check_public_key(const User& user, const Profile& profile) {
    const auto key = public_key_from_der(user.token);
    if (!key) return fail(E_CMDS_BAD_TOKEN);
    if (user.mechanism == MECH_ECDSA) {
        if (!is_ec(**key)) return fail(E_CMDS_BAD_TOKEN);
        return {};
    }
    if (!is_rsa(**key) || key_bits(**key) > 4096 || !is_plausible_rsa(**key)) return fail(E_CMDS_BAD_TOKEN);
    if (profile.certification == Certification::cc && key_bits(**key) < 1024)
        return fail(E_CMDS_BAD_TOKEN_CC);
    if (key_bits(**key) < profile.min_rsa_bits) return fail(E_CMDS_BAD_TOKEN);
    return {};
}

}  // namespace

bool is_lasting_administrator(const User& user) {
    return permits(user.permission, permission::kUserAdministrator) &&
           !is_password_mechanism(user.mechanism) && (user.flags & UFLG_TMP) == 0;
}

Result<void> check_user_name(std::string_view name) {
    constexpr std::string_view kGrammar = ",={}#~";
    if (name.empty() || name.size() > kLongestUserName) return fail(E_CMDS_BAD_NAME);
    const auto allowed = [&](char c) {
        return c > ' ' && c < 0x7F && kGrammar.find(c) == std::string_view::npos;
    };
    if (!std::ranges::all_of(name, allowed)) return fail(E_CMDS_BAD_NAME);
    return {};
}

Result<void> check_user(const User& user, const Profile& profile) {
    const Certification mode = profile.certification;
    if (user.mechanism > MECH_ECDSA) return fail(E_CMDS_BAD_MECH);
    if (std::ranges::find(profile.user_mechanisms, user.mechanism) == profile.user_mechanisms.end())
        return kMechanismRefused.in(mode);

    if ((user.flags & ~(UFLG_LOGIN | UFLG_SM | UFLG_SM_AUTH | UFLG_TMP)) != 0)
        return fail(E_CMDS_USER_FLAG_NOT_ALLOWED);
    if ((user.flags & UFLG_LOGIN) != 0 && !profile.static_logon) return kFlagRefused.in(mode);

    if (mode == Certification::cc) {
        if (highest_level(user.permission) > 3) return fail(E_CMDS_CC_HIGH_PERM);
        if ((user.permission & kAdministration) != 0 && (user.permission & ~kAdministration) != 0)
            return fail(E_CMDS_BAD_PERM_CC);
    }
    if (user.attributes.size() > kLongestAttributes || !well_formed_attributes(user.attributes))
        return kAttributeRefused.in(mode);
    if (profile.group_expressions && !std::ranges::all_of(group_patterns(user.attributes), is_expression))
        return kAttributeRefused.in(mode);
    return check_token(user, profile);
}

Result<void> check_token(const User& user, const Profile& profile) {
    switch (user.mechanism) {
        case MECH_SHA1_PWD:
            if (user.token.size() != kSha1) return fail(E_CMDS_BAD_TOKEN);
            return {};
        case MECH_CLR_PWD:
        case MECH_HMAC_PWD:
            if (user.token.size() < kShortestPassword || user.token.size() > kLongestPassword)
                return fail(E_CMDS_BAD_TOKEN);
            return {};
        default:
            return check_public_key(user, profile);
    }
}

bool verify_response(const User& user, ByteView message, ByteView response) {
    if (is_password_mechanism(user.mechanism))
        return equal_in_constant_time(password_response(user.mechanism, user.token, message), response);
    const auto key = public_key_from_der(user.token);
    return key && verify_sha256(**key, message, response);
}

}  // namespace cs2sim
