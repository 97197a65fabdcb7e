// A killed simulator: what was answered as done is there after the next start.
#include "test/scenario/expect.h"
#include "test/scenario/simulator.h"

using namespace cs2sim;
using namespace cs2sim::scenario;

TEST_CASE("state survives kill -9 of the daemon, and the stale device node is taken over") {
    Simulator simulator;
    const Operator user(simulator, GENERATE(Way::mount, Way::tcp));
    user.make_mbk();
    const std::string keys = user.admin_does({"MBKListKeys"});
    user.admin_does({"AddUser=CLERK,00000002{CXI_GROUP=A},hmacpwd,clerks-secret", "SetMaxAuthFails=5",
                     "BackupDatabase=user.db", "DeleteUser=CLERK", "RestoreDatabase=user.db"});
    require_error(user.csadm({"LogonPass=CLERK,wrong-secret"}), E_CMDS_AUTH_FAILED);
    const std::string users = user.users();
    CHECK(users.find("Z[1]I[1]A[CXI_GROUP=A]") != std::string::npos);

    for (int round = 0; round < 3; ++round) {
        simulator.kill();
        require_no_device(user.csadm({"GetState"}));
        simulator.start();
        CHECK(user.users() == users);
        CHECK(user.admin_does({"MBKListKeys"}) == keys);
        CHECK(user.admin_does({"GetMaxAuthFails"}) == "max_auth_fails = 5\n");
        user.admin_does({"RestoreDatabase=user.db"});
        require_error(user.csadm({"LogonPass=CLERK,wrong-secret"}), E_CMDS_AUTH_FAILED);
    }
    require_success(user.csadm({"LogonPass=CLERK,clerks-secret"}));
}

TEST_CASE("state survives kill -9 in the middle of commands: every user that was answered is there") {
    Simulator simulator;
    const Operator user(simulator, Way::tcp);
    user.make_mbk();
    int added = 0;
    for (int round = 0; round < 4; ++round) {
        std::vector<std::string> command;
        for (int i = 0; i < 5; ++i)
            command.push_back("AddUser=U" + std::to_string(added++) + ",00000002,hmacpwd,some-secret");
        user.admin_does(command);
        simulator.kill();
        simulator.start();
        const std::string users = user.users();
        for (int i = 0; i < added; ++i) {
            INFO(i);
            CHECK(users.find("\nU" + std::to_string(i) + " ") != std::string::npos);
        }
    }
}

TEST_CASE("a stopped simulator goes on where it was, and a second one is refused its state") {
    Simulator simulator;
    const Operator user(simulator, GENERATE(Way::mount, Way::tcp));
    user.make_mbk();
    user.admin_does({"AddUser=CLERK,00000002,hmacpwd,clerks-secret"});
    const std::string users = user.users();
    simulator.stop();
    require_no_device(user.csadm({"GetState"}));
    simulator.start();
    CHECK(user.users() == users);

    const Outcome second =
        user.tool("cs2sim", {"start", "--state", simulator.state(), "--device", user.file("other")});
    CHECK(second.status != 0);
    CHECK(second.err.find("taken") != std::string::npos);
    CHECK(user.users() == users);
}
