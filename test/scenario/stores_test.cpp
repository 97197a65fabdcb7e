// Databases and files in flash: apart from each other, from earlier versions, damaged or gone.
#include <sys/stat.h>

#include <fstream>

#include "test/places.h"
#include "test/scenario/clerk.h"

using namespace cs2sim;
using namespace cs2sim::scenario;

TEST_CASE("a state folder of version 0.1.0 goes on: users, MBK, keys, files, settings") {
    Simulator simulator(Simulator::State{source_folder() / "test" / "vectors" / "state_0.1.0"});
    const Operator user(simulator, Way::tcp);
    for (int start = 0; start < 2; ++start) {
        // Records of that version do not say who ever logged on.
        const std::string tried = start == 0 ? "" : "Z[0]";
        CHECK(user.users() ==
              "Name            Permission   Mechanism      Attributes\n"
              "ADMIN            22000000    RSA sign" +
                  (start == 0 ? "" : "       " + tried) + "\n" +
                  "CLERK            00000002    HMAC passwd    " + tried + "I[1]A[CXI_GROUP=*]\n" +
                  "LONGNAMEDUSER    00000002    HMAC passwd    I[1]\n");
        CHECK(user.admin_does({"MBKListKeys"}).find("OLDMBK") != std::string::npos);
        CHECK(user.admin_does({"GetMaxAuthFails"}) == "max_auth_fails = 5\n");
        write_file(user.file("HELLO.TXT"), "a file of a host");
        const Outcome mac = cxitool(user, {"Group=OLD", "Name=key1", "Chain=CMAC", "Sign=HELLO.TXT"});
        CHECK(mac.out == "3BA2BEE8B49E293A653E8DCC73CD82CE\n");
        const Outcome files = user.csadm({"ListFiles"});
        for (const char* name : {"CXIKEY.db", "VMBK1.db", "user.db", "HELLO.TXT", "db", "files", "init.key"})
            CHECK(files.out.find(std::string(" ") + name + "\n") != std::string::npos);
        simulator.kill();
        simulator.start();
    }
}

TEST_CASE(
    "names of SQLite's side files are names of files: nothing that a host does with them meets a database") {
    Simulator simulator;
    const Operator user(simulator, Way::tcp);
    user.make_mbk();
    user.admin_does({"AddUser=CLERK,00000002{CXI_GROUP=*},hmacpwd,clerks-secret"});
    const std::string keys = user.admin_does({"MBKListKeys"});
    const std::string users = user.users();
    for (const std::string database : {"user.db", "VMBK1.db", "CXIKEY.db"})
        for (const std::string side : {"-wal", "-shm", "-journal"}) {
            const std::string name = database + side;
            INFO(name);
            require_error(user.as_admin({"DeleteFile=" + name}), E_OS_FILE_NO_SUCH_FILE);
            require_error(user.as_admin({"BackupDatabase=" + name}), E_OS_FILE_NO_SUCH_FILE);
            write_file(user.file(name), std::string(20000, 'w'));
            user.admin_does({"LoadFile=" + name});
            CHECK(user.csadm({"ListFiles"}).out.find(name) != std::string::npos);
        }
    for (int round = 0; round < 2; ++round) {
        CHECK(user.users() == users);
        CHECK(user.admin_does({"MBKListKeys"}) == keys);
        simulator.kill();
        simulator.start();
    }
    user.admin_does({"DeleteFile=user.db-wal"});
    simulator.kill();
    simulator.start();
    CHECK(user.users() == users);
}

namespace {

std::string read_boot_log(const Operator& user) { return user.csadm({"GetBootLog"}).out; }

// A stopped simulator whose state is meddled with; what its next start says on stderr.
struct Meddled {
    Simulator simulator;
    Operator user{simulator, Way::tcp};
    std::string users;

    Meddled() {
        user.make_mbk();
        user.admin_does({"AddUser=CLERK,00000002{CXI_GROUP=*},hmacpwd,clerks-secret"});
        users = user.users();
        simulator.stop();
    }
    std::filesystem::path database(const std::string& name) const {
        return simulator.state() / "flash" / "db" / name;
    }
    std::string start() { return simulator.start(); }
};

}  // namespace

TEST_CASE(
    "a start names each store that is damaged or gone, on stderr and in the boot log, and makes no new one") {
    Meddled at;
    SECTION("users overwritten") {
        write_file(at.database("user.db"), std::string(20000, 'x'));
        const std::string said = at.start();
        CHECK(said.find("warning: user.db: file is no database (B088000B)") != std::string::npos);
        CHECK(read_boot_log(at.user).find("user.db: file is no database (B088000B)") != std::string::npos);
        require_error(at.user.as_admin({"ShowAuthState"}), E_DB_FILE_TYPE);
    }
    SECTION("users gone") {
        std::filesystem::remove(at.database("user.db"));
        const std::string said = at.start();
        CHECK(said.find("warning: user.db: missing") != std::string::npos);
        CHECK_FALSE(std::filesystem::exists(at.database("user.db")));  // no factory user in their place
        CHECK(std::filesystem::exists(at.database("VMBK1.db")));
    }
    SECTION("MBKs gone") {
        std::filesystem::remove(at.database("VMBK1.db"));
        CHECK(at.start().find("warning: VMBK1.db: missing") != std::string::npos);
        CHECK(at.user.users() == at.users);
    }
    SECTION("the master key gone: erased, an alarm, and everything stays as it is") {
        std::filesystem::remove(at.simulator.state() / "keyram");
        const std::string said = at.start();
        CHECK(said.find("keyram: missing beside databases") != std::string::npos);
        CHECK(at.user.csadm({"GetState"}).out.find("alarm     = ON") != std::string::npos);
        CHECK(read_file(at.simulator.state() / "keyram") == "CS2KEYR1" + std::string(40, '\0'));
        at.simulator.stop();
        CHECK(at.start().find("an alarm is on") != std::string::npos);
        // Reset by the factory user, the device begins anew, as after any alarm.
        require_success(at.user.as_admin({"ResetAlarm"}));
        require_success(at.user.csadm({"Restart"}));
        CHECK(at.user.users().find("CLERK") == std::string::npos);
        CHECK(at.user.users().find("ADMIN") != std::string::npos);
    }
    SECTION("settings gone") {
        std::filesystem::remove(at.simulator.state() / "nvram.db");
        CHECK(at.start().find("nvram.db: missing") != std::string::npos);
        CHECK(at.user.users() == at.users);
    }
}

TEST_CASE(
    "one damaged user: the others are listed, backed up and deleted, the damaged one is named and can go") {
    Meddled at;
    std::string content = read_file(at.database("user.db"));
    const auto record = content.find(std::string("CLERK\0\0\0", 8));
    REQUIRE(record != std::string::npos);
    content[record + 20] ^= 0x40;  // in the sealed record behind the search key
    write_file(at.database("user.db"), content);
    CHECK(at.start().find("warning: user.db: entry CLERK is damaged") != std::string::npos);
    CHECK(at.user.users().find("CLERK       -           -              record damaged\n") !=
          std::string::npos);
    CHECK(at.user.users().find("ADMIN       22000000") != std::string::npos);
    const Outcome backup = at.user.as_admin({"BackupDatabase=user.db"});
    require_success(backup);
    const std::string content_of_backup = read_file(at.user.file("user.db"));
    CHECK(content_of_backup.find("(ADMIN   )") != std::string::npos);
    CHECK(content_of_backup.find("(CLERK   )") == std::string::npos);
    CHECK((backup.out + backup.err).find("entry CLERK is damaged in the device and is not in the backup") !=
          std::string::npos);
    at.user.admin_does({"AddUser=OTHER,00000002,hmacpwd,others-secret", "DeleteUser=CLERK"});
    CHECK(at.user.users().find("CLERK") == std::string::npos);
}

TEST_CASE("520 users with attributes of 1 KB are listed and backed up") {
    Simulator simulator;
    const Operator user(simulator, Way::tcp);
    user.make_mbk();
    const std::string attributes = "{CXI_GROUP=" + std::string(1000, 'G') + "}";
    for (int batch = 0; batch < 13; ++batch) {
        std::vector<std::string> commands;
        for (int i = 0; i < 40; ++i)
            commands.push_back("AddUser=U" + std::to_string(1000 + batch * 40 + i) + ",00000002" +
                               attributes + ",hmacpwd,some-secret");
        user.admin_does(commands);
    }
    const std::string users = user.users();
    CHECK(std::count(users.begin(), users.end(), '\n') == 522);
    CHECK(users.find("\nU1519 ") != std::string::npos);
    user.admin_does({"BackupDatabase=user.db"});
    const std::string backup = read_file(user.file("user.db"));
    std::size_t entries = 0;
    for (auto at = backup.find("DB Entry"); at != std::string::npos; at = backup.find("DB Entry", at + 1))
        ++entries;
    CHECK(entries == 521);
}

TEST_CASE("a database of one's own: made, filled, backed up, dropped, restored (guide G10)") {
    Simulator simulator;
    const Operator user(simulator, Way::tcp);
    user.make_mbk();
    simulator.steered({"database", "create", "OWN.db", "--key-length", "6"});
    CHECK(simulator.steered({"database", "insert", "OWN.db", "one=first record", "0x00ff=0x00010203"}) ==
          "OWN.db: 2 entries inserted\n");
    const std::string entries = "0x00FF00000000=0x00010203\none=first record\n";
    CHECK(simulator.steered({"database", "list", "OWN.db"}) == entries);
    CHECK(simulator.steered({"database", "list"}) == "CXIKEY.db\nOWN.db\nVMBK1.db\nuser.db\n");
    user.admin_does({"BackupDatabase=OWN.db"});
    simulator.steered({"database", "drop", "OWN.db"});
    require_error(simulator.steer({"database", "list", "OWN.db"}), E_OS_FILE_NO_SUCH_FILE);
    user.admin_does({"RestoreDatabase=OWN.db"});
    CHECK(simulator.steered({"database", "list", "OWN.db"}) == entries);
    require_error(simulator.steer({"database", "insert", "OWN.db", "one=again"}), E_DB_EXISTS);
    require_error(simulator.steer({"database", "create", "user.db"}), E_DB_BAD_NAME);
}

TEST_CASE(
    "everything of a running simulator's state is closed to others, and so are backups, under any umask") {
    const mode_t before = ::umask(0);
    Simulator simulator;
    const Operator user(simulator, Way::tcp);
    user.make_mbk();
    user.admin_does({"BackupDatabase=user.db", "BackupUser=ADMIN"});
    ::umask(before);
    for (const auto& folder : {simulator.state(), user.folder()})
        for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
            INFO(entry.path());
            struct stat info {};
            REQUIRE(::lstat(entry.path().c_str(), &info) == 0);
            if (!S_ISLNK(info.st_mode)) CHECK((info.st_mode & 0077) == 0);
        }
    CHECK((std::filesystem::status(simulator.state()).permissions() & std::filesystem::perms(0077)) ==
          std::filesystem::perms::none);
}
