// Containers of modules, as LoadFile gets them. First byte of the input: 0, the rest is a container; 1, the
// rest is edits of a good one, three bytes each (place, value), signed as before; 2, the rest is an image; 3,
// a script.
#include <cstdlib>

#include "firmware/container/container.h"
#include "firmware/modules/images/script.h"

using namespace cs2sim;

namespace {

const EVP_PKEY& signer() {
    static const PrivateKey key = std::move(*generate_rsa(1024));
    return *key;
}

std::span<const PublicKey> keys() {
    static const std::array<PublicKey, 1> known{std::move(*public_key_from_der(public_key_der(signer())))};
    return known;
}

Bytes image() {
    static constexpr std::uint8_t kInfo[] = {0xA3, 0x07, 0x55, 0x2E, 0xD3, 0x44, 0xD5, 0xBA, 'f', 'u',
                                             'z',  'z',  0,    0,    0,    0,    0,    0,    0,   0,
                                             0,    0,    1,    0,    1,    0,    0,    0};
    Bytes content(std::begin(kInfo), std::end(kInfo));
    content.resize(200);
    return content;
}

// What is taken holds together.
void look_at(ByteView file) {
    const auto info = check_container(file, keys());
    const auto inside = container_image(file, kModuleLinux);
    (void)module_info_of_file("fuzz.mtc", file);
    const auto scripted = container_image(file, kModuleScript);
    if (info && scripted) (void)script_in_image(*scripted, *info);
    if (!info || !inside) return;
    if (inside->size() > file.size() || module_info(*inside) != info) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const ByteView rest(data + 1, size - 1);
    if (data[0] % 4 == 0) {
        look_at(rest);
    } else if (data[0] % 4 == 1) {
        static const Bytes good = *make_container(image(), kModuleLinux, signer());
        if (!check_container(good, keys())) std::abort();
        Bytes edited = good;
        for (std::size_t at = 0; at + 3 <= rest.size(); at += 3)
            edited[(rest[at] << 8 | rest[at + 1]) % edited.size()] = rest[at + 2];
        // Its hash and its signature hold for these bytes alone, but for the words that only describe the
        // file.
        const auto info = check_container(edited, keys());
        if (info && *info != *module_info(image())) std::abort();
        look_at(edited);
    } else if (data[0] % 4 == 3) {
        const auto script = read_script(as_text(rest), "fuzz");
        const auto scripted = script ? image_of_script(script->info, rest) : fail(0);
        const auto made = scripted ? make_container(*scripted, kModuleScript, signer()) : fail(0);
        if (!made) return 0;
        // One that ends in zeros loses them, which its own header does not notice.
        if (check_container(*made, keys()).value() != script->info) std::abort();
        if (!script_in_image(*container_image(*made, kModuleScript), script->info)) std::abort();
    } else if (const auto made = make_container(rest, kModuleLinux, signer())) {
        if (!check_container(*made, keys())) std::abort();
        look_at(*made);
    }
    return 0;
}
