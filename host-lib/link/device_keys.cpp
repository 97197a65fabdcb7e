#include "host-lib/link/device_keys.h"

#include <openssl/pem.h>

#include <boost/algorithm/string/trim.hpp>
#include <cstdlib>
#include <sstream>

#include "host-lib/files/host_file.h"

namespace cs2sim::host {
namespace {

constexpr std::size_t kMostBytes = 1 << 20;

Result<std::vector<PublicKey>> pem_keys(const std::string& text) {
    const Handle<BIO> bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
    std::vector<PublicKey> keys;
    while (EVP_PKEY* key = PEM_read_bio_PUBKEY(bio.get(), nullptr, nullptr, nullptr)) keys.emplace_back(key);
    return keys;
}

Result<std::vector<PublicKey>> hex_keys(const std::string& text) {
    std::vector<PublicKey> keys;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        boost::algorithm::trim(line);
        if (line.empty() || line.front() == '#') continue;
        Bytes der;
        if (!from_hex(line, der)) return fail(E_CSA_DEVICE_KEYS);
        auto key = public_key_from_der(der);
        if (!key) return fail(E_CSA_DEVICE_KEYS);
        keys.push_back(std::move(*key));
    }
    return keys;
}

}  // namespace

Result<std::optional<std::vector<PublicKey>>> trusted_device_keys() {
    const char* path = std::getenv("CS_AUTH_KEYS");
    if (!path || !*path) return std::nullopt;
    const auto bytes = read_host_file(path, kMostBytes);
    if (!bytes) return fail(E_CSA_DEVICE_KEYS);
    const std::string text(as_text(*bytes));
    auto keys = text.find("-----BEGIN") == std::string::npos ? hex_keys(text) : pem_keys(text);
    if (!keys) return fail(keys.error());
    if (keys->empty()) return fail(E_CSA_DEVICE_KEYS);
    return std::move(*keys);
}

}  // namespace cs2sim::host
