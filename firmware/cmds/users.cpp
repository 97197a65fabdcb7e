#include "firmware/cmds/users.h"

#include <algorithm>
#include <array>
#include <utility>

#include "firmware/cmds/user_rules.h"
#include "firmware/crypto/digest.h"
#include "firmware/crypto/pkey.h"
#include "firmware/protocol/block.h"
#include "firmware/protocol/channel/secure_channel.h"
#include "firmware/protocol/databases.h"
#include "firmware/protocol/functions.h"
#include "firmware/protocol/group_patterns.h"
#include "firmware/smos/smos.h"

namespace cs2sim {
namespace {

constexpr std::string_view kMaxFails = "max_auth_fails";
constexpr std::string_view kTemporaryUsers = "temporary_users";  // 1: there may be some
constexpr std::uint8_t kRecordVersion = 1;
constexpr std::size_t kShortName = 8;

std::string name_in(ByteView key) {
    const auto end = std::ranges::find(key, std::uint8_t{0});
    return {key.begin(), end};
}

// A token's name (PKCS#11), which gives nobody a right.
std::string without_label(std::string_view attributes) {
    std::string rest;
    while (!attributes.empty()) {
        const std::string_view one =
            attributes.substr(0, std::min(attributes.find_first_of(",;"), attributes.size() - 1) + 1);
        if (!one.starts_with("LABEL=")) rest += one;
        attributes.remove_prefix(one.size());
    }
    while (rest.ends_with(',') || rest.ends_with(';')) rest.pop_back();
    return rest;
}

User factory_user_with(ByteView rsa_public_key_der) {
    User admin;
    admin.short_name = kFactoryUser;
    admin.permission = permission::kBothAdministrators;  // device-formats.md, section 5
    admin.mechanism = MECH_RSA_SIGN;
    admin.token = to_secret(rsa_public_key_der);
    return admin;
}

}  // namespace

Result<void> check_initial_key(ByteView rsa_public_key_der) {
    const auto key = public_key_from_der(rsa_public_key_der);
    if (!key || !is_rsa(**key)) return fail(E_CMDS_BAD_INITKEY);
    return {};
}

Result<Bytes> stored_initial_key(const Flash& flash) {
    const auto key = flash.read(kInitialKey);
    if (!key || !check_initial_key(*key)) return fail(E_CMDS_BAD_INITKEY);
    return *key;
}

User described_user(const Block& block) {
    User user;
    user.permission = block.u32("permission");
    user.mechanism = block.u8("mechanism");
    user.flags = block.u8("flags");
    user.attributes = block.text("attributes");
    user.token = to_secret(block.bytes("token"));
    return user;
}

std::array<std::uint8_t, kShortName> user_search_key(std::string_view short_name) {
    std::array<std::uint8_t, kShortName> key{};
    std::copy_n(short_name.begin(), std::min(short_name.size(), key.size()), key.begin());
    return key;
}

Users::Users(Smos& smos, DatabaseStore& databases, const Profile& profile)
    : smos_(smos), databases_(databases), profile_(profile) {}

bool Users::exists_database() const { return databases_.exists(kUserDatabase); }

Result<std::shared_ptr<Database>> Users::database() const { return databases_.open(kUserDatabase); }

Result<void> Users::create_factory_user(ByteView rsa_public_key_der) {
    const User admin = factory_user_with(rsa_public_key_der);
    CS2SIM_TRY_LET(record, encode(admin));
    // With its user from the first moment on: a user.db without one would be a device that nobody can use.
    CS2SIM_TRY_LET(made, databases_.stage(kUserDatabase, database_policy(kUserDatabase)->info));
    CS2SIM_TRY(made->add(user_search_key(admin.short_name), record));
    CS2SIM_TRY(made->commit());
    return {};
}

Result<Bytes> Users::encode(const User& user) {
    return compose(LAYOUT_USER_RECORD,
                   {kRecordVersion, user.permission, user.mechanism, user.flags, user.failures, marks(user),
                    user.long_name, user.attributes, ByteView(user.token)});
}

Result<User> Users::decode(ByteView key, ByteView record) {
    const auto block = parse(LAYOUT_USER_RECORD, record);
    if (!block || block->u8("version") != kRecordVersion || key.size() != kShortName || key[0] == 0)
        return fail(E_CMDS_BAD_UDB_ENTRY);
    User user = described_user(*block);
    user.short_name = name_in(key);
    user.long_name = block->text("longname");
    user.failures = block->u8("failures");
    user.initial = (block->u8("initial") & 1) != 0;
    user.tried = (block->u8("initial") & 2) != 0 || user.failures != 0;
    return user;
}

Result<User> Users::find(std::string_view name) {
    CS2SIM_TRY_LET(db, database());
    if (name.empty() || name.size() > kLongestUserName) return fail(E_CMDS_NO_USER);
    if (name.size() <= kShortName) {
        const auto key = user_search_key(name);
        const auto record = db->find(key);
        if (!record)
            return fail(record.error().code == E_DB_NOT_FOUND ? E_CMDS_NO_USER : record.error().code);
        return decode(key, *record);
    }
    CS2SIM_TRY_LET(all, list());
    for (User& user : all)
        if (user.long_name == name) return std::move(user);
    return fail(E_CMDS_NO_USER);
}

Result<std::vector<User>> Users::list() {
    std::vector<User> users;
    CS2SIM_TRY(each({}, [&](const std::string&, const User* user) {
        if (user) users.push_back(*user);
        return true;
    }));
    return users;
}

Result<void> Users::each(std::string_view after,
                         const std::function<bool(const std::string&, const User*)>& visit) {
    constexpr std::size_t kAtOnce = 100;
    CS2SIM_TRY_LET(db, database());
    Bytes last = after.empty() ? Bytes() : to_bytes(user_search_key(after));
    while (true) {
        CS2SIM_TRY_LET(entries, db->entries(last, kAtOnce));
        for (const DatabaseEntry& entry : entries) {
            const auto user = entry.damaged ? fail(E_CMDS_BAD_UDB_ENTRY) : decode(entry.key, entry.record);
            if (!visit(name_in(entry.key), user ? &*user : nullptr)) return {};
        }
        if (entries.size() < kAtOnce) return {};
        last = entries.back().key;
    }
}

// A name of more than eight characters is stored under its first characters and "~n" (device-formats.md,
// section 2: ERP_SE~0).
Result<std::string> Users::short_name_for(std::string_view name) {
    if (name.size() <= kShortName) return std::string(name);
    for (unsigned n = 0; n < 1000; ++n) {
        const std::string tail = "~" + std::to_string(n);
        const std::string candidate = std::string(name.substr(0, kShortName - tail.size())) + tail;
        const auto taken = find(candidate);
        if (!taken && taken.error().code == E_CMDS_NO_USER) return candidate;
        CS2SIM_TRY(taken);
    }
    return fail(E_CMDS_USER_EXISTS);
}

Result<std::string> Users::add(User user) {
    const std::string name = user.name();
    CS2SIM_TRY(check_user_name(name));
    CS2SIM_TRY(check_user(user, profile_));

    const std::lock_guard lock(mutex_);
    const auto present = find(name);
    if (present) return fail(E_CMDS_USER_EXISTS);
    if (present.error().code != E_CMDS_NO_USER) return fail(present.error());
    auto short_name = short_name_for(name);
    CS2SIM_TRY(short_name);
    user.short_name = *short_name;
    user.long_name = name.size() > kShortName ? name : std::string();
    user.initial = is_password_mechanism(user.mechanism);

    CS2SIM_TRY_LET(db, database());
    CS2SIM_TRY(expect_temporary((user.flags & UFLG_TMP) != 0));
    CS2SIM_TRY_LET(record, encode(user));
    CS2SIM_TRY(db->insert(user_search_key(user.short_name), record));
    return short_name;
}

Result<void> Users::change_token(std::string_view name, ByteView token, bool by_owner) {
    const std::lock_guard lock(mutex_);
    CS2SIM_TRY_LET(user, find(name));
    user.token = to_secret(token);
    CS2SIM_TRY(check_token(user, profile_));
    user.initial = is_password_mechanism(user.mechanism) && !by_owner;
    user.failures = 0;
    return store(user);
}

Result<void> Users::change_attributes(std::string_view name, std::string_view attributes) {
    const std::lock_guard lock(mutex_);
    CS2SIM_TRY_LET(user, find(name));
    user.attributes = attributes;
    CS2SIM_TRY(check_user(user, profile_));
    return store(user);
}

Result<std::string> Users::remove(std::string_view name,
                                  const std::function<bool(const std::string&)>& is_active) {
    const std::lock_guard lock(mutex_);
    const auto user = find(name);
    const bool damaged =
        !user && (user.error().code == E_DB_REC_CRC || user.error().code == E_CMDS_BAD_UDB_ENTRY);
    if (!user && !damaged) return fail(user.error());
    std::string short_name = user ? user->short_name : std::string(name);
    if (user) {
        CS2SIM_TRY_LET(last, is_last_administrator(*user));
        if (last) return fail(E_CMDS_ADMIN_AMPUTATION);
    }
    if (is_active(short_name)) return fail(E_CMDS_USER_ACTIVE);
    CS2SIM_TRY_LET(db, database());
    CS2SIM_TRY(db->erase(user_search_key(short_name)));
    return user ? user->name() : short_name;
}

// One administrator with key or card must remain (guide G13), also behind the next restart.
Result<bool> Users::is_last_administrator(const User& user) {
    if (!is_lasting_administrator(user)) return false;
    CS2SIM_TRY_LET(all, list());
    return std::ranges::count_if(all, is_lasting_administrator) == 1;
}

Result<void> Users::store(const User& user) {
    CS2SIM_TRY_LET(db, database());
    CS2SIM_TRY_LET(record, encode(user));
    return db->update(user_search_key(user.short_name), record);
}

Result<void> Users::restore(const User& user) {
    CS2SIM_TRY(check_user(user, profile_));
    const std::lock_guard lock(mutex_);
    const auto replaced = find(user.short_name);
    if (replaced && !is_lasting_administrator(user)) {
        CS2SIM_TRY_LET(last, is_last_administrator(*replaced));
        if (last) return fail(E_CMDS_ADMIN_AMPUTATION);
    }
    CS2SIM_TRY(expect_temporary((user.flags & UFLG_TMP) != 0));
    return store(user);
}

// Remembered before the user is there, so that no kill in between leaves one for ever.
Result<void> Users::expect_temporary(bool any) {
    if (!any || smos_.nvram.number(kTemporaryUsers).value_or(0) != 0) return {};
    return smos_.nvram.set_number(kTemporaryUsers, 1);
}

Result<void> Users::remove_temporary() {
    if (smos_.nvram.number(kTemporaryUsers).value_or(0) == 0) return {};
    const std::lock_guard lock(mutex_);
    CS2SIM_TRY_LET(all, list());
    CS2SIM_TRY_LET(db, database());
    for (const User& user : all)
        if ((user.flags & UFLG_TMP) != 0) CS2SIM_TRY(db->erase(user_search_key(user.short_name)));
    return smos_.nvram.set_number(kTemporaryUsers, 0);
}

Result<User> Users::factory_user() const {
    CS2SIM_TRY_LET(key, smos_.flash.read(kInitialKey));
    return factory_user_with(key);
}

void Users::Restored::add(const User& user) {
    names.insert(user.short_name);
    administrator = administrator || is_lasting_administrator(user);
    temporary = temporary || (user.flags & UFLG_TMP) != 0;
}

Result<std::uint32_t> Users::restore(const Restored& restored,
                                     const std::function<Result<std::uint32_t>()>& apply) {
    const std::lock_guard lock(mutex_);
    if (!restored.administrator) {
        CS2SIM_TRY_LET(residents, list());
        const auto goes = [&](const User& user) { return restored.names.contains(user.short_name); };
        const auto stays = [&](const User& user) { return is_lasting_administrator(user) && !goes(user); };
        if (std::ranges::any_of(residents, is_lasting_administrator) &&
            std::ranges::none_of(residents, stays))
            return fail(E_CMDS_ADMIN_AMPUTATION);
    }
    CS2SIM_TRY(expect_temporary(restored.temporary));
    return apply();
}

Result<User> Users::authenticate(std::string_view name, std::uint8_t mechanism, ByteView message,
                                 ByteView response) {
    // Held throughout, so that guesses made in parallel cannot outrun the counter.
    const std::lock_guard lock(mutex_);
    auto user = find(name);
    const bool erased = !user && user.error().code == E_DB_BAD_MKEY;
    if (erased && name == kFactoryUser) user = factory_user();
    CS2SIM_TRY(user);
    if (user->mechanism != mechanism) return fail(E_CMDS_BAD_MECH);
    if (std::ranges::find(profile_.user_mechanisms, mechanism) == profile_.user_mechanisms.end())
        return fail(E_CMDS_BAD_AUTH_MECH);  // the user is older than the firmware
    CS2SIM_TRY_LET(limit, max_auth_fails());
    if (limit != 0 && user->failures >= limit) return fail(E_CMDS_AUTH_FAIL_CNT_EXCEEDED);

    if (!verify_response(*user, message, response)) {
        if (user->failures < 0xFF) ++user->failures;
        user->tried = true;
        if (!erased) CS2SIM_TRY(store(*user));
        return fail(E_CMDS_AUTH_FAILED);
    }
    if (user->failures != 0 || !user->tried) {
        user->failures = 0;
        user->tried = true;
        if (!erased) CS2SIM_TRY(store(*user));
    }
    return user;
}

// Marks and failures change with every logon, and names are what a user is found by.
Bytes Users::authority_digest(const User& user) {
    const std::string attributes = without_label(user.attributes);
    // The groups as they are understood too: without the label, what stands behind it reads otherwise.
    Bytes groups;
    for (const std::string_view pattern : group_patterns(user.attributes)) {
        append(groups, big_endian_bytes<4>(pattern.size()));
        append(groups, as_bytes(pattern));
    }
    return digest("SHA256", {big_endian_bytes<4>(user.permission), big_endian_bytes<1>(user.mechanism),
                             big_endian_bytes<1>(user.flags), big_endian_bytes<4>(attributes.size()),
                             as_bytes(attributes), big_endian_bytes<4>(groups.size()), groups, user.token});
}

Result<bool> Users::is_current(LoggedOnUser& on) {
    if (on.authority_digest.empty()) return true;
    // An alarm ended all sessions and took the users: who has logged on since is the factory user.
    const auto unknown = [](Error error) -> Result<bool> {
        return error.code == E_DB_BAD_MKEY ? Result<bool>(true) : fail(error);
    };
    const auto db = database();
    if (!db) return unknown(db.error());
    const std::uint64_t changes = (*db)->changes(user_search_key(on.short_name));
    if (changes == on.compared_at) return true;
    const auto user = find(on.short_name);
    if (!user && user.error().code != E_CMDS_NO_USER) return unknown(user.error());
    if (!user || authority_digest(*user) != on.authority_digest) return false;
    on.compared_at = changes;
    return true;
}

Result<std::uint8_t> Users::max_auth_fails() const {
    const std::int64_t count = smos_.nvram.number(kMaxFails).value_or(profile_.max_auth_fails);
    if (!std::in_range<std::uint8_t>(count)) return fail(E_CMDS_MAX_AUTH_FAIL_READ);
    const bool certified = profile_.certification != Certification::none;  // keeps a limit
    return static_cast<std::uint8_t>(count == 0 && certified ? profile_.max_auth_fails : count);
}

Result<void> Users::set_max_auth_fails(std::uint8_t count) {
    return smos_.nvram.set_number(kMaxFails, count);
}

}  // namespace cs2sim
