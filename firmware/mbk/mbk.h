// The front door of MBK: the device's master backup keys, in the database VMBK1.db.
//
// An MBK is made or enters as shares (Shamir over p = 2^256 - 189; device-formats.md, section 3), sits in a
// slot (AES-256: slot 3) and never leaves the device; other modules get keys derived from it.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "firmware/crypto/secret.h"
#include "firmware/db/database.h"
#include "firmware/protocol/error.h"

namespace cs2sim {

struct Smos;

inline constexpr std::uint32_t kMbkSlotDes = 0;
inline constexpr std::uint32_t kMbkSlotTemporary = 1;
inline constexpr std::uint32_t kMbkSlotAes = 3;
inline constexpr std::uint32_t kMbkSlots = 4;
inline constexpr std::size_t kMbkLength = 32;

enum MbkFlag : std::uint32_t { MBK_FLG_OW = 0x2 };  // replace the slot's key without check

enum MbkType : std::uint8_t { MBK_TYPE_AES = 0x02, MBK_TYPE_AES_SHARE = 0x06 };

// Key info record, 35 bytes on the wire by LAYOUT_MBK_KEY_INFO (firmware-facts.md, section 5).
struct MbkKeyInfo {
    std::array<std::uint8_t, 8> name{};  // filled up with zeros
    std::uint8_t type = MBK_TYPE_AES;
    std::array<std::uint8_t, 6> time{};  // BCD yymmddhhmmss of generation
    std::uint8_t length = kMbkLength;
    std::array<std::uint8_t, 16> hash{};  // ISO hash: MDC-2 over the key
    std::uint8_t n = 0;                   // shares made (0 when not known, as after import)
    std::uint8_t k = 0;                   // shares needed
    std::uint8_t id = 0;                  // x value of a share; 0 for a whole key
};

// A share as key files hold it: INFO by LAYOUT_SHARE_INFO and the 32-byte share value.
struct MbkShare {
    std::array<std::uint8_t, 32> info{};
    SecretBytes share;
};

// 35 bytes by LAYOUT_MBK_KEY_INFO, and back (precondition: 35 bytes).
Bytes encode_key_info(const MbkKeyInfo& info);
MbkKeyInfo decode_key_info(ByteView encoded);

// Shamir's sharing over p = 2^256 - 189, polynomial of degree k - 1, shares at x = 1…n, big-endian.
// Errors: E_MBK_SHARE_CNT (1 <= k <= n <= 255 violated), E_MBK_OVER_UNDER_FLOW (secret not below p),
// E_MBK_ALLOC.
Result<std::vector<SecretBytes>> mbk_split(ByteView secret, unsigned k, unsigned n);
// Errors: E_MBK_SHARE_CNT (none), E_MBK_KEY_ID_SAME, E_MBK_KEY_ID_INV (x = 0), E_MBK_SHARE_LB (not 32 bytes),
// E_MBK_OVER_UNDER_FLOW (a share not in range), E_MBK_ALLOC.
Result<SecretBytes> mbk_combine(const std::vector<std::pair<std::uint8_t, ByteView>>& shares);

// A slot's key as it was at one moment: the description and what is derived belong to the same key, whatever
// an import does meanwhile.
class ResidentMbk {
public:
    ResidentMbk(const MbkKeyInfo& info, SecretBytes key) : info_(info), key_(std::move(key)) {}

    const MbkKeyInfo& info() const { return info_; }
    // `length` bytes by SP 800-108 (firmware/crypto/kdf.h).
    Result<SecretBytes> derive(std::string_view label, ByteView context, std::size_t length) const;
    // The same in feedback mode, for users' own modules.
    SecretBytes derive_by_feedback(std::string_view digest, ByteView iv, ByteView fixed,
                                   std::size_t length) const;

private:
    MbkKeyInfo info_;
    SecretBytes key_;
};

class MbkStore {
public:
    MbkStore(Smos& smos, DatabaseStore& databases);

    struct Generated {
        std::vector<MbkShare> shares;  // n of them
        bool loaded = false;           // the key went into its slot
    };

    // The key that a new device has when its profile says so (factory_mbk), AUTO-GEN, 1 share of 1, which
    // nobody gets. Generations and imports replace it without asking. Makes the database with it; nothing
    // happens when a slot is full.
    Result<void> make_factory_key();

    // Makes a key and splits it, n shares of which k recover it. It goes into its slot when that is empty or
    // holds the factory's key; else the slot keeps its key and the shares await an import.
    // Errors: E_MBK_KEY_TYPE (not AES), E_MBK_KEY_LB (not 32), E_MBK_SHARE_CNT, E_MBK_KEY_NAME (empty).
    Result<Generated> generate(std::uint8_t type, std::uint8_t length, unsigned n, unsigned k,
                               std::string_view name);

    // Combines shares, checks the ISO hash that they carry and fills the slot.
    // Errors: E_MBK_KEY_NO (slot over 3); E_MBK_NOT_SUPPORTED (slot 2); E_MBK_KEY_TYPE (slot 0, DES keys are
    // not supported, or a share of another type); E_MBK_SHARE_CNT (fewer or more than k),
    // E_MBK_IG_KEY_SHARE_CNT_NM, _NAME_NM, _DATE_NM, _TIME_NM, _TYPES_NM (shares do not belong together),
    // E_MBK_ISO_HASH_FAIL, those of mbk_combine, and E_MBK_KEY_EXISTS when the slot holds another key (but
    // the factory's) and flags lack MBK_FLG_OW; E_MBK_FLAGS_INV, E_MBK_KEY_LB.
    Result<MbkKeyInfo> import(std::uint32_t slot, std::uint32_t flags, const std::vector<MbkShare>& shares);

    // Slots that hold a key, ascending. Errors: those of the database (E_DB_BAD_MKEY after an alarm, …).
    Result<std::vector<std::pair<std::uint32_t, MbkKeyInfo>>> list();
    Result<MbkKeyInfo> info(std::uint32_t slot);  // E_MBK_SLOT_EMPTY, E_MBK_KEY_NO

    Result<ResidentMbk> resident(std::uint32_t slot);  // E_MBK_SLOT_EMPTY, E_MBK_KEY_NO

    // The key under which something is sealed that names it by type and ISO hash: that of slot 3, else that
    // of slot 1, which an operator fills for as long as an older MBK is being replaced; nothing when neither
    // is it. Errors: E_MBK_SLOT_EMPTY when both are empty; the database's.
    Result<std::optional<ResidentMbk>> that_sealed(std::uint8_t type, ByteView hash);

    // Clears the temporary key's slot. Errors: E_MBK_KEY_NO (slot over 3), E_MBK_NOT_SUPPORTED (another
    // slot: a key that seals is only replaced), E_MBK_SLOT_EMPTY.
    Result<MbkKeyInfo> remove(std::uint32_t slot);

    // A number that has moved on whenever a slot was filled, replaced or cleared; 0 while there is nothing to
    // keep anything under: no database, or no master key to open it by.
    std::uint64_t changes();
    // `then` runs after each such change, on its thread, for as long as this lives. To be called before other
    // threads are here.
    void when_changed(std::function<void()> then) { when_changed_.push_back(std::move(then)); }

    Result<void> erase_all();  // alarm and Clear

private:
    // A key that no slot has yet.
    struct Made {
        MbkKeyInfo info;
        SecretBytes key;
        std::vector<SecretBytes> values;  // of its shares
    };
    Result<Made> make(std::uint8_t type, std::uint8_t length, unsigned n, unsigned k, std::string_view name);
    Result<std::shared_ptr<Database>> database();
    void changed() const;

    Smos& smos_;
    DatabaseStore& databases_;
    std::vector<std::function<void()>> when_changed_;
};

}  // namespace cs2sim
