#include "firmware/cxi/work/key_wrap.h"

#include <openssl/modes.h>

#include "firmware/crypto/secret.h"

namespace cs2sim {
namespace {

// Six blocks of AES for each eight bytes, one after the other. OpenSSL's cipher of that name does not stop on
// the way, and leaves the processor's AES instructions unused; its frame of it takes the block from us.
struct Steps {
    EVP_CIPHER_CTX* blocks;
    std::size_t at_a_time;
    const Abandonment* abandonment;
    std::size_t done = 0;
    Result<void> result = {};
};

void step(const unsigned char in[16], unsigned char out[16], const void* state) {
    Steps& steps = *static_cast<Steps*>(const_cast<void*>(state));
    if (!steps.result) return;  // nobody takes what comes out
    if (steps.done++ % steps.at_a_time == 0 && steps.abandonment) steps.result = steps.abandonment->check();
    int size = 0;
    if (steps.result && EVP_CipherUpdate(steps.blocks, out, &size, in, 16) != 1)
        steps.result = fail(E_CXI_INTERNAL);
}

}  // namespace

Result<Bytes> key_wrap(EVP_CIPHER_CTX* blocks, const KeyWrap& how, ByteView data,
                       const Abandonment* abandonment) {
    const std::size_t least = how.encrypt ? (how.padded ? 1 : 16) : (how.padded ? 16 : 24);
    if (data.size() < least || ((!how.encrypt || !how.padded) && data.size() % 8 != 0))
        return fail(E_CXI_CRYPT_DATA_LEN);
    Steps steps{blocks, how.steps_at_a_time, abandonment};
    const auto work = how.encrypt ? (how.padded ? CRYPTO_128_wrap_pad : CRYPTO_128_wrap)
                                  : (how.padded ? CRYPTO_128_unwrap_pad : CRYPTO_128_unwrap);
    Bytes out(data.size() + 16);
    const std::size_t size = work(&steps, nullptr, out.data(), data.data(), data.size(), step);
    if (!steps.result || size == 0) cleanse(out.data(), out.size());
    CS2SIM_TRY(steps.result);
    if (size == 0) return fail(how.encrypt ? E_CXI_CRYPT_DATA_LEN : E_AES_KEYWRAP);
    out.resize(size);
    return out;
}

}  // namespace cs2sim
