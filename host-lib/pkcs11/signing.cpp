#include "host-lib/pkcs11/signing.h"

#include "host-lib/pkcs11/attributes.h"

namespace cs2sim::p11 {
namespace {

bool goes_in_pieces(Work work) { return work == Work::mac; }

std::size_t whole_mac(const Operation& operation) {
    if (const HashRow* hash = hash_of(operation.prepared->cxi)) return hash->size;
    return key_bytes(*operation.key);  // CMAC, retail MAC: a block
}

// Sends what is held to the MAC on the device.
Result<Bytes> mac_piece(Session& session, Operation& operation, bool last) {
    const bool first = operation.chain == 0;
    if (!first && operation.generation != session.channel().generation()) return fail(E_CSA_CLOSED);
    const auto answer =
        session.execute(FC_CXI, SFC_CXI_HASH_COMPUTE,
                        {last ? 0u : CXI_FLAG_HASH_PART, operation.prepared->cxi, operation.chain,
                         first ? ByteView(operation.key->reference) : ByteView(), ByteView(operation.held)},
                        first ? Effect::none : Effect::chained);
    if (!answer) return fail(answer.error());
    operation.held.clear();
    operation.chain = answer->block.u32("state");
    operation.generation = session.channel().generation();
    return to_bytes(answer->block.bytes("hash"));
}

// What is sent to be signed: the digest, or the data.
Result<SecretBytes> signed_data(Operation& operation) {
    const Prepared& prepared = *operation.prepared;
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
        SecretBytes padded(modulus - operation.held.size());
        padded.insert(padded.end(), operation.held.begin(), operation.held.end());
        return padded;
    }
    return std::move(operation.held);
}

Result<SecretBytes> sign(Session& session, Operation& operation, ByteView data) {
    const Prepared& prepared = *operation.prepared;
    const auto answer = session.execute(
        FC_CXI, SFC_CXI_SIGN, {0, prepared.cxi, operation.key->reference, prepared.parameter, data});
    if (!answer) return fail(answer.error());
    return to_secret(answer->block.bytes("signature"));
}

Result<SecretBytes> shortened(const Operation& operation, SecretBytes mac) {
    const std::size_t length = operation.prepared->mac_length;
    if (length == 0) return mac;
    if (length > mac.size()) return fail(CKR_MECHANISM_PARAM_INVALID);
    mac.resize(length);
    return mac;
}

}  // namespace

std::size_t signature_size(const Operation& operation) {
    const Prepared& prepared = *operation.prepared;
    switch (prepared.row->work) {
        case Work::mac:
        case Work::retail_mac:
            return prepared.mac_length != 0 ? prepared.mac_length : whole_mac(operation);
        default:
            if (key_type_of(operation.key->properties) == CKK_RSA) return key_bytes(*operation.key);
            return 2 * key_bytes(*operation.key);
    }
}

Answer take_data(Session& session, Operation& operation, ByteView data) {
    if (operation.hash) {
        if (EVP_DigestUpdate(operation.hash.get(), data.data(), data.size()) != 1)
            return fail(CKR_FUNCTION_FAILED);
        return {};
    }
    const bool pieces = goes_in_pieces(operation.prepared->row->work);
    while (pieces && operation.held.size() + data.size() > CXI_MOST_DATA) {
        const ByteView part = data.first(std::min(data.size(), CXI_MOST_DATA - operation.held.size()));
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
        const auto mac = mac_piece(session, operation, true);
        if (!mac) return fail(mac.error());
        return shortened(operation, to_secret(*mac));
    }
    const auto data = signed_data(operation);
    if (!data) return fail(data.error());
    auto signature = sign(session, operation, *data);
    if (!signature) return signature;
    return shortened(operation, *std::move(signature));
}

Answer check_signature(Session& session, Operation& operation, ByteView signature) {
    if (signature.size() != signature_size(operation)) return fail(CKR_SIGNATURE_LEN_RANGE);
    // The device compares whole MACs only, and those of one command.
    if (operation.chain != 0 || operation.prepared->mac_length != 0) {
        const auto expected = make_signature(session, operation);
        if (!expected) return fail(expected.error());
        if (!equal_in_constant_time(*expected, signature)) return fail(CKR_SIGNATURE_INVALID);
        return {};
    }
    const auto data = signed_data(operation);
    if (!data) return fail(data.error());
    const Prepared& prepared = *operation.prepared;
    CS2SIM_TRY(session.execute(
        FC_CXI, SFC_CXI_VERIFY,
        {0, prepared.cxi, operation.key->reference, prepared.parameter, signature, ByteView(*data)}));
    return {};
}

}  // namespace cs2sim::p11
