// The parameters of mechanisms: from the caller's structures to CXI's layouts.
#include <algorithm>

#include "host-lib/pkcs11/parameter_reading.h"

namespace cs2sim::p11 {
namespace {

constexpr CK_ULONG kMostBytes = 1 << 20;  // of any part of a parameter

Answer put_crypt_parameter(Prepared& out, ByteView iv, ByteView associated = {}, CK_ULONG tag_bits = 0) {
    return put_parameter(out.parameter, LAYOUT_CXI_CRYPT_PARAMETER,
                         {CXI_IV_NO_GENERATE, iv, associated, tag_bits});
}

const DigestRow* mask_by(CK_ULONG mgf) {
    for (const DigestRow& row : hash_table())
        if (row.mgf == mgf && mgf != 0) return &row;
    return nullptr;
}

Answer read_iv(const CK_MECHANISM& mechanism, std::size_t block, Prepared& out) {
    CS2SIM_TRY_LET(iv, part(mechanism.pParameter, mechanism.ulParameterLen));
    if (iv.size() != block) return kBad;
    CS2SIM_TRY(put_crypt_parameter(out, iv));
    return {};
}

// An initial value alone, or with bytes that stand around the key.
Answer read_cbc_wrap(const CK_MECHANISM& mechanism, std::size_t block, Prepared& out) {
    const auto given = structure<CK_WRAP_PARAMS>(mechanism);
    if (!given) return read_iv(mechanism, block, out);
    CS2SIM_TRY_LET(iv, part(given->pIv, given->ulIvLen));
    CS2SIM_TRY_LET(prefix, part(given->pPrefix, given->ulPrefixLen));
    CS2SIM_TRY_LET(postfix, part(given->pPostfix, given->ulPostfixLen));
    if (iv.size() != block) return kBad;
    out.framed = !prefix.empty() || !postfix.empty();
    if (!out.framed) return put_crypt_parameter(out, iv);
    return put_parameter(out.parameter, LAYOUT_CXI_FRAME_PARAMETER,
                         {CXI_IV_NO_GENERATE, iv, ByteView(), 0, prefix, postfix});
}

// An initial value (PKCS#11 3.0), or what GCM has (older callers).
Answer read_gmac(const CK_MECHANISM& mechanism, Prepared& out) {
    const auto gcm = structure<CK_GCM_PARAMS>(mechanism);
    CS2SIM_TRY_LET(iv,
                   gcm ? part(gcm->pIv, gcm->ulIvLen) : part(mechanism.pParameter, mechanism.ulParameterLen));
    if (iv.empty() || iv.size() > 128 || (gcm && (gcm->ulAADLen != 0 || gcm->ulTagBits != 128))) return kBad;
    return put_parameter(out.parameter, LAYOUT_CXI_GMAC_PARAMETER, {iv});
}

// How long each of several data is; none: there is one.
Answer read_multi(const CK_MECHANISM& mechanism, Prepared& out) {
    if (mechanism.ulParameterLen == 0) return {};
    const auto given = structure<CK_ULONG>(mechanism);
    if (!given || *given == 0 || *given > 1024) return kBad;
    out.each = *given;
    return {};
}

Answer read_ctr(const CK_MECHANISM& mechanism, Prepared& out) {
    const auto given = structure<CK_AES_CTR_PARAMS>(mechanism);
    if (!given || given->ulCounterBits == 0 || given->ulCounterBits > 128) return kBad;
    CS2SIM_TRY(put_crypt_parameter(out, ByteView(given->cb)));
    if (given->ulCounterBits >= 64) return {};  // nobody comes that far
    const std::uint64_t low = big_endian(ByteView(given->cb).last(8));
    const std::uint64_t round = std::uint64_t{1} << given->ulCounterBits;
    out.most_blocks = round - (low & (round - 1));
    return {};
}

Answer read_gcm(const CK_MECHANISM& mechanism, Prepared& out) {
    CK_GCM_PARAMS given{};
    if (const auto now = structure<CK_GCM_PARAMS>(mechanism)) {
        given = *now;
    } else if (const auto old = structure<CK_GCM_PARAMS_V2_20>(mechanism)) {
        given = {old->pIv, old->ulIvLen, 0, old->pAAD, old->ulAADLen, old->ulTagBits};
    } else {
        return kBad;
    }
    const auto iv = part(given.pIv, given.ulIvLen);
    const auto associated = part(given.pAAD, given.ulAADLen);
    CS2SIM_TRY(iv);
    CS2SIM_TRY(associated);
    if (iv->empty() || iv->size() > 256 || given.ulTagBits > 128 || given.ulTagBits == 0) return kBad;
    CS2SIM_TRY(put_crypt_parameter(out, *iv, *associated, given.ulTagBits));
    out.tag_length = given.ulTagBits / 8;
    return {};
}

Answer read_ccm(const CK_MECHANISM& mechanism, Prepared& out) {
    const auto given = structure<CK_CCM_PARAMS>(mechanism);
    if (!given) return kBad;
    const auto nonce = part(given->pNonce, given->ulNonceLen);
    const auto associated = part(given->pAAD, given->ulAADLen);
    CS2SIM_TRY(nonce);
    CS2SIM_TRY(associated);
    if (nonce->size() < 7 || nonce->size() > 13 || given->ulMACLen < 4 || given->ulMACLen > 16) return kBad;
    CS2SIM_TRY(put_crypt_parameter(out, *nonce, *associated, given->ulMACLen * 8));
    out.tag_length = given->ulMACLen;
    out.whole_length = given->ulDataLen;
    return {};
}

Answer read_oaep(const CK_RSA_PKCS_OAEP_PARAMS& given, Prepared& out) {
    const DigestRow* hash = hash_by(given.hashAlg);
    const DigestRow* mask = mask_by(given.mgf);
    if (!hash || !mask) return kBad;
    if (given.source != CKZ_DATA_SPECIFIED && (given.source != 0 || given.ulSourceDataLen != 0)) return kBad;
    CS2SIM_TRY_LET(label, part(given.pSourceData, given.ulSourceDataLen));
    if (label.size() > 0xFFFF) return kBad;
    out.cxi |= hash->cxi;
    return put_parameter(out.parameter, LAYOUT_CXI_OAEP_PARAMETER, {mask->cxi, label});
}

Answer read_pss(const CK_MECHANISM& mechanism, Prepared& out) {
    const auto given = structure<CK_RSA_PKCS_PSS_PARAMS>(mechanism);
    if (!given) return kBad;
    const DigestRow* hash = hash_by(given->hashAlg);
    const DigestRow* mask = mask_by(given->mgf);
    if (!hash || !mask || given->sLen > 1024) return kBad;
    const DigestRow* own = hash_of(out.cxi);  // SHA256_RSA_PKCS_PSS names its hash itself
    if (own && own != hash) return kBad;
    out.cxi |= hash->cxi;
    // The usual parameter is left out: the device has contexts ready for it.
    if (mask != hash || given->sLen != hash->size)
        return put_parameter(out.parameter, LAYOUT_CXI_PSS_PARAMETER, {mask->cxi, given->sLen});
    return {};
}

Answer read_eddsa(const CK_MECHANISM& mechanism) {
    if (mechanism.ulParameterLen == 0) return {};
    const auto given = structure<CK_EDDSA_PARAMS>(mechanism);
    if (!given || given->phFlag != CK_FALSE || given->ulContextDataLen != 0)
        return kBad;  // pure Ed25519 only
    return {};
}

Answer read_number(const CK_MECHANISM& mechanism, CK_ULONG& number) {
    const auto given = structure<CK_ULONG>(mechanism);
    if (!given) return kBad;
    number = *given;
    return {};
}

Answer read_string(const CK_MECHANISM& mechanism, Prepared& out) {
    const auto given = structure<CK_KEY_DERIVATION_STRING_DATA>(mechanism);
    if (!given) return kBad;
    CS2SIM_TRY_LET(data, part(given->pData, given->ulLen));
    if (data.empty()) return kBad;
    out.data = to_bytes(data);
    return {};
}

// CBC with an IV is CBC without one over data whose first block has the IV in it.
template <class Parameters>
Answer read_cbc_data(const CK_MECHANISM& mechanism, Prepared& out) {
    const auto given = structure<Parameters>(mechanism);
    if (!given) return kBad;
    CS2SIM_TRY_LET(data, part(given->pData, given->length));
    if (data.empty() || data.size() % sizeof given->iv != 0) return kBad;
    out.data = to_bytes(data);
    for (std::size_t i = 0; i < sizeof given->iv; ++i) out.data[i] ^= given->iv[i];
    return {};
}

// What a module of users' own gets as it is.
Answer read_bytes(const CK_MECHANISM& mechanism, Prepared& out) {
    CS2SIM_TRY_LET(bytes, part(mechanism.pParameter, mechanism.ulParameterLen));
    if (bytes.size() > 0xFFFF) return kBad;  // SIGN's field
    out.parameter = to_bytes(bytes);
    return {};
}

Answer read_rsa_aes(const CK_MECHANISM& mechanism, Prepared& out) {
    const auto given = structure<CK_RSA_AES_KEY_WRAP_PARAMS>(mechanism);
    if (!given || (given->ulAESKeyBits != 128 && given->ulAESKeyBits != 192 && given->ulAESKeyBits != 256))
        return kBad;
    if (!given->pOAEPParams) return fail(CKR_ARGUMENTS_BAD);
    out.aes_bits = given->ulAESKeyBits;
    return read_oaep(*given->pOAEPParams, out);
}

Answer read_mac_length(const CK_MECHANISM& mechanism, Prepared& out) {
    CK_ULONG number = 0;
    CS2SIM_TRY(read_number(mechanism, number));
    if (number == 0 || number > 64) return kBad;
    out.mac_length = number;
    return {};
}

// The number itself.
Answer read_public_value(const CK_MECHANISM& mechanism, Prepared& out) {
    CS2SIM_TRY_LET(value, part(mechanism.pParameter, mechanism.ulParameterLen));
    if (value.empty() || value.size() > 1024) return kBad;
    out.data = to_bytes(value);
    return {};
}

Answer read_bit(const CK_MECHANISM& mechanism, Prepared& out) {
    CK_ULONG number = 0;
    CS2SIM_TRY(read_number(mechanism, number));
    if (number > 0xFFFFFFFF) return kBad;
    append_big_endian(out.data, number, 4);
    return {};
}

Answer read_parameter(const CK_MECHANISM& mechanism, Prepared& out) {
    switch (out.row->parameter) {
        case ParameterCodec::none:
            // Callers pass all kinds of empty parameters; what is not empty is none of ours.
            return mechanism.ulParameterLen == 0 ? Answer() : kBad;
        case ParameterCodec::bytes:
            return read_bytes(mechanism, out);
        case ParameterCodec::no_iv:
            if (mechanism.ulParameterLen == 0) return {};
            return kBad;  // other initial values than RFC 3394's and 5649's
        case ParameterCodec::iv:
            return read_iv(mechanism, 16, out);
        case ParameterCodec::iv8:
            return read_iv(mechanism, 8, out);
        case ParameterCodec::ctr:
            return read_ctr(mechanism, out);
        case ParameterCodec::gcm:
            return read_gcm(mechanism, out);
        case ParameterCodec::ccm:
            return read_ccm(mechanism, out);
        case ParameterCodec::oaep: {
            const auto given = structure<CK_RSA_PKCS_OAEP_PARAMS>(mechanism);
            return given ? read_oaep(*given, out) : Answer(kBad);
        }
        case ParameterCodec::rsa_aes:
            return read_rsa_aes(mechanism, out);
        case ParameterCodec::pss:
            return read_pss(mechanism, out);
        case ParameterCodec::eddsa:
            return read_eddsa(mechanism);
        case ParameterCodec::mac_length:
            return read_mac_length(mechanism, out);
        case ParameterCodec::ecdh:
            return read_ecdh(mechanism, out);
        case ParameterCodec::string:
            return read_string(mechanism, out);
        case ParameterCodec::public_value:
            return read_public_value(mechanism, out);
        case ParameterCodec::bit:
            return read_bit(mechanism, out);
        case ParameterCodec::key_handle:
            return read_number(mechanism, out.other_key);
        case ParameterCodec::gmac:
            return read_gmac(mechanism, out);
        case ParameterCodec::multi:
            return read_multi(mechanism, out);
        case ParameterCodec::cbc_wrap:
            return read_cbc_wrap(mechanism, 16, out);
        case ParameterCodec::cbc_wrap8:
            return read_cbc_wrap(mechanism, 8, out);
        case ParameterCodec::ecies:
            return read_ecies(mechanism, out);
        case ParameterCodec::tls_master:
            return read_tls_master(mechanism, out);
        case ParameterCodec::tls_mac:
            return read_tls_mac(mechanism, out);
        case ParameterCodec::tls_kdf:
            return read_tls_kdf(mechanism, out);
        case ParameterCodec::cbc_data:
            return read_cbc_data<CK_AES_CBC_ENCRYPT_DATA_PARAMS>(mechanism, out);
        case ParameterCodec::cbc_data8:
            return read_cbc_data<CK_DES_CBC_ENCRYPT_DATA_PARAMS>(mechanism, out);
    }
    return kBad;
}

}  // namespace

Result<ByteView> part(const void* bytes, CK_ULONG length) {
    if (length > kMostBytes) return fail(CKR_MECHANISM_PARAM_INVALID);
    if (!bytes && length != 0) return fail(CKR_ARGUMENTS_BAD);
    return ByteView(static_cast<const std::uint8_t*>(bytes), length);
}

Answer put_parameter(Bytes& out, const Layout& layout, std::initializer_list<Value> values) {
    auto parameter = compose(layout, values);
    if (!parameter) return fail(CKR_MECHANISM_PARAM_INVALID);
    out = *std::move(parameter);
    return {};
}

const DigestRow* hash_by(CK_MECHANISM_TYPE digest) {
    for (const DigestRow& row : hash_table())
        if (row.digest == digest) return &row;
    return nullptr;
}

Result<Prepared> prepare(const TokenProfile& profile, const CK_MECHANISM* mechanism, CK_FLAGS flags) {
    if (!mechanism) return fail(CKR_ARGUMENTS_BAD);
    Prepared out;
    out.type = mechanism->mechanism;
    out.row = is_custom(profile, out.type) ? nullptr : find_mechanism(out.type);
    if (!out.row) out.row = find_vendor_mechanism(profile, out.type);
    if (!out.row || (flags_of(*out.row, profile) & flags) == 0) return fail(CKR_MECHANISM_INVALID);
    if (!mechanism->pParameter && mechanism->ulParameterLen != 0) return fail(CKR_ARGUMENTS_BAD);
    out.cxi = out.row->cxi;
    if (out.row->work == Work::vendor)
        out.cxi |= static_cast<std::uint32_t>(out.type & 0xFF) << CXI_MECH_VDM_SHIFT |
                   static_cast<std::uint32_t>(out.type >> 8 & 0xFF);
    CS2SIM_TRY(read_parameter(*mechanism, out));
    return out;
}

}  // namespace cs2sim::p11
