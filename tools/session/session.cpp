#include "tools/session/session.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "firmware/protocol/terminal_text.h"
#include "host-lib/link/apart.h"
#include "tools/session/arguments.h"
#include "tools/session/nearest_word.h"
#include "tools/session/output.h"
#include "tools/session/terminal.h"

namespace cs2sim::tools {
namespace {

std::string environment(const char* name) {
    const char* value = std::getenv(name);
    return value ? value : "";
}

}  // namespace

ToolSession::ToolSession(std::string program)
    : program_(std::move(program)), terminal_(controlling_terminal()) {}

ToolSession::~ToolSession() { disconnect(); }

void ToolSession::set_parameter(std::string_view name, std::string value) {
    if (same_word(name, "Dev") || same_word(name, "Timeout")) disconnect();
    parameters_[lower_case(name)] = std::move(value);
}

std::optional<std::string> ToolSession::parameter(std::string_view name) const {
    const auto found = parameters_.find(lower_case(name));
    if (found == parameters_.end()) return std::nullopt;
    return found->second;
}

std::string ToolSession::parameter_or(std::string_view name, std::string_view otherwise) const {
    return parameter(name).value_or(std::string(otherwise));
}

std::optional<std::string> ToolSession::known_specifier() const {
    if (auto given = parameter("Dev")) return given;
    if (auto usual = environment("CRYPTOSERVER"); !usual.empty()) return usual;
    return std::nullopt;
}

Result<std::string> ToolSession::specifier() const {
    if (auto known = known_specifier()) return *known;
    if (auto misspelt = environment("CRYPTOSEVER"); !misspelt.empty()) {
        note("CRYPTOSERVER is not set, taking the device from CRYPTOSEVER");
        return misspelt;
    }
    note("no device: give Dev=, or export CRYPTOSERVER");
    return fail(E_CSA_DEVICE_NAME);
}

Result<host::Device*> ToolSession::device() {
    if (!device_) {
        CS2SIM_TRY_LET(where, specifier());
        host::Timeouts timeouts;
        if (const auto text = parameter("Timeout")) {
            const auto milliseconds = parse_decimal(*text);
            if (!milliseconds || *milliseconds == 0) return fail(E_CSA_SYNTAX);
            timeouts.command = std::chrono::milliseconds(*milliseconds);
            timeouts.connect = std::min(timeouts.connect, timeouts.command);
        }
        CS2SIM_TRY_LET(opened, host::open_apart(where, timeouts));
        device_ = std::move(opened);
    }
    if (const auto text = parameter("ChallengeLength")) {
        CS2SIM_TRY_LET(length, parse_decimal(*text, UINT16_MAX));
        device_->set_challenge_length(static_cast<std::uint16_t>(length));
    }
    return device_.get();
}

Result<host::Answer> ToolSession::execute(std::uint16_t fc, std::uint8_t sfc,
                                          std::initializer_list<Value> values) {
    CS2SIM_TRY_LET(opened, device());
    return opened->execute(fc, sfc, values);
}

void ToolSession::disconnect() {
    if (!device_) return;
    (void)device_->logoff();  // the connection ends next, and with it whatever is left of the session
    device_.reset();
}

void ToolSession::note_device(Error error) const {
    const auto known = known_specifier();
    const std::string where = known.value_or(environment("CRYPTOSEVER"));
    if (!where.empty()) return note("device " + where + ": " + error_text(error.code));
    if (known) note("Dev= names no device");  // what names none at all is told by device()
}

void ToolSession::note(std::string_view text) const {
    constexpr std::size_t kMost = 1000;  // an argument may have 64 KiB, a terminal shall not
    const bool cut = text.size() > kMost;
    text = text.substr(0, kMost);
    std::fflush(stdout);  // keeps the order when both go to one place
    // What was typed or read may stand in it; its own lines stay lines.
    std::fprintf(stderr, "%s: %s%s\n", program_.c_str(), terminal_lines(text).c_str(), cut ? "..." : "");
}

void ToolSession::note_to_watcher(std::string_view text) const {
    if (::isatty(STDERR_FILENO) == 1) note(text);
}

tl::unexpected<Error> ToolSession::refuse_in_one_line(std::string_view text) {
    note(text);
    refused_in_one_line_ = true;
    return fail(E_CSA_SYNTAX);
}

tl::unexpected<Error> misused(const ToolSession& session, std::string_view why) {
    session.note(why);
    return fail(E_CSA_SYNTAX);
}

tl::unexpected<Error> refuse_word(const ToolSession& session, std::string_view parameter,
                                  std::string_view word, std::span<const std::string_view> words) {
    std::string text = std::string(parameter) + "= has no '" + std::string(word.substr(0, 60)) + "'";
    if (const std::string meant = nearest_word(word, words); !meant.empty())
        text += ", did you mean " + meant + "?";
    text += "; it is one of";
    for (const std::string_view known : words) text += " " + std::string(known);
    return misused(session, text);
}

}  // namespace cs2sim::tools
