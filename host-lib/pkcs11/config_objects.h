// The configuration of the library, of the device and of a slot as objects with handles of their own
// (pkcs11-facts.md, section 5).
#pragma once

#include <optional>
#include <vector>

#include "host-lib/pkcs11/session.h"

namespace cs2sim::p11 {

inline constexpr CK_OBJECT_HANDLE kGlobalConfig = 0x80000001;
inline constexpr CK_OBJECT_HANDLE kSlotConfig = 0x80000004;
inline constexpr CK_OBJECT_HANDLE kLocalConfig = 0x80000008;

bool is_config_object(CK_OBJECT_HANDLE handle);

// The handles, when a search is for CLASS = CKO_CS_CONFIG and nothing else; otherwise searches do not find
// these objects, as applications that look at everything do not expect them. OUR CHOICE.
std::optional<std::vector<CK_OBJECT_HANDLE>> find_config_objects(const CK_ATTRIBUTE* wanted, CK_ULONG count);

// C_GetAttributeValue and C_SetAttributeValue. The slot's are changed by its security officer, the global
// ones by an administrator; the local one not at all. Errors: those of the two functions.
Answer read_config_object(Session& session, CK_OBJECT_HANDLE handle, CK_ATTRIBUTE* attributes,
                          CK_ULONG count);
Answer change_config_object(Session& session, CK_OBJECT_HANDLE handle, const CK_ATTRIBUTE* attributes,
                            CK_ULONG count);

// A setting as it holds for the session's slot: the slot's own, else the global one, else `otherwise`.
// Errors: the device's.
Result<std::uint32_t> slot_setting(Session& session, std::uint32_t property, std::uint32_t otherwise);

}  // namespace cs2sim::p11
