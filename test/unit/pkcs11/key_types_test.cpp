// What objects that CXI made are to PKCS#11, in the library and in the rows of external key stores alike.
#include <catch2/catch.hpp>

#include "firmware/protocol/cxi/constants.h"
#include "host-lib/pkcs11/cryptoki/key_types.h"

using namespace cs2sim;
using namespace cs2sim::p11;

namespace {

PropertyList key_of(std::uint32_t algorithm, std::uint32_t bits = 0, std::string_view curve = {}) {
    PropertyList key;
    key.set_number(CXI_PROP_KEY_ALGO, algorithm);
    if (bits != 0) key.set_number(CXI_PROP_KEY_SIZE, bits);
    if (!curve.empty()) key.set(CXI_PROP_KEY_EC_CURVE, curve);
    return key;
}

}  // namespace

TEST_CASE("keys of CXI have the key type of their algorithm") {
    CHECK(key_type_of(key_of(CXI_KEY_ALGO_RSA)) == CKK_RSA);
    CHECK(key_type_of(key_of(CXI_KEY_ALGO_AES)) == CKK_AES);
    CHECK(key_type_of(key_of(CXI_KEY_ALGO_DSA)) == CKK_DSA);
    CHECK(key_type_of(key_of(CXI_KEY_ALGO_DH)) == CKK_DH);
    CHECK(key_type_of(key_of(CXI_KEY_ALGO_DH_PKCS)) == CKK_DH);
    CHECK(key_type_of(key_of(CXI_KEY_ALGO_DES, 128)) == CKK_DES2);
    CHECK(key_type_of(key_of(CXI_KEY_ALGO_DES, 192)) == CKK_DES3);
    CHECK(key_type_of(key_of(CXI_KEY_ALGO_EC, 256, "prime256v1")) == CKK_EC);
    CHECK(key_type_of(key_of(CXI_KEY_ALGO_ECDH, 384, "secp384r1")) == CKK_EC);
    CHECK(key_type_of(key_of(CXI_KEY_ALGO_EC, 255, "Ed25519")) == CKK_EC_EDWARDS);
    CHECK(key_type_of(key_of(CXI_KEY_ALGO_ECDH, 255, "X25519")) == CKK_EC_MONTGOMERY);
    CHECK(key_type_of(key_of(CXI_KEY_ALGO_RAW)) == CKK_GENERIC_SECRET);
    CHECK(key_type_of(PropertyList()) == CKK_GENERIC_SECRET);

    PropertyList stored = key_of(CXI_KEY_ALGO_RAW);
    stored.set(CXI_PROP_CUSTOM | CKA_KEY_TYPE, Bytes{0, 0, 0, 0, 0, 0, 0, CKK_SHA256_HMAC});
    CHECK(key_type_of(stored) == CKK_SHA256_HMAC);
}

TEST_CASE("each type of object that CXI has is of one class, and each class is made as one type") {
    const auto class_of_type = [](std::uint32_t type) {
        PropertyList object;
        object.set_number(CXI_PROP_KEY_TYPE, type);
        return class_of(object);
    };
    for (const std::uint32_t type :
         {CXI_KEY_TYPE_PRIVATE_ONLY, CXI_KEY_TYPE_PRIVATE, CXI_KEY_TYPE_PRIVATE_FULL})
        CHECK(class_of_type(type) == CKO_PRIVATE_KEY);
    CHECK(type_of_class(CKO_PRIVATE_KEY) == CXI_KEY_TYPE_PRIVATE);
    for (const CK_OBJECT_CLASS each : {CKO_DATA, CKO_CERTIFICATE, CKO_PUBLIC_KEY, CKO_PRIVATE_KEY,
                                       CKO_SECRET_KEY, CKO_DOMAIN_PARAMETERS}) {
        REQUIRE(type_of_class(each));
        CHECK(class_of_type(*type_of_class(each)) == each);
    }
    CHECK_FALSE(type_of_class(CKO_HW_FEATURE));
    CHECK(class_of_type(CXI_KEY_TYPE_CONFIG) == CKO_DATA);
    CHECK(class_of(PropertyList()) == CKO_DATA);
}
