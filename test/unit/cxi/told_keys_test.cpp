// What a command that makes a key tells of it (CXI_FLAG_KEY_TOLD).
#include "test/unit/cxi/cxi_bench.h"

using namespace cs2sim;

TEST_CASE("a command that makes a key tells what it made when it is asked, as KEY_PROP_GET does") {
    CxiBench bench;
    const auto told = [](const Result<Bytes>& answer) {
        REQUIRE(code_of(answer) == 0);
        return to_bytes(parse("key:v4 properties:*", *answer)->bytes("properties"));
    };
    const auto asked = [&](ByteView key) {
        const auto answer = bench.run(SFC_CXI_KEY_PROP_GET, {key, ByteView()});
        REQUIRE(code_of(answer) == 0);
        return to_bytes(parse("properties:v4", *answer)->bytes("properties"));
    };
    PropertyList list = CxiBench::key_template(CXI_KEY_ALGO_AES, 256, "G", "told");
    list.set(CXI_PROP_KEY_LABEL, "label");
    for (const std::uint32_t place : {0u, +CXI_FLAG_KEY_EXTERNAL, +CXI_FLAG_KEY_VOLATILE}) {
        list.set(CXI_PROP_KEY_NAME, "told" + std::to_string(place));
        const auto made = bench.generate(list, place | CXI_FLAG_KEY_TOLD);
        CHECK(told(made) == asked(CxiBench::reference(made)));
        list.set(CXI_PROP_KEY_NAME, "untold" + std::to_string(place));
        CHECK(told(bench.generate(list, place)).empty());
    }
    // What is secret is not among it.
    const Bytes value(32, 0x41);
    const PropertyList import = CxiBench::key_template(CXI_KEY_ALGO_AES, 256, "G", "taken in");
    const auto taken = bench.run(SFC_CXI_KEY_IMPORT, {+CXI_FLAG_KEY_TOLD, +CXI_KEY_TYPE_SECRET, 0,
                                                      import.encode(), ByteView(), value, ByteView()});
    CHECK(told(taken) == asked(CxiBench::reference(taken)));
    CHECK(as_text(*taken).find(as_text(value)) == std::string_view::npos);
    // Beside a blob there is no room for very long ones.
    list.set(CXI_PROP_KEY_NAME, "long");
    list.set(CXI_PROP_CUSTOM | 1, Bytes(0x4000, 1));
    const auto large = bench.generate(list, CXI_FLAG_KEY_EXTERNAL | CXI_FLAG_KEY_TOLD);
    CHECK(told(large).empty());
    CHECK_FALSE(asked(CxiBench::reference(large)).empty());

    PropertyList of_private = CxiBench::key_template(CXI_KEY_ALGO_EC, 0, "G", "private");
    of_private.set(CXI_PROP_KEY_EC_CURVE, "NIST-P256");
    const PropertyList of_public = CxiBench::key_template(CXI_KEY_ALGO_EC, 0, "G", "public");
    const auto pair = bench.run(SFC_CXI_KEY_PAIR_GEN, {CXI_FLAG_KEY_EXTERNAL | CXI_FLAG_KEY_TOLD, 0,
                                                       of_public.encode(), of_private.encode()});
    REQUIRE(code_of(pair) == 0);
    const auto halves = parse("public:v4 private:v4 properties:*", *pair);
    ByteView both = halves->bytes("properties");
    for (const ByteView half : {halves->bytes("public"), halves->bytes("private")})
        CHECK(to_bytes(parse_prefix(LAYOUT_CXI_BULK_ENTRY, both)->bytes("entry")) == asked(half));
    CHECK(both.empty());
    const PropertyList there = CxiBench::key_template(CXI_KEY_ALGO_AES, 256, "G", "told0");
    CHECK(code_of(bench.run(SFC_CXI_KEY_OPEN, {0, there.encode()})) == 0);
    CHECK(code_of(bench.run(SFC_CXI_KEY_OPEN, {+CXI_FLAG_KEY_TOLD, there.encode()})) == E_CXI_INVALID_FLAGS);
}
