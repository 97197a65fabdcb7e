#include "firmware/crypto/curve_names.h"

#include <algorithm>
#include <cctype>

#include "firmware/crypto/pkey.h"

namespace cs2sim {
namespace {

struct CurveName {
    std::string_view known_as;  // lower case
    const char* openssl;
};

// Names that users and key files give a curve. OpenSSL knows NIST P-192 and P-256 by their X9.62 names.
constexpr CurveName kCurves[] = {
    {"nist-p192", "prime192v1"},
    {"p-192", "prime192v1"},
    {"secp192r1", "prime192v1"},
    {"prime192v1", "prime192v1"},
    {"nist-p224", "secp224r1"},
    {"p-224", "secp224r1"},
    {"secp224r1", "secp224r1"},
    {"nist-p256", "prime256v1"},
    {"p-256", "prime256v1"},
    {"secp256r1", "prime256v1"},
    {"prime256v1", "prime256v1"},
    {"nist-p384", "secp384r1"},
    {"p-384", "secp384r1"},
    {"secp384r1", "secp384r1"},
    {"nist-p521", "secp521r1"},
    {"p-521", "secp521r1"},
    {"secp521r1", "secp521r1"},
    {"secp256k1", "secp256k1"},
    {"brainpoolp192r1", "brainpoolP192r1"},
    {"brainpoolp192t1", "brainpoolP192t1"},
    {"brainpoolp224r1", "brainpoolP224r1"},
    {"brainpoolp224t1", "brainpoolP224t1"},
    {"brainpoolp256r1", "brainpoolP256r1"},
    {"brainpoolp256t1", "brainpoolP256t1"},
    {"brainpoolp320r1", "brainpoolP320r1"},
    {"brainpoolp320t1", "brainpoolP320t1"},
    {"brainpoolp384r1", "brainpoolP384r1"},
    {"brainpoolp384t1", "brainpoolP384t1"},
    {"brainpoolp512r1", "brainpoolP512r1"},
    {"brainpoolp512t1", "brainpoolP512t1"},
};

}  // namespace

std::string openssl_curve_name(std::string_view name) {
    std::string lower(name);
    std::ranges::transform(lower, lower.begin(),
                           [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    const auto* row = std::ranges::find(kCurves, lower, &CurveName::known_as);
    return row == std::end(kCurves) ? std::string() : row->openssl;
}

std::vector<std::string_view> known_curve_names() {
    std::vector<std::string_view> names;
    for (const CurveName& row : kCurves) {
        const bool brainpool = row.known_as.starts_with("brainpool");
        if (brainpool || row.known_as.starts_with("secp"))
            names.push_back(brainpool ? std::string_view(row.openssl) : row.known_as);
    }
    return names;
}

std::string known_curves() {
    std::string text;
    for (const std::string_view name : known_curve_names())
        text += (text.empty() ? "" : ", ") + std::string(name);
    return text;
}

}  // namespace cs2sim
