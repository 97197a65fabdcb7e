#include "firmware/cxi/finite_field_keys.h"

#include <algorithm>
#include <bit>

#include "firmware/cxi/cxi_rules.h"

namespace cs2sim {
namespace {

constexpr std::uint32_t kGroupProperties[] = {CXI_PROP_KEY_DSA_P, CXI_PROP_KEY_DSA_Q, CXI_PROP_KEY_DSA_G,
                                              CXI_PROP_KEY_DSA_P_BITS, CXI_PROP_KEY_DSA_Q_BITS};

Bytes stripped(ByteView number) {
    return {std::ranges::find_if(number, [](std::uint8_t byte) { return byte != 0; }), number.end()};
}

unsigned bits_of(ByteView number) {
    const Bytes bare = stripped(number);
    return bare.empty()
               ? 0
               : static_cast<unsigned>(bare.size() * 8) - static_cast<unsigned>(std::countl_zero(bare[0]));
}

DomainParameters stated(const PropertyList& properties) {
    return {stripped(properties.bytes(CXI_PROP_KEY_DSA_P)), stripped(properties.bytes(CXI_PROP_KEY_DSA_Q)),
            stripped(properties.bytes(CXI_PROP_KEY_DSA_G))};
}

Result<DomainParameters> made_for(const PropertyList& properties, std::uint32_t algorithm,
                                  const Circumstances& now) {
    auto bits = properties.number(CXI_PROP_KEY_SIZE);
    if (!bits) bits = properties.number(CXI_PROP_KEY_DSA_P_BITS);
    if (!bits) return fail(E_CXI_PROP_NOT_FOUND);
    CS2SIM_TRY(approve_key(now.modes, USE_MAKE, algorithm, *bits, {}));
    if (algorithm != CXI_KEY_ALGO_DSA) return dh_group(*bits, now.abandonment);
    return generate_dsa_parameters(
        *bits, properties.number_or(CXI_PROP_KEY_DSA_Q_BITS, usual_subprime(*bits)), now.abandonment);
}

// Before the group is checked, which takes up to half a minute.
Result<void> approve_group(const DomainParameters& group, std::uint16_t modes) {
    CS2SIM_TRY_LET(key, dh_parameters_key(group));
    return is_in_safe_group(*key) ? Result<void>() : approve_act(modes, Act::own_group);
}

}  // namespace

bool is_finite_field(std::uint32_t algorithm) {
    return algorithm == CXI_KEY_ALGO_DSA || algorithm == CXI_KEY_ALGO_DH || algorithm == CXI_KEY_ALGO_DH_PKCS;
}

Result<PrivateKey> generate_in_group(const PropertyList& properties, std::uint32_t algorithm,
                                     const Circumstances& now) {
    DomainParameters group = stated(properties);
    const bool dsa = algorithm == CXI_KEY_ALGO_DSA;
    if (group.p.empty() && group.q.empty() && group.g.empty()) {
        CS2SIM_TRY_LET(made, made_for(properties, algorithm, now));
        group = std::move(made);
    } else {
        if (group.p.empty() || group.g.empty() || (dsa && group.q.empty()))
            return fail(E_CXI_KEY_MISSING_COMP);
        const unsigned bits = bits_of(group.p);
        if (bits < 1024 || bits > 8192 || bits_of(group.q) > bits) return fail(E_CXI_KEY_INVALID_SIZE);
        CS2SIM_TRY(approve_key(now.modes, USE_MAKE, algorithm, bits, {}));
        if (!dsa) CS2SIM_TRY(approve_group(group, now.modes));
        CS2SIM_TRY(dsa ? check_dsa_parameters(group, now.abandonment)
                       : check_dh_parameters(group, now.abandonment));
    }
    return dsa ? generate_dsa(group) : generate_dh(group);
}

Result<void> agree_on_group(PropertyList& properties, const EVP_PKEY& key) {
    const auto actual = domain_parameters(key);
    if (!actual) return fail(E_CXI_KEY_INVALID_COMP);
    const DomainParameters given = stated(properties);
    const auto differs = [](const Bytes& one, const Bytes& other) { return !one.empty() && one != other; };
    if (differs(given.p, actual->p) || differs(given.q, actual->q) || differs(given.g, actual->g))
        return fail(E_CXI_PROP_COMPARE);
    if (properties.number_or(CXI_PROP_KEY_DSA_P_BITS, key_bits(key)) != key_bits(key) ||
        properties.number_or(CXI_PROP_KEY_DSA_Q_BITS, subprime_bits(key)) != subprime_bits(key))
        return fail(E_CXI_KEY_INVALID_SIZE);
    for (const std::uint32_t id : kGroupProperties) properties.erase(id);
    return {};
}

void share_group(const PropertyList& of_public, PropertyList& of_private) {
    for (const std::uint32_t id : kGroupProperties)
        if (of_public.has(id) && !of_private.has(id)) of_private.set(id, of_public.bytes(id));
}

}  // namespace cs2sim
