// What configuration files and command lines say about a store, and how the statements spell values.
#include <fstream>
#include <sstream>

#include "host-lib/keystore/drivers/notification.h"
#include "host-lib/keystore/drivers/statements.h"
#include "host-lib/keystore/printed.h"
#include "test/unit/keystore/conformance.h"

namespace cs2sim::keystore {
namespace {

std::string shown_of(std::string_view type, std::string_view connection) {
    return shown(parse_key_storage(type, connection).value());
}

}  // namespace

TEST_CASE("KeyStorageType and KeyStorageConfig name a store") {
    const ScratchFolder folder;
    const std::string path = folder.path() / "P11.pks";
    const auto kind = [&](std::string_view type) { return parse_key_storage(type, path).value().kind; };
    CHECK(kind("Legacy") == Kind::sqlite);
    CHECK(kind("LEGACY") == Kind::sqlite);
    CHECK(kind("sqlite") == Kind::sqlite);
    CHECK(kind("odbc") == Kind::odbc);
    CHECK(kind(" Odbc ") == Kind::odbc);
    CHECK(kind("postgresql") == Kind::postgresql);
    CHECK(parse_key_storage("Legacy", "  " + path + " ").value().connection == path);

    Heard heard;
    CHECK(code_of(parse_key_storage("oracle", path, heard.listener())) == E_CSA_STORE_CONFIG);
    CHECK(heard.has("oracle is not known"));
    CHECK(code_of(parse_key_storage("Legacy", " ", heard.listener())) == E_CSA_STORE_CONFIG);
    CHECK(heard.has("KeyStorageConfig is empty"));
    CHECK(code_of(parse_key_storage("sqlite", std::string_view("a\0b", 3))) == E_CSA_STORE_CONFIG);
}

TEST_CASE("a real product's file is refused by name, and left as it is") {
    const ScratchFolder folder;
    const std::string path = folder.path() / "P11.pks";
    const auto first_call = [](const std::string& file, const Heard& heard = {}) {
        return code_of(opened(parse_key_storage("Legacy", file).value(), heard)->count({}));
    };
    const auto content = [](const std::string& file) {
        std::ostringstream all;
        all << std::ifstream(file).rdbuf();
        return all.str();
    };
    const std::string whatever =
        GENERATE(std::string("whatever a real product writes"), std::string("x"), std::string(100000, 'p'));
    Heard heard;
    std::ofstream(path) << whatever;
    CHECK(first_call(path, heard) == E_CSA_STORE_CONFIG);
    CHECK(heard.has(path + " is the key store file of a real product"));
    CHECK(content(path) == whatever);
    std::ofstream(path) << "";  // empty: becomes ours
    CHECK(first_call(path) == 0);
    CHECK(first_call(path) == 0);
    const std::string notes = folder.path() / "notes.txt";
    std::ofstream(notes) << "my notes";
    CHECK(first_call(notes, heard) == E_CSA_STORE_CONFIG);
    CHECK(heard.has("notes.txt is no SQLite database"));
    CHECK(code_of(parse_key_storage("sqlite", folder.path().string(), heard.listener())) ==
          E_CSA_STORE_CONFIG);
    CHECK(heard.has("is no regular file"));
}

TEST_CASE("one word for tools names a store, too") {
    const auto kind = [](std::string_view url) { return parse_key_store_url(url).value().kind; };
    const auto connection = [](std::string_view url) { return parse_key_store_url(url).value().connection; };
    CHECK(kind("postgresql://host/db") == Kind::postgresql);
    CHECK(kind("postgres://host/db") == Kind::postgresql);
    CHECK(kind("host=db dbname=keys") == Kind::postgresql);
    CHECK(kind("user=x dbname=keys") == Kind::postgresql);
    CHECK(kind("odbc:DSN=x") == Kind::odbc);
    CHECK(connection("odbc:DSN=x;UID=y") == "DSN=x;UID=y");
    CHECK(connection("sqlite:/no/such/keys.db") == "/no/such/keys.db");
    CHECK(kind("/no/such/myhost=1.db") == Kind::sqlite);
    CHECK(connection("/no/such://keys.db") == "/no/such://keys.db");
    CHECK(connection("sqlite:no://such.db") == "no://such.db");
    CHECK(code_of(parse_key_store_url("odbc:")) == E_CSA_STORE_CONFIG);
    const Heard heard;
    CHECK(code_of(parse_key_store_url("mysql://host/db", heard.listener())) == E_CSA_STORE_CONFIG);
    CHECK(heard.has("mysql:// names no key store"));
    CHECK(code_of(parse_key_store_url("")) == E_CSA_STORE_CONFIG);
}

TEST_CASE("passwords are not shown") {
    CHECK(shown_of("postgresql", "host=db password=secret user=x") == "host=db password=*** user=x");
    CHECK(shown_of("postgresql", "host=db password='se \\' cret' user=x") == "host=db password=*** user=x");
    CHECK(shown_of("postgresql", "host=db PassWord=secret") == "host=db PassWord=***");
    CHECK(shown_of("postgresql", "host=db password=") == "host=db password=***");
    CHECK(shown_of("postgresql", "postgresql://x:secret@db/keys?a=b") == "postgresql://x:***@db/keys?a=b");
    CHECK(shown_of("postgresql", "postgresql://x:se@cret@db/keys") == "postgresql://x:***@db/keys");
    CHECK(shown_of("postgresql", "postgresql://x@db/keys?password=secret&c=d") ==
          "postgresql://x@db/keys?password=***&c=d");
    CHECK(shown_of("odbc", "DSN=x;UID=y;PWD=secret;Port=1") == "DSN=x;UID=y;PWD=***;Port=1");
    CHECK(shown_of("odbc", "DSN=x;Pwd={se;cret};Port=1") == "DSN=x;Pwd=***;Port=1");
}

TEST_CASE("passwords are masked in lines of configurations, whole and in linear time") {
    CHECK(mask_passwords("passwd=S3cret") == "passwd=***");
    CHECK(mask_passwords("pass = two words # and more") == "pass = ***");
    CHECK(mask_passwords("LogonPass=CLERK,S3cret") == "LogonPass=***");
    CHECK(mask_passwords("password=a;b&c#d user=lab") == "password=*** user=lab");
    CHECK(mask_passwords("c = \"host=db password=a#b user=lab\"") == "c = \"host=db password=*** user=lab\"");
    CHECK(mask_passwords("password = \"a b\" # why") == "password = *** # why");
    CHECK(mask_passwords("PWD={se}}cr;et};Port=1") == "PWD=***;Port=1");
    CHECK(mask_passwords("url = postgresql://x:secret@db/keys") == "url = postgresql://x:***@db/keys");
    CHECK(mask_passwords("PIN=1234") == "PIN=***");
    CHECK(mask_passwords("UserPin : 1234 # of a token") == "UserPin : ***");
    CHECK(mask_passwords("SoPin=1234") == "SoPin=***");
    CHECK(mask_passwords("LoginUser=1234") == "LoginUser=***");
    CHECK(mask_passwords("Passphrase=S3cret") == "Passphrase=***");
    CHECK(mask_passwords("DRIVER=x;PASSPHRASE=S3cret;Port=1") == "DRIVER=x;PASSPHRASE=***;Port=1");
    CHECK(mask_passwords("at 12:30 the pin: none") == "at 12:30 the pin: none");
    CHECK(mask_passwords("passfile=/etc/pgpass") == "passfile=/etc/pgpass");
    CHECK(mask_passwords("password='" + std::string(20000, 'a') + "'") == "password=***");
    for (const char* part : {"pwd={", "pwd='", "://", "://a:", "= ", "pwd=\\"}) {
        std::string many;
        for (int i = 0; i < 1'000'000; ++i) many += part;
        CHECK(mask_passwords(many).size() <= many.size() + 3);  // a quadratic scan would not end
    }
}

TEST_CASE("what is printed of a row has no control characters") {
    CHECK(printable("a\x1B[2J\n\x7F%") == "a%1B[2J%0A%7F%25");
    CHECK(printable("a\xE2\x80\xAE"
                    "b") ==
          "a%E2%80\xAE"
          "b");  // turns the direction of writing
    CHECK(printable("\xE9\x8D\xB5\xE9") == "\xE9\x8D\xB5\xE9");
    CHECK(printable("Schl\xC3\xBCssel\xC2\x9B\x9B") == "Schl\xC3\xBCssel\xC2%9B%9B");
}

TEST_CASE("values stand in statements as hexadecimal alone") {
    for (const Dialect* sql : {&kSqlite, &kPostgresql}) {
        const Filter filter{.group = "' or 1=1 --", .label = Bytes{0x27, 0}};
        const std::string statement = select_keys(*sql, filter, nullptr, Match::greater, 1, true);
        CHECK(statement.find("or 1=1") == std::string::npos);
        CHECK(statement.find("27206F7220313D31202D2D") != std::string::npos);
        CHECK(statement.find("2700") != std::string::npos);
    }
}

TEST_CASE(
    "values apart from a statement are bytes and texts as they are, and the statement is the same for all") {
    StoredKey key;
    key.index = {"' or 1=1 --", "", 7};
    key.label = {0x27, 0};
    key.blob = {0x4B, 0, 0xFF};
    const auto composed = [&](Values& values) {
        const Dialect sql = kPostgresql.with(values);
        return insert_keys(sql, {key}, {OperationId{1}}, {OperationId{1}, "host", "insert"}, false)
            .at(0)
            .at(0);
    };
    Values values;
    const std::string statement = composed(values);
    const auto has = [&](std::string_view content, bool is_bytes) {
        return std::ranges::any_of(
            values, [&](const Apart& one) { return one.content == content && one.is_bytes == is_bytes; });
    };
    CHECK(has("' or 1=1 --", false));
    CHECK(has("7", false));
    CHECK(has(std::string_view("'\0", 2), true));
    CHECK(has(std::string_view("K\0\xFF", 3), true));
    key.index.spec = 8;
    key.blob = {1};
    Values others;
    CHECK(composed(others) == statement);
    CHECK(statement.find("$" + std::to_string(values.size()) + "::") != std::string::npos);
}

TEST_CASE("notifications name rows, and a strange one any row") {
    const KeyIndex index{"SLOT.0000", "a.b\n", 0xFFFFFFFF};
    CHECK(index_of(notification_of(index)) == index);
    CHECK(index_of(notification_of({"", "", 0})) == KeyIndex{"", "", 0});
    for (const char* strange :
         {"", "*", ".", "4A.4A", "4A.4A.", "4A.4A.x", "4.4A.1", "4A.4A.1x", "4A.4A.99999999999"})
        CHECK_FALSE(index_of(strange));
}

TEST_CASE("files of statements are taken apart at empty lines") {
    CHECK(statements_of("-- words\n-- more\n\na\nb\n\n\n-- of c\nc") ==
          std::vector<std::string>{"a\nb\n", "c\n"});
    CHECK(statements_of("").empty());
}

}  // namespace cs2sim::keystore
