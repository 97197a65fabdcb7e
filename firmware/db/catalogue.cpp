#include "firmware/db/catalogue.h"

#include "firmware/protocol/permissions.h"

namespace cs2sim {
namespace {

// Permissions: guide G3 (user.db 12000000, CXIKEY.db 02000000). VMBK1.db holds the master backup keys:
// public clients once read it with SFC 18 (device-formats.md, section 1.1).
constexpr DatabasePolicy kPolicies[] = {
    {kUserDatabase, {8, 100000}, permission::kUserBackup, true},
    {kKeyDatabase, {24, 100000}, permission::kSystemAdministrator, true},
    {kMasterKeyDatabase, {4, 100000}, permission::kSystemAdministrator, false},
    {"*", {8, 100000}, permission::kSystemAdministrator, true},
};

}  // namespace

const DatabasePolicy* database_policy(std::string_view plain_name) {
    const DatabasePolicy* row = kPolicies;
    while (row->name != "*" && row->name != plain_name) ++row;
    return row;
}

}  // namespace cs2sim
