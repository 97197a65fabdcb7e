#include "firmware/protocol/databases.h"

#include "firmware/protocol/error.h"
#include "firmware/protocol/permissions.h"

namespace cs2sim {
namespace {

// Permissions: guide G3 (user.db 12000000, CXIKEY.db 02000000). VMBK1.db holds the master backup keys:
// public clients once read it with SFC 18 (device-formats.md, section 1.1). Codes of what stays inside:
// error-numbers.md, ADM.
constexpr DatabasePolicy kPolicies[] = {
    {kUserDatabase, {8, 100000}, permission::kUserBackup},
    {kKeyDatabase, {24, 100000}, permission::kSystemAdministrator},
    {kMasterKeyDatabase, {4, 100000}, permission::kSystemAdministrator, E_ADM_MBK_DB_OUT, E_ADM_MBK_DB_IN},
    {kSessionDatabase,
     {8, 100000},
     permission::kSystemAdministrator,
     E_ADM_SESSION_DB_OUT,
     E_ADM_SESSION_DB_IN},
    {"*", {8, 100000}, permission::kSystemAdministrator},
};

}  // namespace

std::span<const DatabasePolicy> database_policies() { return kPolicies; }

const DatabasePolicy* database_policy(std::string_view plain_name) {
    const DatabasePolicy* row = kPolicies;
    while (row->name != "*" && row->name != plain_name) ++row;
    return row;
}

}  // namespace cs2sim
