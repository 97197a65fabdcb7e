#include "firmware/crypto/start.h"

#include <openssl/crypto.h>

#include <array>
#include <cstdint>
#include <new>
#include <system_error>

#include "firmware/crypto/aead.h"
#include "firmware/crypto/digest.h"
#include "firmware/crypto/kdf.h"
#include "firmware/crypto/require.h"

namespace cs2sim {
namespace {

// In the order in which a start needs them: the check of the master key, the keys of databases, their
// records.
void look_up() {
    const std::array<std::uint8_t, 32> no_key{};
    try {
        digest("SHA256", {});
        Aead records(derive_key(no_key, "", {}, no_key.size()));
        (void)records.open(Bytes(Aead::kOverhead), {});
    } catch (const std::bad_alloc&) {  // who needs one will say so
    }
}

}  // namespace

void start_openssl() {
    // The texts of errors, of which nobody here reads one, are a table of 2,000 entries made at the first
    // error.
    constexpr std::uint64_t kWhat = OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_LOAD_CRYPTO_STRINGS;
    require_openssl(OPENSSL_init_crypto(kWhat, nullptr) == 1, "start");
}

OpensslStart::OpensslStart() {
    start_openssl();
    try {
        lookup_ = std::thread(look_up);
    } catch (const std::system_error&) {  // then each is looked up when it is needed
    }
}

OpensslStart::~OpensslStart() {
    if (lookup_.joinable()) lookup_.join();
}

}  // namespace cs2sim
