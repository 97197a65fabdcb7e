#include "firmware/crypto/aead.h"

#include <algorithm>
#include <utility>

#include "firmware/crypto/random.h"
#include "firmware/crypto/require.h"

namespace cs2sim {
namespace {

constexpr std::size_t kNonce = 12;
constexpr std::size_t kTag = 16;

}  // namespace

Aead::Aead(ByteView key) : key_(to_secret(key)) {
    require_openssl(key.size() == 32, "AES-256-GCM key of 32 bytes");
}

EVP_CIPHER_CTX* Aead::keyed(Handle<EVP_CIPHER_CTX>& context, bool encrypt) const {
    if (context) return context.get();
    context.reset(EVP_CIPHER_CTX_new());
    require_openssl(context && EVP_CipherInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, key_.data(),
                                                 nullptr, encrypt ? 1 : 0) == 1,
                    "AES-256-GCM key");
    return context.get();
}

// Sets the nonce and folds the associated data, each part with its length so that parts cannot shift.
void Aead::begin(EVP_CIPHER_CTX* context, ByteView nonce, std::initializer_list<ByteView> associated) {
    require_openssl(EVP_CipherInit_ex(context, nullptr, nullptr, nullptr, nonce.data(), -1) == 1, "nonce");
    associated_.clear();
    for (const ByteView part : associated) {
        append_big_endian(associated_, part.size(), 4);
        append(associated_, part);
    }
    int written = 0;
    if (!associated_.empty())
        require_openssl(EVP_CipherUpdate(context, nullptr, &written, associated_.data(),
                                         static_cast<int>(associated_.size())) == 1,
                        "associated data");
}

Bytes Aead::seal(ByteView plain, std::initializer_list<ByteView> associated) {
    Bytes sealed(kNonce + plain.size() + kTag);
    if (!std::exchange(sealed_, true)) nonce_ = random_array<kNonce>();
    increment(nonce_);
    std::ranges::copy(nonce_, sealed.begin());
    EVP_CIPHER_CTX* const context = keyed(encrypt_, true);
    begin(context, nonce_, associated);
    int written = 0;
    if (!plain.empty())
        require_openssl(EVP_CipherUpdate(context, sealed.data() + kNonce, &written, plain.data(),
                                         static_cast<int>(plain.size())) == 1,
                        "seal");
    std::uint8_t* tag = sealed.data() + kNonce + plain.size();
    require_openssl(EVP_CipherFinal_ex(context, tag, &written) == 1, "seal");
    require_openssl(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, kTag, tag) == 1, "seal");
    return sealed;
}

Result<SecretBytes> Aead::open(ByteView sealed, std::initializer_list<ByteView> associated) {
    if (sealed.size() < kOverhead) return fail(E_AES_TAG_VERIFICATION);
    const ByteView text = sealed.subspan(kNonce, sealed.size() - kOverhead);
    EVP_CIPHER_CTX* const context = keyed(decrypt_, false);
    begin(context, sealed.first(kNonce), associated);
    SecretBytes plain(text.size());
    int written = 0;
    if (!text.empty())
        require_openssl(EVP_CipherUpdate(context, plain.data(), &written, text.data(),
                                         static_cast<int>(text.size())) == 1,
                        "open");
    auto* tag = const_cast<std::uint8_t*>(sealed.data() + sealed.size() - kTag);
    require_openssl(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, kTag, tag) == 1, "open");
    std::uint8_t nothing = 0;
    if (EVP_CipherFinal_ex(context, &nothing, &written) != 1) return fail(E_AES_TAG_VERIFICATION);
    return plain;
}

}  // namespace cs2sim
