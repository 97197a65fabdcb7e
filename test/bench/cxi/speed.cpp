#include "test/bench/cxi/speed.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "firmware/crypto/random.h"
#include "test/bench/cxi/softhsm.h"
#include "test/bench/main/program.h"

namespace cs2sim::bench {
namespace {

// The speed of a machine that is shared with others changes by half within seconds, so whatever is compared
// runs in turns, and a ratio is the median of the turns' ratios.
constexpr int kTurns = 7;
constexpr double kSeconds = 1.0;  // of one measurement; openssl's as well

// The last number but `back` of the line that begins with `word` in what `openssl speed -mr` prints.
double openssl_speed(const std::string& arguments, const std::string& word, int back) {
    const std::string command =
        "openssl speed -elapsed -mr -multi 2 -seconds 1 " + arguments + " 2>/dev/null";
    FILE* pipe = ::popen(command.c_str(), "r");
    double value = 0;
    std::array<char, 512> line{};
    while (std::fgets(line.data(), line.size(), pipe)) {
        std::string text(line.data());
        if (!text.starts_with(word)) continue;
        for (int i = 0; i < back; ++i) text.resize(text.rfind(':'));
        value = std::atof(text.c_str() + text.rfind(':') + 1);
    }
    ::pclose(pipe);
    return value;
}

// Of all ended children, as rusage has it.
double children_seconds() {
    rusage usage{};
    ::getrusage(RUSAGE_CHILDREN, &usage);
    const auto seconds_of = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    return seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime);
}

double median_ratio(const std::vector<double>& ours, const std::vector<double>& theirs) {
    std::vector<double> ratios;
    for (std::size_t turn = 0; turn < ours.size(); ++turn) ratios.push_back(ours[turn] / theirs[turn]);
    return median(ratios);
}

// Commands a second; SFC and block are the same in every turn.
double commands(const Simulator& simulator, Logon logon, std::uint16_t fc, std::uint8_t sfc,
                const Bytes& block) {
    return rate(kClients, kSeconds, [&](unsigned) -> Work {
        const std::shared_ptr<host::Device> device = client(simulator, logon);
        return [=, &block](std::uint64_t) { (void)must(device->execute_block(fc, sfc, block)); };
    });
}

struct Subject {
    const char* name;
    const char* unit;
    double scale;  // from commands a second to the unit
    double goal;   // ratio to openssl
    std::uint8_t sfc;
    Bytes block;
    double phases;                    // of openssl speed, 2 s each: signing is measured with verification
    std::function<double()> openssl;  // in the unit
    std::function<Work(unsigned)> softhsm = {};  // may be empty
};

void compare(const Simulator& simulator, const std::string& only, const Subject& subject) {
    if (std::string(subject.name).find(only) == std::string::npos) return;
    std::vector<double> theirs, clear, secure, soft, bare, their_time, host_time, device_time;
    for (int turn = 0; turn < kTurns; ++turn) {
        double before = children_seconds();
        theirs.push_back(subject.openssl());
        // its two processes run for 1 s each; -elapsed, for else it counts only the time that it was given
        their_time.push_back((children_seconds() - before) * 1e6 * subject.scale /
                             (theirs.back() * subject.phases));
        before = children_seconds();
        const double device_before = simulator.processor_seconds();
        const double begin = seconds();
        clear.push_back(commands(simulator, Logon::clear, FC_CXI, subject.sfc, subject.block) *
                        subject.scale);
        const double done = clear.back() / subject.scale * (seconds() - begin);
        device_time.push_back((simulator.processor_seconds() - device_before) * 1e6 / done);
        host_time.push_back((children_seconds() - before) * 1e6 / done);
        secure.push_back(commands(simulator, Logon::secure, FC_CXI, subject.sfc, subject.block) *
                         subject.scale);
        bare.push_back(commands(simulator, Logon::none, FC_CMDS, SFC_CMDS_ECHO, subject.block) *
                       subject.scale);
        if (subject.softhsm && softhsm_present())
            soft.push_back(rate(kClients, kSeconds, subject.softhsm) * subject.scale);
    }
    const double openssl = median(theirs), ours = median(clear), echo = median(bare);
    std::printf("%-22s %8.0f %s  openssl %8.0f  ratio %.2f (goal %.2f)   in a secure session %8.0f, %.2f",
                subject.name, ours, subject.unit, openssl, median_ratio(clear, theirs), subject.goal,
                median(secure), median_ratio(secure, theirs));
    if (!soft.empty()) std::printf("   SoftHSM2 %8.0f, ratio %.2f", median(soft), median_ratio(clear, soft));
    // Both cores are full: what a command costs is the time of two.
    const double of_two = 2e6 * subject.scale;
    std::printf(
        "\n%22s of %.0f us of both cores: cryptography %.0f, transport and copies %.0f (an echo of the "
        "same size), rest %.0f\n",
        "", of_two / ours, of_two / openssl, of_two / echo, of_two / ours - of_two / openssl - of_two / echo);
    // What a machine with nothing else to do would come to, as far as processor time decides.
    const double ours_all = median(device_time) + median(host_time);
    std::printf("%22s processor time of a command: openssl %.0f us, device %.0f, host %.0f, ratio %.2f\n", "",
                median(their_time), median(device_time), median(host_time), median(their_time) / ours_all);
    std::fflush(stdout);
}

// Appends and syncs of 4 KiB, as a commit does.
double bare_commits(const std::filesystem::path& folder) {
    const int file = ::open((folder / "commits").c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    const Bytes page(4096, 0x5A);
    std::size_t done = 0;
    const double begin = seconds();
    while (seconds() < begin + kSeconds) {
        if (::write(file, page.data(), page.size()) < 0 || ::fdatasync(file) != 0) std::exit(1);
        ++done;
    }
    const double per_second = static_cast<double>(done) / (seconds() - begin);
    ::close(file);
    ::unlink((folder / "commits").c_str());
    return per_second;
}

double generations(const Simulator& simulator, unsigned clients, const std::string& run) {
    return rate(clients, kSeconds, [&](unsigned number) -> Work {
        const std::shared_ptr<host::Device> device = client(simulator, Logon::secure);
        const std::string prefix = run + "." + std::to_string(number) + ".";
        return [=](std::uint64_t turn) {
            (void)generate(*device, key_template(CXI_KEY_ALGO_AES, 256, prefix + std::to_string(turn)));
        };
    });
}

void bench_generation(const Simulator& simulator, const std::filesystem::path& folder) {
    std::vector<double> bare, one, four, sixteen, soft;
    for (int turn = 0; turn < kTurns; ++turn) {
        const std::string run = std::to_string(turn);
        bare.push_back(bare_commits(folder));
        one.push_back(generations(simulator, 1, "one" + run));
        four.push_back(generations(simulator, 4, "four" + run));
        sixteen.push_back(generations(simulator, 16, "sixteen" + run));
        if (softhsm_present())
            soft.push_back(rate(1, kSeconds, [&](unsigned) -> Work {
                const auto token = std::make_shared<SoftHsm>();
                return [=](std::uint64_t i) { token->make_aes_key(run + "." + std::to_string(i)); };
            }));
    }
    std::printf(
        "persistent AES keys    1 session %5.0f /s, 4 sessions %5.0f, 16 sessions %5.0f   bare append "
        "and fdatasync %5.0f /s, ratio %.2f, %.2f, %.2f\n",
        median(one), median(four), median(sixteen), median(bare), median(one) / median(bare),
        median(four) / median(bare), median(sixteen) / median(bare));
    if (!soft.empty())
        std::printf("%22s SoftHSM2 %5.0f /s, ratio %.1f, %.1f, %.1f (goal 20)\n", "", median(soft),
                    median(one) / median(soft), median(four) / median(soft), median(sixteen) / median(soft));
    std::fflush(stdout);
}

void bench_find(const Simulator& simulator) {
    const auto device = client(simulator, Logon::secure);
    std::size_t have = 0;
    const auto name = [](std::size_t i) { return "find" + std::to_string(i); };
    for (const std::size_t count : {1000u, 5000u}) {
        for (; have < count; ++have) (void)generate(*device, key_template(CXI_KEY_ALGO_AES, 128, name(have)));
        const double ours = rate(1, kSeconds, [&](unsigned) -> Work {
            const std::shared_ptr<host::Device> own = client(simulator, Logon::secure);
            return [=](std::uint64_t i) {
                PropertyList names;
                names.set(CXI_PROP_KEY_GROUP, "BENCH");
                names.set(CXI_PROP_KEY_NAME, name(i * 7919 % count));
                (void)must(own->execute(FC_CXI, SFC_CXI_KEY_OPEN, {0, names.encode()}));
            };
        });
        std::printf("find by name among %4zu %7.0f us", count, 1e6 / ours);
        if (softhsm_present()) {
            const double theirs = rate(1, kSeconds, [&](unsigned) -> Work {
                const auto token = std::make_shared<SoftHsm>();
                const std::string label = "find" + std::to_string(count) + ".";
                for (std::size_t i = 0; i < count - (count == 5000 ? 1000u : 0u); ++i)
                    token->make_aes_key(label + std::to_string(i));
                return [=](std::uint64_t i) { token->find(label + std::to_string(i % 1000)); };
            });
            std::printf("   SoftHSM2 %7.0f us", 1e6 / theirs);
        }
        std::printf("\n");
        std::fflush(stdout);
    }
}

Bytes block_of(std::uint8_t sfc, std::initializer_list<Value> values) {
    return compose(find_function(FC_CXI, sfc)->request, values).value();
}

Subject gcm(const Bytes& key, std::size_t size, const char* name, double goal) {
    const Bytes parameter =
        compose(LAYOUT_CXI_CRYPT_PARAMETER, {CXI_IV_NO_GENERATE, Bytes(12), ByteView(), 128}).value();
    const Bytes data(size, 0x31);
    return {name,
            "MB/s",
            static_cast<double>(size) / 1e6,
            goal,
            SFC_CXI_CRYPT,
            block_of(SFC_CXI_CRYPT, {CXI_FLAG_CRYPT_SINGLE_CALL, CXI_MECH_MODE_ENCRYPT | CXI_MECH_CHAIN_GCM,
                                     0, key, parameter, data}),
            1,
            [size] {
                return openssl_speed("-bytes " + std::to_string(size) + " -evp aes-256-gcm", "+F:", 0) / 1e6;
            },
            [data](unsigned) -> Work {
                const auto token = std::make_shared<SoftHsm>();
                token->use_aes_key();
                return [=](std::uint64_t) { token->encrypt(data); };
            }};
}

}  // namespace

void bench_speed(const std::filesystem::path& folder, const std::string& only) {
    std::printf("Keys at work, %u client processes at the device node; medians of %d turns\n", kClients,
                kTurns);
    const Simulator simulator(folder);
    if (softhsm_present()) softhsm_prepare(folder / "softhsm");
    const auto device = client(simulator, Logon::secure);
    PropertyList curve = key_template(CXI_KEY_ALGO_EC, 0, "p256");
    curve.set(CXI_PROP_KEY_EC_CURVE, "NIST-P256");
    const Bytes rsa = generate(*device, key_template(CXI_KEY_ALGO_RSA, 2048, "rsa"));
    const Bytes p256 = generate(*device, curve);
    const Bytes aes = generate(*device, key_template(CXI_KEY_ALGO_AES, 256, "aes"));
    const Bytes hash = random_bytes(32);
    const auto sign = [&](const Bytes& key, std::uint32_t mechanism) {
        return block_of(SFC_CXI_SIGN, {0, mechanism, key, ByteView(), hash});
    };
    const auto sign_bulk = [&](const Bytes& key, std::uint32_t mechanism) {
        Bytes list;
        for (std::size_t i = 0; i < CXI_MOST_BULK; ++i) compose_into(list, LAYOUT_CXI_BULK_ENTRY, {hash});
        return block_of(SFC_CXI_SIGN_BULK, {0, mechanism, key, ByteView(), list});
    };
    compare(simulator, only,
            {"RSA-2048 signatures", "/s  ", 1, 0.9, SFC_CXI_SIGN,
             sign(rsa, CXI_MECH_PAD_PKCS1 | CXI_MECH_HASH_SHA256), 2,
             [] { return openssl_speed("rsa2048", "+F2:", 1); },
             [](unsigned) -> Work {
                 const auto token = std::make_shared<SoftHsm>();
                 token->use_rsa_key();
                 return [=](std::uint64_t) { token->sign(Bytes(51, 0x30)); };
             }});
    compare(simulator, only,
            {"RSA-2048, 16 at a time", "/s  ", CXI_MOST_BULK, 0.9, SFC_CXI_SIGN_BULK,
             sign_bulk(rsa, CXI_MECH_PAD_PKCS1 | CXI_MECH_HASH_SHA256), 2,
             [] { return openssl_speed("rsa2048", "+F2:", 1); }});
    compare(simulator, only,
            {"ECDSA P-256 signatures", "/s  ", 1, 0.5, SFC_CXI_SIGN, sign(p256, CXI_MECH_HASH_SHA256), 2,
             [] { return openssl_speed("ecdsap256", "+F4:", 1); }});
    compare(simulator, only,
            {"P-256, 16 at a time", "/s  ", CXI_MOST_BULK, 0.5, SFC_CXI_SIGN_BULK,
             sign_bulk(p256, CXI_MECH_HASH_SHA256), 2, [] { return openssl_speed("ecdsap256", "+F4:", 1); }});
    compare(simulator, only, gcm(aes, 16 * 1024, "AES-256-GCM 16 KiB", 0));
    compare(simulator, only, gcm(aes, 256 * 1024, "AES-256-GCM 256 KiB", 0.5));
    if (only.empty()) bench_generation(simulator, folder);
    if (only.empty()) bench_find(simulator);
}

}  // namespace cs2sim::bench
