#include "host-lib/pkcs11/operation.h"

#include <cstring>

namespace cs2sim::p11 {

Result<Delivery> deliver(Operation& operation, CK_BYTE* out, CK_ULONG* length, std::size_t most, bool exact,
                         const std::function<Result<SecretBytes>()>& work) {
    if (!length) return fail(CKR_ARGUMENTS_BAD);
    if (!operation.result) {
        if (!out) {
            *length = most;
            return Delivery::length_only;
        }
        if (exact && *length < most) {
            *length = most;
            return fail(CKR_BUFFER_TOO_SMALL);
        }
        CS2SIM_TRY_LET(result, work());
        operation.result = std::move(result);
    }
    const SecretBytes& result = *operation.result;
    if (!out || *length < result.size()) {
        *length = result.size();
        if (out) return fail(CKR_BUFFER_TOO_SMALL);
        return Delivery::length_only;
    }
    if (!result.empty()) std::memcpy(out, result.data(), result.size());
    *length = result.size();
    operation.result.reset();
    return Delivery::done;
}

Answer conclude(Operation& operation, const Result<Delivery>& delivery) {
    if (delivery ? *delivery == Delivery::done : delivery.error().code != CKR_BUFFER_TOO_SMALL)
        operation.end();
    CS2SIM_TRY(delivery);
    return {};
}

Answer go_on(Operation& operation, const Result<Delivery>& delivery) {
    if (delivery) return {};
    if (delivery.error().code != CKR_BUFFER_TOO_SMALL) operation.end();
    return fail(delivery.error());
}

Result<ByteView> input(const CK_BYTE* data, CK_ULONG length) {
    if (!data && length != 0) return fail(CKR_ARGUMENTS_BAD);
    return ByteView(data, length);
}

}  // namespace cs2sim::p11
