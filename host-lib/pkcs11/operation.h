// An operation between its …Init and its end.
#pragma once

#include <functional>
#include <optional>

#include "firmware/crypto/openssl.h"
#include "firmware/crypto/secret.h"
#include "host-lib/pkcs11/mechanisms.h"

namespace cs2sim::p11 {

struct Operation {
    std::optional<Prepared> prepared;  // none: no operation is active
    SharedObject key;
    bool updating = false;              // there was an …Update
    bool authenticated = true;          // false: C_Login(CKU_CONTEXT_SPECIFIC) must come first
    Handle<EVP_MD_CTX> hash;            // of digests, and of mechanisms that hash here
    SecretBytes held;                   // data that waits for the command that takes it whole
    std::uint64_t fed = 0;              // bytes that went through
    std::uint32_t chain = 0;            // state of chained commands on the device; 0: none
    std::uint64_t generation = 0;       // of the channel in which the chain is (Channel::generation())
    std::optional<SecretBytes> result;  // waits for a buffer that is large enough
    bool message = false;               // of the message functions
    bool compares = false;              // verifies: a MAC is the device's to compare

    bool active() const { return prepared.has_value(); }
    void end() { *this = Operation(); }
};

// Whether a function of an operation gave its output, or told how long it is and left all as it was.
enum class Delivery : std::uint8_t { done, length_only };

// The convention of functions with output (PKCS#11 3.0, section 5.2). `most`: how long the output may be;
// `exact`: how long it is, so that nothing is done for a caller whose buffer is short. Errors:
// CKR_BUFFER_TOO_SMALL, after which the operation goes on; CKR_ARGUMENTS_BAD, those of `work`.
Result<Delivery> deliver(Operation& operation, CK_BYTE* out, CK_ULONG* length, std::size_t most, bool exact,
                         const std::function<Result<SecretBytes>()>& work);

// Ends the operation after its output was given, and after any error but CKR_BUFFER_TOO_SMALL.
Answer conclude(Operation& operation, const Result<Delivery>& delivery);
// The same for …Update: only an error ends it.
Answer go_on(Operation& operation, const Result<Delivery>& delivery);

// The caller's bytes. Error: CKR_ARGUMENTS_BAD for a null pointer with a length.
Result<ByteView> input(const CK_BYTE* data, CK_ULONG length);

}  // namespace cs2sim::p11
