// Slots, tokens and what they can do.
#include <cstdio>

#include "host-lib/link/device_address.h"
#include "host-lib/pkcs11/handlers.h"
#include "host-lib/pkcs11/text_fields.h"
#include "host-lib/pkcs11/token_time.h"

namespace cs2sim::p11::functions {
namespace {

constexpr CK_VERSION kHardware{5, 1};  // of the boot loader
constexpr CK_VERSION kFirmware{6, 5};
constexpr CK_FLAGS kTokenFlags = CKF_RNG | CKF_LOGIN_REQUIRED | CKF_RESTORE_KEY_NOT_NEEDED |
                                 CKF_CLOCK_ON_TOKEN | CKF_DUAL_CRYPTO_OPERATIONS;

// "SI003001_0001": simulator, port, slot (pkcs11-facts.md, section 2). Without a port, a number of the
// device's name.
std::string serial_number(const Token& token) {
    const auto address = host::parse_device_address(token.device());
    std::uint32_t number = address ? address->port : 0;
    if (number == 0)
        for (const char c : token.device())
            number = (number * 31 + static_cast<unsigned char>(c)) % 1'000'000;
    char text[32];
    std::snprintf(text, sizeof text, "SI%06u_%04u", number, token.number());
    return text;
}

// What the counter of wrong PINs says.
struct PinFlags {
    CK_FLAGS low, final_try, locked, to_be_changed;
};
constexpr PinFlags kUserPin{CKF_USER_PIN_COUNT_LOW, CKF_USER_PIN_FINAL_TRY, CKF_USER_PIN_LOCKED,
                            CKF_USER_PIN_TO_BE_CHANGED};
constexpr PinFlags kSoPin{CKF_SO_PIN_COUNT_LOW, CKF_SO_PIN_FINAL_TRY, CKF_SO_PIN_LOCKED,
                          CKF_SO_PIN_TO_BE_CHANGED};

CK_FLAGS pin_flags(const TokenUser& user, const PinFlags& flags, unsigned most, bool initial_pins) {
    CK_FLAGS set = 0;
    if (user.initial && initial_pins) set |= flags.to_be_changed;
    if (user.failures == 0) return set;
    set |= flags.low;
    if (most != 0 && user.failures + 1 == most) set |= flags.final_try;
    if (most != 0 && user.failures >= most) set |= flags.locked;
    return set;
}

bool no_user(const Result<TokenUser>& user) { return !user && user.error().code == E_CMDS_NO_USER; }

Answer add_users(Token& token, const TokenProfile& profile, CK_TOKEN_INFO& info) {
    CS2SIM_TRY_LET(most, token.most_failures());
    const auto so = token.find_user(TokenRole::so);
    if (!so && !no_user(so)) return fail(so.error());
    if (so) {
        info.flags |= CKF_TOKEN_INITIALIZED | pin_flags(*so, kSoPin, most, profile.initial_pins);
        if (!so->label.empty()) fill_text(info.label, so->label);
    }
    const auto user = token.find_user(TokenRole::user);
    if (!user && !no_user(user)) return fail(user.error());
    if (user) info.flags |= CKF_USER_PIN_INITIALIZED | pin_flags(*user, kUserPin, most, profile.initial_pins);
    return {};
}

// A key store that may only be read; one that is away is not waited for.
CK_FLAGS write_protection(Token& token) {
    if (!token.external || !token.external->watch() || token.external->offline_by() != 0) return 0;
    const auto store = token.external->store();
    const auto writable = store ? (*store)->writable() : Result<bool>(true);
    return writable && !*writable ? CKF_WRITE_PROTECTED : 0;
}

}  // namespace

Answer GetSlotList(Library& library, CK_BBOOL, CK_SLOT_ID* slots, CK_ULONG* count) {
    std::vector<CK_SLOT_ID> all(library.slot_count());
    for (std::size_t i = 0; i < all.size(); ++i) all[i] = i;
    return give_list(all, slots, count);
}

Answer GetSlotInfo(Library& library, CK_SLOT_ID slot, CK_SLOT_INFO* info) {
    CS2SIM_TRY_LET(token, library.token(slot));
    if (!info) return fail(CKR_ARGUMENTS_BAD);
    std::string description = token->device() + " - ";
    const auto profile = token->profile();
    if (profile->cluster_names) description += "CLUSTER_0000 - ";
    std::memset(info, 0, sizeof *info);
    fill_text(info->slotDescription, description + token->group());
    fill_text(info->manufacturerID, profile->manufacturer);
    info->flags = CKF_TOKEN_PRESENT | CKF_HW_SLOT;
    info->hardwareVersion = kHardware;
    info->firmwareVersion = kFirmware;
    return {};
}

Answer GetTokenInfo(Library& library, CK_SLOT_ID slot, CK_TOKEN_INFO* info) {
    CS2SIM_TRY_LET(token, library.token(slot));
    if (!info) return fail(CKR_ARGUMENTS_BAD);
    CK_TOKEN_INFO told{};
    const auto profile = token->profile();
    fill_text(told.label, profile->label);
    fill_text(told.manufacturerID, profile->manufacturer);
    fill_text(told.model, profile->model);
    fill_text(told.serialNumber, serial_number(*token));
    told.flags = kTokenFlags | write_protection(*token);
    told.ulMaxSessionCount = told.ulMaxRwSessionCount = CK_EFFECTIVELY_INFINITE;
    told.ulSessionCount = token->sessions;
    told.ulRwSessionCount = token->read_write_sessions;
    told.ulMaxPinLen = 255;
    told.ulMinPinLen = profile->min_pin;
    told.ulTotalPublicMemory = told.ulFreePublicMemory = CK_UNAVAILABLE_INFORMATION;
    told.ulTotalPrivateMemory = told.ulFreePrivateMemory = CK_UNAVAILABLE_INFORMATION;
    told.hardwareVersion = kHardware;
    told.firmwareVersion = kFirmware;
    CS2SIM_TRY(add_users(*token, *profile, told));
    CS2SIM_TRY_LET(time, token_time(*token));
    fill_text(told.utcTime, time);
    *info = told;
    return {};
}

Answer GetMechanismList(Library& library, CK_SLOT_ID slot, CK_MECHANISM_TYPE* list, CK_ULONG* count) {
    CS2SIM_TRY_LET(token, library.token(slot));
    const auto profile = token->profile();
    std::vector<CK_MECHANISM_TYPE> all;
    for (const MechanismRow& row : mechanism_table())
        if (flags_of(row, *profile) != 0) all.push_back(row.type);
    for (const CK_MECHANISM_TYPE type : profile->custom)
        if (!profile->certified() && std::find(all.begin(), all.end(), type) == all.end())
            all.push_back(type);
    return give_list(all, list, count);
}

Answer GetMechanismInfo(Library& library, CK_SLOT_ID slot, CK_MECHANISM_TYPE type, CK_MECHANISM_INFO* info) {
    CS2SIM_TRY_LET(token, library.token(slot));
    if (!info) return fail(CKR_ARGUMENTS_BAD);
    const auto profile = token->profile();
    const MechanismRow* row =
        is_custom(*profile, type) ? find_vendor_mechanism(*profile, type) : find_mechanism(type);
    if (!row || flags_of(*row, *profile) == 0) return fail(CKR_MECHANISM_INVALID);
    *info = {row->min, row->max, flags_of(*row, *profile)};
    if (row->keys == KeyKind::rsa) {
        info->ulMinKeySize = profile->min_rsa_bits;
        info->ulMaxKeySize = profile->max_rsa_bits;
    }
    return {};
}

Answer WaitForSlotEvent(Library& library, CK_FLAGS flags, CK_SLOT_ID* slot, CK_VOID_PTR reserved) {
    if (!slot || reserved) return fail(CKR_ARGUMENTS_BAD);
    constexpr std::chrono::milliseconds kBetween{250};
    do {
        if (const auto event = library.slot_watch.next()) {
            *slot = *event;
            return {};
        }
        if ((flags & CKF_DONT_BLOCK) != 0) return fail(CKR_NO_EVENT);
    } while (!library.wait_for_end(kBetween));
    return fail(CKR_CRYPTOKI_NOT_INITIALIZED);
}

}  // namespace cs2sim::p11::functions
