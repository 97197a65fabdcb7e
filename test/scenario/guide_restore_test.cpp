// Restores: what they change and what not.
#include "test/scenario/backup_text.h"
#include "test/scenario/expect.h"
#include "test/scenario/simulator.h"

using namespace cs2sim;
using namespace cs2sim::scenario;

TEST_CASE("G11: a restore goes entry by entry, and users who are only on the device stay") {
    const Simulator simulator;
    const Operator user(simulator, GENERATE(Way::mount, Way::tcp));
    user.make_mbk();
    user.admin_does({"AddUser=OLD,00000002,hmacpwd,old-secret"});
    const std::string at_backup = user.users();
    user.admin_does({"BackupDatabase=user.db"});

    user.admin_does({"ChangeUser=OLD,new-secret", "AddUser=LATER,00000020,hmacpwd,later-secret"});
    require_error(user.csadm({"LogonPass=OLD,old-secret"}), E_CMDS_AUTH_FAILED);
    // Restored data is available at once, in the same session.
    const std::string shown = user.admin_does({"RestoreDatabase=user.db", "ListUsers"});
    CHECK(shown.starts_with("Name "));
    CHECK(shown.find("LATER       00000020") != std::string::npos);

    require_success(user.csadm({"LogonPass=OLD,old-secret"}));
    require_success(user.csadm({"LogonPass=LATER,later-secret"}));
    require_error(user.csadm({"LogonPass=OLD,new-secret"}), E_CMDS_AUTH_FAILED);

    user.admin_does({"DeleteUser=OLD", "RestoreDatabase=user.db", "DeleteUser=LATER"});
    CHECK(user.users() == at_backup);
}

TEST_CASE("G12: a backup made under another MBK is refused and changes nothing") {
    const Way way = GENERATE(Way::mount, Way::tcp);
    const Simulator simulator;
    const Operator user(simulator, way);
    user.make_mbk();
    user.admin_does(
        {"AddUser=KEPT,00000002,hmacpwd,kept-secret", "BackupDatabase=user.db", "DeleteUser=KEPT"});
    user.admin_does({"Key=n1.key,n2.key,n3.key", "MBKGenerateKey=AES,32,3,2,NEWMBK", "Key=n3.key,n1.key",
                     "MBKImportKey=3"});
    const std::string before = user.users();
    require_error(user.as_admin({"RestoreDatabase=user.db"}), E_ADM_BACKUP_MAC);
    CHECK(user.users() == before);

    // The old MBK again, and the same file is good.
    user.import_mbk_of(user);
    user.admin_does({"RestoreDatabase=user.db"});
    CHECK(user.users().find("KEPT ") != std::string::npos);
}

TEST_CASE("G12: two devices under the same MBK exchange backups") {
    const Way way = GENERATE(Way::mount, Way::tcp);
    const Simulator first_device;
    const Simulator second_device("cse");  // no MBK from the factory
    const Operator first(first_device, way);
    const Operator second(second_device, way);
    first.make_mbk();
    first.admin_does(
        {"AddUser=TRAVELLER,00000002{CXI_GROUP=Abroad},hmacpwd,travel-secret", "BackupDatabase=user.db"});
    BackupText text(read_file(first.file("user.db")));
    std::erase_if(text.entries,
                  [](const auto& entry) { return entry.index.find("ADMIN") != std::string::npos; });
    write_file(second.file("user.db"), text.text());

    require_error(second.as_admin({"RestoreDatabase=user.db"}), E_ADM_NO_MBK_KEY);
    second.import_mbk_of(first);
    CHECK(second.admin_does({"MBKListKeys"}).find("TESTMBK") != std::string::npos);
    CHECK(second.admin_does({"RestoreDatabase=user.db"}).empty());
    require_success(second.csadm({"LogonPass=TRAVELLER,travel-secret"}));
    CHECK(second.users().find("TRAVELLER    00000002    HMAC passwd    Z[0]I[1]A[CXI_GROUP=Abroad]\n") !=
          std::string::npos);
}

TEST_CASE("G13: a restore leaves one administrator with key or card") {
    const Simulator simulator;
    const Operator user(simulator, GENERATE(Way::mount, Way::tcp));
    user.make_mbk();
    // BOSS as a user of a password, alone in the file
    user.admin_does({"AddUser=BOSS,22000000,hmacpwd,boss-secret", "BackupDatabase=user.db"});
    BackupText text(read_file(user.file("user.db")));
    std::erase_if(text.entries,
                  [](const auto& entry) { return entry.index.find("ADMIN") != std::string::npos; });
    write_file(user.file("user.db"), text.text());

    user.admin_does(
        {"GenKey=boss.key,1024,BOSS", "DeleteUser=BOSS", "AddUser=BOSS,22000000,rsasign,boss.key"});
    const std::string boss = "LogonSign=BOSS,boss.key";
    require_success(user.csadm({boss, "DeleteUser=ADMIN"}));
    const std::string before = user.users();
    require_error(user.csadm({boss, "RestoreDatabase=user.db"}), E_CMDS_ADMIN_AMPUTATION);
    CHECK(user.users() == before);

    require_success(
        user.csadm({boss, "GenKey=next.key,1024,NEXT", "AddUser=NEXT,22000000,rsasign,next.key"}));
    require_success(user.csadm({"LogonSign=NEXT,next.key", "RestoreDatabase=user.db"}));
    CHECK(user.users().find("BOSS        22000000    HMAC passwd") != std::string::npos);
}
