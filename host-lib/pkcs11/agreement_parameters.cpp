// Parameters of key agreement and of the functions of TLS 1.2.
#include "host-lib/pkcs11/attributes.h"
#include "host-lib/pkcs11/derivation.h"
#include "host-lib/pkcs11/parameter_reading.h"

namespace cs2sim::p11 {
namespace {

constexpr std::size_t kRandom = 32;  // RFC 5246, section 7.4.1.2

// What goes into the PRF behind its label.
Answer append_randoms(Bytes& seed, const CK_SSL3_RANDOM_DATA& randoms) {
    const auto client = part(randoms.pClientRandom, randoms.ulClientRandomLen);
    const auto server = part(randoms.pServerRandom, randoms.ulServerRandomLen);
    CS2SIM_TRY(client);
    CS2SIM_TRY(server);
    if (client->size() != kRandom || server->size() != kRandom) return kBad;
    append(seed, *client);
    append(seed, *server);
    return {};
}

Answer take_prf(CK_MECHANISM_TYPE digest, Prepared& out) {
    const DigestRow* hash = hash_by(digest);
    if (!hash) return kBad;
    out.cxi |= hash->cxi;
    return {};
}

}  // namespace

Answer read_ecdh(const CK_MECHANISM& mechanism, Prepared& out) {
    const auto given = structure<CK_ECDH1_DERIVE_PARAMS>(mechanism);
    if (!given) return kBad;
    const auto peer = part(given->pPublicData, given->ulPublicDataLen);
    const auto shared = part(given->pSharedData, given->ulSharedDataLen);
    CS2SIM_TRY(peer);
    CS2SIM_TRY(shared);
    if (peer->empty()) return kBad;
    if (given->kdf == CKD_NULL) {
        if (!shared->empty()) return kBad;
    } else {
        const DigestRow* hash = nullptr;
        for (const DigestRow& row : hash_table())
            if (row.kdf == given->kdf && row.kdf != 0) hash = &row;
        if (!hash) return kBad;
        out.cxi |= hash->cxi;
    }
    return put_parameter(out.data, LAYOUT_CXI_X963_PARAMETER, {*peer, *shared});
}

Result<Bytes> agreement_data(const Prepared& prepared, const Object& key) {
    if (prepared.row->parameter != ParameterCodec::ecdh) return prepared.data;
    const auto given = parse(LAYOUT_CXI_X963_PARAMETER, prepared.data);
    if (!given) return fail(CKR_MECHANISM_PARAM_INVALID);
    const std::string_view curve = as_text(key.properties.bytes(CXI_PROP_KEY_EC_CURVE));
    Bytes data;
    CS2SIM_TRY(put_parameter(data, LAYOUT_CXI_X963_PARAMETER,
                             {point_in(given->bytes("peer"), curve), given->bytes("shared")}));
    return data;
}

Answer read_ecies(const CK_MECHANISM& mechanism, Prepared& out) {
    const auto given = structure<CK_ECDSA_ECIES_PARAMS>(mechanism);
    if (!given) return kBad;
    const auto first = part(given->pSharedSecret1, given->ulSharedSecret1Len);
    const auto second = part(given->pSharedSecret2, given->ulSharedSecret2Len);
    CS2SIM_TRY(first);
    CS2SIM_TRY(second);
    const bool exclusive_or = out.row->type == CKM_CS_ECDSA_ECIES_XOR;
    const DigestRow* hash = hash_by(given->hashAlg);
    const MechanismRow* mac = find_mechanism(given->macAlg);
    const DigestRow* mac_hash =
        mac && (mac->cxi & CXI_MECH_MODE_MASK) == CXI_MECH_MODE_HMAC ? hash_of(mac->cxi) : nullptr;
    if (!hash || !mac_hash || given->macOpt > mac_hash->size) return kBad;
    const bool cipher = given->cryptAlg == CKM_AES_CBC_PAD || given->cryptAlg == CKM_AES_CBC;
    if (!exclusive_or &&
        (!cipher || (given->cryptOpt != 128 && given->cryptOpt != 192 && given->cryptOpt != 256)))
        return kBad;
    out.cxi |= hash->cxi;
    out.tag_length = given->macOpt != 0 ? given->macOpt : mac_hash->size;
    return put_parameter(
        out.parameter, LAYOUT_CXI_ECIES_PARAMETER,
        {exclusive_or ? 0 : given->cryptOpt, mac_hash->cxi, out.tag_length, *first, *second});
}

// RFC 5246, section 8.1. The version stays what it is: the premaster secret is on the device.
Answer read_tls_master(const CK_MECHANISM& mechanism, Prepared& out) {
    const auto given = structure<CK_TLS12_MASTER_KEY_DERIVE_PARAMS>(mechanism);
    if (!given) return kBad;
    CS2SIM_TRY(take_prf(given->prfHashMechanism, out));
    if (out.row->type == CKM_TLS12_MASTER_KEY_DERIVE && !given->pVersion) return fail(CKR_ARGUMENTS_BAD);
    if (given->pVersion) *given->pVersion = {3, 3};
    append(out.data, as_bytes("master secret"));
    return append_randoms(out.data, given->RandomInfo);
}

// RFC 5246, section 7.4.9: the label of the Finished message stands before what the caller signs.
Answer read_tls_mac(const CK_MECHANISM& mechanism, Prepared& out) {
    const auto given = structure<CK_TLS_MAC_PARAMS>(mechanism);
    if (!given || given->ulMacLength == 0 || given->ulMacLength > 64) return kBad;
    if (given->ulServerOrClient != 1 && given->ulServerOrClient != 2) return kBad;
    CS2SIM_TRY(take_prf(given->prfHashMechanism, out));
    out.mac_length = given->ulMacLength;
    append(out.data, as_bytes(given->ulServerOrClient == 1 ? "server finished" : "client finished"));
    return put_parameter(out.parameter, LAYOUT_CXI_PRF_PARAMETER, {given->ulMacLength});
}

// RFC 5705, section 4: a context comes with its length.
Answer read_tls_kdf(const CK_MECHANISM& mechanism, Prepared& out) {
    const auto given = structure<CK_TLS_KDF_PARAMS>(mechanism);
    if (!given) return kBad;
    const auto label = part(given->pLabel, given->ulLabelLength);
    const auto context = part(given->pContextData, given->ulContextDataLength);
    CS2SIM_TRY(label);
    CS2SIM_TRY(context);
    if (label->empty() || context->size() > 0xFFFF) return kBad;
    CS2SIM_TRY(take_prf(given->prfMechanism, out));
    append(out.data, *label);
    CS2SIM_TRY(append_randoms(out.data, given->RandomInfo));
    if (!given->pContextData) return {};
    append_big_endian(out.data, context->size(), 2);
    append(out.data, *context);
    return {};
}

}  // namespace cs2sim::p11
