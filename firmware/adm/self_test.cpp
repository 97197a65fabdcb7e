// Self tests: known answers of the cryptography, and the device's own stores.
#include <algorithm>
#include <array>

#include "firmware/adm/format_text.h"
#include "firmware/adm/handlers.h"
#include "firmware/cmds/scheduler.h"
#include "firmware/crypto/aead.h"
#include "firmware/crypto/digest.h"
#include "firmware/crypto/random.h"

namespace cs2sim::adm {
namespace {

// FIPS 180-4, example "abc".
bool sha256_test(Services&) {
    return to_hex(sha256(as_bytes("abc"))) ==
           "BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD";
}

// RFC 4231, test case 2.
bool hmac_test(Services&) {
    return to_hex(hmac_sha256(as_bytes("Jefe"), {as_bytes("what do ya want for nothing?")})) ==
           "5BDCC146BF60754E6A042426089575C75A003F089D2739839DEC58B964EC3843";
}

// OpenSSL's published MDC-2 vector (device-formats.md, section 3).
bool mdc2_test(Services&) {
    const auto hash = mdc2(as_bytes("Now is the time for all "));
    return hash && to_hex(*hash) == "42E50CD224BACEBA760BDD2BD409281A";
}

bool aes_gcm_test(Services&) {
    Aead aead(random_secret(32));
    Bytes sealed = aead.seal(as_bytes("self test"), {});
    const auto opened = aead.open(sealed, {});
    sealed.back() ^= 1;
    return opened && as_text(*opened) == "self test" && !aead.open(sealed, {});
}

bool random_test(Services&) { return random_bytes(32) != random_bytes(32); }

bool shares_test(Services&) {
    const std::array<std::uint8_t, 32> secret{1, 2, 3};
    const auto shares = mbk_split(secret, 2, 3);
    if (!shares) return false;
    const auto back = mbk_combine({{1, (*shares)[0]}, {3, (*shares)[2]}});
    return back && std::ranges::equal(*back, secret);
}

bool master_key_test(Services& device) { return device.smos.master_key.present(); }

bool databases_test(Services& device) {
    return std::ranges::all_of(device.databases.list(), [&](const DatabaseFile& file) {
        const auto database = device.databases.open(file.name);
        return database && (*database)->keys({}, 1);
    });
}

struct SelfTest {
    const char* name;
    bool (*run)(Services&);
};
constexpr SelfTest kTests[] = {
    {"SHA-256", sha256_test},        {"HMAC-SHA-256", hmac_test},     {"MDC-2", mdc2_test},
    {"AES-GCM", aes_gcm_test},       {"random numbers", random_test}, {"key shares", shares_test},
    {"master key", master_key_test}, {"databases", databases_test},
};

}  // namespace

// A failure brings certified firmware into its error state.
Result<Bytes> test(Call& call) {
    std::string text;
    bool good = true;
    for (const SelfTest& one : kTests) {
        const bool passed = one.run(call.device);
        good = good && passed;
        text += format_text("%-16s%s\n", one.name, passed ? "OK" : "FAILED");
    }
    const std::uint16_t modes = call.device.scheduler.modes();
    if (!good && (modes & MODE_FIPS) != 0) call.device.scheduler.change_modes(0, MODE_FIPS_ERROR);
    if (!good && (modes & MODE_CC) != 0) call.device.scheduler.change_modes(0, MODE_CC_ERROR);
    if (!good) call.audit(AUDIT_SYSTEM, "self test failed");
    return call.answer({text});
}

}  // namespace cs2sim::adm
