// The text form of fault rules.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include "firmware/faults/rules/rule.h"

namespace cs2sim {
namespace {

using Problem = tl::unexpected<std::string>;
using Done = tl::expected<void, std::string>;

std::optional<double> decimal(std::string_view text) {
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value))
        return std::nullopt;
    return value;
}

template <class Number>
std::optional<Number> whole(std::string_view text) {
    Number value = 0;
    if (text.starts_with('+')) text.remove_prefix(1);
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

// What may stand behind the name of an action.
enum class Argument { none, code, milliseconds, bytes, seconds, record, alarm, battery, mode, slot };

struct ActionRow {
    std::string_view name;
    FaultAction action;
    Argument argument;
    std::string_view help;
};
constexpr ActionRow kActions[] = {
    {"error", FaultAction::error, Argument::code, "CODE: answers it, e.g. B0830063 or CMDS.CHALLENGE_LEN"},
    {"delay", FaultAction::delay, Argument::milliseconds,
     "MS, MIN-MAX, exponential:MEAN or normal:MEAN:DEVIATION: answers later"},
    {"drop", FaultAction::drop, Argument::none, "does the command, never answers"},
    {"truncate", FaultAction::truncate, Argument::bytes, "N: sends the first N bytes of the answer only"},
    {"cut", FaultAction::cut, Argument::bytes, "N: the same, then closes the connection"},
    {"corrupt", FaultAction::corrupt, Argument::bytes, "N: inverts the byte at offset N of the answer"},
    {"close", FaultAction::close, Argument::none, "does the command, closes the connection"},
    {"crash", FaultAction::crash, Argument::none, "the daemon dies before the command"},
    {"crash-before-commit", FaultAction::crash_before_commit, Argument::none,
     "the daemon dies with everything written and nothing durable"},
    {"crash-after-commit", FaultAction::crash_after_commit, Argument::none,
     "the daemon dies with everything durable and nothing answered"},
    {"alarm", FaultAction::alarm, Argument::alarm, "batteries, temperature or tamper"},
    {"no-space", FaultAction::no_space, Argument::none, "flash and databases are full"},
    {"fail-write", FaultAction::fail_write, Argument::record,
     "N[,CODE]: the Nth record written fails (DB.COR_FILE)"},
    {"drain", FaultAction::drain, Argument::battery, "carrier, external or both"},
    {"clock", FaultAction::clock, Argument::seconds, "SECONDS: jumps, back with a minus"},
    {"no-memory", FaultAction::no_memory, Argument::none, "no memory left for the command"},
    {"no-sessions", FaultAction::no_sessions, Argument::none, "no session left to open"},
    {"expire-session", FaultAction::expire_session, Argument::none, "the session runs out in the command"},
    {"flip-mbk", FaultAction::flip_mbk, Argument::none, "another MBK lies in slot 3 from now on"},
    {"mode", FaultAction::mode, Argument::mode,
     "operational, admin, maintenance, bootloader, fips, fips-error, cc or cc-error"},
    {"restart", FaultAction::restart, Argument::none, "the device restarts after the answer"},
    {"slot-event", FaultAction::slot_event, Argument::slot,
     "SLOT: C_WaitForSlotEvent of PKCS#11 callers gives that slot"},
};

Done read_milliseconds(FaultRule& rule, std::string_view text) {
    constexpr std::int64_t kLongest = 3600000;
    const auto colon = text.find(':');
    const std::string_view kind = colon == std::string_view::npos ? "" : text.substr(0, colon);
    std::string_view first = kind.empty() ? text : text.substr(colon + 1);
    std::string_view second;
    if (const auto split = first.find(kind.empty() ? '-' : ':'); split != std::string_view::npos) {
        second = first.substr(split + 1);
        first = first.substr(0, split);
    }
    const auto value = whole<std::int64_t>(first);
    const auto spread = second.empty() ? std::optional<std::int64_t>(0) : whole<std::int64_t>(second);
    if (!value || !spread || *value < 0 || *value > kLongest || *spread < 0 || *spread > kLongest)
        return Problem("delay is not in ms, 0 to 3600000");
    rule.value = *value;
    rule.spread = *spread;
    if (kind == "exponential" && second.empty()) {
        rule.action = FaultAction::delay_exponential;
    } else if (kind == "normal" && !second.empty()) {
        rule.action = FaultAction::delay_normal;
    } else if (!kind.empty()) {
        return Problem("delay is MS, MIN-MAX, exponential:MEAN or normal:MEAN:DEVIATION");
    } else if (!second.empty() && rule.spread < rule.value) {
        return Problem("delay MIN-MAX has its ends the wrong way round");
    }
    return {};
}

Done read_record(FaultRule& rule, std::string_view text) {
    const auto comma = text.find(',');
    const auto record = whole<std::uint32_t>(text.substr(0, comma));
    if (!record || *record == 0) return Problem("records count from 1");
    rule.value = *record;
    rule.code = comma == std::string_view::npos ? E_DB_COR_FILE : find_code(text.substr(comma + 1));
    if (rule.code == 0) return Problem("no error code '" + std::string(text.substr(comma + 1)) + "'");
    return {};
}

Done read_name(FaultRule& rule, std::string_view text, std::span<const std::string_view> names) {
    const auto found = std::ranges::find(names, text);
    if (found == names.end()) {
        std::string words = "'" + std::string(text) + "' is none of";
        for (const std::string_view name : names) words += " " + std::string(name);
        return Problem(words);
    }
    rule.value = found - names.begin();
    return {};
}

Done read_argument(FaultRule& rule, Argument kind, std::string_view text) {
    switch (kind) {
        case Argument::none:
            return text.empty() ? Done() : Problem("'" + std::string(text) + "' is one too many");
        case Argument::code:
            rule.code = find_code(text);
            return rule.code != 0 ? Done() : Problem("no error code '" + std::string(text) + "'");
        case Argument::milliseconds:
            return read_milliseconds(rule, text);
        case Argument::bytes: {
            const auto bytes = whole<std::uint32_t>(text);
            if (!bytes) return Problem("'" + std::string(text) + "' is no number of bytes");
            rule.value = *bytes;
            return {};
        }
        case Argument::seconds: {
            const auto seconds = decimal(text.starts_with('+') ? text.substr(1) : text);
            if (!seconds || std::abs(*seconds) > 4e9)
                return Problem("'" + std::string(text) + "' are no seconds");
            rule.value = std::llround(*seconds * 1000);
            return {};
        }
        case Argument::record:
            return read_record(rule, text);
        case Argument::alarm:
            if (text == kAlarmNames[0]) return Problem("a fault raises an alarm and resets none");
            return read_name(rule, text, kAlarmNames);
        case Argument::battery:
            return read_name(rule, text, kBatteryNames);
        case Argument::mode:
            return read_name(rule, text, kDeviceModes);
        case Argument::slot: {
            const auto slot = whole<std::uint16_t>(text);
            if (!slot) return Problem("'" + std::string(text) + "' is no slot");
            rule.value = *slot;
            return {};
        }
    }
    return {};
}

Done read_action(FaultRule& rule, std::string_view text) {
    const auto split = text.find('=');
    const std::string_view name = text.substr(0, split);
    const auto row = std::ranges::find(kActions, name, &ActionRow::name);
    if (row == std::end(kActions))
        return Problem("no fault '" + std::string(name) + "'; there are:\n" + fault_actions());
    rule.action = row->action;
    const std::string_view argument = split == std::string_view::npos ? "" : text.substr(split + 1);
    if (auto done = read_argument(rule, row->argument, argument); !done)
        return Problem("do=" + std::string(name) + ": " + done.error());
    return {};
}

template <class Number>
Done read_number(Number& out, std::string_view text, std::string_view what) {
    const auto value = whole<Number>(text);
    if (!value) return Problem(std::string(what) + " '" + std::string(text) + "' is no whole number");
    out = *value;
    return {};
}

Done read_seconds(std::uint32_t& out, std::string_view text) {
    const auto seconds = decimal(text);
    if (!seconds || *seconds < 0 || *seconds > 4e6)
        return Problem("'" + std::string(text) + "' are no seconds since the rule is armed");
    out = static_cast<std::uint32_t>(std::llround(*seconds * 1000));
    return {};
}

Done read_probability(FaultRule& rule, std::string_view text) {
    const auto probability = decimal(text);
    if (!probability || *probability < 0 || *probability > 1)
        return Problem("probability '" + std::string(text) + "' is not between 0 and 1");
    rule.millionths = static_cast<std::uint32_t>(std::lround(*probability * 1e6));
    return {};
}

// As `cs2sim trace` shows it, or in decimal.
Done read_session(FaultRule& rule, std::string_view text) {
    if (!text.starts_with("0x")) return read_number(rule.session, text, "session");
    const auto [end, error] = std::from_chars(text.data() + 2, text.data() + text.size(), rule.session, 16);
    if (error != std::errc() || end != text.data() + text.size())
        return Problem("session '" + std::string(text) + "' is no number of a session");
    return {};
}

// In hexadecimal behind "0x", else as text.
Done read_key(FaultRule& rule, std::string_view text) {
    if (!text.starts_with("0x")) {
        rule.key = to_bytes(as_bytes(text));
    } else if (!from_hex(text.substr(2), rule.key)) {
        return Problem("key '" + std::string(text) + "' is not whole hexadecimal bytes");
    }
    return {};
}

Done read_field(FaultRule& rule, const std::string& key, const std::string& value) {
    if (value.empty()) return Problem("'" + key + "' is empty");
    if (value.size() > 255) return Problem("'" + key + "' is too long");
    if (key == "function") return rule.function = value, Done();
    if (key == "user") return rule.user = value, Done();
    if (key == "session") return read_session(rule, value);
    if (key == "database") return rule.database = value, Done();
    if (key == "key") return read_key(rule, value);
    if (key == "connection") return rule.connection = value, Done();
    if (key == "nth") return read_number(rule.nth, value, key);
    if (key == "times") return read_number(rule.times, value, key);
    if (key == "probability") return read_probability(rule, value);
    if (key == "seed") return read_number(rule.seed, value, key);
    if (key == "from") return read_seconds(rule.from, value);
    if (key == "until") return read_seconds(rule.until, value);
    if (key == "do") return read_action(rule, value);
    return Problem("'" + key + "' is nothing that a rule has");
}

std::string seconds_text(std::int64_t milliseconds) {
    std::string text = std::to_string(std::abs(milliseconds) / 1000);
    if (const auto rest = std::abs(milliseconds) % 1000; rest != 0)
        text += "." + std::to_string(1000 + rest).substr(1);
    return (milliseconds < 0 ? "-" : "") + text;
}

std::string action_text(const FaultRule& rule) {
    const std::string value = std::to_string(rule.value);
    const std::string spread = std::to_string(rule.spread);
    if (rule.action == FaultAction::delay_exponential) return "delay=exponential:" + value;
    if (rule.action == FaultAction::delay_normal) return "delay=normal:" + value + ":" + spread;
    const auto row = std::ranges::find(kActions, rule.action, &ActionRow::action);
    std::string name(row->name);
    switch (row->argument) {
        case Argument::none:
            return name;
        case Argument::code:
            return name + "=" + hex_code(rule.code);
        case Argument::milliseconds:
            return name + "=" + value + (rule.spread > 0 ? "-" + spread : "");
        case Argument::bytes:
        case Argument::slot:
            return name + "=" + value;
        case Argument::seconds:
            return name + "=" + seconds_text(rule.value);
        case Argument::record:
            return name + "=" + value + "," + hex_code(rule.code);
        case Argument::alarm:
            return name + "=" + std::string(kAlarmNames[rule.value & 3]);
        case Argument::battery:
            return name + "=" + std::string(kBatteryNames[rule.value % 3]);
        case Argument::mode:
            return name + "=" + std::string(kDeviceModes[rule.value & 7]);
    }
    return name;
}

}  // namespace

tl::expected<FaultRule, std::string> parse_rule(RuleText text) {
    FaultRule rule;
    bool has_nth = false;
    bool has_times = false;
    bool has_action = false;
    for (const auto& [key, value] : text) {
        CS2SIM_TRY(read_field(rule, key, value));
        has_nth |= key == "nth";
        has_times |= key == "times";
        has_action |= key == "do";
    }
    if (!has_action) return Problem("the rule does nothing: 'do' is missing; there are:\n" + fault_actions());
    if (has_nth && !has_times) rule.times = 1;
    return rule;
}

std::string text_of(const FaultRule& rule) {
    std::string text;
    const auto add = [&](std::string_view key, std::string_view value) {
        text += std::string(key) + "=" + std::string(value) + " ";
    };
    if (!rule.function.empty()) add("function", rule.function);
    if (!rule.user.empty()) add("user", rule.user);
    if (rule.session != 0) add("session", "0x" + hex_code(rule.session));
    if (!rule.database.empty()) add("database", rule.database);
    if (!rule.key.empty()) add("key", "0x" + to_hex(rule.key));
    if (!rule.connection.empty()) add("connection", rule.connection);
    if (rule.nth != 1 || rule.times != 0) add("nth", std::to_string(rule.nth));
    if (rule.nth != 1 || rule.times != 0) add("times", std::to_string(rule.times));
    if (rule.millionths != 1000000) {
        std::string digits = std::to_string(1000000 + rule.millionths).substr(1);
        while (digits.ends_with('0')) digits.pop_back();
        add("probability", "0." + digits);
    }
    if (rule.millionths != 1000000 || rule.seed != 0) add("seed", std::to_string(rule.seed));
    if (rule.from != 0) add("from", seconds_text(rule.from));
    if (rule.until != 0) add("until", seconds_text(rule.until));
    return text + "do=" + action_text(rule);
}

std::vector<std::string_view> fault_action_names() {
    std::vector<std::string_view> names;
    for (const ActionRow& row : kActions) names.push_back(row.name);
    return names;
}

std::string fault_actions() {
    std::string text;
    for (const ActionRow& row : kActions) {
        std::string line = "  " + std::string(row.name) + (row.argument == Argument::none ? "" : "=");
        line.resize(std::max<std::size_t>(line.size() + 1, 24), ' ');
        text += line + std::string(row.help) + "\n";
    }
    return text;
}

}  // namespace cs2sim
