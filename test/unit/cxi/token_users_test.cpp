// Users of a token: who makes and deletes whom, by name, permission and group.
#include "test/unit/cxi/cxi_bench.h"

using namespace cs2sim;

namespace {

struct Wanted {
    std::string name;
    std::uint32_t permission;
    std::string attributes;
    std::uint8_t flags = 0;
};

std::uint32_t add(CxiBench& bench, const Wanted& user) {
    return code_of(bench.run(SFC_CXI_USER_ADD, {user.name, user.permission, MECH_HMAC_PWD, user.flags,
                                                user.attributes, as_bytes("password")}));
}

std::uint32_t remove(CxiBench& bench, std::string_view name) {
    return code_of(bench.run(SFC_CXI_USER_DELETE, {name}));
}

}  // namespace

TEST_CASE("a security officer makes and deletes the users of their slot, an administrator the officers") {
    CxiBench bench;
    bench.make_users();
    const Wanted officer{"SO_0000", 0x00000200, "CXI_GROUP=SLOT_0000,LABEL=54"};
    const Wanted user{"USR_0000", 0x00000002, "CXI_GROUP=SLOT_0000"};
    const Wanted manager{"KM_0000", 0x00000020, "CXI_GROUP=SLOT_0000"};
    bench.log_on(0x00000002, "CXI_GROUP=*");
    for (const Wanted& each : {officer, user, manager}) CHECK(add(bench, each) == E_CXI_PERMISSION_DENIED);
    bench.log_on(0x00000200, "CXI_GROUP=SLOT_0000");
    CHECK(add(bench, officer) == E_CXI_PERMISSION_DENIED);
    CHECK(add(bench, user) == 0);
    CHECK(add(bench, user) == E_CMDS_USER_EXISTS);
    CHECK(add(bench, manager) == 0);
    CHECK(add(bench, {"USR_0001", 0x00000002, "CXI_GROUP=SLOT_0001"}) == E_CXI_PERMISSION_DENIED);
    CHECK(add(bench, {"ADMIN2", 0x22000000, ""}) == E_CXI_PERMISSION_DENIED);
    CHECK(remove(bench, "USR_0000") == 0);
    CHECK(remove(bench, "USR_0000") == E_CMDS_NO_USER);
    CHECK(add(bench, {"USR_0000", 0x22000000, "CXI_GROUP=SLOT_0000"}) == E_CMDS_BAD_PERM);
    CHECK(add(bench, {"USR_0000", 0x00000002, "CXI_GROUP=*"}) == E_CMDS_BAD_ATT);
    CHECK(add(bench, {"USR_0000", 0x00000002, "CXI_GROUP=SLOT_0000,CXI_GROUP=*"}) == E_CMDS_BAD_ATT);
    CHECK(add(bench, {"USR_0000", 0x00000002, "CXI_GROUP=SLOT_0000,OTHER"}) == E_CMDS_BAD_ATT);
    CHECK(add(bench, {"USR_0000", 0x00000002, "CXI_GROUP=SLOT_0000", UFLG_TMP}) ==
          E_CMDS_USER_FLAG_NOT_ALLOWED);
    bench.log_on(0x20000000, "");
    CHECK(add(bench, officer) == 0);
    CHECK(add(bench, {"NOBODY", 0x00000002, "CXI_GROUP=SLOT_0000"}) == E_CMDS_BAD_NAME);
    for (const char* name : {"USR_00001", "USR_000", "USR_00a0", "USR_"})
        CHECK(remove(bench, name) == E_CMDS_BAD_NAME);
    bench.log_on(0x00000200, "CXI_GROUP=SLOT_0000");
    CHECK(remove(bench, "SO_0000") == E_CXI_PERMISSION_DENIED);
    CHECK(remove(bench, "KM_0000") == 0);
    // The label of their own entry: the same again without a token, and nothing but the label.
    const auto relabel = [&](std::string_view name, std::string_view attributes) {
        return code_of(
            bench.run(SFC_CXI_USER_ADD, {name, 0x00000200, MECH_HMAC_PWD, 0, attributes, ByteView()}));
    };
    CHECK(relabel("SO_0000", "CXI_GROUP=SLOT_0000,LABEL=new%20one") == 0);
    CHECK(relabel("SO_0000", "CXI_GROUP=*") == E_CMDS_BAD_ATT);
    CHECK(relabel("SO_0000", "CXI_GROUP=SLOT_0000,LABEL=a,OTHER=1") == E_CMDS_BAD_ATT);
    CHECK(relabel("SO_0001", "CXI_GROUP=SLOT_0001,LABEL=x") == E_CXI_PERMISSION_DENIED);
    CHECK(relabel("USR_0001", "CXI_GROUP=SLOT_0001,LABEL=x") == E_CXI_PERMISSION_DENIED);
    bench.log_on(0x20000000, "");
    CHECK(remove(bench, "SO_0000") == 0);
}

TEST_CASE("a label is not the way to other attributes of a user who only has an officer's name") {
    CxiBench bench;
    bench.make_users();
    const auto relabel = [&] {
        return code_of(bench.run(SFC_CXI_USER_ADD, {"SO_0000", 0x00000200, MECH_HMAC_PWD, 0,
                                                    "CXI_GROUP=SLOT_0000,LABEL=x", ByteView()}));
    };
    const auto add_namesake = [&](std::uint32_t permission, const std::string& attributes) {
        User user;
        user.short_name = "SO_0000";
        user.permission = permission;
        user.mechanism = MECH_HMAC_PWD;
        user.attributes = attributes;
        user.token = to_secret(as_bytes("password"));
        REQUIRE(bench.services.users.add(std::move(user)));
    };
    bench.log_on(0x00000200, "CXI_GROUP=SLOT_0000");
    CHECK(relabel() == E_CMDS_NO_USER);
    const auto nobody = [](const std::string&) { return false; };
    const std::pair<std::uint32_t, std::string> namesakes[] = {{0x22000000, "CXI_GROUP=SLOT_0000"},
                                                               {0x00000200, "CXI_GROUP=*"}};
    for (const auto& [permission, attributes] : namesakes) {
        CAPTURE(permission, attributes);
        add_namesake(permission, attributes);
        CHECK(relabel() == E_CXI_PERMISSION_DENIED);
        CHECK(bench.services.users.find("SO_0000")->attributes == attributes);
        REQUIRE(bench.services.users.remove("SO_0000", nobody));
    }
    add_namesake(0x00000200, "CXI_GROUP=SLOT_0000");
    CHECK(relabel() == 0);
}
