#include "test/unit/cxi/cxi_bench.h"

#include <set>

using namespace cs2sim;

namespace {

Bytes property_bytes(std::uint32_t id, ByteView value) {
    return compose(LAYOUT_CXI_PROPERTY, {id, value}).value();
}

std::vector<std::string> list_names(CxiBench& bench, std::string_view group, std::uint32_t limit) {
    PropertyList filter;
    filter.set(CXI_PROP_KEY_GROUP, group);
    std::vector<std::string> names;
    Bytes cursor;
    for (bool more = true; more;) {
        const auto answer = bench.run(SFC_CXI_KEY_LIST, {filter.encode(), ByteView(), cursor, limit});
        REQUIRE(answer);
        const auto page = parse("more:u1 cursor:v2 keys:*", *answer);
        more = page->u8("more") != 0;
        cursor = to_bytes(page->bytes("cursor"));
        ByteView rows = page->bytes("keys");
        std::size_t on_page = 0;
        for (; !rows.empty(); ++on_page) {
            const auto row = PropertyList::decode(parse_prefix(LAYOUT_CXI_ROW, rows)->bytes("properties"));
            names.emplace_back(row->text(CXI_PROP_KEY_NAME));
        }
        CHECK(on_page <= limit);
    }
    return names;
}

}  // namespace

TEST_CASE("malformed property lists get their codes") {
    const Bytes name = property_bytes(CXI_PROP_KEY_NAME, as_bytes("k"));
    const auto code = [](const Bytes& list) { return code_of(PropertyList::decode(list)); };
    CHECK(code({0, 0, 0}) == E_CXI_PROP_TAG);
    CHECK(code(Bytes(name.begin(), name.end() - 1)) == E_CXI_PROP_LEN);
    CHECK(code(property_bytes(110, as_bytes("x"))) == E_CXI_PROP_UNKNOWN);
    CHECK(code(property_bytes(CXI_PROP_KEY_SIZE, as_bytes("x"))) == E_CXI_PROP_LEN);
    CHECK(code(property_bytes(CXI_PROP_SIGN, Bytes{2})) == E_CXI_PROP_VAL);
    CHECK(code(property_bytes(CXI_PROP_KEY_DATE_EXP, as_bytes("261323000000"))) == E_CXI_PROP_VAL);
    CHECK(code(property_bytes(CXI_PROP_KEY_NAME, as_bytes("a\nb"))) == E_CXI_KEY_INVALID_NAME);
    CHECK(code(property_bytes(CXI_PROP_KEY_NAME, Bytes(257, 'a'))) == E_CXI_PROP_LEN);
    CHECK(code(property_bytes(CXI_PROP_CUSTOM | 7, as_bytes("anything"))) == 0);
    Bytes twice = name;
    append(twice, name);
    CHECK(code(twice) == E_CXI_PROP_EXISTS);
}

TEST_CASE("malformed key references get their codes") {
    CxiBench bench;
    const auto code = [&](const Bytes& key) { return code_of(bench.run(SFC_CXI_KEY_BACKUP, {key})); };
    CHECK(code({}) == E_CXI_INVALID_PARAM_LEN);
    CHECK(code({9, 1}) == E_CXI_INVALID_PARAM_TAG);
    CHECK(code({CXI_TAG_INDEX, 1, 2}) == E_CXI_INVALID_PARAM_LEN);
    CHECK(code(index_reference(key_index("G", "none", 0))) == E_DB_NOT_FOUND);
    CHECK(code({CXI_TAG_EXTERNAL, 1, 2}) == E_CXI_KEY_BLOB_FORMAT);
    CHECK(code({CXI_TAG_NAME}) == E_CXI_KEY_INVALID_NAME);
}

TEST_CASE("templates that make no key get their codes") {
    CxiBench bench;
    const auto code = [&](const PropertyList& list, std::uint32_t flags = 0) {
        return code_of(bench.generate(list, flags));
    };
    PropertyList list = CxiBench::key_template(CXI_KEY_ALGO_AES, 100, "G", "k");
    CHECK(code(list) == E_CXI_KEY_INVALID_SIZE);
    CHECK(code(CxiBench::key_template(77, 128, "G", "k")) == E_CXI_KEY_INVALID_ALGO);
    CHECK(code(CxiBench::key_template(CXI_KEY_ALGO_RSA, 512, "G", "k")) == E_CXI_KEY_INVALID_SIZE);
    CHECK(code(CxiBench::key_template(CXI_KEY_ALGO_EC, 0, "G", "k")) == E_CXI_PROP_NOT_FOUND);
    list = CxiBench::key_template(CXI_KEY_ALGO_EC, 0, "G", "k");
    list.set(CXI_PROP_KEY_EC_CURVE, "no such curve");
    CHECK(code(list) == E_ECA_NOT_FOUND);
    list = CxiBench::key_template(CXI_KEY_ALGO_AES, 128, "G", "k");
    CHECK(code(list, 0x8000) == E_CXI_INVALID_FLAGS);
    CHECK(code(list, CXI_FLAG_KEY_EXTERNAL | CXI_FLAG_KEY_OVERWRITE) == E_CXI_OVERWRITE);
    list.set_flag(CXI_PROP_LOCAL, true);
    CHECK(code(list) == E_CXI_PROP_ABSENT);
    CHECK(code(CxiBench::key_template(CXI_KEY_ALGO_AES, 128, "G", "")) == E_CXI_KEY_INVALID_NAME);
}

TEST_CASE("a key is found by name, kept from being replaced unasked, and gone when deleted") {
    CxiBench bench;
    const Bytes key = bench.aes("G", "k");
    PropertyList names;
    names.set(CXI_PROP_KEY_GROUP, "G");
    names.set(CXI_PROP_KEY_NAME, "k");
    CHECK(CxiBench::reference(bench.run(SFC_CXI_KEY_OPEN, {0, names.encode()})) == key);
    const PropertyList again = CxiBench::key_template(CXI_KEY_ALGO_AES, 128, "G", "k");
    CHECK(code_of(bench.generate(again)) == E_DB_EXISTS);
    CHECK(code_of(bench.generate(again, CXI_FLAG_KEY_OVERWRITE)) == 0);
    const auto loaded = bench.cxi.keys.find(ByteView(key).subspan(1));
    REQUIRE(loaded);
    CHECK((*loaded)->object.bits() == 128);
    CHECK(code_of(bench.run(SFC_CXI_KEY_DELETE, {key})) == 0);
    CHECK(code_of(bench.run(SFC_CXI_KEY_OPEN, {0, names.encode()})) == E_DB_NOT_FOUND);
    CHECK(code_of(bench.run(SFC_CXI_KEY_DELETE, {key})) == E_DB_NOT_FOUND);
}

TEST_CASE("a cached key is not served after the database was changed underneath") {
    CxiBench bench;
    const Bytes key = bench.aes("G", "k");
    const ByteView index = ByteView(key).subspan(1);
    const auto first = bench.cxi.keys.find(index);
    REQUIRE(first);
    CHECK(bench.cxi.keys.find(index)->get() == first->get());
    KeyObject other = (*first)->object;
    other.material.assign(32, 7);
    const auto database = bench.services.databases.open("CXIKEY.db");
    REQUIRE((*database)->update(index, encode_key(other)));
    const auto second = bench.cxi.keys.find(index);
    REQUIRE(second);
    CHECK((*second)->object.material == SecretBytes(32, 7));
    REQUIRE((*database)->erase(index));
    CHECK(code_of(bench.cxi.keys.find(index)) == E_DB_NOT_FOUND);
}

TEST_CASE("a listing in pages gives every key of the group once") {
    CxiBench bench;
    std::multiset<std::string> made;
    for (int i = 0; i < 57; ++i) {
        made.insert("key " + std::to_string(i));
        bench.aes("G", "key " + std::to_string(i));
        bench.aes("H", "other " + std::to_string(i));
    }
    const PropertyList kept = CxiBench::key_template(CXI_KEY_ALGO_AES, 128, "G", "volatile");
    REQUIRE(bench.generate(kept, CXI_FLAG_KEY_VOLATILE));
    made.insert("volatile");
    for (const std::uint32_t limit : {1u, 10u, 1000u})
        for (const std::string_view group : {"G", "G*"}) {
            const auto names = list_names(bench, group, limit);
            CHECK(std::multiset<std::string>(names.begin(), names.end()) == made);
        }
    bench.log_on(2, "CXI_GROUP=H");
    CHECK(list_names(bench, "*", 100).size() == 57);
    bench.log_on(2, "CXI_GROUP=*");
    CHECK(parse("count:u4", *bench.run(SFC_CXI_KEY_INIT, {"G"}))->u32("count") == 58);
    CHECK(list_names(bench, "*", 100).size() == 57);
}

TEST_CASE("properties: what may be read, changed, and what may not") {
    CxiBench bench;
    const Bytes key = bench.rsa("k");
    const auto get = [&](std::uint32_t id) {
        return bench.run(SFC_CXI_KEY_PROP_GET, {key, compose("id:u4", {id}).value()});
    };
    const auto set = [&](const PropertyList& list) {
        return code_of(bench.run(SFC_CXI_KEY_PROP_SET, {key, list.encode()}));
    };
    CHECK(code_of(get(CXI_PROP_KEY_RSA_MOD)) == 0);
    CHECK(code_of(get(CXI_PROP_KEY_RSA_P)) == E_CXI_PROP_SENSITIVE);
    CHECK(code_of(get(CXI_PROP_KEY_LABEL)) == E_CXI_PROP_NOT_FOUND);
    CHECK(code_of(get(999)) == E_CXI_PROP_UNKNOWN);
    PropertyList label;
    label.set(CXI_PROP_KEY_LABEL, "mine");
    label.set(CXI_PROP_CUSTOM | 5, "custom");
    CHECK(set(label) == 0);
    CHECK(code_of(get(CXI_PROP_KEY_LABEL)) == 0);
    CHECK(code_of(get(CXI_PROP_CUSTOM | 5)) == 0);
    PropertyList name;
    name.set(CXI_PROP_KEY_NAME, "other");
    CHECK(set(name) == E_CXI_PROP_READONLY);
    PropertyList policy;
    policy.set_number(CXI_PROP_KEY_EXPORT, CXI_KEY_EXPORT_ALLOW);
    CHECK(set(policy) == E_CXI_PROP_PROTECTED);
    policy.set_number(CXI_PROP_KEY_EXPORT, CXI_KEY_EXPORT_DENY_BACKUP);
    CHECK(set(policy) == 0);
    CHECK(code_of(bench.run(SFC_CXI_KEY_BACKUP, {key})) == E_CXI_KEY_EXPORT_DENIED);
}

TEST_CASE("usage and mechanism lists bind a key") {
    CxiBench bench;
    PropertyList list = CxiBench::key_template(CXI_KEY_ALGO_RSA, 1024, "G", "k");
    list.set_number(CXI_PROP_KEY_USAGE, CXI_KEY_USAGE_SIGN);
    list.set(CXI_PROP_KEY_MECHS,
             ByteView(compose("a:u4", {CXI_MECH_PAD_PKCS1 | CXI_MECH_HASH_SHA256}).value()));
    const Bytes key = CxiBench::reference(bench.generate(list));
    const Bytes data{1, 2, 3};
    CHECK(code_of(bench.sign(key, CXI_MECH_PAD_PKCS1 | CXI_MECH_HASH_SHA256, data)) == 0);
    CHECK(code_of(bench.sign(key, CXI_MECH_PAD_PSS | CXI_MECH_HASH_SHA256, data)) ==
          E_CXI_KEY_MECH_NOT_ALLOWED);
    CHECK(code_of(bench.crypt(key, CXI_MECH_MODE_DECRYPT | CXI_MECH_PAD_PKCS1, {}, Bytes(128))) ==
          E_CXI_KEY_USAGE);
}
