// Users through csadm: columns, mechanisms, long names, limits, single backups.
#include "test/scenario/expect.h"
#include "test/scenario/simulator.h"

using namespace cs2sim;
using namespace cs2sim::scenario;

TEST_CASE("ListUsers prints the columns that scripts parse") {
    const Simulator simulator;
    const Operator user(simulator, GENERATE(Way::mount, Way::tcp));
    user.admin_does({"KeyType=EC", "GenKey=ec.key,ERP_KWRK", "AddUser=ERP_KWRK,00000020,ecdsa,ec.key",
                     "AddUser=SO_0000,00000200{CXI_GROUP=SLOT_0000},hmacpwd,so-secret",
                     "AddUser=ERP_SETUP,00000200,sha1pwd,setup-secret",
                     "AddUser=ERP_SETUP2,00000200,clrpwd,setup-secret"});
    const std::string expected =
        "Name       Permission   Mechanism      Attributes\n"
        "ADMIN       22000000    RSA sign       Z[0]\n"
        "ERP_KWRK    00000020    ECDSA sign     Z[0]\n"
        "ERP_SE~0    00000200    SHA1 passwd    Z[0]I[1]L[ERP_SETUP]\n"
        "ERP_SE~1    00000200    Clear passwd   Z[0]I[1]L[ERP_SETUP2]\n"
        "SO_0000     00000200    HMAC passwd    Z[0]I[1]A[CXI_GROUP=SLOT_0000]\n";
    CHECK(user.users() == expected);
    const Outcome synonym = user.csadm({"listuser"});
    CHECK(synonym.out == expected);
}

TEST_CASE("every mechanism logs on, by its synonyms too") {
    const Simulator simulator;
    const Operator user(simulator, GENERATE(Way::mount, Way::tcp));
    user.admin_does({"KeyType=RSA", "GenKey=rsa.key#rsa-secret,1024,R", "KeyType=EC",
                     "GenKey=ec.key,NIST-P256,E", "AddUser=R,00000001,rsasign,rsa.key#rsa-secret",
                     "AddUser=E,00000002,ecdsa,ec.key", "AddUser=H,00000004,HMACPWD,hmac-secret",
                     "AddUser=S,00000008,sha1pwd,sha1-secret", "AddUser=C,00000010,clrpwd,clear,secret",
                     "AddUser=LONG_NAMED,00000020,hmacpwd,long-secret"});
    const Outcome all =
        user.csadm({"LogonRSASign=R, rsa.key#rsa-secret", "logonsign= E ,ec.key",
                    "LogonHMACPwd=H,hmac-secret", "LogonPass=S,sha1-secret", "LogonPass=C,clear,secret",
                    "LogonPass=LONG_NAMED,long-secret", "ShowAuthState"});
    require_success(all);
    CHECK(all.out.starts_with("state = 0000003F\n"));
    CHECK(all.out.find("user  = LONG_N~0 00000020\n") != std::string::npos);

    require_error(user.csadm({"LogonSign=R,rsa.key"}), E_CSA_KEY_PASSWORD);
    require_error(user.csadm({"LogonSign=R,rsa.key#wrong"}), E_CSA_KEY_PASSWORD);
    require_error(user.csadm({"LogonSign=R,ec.key"}), E_CMDS_BAD_MECH);
    require_error(user.as_admin({"AddUser=X,00000001,rsasign,ec.key"}), E_CSA_KEY_TYPE);
    require_error(user.as_admin({"AddUser=X,00000001,ecdsa,rsa.key#rsa-secret"}), E_CSA_KEY_TYPE);
}

TEST_CASE("users that the rules refuse are not there") {
    const Simulator simulator;
    const Operator user(simulator, GENERATE(Way::mount, Way::tcp));
    user.admin_does({"AddUser=CLERK,00000002,hmacpwd,clerks-secret"});
    const std::string before = user.users();
    const auto refused = [&](const std::string& argument, std::uint32_t code) {
        INFO(argument);
        require_error(user.as_admin({argument}), code);
        CHECK(user.users() == before);
    };
    refused("AddUser=CLERK,00000002,hmacpwd,other-secret", E_CMDS_USER_EXISTS);
    refused("AddUser=,00000002,hmacpwd,other-secret", E_CMDS_BAD_NAME);
    refused("AddUser=A B,00000002,hmacpwd,other-secret", E_CMDS_BAD_NAME);
    refused("AddUser=" + std::string(1000, 'n') + ",00000002,hmacpwd,other-secret", E_CMDS_BAD_NAME);
    refused("AddUser=NEW,00000002{CXI_GROUP},hmacpwd,other-secret", E_CMDS_BAD_ATT);
    refused("AddUser=NEW,00000002,hmacpwd,x", E_CMDS_BAD_TOKEN);
    refused("AddUser=NEW,00000002,rsasign,nowhere.key", E_CSA_KEY_OPEN);
    refused("ChangeUser=NOBODY,new-secret", E_CMDS_NO_USER);
    refused("ChangeUser=CLERK,x", E_CMDS_BAD_TOKEN);
    refused("DeleteUser=NOBODY", E_CMDS_NO_USER);
    require_error(user.csadm({"AddUser=NEW,00000002,hmacpwd,new-secret"}), E_CMDS_DENIED);
    require_error(user.csadm({"DeleteUser=CLERK"}), E_CMDS_DENIED);
    require_error(user.csadm({"LogonPass=CLERK,clerks-secret", "DeleteUser=ADMIN"}), E_CMDS_DENIED);
    CHECK(user.users() == before);
}

TEST_CASE("an initial password is no longer one when its owner changed it") {
    const Simulator simulator;
    const Operator user(simulator, GENERATE(Way::mount, Way::tcp));
    user.admin_does({"AddUser=CLERK,00000002,hmacpwd,first-secret"});
    require_success(user.csadm({"LogonPass=CLERK,first-secret", "ChangeUser=CLERK,second-secret"}));
    CHECK(user.users().find("CLERK       00000002    HMAC passwd    Z[0]I[0]\n") != std::string::npos);
    require_error(user.csadm({"LogonPass=CLERK,first-secret"}), E_CMDS_AUTH_FAILED);
    require_success(user.csadm({"LogonPass=CLERK,second-secret"}));
}

TEST_CASE("after too many failed logons a user is locked until the password is changed") {
    const Simulator simulator;
    const Operator user(simulator, GENERATE(Way::mount, Way::tcp));
    user.admin_does({"SetMaxAuthFails=2", "AddUser=CLERK,00000002,hmacpwd,clerks-secret"});
    CHECK(user.admin_does({"GetMaxAuthFails"}) == "max_auth_fails = 2\n");
    for (int i = 0; i < 2; ++i)
        require_error(user.csadm({"LogonPass=CLERK,wrong-secret"}), E_CMDS_AUTH_FAILED);
    require_error(user.csadm({"LogonPass=CLERK,clerks-secret"}), E_CMDS_AUTH_FAIL_CNT_EXCEEDED);
    CHECK(user.users().find("Z[2]I[1]") != std::string::npos);
    user.admin_does({"ChangeUser=CLERK,new-secret"});
    require_success(user.csadm({"LogonPass=CLERK,new-secret"}));
}

TEST_CASE("single users are backed up and restored") {
    const Simulator simulator;
    const Operator user(simulator, GENERATE(Way::mount, Way::tcp));
    user.admin_does({"AddUser=CLERK,00000002{CXI_GROUP=A},hmacpwd,clerks-secret"});
    require_error(user.as_admin({"BackupUser=CLERK"}), E_CMDS_NO_MBK_KEY);
    user.make_mbk();
    const std::string before = user.users();
    CHECK(user.admin_does({"BackupUser=CLERK", "BackupUser=CLERK,copy.ubk"}) ==
          "CLERK.ubk = user CLERK\ncopy.ubk = user CLERK\n");
    require_error(user.as_admin({"BackupUser=NOBODY"}), E_CMDS_NO_USER);
    CHECK_FALSE(std::filesystem::exists(user.file("NOBODY.ubk")));

    user.admin_does({"DeleteUser=CLERK"});
    CHECK(user.admin_does({"RestoreUser=copy.ubk"}) == "user = CLERK\n");
    CHECK(user.users() == before);
    require_success(user.csadm({"LogonPass=CLERK,clerks-secret"}));

    std::string forged = read_file(user.file("CLERK.ubk"));
    char& digit = forged[forged.size() - 20];
    digit = digit == '0' ? '1' : '0';
    write_file(user.file("forged.ubk"), forged);
    require_error(user.as_admin({"RestoreUser=forged.ubk"}), E_CMDS_INVAL_BCK);
    write_file(user.file("forged.ubk"), "");
    require_error(user.as_admin({"RestoreUser=forged.ubk"}), E_CSA_USER_BACKUP);
    require_error(user.as_admin({"RestoreUser=nowhere.ubk"}), E_CSA_BACKUP_FILE);
    require_error(user.csadm({"RestoreUser=CLERK.ubk"}), E_CMDS_DENIED);
    CHECK(user.users() == before);
}
