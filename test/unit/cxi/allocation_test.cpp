// Where memory runs out while volatile keys are made and changed: both of a pair are there or none, and what
// is counted for them is right.
#include <new>

#include "test/failing_allocation.h"
#include "test/unit/cxi/cxi_bench.h"

using namespace cs2sim;
using test::Shortage;

namespace {

bool there(CxiBench& bench, std::string_view name) {
    return bench.cxi.keys.find(key_index("G", name, 0)).has_value();
}

// How many volatile objects of 200 KB there is room for. They are gone afterwards.
int room(CxiBench& bench) {
    PropertyList large;
    large.set_number(CXI_PROP_KEY_TYPE, CXI_KEY_TYPE_DATA);
    large.set(CXI_PROP_KEY_GROUP, "G");
    large.set(CXI_PROP_VALUE, ByteView(Bytes(200'000, 1)));
    int made = 0;
    for (; made < 1000; ++made) {
        large.set(CXI_PROP_KEY_NAME, "large " + std::to_string(made));
        if (!bench.run(SFC_CXI_OBJ_CREATE, {CXI_FLAG_KEY_VOLATILE, large.encode()})) break;
    }
    bench.context.handles.clear();
    return made;
}

// Runs out at each allocation of the command, until it has no more of them; how often it did.
template <class Command, class Judge>
int each_allocation_fails(Command&& command, Judge&& judge) {
    for (int before = 0;; ++before) {
        REQUIRE(before < 5000);
        bool ran_out = false, done = false;
        {
            Shortage shortage(Shortage::Of::this_thread, Shortage::Lasts::once, before);
            try {
                done = command();
            } catch (const std::bad_alloc&) {
                done = false;
            }
            ran_out = shortage.end();
        }
        CAPTURE(before);
        judge(done);
        if (!ran_out) return before;
    }
}

}  // namespace

TEST_CASE(
    "where memory runs out a volatile pair is made whole or not at all, and takes no room for nothing") {
    CxiBench bench;
    const int room_before = room(bench);
    PropertyList of_private = CxiBench::key_template(CXI_KEY_ALGO_EC, 0, "G", "prv");
    of_private.set(CXI_PROP_KEY_EC_CURVE, "secp256r1");
    PropertyList of_public;
    of_public.set(CXI_PROP_KEY_GROUP, "G");
    of_public.set(CXI_PROP_KEY_NAME, "pub");
    int left = 0;
    const int failures = each_allocation_fails(
        [&] {
            return bench
                .run(SFC_CXI_KEY_PAIR_GEN,
                     {CXI_FLAG_KEY_VOLATILE, 0, of_public.encode(), of_private.encode()})
                .has_value();
        },
        [&](bool done) {
            CHECK(there(bench, "pub") == there(bench, "prv"));
            if (done) CHECK(there(bench, "pub"));
            left += there(bench, "pub");
            bench.context.handles.clear();
            CHECK_FALSE(there(bench, "pub"));
        });
    CHECK(failures > 50);
    CHECK(left < failures);
    CHECK(room(bench) == room_before);
}

TEST_CASE("where memory runs out while a volatile key changes, what is counted for it stays right") {
    CxiBench bench;
    const int room_before = room(bench);
    const auto make = [&] {
        const auto made =
            bench.generate(CxiBench::key_template(CXI_KEY_ALGO_AES, 256, "G", "k"), CXI_FLAG_KEY_VOLATILE);
        return CxiBench::reference(made);
    };
    Bytes key = make();
    PropertyList change;
    change.set(CXI_PROP_KEY_LABEL, std::string(60'000, 'l'));
    const int failures = each_allocation_fails(
        [&] {
            return bench.run(SFC_CXI_KEY_PROP_SET, {key, change.encode()}).has_value();
        },
        [&](bool) {
            CHECK(there(bench, "k"));
            bench.context.handles.clear();
            key = make();
        });
    CHECK(failures > 10);
    bench.context.handles.clear();
    CHECK(room(bench) == room_before);
}

TEST_CASE("what is refused for want of memory is not stored, and what is stored is answered") {
    CxiBench bench;
    const auto aes = [](std::string_view name) {
        return CxiBench::key_template(CXI_KEY_ALGO_AES, 256, "G", name);
    };
    const Bytes original = bench.aes("G", "original");
    const auto reference = [](std::string_view name) { return index_reference(key_index("G", name, 0)); };
    const auto erase = [&](std::string_view name) {
        if (there(bench, name)) REQUIRE(bench.run(SFC_CXI_KEY_DELETE, {reference(name)}));
    };
    struct Making {
        std::string_view name;
        std::function<bool()> run;  // makes "k"
    };
    PropertyList of_private = CxiBench::key_template(CXI_KEY_ALGO_EC, 0, "G", "k");
    of_private.set(CXI_PROP_KEY_EC_CURVE, "secp256r1");
    PropertyList of_public, copied;
    of_public.set(CXI_PROP_KEY_NAME, "public");
    copied.set(CXI_PROP_KEY_NAME, "k");
    const Making all[] = {
        {"KEY_GENERATE", [&] { return bench.generate(aes("k")).has_value(); }},
        {"KEY_GENERATE volatile",
         [&] { return bench.generate(aes("k"), CXI_FLAG_KEY_VOLATILE).has_value(); }},
        {"KEY_PAIR_GEN",
         [&] {
             return bench.run(SFC_CXI_KEY_PAIR_GEN, {0, 0, of_public.encode(), of_private.encode()})
                 .has_value();
         }},
        {"OBJ_COPY",
         [&] {
             return bench.run(SFC_CXI_OBJ_COPY, {0, original, copied.encode()}).has_value();
         }},
    };
    for (const Making& making : all) {
        CAPTURE(making.name);
        int refused = 0;
        each_allocation_fails(making.run, [&](bool done) {
            CHECK(done == there(bench, "k"));
            refused += done ? 0 : 1;
            erase("k");
            erase("public");
        });
        CHECK(refused > 10);
    }
    int refused = 0;
    each_allocation_fails([&] { return bench.run(SFC_CXI_KEY_DELETE, {original}).has_value(); },
                          [&](bool done) {
                              CHECK(done != there(bench, "original"));
                              refused += done ? 0 : 1;
                              if (done) bench.aes("G", "original");
                          });
    CHECK(refused > 10);
}
