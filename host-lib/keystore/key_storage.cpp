#include "host-lib/keystore/key_storage.h"

#include <algorithm>
#include <boost/algorithm/string/case_conv.hpp>
#include <boost/algorithm/string/predicate.hpp>
#include <boost/algorithm/string/trim.hpp>
#include <filesystem>

#include "host-lib/keystore/printed.h"

namespace cs2sim::keystore {
namespace {

tl::unexpected<Error> refused(const Say& say, const std::string& line) {
    if (say) say(line);
    return fail(E_CSA_STORE_CONFIG);
}

// A named pipe would keep us waiting, and no SQLite database is any other than a file. What is in it SQLite
// looks at: to open and close it here would take away the locks that stores of this process hold on it
// (sqlite.org/howtocorrupt.html, section 2.2), and with them what they write from then on.
Result<void> check_file(const std::string& path, const Say& say) {
    std::error_code error;
    if (std::filesystem::exists(path, error) && !std::filesystem::is_regular_file(path, error))
        return refused(say, path + " is no regular file");
    return {};
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
    if (const auto scheme = url.find("://"); scheme != url.npos && scheme < url.find('/'))
        return refused(say, std::string(url.substr(0, scheme)) +
                                ":// names no key store: it is postgresql://, odbc:CONNECTION-STRING, "
                                "sqlite:PATH or a path");
    return parse_key_storage("sqlite", url, say);
}

std::string shown(const KeyStorage& storage) {
    if (storage.kind == Kind::sqlite) return storage.connection;
    return mask_passwords(storage.connection);
}

}  // namespace cs2sim::keystore
