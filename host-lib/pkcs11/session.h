// A session of the application with a token, and the operations that are active in it.
#pragma once

#include <memory>

#include "host-lib/pkcs11/object_table.h"
#include "host-lib/pkcs11/operation.h"
#include "host-lib/pkcs11/token.h"

namespace cs2sim::p11 {

class Library;

// C_FindObjectsInit to C_FindObjectsFinal.
struct Search;

// What one key handle is good for between …Init and the end. One of each at a time (PKCS#11 3.0, section 5).
enum class Slot : std::uint8_t {
    encrypt,
    decrypt,
    digest,
    sign,
    sign_recover,
    verify,
    verify_recover,
    count
};

class Session {
public:
    Session(Library& library, Token& token, CK_SESSION_HANDLE handle, bool read_write, bool own_channel);
    ~Session();

    Library& library;
    Token& token;
    const CK_SESSION_HANDLE handle;
    const bool read_write;

    std::mutex mutex;  // held during each call
    // Set before its objects are taken away: a call that is still inside then takes away what it made.
    std::atomic<bool> closed{false};

    Channel& channel() { return own_ ? *own_ : token.shared_channel(); }
    // A command on this session's channel. Errors: as Channel::execute().
    Result<host::Answer> execute(std::uint16_t fc, std::uint8_t sfc, std::initializer_list<Value> values,
                                 std::optional<Effect> known = {}) {
        return channel().execute(fc, sfc, values, known);
    }

    ObjectTable& library_objects();
    CK_STATE state() const;

    // Made when it is first asked for: most sessions have few.
    Operation& operation(Slot which) {
        auto& place = operations_[static_cast<std::size_t>(which)];
        if (!place) place = std::make_unique<Operation>();
        return *place;
    }
    std::unique_ptr<Search> search;
    std::atomic<std::uint32_t> device_error{0};  // the last one
    SecretBytes given;                           // the buffer that the last CS_ function gave

private:
    std::unique_ptr<Channel> own_;
    std::array<std::unique_ptr<Operation>, static_cast<std::size_t>(Slot::count)> operations_;
};

}  // namespace cs2sim::p11
