// Figures of the PKCS#11 library beside SoftHSM2 and `openssl speed` in the same run. Usage:
//   bench_pkcs11 FOLDER [OBJECTS]
// OBJECTS (1000): how many token keys the token has for the rows that look for one. Rows: their numbers are
// those of host-lib/pkcs11/README.md.
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <thread>
#include <vector>

#include "firmware/protocol/functions.h"
#include "test/bench/cxi/simulator.h"
#include "test/bench/main/program.h"
#include "test/bench/pkcs11/token.h"

using namespace cs2sim;
using namespace cs2sim::bench;

namespace {

namespace fs = std::filesystem;

constexpr double kSeconds = 1.0;  // of one measurement
constexpr int kTurns = 3;         // whatever is compared runs in turns: the machine's speed changes

// Measures in a child, in which the library is loaded.
double in_child(const Subject& subject, const std::function<double(Token&)>& measure) {
    int ends[2];
    if (::pipe(ends) != 0) std::exit(1);
    const pid_t child = ::fork();
    if (child == 0) {
        double value = 0;
        {
            Token token(subject);
            value = measure(token);
        }
        (void)!::write(ends[1], &value, sizeof value);
        std::_Exit(0);
    }
    ::close(ends[1]);
    double value = 0;
    const bool got = ::read(ends[0], &value, sizeof value) == sizeof value;
    ::close(ends[0]);
    ::waitpid(child, nullptr, 0);
    if (!got) std::exit(1);
    return value;
}

// Calls a second, by `threads` side by side. `prepare` runs in each, with a session of its own.
using Call = std::function<void()>;
double per_second(Token& token, unsigned threads,
                  const std::function<Call(Token&, CK_SESSION_HANDLE)>& prepare) {
    std::atomic<unsigned> ready{0};
    std::atomic<bool> go{false}, over{false};
    std::atomic<std::uint64_t> calls{0};
    std::vector<std::thread> all;
    for (unsigned i = 0; i < threads; ++i)
        all.emplace_back([&] {
            const CK_SESSION_HANDLE session = token.open_session();
            const Call call = prepare(token, session);
            call();
            ++ready;
            while (!go) std::this_thread::yield();
            std::uint64_t mine = 0;
            for (; !over; ++mine) call();
            calls += mine;
        });
    while (ready != threads) std::this_thread::yield();
    const double begin = seconds();
    go = true;
    std::this_thread::sleep_for(std::chrono::duration<double>(kSeconds));
    over = true;
    for (std::thread& thread : all) thread.join();
    return static_cast<double>(calls) / (seconds() - begin);
}

double openssl_speed(const std::string& algorithm, unsigned processes) {
    const std::string command = "openssl speed -elapsed -mr -seconds 1 -multi " + std::to_string(processes) +
                                " " + algorithm + " 2>/dev/null";
    FILE* pipe = ::popen(command.c_str(), "r");
    double value = 0;
    char line[512];
    while (std::fgets(line, sizeof line, pipe)) {
        const std::string text(line);
        if (!text.starts_with("+F2:") && !text.starts_with("+F4:")) continue;
        // number : index : bits : seconds a signature : seconds a verification
        std::size_t at = 0;
        for (int i = 0; i < 3; ++i) at = text.find(':', at) + 1;
        value = std::atof(text.c_str() + at);
    }
    ::pclose(pipe);
    return value == 0 ? 0 : value < 1 ? 1 / value : value;
}

void print(const char* row, const char* what, double ours, double theirs, const char* unit) {
    if (theirs > 0)
        std::printf("| %s | %s | %.4g | %.4g | %s | %.2f |\n", row, what, ours, theirs, unit, ours / theirs);
    else
        std::printf("| %s | %s | %.4g | | %s | |\n", row, what, ours, unit);
    std::fflush(stdout);
}

struct Bench {
    Subject ours, soft;

    // Median of turns, in which both run one behind the other.
    void compare(const char* row, const char* what, const char* unit,
                 const std::function<double(Token&)>& measure) const {
        std::vector<double> mine, theirs;
        for (int turn = 0; turn < kTurns; ++turn) {
            mine.push_back(in_child(ours, measure));
            theirs.push_back(in_child(soft, measure));
        }
        print(row, what, median(mine), median(theirs), unit);
    }
};

std::function<double(Token&)> rate_of(unsigned threads,
                                      std::function<Call(Token&, CK_SESSION_HANDLE)> prepare) {
    return [=](Token& token) { return per_second(token, threads, prepare); };
}

Call sign_rsa(Token& token, CK_SESSION_HANDLE session) {
    const CK_OBJECT_HANDLE key = token.make_rsa(session);
    return [&token, session, key] { token.sign(session, CKM_SHA256_RSA_PKCS, key); };
}
Call sign_p256(Token& token, CK_SESSION_HANDLE session) {
    const CK_OBJECT_HANDLE key = token.make_p256(session);
    return [&token, session, key] { token.sign(session, CKM_ECDSA, key); };
}

void keys(const Bench& bench) {
    bench.compare("Q3", "RSA-2048 C_Sign, 1 thread", "1/s", rate_of(1, sign_rsa));
    bench.compare("Q3", "RSA-2048 C_Sign, 4 threads", "1/s", rate_of(4, sign_rsa));
    print("Q3", "openssl speed -multi 2 rsa2048", openssl_speed("rsa2048", 2), 0, "1/s");
    bench.compare("Q4", "P-256 C_Sign, 1 thread", "1/s", rate_of(1, sign_p256));
    bench.compare("Q4", "P-256 C_Sign, 4 threads", "1/s", rate_of(4, sign_p256));
    print("Q4", "openssl speed -multi 2 ecdsap256", openssl_speed("ecdsap256", 2), 0, "1/s");
    bench.compare("Q7", "session AES key, made and destroyed", "1/s",
                  rate_of(1, [](Token& token, CK_SESSION_HANDLE session) -> Call {
                      return [&token, session] { token.destroy(session, token.make_aes(session, false)); };
                  }));
    const auto token_keys = [](Token& token, CK_SESSION_HANDLE session) -> Call {
        return [&token, session] { (void)token.make_aes(session, true); };
    };
    bench.compare("Q8", "token AES key, 1 session", "1/s", rate_of(1, token_keys));
    bench.compare("Q8", "token AES key, 16 sessions", "1/s", rate_of(16, token_keys));
    bench.compare("Q11", "AES-GCM of 16 KiB", "1/s",
                  rate_of(1, [](Token& token, CK_SESSION_HANDLE session) -> Call {
                      const CK_OBJECT_HANDLE key = token.make_aes(session, false);
                      return [&token, session, key] { token.encrypt_gcm(session, key, 16 << 10); };
                  }));
}

void sessions(const Bench& bench) {
    bench.compare("Q10", "C_OpenSession + C_CloseSession", "1/s",
                  rate_of(1, [](Token& token, CK_SESSION_HANDLE) -> Call {
                      return [&token] { token.functions().C_CloseSession(token.open_session()); };
                  }));
    const auto logon = [pin = bench.ours.pin, soft = bench.soft](Token& token) {
        std::string text = pin;
        std::vector<double> times;
        for (int i = 0; i < 5; ++i) {
            token.good(token.functions().C_Logout(token.session()), "C_Logout");
            const double begin = seconds();
            token.good(token.functions().C_Login(token.session(), CKU_USER,
                                                 reinterpret_cast<CK_UTF8CHAR*>(text.data()), text.size()),
                       "C_Login");
            times.push_back((seconds() - begin) * 1e3);
        }
        return median(times);
    };
    bench.compare("Q10", "C_Login", "ms", logon);
}

long resident_bytes() {
    long pages = 0, resident = 0;
    FILE* file = std::fopen("/proc/self/statm", "r");
    if (std::fscanf(file, "%ld %ld", &pages, &resident) != 2) resident = 0;
    std::fclose(file);
    return resident * ::sysconf(_SC_PAGESIZE);
}

void many(const Bench& bench) {
    constexpr unsigned kManySessions = 10'000, kManyObjects = 100'000;
    print("Q12", "10,000 sessions: bytes each",
          in_child(bench.ours,
                   [](Token& token) {
                       const long before = resident_bytes();
                       for (unsigned i = 0; i < kManySessions; ++i) (void)token.open_session();
                       return static_cast<double>(resident_bytes() - before) / kManySessions;
                   }),
          0, "bytes");
    print("Q12", "100,000 session objects: bytes each",
          in_child(bench.ours,
                   [](Token& token) {
                       const long before = resident_bytes();
                       for (unsigned i = 0; i < kManyObjects; ++i)
                           (void)token.make_aes(token.session(), false);
                       return static_cast<double>(resident_bytes() - before) / kManyObjects;
                   }),
          0, "bytes");
    print("Q12", "closing 10,000 sessions",
          in_child(bench.ours,
                   [](Token& token) {
                       for (unsigned i = 0; i < kManySessions; ++i) (void)token.open_session();
                       const double begin = seconds();
                       token.good(token.functions().C_CloseAllSessions(token.slot()), "C_CloseAllSessions");
                       return (seconds() - begin) * 1e3;
                   }),
          0, "ms");
}

void finding(const Bench& bench, unsigned objects) {
    for (const Subject* subject : {&bench.ours, &bench.soft})
        (void)in_child(*subject, [&](Token& token) {
            for (unsigned i = 0; i < objects; ++i)
                (void)token.make_aes(token.session(), true, "key" + std::to_string(i));
            return 0.0;
        });
    const std::string what = "find one label among " + std::to_string(objects);
    bench.compare("Q1", what.c_str(), "ms", [&](Token& token) {
        return 1e3 / per_second(token, 1, [&](Token& in, CK_SESSION_HANDLE session) -> Call {
                   return [&in, session, objects, turn = 0u]() mutable {
                       in.find(session, "key" + std::to_string(turn++ * 7919 % objects));
                   };
               });
    });
    bench.compare("Q2", "C_Initialize + first session, with as many objects", "ms",
                  [](Token& token) { return token.start_seconds() * 1e3; });
}

// What the library adds to the command that it sends: P-256 signatures by C_Sign and as bare commands.
void own_cost(const Bench& bench, const Simulator& simulator) {
    std::vector<double> costs;
    for (int turn = 0; turn < kTurns; ++turn) {
        const double with = 1e6 / in_child(bench.ours, rate_of(1, sign_p256));
        const auto device = client(simulator, Logon::secure);
        PropertyList curve = key_template(CXI_KEY_ALGO_EC, 0, "cost");
        curve.set(CXI_PROP_KEY_EC_CURVE, "NIST-P256");
        const Bytes key = generate(*device, curve);
        const Bytes digest(32, 1);
        std::uint64_t count = 0;
        const double begin = seconds();
        for (; seconds() - begin < kSeconds; ++count)
            (void)must(
                device->execute(FC_CXI, SFC_CXI_SIGN, {0, CXI_MECH_HASH_SHA256, key, ByteView(), digest}));
        costs.push_back(with - (seconds() - begin) * 1e6 / static_cast<double>(count));
    }
    print("Q5", "own cost of C_SignInit + C_Sign beyond the command", median(costs), 0, "us");
}

// AES-GCM as commands: sealed in a secure session, and with the log-on in clear.
void sealing(const Simulator& simulator) {
    for (const std::size_t length : {std::size_t{16} << 10, std::size_t{256} << 10}) {
        double rates[2] = {};
        for (const Logon logon : {Logon::secure, Logon::clear}) {
            const auto device = client(simulator, logon);
            const Bytes key = generate(*device, key_template(CXI_KEY_ALGO_AES, 256,
                                                             "seal" + std::to_string(length) +
                                                                 (logon == Logon::secure ? "s" : "c")));
            const auto parameter =
                compose(LAYOUT_CXI_CRYPT_PARAMETER, {CXI_IV_NO_GENERATE, Bytes(12), ByteView(), 128}).value();
            const Bytes data(length);
            std::uint64_t count = 0;
            const double begin = seconds();
            for (; seconds() - begin < kSeconds; ++count)
                (void)must(
                    device->execute(FC_CXI, SFC_CXI_CRYPT,
                                    {CXI_FLAG_CRYPT_SINGLE_CALL, CXI_MECH_MODE_ENCRYPT | CXI_MECH_CHAIN_GCM,
                                     0, key, parameter, data}));
            rates[logon == Logon::clear] = static_cast<double>(count) / (seconds() - begin);
        }
        const std::string what =
            "AES-GCM of " + std::to_string(length >> 10) + " KiB: secure session, in clear";
        print("Q14", what.c_str(), rates[0], rates[1], "1/s");
    }
}

Subject prepare_softhsm(const fs::path& folder) {
    fs::create_directories(folder / "tokens");
    const std::string config = folder / "softhsm2.conf";
    std::ofstream(config) << "directories.tokendir = " << (folder / "tokens").string()
                          << "\nobjectstore.backend = file\nlog.level = ERROR\n";
    ::setenv("SOFTHSM2_CONF", config.c_str(), 1);
    run({"/usr/bin/softhsm2-util", "--init-token", "--free", "--label", "bench", "--so-pin", "12345678",
         "--pin", "123456"});
    return {"SoftHSM2", "/usr/lib/softhsm/libsofthsm2.so", "123456", "SOFTHSM2_CONF", config};
}

Subject prepare_ours(const Simulator& simulator) {
    const fs::path bin = CS2SIM_BIN_DIR;
    run({bin / "cs2sim", "token", "add", "--state", simulator.state(), "--slot", "0", "--label", "bench",
         "--so-pin", "12345678", "--pin", "123456"});
    return {"cs2sim", bin.parent_path() / "lib" / "libcs_pkcs11_R3.so", "123456", "CS_PKCS11_R3_CFG",
            simulator.state() / "cs_pkcs11_R3.cfg"};
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 2 || argv[1][0] == '-') {
        std::fprintf(stderr, "usage: bench_pkcs11 FOLDER [OBJECTS]\n");
        return 2;
    }
    const fs::path folder = fs::absolute(argv[1]);
    if (fs::exists(folder) && !fs::is_empty(folder)) {
        std::fprintf(stderr, "bench_pkcs11: %s is not empty\n", folder.c_str());
        return 2;
    }
    const auto objects = static_cast<unsigned>(argc > 2 ? std::atoi(argv[2]) : 1000);
    Simulator simulator(folder / "simulator");
    const Bench bench{prepare_ours(simulator), prepare_softhsm(folder / "softhsm")};
    std::printf("| row | what | cs2sim | SoftHSM2 | unit | ratio |\n|---|---|---|---|---|---|\n");
    finding(bench, objects);
    keys(bench);
    sessions(bench);
    own_cost(bench, simulator);
    sealing(simulator);
    many(bench);
    return 0;
}
