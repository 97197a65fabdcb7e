// Fault rules: which commands they match, and what they do to them. Rules are data; the text form is the same
// on the command line (`cs2sim fault add`) and in TOML scripts.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>
#include <vector>

#include "firmware/protocol/bytes.h"
#include "firmware/protocol/error.h"

namespace cs2sim {

enum class FaultAction : std::uint8_t {
    error,                // answers `code`
    delay,                // waits: value ms, up to spread ms (uniform)
    delay_exponential,    // waits: mean of value ms
    delay_normal,         // waits: mean of value ms, deviation of spread ms
    drop,                 // does the command, never answers
    truncate,             // sends the first `value` bytes of the answer frame; the connection stays
    cut,                  // the same, then closes the connection
    corrupt,              // inverts the byte at offset `value` of the answer frame
    close,                // does the command, closes the connection in place of the answer
    crash,                // the daemon dies before the command
    crash_before_commit,  // … when everything is written and nothing durable
    crash_after_commit,   // … when it is durable and not answered
    alarm,                // raises the alarm `value` (Alarm)
    no_space,             // flash and databases are full for this command
    fail_write,           // the `value`th record that the command writes fails with `code`
    drain,                // empties a battery: 0 carrier, 1 external, 2 both
    clock,                // jumps by `value` ms
    no_memory,            // E_CMDS_NO_MEM
    no_sessions,          // the session table is full: E_CMDS_NO_MEM for CMDS.OPEN_SESSION
    expire_session,       // the session runs out in the middle of the command: E_CMDS_SM_EXPIRED
    flip_mbk,             // another MBK lies in slot 3 from now on
    mode,                 // switches to the mode `value` (kDeviceModes)
    restart,              // the device restarts after the answer
    slot_event,           // PKCS#11 callers hear of an event of slot `value`
};

struct FaultRule {
    // What it matches. Empty or 0 = everything.
    std::string function;       // "ADM.BACKUP_READ", "087.41", "BACKUP_READ", or a module: "ADM", "087"
    std::string user;           // short or long name of a user logged on, or logging on
    std::uint32_t session = 0;  // in text decimal, or 0x… as `cs2sim trace` shows it
    std::string database;       // "user.db"
    Bytes key;                  // search key of a record; filled up with zeros
    std::string connection;     // part of the peer's name: "tcp", "4711@127.0.0.1", "pid 812"
    std::uint32_t nth = 1;      // the first match that is hit
    std::uint32_t times = 0;    // how many are hit from there on; 0 = all
    std::uint32_t millionths = 1000000;  // probability of each
    std::uint64_t seed = 0;              // of the random draws: same seed, same draws
    std::uint32_t from = 0;              // time window in ms since the rule was armed
    std::uint32_t until = 0;             // 0 = for ever

    FaultAction action = FaultAction::error;
    std::uint32_t code = 0;
    std::int64_t value = 0;
    std::int64_t spread = 0;
};

// Pairs of key and value: function, user, session, database, key, connection, nth, times, probability, seed,
// from, until (seconds), and do (see fault_actions()). With nth and without times, one match is hit.
// Error: words for the operator.
using RuleText = std::span<const std::pair<std::string, std::string>>;
tl::expected<FaultRule, std::string> parse_rule(RuleText text);

// The inverse of parse_rule(), for lists: `function=ADM.BACKUP_READ nth=3 do=error=B0830063`.
std::string text_of(const FaultRule& rule);

// By LAYOUT_FAULT_RULE, and back. Error: E_SIM_PARAM.
// No rule is longer when encoded: longer ones are refused.
inline constexpr std::size_t kLongestRule = 4096;
Result<Bytes> encode_rule(const FaultRule& rule);  // E_CMDS_BAD_SIZE: a part over 65,535 bytes
Result<FaultRule> decode_rule(ByteView encoded);

// FC and SFC of a function's name or number; SFC empty for a whole module; nothing when there is none.
struct FunctionPattern {
    std::uint16_t fc = 0;
    std::optional<std::uint8_t> sfc;
};
std::optional<FunctionPattern> find_function_pattern(std::string_view text);

// The kinds of alarm and the modes by the names that rules, `cs2sim alarm` and `cs2sim mode` take; `value` is
// the position in the list.
inline constexpr std::string_view kAlarmNames[] = {"off", "batteries", "temperature", "tamper"};
inline constexpr std::string_view kBatteryNames[] = {"carrier", "external", "both"};
inline constexpr std::string_view kDeviceModes[] = {"operational", "admin",      "maintenance", "bootloader",
                                                    "fips",        "fips-error", "cc",          "cc-error"};

// A code as "B0830063", "0xB0830063" or "CMDS.CHALLENGE_LEN" ("E_CMDS_CHALLENGE_LEN"); 0 when it is none that
// the tables know.
std::uint32_t find_code(std::string_view text);

// "error", "delay", …: what may stand behind `do=`, without its argument.
std::vector<std::string_view> fault_action_names();

// "error=CODE", "delay=MS|MIN-MAX|…", … one line each, for help texts.
std::string fault_actions();

}  // namespace cs2sim
