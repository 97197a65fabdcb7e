#include "test/bench/main/logon.h"

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <thread>

#include "firmware/crypto/pkey.h"
#include "firmware/protocol/channel/secure_channel.h"
#include "host-lib/cards/key_source.h"
#include "host-lib/link/device.h"
#include "test/bench/main/program.h"

namespace cs2sim::bench {
namespace {

constexpr double kDuration = 2;
constexpr std::string_view kUser = "BENCH";
constexpr std::string_view kPassword = "a good password";
constexpr std::size_t kConversations = 8;

void must(bool good, const char* what) {
    if (good) return;
    std::fprintf(stderr, "%s failed\n", what);
    std::exit(1);
}

std::unique_ptr<host::Device> open(const std::string& specifier) {
    auto device = host::Device::open(specifier);
    must(device.has_value(), "connect");
    return std::move(*device);
}

// How often a second `work` is done in each of so many threads, added up.
double each_second(std::size_t threads, const std::function<void()>& work) {
    std::atomic<std::size_t> done{0};
    const double begin = seconds();
    {
        std::vector<std::jthread> workers;
        for (std::size_t i = 0; i < threads; ++i)
            workers.emplace_back([&] {
                for (; seconds() < begin + kDuration; ++done) work();
            });
    }
    return static_cast<double>(done) / (seconds() - begin);
}

// A connection, a session, a logon, and the end of them, as every run of csadm does.
void log_on_and_off(const std::string& specifier, std::string_view user, host::KeySource& key) {
    const auto device = open(specifier);
    must(device->logon(user, key).has_value(), "logon");
    must(device->logoff().has_value(), "logoff");
}

// What host and device must compute for it whatever else they do: both sides of the key agreement, a
// signature, its verification.
void bare_cryptography(const EVP_PKEY& key) {
    const auto ours = KeyAgreement::start(SM_MODE_ECDH);
    const auto theirs = KeyAgreement::start(SM_MODE_ECDH);
    must(ours && theirs && ours->agree(theirs->public_value()) && theirs->agree(ours->public_value()),
         "ECDH");
    const auto signature = sign_sha256(key, as_bytes("challenge"));
    must(signature && verify_sha256(key, as_bytes("challenge"), *signature), "signature");
}

void bench_logons(const std::string& specifier, const std::filesystem::path& admin_key) {
    const auto key_file = [&] {
        auto key = host::open_key_source(admin_key.string());
        must(key.has_value(), "key file");
        return std::move(*key);
    };
    const double by_key =
        each_second(1, [&, key = std::shared_ptr(key_file())] { log_on_and_off(specifier, "ADMIN", *key); });
    const double by_password = each_second(
        1, [&] { log_on_and_off(specifier, kUser, *host::password_source(as_bytes(kPassword))); });
    const double side_by_side = each_second(kConversations, [&] {
        log_on_and_off(specifier, kUser, *host::password_source(as_bytes(kPassword)));
    });
    const auto rsa = generate_rsa(2048);
    must(rsa.has_value(), "key");
    const double bare = each_second(1, [&] { bare_cryptography(**rsa); });
    std::printf("logons a second         RSA %9.0f      bare cryptography %6.0f      ratio %.2f\n", by_key,
                bare, by_key / bare);
    std::printf("logons a second         password %4.0f      %zu side by side %7.0f      ratio %.2f\n",
                by_password, kConversations, side_by_side, side_by_side / by_password);
}

void bench_commands(const std::string& specifier) {
    const auto echo = [](host::Device& device) {
        must(device.execute_block(FC_CMDS, SFC_CMDS_ECHO, Bytes(64)).has_value(), "echo");
    };
    const auto plain = open(specifier);
    const auto sealed = open(specifier);
    must(sealed->logon(kUser, *host::password_source(as_bytes(kPassword))).has_value(), "logon");
    const double outside = each_second(1, [&] { echo(*plain); });
    const double inside = each_second(1, [&] { echo(*sealed); });
    std::printf("commands a second       plain %7.0f      in a session %11.0f      ratio %.2f\n", outside,
                inside, inside / outside);
}

}  // namespace

void bench_sessions(const std::string& specifier, const std::filesystem::path& admin_key) {
    const auto admin = open(specifier);
    const auto key = host::open_key_source(admin_key.string());
    must(key && admin->logon("ADMIN", **key), "logon");
    must(admin->execute(FC_CMDS, SFC_CMDS_ADD_USER, {kUser, 2u, 4, 0, "", kPassword}).has_value(),
         "add user");
    bench_logons(specifier, admin_key);
    bench_commands(specifier);
}

}  // namespace cs2sim::bench
