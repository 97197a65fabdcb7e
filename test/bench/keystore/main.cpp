// Not a test: prints figures of key stores beside bare insert loops and pgbench. PostgreSQL is a private one,
// as for the tests.
//   bench_keystore              all; the figures of finding with CS2SIM_BENCH_KEYS keys (1,000,000)
//   bench_keystore inserts|finds|recrypts|library|hosts|"server apart"
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <thread>

#include "test/bench/keystore/rates.h"
#include "test/bench/keystore/tokens.h"
#include "test/keystore/postgres.h"
#include "test/unit/keystore/conformance.h"

using namespace cs2sim;
using namespace cs2sim::keystore;

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::seconds;

KeyStorage at(const std::string& url) { return parse_key_store_url(url).value(); }

double seconds_since(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

// As the PKCS#11 library does for who makes many: specifiers 64 at a time (host-lib/pkcs11/spec_blocks.h).
double insert_rate(const std::string& url, int processes, const std::string& group) {
    const auto made = rate(processes, [&](int) {
        const std::shared_ptr<KeyStore> store = opened(at(url));
        return [store, group, next = std::uint32_t{0}, left = 0u]() mutable {
            if (left == 0) {
                const auto reserved = store->reserve_specs(group, 64);
                if (!reserved) return false;
                next = *reserved;
                left = 64;
            }
            --left;
            return store->insert(some_key(group, next++)).has_value();
        };
    });
    return made.calls;
}

template <class Work>
void print_median(const char* what, int times, Work&& work) {
    std::vector<double> each;
    for (int i = 0; i < times; ++i) {
        const auto start = Clock::now();
        work(i);
        each.push_back(seconds_since(start) * 1e6);
    }
    std::sort(each.begin(), each.end());
    // The tenth part that nobody kept waiting tells most of a busy machine.
    std::printf("  %-46s %8.0f us (10 of 100: %.0f, 99 of 100: %.0f)\n", what, each[each.size() / 2],
                each[each.size() / 10], each[each.size() * 99 / 100]);
}

long resident_kilobytes() {
    std::ifstream status("/proc/self/status");
    for (std::string word; status >> word;)
        if (word == "VmRSS:") {
            long kilobytes = 0;
            status >> kilobytes;
            return kilobytes;
        }
    return 0;
}

std::string many() {
    const char* asked = std::getenv("CS2SIM_BENCH_KEYS");
    return asked ? asked : "1000000";
}

// So many rows, with specifiers behind `first`: no device would open them.
void fill(const std::string& database, const std::string& keys, int first) {
    const auto start = Clock::now();
    constexpr long kPiece = 100000;  // that a busy machine makes in the time that a program has
    const long all = std::stol(keys);
    for (long from = 0; from < all; from += kPiece)
        postgres().sql(
            database,
            "insert into cs2sim_key select 'SLOT_0000', '', n + " + std::to_string(first) +
                ", 1, decode(repeat('01', 16), 'hex'), 3, 31, "
                "convert_to('label ' || n, 'UTF8'), int8send(n), true, decode(repeat('4b', 300), 'hex'), "
                "decode(md5(n::text), 'hex'), now(), now(), 'host' from generate_series(" +
                std::to_string(from + 1) + ", " + std::to_string(std::min(from + kPiece, all)) + ") n");
    postgres().sql(database, "vacuum analyze cs2sim_key");
    std::printf("%s keys in PostgreSQL, made in %.0f s:\n", keys.c_str(), seconds_since(start));
}

// --- through the PKCS#11 library

std::string nth_label(int i) { return "mine " + std::to_string(i); }

void make_labelled(const bench::Token& token, const std::string& label) {
    CK_BBOOL yes = CK_TRUE;
    CK_BYTE p256[] = {0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07};
    CK_ATTRIBUTE name{CKA_LABEL, const_cast<char*>(label.data()), label.size()};
    CK_ATTRIBUTE publics[] = {{CKA_EC_PARAMS, p256, sizeof p256}, {CKA_TOKEN, &yes, 1}};
    CK_ATTRIBUTE privates[] = {{CKA_TOKEN, &yes, 1}, {CKA_SIGN, &yes, 1}, name};
    CK_MECHANISM mechanism{CKM_EC_KEY_PAIR_GEN, nullptr, 0};
    CK_OBJECT_HANDLE keys[2];
    token.good(token.functions().C_GenerateKeyPair(token.session(), &mechanism, publics, 2, privates, 3,
                                                   &keys[0], &keys[1]),
               "C_GenerateKeyPair");
}

CK_OBJECT_HANDLE found(const bench::Token& token, const std::string& label) {
    CK_ATTRIBUTE name{CKA_LABEL, const_cast<char*>(label.data()), label.size()};
    CK_OBJECT_HANDLE keys[2];
    CK_ULONG count = 0;
    token.good(token.functions().C_FindObjectsInit(token.session(), &name, 1), "C_FindObjectsInit");
    token.good(token.functions().C_FindObjects(token.session(), keys, 2, &count), "C_FindObjects");
    token.good(token.functions().C_FindObjectsFinal(token.session()), "C_FindObjectsFinal");
    if (count != 1) token.good(CKR_OBJECT_HANDLE_INVALID, "C_FindObjects");
    return keys[0];
}

// A process of its own, in which the library may be loaded.
void in_child(const std::function<void()>& work) {
    std::fflush(stdout);
    const ::pid_t child = ::fork();
    if (child == 0) {
        work();
        std::fflush(stdout);
        ::_exit(0);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    REQUIRE(status == 0);
}

}  // namespace

TEST_CASE("inserts") {
    const std::string url = postgres().new_store("inserts");
    postgres().sql("inserts", "create sequence bench");
    std::printf("keys made a second (specifier, row and audit), 1,200 bytes of blob:\n");
    for (const int processes : {1, 4, 16}) {
        const double bare = pgbench_rate("inserts", processes, Content::row, 1200).calls;
        const double ours = insert_rate(url, processes, "G");
        std::printf("  PostgreSQL, %2d processes: %7.0f; pgbench, row alone: %7.0f; ratio %.2f\n", processes,
                    ours, bare, ours / bare);
    }
    const ScratchFolder folder;
    for (const int processes : {1, 4})
        std::printf("  SQLite, %2d processes:     %7.0f\n", processes,
                    insert_rate((folder.path() / "keys.db").string(), processes, "G"));
}

TEST_CASE("finds") {
    const std::string keys = many();
    const std::string url = postgres().new_store("finds");
    fill("finds", keys, 0);
    const Store store = opened(at(url));
    const auto nth = [&](int i) { return static_cast<std::uint32_t>(1 + (i * 7919LL) % std::stoll(keys)); };
    print_median("one by label, without blob", 2000, [&](int i) {
        const auto page = store->list(
            {.group = "SLOT_0000", .label = to_bytes(as_bytes("label " + std::to_string(nth(i))))}, nullptr,
            64, false);
        REQUIRE(page.value().keys.size() == 1);
    });
    print_median("one by index, with blob", 2000, [&](int i) {
        REQUIRE(store->find({"SLOT_0000", "", nth(i)}));
    });
    print_median("version of one", 2000, [&](int i) {
        REQUIRE(store->version_of({"SLOT_0000", "", nth(i)}));
    });
    print_median("a page of 500", 100, [&](int i) {
        const KeyIndex after{"SLOT_0000", "", nth(i)};
        REQUIRE(store->list({.group = "SLOT_0000"}, &after, 500, false));
    });
    std::printf("  memory of this process: %ld KB\n", resident_kilobytes());
    std::printf("  on disk: %s",
                postgres()
                    .sql("finds",
                         "select pg_size_pretty(pg_table_size('cs2sim_key')) || ' of rows, ' || "
                         "pg_size_pretty(pg_indexes_size('cs2sim_key')) || ' of indexes'")
                    .c_str());
}

TEST_CASE("recrypts") {
    const ScratchFolder folder;
    constexpr std::uint32_t kKeys = 20000, kBatch = 64;
    for (const std::string& url : {postgres().new_store("recrypts"), (folder.path() / "keys.db").string()}) {
        const Store store = opened(at(url));
        for (std::uint32_t spec = 1; spec <= kKeys; spec += kMostRows) {
            std::vector<StoredKey> keys;
            for (std::uint32_t i = 0; i < kMostRows; ++i) keys.push_back(some_key("G", spec + i));
            REQUIRE(store->copy_in(keys).value() == kMostRows);
        }
        const auto start = Clock::now();
        std::uint64_t rows = 0;
        for (std::uint32_t spec = 1; spec + kBatch <= kKeys; spec += kBatch) {
            std::vector<Recrypted> batch;
            for (std::uint32_t i = 0; i < kBatch; ++i)
                batch.push_back({{"G", "", spec + i}, 1, MbkHash{5}, some_key("G", 1).blob});
            rows += store->recrypt(batch).value();
        }
        std::printf("rows sealed anew a second, %u at a time, without the device's part, %s: %.0f\n", kBatch,
                    url.find("host=") == std::string::npos ? "SQLite" : "PostgreSQL",
                    static_cast<double>(rows) / seconds_since(start));
    }
}

TEST_CASE("library") {
    constexpr int kMine = 500, kFirst = 10000;
    const std::string url = postgres().new_store("library");
    const auto token = quiet_token(url);
    in_child([&] {
        const bench::Token maker(subject(*token));
        for (int i = 0; i < kMine; ++i) make_labelled(maker, nth_label(i));
    });
    fill("library", many(), kFirst);
    await_own_key(*token);
    in_child([&] {
        const bench::Token user(subject(*token));
        const long before = resident_kilobytes();
        print_median("PKCS#11: find by label, a key not seen before", kMine / 2,
                     [&](int i) { found(user, nth_label(i)); });
        print_median("PKCS#11: find by label, the same again", kMine / 2,
                     [&](int i) { found(user, nth_label(i)); });
        print_median("PKCS#11: find, and first signature with it", kMine / 2,
                     [&](int i) { user.sign(user.session(), CKM_ECDSA, found(user, nth_label(i))); });
        print_median("PKCS#11: find and sign with one never seen", kMine / 2, [&](int i) {
            user.sign(user.session(), CKM_ECDSA, found(user, nth_label(kMine / 2 + i)));
        });
        std::printf("  memory of the process: %ld KB, %ld KB before the first key\n", resident_kilobytes(),
                    before);
    });
}
