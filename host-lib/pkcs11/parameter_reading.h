// Reading what callers give as parameters of mechanisms.
#pragma once

#include <cstring>
#include <optional>

#include "firmware/protocol/block.h"
#include "firmware/protocol/functions.h"
#include "host-lib/pkcs11/mechanisms.h"

namespace cs2sim::p11 {

inline const auto kBad = fail(CKR_MECHANISM_PARAM_INVALID);

// A structure, when the length is its size; otherwise nothing.
template <class Parameters>
std::optional<Parameters> structure(const void* parameter, CK_ULONG length) {
    Parameters parameters{};
    if (!parameter || length != sizeof parameters) return std::nullopt;
    std::memcpy(&parameters, parameter, sizeof parameters);
    return parameters;
}
template <class Parameters>
std::optional<Parameters> structure(const CK_MECHANISM& mechanism) {
    return structure<Parameters>(mechanism.pParameter, mechanism.ulParameterLen);
}

// Bytes that a structure points to. Errors: CKR_MECHANISM_PARAM_INVALID when they are more than anybody
// needs, CKR_ARGUMENTS_BAD for a null pointer with a length.
Result<ByteView> part(const void* bytes, CK_ULONG length);

// A parameter as the device takes it. What does not fit its field is no parameter of the mechanism:
// CKR_MECHANISM_PARAM_INVALID.
Answer put_parameter(Bytes& out, const Layout& layout, std::initializer_list<Value> values);

const DigestRow* hash_by(CK_MECHANISM_TYPE digest);  // null when it is none of ours

// The codecs of agreement and of TLS (agreement_parameters.cpp). Errors: those of prepare().
Answer read_ecdh(const CK_MECHANISM& mechanism, Prepared& out);
Answer read_ecies(const CK_MECHANISM& mechanism, Prepared& out);
Answer read_tls_master(const CK_MECHANISM& mechanism, Prepared& out);
Answer read_tls_mac(const CK_MECHANISM& mechanism, Prepared& out);
Answer read_tls_kdf(const CK_MECHANISM& mechanism, Prepared& out);

}  // namespace cs2sim::p11
