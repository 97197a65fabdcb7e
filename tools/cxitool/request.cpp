// Certificate requests: PKCS#10 (RFC 2986), signed by the device.
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "firmware/crypto/der.h"
#include "firmware/crypto/pkey.h"
#include "tools/cxitool/selection.h"
#include "tools/cxitool/work.h"
#include "tools/session/arguments.h"

namespace cs2sim::tools {
namespace {

struct AlgorithmFree {
    void operator()(X509_ALGOR* p) const { X509_ALGOR_free(p); }
    void operator()(RSA_PSS_PARAMS* p) const { RSA_PSS_PARAMS_free(p); }
};
using Algorithm = std::unique_ptr<X509_ALGOR, AlgorithmFree>;

// "CN=name,O=organisation,C=DE"
Result<void> set_subject(const ToolSession& session, X509_REQ* request, const std::string& text) {
    X509_NAME* subject = X509_REQ_get_subject_name(request);
    for (const std::string& part : split_list(text)) {
        const std::size_t equals = part.find('=');
        if (equals == std::string::npos ||
            X509_NAME_add_entry_by_txt(subject, part.substr(0, equals).c_str(), MBSTRING_UTF8,
                                       reinterpret_cast<const unsigned char*>(part.data()) + equals + 1,
                                       static_cast<int>(part.size() - equals - 1), -1, 0) != 1)
            return misused(session,
                           "Subject= has no '" + part.substr(0, 60) + "': it is CN=<name>,O=<name> and such");
    }
    return {};
}

// RSASSA-PSS-params (RFC 4055): MGF1 with the same hash and a salt of its length, as the device signs when it
// is told nothing else. All of SHA-1's are the defaults, which DER leaves out.
ASN1_STRING* pss_parameters(const EVP_MD* hash) {
    const std::unique_ptr<RSA_PSS_PARAMS, AlgorithmFree> parameters(RSA_PSS_PARAMS_new());
    if (!parameters) return nullptr;
    if (EVP_MD_get_type(hash) != NID_sha1) {
        parameters->hashAlgorithm = X509_ALGOR_new();
        parameters->maskGenAlgorithm = X509_ALGOR_new();
        parameters->saltLength = ASN1_INTEGER_new();
        if (!parameters->hashAlgorithm || !parameters->maskGenAlgorithm || !parameters->saltLength)
            return nullptr;
        X509_ALGOR_set_md(parameters->hashAlgorithm, hash);
        ASN1_STRING* mgf = ASN1_item_pack(parameters->hashAlgorithm, ASN1_ITEM_rptr(X509_ALGOR), nullptr);
        X509_ALGOR_set0(parameters->maskGenAlgorithm, OBJ_nid2obj(NID_mgf1), V_ASN1_SEQUENCE, mgf);
        ASN1_INTEGER_set(parameters->saltLength, EVP_MD_get_size(hash));
    }
    return ASN1_item_pack(parameters.get(), ASN1_ITEM_rptr(RSA_PSS_PARAMS), nullptr);
}

// How the request says that it is signed. Error: E_CXI_CRYPT_MECH when there is no name for that.
Result<Algorithm> signature_algorithm(const WorkKind& kind, const HashWord& hash, std::uint32_t pad) {
    Algorithm algorithm(X509_ALGOR_new());
    if (!algorithm) return fail(E_CSA_NO_MEM);
    if (pad == CXI_MECH_PAD_PSS) {
        const EVP_MD* method = EVP_get_digestbyname(hash.openssl);
        ASN1_STRING* parameters = method ? pss_parameters(method) : nullptr;
        if (!parameters) return fail(E_CXI_CRYPT_MECH);
        X509_ALGOR_set0(algorithm.get(), OBJ_nid2obj(NID_rsassaPss), V_ASN1_SEQUENCE, parameters);
        return algorithm;
    }
    int nid = NID_ED25519;
    if (!kind.edwards)
        OBJ_find_sigid_by_algs(&nid, OBJ_txt2nid(hash.openssl),
                               kind.rsa()                           ? NID_rsaEncryption
                               : kind.algorithm == CXI_KEY_ALGO_DSA ? NID_dsa
                                                                    : NID_X9_62_id_ecPublicKey);
    if (nid == NID_undef) return fail(E_CXI_CRYPT_MECH);
    X509_ALGOR_set0(algorithm.get(), OBJ_nid2obj(nid), kind.rsa() ? V_ASN1_NULL : V_ASN1_UNDEF, nullptr);
    return algorithm;
}

// The request but for its signature.
Result<Handle<X509_REQ>> unsigned_request(ToolSession& session, ByteView key, X509_ALGOR* algorithm) {
    const auto exported =
        session.execute(FC_CXI, SFC_CXI_KEY_EXPORT, {CXI_KEY_TYPE_PUBLIC, 0, key, ByteView(), ByteView()});
    CS2SIM_TRY(exported);
    CS2SIM_TRY_LET(public_key, public_key_from_der(exported->block.bytes("blob")));
    Handle<X509_REQ> request(X509_REQ_new());
    if (!request || X509_REQ_set_pubkey(request.get(), public_key.get()) != 1) return fail(E_CXI_CRYPT_MECH);
    CS2SIM_TRY(set_subject(session, request.get(),
                           session.parameter_or("Subject", "CN=" + session.parameter_or("Name", ""))));
    X509_REQ_set1_signature_algo(request.get(), algorithm);
    return request;
}

// Signs it on the device. `mechanism` is 0 for Edwards curves, which hash by themselves.
Result<void> sign_request(ToolSession& session, X509_REQ* request, ByteView key, std::uint32_t mechanism) {
    const Bytes signed_part = der_of(request, i2d_re_X509_REQ_tbs);
    if (signed_part.empty()) return fail(E_CSA_NO_MEM);
    const std::uint32_t flags = mechanism == 0 ? 0u : std::uint32_t{CXI_FLAG_HASH_DATA};
    const auto answer =
        session.execute(FC_CXI, SFC_CXI_SIGN, {flags, mechanism, key, ByteView(), signed_part});
    CS2SIM_TRY(answer);
    const ByteView signature = answer->block.bytes("signature");
    ASN1_BIT_STRING* bits = ASN1_BIT_STRING_new();
    ASN1_BIT_STRING_set(bits, const_cast<unsigned char*>(signature.data()),
                        static_cast<int>(signature.size()));
    bits->flags = (bits->flags & ~0x07L) | ASN1_STRING_FLAG_BITS_LEFT;  // no unused bits
    X509_REQ_set0_signature(request, bits);
    return {};
}

}  // namespace

Result<void> export_p10(ToolSession& session, const std::string& value) {
    CS2SIM_TRY_LET(key, work_key(session));
    const WorkKind kind = key.kind;
    CS2SIM_TRY_LET(hash, hash_of(session));
    CS2SIM_TRY_LET(pad, pad_of(session, kind.rsa() ? PadUse::rsa_request : PadUse::other));
    CS2SIM_TRY_LET(algorithm, signature_algorithm(kind, *hash, pad));
    CS2SIM_TRY_LET(request, unsigned_request(session, key.reference, algorithm.get()));
    const std::uint32_t format = kind.rsa() ? 0u : std::uint32_t{CXI_MECH_FORMAT_ASN1};
    const std::uint32_t mechanism = kind.edwards ? 0u : hash->id | pad | format;
    CS2SIM_TRY(sign_request(session, request.get(), key.reference, mechanism));
    const Handle<BIO> memory(BIO_new(BIO_s_mem()));
    if (PEM_write_bio_X509_REQ(memory.get(), request.get()) != 1) return fail(E_CSA_NO_MEM);
    const char* text = nullptr;
    const long length = BIO_get_mem_data(memory.get(), &text);
    return write_data(value, as_bytes({text, static_cast<std::size_t>(length)}));
}

}  // namespace cs2sim::tools
