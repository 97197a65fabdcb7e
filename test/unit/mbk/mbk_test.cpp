#include "firmware/mbk/mbk.h"

#include <catch2/catch.hpp>
#include <map>
#include <thread>

#include "firmware/protocol/block.h"
#include "firmware/protocol/functions.h"
#include "firmware/smos/smos.h"
#include "test/unit/scratch_smos.h"

using namespace cs2sim;

namespace {

// Computed with Python's integers: secret 000102…1F, degree 2, coefficients 8F3C… and FEDC… over 2^256 - 189.
constexpr std::string_view kSecret = "000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F";
const std::pair<std::uint8_t, std::string_view> kPoints[] = {
    {1, "8E19D9F0F20339161A4E82B6EB1F5387A7EDDDCDBDAD9D8D90C4F8835084B9A8"},
    {2, "19EC270FCCA9D0452EDA8631DD8934E03D841EB953EE89240BB761BA9843F346"},
    {3, "A377E95F93F8CB9445AD147BE34AB218D0D3D4D5D6D7D8DA88F055C0F35AC97F"},
    {255, "ACE23A25365C174A191A1B1C1D1E0BEE7722232425263A59292981C52DE83867"},
};
// MDC-2 of the secret, computed with Python over `openssl enc -des-ecb`.
constexpr std::string_view kIsoHash = "51FA0948F7CB2FD330B891906D2942FD";

Result<SecretBytes> combine(std::initializer_list<int> which) {
    std::vector<Bytes> values;
    std::vector<std::pair<std::uint8_t, ByteView>> points;
    for (const int i : which) values.push_back(hex_bytes(kPoints[i].second));
    std::size_t at = 0;
    for (const int i : which) points.emplace_back(kPoints[i].first, values[at++]);
    return mbk_combine(points);
}

// A share as a key file of the real tool would hold it.
MbkShare share(int i, std::string_view name = "ERPSIMMB", std::string_view time = "051124093000",
               std::uint8_t type = 6, std::uint8_t k = 3, std::string_view hash = "51FA0948F7CB2FD3",
               std::uint8_t length = 0x20) {
    MbkShare out;
    const Bytes info = compose(LAYOUT_SHARE_INFO, {name, type, hex_bytes(time), length, hex_bytes(hash), k,
                                                   kPoints[i].first, ByteView()})
                           .value();
    std::copy(info.begin(), info.end(), out.info.begin());
    out.share = to_secret(hex_bytes(kPoints[i].second));
    return out;
}

struct Store : ScratchSmos {
    DatabaseStore databases{*smos};
    MbkStore mbk{*smos, databases};
};

}  // namespace

TEST_CASE("shares of an independent computation combine to their secret, whichever three") {
    for (const auto& which :
         {std::initializer_list<int>{0, 1, 2}, {3, 1, 0}, {2, 3, 0}, {1, 2, 3}, {0, 1, 2, 3}})
        CHECK(to_hex(*combine(which)) == kSecret);
    CHECK(to_hex(*combine({0, 1})) != kSecret);
}

TEST_CASE("what was split combines again from any k of n") {
    const Bytes secret = hex_bytes(kSecret);
    for (const auto& [k, n] : {std::pair{1u, 1u}, {2u, 3u}, {3u, 5u}, {5u, 5u}, {255u, 255u}}) {
        const auto shares = mbk_split(secret, k, n);
        REQUIRE(shares);
        REQUIRE(shares->size() == n);
        std::vector<std::pair<std::uint8_t, ByteView>> last;
        for (unsigned x = n - k + 1; x <= n; ++x)
            last.emplace_back(static_cast<std::uint8_t>(x), (*shares)[x - 1]);
        CHECK(to_hex(*mbk_combine(last)) == kSecret);
    }
    // the largest secret there is, p - 1
    const Bytes largest = hex_bytes(std::string(62, 'F') + "42");
    const auto shares = mbk_split(largest, 2, 2);
    REQUIRE(shares);
    CHECK(to_bytes(*mbk_combine({{1, (*shares)[0]}, {2, (*shares)[1]}})) == largest);
}

TEST_CASE("sharing refuses what is out of range") {
    const Bytes secret = hex_bytes(kSecret);
    for (const auto& [k, n] : {std::pair{0u, 1u}, {2u, 1u}, {1u, 256u}, {0u, 0u}})
        CHECK(code_of(mbk_split(secret, k, n)) == E_MBK_SHARE_CNT);
    const Bytes prime = hex_bytes(std::string(62, 'F') + "43");
    CHECK(code_of(mbk_split(prime, 1, 1)) == E_MBK_OVER_UNDER_FLOW);
    CHECK(code_of(mbk_split(ByteView(secret).first(31), 1, 1)) == E_MBK_OVER_UNDER_FLOW);

    CHECK(code_of(mbk_combine({})) == E_MBK_SHARE_CNT);
    CHECK(code_of(mbk_combine({{1, secret}, {1, secret}})) == E_MBK_KEY_ID_SAME);
    CHECK(code_of(mbk_combine({{0, secret}})) == E_MBK_KEY_ID_INV);
    CHECK(code_of(mbk_combine({{1, ByteView(secret).first(31)}})) == E_MBK_SHARE_LB);
    CHECK(code_of(mbk_combine({{1, prime}})) == E_MBK_OVER_UNDER_FLOW);
}

TEST_CASE("key files of the real tool's form import, and derive what an equal device derives") {
    Store a;
    const auto info = a.mbk.import(kMbkSlotAes, 0, {share(0), share(1), share(2)});
    REQUIRE(info);
    CHECK(as_text(info->name) == "ERPSIMMB");
    CHECK(to_hex(info->hash) == kIsoHash);
    CHECK(to_hex(info->time) == "241105093000");
    CHECK(info->k == 3);

    const auto listed = a.mbk.list();
    REQUIRE(listed);
    REQUIRE(listed->size() == 1);
    CHECK(listed->front().first == kMbkSlotAes);
    CHECK(to_hex(encode_key_info(listed->front().second)) ==
          "45525053494D4D42"
          "02"
          "241105093000"
          "20" +
              std::string(kIsoHash) +
              "00"
              "03"
              "00");

    Store b;
    REQUIRE(b.mbk.import(kMbkSlotAes, 0, {share(3), share(2), share(1)}));
    const auto in_a = a.mbk.resident(kMbkSlotAes);
    const auto in_b = b.mbk.resident(kMbkSlotAes);
    REQUIRE(in_a);
    REQUIRE(in_b);
    const auto derived = in_a->derive("label", as_bytes("context"), 32);
    REQUIRE(derived);
    CHECK(*derived == *in_b->derive("label", as_bytes("context"), 32));
    CHECK(*derived != *in_b->derive("label", as_bytes("other"), 32));
    CHECK(*derived != *in_b->derive("other", as_bytes("context"), 32));
    CHECK(in_a->info().hash == info->hash);
    // Taken once, it stays what it was: an import changes the slot, not who works on its former key.
    REQUIRE(a.mbk.erase_all());
    CHECK(*derived == *in_a->derive("label", as_bytes("context"), 32));
}

TEST_CASE("every refusal of an import, by its code; the slot stays empty") {
    Store store;
    const auto import = [&](std::vector<MbkShare> shares, std::uint32_t slot = 3, std::uint32_t flags = 0) {
        return code_of(store.mbk.import(slot, flags, shares));
    };
    CHECK(import({share(0), share(1), share(2)}, 4) == E_MBK_KEY_NO);
    CHECK(import({share(0), share(1), share(2)}, 0xFFFFFFFF) == E_MBK_KEY_NO);
    CHECK(import({share(0), share(1), share(2)}, kMbkSlotDes) == E_MBK_KEY_TYPE);
    CHECK(import({share(0), share(1), share(2)}, 2) == E_MBK_NOT_SUPPORTED);
    CHECK(import({share(0), share(1), share(2)}, 3, 1) == E_MBK_FLAGS_INV);
    CHECK(import({}) == E_MBK_SHARE_CNT);
    CHECK(import({share(0), share(1)}) == E_MBK_SHARE_CNT);
    CHECK(import({share(0), share(1), share(2), share(3)}) == E_MBK_SHARE_CNT);
    CHECK(import({share(0), share(1), share(1)}) == E_MBK_KEY_ID_SAME);
    CHECK(import({share(0), share(1), share(2, "ERPSIMMC")}) == E_MBK_IG_KEY_NAME_NM);
    CHECK(import({share(0), share(1), share(2, "ERPSIMMB", "061124093000")}) == E_MBK_IG_KEY_DATE_NM);
    CHECK(import({share(0), share(1), share(2, "ERPSIMMB", "051124093001")}) == E_MBK_IG_KEY_TIME_NM);
    CHECK(import({share(0), share(1), share(2, "ERPSIMMB", "051124093000", 5)}) == E_MBK_IG_KEY_TYPES_NM);
    CHECK(import({share(0), share(1), share(2, "ERPSIMMB", "051124093000", 6, 2)}) ==
          E_MBK_IG_KEY_SHARE_CNT_NM);
    const auto with = [](std::uint8_t type, std::uint8_t length, std::string_view hash) {
        std::vector<MbkShare> shares;
        for (int i = 0; i < 3; ++i) shares.push_back(share(i, "N", "051124093000", type, 3, hash, length));
        return shares;
    };
    CHECK(import(with(5, 0x20, "51FA0948F7CB2FD3")) == E_MBK_KEY_TYPE);
    CHECK(import(with(6, 0x18, "51FA0948F7CB2FD3")) == E_MBK_KEY_LB);
    CHECK(import(with(6, 0x20, "51FA0948F7CB2FD4")) == E_MBK_ISO_HASH_FAIL);
    MbkShare shorter = share(2);
    shorter.info[15] = 0x10;
    CHECK(import({share(0), share(1), shorter}) == E_MBK_KEY_LB);
    // What lists would show: control characters and hexadecimal digits are no name and no time.
    const auto shown = [](std::string_view name, std::string_view time) {
        return std::vector<MbkShare>{share(0, name, time), share(1, name, time), share(2, name, time)};
    };
    for (const std::string_view name : {"A\nB", "\x1B[2J", "", "\x80"}) {
        CAPTURE(name);
        CHECK(import(shown(name, "051124093000")) == E_MBK_KEY_NAME);
    }
    // A name with zeros has yymmdd, one padded with blanks ddmmyy; no day, month or time of day that there is
    // not.
    for (const std::string_view time :
         {"FF1124093000", "0511240930A0", "991399256199", "051324093000", "051131093000", "050229093000",
          "051124240000", "051124096000", "051124093060", "000000000000"}) {
        CAPTURE(time);
        CHECK(import(shown("N", time)) == E_MBK_TIME_WRONG_FORMAT);
    }
    for (const std::string_view time : {"991399256199", "290225093000", "310426093000"}) {
        CAPTURE(time);
        CHECK(import(shown("PADDED  ", time)) == E_MBK_TIME_WRONG_FORMAT);
    }
    for (const std::string_view time : {"290224235959", "311226000000"}) {
        CAPTURE(time);
        Store other;
        CHECK(other.mbk.import(kMbkSlotAes, 0, shown("PADDED  ", time)));
    }
    MbkShare changed = share(2);
    changed.share[31] ^= 1;
    CHECK(import({share(0), share(1), changed}) == E_MBK_ISO_HASH_FAIL);
    changed.share.assign(32, 0xFF);
    CHECK(import({share(0), share(1), changed}) == E_MBK_OVER_UNDER_FLOW);
    changed.share.resize(31);
    CHECK(import({share(0), share(1), changed}) == E_MBK_SHARE_LB);
    MbkShare zero = share(2);
    zero.info[25] = 0;
    CHECK(import({share(0), share(1), zero}) == E_MBK_KEY_ID_INV);

    CHECK(code_of(store.mbk.info(kMbkSlotAes)) == E_MBK_SLOT_EMPTY);
    CHECK(code_of(store.mbk.info(4)) == E_MBK_KEY_NO);
    CHECK(code_of(store.mbk.resident(kMbkSlotAes)) == E_MBK_SLOT_EMPTY);
}

TEST_CASE("a generated key goes into the empty slot; an occupied slot keeps its key") {
    Store store;
    const auto first = store.mbk.generate(MBK_TYPE_AES, 32, 3, 2, "FIRST");
    REQUIRE(first);
    CHECK(first->loaded);
    REQUIRE(first->shares.size() == 3);
    const auto resident = store.mbk.info(kMbkSlotAes);
    REQUIRE(resident);
    CHECK(as_text(ByteView(resident->name)) == std::string_view("FIRST\0\0\0", 8));
    CHECK(resident->n == 3);
    CHECK(resident->k == 2);

    const auto second = store.mbk.generate(MBK_TYPE_AES, 32, 2, 2, "SECOND  ");
    REQUIRE(second);
    CHECK_FALSE(second->loaded);
    CHECK(store.mbk.info(kMbkSlotAes)->hash == resident->hash);

    CHECK(code_of(store.mbk.import(kMbkSlotAes, 0, second->shares)) == E_MBK_KEY_EXISTS);
    CHECK(store.mbk.import(kMbkSlotAes, 0, {first->shares[2], first->shares[0]}));  // the same key
    const auto replaced = store.mbk.import(kMbkSlotAes, MBK_FLG_OW, second->shares);
    REQUIRE(replaced);
    CHECK(replaced->hash != resident->hash);
    CHECK(store.mbk.info(kMbkSlotAes)->hash == replaced->hash);

    REQUIRE(store.mbk.erase_all());
    CHECK(store.mbk.list()->empty());
    CHECK(store.mbk.erase_all());
}

TEST_CASE("shares are written with ddmmyy and names padded with blanks, and those of earlier versions load") {
    Store store;
    const auto made = store.mbk.generate(MBK_TYPE_AES, 32, 2, 2, "SHORT");
    REQUIRE(made);
    const auto time = store.mbk.info(kMbkSlotAes)->time;  // yymmdd
    const std::string info = to_hex(made->shares[0].info);
    CHECK(info.substr(0, 16) == "53484F5254202020");
    CHECK(info.substr(18, 12) == to_hex(ByteView{&time[2], 1}) + to_hex(ByteView{&time[1], 1}) +
                                     to_hex(ByteView{&time[0], 1}) + to_hex(ByteView(time).last(3)));

    Store earlier;  // yymmdd, zeros
    std::vector<MbkShare> shares;
    for (int i = 0; i < 3; ++i)
        shares.push_back(share(i, std::string_view("OLD\0\0\0\0\0", 8), "241105093000"));
    const auto loaded = earlier.mbk.import(kMbkSlotAes, 0, shares);
    REQUIRE(loaded);
    CHECK(to_hex(loaded->time) == "241105093000");
    CHECK(as_text(ByteView(loaded->name)) == std::string_view("OLD\0\0\0\0\0", 8));

    Store now;
    shares.clear();
    for (int i = 0; i < 3; ++i) shares.push_back(share(i, "OLD     ", "051124093000"));
    const auto again = now.mbk.import(kMbkSlotAes, 0, shares);
    REQUIRE(again);
    CHECK(to_hex(again->time) == "241105093000");
    CHECK(again->name == loaded->name);
}

TEST_CASE("the factory's key gives way to an import and a generation without asking, no other does") {
    Store store;
    REQUIRE(store.mbk.make_factory_key());
    const auto factory = store.mbk.info(kMbkSlotAes);
    REQUIRE(factory);
    CHECK(as_text(ByteView(factory->name)) == "AUTO-GEN");
    CHECK(factory->n == 1);
    CHECK(factory->k == 1);
    REQUIRE(store.mbk.make_factory_key());
    CHECK(store.mbk.info(kMbkSlotAes)->hash == factory->hash);  // once

    REQUIRE(store.mbk.import(kMbkSlotAes, 0, {share(0), share(1), share(2)}));
    CHECK(to_hex(store.mbk.info(kMbkSlotAes)->hash) == kIsoHash);
    CHECK_FALSE(store.mbk.generate(MBK_TYPE_AES, 32, 1, 1, "OTHER")->loaded);
    REQUIRE(store.mbk.make_factory_key());
    CHECK(to_hex(store.mbk.info(kMbkSlotAes)->hash) == kIsoHash);

    Store other;
    REQUIRE(other.mbk.make_factory_key());
    CHECK(other.mbk.generate(MBK_TYPE_AES, 32, 1, 1, "OTHER")->loaded);
    CHECK(as_text(ByteView(other.mbk.info(kMbkSlotAes)->name)) == std::string_view("OTHER\0\0\0", 8));
}

TEST_CASE("a key's description and what is derived from it stay together while imports change the key") {
    Store store;
    std::vector<std::vector<MbkShare>> keys;
    std::map<std::array<std::uint8_t, 16>, SecretBytes> derived;
    for (const char* name : {"one", "two"}) {
        const auto made = store.mbk.generate(MBK_TYPE_AES, kMbkLength, 1, 1, name);
        REQUIRE(made);
        keys.push_back(made->shares);
        REQUIRE(store.mbk.import(kMbkSlotAes, MBK_FLG_OW, keys.back()));
        const auto resident = store.mbk.resident(kMbkSlotAes);
        REQUIRE(resident);
        derived[resident->info().hash] = *resident->derive("test", {}, 32);
    }
    REQUIRE(derived.size() == 2);
    std::atomic<bool> over{false};
    std::atomic<int> apart{0}, seen{0};
    std::thread reader([&] {
        while (!over) {
            const auto resident = store.mbk.resident(kMbkSlotAes);
            if (!resident || derived.at(resident->info().hash) != *resident->derive("test", {}, 32)) ++apart;
            ++seen;
        }
    });
    for (int i = 0; i < 60; ++i) {
        const int before = seen;
        if (!store.mbk.import(kMbkSlotAes, MBK_FLG_OW, keys[i % 2])) ++apart;
        while (seen == before) std::this_thread::yield();
    }
    over = true;
    reader.join();
    CHECK(apart == 0);
}

TEST_CASE("generation refuses what it cannot do") {
    Store store;
    CHECK(code_of(store.mbk.generate(1, 32, 3, 2, "N")) == E_MBK_KEY_TYPE);
    CHECK(code_of(store.mbk.generate(MBK_TYPE_AES, 16, 3, 2, "N")) == E_MBK_KEY_LB);
    CHECK(code_of(store.mbk.generate(MBK_TYPE_AES, 32, 2, 3, "N")) == E_MBK_SHARE_CNT);
    CHECK(code_of(store.mbk.generate(MBK_TYPE_AES, 32, 2, 0, "N")) == E_MBK_SHARE_CNT);
    for (const std::string_view bad : {"", "    ", "a\nb", "NINECHARS"})
        CHECK(code_of(store.mbk.generate(MBK_TYPE_AES, 32, 3, 2, bad)) == E_MBK_KEY_NAME);
    CHECK(store.mbk.list()->empty());
}

TEST_CASE("the key is not readable in the state folder, and gone with the master key") {
    Store store;
    REQUIRE(store.mbk.import(kMbkSlotAes, 0, {share(0), share(1), share(2)}));
    const Bytes secret = hex_bytes(kSecret);
    for (const char* file : {"VMBK1.db", "VMBK1.db-wal"}) {
        const auto content = Flash(store.smos->state.databases()).read(file);
        REQUIRE(content);
        CHECK(std::search(content->begin(), content->end(), secret.begin(), secret.end()) == content->end());
    }
    REQUIRE(store.smos->master_key.erase());
    CHECK(code_of(store.mbk.info(kMbkSlotAes)) == E_DB_BAD_MKEY);
    CHECK(code_of(store.mbk.list()) == E_DB_BAD_MKEY);
}
