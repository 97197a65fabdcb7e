#include <catch2/catch.hpp>
#include <set>
#include <string>

#include "firmware/protocol/block.h"
#include "firmware/protocol/functions.h"
#include "test/bad_input.h"
#include "test/unit/scratch.h"

using namespace cs2sim;

TEST_CASE("a block decodes into what it was composed of") {
    static constexpr Layout layout = "a:u1 b:u2 c:u4 d:u8 e:b4 f:v2 g!:v4 h:*";
    const Bytes block =
        compose(layout, {1, 0x203, 0x4050607, 0x8090A0B0C0D0E0Full, "xy", "text", "secret", "rest"}).value();
    const auto parsed = parse(layout, block);
    REQUIRE(parsed);
    CHECK(parsed->number("a") == 1);
    CHECK(parsed->number("b") == 0x203);
    CHECK(parsed->number("c") == 0x4050607);
    CHECK(parsed->number("d") == 0x8090A0B0C0D0E0Full);
    CHECK(to_hex(parsed->content("e")) == "78790000");
    CHECK(as_text(parsed->content("f")) == "text");
    CHECK(parsed->text("g") == "secret");
    CHECK(parsed->fields()[6].secret);
    CHECK(as_text(parsed->content("h")) == "rest");
}

TEST_CASE("a block of the wrong length is refused, however it is cut") {
    static constexpr Layout layout = "name:v2 key:v2";
    Bytes block = compose(layout, {"user.db", "ADMIN"}).value();
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

TEST_CASE("a value that does not fit its field is an error, and nothing is written") {
    Bytes out{1, 2};
    CHECK(code_of(compose_into(out, "a:u4 b:v2", {7, Bytes(65536)})) == E_CMDS_BAD_SIZE);
    CHECK(code_of(compose_into(out, "a:u4 b:b8", {7, Bytes(9)})) == E_CMDS_BAD_SIZE);
    CHECK(code_of(compose_into(out, "a:u4 b:u1", {7, 256})) == E_CMDS_BAD_SIZE);
    CHECK(out == Bytes{1, 2});
    CHECK(compose("b:v2", {Bytes(65535)}).value().size() == 65537);
    CHECK(compose("a:u1", {255}).value() == Bytes{255});
}

TEST_CASE("values whose types always fit need no error") {
    const Bytes whole = compose_fitting(LAYOUT_CXI_PROPERTY, std::uint32_t{9}, Bytes{1, 2});
    CHECK(to_hex(whole) == "00000009000000020102");
    Bytes out{7};
    compose_fitting_into(out, LAYOUT_MBK_SLOT, std::uint32_t{3}, std::array<std::uint8_t, 35>{});
    CHECK(out.size() == 1 + 4 + 35);
}

TEST_CASE("no number is given twice") {
    const auto rows = function_catalogue();
    for (const auto& row : rows) {
        INFO(row.module << " " << row.name);
        CHECK(find_function(row.fc, row.sfc) == &row);
    }
}

TEST_CASE("an error prints the three lines that operators know") {
    CHECK(
        describe(0xB0830063) ==
        "Error B0830063\nCryptoServer module CMDS, Command scheduler\nillegal challenge length requested\n");
    CHECK(describe(0xB0990001) == "Error B0990001\nCryptoServer module PIN\nPIN module\n");
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

// What a layout's names are checked with when the program is built; misspelt_field.cxx shows that it ends a
// build.
TEST_CASE("names of fields are asked of the catalogue, with their kind") {
    STATIC_REQUIRE(some_layout_has(" a:u4 b!:v2 c:* ", "a", true));
    STATIC_REQUIRE_FALSE(some_layout_has(" a:u4 b!:v2 c:* ", "a", false));
    STATIC_REQUIRE(some_layout_has(" a:u4 b!:v2 c:* ", "b", false));
    STATIC_REQUIRE(some_layout_has(" a:u4 b!:v2 c:* ", "c", false));
    for (const char* const wrong : {"", "d", "u4", "a:u4", "b!"})
        for (const bool number : {false, true})
            CHECK_FALSE(some_layout_has(" a:u4 b!:v2 c:* ", wrong, number));
    STATIC_REQUIRE_FALSE(some_layout_has(" xa:u4 ay:u4 ", "a", true));  // part of a longer name
    STATIC_REQUIRE(some_layout_has(kEveryLayout, "mechanism", true));
    STATIC_REQUIRE(some_layout_has(kEveryLayout, "sealed", false));
}
