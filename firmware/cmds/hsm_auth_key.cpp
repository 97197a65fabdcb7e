#include "firmware/cmds/hsm_auth_key.h"

#include <mutex>

#include "firmware/crypto/aead.h"

namespace cs2sim {
namespace {

constexpr std::string_view kFile = "hsmauth.key";
constexpr unsigned kBits = 4096;

}  // namespace

Result<PrivateKey> hsm_auth_key(Smos& smos) {
    static std::mutex making;  // two first users must not make two keys
    const std::lock_guard lock(making);
    CS2SIM_TRY_LET(sealing_key, smos.master_key.derive(kFile));
    Aead aead(sealing_key);

    if (smos.flash.exists(kFile)) {
        CS2SIM_TRY_LET(sealed, smos.flash.read(kFile));
        const auto der = aead.open(sealed, {as_bytes(kFile)});
        if (!der) return fail(E_OS_CRYPT_MK_CORR);
        return private_key_from_der(*der);
    }
    auto key = generate_rsa(kBits);
    CS2SIM_TRY(key);
    CS2SIM_TRY(smos.flash.write(kFile, aead.seal(private_key_der(**key), {as_bytes(kFile)})));
    return key;
}

}  // namespace cs2sim
