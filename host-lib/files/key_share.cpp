#include "host-lib/files/key_share.h"

#include "firmware/protocol/block.h"
#include "firmware/protocol/functions.h"
#include "host-lib/files/field_file.h"
#include "host-lib/files/host_file.h"
#include "host-lib/files/protection.h"

namespace cs2sim::host {
namespace {

constexpr std::string_view kTitle = "# Key Share";
constexpr std::size_t kInfo = 32;
constexpr std::size_t kShare = 32;
constexpr std::size_t kMostBytes = 65536;

bool is_protected(ByteView text) {
    const auto file = FieldFile::read(text);
    return file && file->find("KEY").value_or("").starts_with('!');
}

Result<std::optional<SecretBytes>> password_for(const KeySpec& spec, bool needed, const Terminal& terminal) {
    if (spec.password || !needed) return spec.password;
    auto asked = ask_secret(terminal, "Password of " + spec.place + ": ");
    if (!asked)
        return fail(asked.error().code == E_CSA_KEY_PASSWORD ? Error{E_CSA_SHARE_PASSWORD} : asked.error());
    return std::optional<SecretBytes>(std::move(*asked));
}

}  // namespace

ShareInfo share_info(const KeyShare& share) {
    const Block block = parse(LAYOUT_SHARE_INFO, share.info).value();
    ShareInfo info;
    info.name = block.text("name");
    info.name.erase(info.name.find_last_not_of(std::string_view("\0 ", 2)) + 1);
    info.type = block.u8("type");
    std::ranges::copy(block.bytes("time"), info.time.begin());
    info.key_length = block.u8("length");
    std::ranges::copy(block.bytes("hash"), info.hash.begin());
    info.k = block.u8("k");
    info.x = block.u8("x");
    return info;
}

Result<KeyShare> parse_share_text(ByteView text, const std::optional<SecretBytes>& password) {
    const auto file = FieldFile::read(text);
    if (!file || !file->has_title(kTitle)) return fail(E_CSA_SHARE_FORMAT);
    Bytes info;
    if (!from_hex(file->find("INFO").value_or(""), info) || info.size() != kInfo)
        return fail(E_CSA_SHARE_FORMAT);
    auto value = read_value(file->find("KEY").value_or(""), Protection::share, password);
    if (!value)
        return fail(value.error().code == E_CSA_KEY_PASSWORD ? E_CSA_SHARE_PASSWORD : E_CSA_SHARE_FORMAT);
    if (value->size() != kShare) return fail(E_CSA_SHARE_FORMAT);
    KeyShare share;
    std::ranges::copy(info, share.info.begin());
    share.share = std::move(*value);
    return share;
}

SecretBytes format_share_text(const KeyShare& share, const std::optional<SecretBytes>& password) {
    SecretBytes text;
    put_line(text, kTitle);
    put_field(text, "INFO", as_bytes(to_hex(share.info)));
    put_field(text, "KEY", write_value(share.share, Protection::share, password));
    return text;
}

Result<KeyShare> read_share_file(const KeySpec& spec, const Terminal& terminal) {
    const auto text = read_host_file(spec.place, kMostBytes);
    if (!text) return fail(E_CSA_SHARE_OPEN);
    CS2SIM_TRY_LET(password, password_for(spec, is_protected(*text), terminal));
    return parse_share_text(*text, password);
}

Result<void> write_share_file(const KeySpec& spec, const KeyShare& share, const Terminal& terminal) {
    CS2SIM_TRY_LET(password, password_for(spec, spec.ask, terminal));
    if (!replace_host_file(spec.place, format_share_text(share, password))) return fail(E_CSA_KEY_WRITE);
    return {};
}

}  // namespace cs2sim::host
