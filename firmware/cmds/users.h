// Users: the database user.db, its rules, and the verification of what a user shows at logon.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "firmware/cmds/context.h"
#include "firmware/crypto/secret.h"
#include "firmware/db/database.h"
#include "firmware/profile/profile.h"
#include "firmware/protocol/mechanisms.h"

namespace cs2sim {

class Block;
class Flash;
struct Smos;

inline constexpr std::size_t kLongestUserName = 255;
inline constexpr std::string_view kFactoryUser = "ADMIN";
inline constexpr std::string_view kInitialKey = "init.key";  // their public key: in flash, not sealed

inline constexpr std::size_t kLongestName = 255;

// Whether the factory user's key is an RSA public key in DER, and the one that lies in flash. Error of both:
// E_CMDS_BAD_INITKEY.
Result<void> check_initial_key(ByteView rsa_public_key_der);
Result<Bytes> stored_initial_key(const Flash& flash);

struct User {
    std::string short_name;  // 1 to 8 characters, unique
    std::string long_name;   // empty unless longer than 8
    std::uint32_t permission = 0;
    std::uint8_t mechanism = MECH_RSA_SIGN;
    std::uint8_t flags = 0;
    std::uint8_t failures = 0;  // Z[n]: failed logons since the last good one
    bool initial = false;       // I[1]: initial password not yet changed
    bool tried = false;         // has logged on or tried to: Z[n] is shown from then on
    std::string attributes;     // "CXI_GROUP=SLOT_0000,…"
    SecretBytes token;          // public key (DER) or password

    const std::string& name() const { return long_name.empty() ? short_name : long_name; }
};

// The user that a request or a record describes by its fields permission, mechanism, flags, attributes and
// token; names, failures and marks are the caller's.
User described_user(const Block& block);

// The key of a user's record: the short name, filled up with zeros.
std::array<std::uint8_t, 8> user_search_key(std::string_view short_name);

class Users {
public:
    Users(Smos& smos, DatabaseStore& databases, const Profile& profile);

    // Makes user.db with the factory user ADMIN (22000000, RSA) when the device is new.
    Result<void> create_factory_user(ByteView rsa_public_key_der);
    bool exists_database() const;

    // Errors: E_CMDS_BAD_NAME, E_CMDS_USER_EXISTS, E_CMDS_BAD_MECH, E_CMDS_BAD_PERM, E_CMDS_BAD_ATT,
    // E_CMDS_BAD_TOKEN, E_CMDS_USER_FLAG_NOT_ALLOWED, and those of check_user(). Returns the short name.
    Result<std::string> add(User user);
    // A password that its owner sets is no longer initial; a change ends a lock by failed logons.
    // Errors: E_CMDS_NO_USER, E_CMDS_BAD_TOKEN.
    Result<void> change_token(std::string_view name, ByteView token, bool by_owner);
    // Errors: E_CMDS_NO_USER, and those of check_user().
    Result<void> change_attributes(std::string_view name, std::string_view attributes);
    // `is_active` tells whether a user is logged on. A user whose record is damaged can be removed by the
    // short name. Returns the name that lists show. Errors: E_CMDS_NO_USER, E_CMDS_ADMIN_AMPUTATION,
    // E_CMDS_USER_ACTIVE.
    Result<std::string> remove(std::string_view name,
                               const std::function<bool(const std::string&)>& is_active);
    Result<User> find(std::string_view short_or_long_name);  // E_CMDS_NO_USER, E_CMDS_BAD_UDB_ENTRY
    Result<std::vector<User>> list();                        // those whose records are good

    // Users behind the short name `after` (empty: from the first), in order of short names, to `visit` until
    // that answers false. One whose record is damaged comes as null.
    Result<void> each(std::string_view after,
                      const std::function<bool(const std::string& short_name, const User* user)>& visit);

    // What LAYOUT_USER and the record say in `initial`: 1 initial password, 2 tried to log on.
    static std::uint8_t marks(const User& user) {
        return static_cast<std::uint8_t>((user.initial ? 1 : 0) | (user.tried ? 2 : 0));
    }

    // Checks what a user shows: a signature over, or MAC of, `message`; counts failures. When an alarm has
    // erased the users with the master key, the factory user and their first key are left (OUR ASSUMPTION),
    // so that somebody can reset the alarm; all others get E_DB_BAD_MKEY. Errors: E_CMDS_NO_USER,
    // E_CMDS_BAD_MECH (not the user's), E_CMDS_BAD_AUTH_MECH (the user's, but the firmware no longer has it),
    // E_CMDS_AUTH_FAIL_CNT_EXCEEDED, E_CMDS_MAX_AUTH_FAIL_READ, E_CMDS_AUTH_FAILED.
    Result<User> authenticate(std::string_view name, std::uint8_t mechanism, ByteView message,
                              ByteView response);

    // Whether somebody who logged on is still who that user is: not when the key or password, the permission,
    // the mechanism, flags or attributes were changed since, by whatever way (a restore too), or the user is
    // gone. Looks at the record only after changes. Errors: those of the database.
    Result<bool> is_current(LoggedOnUser& on);
    static Bytes authority_digest(const User& user);  // SHA-256 over all of these but LABEL

    // 0 = no limit. Until it is set, and in certified firmware for 0, the profile's.
    Result<std::uint8_t> max_auth_fails() const;          // E_CMDS_MAX_AUTH_FAIL_READ: stored value damaged
    Result<void> set_max_auth_fails(std::uint8_t count);  // E_CMDS_NVRAM

    // Ends the temporary users (UFLG_TMP): they live until the device starts again (OUR ASSUMPTION). Nothing
    // to do, and no look at user.db, while none was made since.
    Result<void> remove_temporary();

    // The record as user.db holds it, and back.
    static Result<Bytes> encode(const User& user);                     // E_CMDS_BAD_SIZE
    static Result<User> decode(ByteView search_key, ByteView record);  // E_CMDS_BAD_UDB_ENTRY
    // Inserts or replaces. Errors: those of check_user(); E_CMDS_ADMIN_AMPUTATION.
    Result<void> restore(const User& user);

    // What a restore of the whole database brings: users by short name, and whether anyone among them is an
    // administrator with key or card who outlives a restart.
    struct Restored {
        std::set<std::string, std::less<>> names;
        bool administrator = false;
        bool temporary = false;
        void add(const User& user);
    };
    // Runs `apply`, which inserts or replaces those users, while nothing else changes users.
    // Errors: E_CMDS_ADMIN_AMPUTATION when no administrator with key or card would be left; those of `apply`.
    Result<std::uint32_t> restore(const Restored& restored,
                                  const std::function<Result<std::uint32_t>()>& apply);

private:
    Result<std::shared_ptr<Database>> database() const;
    Result<std::string> short_name_for(std::string_view name);
    Result<void> store(const User& user);
    Result<User> factory_user() const;
    Result<void> expect_temporary(bool any);
    Result<bool> is_last_administrator(const User& user);

    Smos& smos_;
    DatabaseStore& databases_;
    const Profile& profile_;
    std::mutex mutex_;  // changes of users, and failure counters
};

}  // namespace cs2sim
