// Digests: made here, as they need no key; their state can be taken along.
#include <cstring>

#include "firmware/crypto/digest.h"
#include "host-lib/pkcs11/attributes.h"
#include "host-lib/pkcs11/external_objects.h"
#include "host-lib/pkcs11/handlers.h"
#include "host-lib/pkcs11/key_commands.h"
#include "host-lib/pkcs11/key_use.h"

namespace cs2sim::p11::functions {
namespace {

constexpr std::size_t kStateSize = SavedDigests::kNameSize;

const DigestRow& hash_row(const Operation& operation) { return *hash_of(operation.prepared->cxi); }

bool by_module(const Operation& operation) { return operation.prepared->row->work == Work::vendor; }

std::size_t digest_size(const Operation& operation) {
    return by_module(operation) ? kVendorRoom : hash_row(operation).size;
}

// What a module digests goes to the device whole.
Result<SecretBytes> finish(Session& session, const Operation& operation) {
    if (by_module(operation)) {
        const auto answer =
            session.execute(FC_CXI, SFC_CXI_HASH_COMPUTE,
                            {0, operation.prepared->cxi, 0, ByteView(), ByteView(operation.held)});
        CS2SIM_TRY(answer);
        return to_secret(answer->block.bytes("hash"));
    }
    SecretBytes digest(hash_row(operation).size);
    if (EVP_DigestFinal_ex(operation.hash.get(), digest.data(), nullptr) != 1)
        return fail(CKR_FUNCTION_FAILED);
    return digest;
}

Answer take(Operation& operation, ByteView data) {
    if (by_module(operation)) {
        if (data.size() > CXI_MOST_DATA - operation.held.size()) return fail(CKR_DATA_LEN_RANGE);
        operation.held.insert(operation.held.end(), data.begin(), data.end());
        return {};
    }
    if (EVP_DigestUpdate(operation.hash.get(), data.data(), data.size()) != 1)
        return fail(CKR_FUNCTION_FAILED);
    return {};
}

}  // namespace

Answer DigestInit(Session& session, CK_MECHANISM* mechanism) {
    Operation& operation = session.operation(Slot::digest);
    if (!mechanism && operation.active()) {
        operation.end();
        return {};
    }
    if (operation.active()) return fail(CKR_OPERATION_ACTIVE);
    CS2SIM_TRY_LET(prepared, prepare(*session.token.profile(), mechanism, CKF_DIGEST));
    Operation begun;
    begun.prepared = std::move(prepared);
    if (by_module(begun)) {
        operation = std::move(begun);
        return {};
    }
    begun.hash.reset(EVP_MD_CTX_new());
    if (!begun.hash ||
        EVP_DigestInit_ex2(begun.hash.get(), digest_method(hash_row(begun).name), nullptr) != 1)
        return fail(CKR_HOST_MEMORY);
    operation = std::move(begun);
    return {};
}

Answer Digest(Session& session, CK_BYTE* data, CK_ULONG length, CK_BYTE* out, CK_ULONG* out_length) {
    CS2SIM_TRY_LET(operation, active(session, Slot::digest, true));
    const auto work = [&]() -> Result<Delivery> {
        CS2SIM_TRY_LET(given, input(data, length));
        return deliver(*operation, out, out_length, digest_size(*operation), !by_module(*operation),
                       [&]() -> Result<SecretBytes> {
                           CS2SIM_TRY(take(*operation, given));
                           return finish(session, *operation);
                       });
    };
    return conclude(*operation, work());
}

Answer DigestUpdate(Session& session, CK_BYTE* data, CK_ULONG length) {
    CS2SIM_TRY_LET(operation, active(session, Slot::digest, false));
    const auto given = input(data, length);
    const Answer taken = given ? take(*operation, *given) : Answer(fail(given.error()));
    operation->updating = true;
    if (!taken) operation->end();
    return taken;
}

Answer DigestKey(Session& session, CK_OBJECT_HANDLE handle) {
    CS2SIM_TRY_LET(operation, active(session, Slot::digest, false));
    const auto digest_key = [&]() -> Answer {
        CS2SIM_TRY_LET(key, object_in_use(session, handle, CKR_KEY_HANDLE_INVALID));
        const bool readable = class_of(key->properties) == CKO_SECRET_KEY &&
                              key->properties.flag_or(CXI_PROP_EXTRACTABLE, false) &&
                              !key->properties.flag_or(CXI_PROP_SENSITIVE, true);
        if (!readable) return fail(CKR_KEY_INDIGESTIBLE);
        CS2SIM_TRY_LET(material, export_key(session, *key));
        return take(*operation, material);
    };
    const Answer taken = digest_key();
    operation->updating = true;
    if (!taken) operation->end();
    return taken;
}

Answer DigestFinal(Session& session, CK_BYTE* out, CK_ULONG* out_length) {
    CS2SIM_TRY_LET(operation, active(session, Slot::digest, false));
    return conclude(*operation, deliver(*operation, out, out_length, digest_size(*operation),
                                        !by_module(*operation), [&] { return finish(session, *operation); }));
}

// A state is a name under which the library keeps the digest: it can be restored as often as wanted, in any
// session.
Answer GetOperationState(Session& session, CK_BYTE* state, CK_ULONG* length) {
    if (!length) return fail(CKR_ARGUMENTS_BAD);
    if (!session.operation(Slot::digest).active()) {
        for (const Slot slot : {Slot::encrypt, Slot::decrypt, Slot::sign, Slot::verify})
            if (session.operation(slot).active()) return fail(CKR_STATE_UNSAVEABLE);
        return fail(CKR_OPERATION_NOT_INITIALIZED);
    }
    if (by_module(session.operation(Slot::digest))) return fail(CKR_STATE_UNSAVEABLE);
    const CK_ULONG room = *length;
    *length = kStateSize;
    if (!state) return {};
    if (room < kStateSize) return fail(CKR_BUFFER_TOO_SMALL);
    const Operation& operation = session.operation(Slot::digest);
    Handle<EVP_MD_CTX> copy(EVP_MD_CTX_new());
    if (!copy || EVP_MD_CTX_copy_ex(copy.get(), operation.hash.get()) != 1) return fail(CKR_HOST_MEMORY);
    const Bytes name = session.library.saved_digests.put({*operation.prepared, std::move(copy)});
    std::memcpy(state, name.data(), kStateSize);
    return {};
}

Answer SetOperationState(Session& session, CK_BYTE* state, CK_ULONG length, CK_OBJECT_HANDLE encryption,
                         CK_OBJECT_HANDLE authentication) {
    CS2SIM_TRY_LET(given, input(state, length));
    if (encryption != CK_INVALID_HANDLE || authentication != CK_INVALID_HANDLE)
        return fail(CKR_KEY_NOT_NEEDED);
    auto saved = session.library.saved_digests.copy(given);
    if (!saved) return fail(CKR_SAVED_STATE_INVALID);
    Operation restored;
    restored.prepared = saved->prepared;
    restored.hash = std::move(saved->hash);
    restored.updating = true;
    session.operation(Slot::digest) = std::move(restored);
    return {};
}

}  // namespace cs2sim::p11::functions
