// What the library, slots and tokens say of themselves (output: reference/pkcs11-facts.md, sections 4 and 8).
#include <cstdio>
#include <cstring>

#include "firmware/protocol/terminal_text.h"
#include "host-lib/pkcs11/cryptoki/names.h"
#include "host-lib/pkcs11/text_fields.h"
#include "tools/p11tool2/commands.h"
#include "tools/session/print.h"

namespace cs2sim::tools::p11 {
namespace {

using cs2sim::p11::constant_name;
using cs2sim::p11::text_in;

struct FlagName {
    CK_FLAGS flag;
    const char* name;
};
constexpr FlagName kSlotFlags[] = {
    {CKF_TOKEN_PRESENT, "CKF_TOKEN_PRESENT"},
    {CKF_REMOVABLE_DEVICE, "CKF_REMOVABLE_DEVICE"},
    {CKF_HW_SLOT, "CKF_HW_SLOT"},
};
constexpr FlagName kTokenFlags[] = {
    {CKF_RNG, "CKF_RNG"},
    {CKF_WRITE_PROTECTED, "CKF_WRITE_PROTECTED"},
    {CKF_LOGIN_REQUIRED, "CKF_LOGIN_REQUIRED"},
    {CKF_USER_PIN_INITIALIZED, "CKF_USER_PIN_INITIALIZED"},
    {CKF_RESTORE_KEY_NOT_NEEDED, "CKF_RESTORE_KEY_NOT_NEEDED"},
    {CKF_CLOCK_ON_TOKEN, "CKF_CLOCK_ON_TOKEN"},
    {CKF_PROTECTED_AUTHENTICATION_PATH, "CKF_PROTECTED_AUTHENTICATION_PATH"},
    {CKF_DUAL_CRYPTO_OPERATIONS, "CKF_DUAL_CRYPTO_OPERATIONS"},
    {CKF_TOKEN_INITIALIZED, "CKF_TOKEN_INITIALIZED"},
    {CKF_SECONDARY_AUTHENTICATION, "CKF_SECONDARY_AUTHENTICATION"},
    {CKF_USER_PIN_COUNT_LOW, "CKF_USER_PIN_COUNT_LOW"},
    {CKF_USER_PIN_FINAL_TRY, "CKF_USER_PIN_FINAL_TRY"},
    {CKF_USER_PIN_LOCKED, "CKF_USER_PIN_LOCKED"},
    {CKF_USER_PIN_TO_BE_CHANGED, "CKF_USER_PIN_TO_BE_CHANGED"},
    {CKF_SO_PIN_COUNT_LOW, "CKF_SO_PIN_COUNT_LOW"},
    {CKF_SO_PIN_FINAL_TRY, "CKF_SO_PIN_FINAL_TRY"},
    {CKF_SO_PIN_LOCKED, "CKF_SO_PIN_LOCKED"},
    {CKF_SO_PIN_TO_BE_CHANGED, "CKF_SO_PIN_TO_BE_CHANGED"},
};

// A text field as rows of sixteen bytes, in hexadecimal and as characters.
void print_rows(const char* name, ByteView field) {
    for (std::size_t at = 0; at < field.size(); at += 16) {
        const ByteView row = field.subspan(at, std::min<std::size_t>(16, field.size() - at));
        std::string hex, text;
        for (std::size_t i = 0; i < row.size(); ++i) {
            if (i != 0 && i % 4 == 0) hex += i == 8 ? "  " : " ";
            char digits[3];
            std::snprintf(digits, sizeof digits, "%02x", row[i]);
            hex += digits;
            text += row[i] >= 0x20 && row[i] < 0x7F ? static_cast<char>(row[i]) : '.';
        }
        print("%-23s%s %s |%s|\n", at == 0 ? name : "", at == 0 ? ":" : " ", hex.c_str(), text.c_str());
    }
}

void print_flags(CK_FLAGS flags, std::span<const FlagName> names, int width) {
    print("flags: 0x%08lX\n", flags);
    for (const FlagName& row : names)
        print("%-*s : %s\n", width, row.name, (flags & row.flag) != 0 ? "CK_TRUE" : "CK_FALSE");
}

void print_version(const char* name, CK_VERSION version) {
    print("%-23s: %u.%02u\n", name, version.major, version.minor);
}

void print_number(const char* name, CK_ULONG number) {
    if (number == CK_UNAVAILABLE_INFORMATION)
        print("%-23s: CK_UNAVAILABLE_INFORMATION\n", name);
    else
        print("%-23s: %lu\n", name, number);
}

Result<void> list_slots(Shell& shell, const std::string& value) {
    if (!value.empty() && !same_word(value, "Status")) return fail(E_CSA_SYNTAX);
    CS2SIM_TRY_LET(list, shell.functions());
    CK_ULONG count = 0;
    CS2SIM_TRY(shell.check(list->C_GetSlotList(CK_FALSE, nullptr, &count)));
    std::vector<CK_SLOT_ID> slots(count);
    CS2SIM_TRY(shell.check(list->C_GetSlotList(CK_FALSE, slots.data(), &count)));
    for (CK_ULONG i = 0; i < count; ++i) {
        print("%lu: %08lX", i, slots[i]);
        CK_TOKEN_INFO info{};
        if (same_word(value, "Status") && list->C_GetTokenInfo(slots[i], &info) == CKR_OK)
            print("  %-15s  %s",
                  (info.flags & CKF_TOKEN_INITIALIZED) != 0 ? "initialized" : "not initialized",
                  terminal_text(text_in(info.label)).c_str());
        print("\n");
    }
    return {};
}

Result<void> get_slot_info(Shell& shell, const std::string&) {
    CS2SIM_TRY_LET(list, shell.functions());
    CK_SLOT_INFO info{};
    CS2SIM_TRY(shell.check(list->C_GetSlotInfo(shell.slot(), &info)));
    print("CK_SLOT_INFO (slot ID: 0x%08lX):\n\n", shell.slot());
    print_rows("slotDescription", info.slotDescription);
    print_rows("manufacturerID", info.manufacturerID);
    print_flags(info.flags, kSlotFlags, 20);
    print_version("hardwareVersion", info.hardwareVersion);
    print_version("firmwareVersion", info.firmwareVersion);
    return {};
}

Result<void> get_token_info(Shell& shell, const std::string&) {
    CS2SIM_TRY_LET(list, shell.functions());
    CK_TOKEN_INFO info{};
    CS2SIM_TRY(shell.check(list->C_GetTokenInfo(shell.slot(), &info)));
    print("CK_TOKEN_INFO (slot ID: 0x%08lX):\n\n", shell.slot());
    print_rows("label", info.label);
    print_rows("manufacturerID", info.manufacturerID);
    print_rows("model", info.model);
    print_rows("serialNumber", info.serialNumber);
    print_flags(info.flags, kTokenFlags, 33);
    print_number("ulMaxSessionCount", info.ulMaxSessionCount);
    print_number("ulSessionCount", info.ulSessionCount);
    print_number("ulMaxRwSessionCount", info.ulMaxRwSessionCount);
    print_number("ulRwSessionCount", info.ulRwSessionCount);
    print_number("ulMaxPinLen", info.ulMaxPinLen);
    print_number("ulMinPinLen", info.ulMinPinLen);
    print_number("ulTotalPublicMemory", info.ulTotalPublicMemory);
    print_number("ulFreePublicMemory", info.ulFreePublicMemory);
    print_number("ulTotalPrivateMemory", info.ulTotalPrivateMemory);
    print_number("ulFreePrivateMemory", info.ulFreePrivateMemory);
    print_version("hardwareVersion", info.hardwareVersion);
    print_version("firmwareVersion", info.firmwareVersion);
    print_rows("utcTime", info.utcTime);
    return {};
}

Result<void> get_info(Shell& shell, const std::string&) {
    CS2SIM_TRY_LET(list, shell.functions());
    CK_INFO info{};
    CS2SIM_TRY(shell.check(list->C_GetInfo(&info)));
    print("CK_INFO:\n\n");
    print_version("cryptokiVersion", info.cryptokiVersion);
    print_rows("manufacturerID", info.manufacturerID);
    print_rows("libraryDescription", info.libraryDescription);
    print_version("libraryVersion", info.libraryVersion);
    return {};
}

Result<void> list_mechanisms(Shell& shell, const std::string&) {
    CS2SIM_TRY_LET(list, shell.functions());
    CK_ULONG count = 0;
    CS2SIM_TRY(shell.check(list->C_GetMechanismList(shell.slot(), nullptr, &count)));
    std::vector<CK_MECHANISM_TYPE> mechanisms(count);
    CS2SIM_TRY(shell.check(list->C_GetMechanismList(shell.slot(), mechanisms.data(), &count)));
    for (const CK_MECHANISM_TYPE type : mechanisms)
        print("%08lX  %s\n", type, constant_name("CKM", type).c_str());
    return {};
}

Result<void> get_mechanism_info(Shell& shell, const std::string& value) {
    CS2SIM_TRY_LET(type, mechanism_named(value));
    CS2SIM_TRY_LET(list, shell.functions());
    CK_MECHANISM_INFO info{};
    CS2SIM_TRY(shell.check(list->C_GetMechanismInfo(shell.slot(), type, &info)));
    print("%s (0x%08lX):\n\n", constant_name("CKM", type).c_str(), type);
    print_number("ulMinKeySize", info.ulMinKeySize);
    print_number("ulMaxKeySize", info.ulMaxKeySize);
    print("flags: 0x%08lX\n", info.flags);
    return {};
}

Result<void> get_session_info(Shell& shell, const std::string&) {
    CS2SIM_TRY_LET(session, shell.session());
    CK_SESSION_INFO info{};
    CS2SIM_TRY(shell.check((*shell.functions())->C_GetSessionInfo(session, &info)));
    print("CK_SESSION_INFO:\n\n");
    print_number("slotID", info.slotID);
    print("%-23s: %s\n", "state", constant_name("CKS", info.state).c_str());
    print("flags: 0x%08lX\n", info.flags);
    print("%-23s: 0x%08lX\n", "ulDeviceError", info.ulDeviceError);
    return {};
}

constexpr TokenCommand kCommands[] = {
    {"ListSlots", "ListSlots[=Status]", "the slots", false, Takes::maybe, list_slots},
    {"GetSlotInfo", "GetSlotInfo", "what the slot says of itself", false, Takes::nothing, get_slot_info},
    {"GetTokenInfo", "GetTokenInfo", "what the token says of itself", false, Takes::nothing, get_token_info},
    {"GetInfo", "GetInfo", "what the library says of itself", true, Takes::nothing, get_info},
    {"ListMechanisms", "ListMechanisms", "the token's mechanisms", true, Takes::nothing, list_mechanisms},
    {"GetMechanismInfo", "GetMechanismInfo=CKM_…", "key sizes and flags of a mechanism", true, Takes::value,
     get_mechanism_info},
    {"GetSessionInfo", "GetSessionInfo", "who is logged on, and the last device error", true, Takes::nothing,
     get_session_info},
};

}  // namespace

const std::span<const TokenCommand> kShowCommands = kCommands;

}  // namespace cs2sim::tools::p11
