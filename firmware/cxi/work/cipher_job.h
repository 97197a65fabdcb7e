// Encryption and decryption with keys: symmetric ciphers whole or in pieces, and RSA.
#pragma once

#include <memory>

#include "firmware/cxi/keys/key_object.h"
#include "firmware/cxi/work/mechanism.h"
#include "firmware/protocol/abandonment.h"

namespace cs2sim {

// A symmetric cipher at work; lives in a caller's handle table between commands.
//
// Block modes pad as the mechanism says: PKCS5, ISO7816, RANDOM (ISO 10126) are removed on decryption; ZERO
// fills up with zeros on encryption and removes nothing, for nobody can tell filling from data. GCM and CCM
// append the tag to the ciphertext. In pieces, GCM hands out plaintext before its tag is known to be good:
// the caller must discard it when the last command fails. CCM and KEY_WRAP know no pieces.
class CipherJob {
public:
    // `parameter`: LAYOUT_CXI_CRYPT_PARAMETER, or empty (no IV, 128-bit tag).
    // Errors: E_CXI_KEY_TYPE, E_CXI_CRYPT_MECH, E_CXI_CRYPT_MECH_PARA, E_CXI_CRYPT_IV_LEN.
    static Result<std::shared_ptr<CipherJob>> start(const LoadedKey& key, Mechanism mechanism, bool encrypt,
                                                    ByteView parameter);

    // The IV when the device made it (CXI_IV_GENERATE), else empty.
    const Bytes& made_iv() const { return made_iv_; }

    // Both append to `out`, and nothing comes after finish(). Errors: E_CXI_CRYPT_DATA_LEN; E_OS_PCI_CANCEL
    // when abandoned, after which the job is of no use; of finish(): E_CXI_CRYPT_PADDING,
    // E_AES_TAG_VERIFICATION.
    Result<void> update(ByteView data, Bytes& out, const Abandonment* abandonment = nullptr);
    Result<void> finish(Bytes& out);

    // The whole message at once, CCM and KEY_WRAP too; the second appends to `out`. Errors: those of all
    // above, and E_AES_KEYWRAP.
    Result<Bytes> whole(ByteView data, const Abandonment* abandonment = nullptr);
    Result<void> whole(ByteView data, Bytes& out, const Abandonment* abandonment = nullptr);

private:
    struct Parameter;
    Result<void> set_up(const LoadedKey& key, const Parameter& parameter);
    Result<void> take_iv(const Parameter& parameter);
    Result<void> take_key(const LoadedKey& key);
    Result<void> begin(const LoadedKey& key, ByteView associated);
    Result<void> pass(ByteView data, Bytes& out, const Abandonment* abandonment = nullptr);
    Result<void> end(Bytes& out);
    Result<void> pad(Bytes& out);
    Result<void> unpad(Bytes& out);
    Result<Bytes> whole_ccm(ByteView data);
    Result<Bytes> whole_key_wrap(ByteView data, const Abandonment* abandonment);

    Mechanism mechanism_;
    bool encrypt_ = true;
    const EVP_CIPHER* method_ = nullptr;
    std::shared_ptr<ReadyContexts<EVP_CIPHER_CTX>> ready_;  // the key's; not of CCM and KEY_WRAP
    Handle<EVP_CIPHER_CTX> context_;
    std::size_t block_ = 1;
    std::size_t portion_ = 0;  // bytes at a time
    std::size_t tag_ = 0;      // bytes of the tag
    std::uint64_t fed_ = 0;    // bytes so far
    Bytes iv_;
    Bytes made_iv_;
    Bytes associated_;
    SecretBytes key_;
    SecretBytes held_;  // GCM decryption: may be the tag; padded decryption: the last block in clear
};

// RSA with PKCS#1 v1.5, OAEP or no padding. `parameter`: LAYOUT_CXI_OAEP_PARAMETER or empty (MGF1 with the
// mechanism's hash, SHA-1 when it names none, no label).
// Errors: E_CXI_KEY_TYPE, E_CXI_CRYPT_MECH, E_CXI_CRYPT_MECH_PARA, E_CXI_CRYPT_DATA_LEN, E_CXI_CRYPT_PADDING.
Result<Bytes> rsa_encrypt(const LoadedKey& key, Mechanism mechanism, ByteView parameter, ByteView data);
Result<SecretBytes> rsa_decrypt(const LoadedKey& key, Mechanism mechanism, ByteView parameter, ByteView data);

}  // namespace cs2sim
