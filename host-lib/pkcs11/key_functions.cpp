// Keys come and move: generate, wrap, unwrap, derive; random numbers.
#include <algorithm>

#include "host-lib/pkcs11/cryptoki/names.h"
#include "host-lib/pkcs11/derivation.h"
#include "host-lib/pkcs11/domain_parameters.h"
#include "host-lib/pkcs11/external_objects.h"
#include "host-lib/pkcs11/handlers.h"
#include "host-lib/pkcs11/key_commands.h"
#include "host-lib/pkcs11/key_use.h"
#include "host-lib/pkcs11/new_objects.h"
#include "host-lib/pkcs11/unwrapping.h"

namespace cs2sim::p11::functions {
namespace {

// WRAP_WITH_TRUSTED, EXTRACTABLE: the device refuses too; here the caller gets the exact error.
Answer may_be_wrapped(const Object& key, const Object& wrapping, Work work) {
    const CK_OBJECT_CLASS object_class = class_of(key.properties);
    if (object_class != CKO_SECRET_KEY && object_class != CKO_PRIVATE_KEY) return fail(CKR_KEY_NOT_WRAPPABLE);
    if (!key.properties.flag_or(CXI_PROP_EXTRACTABLE, false)) return fail(CKR_KEY_UNEXTRACTABLE);
    if (key.properties.flag_or(CXI_PROP_WRAP_WITH_TRUSTED, false) &&
        !wrapping.properties.flag_or(CXI_PROP_TRUSTED, false))
        return fail(CKR_KEY_NOT_WRAPPABLE);
    if (class_of(wrapping.properties) == CKO_PUBLIC_KEY && object_class != CKO_SECRET_KEY &&
        work != Work::rsa_aes)
        return fail(CKR_KEY_NOT_WRAPPABLE);
    const Template demanded = Template::decode(wrapping.properties.bytes(CXI_PROP_WRAP_TEMPLATE));
    if (!matches(demanded, key.properties, key.is_token())) return fail(CKR_KEY_NOT_WRAPPABLE);
    return {};
}

// The direction of a cipher, which wraps and unwraps as it encrypts and decrypts.
std::uint32_t with_direction(const Prepared& prepared, std::uint32_t direction) {
    return prepared.row->work == Work::rsa ? prepared.cxi : prepared.cxi | direction;
}

// Keys whose bytes are known, under the same bytes, tell where the other one differs from them.
void warn_of_frame(Session& session, const Prepared& prepared, const char* function) {
    if (!prepared.framed) return;
    session.library.log.write(
        LogLevel::warning, function,
        constant_name("CKM", prepared.type) +
            " with prefix or postfix tells keys byte by byte to who calls it often enough");
}

Answer give_wrapped(const SecretBytes& wrapped, CK_BYTE* out, CK_ULONG* out_length) {
    const CK_ULONG room = *out_length;
    *out_length = wrapped.size();
    if (!out) return {};
    if (room < wrapped.size()) return fail(CKR_BUFFER_TOO_SMALL);
    std::ranges::copy(wrapped, out);
    return {};
}

}  // namespace

Answer GenerateKey(Session& session, CK_MECHANISM* mechanism, CK_ATTRIBUTE* attributes, CK_ULONG count,
                   CK_OBJECT_HANDLE* key) {
    if (!key) return fail(CKR_ARGUMENTS_BAD);
    CS2SIM_TRY_LET(prepared, prepare(*session.token.profile(), mechanism, CKF_GENERATE));
    CS2SIM_TRY_LET(given, given_template(session, attributes, count));
    CS2SIM_TRY_LET(made, prepared.row->work == Work::parameters
                             ? generate_domain(session, *prepared.row, given)
                             : generate_key(session, prepared, given));
    *key = made->handle;
    return {};
}

Answer GenerateKeyPair(Session& session, CK_MECHANISM* mechanism, CK_ATTRIBUTE* of_public,
                       CK_ULONG public_count, CK_ATTRIBUTE* of_private, CK_ULONG private_count,
                       CK_OBJECT_HANDLE* public_key, CK_OBJECT_HANDLE* private_key) {
    if (!public_key || !private_key) return fail(CKR_ARGUMENTS_BAD);
    CS2SIM_TRY_LET(prepared, prepare(*session.token.profile(), mechanism, CKF_GENERATE_KEY_PAIR));
    CS2SIM_TRY_LET(publics, given_template(session, of_public, public_count));
    CS2SIM_TRY_LET(privates, given_template(session, of_private, private_count));
    CS2SIM_TRY_LET(pair, generate_pair(session, *prepared.row, publics, privates));
    *public_key = pair.of_public->handle;
    *private_key = pair.of_private->handle;
    return {};
}

Answer WrapKey(Session& session, CK_MECHANISM* mechanism, CK_OBJECT_HANDLE wrapping, CK_OBJECT_HANDLE handle,
               CK_BYTE* out, CK_ULONG* out_length) {
    if (!out_length) return fail(CKR_ARGUMENTS_BAD);
    CS2SIM_TRY_LET(prepared, prepare(*session.token.profile(), mechanism, CKF_WRAP));
    CS2SIM_TRY_LET(with, key_for(session, kWrap, wrapping, *prepared.row));
    CS2SIM_TRY_LET(found, object_in_use(session, handle, CKR_KEY_HANDLE_INVALID));
    const SharedObject& key = found;
    CS2SIM_TRY(may_be_wrapped(*key, *with, prepared.row->work));
    warn_of_frame(session, prepared, "C_WrapKey");
    if (prepared.row->work == Work::rsa_aes) {
        CS2SIM_TRY_LET(wrapped, wrap_by_rsa_aes(session, prepared, *with, *key));
        return give_wrapped(to_secret(wrapped), out, out_length);
    }
    CS2SIM_TRY_LET(answer, session.execute(FC_CXI, SFC_CXI_KEY_WRAP,
                                           {with_direction(prepared, CXI_MECH_MODE_ENCRYPT), key->reference,
                                            with->reference, prepared.parameter}));
    return give_wrapped(to_secret(answer.block.bytes("wrapped")), out, out_length);
}

Answer UnwrapKey(Session& session, CK_MECHANISM* mechanism, CK_OBJECT_HANDLE unwrapping, CK_BYTE* wrapped,
                 CK_ULONG length, CK_ATTRIBUTE* attributes, CK_ULONG count, CK_OBJECT_HANDLE* key) {
    if (!key) return fail(CKR_ARGUMENTS_BAD);
    CS2SIM_TRY_LET(blob, input(wrapped, length));
    if (blob.size() > CXI_MOST_DATA) return fail(CKR_WRAPPED_KEY_LEN_RANGE);
    CS2SIM_TRY_LET(prepared, prepare(*session.token.profile(), mechanism, CKF_UNWRAP));
    CS2SIM_TRY_LET(with, key_for(session, kUnwrap, unwrapping, *prepared.row));
    CS2SIM_TRY_LET(given, given_template(session, attributes, count));
    CS2SIM_TRY(given.join(Template::decode(with->properties.bytes(CXI_PROP_UNWRAP_TEMPLATE))));
    CS2SIM_TRY_LET(wanted, wanted_key(session, given, Making::unwrap, CK_UNAVAILABLE_INFORMATION));
    warn_of_frame(session, prepared, "C_UnwrapKey");
    auto made = prepared.row->work == Work::rsa_aes
                    ? unwrap_by_rsa_aes(session, prepared, *with, std::move(wanted), blob)
                    : unwrap_into(session, std::move(wanted), *with,
                                  with_direction(prepared, CXI_MECH_MODE_DECRYPT), prepared.parameter, blob);
    made = finish_key(session, given, std::move(made));
    CS2SIM_TRY(made);
    *key = (*made)->handle;
    return {};
}

Answer DeriveKey(Session& session, CK_MECHANISM* mechanism, CK_OBJECT_HANDLE base, CK_ATTRIBUTE* attributes,
                 CK_ULONG count, CK_OBJECT_HANDLE* key) {
    if (!key) return fail(CKR_ARGUMENTS_BAD);
    CS2SIM_TRY_LET(prepared, prepare(*session.token.profile(), mechanism, CKF_DERIVE));
    CS2SIM_TRY_LET(from, key_for(session, kDerive, base, *prepared.row));
    CS2SIM_TRY_LET(given, given_template(session, attributes, count));
    CS2SIM_TRY(given.join(Template::decode(from->properties.bytes(CXI_PROP_CUSTOM | 0x213))));
    CS2SIM_TRY_LET(made, finish_key(session, given, derive_key(session, prepared, *from, given)));
    *key = made->handle;
    return {};
}

Answer SeedRandom(Session&, CK_BYTE*, CK_ULONG) { return fail(CKR_RANDOM_SEED_NOT_SUPPORTED); }

Answer GenerateRandom(Session& session, CK_BYTE* random, CK_ULONG length) {
    if (!random && length != 0) return fail(CKR_ARGUMENTS_BAD);
    while (length != 0) {
        const CK_ULONG part = std::min<CK_ULONG>(length, CXI_MOST_RANDOM);
        CS2SIM_TRY_LET(answer, session.execute(FC_CXI, SFC_CXI_RND_GEN, {0, part}));
        const ByteView bytes = answer.block.bytes("random");
        if (bytes.size() != part) return fail(E_CSA_PROTOCOL);
        std::ranges::copy(bytes, random);
        random += part;
        length -= part;
    }
    return {};
}

}  // namespace cs2sim::p11::functions
