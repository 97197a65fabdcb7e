#include "test/bench/cxi/external.h"

#include <cstdio>

#include "firmware/crypto/random.h"
#include "test/bench/main/program.h"

namespace cs2sim::bench {
namespace {

constexpr int kTurns = 7;
constexpr double kSeconds = 1.0;

struct Pair {
    Bytes inside, outside;
};

Pair make(host::Device& device, const std::string& name, std::uint32_t algorithm, std::uint32_t bits,
          std::string_view curve = {}) {
    Pair pair;
    for (const bool external : {false, true}) {
        PropertyList list = key_template(algorithm, bits, name);
        if (!curve.empty()) list.set(CXI_PROP_KEY_EC_CURVE, curve);
        const std::uint32_t flags = external ? std::uint32_t{CXI_FLAG_KEY_EXTERNAL} : 0u;
        const auto made = must(device.execute(FC_CXI, SFC_CXI_KEY_GENERATE, {flags, 0, list.encode()}));
        (external ? pair.outside : pair.inside) = to_bytes(made.block.bytes("key"));
    }
    return pair;
}

double commands(const Simulator& simulator, std::uint8_t sfc, const Bytes& block) {
    return rate(kClients, kSeconds, [&](unsigned) -> Work {
        const std::shared_ptr<host::Device> device = client(simulator, Logon::clear);
        return [=, &block](std::uint64_t) { (void)must(device->execute_block(FC_CXI, sfc, block)); };
    });
}

void compare(const Simulator& simulator, const char* name, double goal, std::uint8_t sfc, const Pair& keys,
             const std::function<Bytes(const Bytes& key)>& block_with) {
    const Bytes with_inside = block_with(keys.inside), with_outside = block_with(keys.outside);
    std::vector<double> inside, outside, ratios;
    for (int turn = 0; turn < kTurns; ++turn) {
        inside.push_back(commands(simulator, sfc, with_inside));
        outside.push_back(commands(simulator, sfc, with_outside));
        ratios.push_back(outside.back() / inside.back());
    }
    std::printf("%-16s internal %7.0f /s, external %7.0f /s, ratio %.2f (goal %.2f), blob of %zu bytes\n",
                name, median(inside), median(outside), median(ratios), goal, keys.outside.size() - 1);
    std::fflush(stdout);
}

}  // namespace

void bench_external(const std::filesystem::path& folder) {
    std::printf("External keys, %u client processes at the device node; medians of %d turns\n", kClients,
                kTurns);
    const Simulator simulator(folder);
    const auto device = client(simulator, Logon::secure);
    const Bytes hash = random_bytes(32);
    const auto block_of = [](std::uint8_t sfc, std::initializer_list<Value> values) {
        return compose(find_function(FC_CXI, sfc)->request, values).value();
    };
    const auto sign_by = [&](std::uint32_t mechanism) {
        return [=](const Bytes& key) {
            return block_of(SFC_CXI_SIGN, {0, mechanism, key, ByteView(), hash});
        };
    };
    compare(simulator, "RSA-2048", 0.9, SFC_CXI_SIGN, make(*device, "rsa", CXI_KEY_ALGO_RSA, 2048),
            sign_by(CXI_MECH_PAD_PKCS1 | CXI_MECH_HASH_SHA256));
    compare(simulator, "ECDSA P-256", 0.85, SFC_CXI_SIGN,
            make(*device, "p256", CXI_KEY_ALGO_EC, 0, "NIST-P256"), sign_by(CXI_MECH_HASH_SHA256));
    const Bytes parameter =
        compose(LAYOUT_CXI_CRYPT_PARAMETER, {CXI_IV_NO_GENERATE, Bytes(12), ByteView(), 128}).value();
    compare(simulator, "AES-256-GCM 64 B", 0.8, SFC_CXI_CRYPT, make(*device, "aes", CXI_KEY_ALGO_AES, 256),
            [&](const Bytes& key) {
                return block_of(SFC_CXI_CRYPT,
                                {CXI_FLAG_CRYPT_SINGLE_CALL, CXI_MECH_MODE_ENCRYPT | CXI_MECH_CHAIN_GCM, 0,
                                 key, parameter, Bytes(64, 0x31)});
            });
}

}  // namespace cs2sim::bench
