// Encryption and decryption.
#include "host-lib/pkcs11/ciphering.h"
#include "host-lib/pkcs11/handlers.h"

namespace cs2sim::p11::functions {
namespace {

Slot slot_of(Direction direction) { return direction == Direction::encrypt ? Slot::encrypt : Slot::decrypt; }

Answer whole(Session& session, Direction direction, const CK_BYTE* data, CK_ULONG length, CK_BYTE* out,
             CK_ULONG* out_length) {
    CS2SIM_TRY_LET(operation, active(session, slot_of(direction), true));
    const auto work = [&]() -> Result<Delivery> {
        CS2SIM_TRY_LET(given, input(data, length));
        const OutputSize size = whole_size(*operation, direction, given.size());
        return deliver(*operation, out, out_length, size.most, size.exact,
                       [&] { return cipher_whole(session, *operation, direction, given); });
    };
    return conclude(*operation, work());
}

Answer update(Session& session, Direction direction, const CK_BYTE* data, CK_ULONG length, CK_BYTE* out,
              CK_ULONG* out_length) {
    CS2SIM_TRY_LET(operation, active(session, slot_of(direction), false));
    const auto work = [&]() -> Result<Delivery> {
        CS2SIM_TRY_LET(given, input(data, length));
        const OutputSize size = update_size(*operation, direction, given.size());
        return deliver(*operation, out, out_length, size.most, size.exact, [&]() -> Result<SecretBytes> {
            operation->updating = true;
            return cipher_update(session, *operation, direction, given);
        });
    };
    return go_on(*operation, work());
}

Answer final(Session& session, Direction direction, CK_BYTE* out, CK_ULONG* out_length) {
    CS2SIM_TRY_LET(operation, active(session, slot_of(direction), false));
    const OutputSize size = final_size(*operation, direction);
    return conclude(*operation, deliver(*operation, out, out_length, size.most, size.exact,
                                        [&] { return cipher_final(session, *operation, direction); }));
}

}  // namespace

// C_EncryptInit to C_EncryptFinal, and the same for decryption: `Name` Encrypt, `which` encrypt.
#define CS2SIM_P11_CIPHER(Name, which)                                                                  \
    Answer Name##Init(Session& session, CK_MECHANISM* mechanism, CK_OBJECT_HANDLE key) {                \
        return begin(session, Slot::which, k##Name, mechanism, key);                                    \
    }                                                                                                   \
    Answer Name(Session& session, CK_BYTE* data, CK_ULONG length, CK_BYTE* out, CK_ULONG* out_length) { \
        return whole(session, Direction::which, data, length, out, out_length);                         \
    }                                                                                                   \
    Answer Name##Update(Session& session, CK_BYTE* data, CK_ULONG length, CK_BYTE* out,                 \
                        CK_ULONG* out_length) {                                                         \
        return update(session, Direction::which, data, length, out, out_length);                        \
    }                                                                                                   \
    Answer Name##Final(Session& session, CK_BYTE* out, CK_ULONG* out_length) {                          \
        return final(session, Direction::which, out, out_length);                                       \
    }
CS2SIM_P11_CIPHER(Encrypt, encrypt)
CS2SIM_P11_CIPHER(Decrypt, decrypt)
#undef CS2SIM_P11_CIPHER

}  // namespace cs2sim::p11::functions
