#include <catch2/catch.hpp>
#include <set>
#include <string>

#include "firmware/protocol/block.h"
#include "firmware/protocol/functions.h"
#include "test/bad_input.h"

using namespace cs2sim;

TEST_CASE("a block decodes into what it was composed of") {
    constexpr std::string_view layout = "a:u1 b:u2 c:u4 d:u8 e:b4 f:v2 g!:v4 h:*";
    const Bytes block =
        compose(layout, {1, 0x203, 0x4050607, 0x8090A0B0C0D0E0Full, "xy", "text", "secret", "rest"});
    const auto parsed = parse(layout, block);
    REQUIRE(parsed);
    CHECK(parsed->u8("a") == 1);
    CHECK(parsed->u16("b") == 0x203);
    CHECK(parsed->u32("c") == 0x4050607);
    CHECK(parsed->u64("d") == 0x8090A0B0C0D0E0Full);
    CHECK(to_hex(parsed->bytes("e")) == "78790000");
    CHECK(parsed->text("f") == "text");
    CHECK(parsed->text("g") == "secret");
    CHECK(parsed->fields()[6].secret);
    CHECK(parsed->text("h") == "rest");
}

TEST_CASE("a block of the wrong length is refused, however it is cut") {
    constexpr std::string_view layout = "name:v2 key:v2";
    Bytes block = compose(layout, {"user.db", "ADMIN"});
    for (std::size_t size = 0; size < block.size(); ++size) {
        test::bad_input("frames and blocks, malformed");
        const auto parsed = parse(layout, ByteView(block).first(size));
        REQUIRE_FALSE(parsed);
        CHECK(parsed.error().code == E_CMDS_DATA_LEN);
    }
    block.push_back(0);
    CHECK_FALSE(parse(layout, block));
    CHECK_FALSE(parse("data:v4", Bytes{0xFF, 0xFF, 0xFF, 0xFF, 1}));
}

TEST_CASE("every layout of the catalogue is well formed, and no number is given twice") {
    const auto rows = function_catalogue();
    for (const auto& row : rows) {
        INFO(row.module << " " << row.name);
        const auto request = parse(row.request, {});  // a malformed layout would abort
        CHECK((request || request.error().code == E_CMDS_DATA_LEN));
        const auto answer = parse(row.answer, {});
        CHECK((answer || answer.error().code == E_CMDS_DATA_LEN));
        CHECK(find_function(row.fc, row.sfc) == &row);
    }
}

TEST_CASE("an error prints the three lines that operators know") {
    CHECK(
        describe(0xB0830063) ==
        "Error B0830063\nCryptoServer module CMDS, Command scheduler\nillegal challenge length requested\n");
    CHECK(describe(0xB7770001) == "Error B7770001\nCryptoServer module 777, unknown module\nunknown error\n");
    // error-numbers.md, "Others": most modules by their short name, host layers by names of their own.
    CHECK(describe(0xB0870027) ==
          "Error B0870027\nCryptoServer module ADM\nMBK database may not leave the device\n");
    CHECK(describe(0xB901306F) ==
          "Error B901306F\nCryptoServer module API LINUX\ncannot connect to device: Connection refused\n");
    CHECK(describe(0xB9015701) ==
          "Error B9015701\nCryptoServer module API LINUX\nreading from the device failed: time ran out\n");
    CHECK(describe(0xB9061003) == "Error B9061003\nCryptoServer module API\nkey file cannot be opened\n");
}

TEST_CASE("no number and no name of an error is given twice, and none of our own meets a known one") {
    std::set<std::uint32_t> codes;
    std::set<std::string> names;
    const auto check_name = [&](const ErrorRow& row) {
        const std::string name = std::string(row.module) + "_" + std::string(row.name);
        INFO(name);
        CHECK(names.insert(name).second);
    };
    for (const ErrorRow& row : error_table()) {
        INFO(hex_code(row.code));
        CHECK(codes.insert(row.code).second);
        CHECK_FALSE(row.text.empty());
        check_name(row);
        if (!row.assumed) continue;
        for (const ErrorRange& range : error_ranges())
            CHECK_FALSE((range.row.code <= row.code && row.code <= range.last));
    }
    for (const ErrorRange& range : error_ranges()) {
        INFO(hex_code(range.row.code));
        CHECK(range.row.code <= range.last);
        check_name(range.row);
        CHECK(find_error(range.row.code) != nullptr);
        CHECK(error_text(range.last).starts_with(range.row.text));
    }
}
