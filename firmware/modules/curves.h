// The curves of a module: those that OpenSSL knows by name, and its own, which it describes by their numbers.
#pragma once

#include "firmware/crypto/pkey.h"
#include "firmware/modules/service.h"

namespace cs2sim::services {

// A curve of one's own: short Weierstrass over a prime field of 112 to 528 bits, of prime order, cofactor 1.
struct CurveNumbers {
    ByteView p, a, b, g, order;  // g: 04 | x | y
};

// Checks all that makes a curve safe to compute with: p and the order prime, the curve not singular, G on it
// and of that order. Errors: E_ECA_TOO_BIG (sizes), E_ECA_BAD_DOMAIN_PARA, E_ECA_BAD_POINT (G), E_ECA_MEM.
Result<Handle<EC_GROUP>> group_of_numbers(const CurveNumbers& numbers);

// The place of a new curve among the module's. Error: E_ECA_MEM when there are too many.
Result<std::size_t> keep_curve(ModuleHoldings& holdings, ModuleCurve curve);
// Of one that the module named before by its name; nothing when there is none.
std::optional<std::size_t> place_of_curve(const ModuleHoldings& holdings, std::string_view name);

// What the request names by `curve`. Errors: E_ECDSA_BAD_PARAM, for what has no points too
// (eca_int_register).
Result<const ModuleCurve*> curve_of(const ServiceCall& call);
// Its group; of one by name a new one. Error: E_ECA_NOT_FOUND.
Result<Handle<EC_GROUP>> group_of(const ModuleCurve& curve);

// Keys of the curve, as firmware/crypto/pkey.h has them. Errors: those of it.
Result<PrivateKey> curve_key(const ModuleCurve& curve);  // a new one
Result<PrivateKey> curve_private_key(const ModuleCurve& curve, ByteView x);
Result<PublicKey> curve_public_key(const ModuleCurve& curve, ByteView point);

}  // namespace cs2sim::services
