// Services of CMDS: functions of the module, who is logged on, users.
#include "firmware/cmds/sessions.h"
#include "firmware/cmds/users.h"
#include "firmware/modules/modules.h"
#include "firmware/modules/service.h"

namespace cs2sim::services {

Result<Bytes> cmds_register(ServiceCall& call) {
    const std::uint32_t fc = call.request.u32("fc");
    const ByteView present = call.request.bytes("present");
    if (fc > 0xFFFF || present.empty() || present.size() > 256) return fail(E_CMDS_INVAL);
    CS2SIM_TRY(call.modules.registered(call.module, static_cast<std::uint16_t>(fc), to_bytes(present)));
    return call.answer({});
}

Result<Bytes> cmds_unregister(ServiceCall& call) {
    CS2SIM_TRY(call.modules.unregistered(call.module, call.request.u16("fc")));
    return call.answer({});
}

Result<Bytes> cmds_auth_state(ServiceCall& call) {
    const Call* const command = call.module.command();
    if (!command) return call.answer({0, ByteView()});
    Bytes names;
    for (const LoggedOnUser& user : command->context.users) append(names, user_search_key(user.short_name));
    return call.answer({command->auth_state(), names});
}

Result<Bytes> cmds_list_user(ServiceCall& call) {
    CS2SIM_TRY_LET(all, call.device.users.list());
    Bytes users;
    for (const User& user : all) {
        append(users, user_search_key(user.short_name));
        append_big_endian(users, user.permission, 4);
        append_big_endian(users, user.mechanism, 1);
        append_big_endian(users, user.flags, 1);
        append_big_endian(users, user.attributes.empty() ? 0 : 1, 1);
    }
    return call.answer({users});
}

Result<Bytes> cmds_add_user(ServiceCall& call) {
    User user = described_user(call.request);
    const std::string name(call.request.text("name"));
    (name.size() > 8 ? user.long_name : user.short_name) = name;
    CS2SIM_TRY_LET(short_name, call.device.users.add(std::move(user)));
    return call.answer({user_search_key(short_name)});
}

Result<Bytes> cmds_del_user(ServiceCall& call) {
    Sessions& sessions = call.device.sessions;
    CS2SIM_TRY(call.device.users.remove(call.request.text("name"),
                                        [&](const std::string& name) { return sessions.is_active(name); }));
    return call.answer({});
}

Result<Bytes> cmds_change_user(ServiceCall& call) {
    CS2SIM_TRY(call.device.users.change_token(call.request.text("name"), call.request.bytes("token"), false));
    return call.answer({});
}

Result<Bytes> cmds_get_user(ServiceCall& call) {
    CS2SIM_TRY_LET(user, call.device.users.find(call.request.text("name")));
    return call.answer({user_search_key(user.short_name), user.long_name, user.permission, user.mechanism,
                        user.flags, user.attributes, ByteView(user.token)});
}

Result<Bytes> cmds_auth_fails(ServiceCall& call) {
    if (call.request.u8("set") != 0)
        CS2SIM_TRY(call.device.users.set_max_auth_fails(call.request.u8("value")));
    CS2SIM_TRY_LET(value, call.device.users.max_auth_fails());
    return call.answer({value});
}

}  // namespace cs2sim::services
