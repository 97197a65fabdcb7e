// Not a test: prints figures of key stores beside bare insert loops and pgbench. PostgreSQL is a private one,
// as for the tests.
//   bench_keystore              all; the figures of finding with CS2SIM_BENCH_KEYS keys (1,000,000)
//   bench_keystore inserts|finds|recrypts|library|hosts
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <thread>

#include "test/bench/pkcs11/token.h"
#include "test/clients/token.h"
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

// Processor time that processes have had, with that of their children that are gone, in seconds.
double processor_seconds(const std::vector<::pid_t>& processes) {
    long ticks = 0;
    for (const ::pid_t process : processes) {
        std::ifstream stat("/proc/" + std::to_string(process) + "/stat");
        std::string line;
        std::getline(stat, line);
        std::istringstream fields(line.substr(std::min(line.size(), line.rfind(')') + 1)));
        std::string field;
        for (int number = 3; fields >> field && number <= 17; ++number)
            if (number >= 14) ticks += std::stol(field);
    }
    return static_cast<double>(ticks) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

double own_processor_seconds() {
    ::timespec now{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

// Of children that were waited for.
double children_seconds() {
    ::rusage usage{};
    ::getrusage(RUSAGE_CHILDREN, &usage);
    const auto seconds = [](const ::timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

struct Rate {
    double calls = 0;       // a second
    double of_callers = 0;  // microseconds of processor time a call
    std::vector<double> of_others;
};
// Those who work for the callers.
using Others = std::vector<std::function<std::vector<::pid_t>()>>;

// Calls of `once` a second, of `processes` processes together. Each makes its own by `prepare`, with its
// number, and begins when all are ready.
Rate rate(int processes, const std::function<std::function<bool()>(int number)>& prepare,
          const Others& others = {}, seconds time = kTime) {
    struct Count {
        std::uint64_t calls = 0;
        double seconds = 0;
    };
    int counts[2], ready[2], go[2];
    REQUIRE((::pipe(counts) == 0 && ::pipe(ready) == 0 && ::pipe(go) == 0));
    std::vector<::pid_t> children;
    for (int i = 0; i < processes; ++i) {
        const ::pid_t child = ::fork();
        if (child == 0) {
            char byte = 0;
            ::close(go[1]);
            const auto once = prepare(i);
            once();  // connects
            if (::write(ready[1], &byte, 1) != 1 || ::read(go[0], &byte, 1) != 0) ::_exit(1);
            const auto end = Clock::now() + time;
            Count done{0, -own_processor_seconds()};
            while (Clock::now() < end) done.calls += once() ? 1 : 0;
            done.seconds += own_processor_seconds();
            if (::write(counts[1], &done, sizeof done) < 0) ::_exit(1);
            ::_exit(0);
        }
        children.push_back(child);
    }
    for (const int end : {counts[1], ready[1], go[0]}) ::close(end);
    char byte = 0;
    for (int i = 0; i < processes; ++i) REQUIRE(::read(ready[0], &byte, 1) == 1);
    Rate rate;
    for (const auto& each : others) rate.of_others.push_back(-processor_seconds(each()));
    ::close(go[1]);
    Count all, one;
    while (::read(counts[0], &one, sizeof one) == sizeof one) {
        all.calls += one.calls;
        all.seconds += one.seconds;
    }
    const double microseconds = 1e6 / static_cast<double>(all.calls);
    for (std::size_t i = 0; i < others.size(); ++i)
        rate.of_others[i] = (rate.of_others[i] + processor_seconds(others[i]())) * microseconds;
    for (const int end : {counts[0], ready[0]}) ::close(end);
    for (const ::pid_t child : children) ::waitpid(child, nullptr, 0);
    rate.calls = static_cast<double>(all.calls) / static_cast<double>(time.count());
    rate.of_callers = all.seconds * microseconds;
    return rate;
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

enum class Content { row, transaction };

// With nothing of ours between: pgbench, with a blob of so many bytes. The row alone, or all that one key is
// to the store: its audit too, and 64 specifiers for each 64th. Of others: the server, and pgbench itself.
Rate pgbench_rate(const std::string& database, int clients, Content content, std::size_t blob,
                  seconds time = kTime) {
    scenario::Folder folder;
    const std::string row =
        "insert into cs2sim_key select 'pgbench', '', nextval('bench'), 1, decode(repeat('01', 16), 'hex'), "
        "3, 31, "
        "decode('6c6162656c', 'hex'), decode('00', 'hex'), true, decode(repeat('4b', " +
        std::to_string(blob) +
        "), 'hex'), "
        "decode(md5(random()::text), 'hex'), now(), now(), 'host'";
    const std::string whole =
        "\\set each random(1, 64)\n\\if :each = 1\n"
        "insert into cs2sim_group select 'pgbench', 65 from set_config('synchronous_commit', 'off', true) "
        "on conflict (grp) do update set next_spec = cs2sim_group.next_spec + 64 returning next_spec - 64;\n"
        "\\endif\nwith k as (" +
        row +
        " returning op, grp, name, spec, ver) insert into cs2sim_audit select clock_timestamp(), 'host', op, "
        "'insert', grp, name, spec, ver from k";
    scenario::write_file(folder / "row.sql", (content == Content::row ? row : whole) + ";\n");
    const double server = processor_seconds(postgres().processes()), client = children_seconds();
    const auto outcome = scenario::run(
        {program_of_postgres("pgbench"), "-n", "-h", postgres().folder(), "-p",
         std::to_string(postgres().port()), "-U", "owner", "-M", "prepared", "-c", std::to_string(clients),
         "-j", "2", "-T", std::to_string(time.count()), "-f", (folder / "row.sql").string(), database});
    INFO(outcome.err);
    REQUIRE(outcome.status == 0);
    const auto told = [&](const std::string& mark) {
        return std::stod(outcome.out.substr(outcome.out.find(mark) + mark.size()));
    };
    const double microseconds = 1e6 / told("transactions actually processed: ");
    return {told("tps = "),
            (children_seconds() - client) * microseconds,
            {(processor_seconds(postgres().processes()) - server) * microseconds}};
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

std::string settings(const std::string& connection) {
    return "KeysExternal = true\n[KeyStorage]\nKeyStorageType = postgresql\nKeyStorageConfig = \"" +
           connection + "\"";
}

bench::Subject subject(const clients::Token& token) {
    return {"cs2sim", token.library(), clients::kPin, "CS_PKCS11_R3_CFG", token.file("cs_pkcs11_R3.cfg")};
}

// The tests' tokens write down every call.
std::unique_ptr<clients::Token> quiet_token(const std::string& url) {
    auto token = std::make_unique<clients::Token>(scenario::Way::mount, settings(url));
    const std::filesystem::path config = token->file("cs_pkcs11_R3.cfg");
    const std::string all = "Logging = 4";
    std::string text = scenario::read_file(config);
    text.replace(text.find(all), all.size(), "Logging = 1");
    scenario::write_file(config, text);
    return token;
}

// A new device makes an RSA key of 4,096 bits for itself beside all else, which takes half a processor for
// some seconds, once in its life: not what is asked here.
void await_own_key(const clients::Token& token) {
    const std::filesystem::path made = token.simulator().state() / "flash" / "files" / "hsmauth.key";
    const auto end = Clock::now() + std::chrono::minutes(10);
    while (!std::filesystem::exists(made) && Clock::now() < end)
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
    REQUIRE(std::filesystem::exists(made));
}

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

TEST_CASE("hosts") {
    constexpr int kProcesses = 64, kRounds = 4;
    constexpr seconds kSlice{4};
    postgres().new_store("hosts");
    // By the socket, as pgbench goes.
    const std::string url = "host=" + postgres().folder().string() +
                            " port=" + std::to_string(postgres().port()) + " dbname=hosts user=owner";
    std::vector<std::unique_ptr<clients::Token>> simulators;
    for (int i = 0; i < 4; ++i) {
        simulators.push_back(quiet_token(url));
        if (i != 0) simulators[i]->admin().import_mbk_of(simulators[0]->admin());
    }
    for (const auto& simulator : simulators) await_own_key(*simulator);
    const auto make = [&](int number) {
        const auto token = std::make_shared<bench::Token>(subject(*simulators[number % simulators.size()]));
        return [token] {
            token->make_aes(token->session(), true);
            return true;
        };
    };
    const auto server = [] { return postgres().processes(); };
    std::vector<::pid_t> devices;
    for (const auto& simulator : simulators) devices.push_back(simulator->simulator().process());
    const auto ours = [&] { return rate(kProcesses, make, {server, [&] { return devices; }}, kSlice); };
    std::vector<Rate> all = {ours()};
    // Each in tables of its own: whoever comes next would fill the room that other rows left in old pages.
    const std::size_t blob = std::stoul(postgres().sql("hosts", "select max(length(blob)) from cs2sim_key"));
    std::vector<Rate> row, whole;
    for (const char* database : {"row", "whole"}) {
        postgres().new_store(database);
        postgres().sql(database, "create sequence bench");
    }
    // In turn, as a virtual machine's processors are faster at one time than at another.
    for (int round = 0; round < kRounds; ++round) {
        if (round != 0) all.push_back(ours());
        row.push_back(pgbench_rate("row", kProcesses, Content::row, blob, kSlice));
        whole.push_back(pgbench_rate("whole", kProcesses, Content::transaction, blob, kSlice));
    }
    const auto each = [&](const auto& work) {
        std::vector<double> values;
        for (int round = 0; round < kRounds; ++round) values.push_back(work(static_cast<std::size_t>(round)));
        std::sort(values.begin(), values.end());
        return values;
    };
    const auto print = [&](const char* what, const std::vector<double>& values) {
        std::printf("  %-50s %8.2f (%.2f to %.2f)\n", what, values[kRounds / 2], values.front(),
                    values.back());
    };
    std::printf("%d processes on 4 simulators, blobs of %zu bytes; median of %d rounds:\n", kProcesses, blob,
                kRounds);
    print("keys a second", each([&](std::size_t i) { return all[i].calls; }));
    print("pgbench, row alone, a second", each([&](std::size_t i) { return row[i].calls; }));
    print("pgbench, with audit and specifiers, a second",
          each([&](std::size_t i) { return whole[i].calls; }));
    print("ratio to the row alone", each([&](std::size_t i) { return all[i].calls / row[i].calls; }));
    print("ratio to all of it", each([&](std::size_t i) { return all[i].calls / whole[i].calls; }));
    print("us of processor a key: PostgreSQL", each([&](std::size_t i) { return all[i].of_others[0]; }));
    print("us of processor a key: simulators", each([&](std::size_t i) { return all[i].of_others[1]; }));
    print("us of processor a key: callers", each([&](std::size_t i) { return all[i].of_callers; }));
    const auto cost = [](const Rate& one) {
        double sum = one.of_callers;
        for (const double other : one.of_others) sum += other;
        return sum;
    };
    print("us of processor: pgbench, row alone", each([&](std::size_t i) { return cost(row[i]); }));
    print("us of processor: pgbench, all of it", each([&](std::size_t i) { return cost(whole[i]); }));
    print("cost of the row to that of a key",
          each([&](std::size_t i) { return cost(row[i]) / cost(all[i]); }));
    print("cost of all of it to that of a key",
          each([&](std::size_t i) { return cost(whole[i]) / cost(all[i]); }));
}
