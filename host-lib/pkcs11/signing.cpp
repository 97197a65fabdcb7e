#include "host-lib/pkcs11/signing.h"

#include "firmware/protocol/block.h"
#include "firmware/protocol/functions.h"
#include "host-lib/pkcs11/attributes.h"

namespace cs2sim::p11 {
namespace {

bool goes_in_pieces(Work work) { return work == Work::mac; }

// Bytes that the next command may still take; the parameter of a MAC (GMAC) goes with its first piece.
std::size_t room(const Operation& operation) {
    const std::size_t parameter = operation.chain == 0 ? operation.prepared->parameter.size() : 0;
    return CXI_MOST_DATA - parameter - operation.held.size();
}

std::size_t whole_mac(const Operation& operation) {
    if (const DigestRow* hash = hash_of(operation.prepared->cxi)) return hash->size;
    return key_bytes(*operation.key);  // CMAC, retail MAC: a block
}

// Sends what is held to the MAC on the device.
Result<Bytes> mac_piece(Session& session, Operation& operation, bool last) {
    const bool first = operation.chain == 0;
    if (!first && operation.generation != session.channel().generation()) return fail(E_CSA_CLOSED);
    if (const Bytes& parameter = operation.prepared->parameter; first)
        operation.held.insert(operation.held.begin(), parameter.begin(), parameter.end());
    const std::uint32_t flags =
        (last ? 0u : CXI_FLAG_HASH_PART) | (operation.compares ? CXI_FLAG_HASH_VERIFY : 0u);
    const auto answer =
        session.execute(FC_CXI, SFC_CXI_HASH_COMPUTE,
                        {flags, operation.prepared->cxi, operation.chain,
                         first ? ByteView(operation.key->reference) : ByteView(), ByteView(operation.held)},
                        first ? Effect::none : Effect::chained);
    CS2SIM_TRY(answer);
    operation.held.clear();
    operation.chain = answer->block.u32("state");
    operation.generation = session.channel().generation();
    return to_bytes(answer->block.bytes("hash"));
}

// A MAC of more than one command's data, or the first bytes of one: behind its data goes what it is to be.
Answer compare_mac(Session& session, Operation& operation, ByteView signature) {
    if (operation.prepared->mac_length > whole_mac(operation)) return fail(CKR_MECHANISM_PARAM_INVALID);
    if (operation.chain == 0 || !operation.held.empty()) CS2SIM_TRY(mac_piece(session, operation, false));
    operation.held = to_secret(signature);
    CS2SIM_TRY(mac_piece(session, operation, true));
    return {};
}

std::size_t one_signature(const Operation& operation) {
    const PropertyList& properties = operation.key->properties;
    if (key_type_of(properties) == CKK_RSA) return key_bytes(*operation.key);
    if (key_type_of(properties) == CKK_DSA) return 2 * properties.bytes(CXI_PROP_KEY_DSA_Q).size();
    return 2 * key_bytes(*operation.key);
}

SecretBytes padded_left(ByteView data, std::size_t size) {
    SecretBytes padded(size - data.size());
    padded.insert(padded.end(), data.begin(), data.end());
    return padded;
}

// The data of a MULTI mechanism, one by one. Error: CKR_DATA_LEN_RANGE.
Result<std::vector<SecretBytes>> single_data(const Operation& operation) {
    const Prepared& prepared = *operation.prepared;
    const ByteView all = operation.held;
    const std::size_t each = prepared.each == 0 ? all.size() : prepared.each;
    const bool bare_rsa =
        prepared.cxi == CXI_MECH_PAD_NONE && key_type_of(operation.key->properties) == CKK_RSA;
    const std::size_t modulus = bare_rsa ? key_bytes(*operation.key) : each;
    if (all.empty() || all.size() % each != 0 || each > modulus) return fail(CKR_DATA_LEN_RANGE);
    std::vector<SecretBytes> data;
    for (std::size_t at = 0; at < all.size(); at += each)
        data.push_back(padded_left(all.subspan(at, each), modulus));
    return data;
}

Result<SecretBytes> sign_several(Session& session, const Operation& operation) {
    CS2SIM_TRY_LET(data, single_data(operation));
    SecretBytes signatures;
    for (std::size_t at = 0; at < data.size();) {
        Bytes list;
        for (std::size_t i = 0; i < CXI_MOST_BULK && at < data.size(); ++i, ++at)
            compose_fitting_into(list, LAYOUT_CXI_BULK_ENTRY, data[at]);
        CS2SIM_TRY_LET(answer, session.execute(FC_CXI, SFC_CXI_SIGN_BULK,
                                               {0, operation.prepared->cxi, operation.key->reference,
                                                operation.prepared->parameter, list}));
        for (ByteView rest = answer.block.bytes("signatures"); !rest.empty();) {
            const auto entry = parse_prefix(LAYOUT_CXI_BULK_ENTRY, rest);
            if (!entry) return fail(E_CSA_PROTOCOL);
            const ByteView one = entry->bytes("entry");
            signatures.insert(signatures.end(), one.begin(), one.end());
        }
    }
    return signatures;
}

Answer verify(Session& session, const Operation& operation, ByteView signature, ByteView data) {
    const Prepared& prepared = *operation.prepared;
    CS2SIM_TRY(
        session.execute(FC_CXI, SFC_CXI_VERIFY,
                        {0, prepared.cxi, operation.key->reference, prepared.parameter, signature, data}));
    return {};
}

Answer verify_several(Session& session, const Operation& operation, ByteView signatures) {
    CS2SIM_TRY_LET(data, single_data(operation));
    for (const SecretBytes& one : data) {
        CS2SIM_TRY(verify(session, operation, signatures.first(one_signature(operation)), one));
        signatures = signatures.subspan(one_signature(operation));
    }
    return {};
}

// RSA_X9_31: the caller has made the digest and the trailer behind it, which names the hash (PKCS#11 3.0
// current mechanisms, section 2.1.11). Takes the trailer off and the hash into the mechanism. Error:
// CKR_DATA_INVALID.
Answer take_trailer(Operation& operation) {
    struct Trailer {
        std::uint8_t hash_id;  // ISO/IEC 10118
        std::uint32_t cxi;
    };
    constexpr Trailer kTrailers[] = {{0x31, CXI_MECH_HASH_RMD160},
                                     {0x33, CXI_MECH_HASH_SHA1},
                                     {0x34, CXI_MECH_HASH_SHA256},
                                     {0x35, CXI_MECH_HASH_SHA512},
                                     {0x36, CXI_MECH_HASH_SHA384}};
    constexpr std::uint8_t kEnd = 0xCC;
    SecretBytes& data = operation.held;
    for (const Trailer& row : kTrailers) {
        const DigestRow* hash = hash_of(row.cxi);
        if (data.size() != hash->size + 2 || data.back() != kEnd || data[hash->size] != row.hash_id) continue;
        data.resize(hash->size);
        operation.prepared->cxi |= row.cxi;
        return {};
    }
    return fail(CKR_DATA_INVALID);
}

bool is_prf(const Prepared& prepared) { return (prepared.cxi & CXI_MECH_KDF_MASK) == CXI_MECH_KDF_TLS12_PRF; }

// What is sent to be signed: the digest, or the data.
Result<SecretBytes> signed_data(Operation& operation) {
    const Prepared& prepared = *operation.prepared;
    if (prepared.row->type == CKM_RSA_X9_31) CS2SIM_TRY(take_trailer(operation));
    if (is_prf(prepared)) {
        SecretBytes labelled = to_secret(prepared.data);
        labelled.insert(labelled.end(), operation.held.begin(), operation.held.end());
        return labelled;
    }
    if (operation.hash) {
        SecretBytes digest(EVP_MAX_MD_SIZE);
        unsigned size = 0;
        if (EVP_DigestFinal_ex(operation.hash.get(), digest.data(), &size) != 1)
            return fail(CKR_FUNCTION_FAILED);
        digest.resize(size);
        return digest;
    }
    if (prepared.row->work == Work::rsa && prepared.cxi == CXI_MECH_PAD_NONE) {
        const std::size_t modulus = key_bytes(*operation.key);
        if (operation.held.size() > modulus) return fail(CKR_DATA_LEN_RANGE);
        return padded_left(operation.held, modulus);
    }
    return std::move(operation.held);
}

Result<SecretBytes> sign(Session& session, Operation& operation, ByteView data) {
    const Prepared& prepared = *operation.prepared;
    CS2SIM_TRY_LET(answer,
                   session.execute(FC_CXI, SFC_CXI_SIGN,
                                   {0, prepared.cxi, operation.key->reference, prepared.parameter, data}));
    return to_secret(answer.block.bytes("signature"));
}

Result<SecretBytes> shortened(const Operation& operation, SecretBytes mac) {
    const std::size_t length = operation.prepared->mac_length;
    if (length == 0) return mac;
    if (length > mac.size()) return fail(CKR_MECHANISM_PARAM_INVALID);
    mac.resize(length);
    return mac;
}

}  // namespace

std::size_t signature_size(const Operation& operation, std::size_t more) {
    const Prepared& prepared = *operation.prepared;
    switch (prepared.row->work) {
        case Work::mac:
        case Work::whole_mac:
            return prepared.mac_length != 0 ? prepared.mac_length : whole_mac(operation);
        case Work::multi:
            return one_signature(operation) *
                   (prepared.each == 0 ? 1 : (operation.held.size() + more) / prepared.each);
        case Work::vendor:
            return operation.held.size() + more + kVendorRoom;
        default:
            return one_signature(operation);
    }
}

Answer take_data(Session& session, Operation& operation, ByteView data) {
    if (operation.hash) {
        if (EVP_DigestUpdate(operation.hash.get(), data.data(), data.size()) != 1)
            return fail(CKR_FUNCTION_FAILED);
        return {};
    }
    const bool pieces = goes_in_pieces(operation.prepared->row->work);
    while (pieces && data.size() > room(operation)) {
        const ByteView part = data.first(room(operation));
        operation.held.insert(operation.held.end(), part.begin(), part.end());
        data = data.subspan(part.size());
        CS2SIM_TRY(mac_piece(session, operation, false));
    }
    if (operation.held.size() + data.size() > CXI_MOST_DATA) return fail(CKR_DATA_LEN_RANGE);
    operation.held.insert(operation.held.end(), data.begin(), data.end());
    return {};
}

Result<SecretBytes> make_signature(Session& session, Operation& operation) {
    if (operation.chain != 0) {
        CS2SIM_TRY_LET(mac, mac_piece(session, operation, true));
        return shortened(operation, to_secret(mac));
    }
    if (operation.prepared->row->work == Work::multi) return sign_several(session, operation);
    CS2SIM_TRY_LET(data, signed_data(operation));
    CS2SIM_TRY_LET(signature, sign(session, operation, data));
    return shortened(operation, std::move(signature));
}

Answer check_signature(Session& session, Operation& operation, ByteView signature) {
    const bool vendor = operation.prepared->row->work == Work::vendor;  // its module knows the length
    if (!vendor && signature.size() != signature_size(operation, 0)) return fail(CKR_SIGNATURE_LEN_RANGE);
    if (operation.prepared->row->work == Work::multi) return verify_several(session, operation, signature);
    const bool shortened_mac = operation.prepared->mac_length != 0 && !is_prf(*operation.prepared);
    if (operation.chain != 0 || (shortened_mac && goes_in_pieces(operation.prepared->row->work)))
        return compare_mac(session, operation, signature);
    CS2SIM_TRY_LET(data, signed_data(operation));
    return verify(session, operation, signature, data);
}

}  // namespace cs2sim::p11
