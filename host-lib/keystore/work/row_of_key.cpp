#include <algorithm>

#include "firmware/protocol/cxi/sealed_key.h"
#include "host-lib/keystore/work/store_work.h"
#include "host-lib/pkcs11/cryptoki/cryptoki.h"

namespace cs2sim::keystore {
namespace {

struct ClassRow {
    std::uint32_t type;  // CXI
    CK_OBJECT_CLASS object_class;
};
// pkcs11-facts.md, section 5: "CLASS, KEY_TYPE | TYPE 12, ALGO 3".
constexpr ClassRow kClasses[] = {
    {CXI_KEY_TYPE_PUBLIC, CKO_PUBLIC_KEY},   {CXI_KEY_TYPE_PRIVATE_ONLY, CKO_PRIVATE_KEY},
    {CXI_KEY_TYPE_PRIVATE, CKO_PRIVATE_KEY}, {CXI_KEY_TYPE_PRIVATE_FULL, CKO_PRIVATE_KEY},
    {CXI_KEY_TYPE_SECRET, CKO_SECRET_KEY},   {CXI_KEY_TYPE_DATA, CKO_DATA},
    {CXI_KEY_TYPE_CERT, CKO_CERTIFICATE},    {CXI_KEY_TYPE_DOMAIN_PARAMETER, CKO_DOMAIN_PARAMETERS},
};

struct TypeRow {
    std::uint32_t algorithm;
    CK_KEY_TYPE key_type;
};
constexpr TypeRow kTypes[] = {
    {CXI_KEY_ALGO_RAW, CKK_GENERIC_SECRET},
    {CXI_KEY_ALGO_AES, CKK_AES},
    {CXI_KEY_ALGO_RSA, CKK_RSA},
    {CXI_KEY_ALGO_EC, CKK_EC},
    {CXI_KEY_ALGO_ECDH, CKK_EC},
    {CXI_KEY_ALGO_DSA, CKK_DSA},
    {CXI_KEY_ALGO_DH, CKK_DH},
    {CXI_KEY_ALGO_DH_PKCS, CKK_DH},
};

CK_KEY_TYPE key_type_of(const PropertyList& properties) {
    if (const ByteView own = properties.bytes(CXI_PROP_CUSTOM | CKA_KEY_TYPE); own.size() == 8)
        return big_endian(own);
    const std::uint32_t algorithm = properties.number_or(CXI_PROP_KEY_ALGO, CXI_KEY_ALGO_RAW);
    if (algorithm == CXI_KEY_ALGO_DES)
        return properties.number_or(CXI_PROP_KEY_SIZE, 0) == 128 ? CKK_DES2 : CKK_DES3;
    if (algorithm == CXI_KEY_ALGO_EC || algorithm == CXI_KEY_ALGO_ECDH) {
        const std::string_view curve = properties.text(CXI_PROP_KEY_EC_CURVE);
        if (curve.starts_with("Ed")) return CKK_EC_EDWARDS;
        if (curve.starts_with("X")) return CKK_EC_MONTGOMERY;
    }
    const auto* row = std::ranges::find(kTypes, algorithm, &TypeRow::algorithm);
    return row == std::end(kTypes) ? CKK_GENERIC_SECRET : row->key_type;
}

}  // namespace

Result<StoredKey> row_of(ByteView blob, const PropertyList& properties) {
    CS2SIM_TRY_LET(sealed, parse_sealed_key(blob));
    StoredKey key;
    key.index = {std::string(sealed.group), std::string(sealed.name), sealed.spec};
    std::ranges::copy(sealed.mbk_hash, key.mbk.begin());
    const std::uint32_t type = properties.number_or(CXI_PROP_KEY_TYPE, CXI_KEY_TYPE_DATA);
    const auto* row = std::ranges::find(kClasses, type, &ClassRow::type);
    key.key_class = static_cast<std::uint32_t>(row == std::end(kClasses) ? CKO_DATA : row->object_class);
    const bool is_key = key.key_class != CKO_DATA && key.key_class != CKO_CERTIFICATE;
    if (is_key) key.key_type = static_cast<std::uint32_t>(key_type_of(properties));
    key.label = to_bytes(properties.bytes(CXI_PROP_KEY_LABEL));
    key.id = to_bytes(properties.bytes(CXI_PROP_ID));
    key.is_private = properties.flag_or(CXI_PROP_PRIVATE, true);
    key.blob = to_bytes(blob);
    return key;
}

}  // namespace cs2sim::keystore
