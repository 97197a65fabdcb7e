// Key files and key shares, without a password and with the one of test/vectors/key_files.
#include "host-lib/files/key_file.h"
#include "host-lib/files/key_share.h"

using namespace cs2sim;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const ByteView text(data, size);
    (void)host::key_text_is_protected(text);
    for (const std::optional<SecretBytes>& password :
         {std::optional<SecretBytes>(), std::optional(to_secret(as_bytes("correct horse #1")))}) {
        const auto file = host::parse_key_text(text, password);
        if (file) (void)host::format_key_text(*file->key, file->owner, password, file->has_private);
        const auto share = host::parse_share_text(text, password);
        (void)share;
    }
    return 0;
}
