#include "tools/explain/explain_ckr.h"

#include <charconv>
#include <cstdio>

#include "firmware/protocol/error.h"
#include "host-lib/pkcs11/ckr_advice.h"
#include "host-lib/pkcs11/cryptoki/names.h"
#include "host-lib/pkcs11/errors.h"

namespace cs2sim {
namespace {

using namespace p11;

struct AreaName {
    std::uint16_t area;
    const char* name;
};
constexpr AreaName kAreas[] = {
    {AREA_general, "general functions"}, {AREA_login, "log-ons"},
    {AREA_pin, "PIN functions"},         {AREA_object, "object functions"},
    {AREA_key, "uses of keys"},          {AREA_sign, "signatures"},
    {AREA_encrypt, "encryption"},        {AREA_decrypt, "decryption"},
    {AREA_make, "making objects"},       {AREA_wrap, "wrapping"},
    {AREA_unwrap, "unwrapping"},         {AREA_derive, "derivation"},
};

std::string area_names(std::uint16_t areas) {
    std::string names;
    for (const AreaName& row : kAreas)
        if ((areas & row.area) != 0) names += (names.empty() ? "" : ", ") + std::string(row.name);
    return names;
}

// The areas in which the row counts: those that no earlier row of the same code has.
std::uint16_t areas_left(const ErrorMapping& row) {
    std::uint16_t areas = row.areas;
    for (const ErrorMapping& earlier : error_mappings()) {
        if (&earlier == &row) break;
        if (earlier.code == row.code) areas &= static_cast<std::uint16_t>(~earlier.areas);
    }
    return areas;
}

std::string where(const ErrorMapping& row) {
    if (row.areas != AREA_any) return " (" + area_names(row.areas) + ")";
    return areas_left(row) == AREA_any ? "" : " (other functions)";
}

// What circumstances make of it (host-lib/pkcs11/errors.cpp).
std::string otherwise(CK_RV ckr) {
    if (ckr == CKR_USER_NOT_LOGGED_IN) return ", CKR_FUNCTION_REJECTED when the role is logged on";
    if (ckr == CKR_SESSION_HANDLE_INVALID) return ", CKR_DEVICE_ERROR where the library logs on again";
    if (ckr == CKR_AEAD_DECRYPT_FAILED) return ", CKR_ENCRYPTED_DATA_INVALID in the 2.40 library";
    return {};
}

std::string code_words(std::uint32_t code) {
    const ErrorRow* row = find_error(code);
    return hex_code(code) + (row ? " " + std::string(row->module) + "." + std::string(row->name) + ": " +
                                       std::string(row->text)
                                 : "");
}

}  // namespace

std::optional<CK_RV> ckr_in(std::string_view text) {
    if (text.starts_with("CKR_") || text.starts_with("ckr_")) return constant_number(text);
    const bool prefixed = text.starts_with("0x") || text.starts_with("0X");
    if (prefixed) text.remove_prefix(2);
    if (!prefixed && text.size() != 8) return std::nullopt;
    CK_RV number = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number, 16);
    if (text.empty() || parsed.ec != std::errc() || parsed.ptr != text.data() + text.size())
        return std::nullopt;
    return constant_name("CKR", number).starts_with("CKR_") ? std::optional(number) : std::nullopt;
}

std::string explain_ckr(CK_RV ckr, Entry entry) {
    char number[20];
    std::snprintf(number, sizeof number, "%08lX", ckr);
    std::string text = std::string(number) + "  " + constant_name("CKR", ckr) + "\n";
    const CkrAdvice* advice = find_ckr_advice(ckr);
    if (!advice) return text + entry("here", "The PKCS#11 library never gives it.");
    text += entry("provoked by", advice->provoked_by);
    for (const ErrorMapping& row : error_mappings())
        if (row.ckr == ckr && areas_left(row) != 0)
            text += entry("device code", code_words(row.code) + where(row));
    if (ckr == CKR_DEVICE_ERROR)
        text += entry("device code", "every code that the table has no other CKR for");
    return text + entry("remedy", advice->remedy);
}

std::string ckr_words(std::uint32_t device_code) {
    std::string words;
    std::uint16_t left = AREA_any;
    for (const ErrorMapping& row : error_mappings()) {
        if (row.code != device_code || areas_left(row) == 0) continue;
        left &= static_cast<std::uint16_t>(~row.areas);
        words +=
            (words.empty() ? "" : "; ") + constant_name("CKR", row.ckr) + otherwise(row.ckr) + where(row);
    }
    if (words.empty()) return "CKR_DEVICE_ERROR";
    return left == 0 ? words : words + "; CKR_DEVICE_ERROR (other functions)";
}

}  // namespace cs2sim
