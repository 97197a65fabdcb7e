// The same bytes wrapped as several kinds of key, in several groups, under policies that got narrower.
#include "firmware/cxi/noted_policies.h"
#include "test/unit/cxi/guarded_keys.h"

using namespace cs2sim;
using namespace cs2sim::test;

namespace {

constexpr std::uint32_t kBoth = CXI_KEY_EXPORT_ALLOW | CXI_KEY_EXPORT_ALLOW_PLAIN;
const Way kByKw{kKw, {}};

PropertyList known(std::uint32_t algorithm, std::string_view group, std::string_view name,
                   std::uint32_t policy = kBoth) {
    PropertyList list = CxiBench::key_template(algorithm, 0, group, name);
    list.set_number(CXI_PROP_KEY_EXPORT, policy);
    return list;
}

const PropertyList& stored(CxiBench& bench, ByteView reference) {
    static SharedKey kept;
    kept = *bench.cxi.find(reference);
    return kept->object.properties;
}

std::uint32_t in_clear(CxiBench& bench, ByteView key) {
    return code_of(bench.run(SFC_CXI_KEY_EXPORT, {+CXI_KEY_TYPE_SECRET, 0u, key, ByteView(), ByteView()}));
}

Bytes wrapped(CxiBench& bench, ByteView key, ByteView wrapping) {
    const auto blob = wrap(bench, key, wrapping, kByKw);
    REQUIRE(code_of(blob) == 0);
    return *blob;
}

}  // namespace

TEST_CASE("bytes that were wrapped as several kinds of key keep the strictest guards as each of them") {
    CxiBench bench;
    const Bytes kek = make(bench, aes("kek")), other = make(bench, aes("other")), bytes(32, 0x3A);
    trust(bench, kek);
    const Bytes raw = bench.import(CXI_KEY_TYPE_SECRET, known(CXI_KEY_ALGO_RAW, "G", "raw"), bytes);
    const Bytes early = wrapped(bench, raw, other);
    REQUIRE(code_of(unwrap(bench, early, other, known(CXI_KEY_ALGO_AES, "G", "none"), kByKw)) ==
            E_CXI_KEY_TYPE);
    PropertyList strict = known(CXI_KEY_ALGO_AES, "G", "strict", CXI_KEY_EXPORT_ALLOW);
    strict.set_flag(CXI_PROP_SENSITIVE, true);
    strict.set_flag(CXI_PROP_WRAP_WITH_TRUSTED, true);
    strict.set_number(CXI_PROP_KEY_USAGE, CXI_KEY_USAGE_ENCRYPT);
    const Bytes late = wrapped(bench, bench.import(CXI_KEY_TYPE_SECRET, strict, bytes), kek);
    for (const std::uint32_t algorithm : {CXI_KEY_ALGO_AES, CXI_KEY_ALGO_RAW})
        for (const auto& [blob, with] : {std::pair(late, kek), std::pair(early, other)}) {
            CAPTURE(algorithm);
            const std::string name = "back " + std::to_string(algorithm) + (with == kek ? " late" : " early");
            const Bytes back =
                CxiBench::reference(unwrap(bench, blob, with, known(algorithm, "G", name), kByKw));
            const PropertyList& has = stored(bench, back);
            CHECK(has.flag_or(CXI_PROP_WRAP_WITH_TRUSTED, false));
            CHECK(has.flag_or(CXI_PROP_SENSITIVE, false));
            CHECK(has.number(CXI_PROP_KEY_EXPORT) == std::uint32_t{CXI_KEY_EXPORT_ALLOW});
            CHECK((usage_of(has) == CXI_KEY_USAGE_ENCRYPT) == (algorithm == CXI_KEY_ALGO_AES));
            CHECK(in_clear(bench, back) == E_CXI_KEY_EXPORT_DENIED);
            CHECK(code_of(wrap(bench, back, other, kByKw)) == E_CXI_KEY_EXPORT_DENIED);
        }
    CHECK(code_of(unwrap(bench, late, kek, known(CXI_KEY_ALGO_DES, "G", "des"), kByKw)) != 0);
}

TEST_CASE("what was wrapped comes back as what it was whatever had been wrapped with these bytes before") {
    for (const char* group : {"G", "H"}) {
        CAPTURE(group);
        CxiBench bench;
        const Bytes bytes(32, 0x5C), kek = make(bench, aes("kek"));
        const Bytes theirs = bench.import(CXI_KEY_TYPE_SECRET, known(CXI_KEY_ALGO_RAW, group, "raw"), bytes);
        wrapped(bench, theirs, bench.aes(group, "their kek"));
        const Bytes key = bench.import(CXI_KEY_TYPE_SECRET, known(CXI_KEY_ALGO_AES, "G", "key"), bytes);
        const Bytes blob = wrapped(bench, key, kek);
        CHECK(code_of(unwrap(bench, blob, kek, known(CXI_KEY_ALGO_AES, "G", "back"), kByKw)) == 0);
        // Also where they are TRUSTED keys of another group that guard theirs.
        const Bytes other(32, 0x66), trusted = bench.aes(group, "trusted");
        trust(bench, trusted);
        PropertyList list = known(CXI_KEY_ALGO_RAW, group, "guarded");
        list.set_flag(CXI_PROP_WRAP_WITH_TRUSTED, true);
        wrapped(bench, bench.import(CXI_KEY_TYPE_SECRET, list, other), trusted);
        const Bytes own = bench.import(CXI_KEY_TYPE_SECRET, known(CXI_KEY_ALGO_AES, "G", "own"), other);
        const Bytes own_blob = wrapped(bench, own, kek);
        const auto back = unwrap(bench, own_blob, kek, known(CXI_KEY_ALGO_AES, "G", "own back"), kByKw);
        REQUIRE(code_of(back) == 0);
        CHECK(stored(bench, CxiBench::reference(back)).flag_or(CXI_PROP_WRAP_WITH_TRUSTED, false));
    }
}

TEST_CASE("guards and an export policy that got narrower after a key was wrapped stay when it is again") {
    CxiBench bench;
    const Bytes kek = make(bench, aes("kek"));
    struct Narrowing {
        PropertyList change;
        std::uint32_t code;
    };
    const std::uint32_t deny = CXI_KEY_EXPORT_ALLOW | CXI_KEY_EXPORT_DENY_BACKUP;
    const Narrowing narrowings[] = {
        {flag(CXI_PROP_SENSITIVE, true), E_CXI_KEY_EXPORT_DENIED},
        {number(CXI_PROP_KEY_EXPORT, CXI_KEY_EXPORT_ALLOW), E_CXI_KEY_EXPORT_DENIED},
        {number(CXI_PROP_KEY_EXPORT, deny), E_CXI_KEY_EXPORT_DENIED},
        {number(CXI_PROP_KEY_USAGE, CXI_KEY_USAGE_ENCRYPT), 0},  // uses are the widest
    };
    for (std::size_t i = 0; i < std::size(narrowings); ++i) {
        CAPTURE(i);
        const std::string name = "key " + std::to_string(i);
        const Bytes key = make(bench, aes(name, number(CXI_PROP_KEY_EXPORT, kBoth)));
        wrapped(bench, key, kek);
        REQUIRE(test::set(bench, key, narrowings[i].change) == 0);
        const Bytes blob = wrapped(bench, key, kek);
        const Bytes back = CxiBench::reference(
            unwrap(bench, blob, kek, known(CXI_KEY_ALGO_AES, "G", name + " back"), kByKw));
        CHECK(in_clear(bench, back) == narrowings[i].code);
        CHECK(allows(stored(bench, back), CXI_KEY_USAGE_DECRYPT));
        const bool denies = stored(bench, back).number_or(CXI_PROP_KEY_EXPORT, 0) == deny;
        CHECK(denies == (i == 2));
    }
}

TEST_CASE("a guarded key comes back into the groups alone that it left with its guard") {
    CxiBench bench;
    const Bytes bytes(32, 0x2D), kek = make(bench, aes("kek"));
    trust(bench, kek);
    // Long ago another group had the bytes without a guard.
    const auto in = [&](std::string_view group, std::string_view name, bool with_trusted) {
        PropertyList list = known(CXI_KEY_ALGO_AES, group, name);
        list.set_flag(CXI_PROP_WRAP_WITH_TRUSTED, with_trusted);
        return bench.import(CXI_KEY_TYPE_SECRET, list, bytes);
    };
    const Bytes theirs = bench.aes("H", "kek");
    wrapped(bench, in("H", "early", false), theirs);
    const Bytes blob = wrapped(bench, in("G", "guarded", true), kek);
    const auto into = [&](std::string_view group, std::string_view name) {
        return code_of(unwrap(bench, blob, kek, known(CXI_KEY_ALGO_AES, group, name), kByKw));
    };
    CHECK(into("G", "back") == 0);
    CHECK(into("H", "back") == E_CXI_KEY_EXPORT_DENIED);
    // Where it is guarded as well it comes back, too, and nowhere else.
    trust(bench, theirs);
    wrapped(bench, in("H", "late", true), theirs);
    CHECK(into("G", "again") == 0);
    CHECK(into("H", "again") == 0);
    CHECK(into("I", "again") == E_CXI_KEY_EXPORT_DENIED);
}

TEST_CASE("notes of wrapped keys are read in the form of one policy and in that of several") {
    KeyPolicy one, other;
    one.algorithm = CXI_KEY_ALGO_AES;
    other.algorithm = CXI_KEY_ALGO_RAW;
    one.type = other.type = CXI_KEY_TYPE_SECRET;
    one.homes = {Bytes(8, 1)};
    one.mechanisms = std::vector<std::uint32_t>{0x01010101, 2};
    other.homes = {Bytes(8, 2)};
    other.wrap_with_trusted = true;
    CHECK(decode_policies({}).empty());
    NotedPolicies noted;
    REQUIRE(note_wrapped(noted, one));
    CHECK(encode_policies(noted).value() ==
          encode_policy(one).value());  // as it was before there were several
    CHECK(decode_policies(encode_policies(noted).value()) == noted);
    const KeyPolicy both = either(one, one);
    CHECK(both == one);
    REQUIRE(note_wrapped(noted, other));
    CHECK(decode_policies(encode_policies(noted).value()) == noted);
    REQUIRE(find_kind(noted, one));
    CHECK(find_kind(noted, one)->mechanisms == one.mechanisms);
    CHECK(find_kind(noted, one)->wrap_with_trusted);
    CHECK(find_kind(noted, one)->homes == other.homes);
    one.wrap_with_trusted = true;
    REQUIRE(note_wrapped(noted, one));
    CHECK(find_kind(noted, other)->homes == std::vector<Bytes>{Bytes(8, 2), Bytes(8, 1)});
    CHECK(decode_policies(encode_policies(noted).value()) == noted);
    // Bounded: kinds and groups.
    for (std::uint32_t i = 0; i < 14; ++i) {
        KeyPolicy more = one;
        more.algorithm = CXI_KEY_ALGO_CUSTOM | i;
        REQUIRE(note_wrapped(noted, more));
    }
    KeyPolicy last = one;
    last.algorithm = CXI_KEY_ALGO_CUSTOM | 0x7F;
    CHECK(code_of(note_wrapped(noted, last)) == E_DB_NO_SPACE);
    for (std::uint8_t i = 0; i < 80; ++i) {
        KeyPolicy elsewhere = one;
        elsewhere.homes = {Bytes(8, i)};
        REQUIRE(note_wrapped(noted, elsewhere));
    }
    CHECK(code_of(encode_policies(noted)) == E_DB_NO_SPACE);
}
