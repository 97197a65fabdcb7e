// Users through csadm: columns, mechanisms, long names, limits, single backups.
#include <regex>
#include <sstream>

#include "test/places.h"
#include "test/scenario/backup_text.h"
#include "test/scenario/expect.h"
#include "test/scenario/simulator.h"

using namespace cs2sim;
using namespace cs2sim::scenario;

TEST_CASE("ListUsers prints the columns that scripts parse") {
    const Simulator simulator;
    const Operator user(simulator, GENERATE(Way::mount, Way::tcp));
    user.admin_does({"KeyType=EC", "GenKey=ec.key,ERP_KWRK", "AddUser=ERP_KWRK,00000020,ecdsa,ec.key",
                     "AddUser=SO_0000,00000200{CXI_GROUP=SLOT_0000,LABEL=label},hmacpwd,so-secret",
                     "AddUser=ERP_SETUP,00000200,sha1pwd,setup-secret",
                     "AddUser=ERP_SETUP2,00000200,clrpwd,setup-secret"});
    const std::string expected =
        "Name         Permission   Mechanism      Attributes\n"
        "ADMIN         22000000    RSA sign       Z[0]\n"
        "ERP_KWRK      00000020    ECDSA sign\n"
        "ERP_SETUP     00000200    SHA1 passwd    I[1]\n"
        "ERP_SETUP2    00000200    Clear passwd   I[1]\n"
        "SO_0000       00000200    HMAC passwd    I[1]A[CXI_GROUP=SLOT_0000]L[label]\n";
    CHECK(user.users() == expected);
    const Outcome synonym = user.csadm({"listuser"});
    CHECK(synonym.out == expected);
}

TEST_CASE(
    "ListUsers as the reference shows it: Z from the first try to log on, values under their headings") {
    const Simulator simulator;
    const Operator user(simulator, Way::tcp);
    const std::string heading = "Name       Permission   Mechanism      Attributes\n";
    CHECK(user.users() == heading + "ADMIN       22000000    RSA sign\n");
    user.admin_does({"AddUser=USR_0000,00000002{CXI_GROUP=SLOT_0000},hmacpwd,users-secret"});
    CHECK(user.users() == heading +
                              "ADMIN       22000000    RSA sign       Z[0]\n"
                              "USR_0000    00000002    HMAC passwd    I[1]A[CXI_GROUP=SLOT_0000]\n");
    require_success(user.csadm({"LogonPass=USR_0000,users-secret", "ChangeUser=USR_0000,other-secret"}));
    require_error(user.csadm({"LogonPass=USR_0000,wrong-secret"}), E_CMDS_AUTH_FAILED);
    CHECK(user.users() == heading +
                              "ADMIN       22000000    RSA sign       Z[0]\n"
                              "USR_0000    00000002    HMAC passwd    Z[1]I[0]A[CXI_GROUP=SLOT_0000]\n");
}

TEST_CASE("what ListUsers and MBKListKeys show differs by generation") {
    const Simulator simulator("fw-4.4x");
    const Operator user(simulator, Way::tcp);
    user.admin_does({"AddUser=USR_0000,00000002,hmacpwd,users-secret"});
    CHECK(user.users().ends_with("USR_0000    00000002    HMAC passwd\n"));  // never I[1]
    user.make_mbk();
    const std::string keys = user.admin_does({"MBKListKeys"});
    CHECK(std::regex_search(keys, std::regex("  [0-9A-F]{16}:[0-9A-F]{16}\n$")));
}

TEST_CASE("commands that succeed are silent") {
    const Simulator simulator;
    const Operator user(simulator, Way::tcp);
    const Outcome silent = user.as_admin(
        {"SetTime=GMT", "AddUser=LONG_NAMED_CLERK,00000002,hmacpwd,clerks-secret", "Key=s1.key,s2.key",
         "MBKGenerateKey=AES,32,2,2,QUIET", "MBKImportKey=3", "BackupUser=LONG_NAMED_CLERK,u.ubk",
         "RestoreUser=u.ubk", "ChangeUser=LONG_NAMED_CLERK,other-secret", "DeleteUser=LONG_NAMED_CLERK",
         "SetMaxAuthFails=3", "BackupDatabase=CXIKEY.db", "RestoreDatabase=CXIKEY.db"});
    require_success(silent);
    CHECK(silent.out.empty());
    CHECK(silent.err ==
          "csadm: the factory's MBK (AUTO-GEN) is replaced; what was sealed under it no longer opens\n");
}

TEST_CASE("a new device of the simulator kind has an MBK, which gives way to the first other one") {
    const Simulator simulator;
    const Operator user(simulator, Way::tcp);
    CHECK(std::regex_match(
        user.csadm({"MBKListKeys"}).out,
        std::regex("slot name     len algo type   k  generation date      key check value\n"
                   "-{87}\n"
                   "3    AUTO-GEN 32  AES  SHARE  1  \\d{4}/\\d\\d/\\d\\d \\d\\d:\\d\\d:\\d\\d  "
                   "[0-9a-f]{16}:[0-9a-f]{16}\n")));
    user.admin_does({"BackupDatabase=user.db"});
    user.make_mbk();
    CHECK(user.csadm({"MBKListKeys"}).out.find("3    TESTMBK  32  AES  SHARE  2  ") != std::string::npos);
    require_error(user.as_admin({"RestoreDatabase=user.db"}), E_ADM_BACKUP_MAC);
    for (const char* profile : {"se-gen2-fips", "cp5", "cse"}) {
        const Simulator other(profile);
        CHECK(Operator(other, Way::tcp).csadm({"MBKListKeys"}).out.find("AUTO-GEN") == std::string::npos);
    }
}

TEST_CASE("who needs the public part of a key only is asked for no password") {
    const Simulator simulator;
    const Operator user(simulator, Way::tcp);
    user.admin_does({"GenKey=rsa.key#rsa-pass,2048,R", "KeyType=EC", "GenKey=ec.key#ec-pass,E",
                     "AddUser=R,00000001,rsasign,rsa.key", "AddUser=E,00000002,ecdsa,ec.key",
                     "ChangeUser=R,rsa.key", "SavePublicKey=rsa.key,rsa.pub", "LoadAltMdlSigKey=rsa.key"});
    require_success(user.csadm({"LogonSign=R,rsa.key#rsa-pass", "LogonSign=E,ec.key#ec-pass"}));
    std::string bare;
    std::istringstream lines(read_file(user.file("rsa.pub")));
    for (std::string line; std::getline(lines, line);)
        if (line.starts_with("MOD=") || line.starts_with("PEXP=")) bare += line + "\n";
    write_file(user.file("bare.key"), "# RSA key\n" + bare);
    user.admin_does({"AddUser=BARE,00000001,rsasign,bare.key"});
    require_success(user.csadm({"LogonSign=BARE,rsa.key#rsa-pass"}));
}

TEST_CASE("files of earlier versions: shares, backups of databases, users and keys, key files") {
    const Simulator simulator("cse");
    const Operator user(simulator, Way::tcp);
    const auto earlier = [](const char* name) {
        return (source_folder() / "test" / "vectors" / "earlier" / name).string();
    };
    user.admin_does(
        {"Key=" + earlier("share1.key") + "," + earlier("share2.key") + "#share-pass", "MBKImportKey=3"});
    CHECK(user.admin_does({"MBKListKeys"}).find("3    OLDMBK   32  AES  SHARE  2  2026/11/26 13:28:22") !=
          std::string::npos);
    BackupText text(read_file(earlier("user.db")));
    std::erase_if(text.entries,
                  [](const auto& entry) { return entry.index.find("ADMIN") != std::string::npos; });
    write_file(user.file("user.db"), text.text());
    user.admin_does({"RestoreDatabase=user.db", "DeleteUser=CLERK", "RestoreUser=" + earlier("CLERK.ubk"),
                     "AddUser=EC,00000001,ecdsa," + earlier("ec.key")});
    require_success(user.csadm(
        {"LogonPass=LONG_NAMED_USER,clerks-secret", "LogonSign=EC," + earlier("ec.key") + "#ec-pass"}));
    require_success(user.tool("cxitool", {"LogonPass=CLERK,clerks-secret", "RestoreKey=" + earlier("old.kbk"),
                                          "Group=A", "Name=old", "KeyInfo"}));
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
    CHECK(all.out.find("user  = LONG_NAMED 00000020\n") != std::string::npos);

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
    require_success(user.csadm({"LogonPass=CLERK,clerks-secret"}));  // from now on Z[n] is shown
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
    user.make_mbk();
    require_success(user.csadm({"LogonPass=CLERK,clerks-secret"}));  // from now on Z[n] is shown
    const std::string before = user.users();
    CHECK(user.admin_does({"BackupUser=CLERK", "BackupUser=CLERK,copy.ubk"}).empty());
    require_error(user.as_admin({"BackupUser=NOBODY"}), E_CMDS_NO_USER);
    CHECK_FALSE(std::filesystem::exists(user.file("NOBODY.ubk")));

    user.admin_does({"DeleteUser=CLERK"});
    CHECK(user.admin_does({"RestoreUser=copy.ubk"}).empty());
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
