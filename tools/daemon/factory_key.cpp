#include "tools/daemon/factory_key.h"

#include "host-lib/files/key_file.h"

namespace cs2sim {
namespace {

constexpr unsigned kBits = 2048;
constexpr std::string_view kOwner = "ADMIN";

Result<Bytes> public_half(const std::filesystem::path& file) {
    host::KeySpec spec;
    spec.place = file.string();
    CS2SIM_TRY_LET(present, host::read_key_file(spec));
    return public_key_der(*present.key);
}

Result<void> take_over(const std::filesystem::path& given, const std::filesystem::path& file) {
    host::KeySpec spec;
    spec.place = given.string();
    CS2SIM_TRY_LET(key, host::read_key_file(spec));
    return host::write_key_file(file, *key.key, kOwner, std::nullopt);
}

}  // namespace

Result<Bytes> factory_key(const std::filesystem::path& file, const std::filesystem::path& given) {
    if (std::filesystem::exists(file)) return public_half(file);
    if (!given.empty()) {
        CS2SIM_TRY(take_over(given, file));
        return public_half(file);
    }
    CS2SIM_TRY_LET(made, generate_rsa(kBits));
    CS2SIM_TRY(host::write_key_file(file, *made, kOwner, std::nullopt));
    return public_key_der(*made);
}

}  // namespace cs2sim
