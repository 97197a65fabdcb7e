// A session lasts as long as the user is who logged on: with the same key, permission and groups.
#include "firmware/mbk/mbk.h"
#include "test/unit/cmds/host.h"

using namespace cs2sim;

namespace {

constexpr std::string_view kPassword = "a password";

void make_mbk(Caller& admin) {
    REQUIRE(admin.call(FC_MBK, SFC_MBK_GENERATE, {MBK_TYPE_AES, 32, 2, 2, "SM"}));
}

struct Rights {
    std::uint32_t permission;
    std::uint8_t flags;
    std::string_view attributes;
};

}  // namespace

TEST_CASE("a session ends when a restore gives its user other rights, whatever the password") {
    const Rights before{0x02000002, 0, "CXI_GROUP=*"};
    for (const Rights& restored : {Rights{0x00000002, 0, "CXI_GROUP=*"}, Rights{0x02000002, 0, "CXI_GROUP=g"},
                                   Rights{0x02000002, UFLG_TMP, "CXI_GROUP=*"}}) {
        Simulated device;
        Caller admin(device);
        admin.as_admin();
        make_mbk(admin);
        REQUIRE(admin.add_user("PM", restored.permission, kPassword, restored.flags, restored.attributes));
        const auto backup = admin.cmds(SFC_CMDS_BACKUP_USER, {"PM"});
        REQUIRE(backup);
        REQUIRE(admin.cmds(SFC_CMDS_DELETE_USER, {"PM"}));
        REQUIRE(admin.add_user("PM", before.permission, kPassword, before.flags, before.attributes));
        Caller user(device);
        REQUIRE(user.open_session());
        REQUIRE(user.logon("PM", kPassword));
        REQUIRE(user.cmds(SFC_CMDS_GET_AUTH_STATE));
        REQUIRE(admin.cmds(SFC_CMDS_RESTORE_USER, {*backup}));
        CHECK(code_of(user.cmds(SFC_CMDS_GET_AUTH_STATE)) == E_CMDS_SM_SESS_CLOSED);
    }
}

TEST_CASE(
    "a session stays when a restore brings the same rights, and through a change of one's own password") {
    Simulated device;
    Caller admin(device);
    admin.as_admin();
    make_mbk(admin);
    REQUIRE(admin.add_user("PM", 2, kPassword, 0, "CXI_GROUP=g"));
    const auto backup = admin.cmds(SFC_CMDS_BACKUP_USER, {"PM"});
    REQUIRE(backup);
    Caller user(device);
    REQUIRE(user.open_session());
    REQUIRE(user.logon("PM", kPassword));
    REQUIRE(admin.cmds(SFC_CMDS_RESTORE_USER, {*backup}));
    CHECK(user.cmds(SFC_CMDS_GET_AUTH_STATE));
    REQUIRE(user.cmds(SFC_CMDS_CHANGE_USER, {"PM", as_bytes("another password")}));
    CHECK(user.cmds(SFC_CMDS_GET_AUTH_STATE));
}

TEST_CASE("a token's name may come and go in a session, a group that stands behind it may not") {
    struct Change {
        std::string_view before, restored;
        bool stays;
    };
    for (const Change& change : {Change{"CXI_GROUP=A,B,LABEL=q", "CXI_GROUP=A,LABEL=q,B", false},
                                 Change{"CXI_GROUP=A,LABEL=q,B", "CXI_GROUP=A,B,LABEL=q", false},
                                 Change{"CXI_GROUP=A;LABEL=q;B", "CXI_GROUP=A;B", false},
                                 Change{"CXI_GROUP=A,LABEL=q,CXI_GROUP=B", "CXI_GROUP=A,LABEL=q,B", false},
                                 Change{"CXI_GROUP=A,B,LABEL=q", "CXI_GROUP=A,B,LABEL=other", true},
                                 Change{"CXI_GROUP=A,B", "CXI_GROUP=A,B,LABEL=q", true},
                                 Change{"CXI_GROUP=A,B,LABEL=q", "CXI_GROUP=A,B", true}}) {
        INFO(change.before << " is restored as " << change.restored);
        Simulated device;
        Caller admin(device);
        admin.as_admin();
        make_mbk(admin);
        REQUIRE(admin.add_user("PM", 2, kPassword, 0, change.restored));
        const auto backup = admin.cmds(SFC_CMDS_BACKUP_USER, {"PM"});
        REQUIRE(backup);
        REQUIRE(admin.cmds(SFC_CMDS_DELETE_USER, {"PM"}));
        REQUIRE(admin.add_user("PM", 2, kPassword, 0, change.before));
        Caller user(device);
        REQUIRE(user.open_session());
        REQUIRE(user.logon("PM", kPassword));
        REQUIRE(user.cmds(SFC_CMDS_GET_AUTH_STATE));
        REQUIRE(admin.cmds(SFC_CMDS_RESTORE_USER, {*backup}));
        CHECK(code_of(user.cmds(SFC_CMDS_GET_AUTH_STATE)) ==
              (change.stays ? 0 : std::uint32_t{E_CMDS_SM_SESS_CLOSED}));
    }
}
