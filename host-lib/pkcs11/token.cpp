#include "host-lib/pkcs11/token.h"

#include <cstdio>

#include "host-lib/files/user_label.h"
#include "host-lib/pkcs11/mechanisms.h"

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

Result<host::Answer> Token::ask(std::uint16_t fc, std::uint8_t sfc, std::initializer_list<Value> values) {
    auto answer = shared_.execute(fc, sfc, values, Effect::open);
    if (!answer && answer.error().code == E_CMDS_SM_EXPIRED)
        answer = shared_.execute(fc, sfc, values, Effect::open);
    return answer;
}

Result<TokenUser> Token::find_user(TokenRole role) {
    CS2SIM_TRY_LET(answer, ask(FC_CMDS, SFC_CMDS_GET_USER_INFO, {user_name(role)}));
    const auto user = parse(LAYOUT_USER, answer.block.bytes("user"));
    if (!user) return fail(E_CSA_PROTOCOL);
    return TokenUser{(user->u8("initial") & kInitialPassword) != 0, user->u8("failures"),
                     host::label_in(user->text("attributes"))};
}

std::shared_ptr<const TokenProfile> Token::profile() {
    const std::lock_guard lock(profile_mutex_);
    if (profile_) return profile_;
    TokenProfile told;
    const auto answer = ask(FC_CXI, SFC_CXI_P11_PROFILE, {});
    if (answer) {
        const auto on = [&](NumberName field) { return answer->block.u8(field) != 0; };
        const auto text = [&](BytesName field) { return std::string(answer->block.text(field)); };
        told = {on("fips"),
                on("cc"),
                on("des3"),
                on("dsa"),
                on("initialpins"),
                answer->block.u8("minpin"),
                on("clusternames"),
                on("allattributes"),
                answer->block.u32("minrsa"),
                answer->block.u32("maxrsa"),
                text("manufacturer"),
                text("model"),
                text("label"),
                {}};
    }
    told.initial_pins = config_.initial_pins.value_or(told.initial_pins);
    told.min_pin = config_.min_pin.value_or(told.min_pin);
    told.cluster_names = config_.cluster_names.value_or(told.cluster_names);
    told.all_attributes = config_.all_attributes.value_or(told.all_attributes);
    told.manufacturer = config_.manufacturer.value_or(told.manufacturer);
    told.model = config_.model.value_or(told.model);
    told.label = config_.token_label.value_or(told.label);
    for (const std::string& name : config_.custom_mechanisms)
        if (const auto number = custom_mechanism(name)) told.custom.push_back(*number);
    auto shared = std::make_shared<const TokenProfile>(std::move(told));
    if (answer) profile_ = shared;
    return shared;
}

Result<unsigned> Token::most_failures() {
    CS2SIM_TRY_LET(answer, ask(FC_CMDS, SFC_CMDS_GET_MAX_AUTH_FAILS, {}));
    return answer.block.u8("count");
}

}  // namespace cs2sim::p11
