#include "tools/daemon/factory_key.h"

#include "host-lib/files/key_file.h"

namespace cs2sim {
namespace {

constexpr unsigned kBits = 2048;
constexpr std::string_view kOwner = "ADMIN";

}  // namespace

Result<Bytes> factory_key(const std::filesystem::path& file) {
    if (std::filesystem::exists(file)) {
        host::KeySpec spec;
        spec.place = file.string();
        const auto present = host::read_key_file(spec);
        if (!present) return fail(present.error());
        return public_key_der(*present->key);
    }
    const auto made = generate_rsa(kBits);
    if (!made) return fail(made.error());
    CS2SIM_TRY(host::write_key_file(file, **made, kOwner, std::nullopt));
    return public_key_der(**made);
}

}  // namespace cs2sim
