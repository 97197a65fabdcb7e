#include "host-lib/files/key_file.h"

#include "host-lib/files/host_file.h"

namespace cs2sim::host {
namespace {

constexpr std::size_t kMostBytes = 65536;

}  // namespace

Result<KeyFile> read_key_file(const KeySpec& spec, const Terminal& terminal, KeyPart part) {
    if (spec.card) return fail(E_CSA_KEY_TYPE);
    const auto text = read_host_file(spec.place, kMostBytes);
    if (!text) return fail(E_CSA_KEY_OPEN);
    std::optional<SecretBytes> password = spec.password;
    if (!password && key_text_is_protected(*text, part)) {
        CS2SIM_TRY_LET(asked, ask_secret(terminal, "Password of " + spec.place + ": "));
        password = std::move(asked);
    }
    return parse_key_text(*text, password, part);
}

Result<void> write_key_file(const std::filesystem::path& path, const EVP_PKEY& key, std::string_view owner,
                            const std::optional<SecretBytes>& password, bool with_private) {
    CS2SIM_TRY_LET(text, format_key_text(key, owner, password, with_private));
    if (!replace_host_file(path, text)) return fail(E_CSA_KEY_WRITE);
    return {};
}

}  // namespace cs2sim::host
