// Key files and key shares: the first byte tells whether a password is at hand.
#include "host-lib/key_file.h"
#include "host-lib/key_share.h"

using namespace cs2sim;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const ByteView text(data + 1, size - 1);
    std::optional<SecretBytes> password;
    if ((data[0] & 1) != 0) password = to_secret(as_bytes("password"));
    (void)host::key_text_is_protected(text);
    (void)host::parse_key_text(text, password);
    (void)host::parse_share_text(text, password);
    return 0;
}
