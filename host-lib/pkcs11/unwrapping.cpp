#include "host-lib/pkcs11/unwrapping.h"

#include "host-lib/pkcs11/key_commands.h"
#include "host-lib/pkcs11/key_use.h"

namespace cs2sim::p11 {
namespace {

constexpr std::uint32_t kKwp = CXI_MECH_CHAIN_KEY_WRAP | CXI_MECH_PAD_KWP;

// The AES key that only carries another one: a session object that may leave wrapped.
PropertyList carrier(CK_ULONG bits) {
    PropertyList properties;
    properties.set_number(CXI_PROP_KEY_ALGO, CXI_KEY_ALGO_AES);
    if (bits != 0) properties.set_number(CXI_PROP_KEY_SIZE, static_cast<std::uint32_t>(bits));
    properties.set_number(CXI_PROP_KEY_EXPORT, CXI_KEY_EXPORT_ALLOW);
    properties.set_number(CXI_PROP_KEY_USAGE, CXI_KEY_USAGE_WRAP | CXI_KEY_USAGE_UNWRAP);
    for (const std::uint32_t flag : {CXI_PROP_SENSITIVE, CXI_PROP_EXTRACTABLE, CXI_PROP_PRIVATE})
        properties.set_flag(flag, true);
    return properties;
}

// Takes the carrier away again, whatever became of it.
class Carrier {
public:
    Carrier(Session& session, SharedObject key) : session_(session), key_(std::move(key)) {}
    ~Carrier() { (void)remove_object(session_, *key_); }
    Carrier(const Carrier&) = delete;
    Carrier& operator=(const Carrier&) = delete;
    const Object& key() const { return *key_; }

private:
    Session& session_;
    SharedObject key_;
};

Result<Bytes> wrap(Session& session, std::uint32_t mechanism, const Object& key, const Object& wrapping,
                   ByteView parameter) {
    const auto answer =
        session.execute(FC_CXI, SFC_CXI_KEY_WRAP, {mechanism, key.reference, wrapping.reference, parameter});
    CS2SIM_TRY(answer);
    return to_bytes(answer->block.bytes("wrapped"));
}

}  // namespace

Result<SharedObject> unwrap_into(Session& session, Wanted wanted, const Object& unwrapping,
                                 std::uint32_t mechanism, ByteView parameter, ByteView wrapped) {
    return make_object(
        session, wanted.token, std::move(wanted.properties), [&](std::uint32_t flags, const Bytes& encoded) {
            return session.execute(FC_CXI, SFC_CXI_KEY_UNWRAP,
                                   {flags, mechanism, unwrapping.reference, parameter, encoded, wrapped});
        });
}

Result<Bytes> wrap_by_rsa_aes(Session& session, const Prepared& prepared, const Object& wrapping,
                              const Object& key) {
    auto made = make_object(session, false, carrier(prepared.aes_bits),
                            [&](std::uint32_t flags, const Bytes& encoded) {
                                return session.execute(FC_CXI, SFC_CXI_KEY_GENERATE, {flags, 0, encoded});
                            });
    CS2SIM_TRY(made);
    const Carrier aes(session, *std::move(made));
    auto out = wrap(session, prepared.cxi, aes.key(), wrapping, prepared.parameter);
    CS2SIM_TRY(out);
    CS2SIM_TRY_LET(second, wrap(session, kKwp | CXI_MECH_MODE_ENCRYPT, key, aes.key(), {}));
    append(*out, second);
    return out;
}

Result<SharedObject> unwrap_by_rsa_aes(Session& session, const Prepared& prepared, const Object& unwrapping,
                                       Wanted wanted, ByteView wrapped) {
    const std::size_t modulus = key_bytes(unwrapping);
    if (wrapped.size() <= modulus) return fail(CKR_WRAPPED_KEY_LEN_RANGE);
    CS2SIM_TRY_LET(made, unwrap_into(session, {CKO_SECRET_KEY, carrier(prepared.aes_bits), false}, unwrapping,
                                     prepared.cxi, prepared.parameter, wrapped.first(modulus)));
    const Carrier aes(session, std::move(made));
    return unwrap_into(session, std::move(wanted), aes.key(), kKwp | CXI_MECH_MODE_DECRYPT, {},
                       wrapped.subspan(modulus));
}

}  // namespace cs2sim::p11
