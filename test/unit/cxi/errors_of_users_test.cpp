// Errors of a token's users: of their rules, and of what user.db says.
#include "test/unit/cxi/workshop.h"
#include "test/unit/short_rsa_key.h"

using namespace cs2sim;
using namespace cs2sim::test;

namespace {

template <Certification mode>
void certify(Workshop& shop) {
    shop.bench.profile().certification = mode;
}

template <Certification mode>
void add_with_clear_password(Workshop& shop, Command& command) {
    certify<mode>(shop);
    command.set("mechanism", MECH_CLR_PWD);
}

template <Certification mode>
void add_with_long_label(Workshop& shop, Command& command) {
    certify<mode>(shop);
    command.set("attributes", as_bytes("CXI_GROUP=SLOT_0000,LABEL=" + std::string(1024, 'x')));
}

// The officer of the slot, who may log on statically, changes the label where nobody may any more.
template <Certification mode>
void relabel_old_officer(Workshop& shop, Command& command) {
    User officer;
    officer.short_name = "SO_0000";
    officer.permission = 0x00000200;
    officer.mechanism = MECH_HMAC_PWD;
    officer.flags = UFLG_LOGIN;
    officer.attributes = "CXI_GROUP=SLOT_0000";
    officer.token = to_secret(as_bytes("password"));
    shop.bench.profile().static_logon = true;
    REQUIRE(shop.bench.services.users.add(std::move(officer)));
    shop.bench.profile().static_logon = false;
    certify<mode>(shop);
    command.set("name", as_bytes("SO_0000"))
        .set("permission", 0x00000200)
        .set("attributes", as_bytes("CXI_GROUP=SLOT_0000,LABEL=x"))
        .set("token", ByteView());
}

constexpr SpoiltRow kUsers[] = {
    {"CXI.USER_ADD", E_CMDS_BAD_MECH, add_with_clear_password<Certification::none>},
    {"CXI.USER_ADD", E_CMDS_BAD_MECH_FIPS, add_with_clear_password<Certification::fips>},
    {"CXI.USER_ADD", E_CMDS_BAD_MECH_CC, add_with_clear_password<Certification::cc>},
    {"CXI.USER_ADD", E_CMDS_BAD_ATT, add_with_long_label<Certification::none>},
    {"CXI.USER_ADD", E_CMDS_BAD_ATT_FIPS, add_with_long_label<Certification::fips>},
    {"CXI.USER_ADD", E_CMDS_BAD_ATT_CC, add_with_long_label<Certification::cc>},
    {"CXI.USER_ADD", E_CMDS_USER_FLAG_NOT_ALLOWED, relabel_old_officer<Certification::none>},
    {"CXI.USER_ADD", E_CMDS_BAD_USER_FLAG_FIPS, relabel_old_officer<Certification::fips>},
    {"CXI.USER_ADD", E_CMDS_BAD_USER_FLAG_CC, relabel_old_officer<Certification::cc>},
    {"CXI.USER_ADD", E_CMDS_BAD_TOKEN, [](Workshop&, Command& command) { command.set("token", Bytes(3)); }},
    {"CXI.USER_ADD", E_CMDS_BAD_TOKEN_CC,
     [](Workshop& shop, Command& command) {
         certify<Certification::cc>(shop);
         command.set("mechanism", MECH_RSA_SIGN).set("token", hex_bytes(kShortRsaKey));
     }},
    {"CXI.USER_ADD CXI.USER_DELETE", E_CMDS_BAD_UDB_ENTRY,
     [](Workshop& shop, Command&) {
         const auto users = shop.bench.services.databases.open("user.db");
         REQUIRE(users);
         const auto damage = [](Batch& batch) {
             return batch.update(user_search_key("USR_0000"), Bytes{1, 2});
         };
         REQUIRE((*users)->change(damage));
     }},
    {"CXI.USER_DELETE", E_CMDS_USER_ACTIVE,
     [](Workshop& shop, Command&) {
         REQUIRE(shop.run(shop.good("CXI.USER_ADD")));
         shop.bench.context.users.front().presence = shop.bench.services.sessions.mark_active("USR_0000");
     }},
};

}  // namespace

TEST_CASE("every rule of users holds for those of a token") { provoke(kUsers); }
