#include <algorithm>
#include <boost/algorithm/string/predicate.hpp>
#include <boost/algorithm/string/trim.hpp>
#include <ctime>
#include <set>
#include <sstream>

#include "firmware/crypto/digest.h"
#include "firmware/toml/toml.h"
#include "host-lib/files/host_file.h"
#include "host-lib/keystore/printed.h"
#include "tools/cs2sim/governance.h"

namespace cs2sim::governance {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kManifest = "manifest.toml", kSignature = "manifest.sig";
constexpr std::size_t kMostBytes = std::size_t{64} << 20;

constexpr KindRow kKinds[] = {
    {"profile", "the device's profile", true},
    {"configuration", "a configuration file of the host", true},
    {"pkcs11-configuration", "cs_pkcs11_R3.cfg, without passwords", true},
    {"key-store", "connection of the key store, without passwords", true},
    {"device-keys", "keys by which devices are known (CS_AUTH_KEYS)", true},
    {"module-signature-key", "key by which modules are signed", true},
    {"module", "a module of one's own", true},
    {"audit-configuration", "what the audit log keeps", false},
    {"audit-log", "the audit log, to be read", false},
};

std::size_t order_of(std::string_view kind) {
    return static_cast<std::size_t>(std::ranges::find(kKinds, kind, &KindRow::name) - std::begin(kKinds));
}

std::string now() {
    const std::time_t time = std::time(nullptr);
    std::tm utc{};
    ::gmtime_r(&time, &utc);
    char text[32];
    std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc);
    return text;
}

std::string text_or(const toml::node_view<const toml::node>& node) { return node.value_or(std::string()); }

bool is_plain_name(const std::string& file) {
    return !file.empty() && file != "." && file != ".." && file.find('/') == std::string::npos &&
           file != kManifest && file != kSignature;
}

tl::unexpected<std::string> refused(const std::string& words) { return tl::unexpected(words); }

// A setting whose value is a KEYSPEC, whose password may also stand behind a blank.
bool names_key(std::string_view line) {
    constexpr std::string_view kNames[] = {"InitTokenAs", "LogonSign", "Key"};
    const std::string name = boost::algorithm::trim_copy(std::string(line.substr(0, line.find('='))));
    return std::ranges::any_of(
        kNames, [&](std::string_view ending) { return boost::algorithm::iends_with(name, ending); });
}

// FILE#password and :CARD#PIN (host-lib/files/key_spec.h): what follows the '#', to the end of the string or
// the line, as a password may hold anything. A '#' behind a blank begins a comment.
std::string mask_key_specs(std::string_view line) {
    const std::size_t equals = line.find('=');
    const bool anywhere = equals != line.npos && names_key(line.substr(line.find_first_not_of(" \t#;")));
    std::string out;
    bool in_string = false;
    for (std::size_t at = 0; at < line.size(); ++at) {
        const char before = at == 0 ? ' ' : line[at - 1];
        const bool behind_word = std::string_view(" \t#\"'").find(before) == std::string_view::npos;
        out += line[at];
        if (line[at] == '"') in_string = !in_string;
        if (line[at] != '#' || !(behind_word || (anywhere && at > equals))) continue;
        const std::size_t quote = in_string ? line.find('"', at) : line.npos;
        const std::size_t end = std::min(quote, line.size());
        if (end > at + 1) out += "***";
        at = end - 1;
    }
    return out;
}

bool is_key_source(const std::string& word) {
    std::error_code none;
    return word.starts_with(':') || boost::algorithm::iends_with(word, ".key") || fs::exists(word, none);
}

// USER,password as the setting of a log-on: what stands behind the comma and names neither card nor key file,
// and what stands behind such a name and another comma.
std::string mask_logon(const std::string& line) {
    const std::size_t equals = line.find('=');
    const std::string name = boost::algorithm::trim_copy(line.substr(0, equals));
    const bool logon =
        boost::algorithm::iends_with(name, "InitTokenAs") || boost::algorithm::icontains(name, "Logon");
    const std::size_t comma = line.find(',', std::min(equals, line.size()));
    if (!logon || comma == line.npos) return line;
    const std::size_t end = std::min(line.find_first_of("#,\"'", comma + 1), line.size());
    const bool key = is_key_source(boost::algorithm::trim_copy(line.substr(comma + 1, end - comma - 1)));
    if (key && (end == line.size() || line[end] != ',')) return line;
    const char* quote = line.find('"') < comma && line.ends_with('"') ? "\"" : "";
    return line.substr(0, (key ? end : comma) + 1) + "***" + quote;
}

tl::expected<SecretBytes, std::string> content(const fs::path& path) {
    auto bytes = host::read_host_file(path, kMostBytes);
    if (!bytes) return refused(path.string() + " is missing or cannot be read");
    return std::move(*bytes);
}

}  // namespace

const KindRow* find_kind(std::string_view name) {
    const auto* row = std::ranges::find(kKinds, name, &KindRow::name);
    return row == std::end(kKinds) ? nullptr : row;
}

std::string kind_names() {
    std::string all;
    for (const KindRow& row : kKinds) all.append(all.empty() ? "" : ", ").append(row.name);
    return all;
}

std::string compose(const Manifest& manifest) {
    toml::table table;
    table.insert("made", manifest.made);
    toml::array items, shares;
    for (const Item& item : manifest.items)
        items.push_back(toml::table{{"kind", item.kind},
                                    {"file", item.file},
                                    {"source", item.source},
                                    {"mode", static_cast<std::int64_t>(item.mode)},
                                    {"sha256", item.sha256}});
    for (const std::string& share : manifest.shares) shares.push_back(share);
    table.insert("item", std::move(items));
    table.insert("shares", std::move(shares));
    std::ostringstream text;
    text << "# Restored from the first item to the last; then the MBK's shares, then the databases.\n"
         << table << '\n';
    return text.str();
}

tl::expected<Manifest, std::string> parse_manifest(std::string_view text) {
    const auto table = parse_toml(text, kManifest);
    if (!table) return refused(table.error());
    const toml::table& whole = *table;
    Manifest manifest;
    manifest.made = text_or(whole["made"]);
    const toml::array* items = whole["item"].as_array();
    if (!items) return refused("the manifest has no items");
    for (const toml::node& node : *items) {
        const toml::table* row = node.as_table();
        if (!row) return refused("an item of the manifest is none");
        const toml::table& fields = *row;
        Item item{text_or(fields["kind"]), text_or(fields["file"]), text_or(fields["source"]),
                  static_cast<std::uint32_t>(fields["mode"].value_or(std::int64_t{0600})) & 0777,
                  text_or(fields["sha256"])};
        if (!find_kind(item.kind)) return refused("the manifest has a kind that is not known: " + item.kind);
        if (!is_plain_name(item.file)) return refused("the manifest names a file elsewhere: " + item.file);
        manifest.items.push_back(std::move(item));
    }
    if (const toml::array* shares = whole["shares"].as_array())
        for (const toml::node& node : *shares) manifest.shares.push_back(node.value_or(std::string()));
    return manifest;
}

std::string without_passwords(std::string_view text) {
    std::string out;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find_first_of("\r\n"), text.size());
        out += mask_key_specs(mask_logon(keystore::mask_passwords(text.substr(0, end))));
        out += text.substr(end, 1);
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return out;
}

Result<void> seal_folder(const fs::path& folder, Manifest manifest, host::KeySource& key) {
    manifest.made = now();
    std::ranges::stable_sort(manifest.items, {}, [](const Item& item) { return order_of(item.kind); });
    const std::string text = compose(manifest);
    CS2SIM_TRY_LET(signature, key.sign({}, as_bytes(text)));
    const bool written = host::replace_host_file(folder / kManifest, as_bytes(text)) &&
                         host::replace_host_file(folder / kSignature, signature);
    if (!written) return fail(E_CSA_BACKUP_WRITE);
    return {};
}

tl::expected<Manifest, std::string> verify_folder(const fs::path& folder, const PublicKey& key) {
    const auto text = content(folder / kManifest);
    if (!text) return refused(text.error());
    const auto signature = content(folder / kSignature);
    if (!signature) return refused(signature.error());
    if (!verify_sha256(*key, *text, *signature))
        return refused("the manifest is not signed by this key, or was changed");
    auto manifest = parse_manifest(as_text(*text));
    CS2SIM_TRY(manifest);
    std::set<std::string> known = {std::string(kManifest), std::string(kSignature)};
    for (const Item& item : manifest->items) {
        const auto bytes = content(folder / item.file);
        if (!bytes) return refused(bytes.error());
        if (to_hex(sha256(*bytes)) != item.sha256) return refused(item.file + " was changed");
        if (!known.insert(item.file).second) return refused(item.file + " stands twice in the manifest");
    }
    std::error_code error;
    for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error))
        if (!known.contains(entry->path().filename()))
            return refused(entry->path().string() + " is not in the manifest");
    if (error) return refused(folder.string() + ": " + error.message());
    return manifest;
}

}  // namespace cs2sim::governance
