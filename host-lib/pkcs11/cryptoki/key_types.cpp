#include "host-lib/pkcs11/cryptoki/key_types.h"

#include <algorithm>

#include "firmware/protocol/cxi/constants.h"

namespace cs2sim::p11 {
namespace {

struct ClassRow {
    CK_OBJECT_CLASS object_class;
    std::uint32_t type;
};
// Of several types the first is the class's.
constexpr ClassRow kClasses[] = {
    {CKO_DATA, CXI_KEY_TYPE_DATA},
    {CKO_CERTIFICATE, CXI_KEY_TYPE_CERT},
    {CKO_PUBLIC_KEY, CXI_KEY_TYPE_PUBLIC},
    {CKO_PRIVATE_KEY, CXI_KEY_TYPE_PRIVATE},
    {CKO_PRIVATE_KEY, CXI_KEY_TYPE_PRIVATE_ONLY},
    {CKO_PRIVATE_KEY, CXI_KEY_TYPE_PRIVATE_FULL},
    {CKO_SECRET_KEY, CXI_KEY_TYPE_SECRET},
    {CKO_DOMAIN_PARAMETERS, CXI_KEY_TYPE_DOMAIN_PARAMETER},
};

struct KeyTypeRow {
    std::uint32_t algorithm;
    CK_KEY_TYPE key_type;
};
constexpr KeyTypeRow kKeyTypes[] = {
    {CXI_KEY_ALGO_AES, CKK_AES}, {CXI_KEY_ALGO_RSA, CKK_RSA},    {CXI_KEY_ALGO_DSA, CKK_DSA},
    {CXI_KEY_ALGO_DH, CKK_DH},   {CXI_KEY_ALGO_DH_PKCS, CKK_DH},
};

CK_KEY_TYPE type_of_curve(std::string_view curve) {
    if (curve.starts_with("Ed")) return CKK_EC_EDWARDS;
    return curve.starts_with("X") ? CKK_EC_MONTGOMERY : CKK_EC;
}

}  // namespace

std::optional<std::uint32_t> type_of_class(CK_OBJECT_CLASS object_class) {
    const auto* row = std::ranges::find(kClasses, object_class, &ClassRow::object_class);
    if (row == std::end(kClasses)) return std::nullopt;
    return row->type;
}

CK_OBJECT_CLASS class_of(const PropertyList& properties) {
    const std::uint32_t type = properties.number_or(CXI_PROP_KEY_TYPE, CXI_KEY_TYPE_DATA);
    const auto* row = std::ranges::find(kClasses, type, &ClassRow::type);
    return row == std::end(kClasses) ? CKO_DATA : row->object_class;
}

CK_KEY_TYPE key_type_of(const PropertyList& properties) {
    if (const ByteView own = properties.bytes(CXI_PROP_CUSTOM | CKA_KEY_TYPE); own.size() == 8)
        return big_endian(own);
    const std::uint32_t algorithm = properties.number_or(CXI_PROP_KEY_ALGO, CXI_KEY_ALGO_RAW);
    if (algorithm == CXI_KEY_ALGO_DES)
        return properties.number_or(CXI_PROP_KEY_SIZE, 0) == 128 ? CKK_DES2 : CKK_DES3;
    if (algorithm == CXI_KEY_ALGO_EC || algorithm == CXI_KEY_ALGO_ECDH)
        return type_of_curve(properties.text(CXI_PROP_KEY_EC_CURVE));
    const auto* row = std::ranges::find(kKeyTypes, algorithm, &KeyTypeRow::algorithm);
    return row == std::end(kKeyTypes) ? CKK_GENERIC_SECRET : row->key_type;
}

}  // namespace cs2sim::p11
