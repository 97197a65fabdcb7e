// Services of CMDS that concern the device: its users as a whole, its modes, keys of sessions, its end.
#include "firmware/cmds/sessions.h"
#include "firmware/cmds/users.h"
#include "firmware/crypto/kdf.h"
#include "firmware/crypto/random.h"
#include "firmware/modules/device_command.h"
#include "firmware/modules/modules.h"
#include "firmware/protocol/channel/secure_channel.h"

namespace cs2sim::services {
namespace {

constexpr DeviceUser kBothAdministrators{"CMDS", permission::kBothAdministrators, ""};
constexpr std::string_view kSessionKeyLabel = "cs2sim session key of a module";
constexpr std::size_t kKey = 32;
constexpr std::uint8_t kFast = 0x80;  // CMDS_MODE_SM_FAST

}  // namespace

Result<Bytes> cmds_user_marks(ServiceCall& call) {
    CS2SIM_TRY_LET(user, call.device.users.find(call.request.text("name")));
    return call.answer({user.failures, Users::marks(user)});
}

Result<Bytes> cmds_backup_user(ServiceCall& call) {
    return device_command(call, kBothAdministrators, FC_CMDS, SFC_CMDS_BACKUP_USER,
                          {call.request.bytes("name")});
}

Result<Bytes> cmds_restore_user(ServiceCall& call) {
    CS2SIM_TRY(device_command(call, kBothAdministrators, FC_CMDS, SFC_CMDS_RESTORE_USER,
                              {call.request.bytes("record")}));
    return call.answer({});
}

// All users but the last administrator, so that somebody can still make new ones; who is logged on no longer
// counts.
Result<Bytes> cmds_erase(ServiceCall& call) {
    CS2SIM_TRY_LET(all, call.device.users.list());
    for (const User& user : all) {
        const auto gone = call.device.users.remove(user.short_name, [](const std::string&) { return false; });
        if (!gone && gone.error().code != E_CMDS_ADMIN_AMPUTATION) return fail(gone.error());
    }
    CS2SIM_TRY(call.device.smos.audit_log.write(
        AUDIT_USER, "[] users erased by module " + call.module.info.abbreviation));
    return call.answer({});
}

Result<Bytes> cmds_set_mode(ServiceCall& call) {
    const std::uint8_t sfc =
        call.request.u8("startup") != 0 ? SFC_CMDS_SET_STARTUP_MODE : SFC_CMDS_SET_ADMIN_MODE;
    CS2SIM_TRY(device_command(call, kBothAdministrators, FC_CMDS, sfc, {call.request.u8("mode")}));
    return call.answer({});
}

Result<Bytes> cmds_startup_mode(ServiceCall& call) {
    return device_command(call, kBothAdministrators, FC_CMDS, SFC_CMDS_GET_STARTUP_MODE, {});
}

Result<Bytes> cmds_critical(ServiceCall& call) {
    call.modules.critical(call.module, call.request.u32("code"));
    return call.answer({});
}

Result<Bytes> cmds_own_session_key(ServiceCall& call) {
    const Call* const command = call.module.command();
    if (!command || !command->context.secure) return fail(E_CMDS_SM_ID);
    const SecureChannel& channel = static_cast<const Session&>(command->context).channel;
    return call.answer({channel.mechanism(), ByteView(channel.exported_key())});
}

// Agreed on as for a session of the device's own; what it protects is the module's affair. Both ends get it
// by SP 800-108 of the shared secret and the transcript.
Result<Bytes> cmds_session_key(ServiceCall& call) {
    const auto mode = static_cast<std::uint8_t>(call.request.u8("mode") & ~kFast);
    const std::uint8_t mechanism = call.request.u8("mechanism");
    if (mode == SM_MODE_DH_MA_RSA) return fail(E_CMDS_BAD_MODE);  // the device proves itself in its own alone
    if (mechanism < SM_MECH_AES || mechanism > SM_MECH_AES_GCM) return fail(E_CMDS_BAD_MECH);
    CS2SIM_TRY_LET(agreement, KeyAgreement::start(mode));
    CS2SIM_TRY_LET(secret, agreement.agree(call.request.bytes("parameter")));
    SessionTranscript transcript{call.request.u32("session"),
                                 mode,
                                 mechanism,
                                 random_array<16>(),
                                 to_bytes(call.request.bytes("parameter")),
                                 agreement.public_value()};
    const SecretBytes keys = derive_key(secret, kSessionKeyLabel, transcript.encode(), 2 * kKey);
    return call.answer({mode, ByteView(transcript.sequence), ByteView(keys).first(kKey),
                        ByteView(keys).subspan(kKey), transcript.device_public});
}

}  // namespace cs2sim::services
