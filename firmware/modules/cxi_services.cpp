// Services of CXI's internal interface: keys come and go by their numbers. A module is the device's own: it
// speaks for itself, not for who called it, and the keys' own policies hold.
#include <algorithm>

#include "firmware/crypto/finite_field.h"
#include "firmware/modules/device_command.h"
#include "firmware/protocol/cxi/property_list.h"

namespace cs2sim::services {
namespace {

// Parts of a key, each which:u1 length:u2 and its bytes: RSA's as the services of RSA have them, those of
// others as T_CXI_KEY_COMP has them, from 1.
constexpr std::uint8_t kValue = 1;                           // of a secret key
constexpr std::uint8_t kCurve = 1, kPoint = 2, kSecret = 3;  // of EC
constexpr std::uint8_t kP = 1, kQ = 2, kG = 3, kDsaOpen = 4, kDsaSecret = 5;

struct Part {
    std::uint8_t which;
    ByteView bytes;
};

Result<std::vector<Part>> parts_of(ByteView list) {
    std::vector<Part> parts;
    while (!list.empty()) {
        if (list.size() < 3) return fail(E_CXI_KEY_INVALID_COMP);
        const auto length = static_cast<std::size_t>(big_endian(list.subspan(1, 2)));
        if (length > list.size() - 3) return fail(E_CXI_KEY_INVALID_COMP);
        parts.push_back({list[0], list.subspan(3, length)});
        list = list.subspan(3 + length);
    }
    return parts;
}

ByteView part(const std::vector<Part>& parts, std::uint8_t which) {
    for (const Part& one : parts)
        if (one.which == which) return one.bytes;
    return {};
}

// A number without zeros in front.
Bytes number_part(const std::vector<Part>& parts, std::uint8_t which) {
    const ByteView bytes = part(parts, which);
    return Bytes(std::ranges::find_if(bytes, [](std::uint8_t byte) { return byte != 0; }), bytes.end());
}

void add_part(SecretBytes& list, std::uint8_t which, ByteView bytes) {
    list.push_back(which);
    list.push_back(static_cast<std::uint8_t>(bytes.size() >> 8));
    list.push_back(static_cast<std::uint8_t>(bytes.size()));
    list.insert(list.end(), bytes.begin(), bytes.end());
}

// A command of CXI: who uses keys, manages them, is the security officer.
Result<Bytes> command(const ServiceCall& call, std::uint8_t sfc, std::initializer_list<Value> values) {
    return device_command(call, {"CXI", 0x00000222, "CXI_GROUP=*"}, FC_CXI, sfc, values);
}

Result<Bytes> field(std::uint8_t sfc, ByteView answer, BytesName name) {
    CS2SIM_TRY_LET(block, parse(find_function(FC_CXI, sfc)->answer, answer));
    return to_bytes(block.bytes(name));
}

struct Material {
    std::uint32_t type;  // CXI_KEY_TYPE_*
    SecretBytes blob;
};

Material material_of(const EVP_PKEY& key, bool is_private) {
    if (is_private) return {CXI_KEY_TYPE_PRIVATE, private_key_der(key)};
    return {CXI_KEY_TYPE_PUBLIC, to_secret(public_key_der(key))};
}

Result<Material> material(std::uint32_t algorithm, ByteView list) {
    if (algorithm == CXI_KEY_ALGO_RSA) {
        bool is_private = false;
        CS2SIM_TRY_LET(key, rsa_key(list, is_private));
        return material_of(*key, is_private);
    }
    CS2SIM_TRY_LET(parts, parts_of(list));
    if (algorithm == CXI_KEY_ALGO_EC) {
        const std::string curve = openssl_curve_name(as_text(part(parts, kCurve)));
        const ByteView secret = part(parts, kSecret);
        if (curve.empty()) return fail(E_ECA_NOT_FOUND);
        CS2SIM_TRY_LET(
            key, secret.empty() ? ec_public_key(curve, part(parts, kPoint)) : ec_private_key(curve, secret));
        return material_of(*key, !secret.empty());
    }
    if (algorithm == CXI_KEY_ALGO_DSA) {
        const DomainParameters group{number_part(parts, kP), number_part(parts, kQ), number_part(parts, kG)};
        const Bytes open = number_part(parts, kDsaOpen), secret = number_part(parts, kDsaSecret);
        if (group.p.empty() || group.q.empty() || group.g.empty() || (open.empty() && secret.empty()))
            return fail(E_CXI_KEY_MISSING_COMP);
        CS2SIM_TRY_LET(
            key, secret.empty() ? public_key_in(group, true, open) : private_key_in(group, true, secret));
        return material_of(*key, !secret.empty());
    }
    if (algorithm > CXI_KEY_ALGO_AES) return fail(E_CXI_KEY_INVALID_ALGO);
    return Material{CXI_KEY_TYPE_SECRET, to_secret(part(parts, kValue))};
}

Result<SecretBytes> parts_of_dsa(const EVP_PKEY& key, bool is_public) {
    SecretBytes list;
    CS2SIM_TRY_LET(group, domain_parameters(key));
    CS2SIM_TRY_LET(open, public_value(key));
    add_part(list, kP, group.p);
    add_part(list, kQ, group.q);
    add_part(list, kG, group.g);
    add_part(list, kDsaOpen, open);
    if (is_public) return list;
    CS2SIM_TRY_LET(secret, private_number(key, group.q.size()));
    add_part(list, kDsaSecret, secret);
    return list;
}

Result<SecretBytes> parts_of_key(std::uint32_t algorithm, std::uint32_t type, ByteView blob) {
    SecretBytes list;
    if (type == CXI_KEY_TYPE_SECRET) {
        add_part(list, kValue, blob);
        return list;
    }
    const bool is_public = type == CXI_KEY_TYPE_PUBLIC;
    CS2SIM_TRY_LET(key, is_public ? public_key_from_der(blob) : private_key_from_der(blob));
    if (algorithm == CXI_KEY_ALGO_RSA) return rsa_numbers(*key, is_public);
    if (algorithm == CXI_KEY_ALGO_DSA && is_dsa(*key)) return parts_of_dsa(*key, is_public);
    if (algorithm != CXI_KEY_ALGO_EC || !is_ec(*key)) return fail(E_CXI_KEY_INVALID_ALGO);
    add_part(list, kCurve, as_bytes(cs2sim::ec_curve(*key)));
    add_part(list, kPoint, ec_point(*key));
    if (is_public) return list;
    CS2SIM_TRY_LET(secret, ec_secret(*key));
    add_part(list, kSecret, secret);
    return list;
}

}  // namespace

Result<Bytes> cxi_import(ServiceCall& call) {
    const std::uint32_t algorithm = call.request.u32("algorithm");
    CS2SIM_TRY_LET(properties, PropertyList::decode(call.request.bytes("properties")));
    properties.set_number(CXI_PROP_KEY_ALGO, algorithm);
    CS2SIM_TRY_LET(key, material(algorithm, call.request.bytes("parts")));
    CS2SIM_TRY_LET(answer, command(call, SFC_CXI_KEY_IMPORT,
                                   {call.request.u32("flags"), key.type, 0, properties.encode(), ByteView(),
                                    ByteView(key.blob), ByteView()}));
    return field(SFC_CXI_KEY_IMPORT, answer, "key");
}

Result<Bytes> cxi_export(ServiceCall& call) {
    Bytes reference = to_bytes(call.request.bytes("key"));
    if (reference.empty()) {
        CS2SIM_TRY_LET(names, PropertyList::decode(call.request.bytes("names")));
        CS2SIM_TRY_LET(opened, command(call, SFC_CXI_KEY_OPEN, {0, names.encode()}));
        CS2SIM_TRY_LET(found, field(SFC_CXI_KEY_OPEN, opened, "key"));
        reference = std::move(found);
    }
    Bytes kinds;
    append_big_endian(kinds, CXI_PROP_KEY_ALGO, 4);
    append_big_endian(kinds, CXI_PROP_KEY_TYPE, 4);
    CS2SIM_TRY_LET(told, command(call, SFC_CXI_KEY_PROP_GET, {reference, kinds}));
    CS2SIM_TRY_LET(encoded, field(SFC_CXI_KEY_PROP_GET, told, "properties"));
    CS2SIM_TRY_LET(kind, PropertyList::decode(encoded));
    Bytes wanted;
    if (!call.request.bytes("wanted").empty()) {
        CS2SIM_TRY_LET(more, command(call, SFC_CXI_KEY_PROP_GET, {reference, call.request.bytes("wanted")}));
        CS2SIM_TRY_LET(list, field(SFC_CXI_KEY_PROP_GET, more, "properties"));
        wanted = std::move(list);
    }
    const std::uint32_t algorithm = kind.number_or(CXI_PROP_KEY_ALGO, 0);
    std::uint32_t type = kind.number_or(CXI_PROP_KEY_TYPE, CXI_KEY_TYPE_SECRET);
    if (type != CXI_KEY_TYPE_SECRET && type != CXI_KEY_TYPE_PUBLIC) type = CXI_KEY_TYPE_PRIVATE;
    CS2SIM_TRY_LET(blob, command(call, SFC_CXI_KEY_EXPORT, {type, 0, reference, ByteView(), ByteView()}));
    auto parts = parts_of_key(algorithm, type, blob);
    cleanse(blob.data(), blob.size());
    CS2SIM_TRY(parts);
    return call.answer({algorithm, ByteView(*parts), wanted});
}

}  // namespace cs2sim::services
