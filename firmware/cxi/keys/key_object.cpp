#include "firmware/cxi/keys/key_object.h"

#include <openssl/core_names.h>

#include <algorithm>

#include "firmware/crypto/cipher.h"
#include "firmware/crypto/digest.h"
#include "firmware/crypto/finite_field.h"
#include "firmware/protocol/block.h"
#include "firmware/protocol/functions.h"

namespace cs2sim {
namespace {

constexpr std::uint8_t kRecordVersion = 1;

Bytes number_bytes(std::uint32_t number) {
    PropertyList list;
    list.set_number(CXI_PROP_KEY_SIZE, number);
    return to_bytes(list.bytes(CXI_PROP_KEY_SIZE));
}

Result<Bytes> rsa_number(const EVP_PKEY* key, const char* name) {
    if (!key) return fail(E_CXI_PROP_NOT_FOUND);
    return key_number(*key, name);
}

// EC points with their form byte, Edwards and Montgomery keys raw.
Result<Bytes> public_point(const EVP_PKEY* key) {
    std::size_t size = 0;
    if (!key || is_rsa(*key) || is_dsa(*key) || is_dh(*key) ||
        EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, nullptr, 0, &size) != 1)
        return fail(E_CXI_PROP_NOT_FOUND);
    if (is_ec(*key)) return ec_point(*key);
    Bytes out(size);
    EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, out.data(), out.size(), &size);
    return out;
}

std::uint32_t block_bytes(const LoadedKey& key) {
    switch (key.object.algorithm()) {
        case CXI_KEY_ALGO_AES:
            return 16;
        case CXI_KEY_ALGO_DES:
            return 8;
        default:
            return (key.object.bits() + 7) / 8;
    }
}

// DSA and DH.
Result<Bytes> domain_property(const EVP_PKEY* key, std::uint32_t id) {
    if (!key) return fail(E_CXI_PROP_NOT_FOUND);
    if (id == CXI_PROP_KEY_DSA_PUBKEY) return public_value(*key);
    CS2SIM_TRY_LET(parameters, domain_parameters(*key));
    if (id == CXI_PROP_KEY_DSA_P) return parameters.p;
    if (id == CXI_PROP_KEY_DSA_G) return parameters.g;
    if (id == CXI_PROP_KEY_DSA_P_BITS) return number_bytes(key_bits(*key));
    if (parameters.q.empty()) return fail(E_CXI_PROP_NOT_FOUND);
    return id == CXI_PROP_KEY_DSA_Q ? parameters.q : number_bytes(subprime_bits(*key));
}

Result<Bytes> computed_property(const LoadedKey& key, std::uint32_t id) {
    switch (id) {
        case CXI_PROP_KEY_DSA_P:
        case CXI_PROP_KEY_DSA_Q:
        case CXI_PROP_KEY_DSA_G:
        case CXI_PROP_KEY_DSA_PUBKEY:
        case CXI_PROP_KEY_DSA_P_BITS:
        case CXI_PROP_KEY_DSA_Q_BITS:
            return domain_property(key.pkey.get(), id);
        case CXI_PROP_KEY_BLEN:
            return number_bytes(block_bytes(key));
        case CXI_PROP_KEY_UNAME:
            return key.index;
        case CXI_PROP_KEY_RSA_MOD:
            return rsa_number(key.pkey.get(), OSSL_PKEY_PARAM_RSA_N);
        case CXI_PROP_KEY_RSA_EXP:
            return rsa_number(key.pkey.get(), OSSL_PKEY_PARAM_RSA_E);
        case CXI_PROP_KEY_EC_PUBKEY:
            return public_point(key.pkey.get());
        case CXI_PROP_CHECK_VALUE:
            return check_value(key.object);
        case CXI_PROP_VALUE_LEN:
            if (key.object.is_secret()) return number_bytes(static_cast<std::uint32_t>(key.secret().size()));
            return fail(E_CXI_PROP_NOT_FOUND);
        case CXI_PROP_VALUE_BITS:
            if (key.object.is_secret())
                return number_bytes(static_cast<std::uint32_t>(key.secret().size() * 8));
            return fail(E_CXI_PROP_NOT_FOUND);
        default:
            return fail(E_CXI_PROP_NOT_FOUND);
    }
}

}  // namespace

// First three bytes of a zero block under the key (PKCS#11 v2.40, CKA_CHECK_VALUE), or of SHA-1 over a
// generic secret.
Result<Bytes> check_value(const KeyObject& key) {
    if (!key.is_secret()) return fail(E_CXI_PROP_NOT_FOUND);
    const Bytes zeros(key.algorithm() == CXI_KEY_ALGO_DES ? 8 : 16);
    if (key.algorithm() == CXI_KEY_ALGO_RAW || is_custom_algorithm(key.algorithm())) {
        Bytes hash = digest("SHA1", {key.material});
        hash.resize(3);
        return hash;
    }
    const std::string name = key.algorithm() == CXI_KEY_ALGO_AES
                                 ? "AES-" + std::to_string(key.material.size() * 8) + "-ECB"
                                 : std::string(key.material.size() == 16 ? "DES-EDE-ECB" : "DES-EDE3-ECB");
    CS2SIM_TRY_LET(block, encrypt_blocks(name, key.material, {}, zeros));
    return Bytes(block.begin(), block.begin() + 3);
}

const DefaultRow* find_default(std::uint32_t property) {
    const auto* row = std::ranges::find(kDefaults, property, &DefaultRow::property);
    return row == std::end(kDefaults) ? nullptr : row;
}

Bytes group_prefix(std::string_view group) {
    Bytes hash = digest("SHA256", {as_bytes("group"), as_bytes(group)});
    hash.resize(8);
    return hash;
}

Bytes key_index(std::string_view group, std::string_view name, std::uint32_t spec) {
    const auto size = [](std::string_view text) { return big_endian_bytes<2>(text.size()); };
    const Bytes all = digest(
        "SHA256", {size(group), as_bytes(group), size(name), as_bytes(name), big_endian_bytes<4>(spec)});
    Bytes index = group_prefix(group);
    append(index, ByteView(all).first(CXI_INDEX_LENGTH - index.size()));
    return index;
}

SecretBytes encode_key(const KeyObject& key) {
    Bytes record =
        compose_fitting(LAYOUT_CXI_RECORD, kRecordVersion, key.properties.encode(), ByteView(key.material));
    SecretBytes out = to_secret(record);
    cleanse(record.data(), record.size());
    return out;
}

Result<KeyObject> decode_key(ByteView record) {
    const auto parsed = parse(LAYOUT_CXI_RECORD, record);
    if (!parsed || parsed->u8("version") != kRecordVersion) return fail(E_CXI_KEY_BLOB_FORMAT);
    auto properties = PropertyList::decode(parsed->bytes("properties"));
    if (!properties) return fail(E_CXI_KEY_BLOB_FORMAT);
    return KeyObject{*std::move(properties), to_secret(parsed->bytes("material"))};
}

SecretBytes des3_key(ByteView secret) {
    SecretBytes key = to_secret(secret);
    if (key.size() == 16) key.insert(key.end(), secret.begin(), secret.begin() + 8);
    return key;
}

Result<LoadedKey> load_key(KeyObject object) {
    LoadedKey key;
    key.index = key_index(object);
    if (object.is_private() || object.is_public()) {
        auto pkey = object.is_private() ? private_key_from_der(object.material)
                                        : public_key_from_der(object.material);
        if (!pkey) return fail(E_CXI_KEY_INVALID_COMP);
        key.pkey = *std::move(pkey);
        key.contexts = std::make_shared<ReadyContexts<EVP_PKEY_CTX>>();
    } else if (object.is_secret()) {
        key.ciphers = std::make_shared<ReadyContexts<EVP_CIPHER_CTX>>();
    }
    if (key.pkey || object.is_secret()) key.roles = std::make_shared<KeyRoles>();
    key.object = std::move(object);
    return key;
}

bool is_told_as_kept(const LoadedKey& key, std::uint32_t id) {
    const PropertyRow* row = find_property(id);
    if (row && (row->access & (PROP_SECRET | PROP_COMPUTED)) != 0) return false;
    return id != CXI_PROP_VALUE || !(key.object.is_secret() || key.object.is_private());
}

Result<Bytes> read_property(const LoadedKey& key, std::uint32_t id) {
    const PropertyRow* row = find_property(id);
    if (row && (row->access & PROP_SECRET) != 0) return fail(E_CXI_PROP_SENSITIVE);
    if (row && (row->access & PROP_COMPUTED) != 0) return computed_property(key, id);
    if (!is_told_as_kept(key, id)) return fail(E_CXI_PROP_SENSITIVE);
    if (!key.object.properties.has(id)) {
        const DefaultRow* standard = find_default(id);
        if (!standard || key.object.type() >= CXI_KEY_TYPE_DATA) return fail(E_CXI_PROP_NOT_FOUND);
        return number_bytes(standard->number);
    }
    return to_bytes(key.object.properties.bytes(id));
}

}  // namespace cs2sim
