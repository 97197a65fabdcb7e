// Figures of CXI: databases of many keys, and keys at work, at the module's own door (no transport: what that
// adds, bench_device shows). Usage: bench_cxi FOLDER [LARGEST-NUMBER-OF-KEYS]
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include "firmware/cmds/scheduler.h"
#include "firmware/cmds/sessions.h"
#include "firmware/cmds/users.h"
#include "firmware/crypto/random.h"
#include "firmware/cxi/cxi.h"
#include "firmware/db/catalogue.h"

namespace cs2sim::bench {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

template <class T>
T must(Result<T> result) {
    if (result) return *std::move(result);
    std::fprintf(stderr, "%s", describe(result.error().code).c_str());
    std::exit(1);
}

// The module with what it stands on, on a state folder.
struct Bench {
    explicit Bench(const std::filesystem::path& folder)
        : smos(must(Smos::open(folder))),
          databases(*smos),
          mbk(*smos, databases),
          users(*smos, databases, profile),
          sessions(profile),
          services{profile, *smos, databases, mbk, users, sessions, scheduler},
          cxi(services) {
        services.cxi = &cxi;
        scheduler.publish(cxi_module());
    }
    Result<Bytes> run(Context& context, std::uint8_t sfc, std::initializer_list<Value> values) {
        const Bytes block = compose(find_function(FC_CXI, sfc)->request, values);
        return scheduler.run(services, context, {FC_CXI, sfc, block});
    }
    Profile profile;
    std::unique_ptr<Smos> smos;
    DatabaseStore databases;
    Scheduler scheduler;
    MbkStore mbk;
    Users users;
    Sessions sessions;
    Services services;
    Cxi cxi;
};

void log_on(Context& context) { context.users = {{"BENCH", 0x00000002, "CXI_GROUP=*", {}}}; }

PropertyList key_template(std::uint32_t algorithm, std::uint32_t bits, const std::string& name) {
    PropertyList list;
    list.set(CXI_PROP_KEY_GROUP, "BENCH");
    list.set(CXI_PROP_KEY_NAME, name);
    list.set_number(CXI_PROP_KEY_ALGO, algorithm);
    if (bits != 0) list.set_number(CXI_PROP_KEY_SIZE, bits);
    return list;
}

long resident_kilobytes() {
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);)
        if (line.starts_with("VmRSS:")) return std::atol(line.c_str() + 6);
    return 0;
}

void fill(const std::filesystem::path& folder, std::size_t from, std::size_t to) {
    Bench bench(folder);
    const auto database = must(bench.databases.create("CXIKEY.db", database_policy("CXIKEY.db")->info));
    const auto staging = must(database->stage());
    const Circumstances now = bench.cxi.circumstances();
    for (std::size_t i = from; i < to; ++i) {
        const KeyObject key =
            must(generate_key(key_template(CXI_KEY_ALGO_AES, 256, "key" + std::to_string(i)), {}, now));
        const auto added = staging->add(key_index(key.group(), key.name(), 0), encode_key(key));
        if (!added) std::exit(1);
    }
    must(staging->commit());
}

void measure(const std::filesystem::path& folder, std::size_t count) {
    const auto start = Clock::now();
    Bench bench(folder);
    Context context;
    log_on(context);
    std::vector<double> opens;
    for (int i = 0; i < 1000; ++i) {
        PropertyList names;
        names.set(CXI_PROP_KEY_GROUP, "BENCH");
        names.set(CXI_PROP_KEY_NAME, "key" + std::to_string(std::rand() % static_cast<int>(count)));
        const auto one = Clock::now();
        must(bench.run(context, SFC_CXI_KEY_OPEN, {0, names.encode()}));
        opens.push_back(seconds_since(one) * 1e6);
        if (i == 0)
            std::printf("%9zu keys  first key after start %7.1f ms", count, seconds_since(start) * 1e3);
    }
    std::ranges::sort(opens);
    double slowest = 0, total = 0;
    std::size_t pages = 0;
    Bytes cursor;
    for (bool more = true; more; ++pages) {
        const auto one = Clock::now();
        const Bytes answer =
            must(bench.run(context, SFC_CXI_KEY_LIST, {ByteView(), ByteView(), cursor, 1000}));
        const double took = seconds_since(one) * 1e3;
        slowest = std::max(slowest, took);
        total += took;
        const Block page = must(parse("more:u1 cursor:v2 keys:*", answer));
        more = page.u8("more") != 0;
        cursor = to_bytes(page.bytes("cursor"));
    }
    std::printf(
        "  open by name %6.1f us (99%%: %6.1f)  page of 1000 %6.2f ms (slowest %6.2f)  memory %ld MB\n",
        opens[500], opens[990], total / static_cast<double>(pages), slowest, resident_kilobytes() / 1024);
}

// How often in a second, with `threads` sessions side by side.
template <class Work>
double rate(unsigned threads, double seconds, Work work) {
    std::atomic<std::uint64_t> done{0};
    std::vector<std::thread> all;
    const auto start = Clock::now();
    for (unsigned t = 0; t < threads; ++t)
        all.emplace_back([&, t] {
            Context context;
            log_on(context);
            for (std::uint64_t i = 0; seconds_since(start) < seconds; ++i, ++done) work(context, t, i);
        });
    for (std::thread& thread : all) thread.join();
    return static_cast<double>(done) / seconds_since(start);
}

void work_rates(const std::filesystem::path& folder) {
    Bench bench(folder);
    Context context;
    log_on(context);
    const auto make = [&](const PropertyList& list) {
        const Bytes answer =
            must(bench.run(context, SFC_CXI_KEY_GENERATE, {CXI_FLAG_KEY_OVERWRITE, 0, list.encode()}));
        return to_bytes(must(parse("key:v4", answer)).bytes("key"));
    };
    PropertyList curve = key_template(CXI_KEY_ALGO_EC, 0, "p256");
    curve.set(CXI_PROP_KEY_EC_CURVE, "NIST-P256");
    const Bytes rsa = make(key_template(CXI_KEY_ALGO_RSA, 2048, "rsa")), p256 = make(curve);
    const Bytes aes = make(key_template(CXI_KEY_ALGO_AES, 256, "aes"));
    const Bytes hash = random_bytes(32);
    const auto sign = [&](const Bytes& key, std::uint32_t mechanism) {
        return rate(4, 3, [&](Context& own, unsigned, std::uint64_t) {
            must(bench.run(own, SFC_CXI_SIGN, {0, mechanism, key, ByteView(), hash}));
        });
    };
    std::printf("RSA-2048 sign      %10.0f /s with 4 sessions\n",
                sign(rsa, CXI_MECH_PAD_PKCS1 | CXI_MECH_HASH_SHA256));
    std::printf("ECDSA P-256 sign   %10.0f /s\n", sign(p256, CXI_MECH_HASH_SHA256));
    const Bytes parameter =
        compose(LAYOUT_CXI_CRYPT_PARAMETER, {CXI_IV_NO_GENERATE, Bytes(12), ByteView(), 128});
    for (const std::size_t size : {16u * 1024, 256u * 1024}) {
        const Bytes data(size);
        const double blocks = rate(4, 3, [&](Context& own, unsigned, std::uint64_t) {
            must(bench.run(own, SFC_CXI_CRYPT,
                           {CXI_FLAG_CRYPT_SINGLE_CALL, CXI_MECH_MODE_ENCRYPT | CXI_MECH_CHAIN_GCM, 0, aes,
                            parameter, data}));
        });
        std::printf("AES-256-GCM %3zu KiB %9.0f MB/s\n", size / 1024,
                    blocks * static_cast<double>(size) / 1e6);
    }
    for (const unsigned threads : {1u, 4u})
        std::printf("AES key generation %10.0f /s with %u session%s\n",
                    rate(threads, 3,
                         [&](Context& own, unsigned t, std::uint64_t i) {
                             const std::string name = "g" + std::to_string(threads) + "." +
                                                      std::to_string(t) + "." + std::to_string(i);
                             must(bench.run(own, SFC_CXI_KEY_GENERATE,
                                            {CXI_FLAG_KEY_OVERWRITE, 0,
                                             key_template(CXI_KEY_ALGO_AES, 256, name).encode()}));
                         }),
                    threads, threads == 1 ? "" : "s");
    std::fflush(stdout);
    std::printf("beside it, in the same run:\n");
    std::fflush(stdout);
    if (std::system(
            "openssl speed -multi 2 -seconds 3 rsa2048 ecdsap256 2>/dev/null | tail -4;"
            "openssl speed -multi 2 -seconds 3 -bytes 16384 -evp aes-256-gcm 2>/dev/null | tail -1;"
            "openssl speed -multi 2 -seconds 3 -bytes 262144 -evp aes-256-gcm 2>/dev/null | tail -1") != 0)
        std::printf("openssl speed did not run\n");
}

int main(int argc, char** argv) {
    if (argc < 2) {
        std::fprintf(stderr, "usage: bench_cxi FOLDER [LARGEST-NUMBER-OF-KEYS]\n");
        return 2;
    }
    const std::filesystem::path folder = argv[1];
    const std::size_t largest = argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 1'000'000;
    std::filesystem::create_directories(folder);
    work_rates(folder / "work");
    std::size_t have = 0;
    for (const std::size_t count : {1'000u, 10'000u, 100'000u, 1'000'000u}) {
        if (count > largest) break;
        fill(folder / "scale", have, count);
        have = count;
        measure(folder / "scale", count);
    }
    return 0;
}

}  // namespace
}  // namespace cs2sim::bench

int main(int argc, char** argv) { return cs2sim::bench::main(argc, argv); }
