#include "firmware/crypto/start.h"

#include <openssl/crypto.h>

#include "firmware/crypto/require.h"

namespace cs2sim {

void start_openssl() {
    require_openssl(OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, nullptr) == 1, "start");
}

}  // namespace cs2sim
