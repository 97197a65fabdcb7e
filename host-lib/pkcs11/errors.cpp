#include "host-lib/pkcs11/errors.h"

namespace cs2sim::p11 {
namespace {

constexpr std::uint16_t login = AREA_login, pin = AREA_pin, object = AREA_object, sign = AREA_sign,
                        encrypt = AREA_encrypt, decrypt = AREA_decrypt, make = AREA_make, wrap = AREA_wrap,
                        unwrap = AREA_unwrap, derive = AREA_derive, any = AREA_any;

constexpr ErrorMapping kMappings[] = {
#define CS2SIM_P11_ERROR(code, areas, ckr) {code, areas, ckr},
#include "host-lib/pkcs11/errors.inc"
#undef CS2SIM_P11_ERROR
};

}  // namespace

std::span<const ErrorMapping> error_mappings() { return kMappings; }

CK_RV ckr_of(Error error, Area area, const ErrorCircumstances& circumstances) {
    if (!is_device_code(error.code)) return error.code;
    for (const ErrorMapping& row : kMappings) {
        if (row.code != error.code || (row.areas & area) == 0) continue;
        if (row.ckr == CKR_USER_NOT_LOGGED_IN && circumstances.role_logged_on) return CKR_FUNCTION_REJECTED;
        if (row.ckr == CKR_SESSION_HANDLE_INVALID && !circumstances.session_ended) return CKR_DEVICE_ERROR;
        if (row.ckr == CKR_AEAD_DECRYPT_FAILED && !circumstances.version_3) return CKR_ENCRYPTED_DATA_INVALID;
        return row.ckr;
    }
    return CKR_DEVICE_ERROR;
}

}  // namespace cs2sim::p11
