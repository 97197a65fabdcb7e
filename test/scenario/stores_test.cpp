// Databases and files in flash: apart from each other, from earlier versions, damaged or gone.
#include "test/places.h"
#include "test/scenario/clerk.h"

using namespace cs2sim;
using namespace cs2sim::scenario;

TEST_CASE("a state folder of version 0.1.0 goes on: users, MBK, keys, files, settings") {
    Simulator simulator(Simulator::State{source_folder() / "test" / "vectors" / "state_0.1.0"});
    const Operator user(simulator, Way::tcp);
    for (int start = 0; start < 2; ++start) {
        CHECK(user.users() ==
              "Name       Permission   Mechanism      Attributes\n"
              "ADMIN       22000000    RSA sign       Z[0]\n"
              "CLERK       00000002    HMAC passwd    Z[0]I[1]A[CXI_GROUP=*]\n"
              "LONGNA~0    00000002    HMAC passwd    Z[0]I[1]L[LONGNAMEDUSER]\n");
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
