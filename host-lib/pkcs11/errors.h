// Errors of the library. They travel as Result<T>, whose codes are of two kinds: CKR numbers, which are
// small, and device and host-library codes (B0xxxxxx, B9xxxxxx), which become CKR numbers at the library's
// door.
#pragma once

#include <span>

#include "firmware/protocol/error.h"
#include "host-lib/pkcs11/cryptoki/cryptoki.h"

namespace cs2sim::p11 {

using Answer = Result<void>;

// What a function is about, a bit each, for errors that mean different things in different places.
enum Area : std::uint16_t {
    AREA_general = 0x001,
    AREA_login = 0x002,
    AREA_pin = 0x004,
    AREA_object = 0x008,
    AREA_key = 0x010,
    AREA_sign = 0x020,
    AREA_encrypt = 0x040,
    AREA_decrypt = 0x080,
    AREA_make = 0x100,
    AREA_wrap = 0x200,
    AREA_unwrap = 0x400,
    AREA_derive = 0x800,
    AREA_any = 0xFFF,
};

struct ErrorMapping {
    std::uint32_t code;
    std::uint16_t areas;
    CK_RV ckr;
};
std::span<const ErrorMapping> error_mappings();

inline bool is_device_code(std::uint32_t code) { return code >= 0xB0000000; }

struct ErrorCircumstances {
    bool role_logged_on = false;  // a denial then means that the role may not do it
    bool session_ended = true;    // false: the session goes on, only the job in it was lost
    bool version_3 = true;        // of the library: 2.40 knows no CKR_AEAD_DECRYPT_FAILED
};

// The CKR of an error of either kind.
CK_RV ckr_of(Error error, Area area, const ErrorCircumstances& circumstances);

}  // namespace cs2sim::p11
