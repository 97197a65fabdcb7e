#include "host-lib/pkcs11/derivation.h"

#include <algorithm>

#include "host-lib/pkcs11/cryptoki/names.h"
#include "host-lib/pkcs11/external_objects.h"
#include "host-lib/pkcs11/key_commands.h"
#include "host-lib/pkcs11/key_use.h"

namespace cs2sim::p11 {
namespace {

constexpr std::size_t kTlsMaster = 48;  // RFC 5246, section 8.1

// A second key whose bytes take part, or none.
struct Parts {
    Bytes data;
    std::size_t other_bytes = 0;
};

Result<Parts> parts_of(Session& session, const Prepared& prepared, const Object& base) {
    if (prepared.row->work == Work::vendor) return Parts{prepared.parameter};
    if (prepared.other_key == CK_INVALID_HANDLE) {
        CS2SIM_TRY_LET(data, agreement_data(prepared, base));
        return Parts{std::move(data)};
    }
    CS2SIM_TRY_LET(other, object_in_use(session, prepared.other_key, CKR_KEY_HANDLE_INVALID));
    return Parts{other->reference, other->properties.number_or(CXI_PROP_KEY_SIZE, 0) / 8};
}

std::size_t natural_length(const Prepared& prepared, const Object& base, const Parts& parts) {
    const DigestRow* hash = hash_of(prepared.cxi);
    const std::size_t own = (base.properties.number_or(CXI_PROP_KEY_SIZE, 0) + 7) / 8;
    switch (prepared.cxi & CXI_MECH_KDF_MASK) {
        case CXI_MECH_KDF_HASH:
            return hash ? hash->size : 0;
        case CXI_MECH_KDF_X963:
            return hash ? hash->size : own;
        case CXI_MECH_KDF_CAT_BASE_AND_KEY:
            return own + parts.other_bytes;
        case CXI_MECH_KDF_CAT_BASE_AND_DATA:
        case CXI_MECH_KDF_CAT_DATA_AND_BASE:
            return own + parts.data.size();
        case CXI_MECH_KDF_XOR_BASE_AND_DATA:
            return std::min(own, parts.data.size());
        case CXI_MECH_KDF_ENC_DATA:
            return parts.data.size();
        case CXI_MECH_KDF_TLS12_PRF:
            return kTlsMaster;
        default:
            return own;
    }
}

void warn_of_leak(Session& session, const MechanismRow& row) {
    switch (row.cxi & CXI_MECH_KDF_MASK) {
        case CXI_MECH_KDF_EXTRACT_KEY_FROM_KEY:
        case CXI_MECH_KDF_XOR_BASE_AND_DATA:
        case CXI_MECH_KDF_CAT_BASE_AND_DATA:
        case CXI_MECH_KDF_CAT_DATA_AND_BASE:
            session.library.log.write(LogLevel::warning, "C_DeriveKey",
                                      constant_name("CKM", row.type) +
                                          " tells the base key piece by piece to who derives often enough");
            break;
        default:
            break;
    }
}

}  // namespace

Result<SharedObject> derive_key(Session& session, const Prepared& prepared, const Object& base,
                                const Template& given) {
    Template described = given;
    if (prepared.row->parameter == ParameterCodec::tls_master && !described.has(CKA_KEY_TYPE))
        described.set_number(CKA_KEY_TYPE, CKK_GENERIC_SECRET);
    CS2SIM_TRY_LET(wanted, wanted_key(session, described, Making::unwrap, CK_UNAVAILABLE_INFORMATION));
    if (wanted.object_class != CKO_SECRET_KEY) return fail(CKR_TEMPLATE_INCONSISTENT);
    CS2SIM_TRY_LET(parts, parts_of(session, prepared, base));
    if (!wanted.properties.has(CXI_PROP_KEY_SIZE)) {
        if (prepared.row->parameter == ParameterCodec::tls_kdf) return fail(CKR_TEMPLATE_INCOMPLETE);
        std::size_t length = natural_length(prepared, base, parts);
        if (described.number(CKA_KEY_TYPE) == CKK_AES) length = length >= 32 ? 32 : length >= 24 ? 24 : 16;
        wanted.properties.set_number(CXI_PROP_KEY_SIZE, static_cast<std::uint32_t>(length * 8));
    }
    auto made = make_object(
        session, wanted.token, std::move(wanted.properties), [&](std::uint32_t flags, const Bytes& encoded) {
            return session.execute(FC_CXI, SFC_CXI_KEY_DERIVE,
                                   {flags, prepared.cxi, base.reference, encoded, parts.data});
        });
    if (made) warn_of_leak(session, *prepared.row);
    return made;
}

}  // namespace cs2sim::p11
