// Signed containers of firmware modules, .mtc (sdk-facts.md, section 9): made by csadm MakeMTC, checked by
// ADM.LOAD_FILE.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>

#include "firmware/crypto/pkey.h"
#include "firmware/protocol/bytes.h"

namespace cs2sim {

// T_MODULE_INFO of an image.
struct ModuleInfo {
    std::string abbreviation;  // up to 12 characters, e.g. "erp"
    std::uint16_t id = 0;
    std::uint32_t version = 0;  // four bytes, 00 01 06 00 = 0.1.6.0
    std::string name;           // up to 32 characters
    friend bool operator==(const ModuleInfo&, const ModuleInfo&) = default;
};

// The information that an image carries behind its tag. Error: E_ADM_MMC_INFO when there is none, or its
// abbreviation or id is unusable.
Result<ModuleInfo> module_info(ByteView image);

// file type, CPU type, hardware type, 0 (os_mdl.h).
using ModuleType = std::array<std::uint8_t, 4>;
inline constexpr ModuleType kModuleCs5{0x01, 0x01, 0x05, 0x00};    // COFF, C64, CS5
inline constexpr ModuleType kModuleC50{0x01, 0x01, 0x04, 0x00};    // hardware type: OUR ASSUMPTION
inline constexpr ModuleType kModuleLinux{0x03, 0x0B, 0x05, 0x00};  // a simulator's
// A script, of any device: OUR ASSUMPTION, as all about scripts. Its image is T_MODULE_INFO, then the text.
inline constexpr ModuleType kModuleScript{0x04, 0x00, 0x00, 0x00};

// The container of an image, signed by an RSA key. Errors: E_ADM_MMC_INFO; E_CSA_KEY_TYPE for another key
// than RSA, or one of over 8192 bits.
Result<Bytes> make_container(ByteView image, const ModuleType& type, const EVP_PKEY& signer);

// The image of a script, and the text in one, without its fill. Error: E_ADM_MMC_INFO for information that no
// image can carry, for an image that does not begin with it.
Result<Bytes> image_of_script(const ModuleInfo& info, ByteView text);
Result<ByteView> text_of_image(ByteView image);

// Checks every field, the image's hash and the signature by one of `keys`, the one whose id stands in the
// container. Errors: E_ADM_MTC_MAGIC, _LENGTH, _VERSION; E_ADM_MMC_MAGIC, _LENGTH, _VERSION, _INFO, _HASH;
// E_ADM_MMC_TYPE for all types but kModuleLinux and kModuleScript (that hardware's containers are refused
// when they are loaded, before their signature is looked at: OUR ASSUMPTION); E_ADM_SIGNATURE_BLOCK;
// E_ADM_SIGNATURE when no key verifies it.
Result<ModuleInfo> check_container(ByteView file, std::span<const PublicKey> keys);

// The same of a container that was loaded once, as a start finds it in flash: whole, and signed as it was if
// the key whose id stands in it is among `keys`; one whose key is gone since is taken, as the load that
// brought it checked it: whether that is so, the caller has to know (LoadedFiles). Errors: E_OS_MDL_MTC_INV,
// E_OS_MDL_MMC_INV, E_OS_MDL_HW_TYPE, E_OS_MDL_CORRUPT (the image), E_OS_MDL_NO_MTC_SIG (no signature where
// one should be), E_OS_MDL_MSC_VERIFY_FAILED.
Result<ModuleInfo> check_stored_container(ByteView file, std::span<const PublicKey> keys);

// The image inside a container that check_container() took: the linker's file with its fill. Errors:
// E_OS_MDL_MTC_INV when it is none; E_OS_MDL_HW_TYPE when it is of another type.
Result<ByteView> container_image(ByteView file, const ModuleType& type);

}  // namespace cs2sim
