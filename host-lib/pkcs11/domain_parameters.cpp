#include "host-lib/pkcs11/domain_parameters.h"

#include <algorithm>
#include <bit>

#include "host-lib/pkcs11/key_commands.h"

namespace cs2sim::p11 {
namespace {

Bytes stripped(ByteView number) {
    return {std::find_if(number.begin(), number.end(), [](std::uint8_t byte) { return byte != 0; }),
            number.end()};
}

CK_ULONG bits_of(ByteView number) {
    if (number.empty()) return 0;
    return number.size() * 8 - static_cast<CK_ULONG>(std::countl_zero(number[0]));
}

Result<DomainParameters> dsa_group(Session& session, CK_ULONG prime_bits, const Template& given) {
    const CK_ULONG subprime_bits =
        given.number(CKA_SUB_PRIME_BITS).value_or(usual_subprime(static_cast<unsigned>(prime_bits)));
    if (subprime_bits > 0xFFFF) return fail(CKR_KEY_SIZE_RANGE);
    CS2SIM_TRY_LET(primes, session.execute(FC_CXI, SFC_CXI_KEY_DSA_PQGEN,
                                           {0, static_cast<std::uint32_t>(prime_bits),
                                            static_cast<std::uint32_t>(subprime_bits)}));
    DomainParameters group{to_bytes(primes.block.bytes("p")), to_bytes(primes.block.bytes("q")), {}};
    CS2SIM_TRY_LET(generator, session.execute(FC_CXI, SFC_CXI_KEY_DSA_GGEN, {0, group.p, group.q}));
    group.g = to_bytes(generator.block.bytes("g"));
    return group;
}

// CXI has no command for this: a key that is made for it and ends at once tells the group.
Result<DomainParameters> dh_group_of_device(Session& session, CK_ULONG prime_bits) {
    PropertyList properties;
    properties.set_number(CXI_PROP_KEY_ALGO, CXI_KEY_ALGO_DH_PKCS);
    properties.set_number(CXI_PROP_KEY_SIZE, static_cast<std::uint32_t>(prime_bits));
    const auto key =
        make_object(session, false, std::move(properties), [&](std::uint32_t flags, const Bytes& encoded) {
            return session.execute(FC_CXI, SFC_CXI_KEY_GENERATE, {flags, 0, encoded});
        });
    CS2SIM_TRY(key);
    DomainParameters group{to_bytes((*key)->properties.bytes(CXI_PROP_KEY_DSA_P)),
                           {},
                           to_bytes((*key)->properties.bytes(CXI_PROP_KEY_DSA_G))};
    CS2SIM_TRY(remove_object(session, **key));
    return group;
}

}  // namespace

DomainParameters group_in(const Template& given) {
    return {stripped(given.bytes(CKA_PRIME)), stripped(given.bytes(CKA_SUBPRIME)),
            stripped(given.bytes(CKA_BASE))};
}

Result<void> describe_domain(const Template& given, PropertyList& properties) {
    const CK_KEY_TYPE type = given.number(CKA_KEY_TYPE).value_or(CKK_EC);
    for (const auto& [attribute, value] : given)
        if (!find_attribute(attribute)->belongs_to(type)) return fail(CKR_TEMPLATE_INCONSISTENT);
    for (const std::uint32_t id :
         {CXI_PROP_KEY_EC_CURVE, CXI_PROP_KEY_DSA_P, CXI_PROP_KEY_DSA_Q, CXI_PROP_KEY_DSA_G})
        properties.erase(id);
    Bytes number;
    append_big_endian(number, type, 8);
    properties.set(CXI_PROP_CUSTOM | CKA_KEY_TYPE, number);
    if (type == CKK_EC || type == CKK_EC_EDWARDS || type == CKK_EC_MONTGOMERY) {
        if (!given.has(CKA_EC_PARAMS)) return fail(CKR_TEMPLATE_INCOMPLETE);
        properties.set(CXI_PROP_VALUE, given.bytes(CKA_EC_PARAMS));
        return {};
    }
    if (type != CKK_DSA && type != CKK_DH) return fail(CKR_ATTRIBUTE_VALUE_INVALID);
    const DomainParameters group = group_in(given);
    if (group.p.empty() || group.g.empty() || (type == CKK_DSA && group.q.empty()))
        return fail(CKR_TEMPLATE_INCOMPLETE);
    const auto der = domain_parameters_der(group);
    if (!der) return fail(CKR_ATTRIBUTE_VALUE_INVALID);
    properties.set(CXI_PROP_VALUE, *der);
    return {};
}

Result<Bytes> domain_attribute(const PropertyList& properties, CK_ATTRIBUTE_TYPE type) {
    const auto none = fail(CKR_ATTRIBUTE_TYPE_INVALID);
    const CK_KEY_TYPE keys = key_type_of(properties);
    if (!find_attribute(type)->belongs_to(keys)) return none;
    if (type == CKA_EC_PARAMS) return to_bytes(properties.bytes(CXI_PROP_VALUE));
    const auto group = read_domain_parameters(properties.bytes(CXI_PROP_VALUE));
    if (!group) return none;
    switch (type) {
        case CKA_PRIME:
            return group->p;
        case CKA_SUBPRIME:
            return group->q;
        case CKA_BASE:
            return group->g;
        case CKA_PRIME_BITS:
            return ulong_bytes(bits_of(group->p));
        case CKA_SUB_PRIME_BITS:
            return ulong_bytes(bits_of(group->q));
        default:
            return none;
    }
}

Result<SharedObject> generate_domain(Session& session, const MechanismRow& row, const Template& given) {
    const CK_KEY_TYPE type = made_key(row.keys).type;
    if (given.number(CKA_CLASS).value_or(CKO_DOMAIN_PARAMETERS) != CKO_DOMAIN_PARAMETERS ||
        given.number(CKA_KEY_TYPE).value_or(type) != type || given.has(CKA_PRIME) ||
        given.has(CKA_SUBPRIME) || given.has(CKA_BASE) || (type == CKK_DH && given.has(CKA_SUB_PRIME_BITS)))
        return fail(CKR_TEMPLATE_INCONSISTENT);
    const auto bits = given.number(CKA_PRIME_BITS);
    if (!bits) return fail(CKR_TEMPLATE_INCOMPLETE);
    if (*bits < row.min || *bits > row.max) return fail(CKR_KEY_SIZE_RANGE);
    const auto group =
        type == CKK_DSA ? dsa_group(session, *bits, given) : dh_group_of_device(session, *bits);
    CS2SIM_TRY(group);
    Template described = given;
    described.set_number(CKA_CLASS, CKO_DOMAIN_PARAMETERS);
    described.set_number(CKA_KEY_TYPE, type);
    described.set(CKA_PRIME, group->p);
    if (type == CKK_DSA) described.set(CKA_SUBPRIME, group->q);
    described.set(CKA_BASE, group->g);
    described.erase(CKA_PRIME_BITS);
    described.erase(CKA_SUB_PRIME_BITS);
    return create_object(session, described);
}

}  // namespace cs2sim::p11
