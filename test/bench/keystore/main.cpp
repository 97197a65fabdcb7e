// Not a test: prints figures of key stores beside bare insert loops and pgbench. PostgreSQL is a private one,
// as for the tests.
//   bench_keystore              all; the figures of finding with CS2SIM_BENCH_KEYS keys (1,000,000)
//   bench_keystore inserts|finds|recrypts
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "test/keystore/postgres.h"
#include "test/unit/keystore/conformance.h"

using namespace cs2sim;
using namespace cs2sim::keystore;

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::seconds;

constexpr auto kTime = seconds(5);

KeyStorage at(const std::string& url) { return parse_key_store_url(url).value(); }

double seconds_since(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

// Calls of `once` a second, of `processes` processes together. Each makes its own by `prepare`.
double rate(int processes, const std::function<std::function<bool()>()>& prepare) {
    int counts[2];
    REQUIRE(::pipe(counts) == 0);
    std::vector<::pid_t> children;
    const auto begins = Clock::now() + std::chrono::milliseconds(500);
    for (int i = 0; i < processes; ++i) {
        const ::pid_t child = ::fork();
        if (child == 0) {
            const auto once = prepare();
            once();  // connects
            while (Clock::now() < begins) ::usleep(1000);
            std::uint64_t done = 0;
            while (Clock::now() < begins + kTime) done += once() ? 1 : 0;
            if (::write(counts[1], &done, sizeof done) < 0) ::_exit(1);
            ::_exit(0);
        }
        children.push_back(child);
    }
    ::close(counts[1]);
    std::uint64_t sum = 0, one = 0;
    while (::read(counts[0], &one, sizeof one) == sizeof one) sum += one;
    ::close(counts[0]);
    for (const ::pid_t child : children) ::waitpid(child, nullptr, 0);
    return static_cast<double>(sum) / static_cast<double>(kTime.count());
}

// As the PKCS#11 library does for who makes many: specifiers 64 at a time (host-lib/pkcs11/spec_blocks.h).
double insert_rate(const std::string& url, int processes, const std::string& group) {
    return rate(processes, [&] {
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
}

// The same row, its audit and its specifier with nothing of ours between: pgbench.
double pgbench_rate(const std::string& database, int clients, bool prepared) {
    scenario::Folder folder;
    scenario::write_file(
        folder / "row.sql",
        "insert into cs2sim_key select 'pgbench', '', nextval('bench'), 1, decode(repeat('01', 16), 'hex'), "
        "3, 31, "
        "decode('6c6162656c', 'hex'), decode('00', 'hex'), true, decode(repeat('4b', 1200), 'hex'), "
        "decode(md5(random()::text), 'hex'), now(), now(), 'host';\n");
    const auto outcome =
        scenario::run({program_of_postgres("pgbench"), "-n", "-h", postgres().folder(), "-p",
                       std::to_string(postgres().port()), "-U", "owner", "-M",
                       prepared ? "prepared" : "simple", "-c", std::to_string(clients), "-j", "2", "-T",
                       std::to_string(kTime.count()), "-f", (folder / "row.sql").string(), database});
    INFO(outcome.err);
    REQUIRE(outcome.status == 0);
    const std::string mark = "tps = ";
    return std::stod(outcome.out.substr(outcome.out.find(mark) + mark.size()));
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
    std::printf("  %-44s %8.0f us (99 of 100: %.0f us)\n", what, each[each.size() / 2],
                each[each.size() * 99 / 100]);
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

}  // namespace

TEST_CASE("inserts") {
    const std::string url = postgres().new_store("inserts");
    postgres().sql("inserts", "create sequence bench");
    std::printf("keys made a second (specifier, row and audit), 1,200 bytes of blob:\n");
    for (const int processes : {1, 4, 16}) {
        const double bare = pgbench_rate("inserts", processes, true);
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
    const char* asked = std::getenv("CS2SIM_BENCH_KEYS");
    const std::string keys = asked ? asked : "1000000";
    const std::string url = postgres().new_store("finds");
    const auto start = Clock::now();
    postgres().sql(
        "finds",
        "insert into cs2sim_key select 'SLOT_0000', '', n, 1, decode(repeat('01', 16), 'hex'), 3, 31, "
        "convert_to('label ' || n, 'UTF8'), int8send(n), true, decode(repeat('4b', 300), 'hex'), "
        "decode(md5(n::text), 'hex'), now(), now(), 'host' from generate_series(1, " +
            keys + ") n");
    postgres().sql("finds", "analyze cs2sim_key");
    std::printf("%s keys in PostgreSQL, made in %.0f s:\n", keys.c_str(), seconds_since(start));
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
