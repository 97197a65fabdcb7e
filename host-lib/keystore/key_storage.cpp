#include "host-lib/keystore/key_storage.h"

#include <algorithm>
#include <array>
#include <boost/algorithm/string/case_conv.hpp>
#include <boost/algorithm/string/find.hpp>
#include <boost/algorithm/string/predicate.hpp>
#include <boost/algorithm/string/trim.hpp>
#include <fstream>

namespace cs2sim::keystore {
namespace {

constexpr std::string_view kSqliteHeader{"SQLite format 3\0", 16};  // sqlite.org/fileformat.html, section 1.3

tl::unexpected<Error> refused(const Say& say, const std::string& line) {
    if (say) say(line);
    return fail(E_CSA_STORE_CONFIG);
}

// A file that is there must be SQLite's. One that is not there, or is empty, becomes a new store.
Result<void> check_file(const std::string& path, const Say& say) {
    std::ifstream file(path, std::ios::binary);
    std::array<char, kSqliteHeader.size()> header{};
    file.read(header.data(), header.size());
    const std::string_view found(header.data(), static_cast<std::size_t>(file.gcount()));
    if (found.empty() || found == kSqliteHeader) return {};
    if (boost::algorithm::iends_with(path, ".pks") || boost::algorithm::iends_with(path, ".sdb"))
        return refused(say, path +
                                " is the key store file of a real product, which cs2sim cannot read: name "
                                "another file, and bring the keys by backup and restore");
    return refused(say, path + " is no SQLite database");
}

Result<KeyStorage> sqlite_at(std::string path, const Say& say) {
    CS2SIM_TRY(check_file(path, say));
    KeyStorage storage;
    storage.kind = Kind::sqlite;
    storage.connection = std::move(path);
    return storage;
}

Result<KeyStorage> server(Kind kind, std::string connection) {
    KeyStorage storage;
    storage.kind = kind;
    storage.connection = std::move(connection);
    return storage;
}

bool is_url(std::string_view text) {
    return boost::algorithm::istarts_with(text, "postgresql://") ||
           boost::algorithm::istarts_with(text, "postgres://");
}

bool is_libpq_string(std::string_view text) {
    constexpr std::string_view kWords[] = {"host=", "hostaddr=", "dbname=", "service="};
    return std::ranges::any_of(kWords, [&](std::string_view word) {
        const auto at = text.find(word);
        return at == 0 || (at != std::string_view::npos && text[at - 1] == ' ');
    });
}

// Where the value that begins at `from` ends: behind its closing quote or brace, else before a separator.
std::size_t end_of_value(std::string_view text, std::size_t from) {
    if (from >= text.size()) return text.size();
    const char closing = text[from] == '{' ? '}' : text[from] == '\'' ? '\'' : '\0';
    if (closing == '\0') return std::min(text.find_first_of(" ;&", from), text.size());
    for (std::size_t at = from + 1; at < text.size(); ++at) {
        if (text[at] == '\\' && closing == '\'')
            ++at;
        else if (text[at] == closing)
            return at + 1;
    }
    return text.size();
}

void mask_values(std::string& text, std::string_view word) {
    std::size_t from = 0;
    for (;;) {
        const std::string_view rest = std::string_view(text).substr(from);
        const auto found = boost::algorithm::ifind_first(rest, word);
        if (found.empty()) return;
        const std::size_t value = static_cast<std::size_t>(found.end() - text.data());
        text.replace(value, end_of_value(text, value) - value, "***");
        from = value + 3;
    }
}

// user:secret@ of a URL.
void mask_url(std::string& text) {
    const std::size_t start = text.find("://");
    if (start == std::string::npos) return;
    const std::size_t end = std::min(text.find('/', start + 3), text.size());
    const std::size_t at = text.rfind('@', end);
    const std::size_t colon = text.find(':', start + 3);
    if (at == std::string::npos || at < start || colon > at) return;
    text.replace(colon + 1, at - colon - 1, "***");
}

}  // namespace

Result<KeyStorage> parse_key_storage(std::string_view type, std::string_view config, const Say& say) {
    const std::string kind = boost::algorithm::to_lower_copy(boost::algorithm::trim_copy(std::string(type)));
    std::string connection = boost::algorithm::trim_copy(std::string(config));
    if (connection.empty()) return refused(say, "KeyStorageConfig is empty");
    if (connection.find('\0') != std::string::npos) return refused(say, "KeyStorageConfig holds a zero byte");
    if (kind == "legacy" || kind == "sqlite") return sqlite_at(std::move(connection), say);
    if (kind == "postgresql") return server(Kind::postgresql, std::move(connection));
    if (kind == "odbc") return server(Kind::odbc, std::move(connection));
    return refused(say, "KeyStorageType " + std::string(type) +
                            " is not known: it is Legacy, odbc, sqlite or postgresql");
}

Result<KeyStorage> parse_key_store_url(std::string_view url, const Say& say) {
    if (is_url(url) || is_libpq_string(url)) return parse_key_storage("postgresql", url, say);
    for (const std::string_view type : {"odbc", "sqlite"})
        if (boost::algorithm::istarts_with(url, std::string(type) + ":"))
            return parse_key_storage(type, url.substr(type.size() + 1), say);
    return parse_key_storage("sqlite", url, say);
}

std::string shown(const KeyStorage& storage) {
    std::string text = storage.connection;
    if (storage.kind == Kind::sqlite) return text;
    if (is_url(text)) mask_url(text);
    mask_values(text, "password=");
    mask_values(text, "pwd=");
    return text;
}

}  // namespace cs2sim::keystore
