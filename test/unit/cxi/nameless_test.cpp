// Objects of a slot: without name, told apart by the specifier that the device gives; found by what they are.
#include "test/unit/cxi/cxi_bench.h"

using namespace cs2sim;

namespace {

PropertyList object(std::string_view group, std::string_view label = {}, std::string_view id = {}) {
    PropertyList list;
    list.set_number(CXI_PROP_KEY_ALGO, CXI_KEY_ALGO_AES);
    list.set_number(CXI_PROP_KEY_SIZE, 256);
    list.set(CXI_PROP_KEY_GROUP, group);
    if (!label.empty()) list.set(CXI_PROP_KEY_LABEL, label);
    if (!id.empty()) list.set(CXI_PROP_ID, id);
    return list;
}

std::uint32_t spec_of(CxiBench& bench, ByteView reference) {
    const auto key = bench.cxi.keys.find(reference.subspan(1));
    REQUIRE(key);
    return (*key)->object.spec();
}

std::uint32_t make(CxiBench& bench, const PropertyList& list, std::uint32_t flags = 0) {
    return spec_of(bench, CxiBench::reference(bench.generate(list, flags)));
}

std::vector<std::uint32_t> found(CxiBench& bench, const PropertyList& filter, std::uint32_t limit = 0) {
    const Bytes wanted = to_bytes(big_endian_bytes<4>(CXI_PROP_KEY_SPEC));
    std::vector<std::uint32_t> specs;
    Bytes cursor;
    while (true) {
        const auto page = bench.run(SFC_CXI_KEY_LIST, {filter.encode(), wanted, cursor, limit});
        REQUIRE(page);
        const auto block = parse("more:u1 cursor:v2 rows:*", *page);
        for (ByteView rows = block->bytes("rows"); !rows.empty();) {
            const auto row = parse_prefix(LAYOUT_CXI_ROW, rows);
            specs.push_back(PropertyList::decode(row->bytes("properties"))->number_or(CXI_PROP_KEY_SPEC, 0));
        }
        if (block->u8("more") == 0) return specs;
        cursor = to_bytes(block->bytes("cursor"));
    }
}

PropertyList in_group(std::string_view group) {
    PropertyList filter;
    filter.set(CXI_PROP_KEY_GROUP, group);
    return filter;
}

using Specs = std::vector<std::uint32_t>;

}  // namespace

TEST_CASE("the device gives the next specifier of a slot's group, and never one again") {
    CxiBench bench;
    CHECK(make(bench, object("SLOT_0000")) == 1);
    CHECK(make(bench, object("SLOT_0000")) == 2);
    CHECK(make(bench, object("SLOT_0001")) == 1);
    PropertyList given = object("SLOT_0000");
    given.set_number(CXI_PROP_KEY_SPEC, 10);
    CHECK(make(bench, given) == 10);
    CHECK(code_of(bench.generate(given)) == E_DB_EXISTS);
    REQUIRE(bench.run(SFC_CXI_KEY_DELETE, {index_reference(key_index("SLOT_0000", "", 10))}));
    CHECK(make(bench, object("SLOT_0000")) == 11);
    CHECK(make(bench, object("SLOT_0000"), CXI_FLAG_KEY_VOLATILE) == 12);
    REQUIRE(bench.run(SFC_CXI_KEY_INIT, {"SLOT_0000"}));
    CHECK(make(bench, object("SLOT_0000")) == 13);

    CHECK(code_of(bench.generate(object("OTHER"))) == E_CXI_KEY_INVALID_NAME);
    CHECK(code_of(bench.generate(object("SLOT_000"))) == E_CXI_KEY_INVALID_NAME);
    given.set_number(CXI_PROP_KEY_SPEC, 0);
    CHECK(code_of(bench.generate(given)) == E_CXI_KEY_INVALID_NAME);
    CHECK(bench.run(SFC_CXI_KEY_OPEN, {0,
                                       [] {
                                           PropertyList name = in_group("SLOT_0000");
                                           name.set_number(CXI_PROP_KEY_SPEC, 13);
                                           return name;
                                       }()
                                           .encode()}));
}

TEST_CASE("a pair takes two specifiers, the private key's first; a copy gets its own") {
    CxiBench bench;
    PropertyList of_private;
    of_private.set(CXI_PROP_KEY_GROUP, "SLOT_0000");
    of_private.set_number(CXI_PROP_KEY_ALGO, CXI_KEY_ALGO_EC);
    of_private.set(CXI_PROP_KEY_EC_CURVE, "secp256r1");
    const PropertyList of_public = in_group("SLOT_0000");
    const auto pair = bench.run(SFC_CXI_KEY_PAIR_GEN, {0, 0, of_public.encode(), of_private.encode()});
    REQUIRE(pair);
    const auto block = parse("public:v4 private:v4", *pair);
    CHECK(spec_of(bench, block->bytes("private")) == 1);
    CHECK(spec_of(bench, block->bytes("public")) == 2);
    const auto copy = bench.run(SFC_CXI_OBJ_COPY, {0, block->bytes("private"), PropertyList().encode()});
    CHECK(spec_of(bench, CxiBench::reference(copy)) == 3);
}

TEST_CASE("a restored object keeps its specifier, and the next one is behind it") {
    CxiBench bench;
    PropertyList given = object("SLOT_0000");
    given.set_number(CXI_PROP_KEY_SPEC, 7);
    const Bytes key = CxiBench::reference(bench.generate(given));
    const auto blob = bench.run(SFC_CXI_KEY_BACKUP, {key});
    REQUIRE(blob);
    REQUIRE(bench.run(SFC_CXI_KEY_DELETE, {key}));
    REQUIRE(bench.run(SFC_CXI_KEY_RESTORE, {0, ByteView(), *blob}));
    CHECK(make(bench, object("SLOT_0000")) == 8);
}

TEST_CASE("objects of a group are found by label, identifier and type, specifiers ascending") {
    CxiBench bench;
    for (std::uint32_t i = 1; i <= 40; ++i)
        make(bench, object("SLOT_0000", "label" + std::to_string(i % 4), "id" + std::to_string(i)),
             i % 5 == 0 ? std::uint32_t{CXI_FLAG_KEY_VOLATILE} : 0);
    make(bench, object("SLOT_0001", "label1", "id1"));
    PropertyList by_label = in_group("SLOT_0000");
    by_label.set(CXI_PROP_KEY_LABEL, "label1");
    const Specs ones{1, 5, 9, 13, 17, 21, 25, 29, 33, 37};
    for (const std::uint32_t limit : {0u, 1u, 2u, 3u, 7u, 100u}) CHECK(found(bench, by_label, limit) == ones);
    PropertyList by_id = in_group("SLOT_0000");
    by_id.set(CXI_PROP_ID, "id15");
    CHECK(found(bench, by_id) == Specs{15});
    PropertyList by_both = by_label;
    by_both.set(CXI_PROP_ID, "id15");
    CHECK(found(bench, by_both).empty());
    PropertyList by_type = in_group("SLOT_0000");
    by_type.set_number(CXI_PROP_KEY_TYPE, CXI_KEY_TYPE_SECRET);
    CHECK(found(bench, by_type).size() == 40);
    CHECK(std::ranges::is_sorted(found(bench, in_group("SLOT_0000"), 3)));

    // The index follows changes of properties, overwriting and the group's wipe.
    const auto set_label = [&](std::uint32_t spec, std::string_view label) {
        PropertyList change;
        change.set(CXI_PROP_KEY_LABEL, label);
        return code_of(bench.run(SFC_CXI_KEY_PROP_SET,
                                 {index_reference(key_index("SLOT_0000", "", spec)), change.encode()}));
    };
    CHECK(set_label(13, "other") == 0);
    CHECK(set_label(2, "label1") == 0);
    CHECK(found(bench, by_label) == Specs{1, 2, 5, 9, 17, 21, 25, 29, 33, 37});
    PropertyList again = object("SLOT_0000", "label2");
    again.set_number(CXI_PROP_KEY_SPEC, 1);
    CHECK(make(bench, again, CXI_FLAG_KEY_OVERWRITE) == 1);
    CHECK(found(bench, by_label).front() == 2);
    REQUIRE(bench.run(SFC_CXI_KEY_INIT, {"SLOT_0000"}));
    CHECK(found(bench, by_label).empty());
    CHECK(found(bench, in_group("SLOT_0001")) == Specs{1});
}

TEST_CASE("a cursor of another kind of list is refused") {
    CxiBench bench;
    make(bench, object("SLOT_0000"));
    const auto list = [&](ByteView cursor) {
        return code_of(bench.run(SFC_CXI_KEY_LIST, {in_group("SLOT_0000").encode(), ByteView(), cursor, 1}));
    };
    CHECK(list(Bytes{1}) == E_CXI_INVALID_PARAM_LEN);
    CHECK(list(Bytes(29)) == E_CXI_INVALID_PARAM_VAL);
    CHECK(list(Bytes(1000)) == E_CXI_INVALID_PARAM_LEN);
}
