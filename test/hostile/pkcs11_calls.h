// Calls of PKCS#11 as no well-meaning program makes them: any order, null pointers, lengths beyond reason,
// handles of others, templates of nonsense. What a script of bytes makes of them is always the same.
//
// Lengths are either true or so large that the library must refuse them unread, and pointers in structures
// are good ones: what lies behind a wrong pointer no library can know.
#pragma once

#include <vector>

#include "firmware/protocol/bytes.h"
#include "test/hostile/pkcs11_exports.h"

namespace cs2sim::test {

class HostileCalls {
public:
    // The library is initialised; slot 0 has a token whose user has the PIN 123456. Sessions that it opens it
    // closes.
    explicit HostileCalls(ByteView script) : script_(script) {}
    ~HostileCalls();
    // Runs the script to its end. The number of calls made.
    unsigned run();

    static constexpr CK_RV kNoCkr = 0x80000000;  // and above: nothing that the library may return

private:
    std::uint8_t byte();
    std::uint64_t number(unsigned bytes);
    CK_SESSION_HANDLE session();
    CK_OBJECT_HANDLE object();
    CK_ULONG any_number();
    CK_BYTE* data();            // the buffer, or null
    CK_ULONG true_length();     // at most the buffer's
    CK_ULONG* out_length();     // or null
    CK_BYTE* out();             // or null
    CK_MECHANISM* mechanism();  // or null
    CK_ATTRIBUTE* attributes(CK_ULONG& count);
    void take(CK_RV rv, CK_OBJECT_HANDLE made);
    CK_RV call();
    CK_RV call_object();
    CK_RV call_key();
    CK_RV call_cipher();
    CK_RV call_session();

    ByteView script_;
    std::vector<CK_SESSION_HANDLE> sessions_;
    std::vector<CK_OBJECT_HANDLE> objects_;
    CK_BYTE buffer_[4096] = {};
    CK_BYTE out_[4096] = {};
    CK_ULONG out_length_ = 0;
    CK_MECHANISM mechanism_{};
    CK_BYTE parameter_[64] = {};
    std::vector<CK_ATTRIBUTE> template_;
};

}  // namespace cs2sim::test
