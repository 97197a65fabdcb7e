// One run of csadm or cxitool: its parameters, and one session with one device that all of its commands
// share.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "host-lib/cards/key_source.h"
#include "host-lib/link/device.h"

namespace cs2sim::tools {

class ToolSession {
public:
    explicit ToolSession(std::string program);  // "csadm": stands before its notes
    ~ToolSession();                             // logs off
    ToolSession(const ToolSession&) = delete;
    ToolSession& operator=(const ToolSession&) = delete;

    // Parameters (`Group=…`): a value stays for the commands to its right. Names in any case. Dev, Timeout
    // (milliseconds) and ChallengeLength are seen by device(): a new Dev= ends the session with the device
    // before.
    void set_parameter(std::string_view name, std::string value);
    std::optional<std::string> parameter(std::string_view name) const;
    std::string parameter_or(std::string_view name, std::string_view otherwise) const;

    // The device, opened at the first call: Dev=, else the environment's CRYPTOSERVER, else its misspelling
    // CRYPTOSEVER from the guide, with a note. The pointer is valid until Dev= or disconnect().
    // Errors: E_CSA_DEVICE_NAME when none is named, E_CSA_SYNTAX for a bad Timeout= or ChallengeLength=,
    // those of host::Device::open().
    Result<host::Device*> device();

    // Dev=, else CRYPTOSERVER; nothing where neither says.
    std::optional<std::string> known_specifier() const;

    // device() and host::Device::execute() in one.
    Result<host::Answer> execute(std::uint16_t fc, std::uint8_t sfc,
                                 std::initializer_list<Value> values = {});

    // Ends the session and the connection; the next command opens a new one.
    void disconnect();

    // Asks at /dev/tty, secrets without echo. Off a terminal: E_CSA_KEY_PASSWORD, and nobody confirms.
    const host::Terminal& terminal() const { return terminal_; }

    // One line to stderr that names the device and says why it does not answer.
    void note_device(Error error) const;

    // One line to stderr: "csadm: TEXT", of which the first 1,000 characters are shown.
    void note(std::string_view text) const;

    // note(), for somebody who watches: only where stderr is a terminal.
    void note_to_watcher(std::string_view text) const;

    // note(), of a refusal that this line tells whole: no usage and no error text follow. Gives E_CSA_SYNTAX.
    tl::unexpected<Error> refuse_in_one_line(std::string_view text);
    bool refused_in_one_line() const { return refused_in_one_line_; }

private:
    Result<std::string> specifier() const;

    std::string program_;
    std::map<std::string, std::string> parameters_;  // by lower-case name
    host::Terminal terminal_;
    std::unique_ptr<host::Device> device_;
    bool refused_in_one_line_ = false;
};

// Says why the words do not fit the command, whose usage follows. Gives E_CSA_SYNTAX.
tl::unexpected<Error> misused(const ToolSession& session, std::string_view why);

// Says that `word` is no value of the parameter, which one is near, and which there are. Gives E_CSA_SYNTAX.
tl::unexpected<Error> refuse_word(const ToolSession& session, std::string_view parameter,
                                  std::string_view word, std::span<const std::string_view> words);

}  // namespace cs2sim::tools
