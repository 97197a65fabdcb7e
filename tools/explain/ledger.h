// The ledger of what is known of real devices and what is assumed: one row a function, layout, code, profile
// value, output text and function of the SDK, each with an identity by which somebody with a real device can
// say that it is wrong.
#pragma once

#include <string>
#include <vector>

namespace cs2sim {

struct LedgerRow {
    std::string kind;    // "function", "layout", "code", "profile", "text", "sdk"
    std::string id;      // unique within its kind: "ADM.BACKUP_OPEN", "B0870F01", "se-gen2.session_seconds"
    bool known = false;  // else assumed
    std::string source;  // where it is from; "ours" when nowhere
    std::string reach;   // who would notice that it is wrong
};

std::vector<LedgerRow> ledger();

// A line a row: kind, identity, status, source, reach.
std::string ledger_text(const std::vector<LedgerRow>& rows);

// A table of the kinds with their numbers of known and assumed rows, as the README shows it.
std::string ledger_sums(const std::vector<LedgerRow>& rows);

}  // namespace cs2sim
