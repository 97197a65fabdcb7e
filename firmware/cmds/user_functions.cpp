#include <algorithm>

#include "firmware/cmds/handlers.h"
#include "firmware/cmds/sessions.h"
#include "firmware/cmds/users.h"
#include "firmware/crypto/aead.h"

namespace cs2sim::cmds {
namespace {

constexpr std::string_view kSealLabel = "cs2sim user backup";
constexpr std::uint8_t kBackupVersion = 1;

Result<Bytes> entry_of(const User& user) {
    return compose(LAYOUT_USER, {user.short_name, user.permission, user.mechanism, user.flags, user.failures,
                                 Users::marks(user), user.attributes, user.long_name});
}

Result<Bytes> damaged_entry(const std::string& short_name) {
    return compose(LAYOUT_USER, {short_name, 0, kDamagedUser, 0, 0, 0, "", ""});
}

std::string audit_text(std::string_view what, std::string_view user) {
    return std::string(what) + " user " + std::string(user);
}

// Certified firmware keeps a limit of failed logons (OUR ASSUMPTION).
Result<void> allow_no_limit(Certification certification) {
    if (certification == Certification::fips) return fail(E_CMDS_PARAM_FIPS);
    if (certification == Certification::cc) return fail(E_CMDS_PARAM_CC);
    return {};
}

// In CMDS an empty slot has a code of its own.
Result<ResidentMbk> resident_mbk(Services& device) {
    auto resident = device.mbk.resident(kMbkSlotAes);
    if (!resident && resident.error().code == E_MBK_SLOT_EMPTY) return fail(E_CMDS_NO_MBK_KEY);
    return resident;
}

Result<Aead> user_seal(const ResidentMbk& mbk) {
    CS2SIM_TRY_LET(key, mbk.derive(kSealLabel, {}, 32));
    return Aead(key);
}

}  // namespace

Result<Bytes> add_user(Call& call) {
    User user = described_user(call.request);
    const std::string name = user.long_name = call.request.text("name");
    CS2SIM_TRY_LET(short_name, call.device.users.add(std::move(user)));
    call.audit(AUDIT_USER, audit_text("add", name));
    return call.answer({short_name});
}

Result<Bytes> change_user(Call& call) {
    CS2SIM_TRY_LET(user, call.device.users.find(call.request.text("name")));
    const auto self = std::ranges::find(call.context.users, user.short_name, &LoggedOnUser::short_name);
    const bool own = self != call.context.users.end();
    if (!own) CS2SIM_TRY(call.require(permission::kUserAdministrator));
    const ByteView token = call.request.bytes("token");
    CS2SIM_TRY(call.device.users.change_token(user.short_name, token, own));
    user.token = to_secret(token);
    if (own) self->authority_digest = Users::authority_digest(user);  // here they go on, elsewhere not
    call.audit(AUDIT_USER, audit_text("change", user.name()));
    return call.answer({});
}

Result<Bytes> delete_user(Call& call) {
    // Whoever is logged on stays, the caller too.
    const auto is_active = [&](const std::string& name) { return call.device.sessions.is_active(name); };
    CS2SIM_TRY_LET(removed, call.device.users.remove(call.request.text("name"), is_active));
    call.audit(AUDIT_USER, audit_text("delete", removed));
    return call.answer({});
}

Result<Bytes> list_users(Call& call) {
    Bytes entries;
    Result<void> fits;
    CS2SIM_TRY(call.device.users.each(
        call.request.text("after"), [&](const std::string& short_name, const User* user) {
            const auto entry = user ? entry_of(*user) : damaged_entry(short_name);
            if (entry)
                append(entries, *entry);
            else
                fits = fail(entry.error());
            return fits && entries.size() < kUserPage;
        }));
    CS2SIM_TRY(fits);
    return call.answer({entries});
}

Result<Bytes> get_user_info(Call& call) {
    CS2SIM_TRY_LET(user, call.device.users.find(call.request.text("name")));
    CS2SIM_TRY_LET(entry, entry_of(user));
    return call.answer({entry});
}

Result<Bytes> set_max_auth_fails(Call& call) {
    const std::uint8_t count = call.request.u8("count");
    if (count == 0) CS2SIM_TRY(allow_no_limit(call.device.profile.certification));
    CS2SIM_TRY(call.device.users.set_max_auth_fails(count));
    call.audit(AUDIT_USER, "set limit of failed logons");
    return call.answer({});
}

Result<Bytes> get_max_auth_fails(Call& call) {
    CS2SIM_TRY_LET(count, call.device.users.max_auth_fails());
    return call.answer({count});
}

Result<Bytes> backup_user(Call& call) {
    CS2SIM_TRY_LET(user, call.device.users.find(call.request.text("name")));
    CS2SIM_TRY_LET(mbk, resident_mbk(call.device));
    CS2SIM_TRY_LET(seal, user_seal(mbk));
    CS2SIM_TRY_LET(plain, Users::encode(user));
    const auto name = user_search_key(user.short_name);  // as the backup carries it, zeros and all
    const Bytes sealed = seal.seal(plain, {name});
    call.audit(AUDIT_BACKUP_RESTORE, audit_text("backup", user.name()));
    return call.answer({compose_fitting(LAYOUT_USER_BACKUP, kBackupVersion, name, mbk.info().hash, sealed)});
}

Result<Bytes> restore_user(Call& call) {
    const auto backup = parse(LAYOUT_USER_BACKUP, call.request.bytes("record"));
    if (!backup || backup->u8("version") != kBackupVersion) return fail(E_CMDS_INVAL_BCK);
    const auto mbk = call.device.mbk.that_sealed(MBK_TYPE_AES, backup->bytes("mbkhash"));
    if (!mbk) return fail(mbk.error().code == E_MBK_SLOT_EMPTY ? Error{E_CMDS_NO_MBK_KEY} : mbk.error());
    if (!*mbk) return fail(E_CMDS_INVAL_BCK);
    CS2SIM_TRY_LET(seal, user_seal(**mbk));

    const auto plain = seal.open(backup->bytes("sealed"), {backup->bytes("short")});
    if (!plain) return fail(E_CMDS_INVAL_BCK);
    CS2SIM_TRY_LET(user, Users::decode(backup->bytes("short"), *plain));
    CS2SIM_TRY(call.device.users.restore(user));
    call.audit(AUDIT_BACKUP_RESTORE, audit_text("restore", user.name()));
    return call.answer({user.short_name});
}

}  // namespace cs2sim::cmds
