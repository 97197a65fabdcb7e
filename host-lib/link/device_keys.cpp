#include "host-lib/link/device_keys.h"

#include <openssl/pem.h>

#include <cctype>
#include <cstdlib>
#include <sstream>
#include <utility>

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

std::string without_blanks(std::string text) {
    std::erase_if(text, [](unsigned char c) { return std::isspace(c) != 0; });
    return text;
}

Result<PublicKey> hex_key(const std::string& text) {
    Bytes der;
    if (!from_hex(text, der)) return fail(E_CSA_DEVICE_KEYS);
    auto key = public_key_from_der(der);
    if (!key) return fail(E_CSA_DEVICE_KEYS);
    return std::move(*key);
}

// The lines between two empty ones: one key over all of them, or one a line.
Result<void> add_block(std::vector<PublicKey>& keys, const std::vector<std::string>& lines) {
    if (lines.empty()) return {};
    std::string whole;
    for (const std::string& line : lines) whole += line;
    if (auto key = hex_key(whole)) {
        keys.push_back(std::move(*key));
        return {};
    }
    for (const std::string& line : lines) {
        CS2SIM_TRY_LET(key, hex_key(line));
        keys.push_back(std::move(key));
    }
    return {};
}

Result<std::vector<PublicKey>> hex_keys(const std::string& text) {
    std::vector<PublicKey> keys;
    std::vector<std::string> block;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        line = without_blanks(std::move(line));
        if (line.starts_with('#')) continue;
        if (!line.empty()) {
            block.push_back(line);
            continue;
        }
        CS2SIM_TRY(add_block(keys, std::exchange(block, {})));
    }
    CS2SIM_TRY(add_block(keys, block));
    return keys;
}

}  // namespace

Result<std::optional<std::vector<PublicKey>>> trusted_device_keys() {
    const char* path = std::getenv("CS_AUTH_KEYS");
    if (!path || !*path) return std::nullopt;
    const auto bytes = read_host_file(path, kMostBytes);
    if (!bytes) return fail(E_CSA_DEVICE_KEYS);
    const std::string text(as_text(*bytes));
    CS2SIM_TRY_LET(keys, text.find("-----BEGIN") == std::string::npos ? hex_keys(text) : pem_keys(text));
    if (keys.empty()) return fail(E_CSA_DEVICE_KEYS);
    return std::move(keys);
}

}  // namespace cs2sim::host
