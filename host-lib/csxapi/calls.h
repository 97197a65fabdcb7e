// What the functions of csxapi.h share: codes as ints, texts and bytes of C callers, answers.
#pragma once

#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <optional>
#include <string_view>

#include "firmware/protocol/bytes.h"
#include "firmware/protocol/error.h"
#include "host-lib/cards/key_source.h"
#include "host-lib/link/device.h"

namespace cs2sim::host::capi {

template <class T>
int code(const Result<T>& result) {
    return result ? 0 : static_cast<int>(result.error().code);
}
inline int code(std::uint32_t error) { return static_cast<int>(error); }

// No exception passes into C; the only one there can be is that memory is exhausted.
template <class Work>
int guarded(Work&& work) {
    try {
        return work();
    } catch (const std::bad_alloc&) {
        return code(E_CSA_NO_MEM);
    }
}

inline Timeouts timeouts(unsigned connect, unsigned command) {
    Timeouts chosen;
    if (connect != 0) chosen.connect = std::chrono::milliseconds(connect);
    if (command != 0) chosen.command = std::chrono::milliseconds(command);
    return chosen;
}

// The device of a caller, or of the environment.
inline std::string_view device_name(const char* device) {
    if (!device) device = std::getenv("CRYPTOSERVER");
    return device ? device : "";
}

inline ByteView view(const unsigned char* bytes, unsigned length) {
    return bytes ? ByteView(bytes, length) : ByteView();
}

inline bool valid_function(unsigned fc, unsigned sfc) { return fc <= 0xFFFF && sfc <= 0xFF; }

// Sets what the caller gets before anything can fail.
inline void clear_answer(unsigned char** answer, unsigned* length) {
    if (answer) *answer = nullptr;
    if (length) *length = 0;
}

inline int give_answer(const Result<Bytes>& result, unsigned char** answer, unsigned* length) {
    if (!result) return code(result);
    if (length) *length = static_cast<unsigned>(result->size());
    if (!answer || result->empty()) return 0;
    *answer = static_cast<unsigned char*>(std::malloc(result->size()));
    if (!*answer) {
        clear_answer(answer, length);
        return code(E_CSA_NO_MEM);
    }
    std::memcpy(*answer, result->data(), result->size());
    return 0;
}

// The key source of a logon: a password, or a key specifier with its passphrase. Errors: E_CSA_PARAM, those
// of open_key_source().
Result<std::unique_ptr<KeySource>> key_source(const unsigned char* key_spec, const unsigned char* password,
                                              unsigned l_password);

}  // namespace cs2sim::host::capi
