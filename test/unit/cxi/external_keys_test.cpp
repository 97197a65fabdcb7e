// External keys: kept open between commands, opened by two MBKs, many in one command.
#include "firmware/protocol/cxi/sealed_key.h"
#include "test/unit/cxi/cxi_bench.h"

using namespace cs2sim;

namespace {

constexpr std::uint32_t kSignature = CXI_MECH_HASH_SHA256;

Bytes external_curve(CxiBench& bench, std::string_view name, std::string_view group = "G") {
    PropertyList list = CxiBench::key_template(CXI_KEY_ALGO_EC, 0, group, name);
    list.set(CXI_PROP_KEY_EC_CURVE, "NIST-P256");
    list.set(CXI_PROP_KEY_LABEL, "label of " + std::string(name));
    return CxiBench::reference(bench.generate(list, CXI_FLAG_KEY_EXTERNAL));
}

ByteView blob_of(const Bytes& reference) { return ByteView(reference).subspan(1); }

Bytes list_of(const std::vector<ByteView>& blobs) {
    Bytes list;
    for (const ByteView blob : blobs) compose_fitting_into(list, LAYOUT_CXI_BULK_ENTRY, blob);
    return list;
}

struct Row {
    std::uint32_t code, slot;
    PropertyList properties;
};
std::vector<Row> rows_of(const Result<Bytes>& answer) {
    REQUIRE(code_of(answer) == 0);
    std::vector<Row> rows;
    for (ByteView rest = *answer; !rest.empty();) {
        const auto row = parse_prefix(LAYOUT_CXI_EXTERNAL_ROW, rest);
        REQUIRE(row);
        rows.push_back(
            {row->u32("code"), row->u32("mbkslot"), *PropertyList::decode(row->bytes("properties"))});
    }
    return rows;
}

std::vector<Bytes> resealed(const Result<Bytes>& answer, std::vector<std::uint32_t>* codes = nullptr) {
    REQUIRE(code_of(answer) == 0);
    std::vector<Bytes> blobs;
    for (ByteView rest = *answer; !rest.empty();) {
        const auto row = parse_prefix(LAYOUT_CXI_RESEALED, rest);
        REQUIRE(row);
        if (codes) codes->push_back(row->u32("code"));
        blobs.push_back(to_bytes(row->bytes("blob")));
    }
    return blobs;
}

Bytes as_reference(ByteView blob) {
    Bytes reference{CXI_TAG_EXTERNAL};
    append(reference, blob);
    return reference;
}

std::vector<MbkShare> shares_of_another() {
    CxiBench elsewhere;
    auto made = elsewhere.mbk.generate(MBK_TYPE_AES, 32, 2, 2, "OTHER");
    REQUIRE(made);
    return std::move(made->shares);
}

// A bench whose own MBK can be imported again.
struct TwoMbks {
    CxiBench bench;
    std::vector<MbkShare> older, newer = shares_of_another();
    TwoMbks() {
        older = std::move(bench.mbk.generate(MBK_TYPE_AES, 32, 2, 2, "OLDER")->shares);
        REQUIRE(bench.mbk.import(kMbkSlotAes, MBK_FLG_OW, older));
    }
    void rotate() {
        REQUIRE(bench.mbk.import(kMbkSlotTemporary, MBK_FLG_OW, older));
        REQUIRE(bench.mbk.import(kMbkSlotAes, MBK_FLG_OW, newer));
    }
};

}  // namespace

TEST_CASE("an external key stays open after its first use, and a changed bit of it never is that key") {
    CxiBench bench;
    const Bytes key = external_curve(bench, "k");
    const Bytes data{1, 2, 3};
    CHECK(bench.cxi.external.cached() == 0);
    REQUIRE(bench.sign(key, kSignature, data));
    CHECK(bench.cxi.external.cached() == 1);
    const auto first = bench.cxi.find(key), again = bench.cxi.find(key);
    REQUIRE(first);
    CHECK(*first == *again);  // the same object
    for (std::size_t byte = 1; byte < key.size(); ++byte) {
        Bytes changed = key;
        changed[byte] ^= 0x01;
        INFO("byte " << byte);
        CHECK_FALSE(bench.sign(changed, kSignature, data));
    }
    CHECK(bench.cxi.external.cached() == 1);
    CHECK(bench.sign(key, kSignature, data));
}

TEST_CASE("who may not use an external key is not served from what is open") {
    CxiBench bench;
    const Bytes key = external_curve(bench, "k");
    REQUIRE(bench.sign(key, kSignature, Bytes{1}));
    bench.log_on(2, "CXI_GROUP=H");
    CHECK(code_of(bench.sign(key, kSignature, Bytes{1})) == E_CXI_PERMISSION_DENIED);
}

TEST_CASE("opened external keys go with an MBK, a mode, an alarm and Clear") {
    TwoMbks two;
    CxiBench& bench = two.bench;
    const Bytes key = external_curve(bench, "k");
    const auto sign = [&] { return code_of(bench.sign(key, kSignature, Bytes{1})); };
    REQUIRE(sign() == 0);
    REQUIRE(bench.cxi.external.cached() == 1);
    SECTION("another MBK in slot 3") {
        REQUIRE(bench.mbk.import(kMbkSlotAes, MBK_FLG_OW, two.newer));
        CHECK(bench.cxi.external.cached() == 0);
        CHECK(sign() == E_CXI_BB_WRONG_MBK);
    }
    SECTION("slot 1 cleared") {
        two.rotate();
        REQUIRE(sign() == 0);
        REQUIRE(bench.cxi.external.cached() == 1);
        REQUIRE(bench.mbk.remove(kMbkSlotTemporary));
        CHECK(bench.cxi.external.cached() == 0);
        CHECK(sign() == E_CXI_BB_WRONG_MBK);
    }
    SECTION("another mode") {
        bench.set_modes(MODE_OPERATIONAL | MODE_FIPS);
        CHECK(sign() == 0);
        CHECK(bench.cxi.external.cached() == 1);
        bench.set_modes(MODE_OPERATIONAL | MODE_CC);
        CHECK(sign() == E_CXI_CC_EXTERNAL_KEYS);
    }
    SECTION("an alarm, which erases the master key") {
        REQUIRE(bench.services.smos.master_key.erase());
        CHECK(bench.cxi.external.cached() == 0);
        CHECK(sign() == E_DB_BAD_MKEY);
        CHECK(bench.cxi.external.cached() == 0);
    }
    SECTION("Clear, which takes the MBKs") {
        REQUIRE(bench.mbk.erase_all());
        CHECK(bench.cxi.external.cached() == 0);
        CHECK(sign() == E_MBK_SLOT_EMPTY);
    }
}

TEST_CASE("keys are sealed by what slot 3 holds at that moment, by nothing after an alarm or Clear") {
    TwoMbks two;
    CxiBench& bench = two.bench;
    const SharedKey key = bench.cxi.find(external_curve(bench, "k")).value();
    const auto sealed = [&] { return bench.cxi.external.seal.seal(key->object); };
    const auto by_slot_3 = [&] {
        const auto blob = sealed();
        REQUIRE(blob);
        const auto hash = bench.mbk.info(kMbkSlotAes)->hash;
        return to_bytes(parse_sealed_key(*blob)->mbk_hash) == to_bytes(hash);
    };
    CHECK(by_slot_3());
    CHECK(by_slot_3());
    two.rotate();
    CHECK(by_slot_3());
    REQUIRE(bench.mbk.remove(kMbkSlotTemporary));
    CHECK(by_slot_3());
    SECTION("an alarm") {
        REQUIRE(bench.services.smos.master_key.erase());
        CHECK(code_of(sealed()) == E_DB_BAD_MKEY);
    }
    SECTION("Clear") {
        REQUIRE(bench.mbk.erase_all());
        CHECK(code_of(sealed()) == E_MBK_SLOT_EMPTY);
        REQUIRE(bench.mbk.import(kMbkSlotAes, MBK_FLG_OW, two.older));
        CHECK(by_slot_3());
    }
}

TEST_CASE("as many external keys stay open as there are places, those that were used last") {
    LatelyUsed<int> kept(3);
    for (int i = 0; i < 4; ++i) {
        kept.put(std::to_string(i), i);
        if (i > 0) CHECK(*kept.find("1") == 1);
    }
    CHECK(kept.size() == 3);
    CHECK(kept.find("0") == nullptr);
    kept.put("4", 4);
    CHECK(kept.find("2") == nullptr);
    kept.put("1", 7);
    CHECK(*kept.find("1") == 7);
    kept.clear();
    CHECK(kept.size() == 0);
    CHECK(kept.find("1") == nullptr);
    CHECK(ExternalKeys::kMostCached == 2048);
}

TEST_CASE("what is kept of keys that were used lately is bounded by bytes too, whatever hangs on the keys") {
    LatelyUsed<int> kept(100, 10);
    for (int i = 0; i < 5; ++i) kept.put(std::to_string(i), i, 3);
    CHECK(kept.size() == 3);
    CHECK(kept.cost() == 9);
    CHECK(kept.find("1") == nullptr);
    kept.put("4", 4, 1);
    CHECK(kept.cost() == 7);
    kept.put("too large", 5, 11);
    CHECK(kept.size() == 0);
    CHECK(kept.cost() == 0);
    for (int i = 0; i < 4; ++i) kept.put(std::to_string(i), i, 1);
    kept.erase_if([](int value) { return value % 2 == 0; });
    kept.erase("3");
    kept.erase("3");
    CHECK(kept.cost() == 1);

    CxiBench bench;
    std::vector<Bytes> keys;
    for (const std::uint32_t flags : {0u, std::uint32_t{CXI_FLAG_KEY_EXTERNAL}})
        for (int i = 0; i < 100; ++i) {
            PropertyList large = CxiBench::key_template(CXI_KEY_ALGO_AES, 256, "G", std::to_string(i));
            large.set(CXI_PROP_KEY_LABEL, std::string(200'000, 'a'));
            keys.push_back(CxiBench::reference(bench.generate(large, flags)));
            CHECK(bench.crypt(keys.back(), CXI_MECH_MODE_ENCRYPT | CXI_MECH_CHAIN_CTR,
                              iv_parameter(Bytes(16)), Bytes(16)));
        }
    for (const std::size_t bytes : {bench.cxi.keys.cached_bytes(), bench.cxi.external.cached_bytes()}) {
        CHECK(bytes <= DeviceKeys::kMostCachedBytes);
        CHECK(bytes >= DeviceKeys::kMostCachedBytes - 300'000);
    }
    CHECK(bench.crypt(keys.front(), CXI_MECH_MODE_ENCRYPT | CXI_MECH_CHAIN_CTR, iv_parameter(Bytes(16)),
                      Bytes(16)));
}

TEST_CASE("blobs begin with 4B and a version; those of the form before still open") {
    CxiBench bench;
    const Bytes key = external_curve(bench, "k");
    CHECK(key[1] == 0x4B);
    CHECK(key[2] == 2);
    const auto outer = parse_sealed_key(blob_of(key));
    REQUIRE(outer);
    CHECK(outer->group == "G");
    CHECK(outer->name == "k");
    CHECK(to_bytes(outer->mbk_hash) == to_bytes(bench.mbk.info(kMbkSlotAes)->hash));

    // What an earlier version wrote: no first byte, version 1, all of it bound to the seal.
    const auto resident = bench.mbk.resident(kMbkSlotAes);
    const MbkKeyInfo& info = resident->info();
    Aead aead(*resident->derive("cs2sim key backup", info.hash, 32));
    const auto loaded = bench.cxi.find(key);
    Bytes bare =
        compose(LAYOUT_CXI_SEALED_KEY_BARE, {1, info.type, ByteView(info.hash), "G", "k", 0, ByteView()})
            .value();
    append(bare, aead.seal(encode_key((*loaded)->object), {bare}));
    CHECK(bench.sign(as_reference(bare), kSignature, Bytes{1}));
    // It becomes one of the new form when it is sealed anew.
    const auto anew = resealed(bench.run(SFC_CXI_EXTERNAL_RESEAL, {list_of({bare})}));
    REQUIRE(anew.size() == 1);
    CHECK(anew[0][0] == 0x4B);
    CHECK(bench.sign(as_reference(anew[0]), kSignature, Bytes{1}));
    for (const std::uint8_t version : {0, 1, 3, 255}) {
        Bytes other = key;
        other[2] = version;
        CHECK(code_of(bench.sign(other, kSignature, Bytes{1})) == E_CXI_KEY_BLOB_FORMAT);
    }
}

TEST_CASE("keys open by slot 3 or slot 1 and are sealed by slot 3") {
    TwoMbks two;
    CxiBench& bench = two.bench;
    const Bytes old_key = external_curve(bench, "old");
    const auto backup = bench.run(SFC_CXI_KEY_BACKUP, {bench.aes("G", "inside")});
    REQUIRE(backup);
    two.rotate();
    const Bytes new_key = external_curve(bench, "new");
    CHECK(bench.sign(old_key, kSignature, Bytes{1}));
    CHECK(bench.sign(new_key, kSignature, Bytes{1}));
    const auto hash = bench.mbk.info(kMbkSlotAes)->hash;
    CHECK(to_bytes(parse_sealed_key(blob_of(new_key))->mbk_hash) == to_bytes(hash));
    // A change of a property seals it by slot 3 too.
    PropertyList label;
    label.set(CXI_PROP_KEY_LABEL, "other");
    const Bytes changed = CxiBench::reference(bench.run(SFC_CXI_KEY_PROP_SET, {old_key, label.encode()}));
    CHECK(to_bytes(parse_sealed_key(blob_of(changed))->mbk_hash) == to_bytes(hash));
    // A single-key backup follows the same rule.
    CHECK(code_of(bench.run(SFC_CXI_KEY_RESTORE, {CXI_FLAG_KEY_OVERWRITE, ByteView(), *backup})) == 0);
    REQUIRE(bench.mbk.remove(kMbkSlotTemporary));
    CHECK(code_of(bench.sign(old_key, kSignature, Bytes{1})) == E_CXI_BB_WRONG_MBK);
    CHECK(code_of(bench.run(SFC_CXI_KEY_RESTORE, {CXI_FLAG_KEY_OVERWRITE, ByteView(), *backup})) ==
          E_CXI_BB_WRONG_MBK);
    CHECK(bench.sign(changed, kSignature, Bytes{1}));
}

TEST_CASE("properties of many external keys in one command, each answered for itself") {
    TwoMbks two;
    CxiBench& bench = two.bench;
    const Bytes old_key = external_curve(bench, "old"), other_group = external_curve(bench, "x", "H");
    two.rotate();
    const Bytes new_key = external_curve(bench, "new");
    Bytes broken = new_key;
    broken.back() ^= 1;
    bench.log_on(2, "CXI_GROUP=G");
    Bytes wanted;
    for (const std::uint32_t id : {CXI_PROP_KEY_NAME, CXI_PROP_KEY_LABEL, CXI_PROP_KEY_TYPE})
        append(wanted, big_endian_bytes<4>(id));
    const auto ask = [&](const std::vector<ByteView>& blobs) {
        return bench.run(SFC_CXI_EXTERNAL_PROPS, {wanted, list_of(blobs)});
    };
    const auto rows = rows_of(
        ask({blob_of(old_key), blob_of(new_key), blob_of(broken), blob_of(other_group), Bytes{1, 2}}));
    REQUIRE(rows.size() == 5);
    CHECK(rows[0].code == 0);
    CHECK(rows[0].slot == kMbkSlotTemporary);
    CHECK(rows[0].properties.text(CXI_PROP_KEY_LABEL) == "label of old");
    CHECK(rows[1].slot == kMbkSlotAes);
    CHECK(rows[1].properties.text(CXI_PROP_KEY_NAME) == "new");
    CHECK(rows[1].properties.number(CXI_PROP_KEY_TYPE) == CXI_KEY_TYPE_PRIVATE);
    CHECK(rows[2].code == E_CXI_KEY_BLOB_MAC);
    CHECK(rows[3].code == E_CXI_PERMISSION_DENIED);
    CHECK(rows[4].code == E_CXI_KEY_BLOB_FORMAT);
    CHECK(bench.cxi.external.cached() == 0);  // nothing was made ready for use
    // One that is computed from the key.
    const auto point = rows_of(bench.run(
        SFC_CXI_EXTERNAL_PROPS, {big_endian_bytes<4>(CXI_PROP_KEY_EC_PUBKEY), list_of({blob_of(new_key)})}));
    CHECK(point[0].properties.bytes(CXI_PROP_KEY_EC_PUBKEY).size() == 65);
    CHECK(code_of(ask({})) == E_CXI_INVALID_PARAM_VAL);
    CHECK(rows_of(ask(std::vector<ByteView>(64, blob_of(new_key)))).size() == 64);
    CHECK(code_of(ask(std::vector<ByteView>(65, blob_of(new_key)))) == E_CXI_INVALID_PARAM_VAL);
    CHECK(code_of(bench.run(SFC_CXI_EXTERNAL_PROPS, {ByteView(), Bytes{0, 0, 0, 9, 1}})) == E_CMDS_DATA_LEN);
    bench.set_modes(MODE_OPERATIONAL | MODE_CC);
    CHECK(code_of(ask({blob_of(new_key)})) == E_CXI_CC_EXTERNAL_KEYS);
}

TEST_CASE("external keys are sealed anew by slot 3, each for itself; then slot 1 is not needed") {
    TwoMbks two;
    CxiBench& bench = two.bench;
    const Bytes old_key = external_curve(bench, "old"), other_group = external_curve(bench, "x", "H");
    two.rotate();
    const Bytes new_key = external_curve(bench, "new");
    Bytes broken = old_key;
    broken.back() ^= 1;
    const Bytes list = list_of({blob_of(old_key), blob_of(new_key), blob_of(broken), blob_of(other_group)});
    bench.log_on(2, "CXI_GROUP=G");
    std::vector<std::uint32_t> codes;
    const auto blobs = resealed(bench.run(SFC_CXI_EXTERNAL_RESEAL, {list}), &codes);
    CHECK(codes == std::vector<std::uint32_t>{0, 0, E_CXI_KEY_BLOB_MAC, E_CXI_PERMISSION_DENIED});
    CHECK(blobs[1] == to_bytes(blob_of(new_key)));  // it was so already
    CHECK(blobs[2].empty());
    CHECK(blobs[3].empty());
    const Bytes before = bench.public_key(old_key);
    REQUIRE(bench.mbk.remove(kMbkSlotTemporary));
    CHECK(bench.public_key(as_reference(blobs[0])) == before);
    CHECK(code_of(bench.run(SFC_CXI_EXTERNAL_RESEAL, {Bytes()})) == E_CXI_INVALID_PARAM_VAL);
    // Who administers the device does it for every group.
    REQUIRE(bench.mbk.import(kMbkSlotTemporary, MBK_FLG_OW, two.older));
    bench.log_on(0x02000000, "");
    codes.clear();
    (void)resealed(bench.run(SFC_CXI_EXTERNAL_RESEAL, {list}), &codes);
    CHECK(codes == std::vector<std::uint32_t>{0, 0, E_CXI_KEY_BLOB_MAC, 0});
    bench.log_on(2, "CXI_GROUP=G");
    REQUIRE(bench.mbk.erase_all());
    CHECK(code_of(bench.run(SFC_CXI_EXTERNAL_RESEAL, {list})) == E_MBK_SLOT_EMPTY);
}
