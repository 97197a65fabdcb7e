// A cryptographic user of all groups, and cxitool in their hands.
#pragma once

#include <string>
#include <vector>

#include "test/scenario/expect.h"
#include "test/scenario/simulator.h"

namespace cs2sim::scenario {

inline void add_clerk(const Operator& user) {
    user.admin_does({"AddUser=CLERK,00000002{CXI_GROUP=*},hmacpwd,clerks-secret"});
}

inline Outcome cxitool(const Operator& user, std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "LogonPass=CLERK,clerks-secret");
    return user.tool("cxitool", std::move(arguments));
}

}  // namespace cs2sim::scenario
