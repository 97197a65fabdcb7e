// cs2sim replay: sends what was recorded again, and compares the answers.
//
// A sealed session cannot be sent again byte for byte, since its keys were agreed by both sides: of such a
// session the commands inside were recorded, and they run in a session of one's own (--logon), connection by
// connection in the order in which they came.
#include "tools/trace/trace.h"

#include <cstdlib>
#include <iostream>
#include <map>
#include <set>

#include "firmware/protocol/frame.h"
#include "host-lib/cards/key_source.h"
#include "host-lib/link/device.h"
#include "host-lib/link/transport.h"
#include "tools/instance/instance.h"
#include "tools/trace/trace_record.h"

namespace cs2sim {
namespace {

struct Options {
    std::string file;
    std::string device;
    std::vector<std::string> logons;
    bool codes_only = false;
};

// Commands that begin, end or carry sessions: they are this program's own when it replays.
constexpr std::uint8_t kSessionKeeping[] = {SFC_CMDS_OPEN_SESSION,   SFC_CMDS_CLOSE_SESSION,
                                            SFC_CMDS_SECURE_MESSAGE, SFC_CMDS_GET_CHALLENGE,
                                            SFC_CMDS_LOGON,          SFC_CMDS_LOGOFF};

// Functions whose good answers differ each time by nature: of these only the codes are compared.
constexpr std::string_view kVarying[] = {"CMDS.GET_CHALLENGE",
                                         "CMDS.OPEN_SESSION",
                                         "CMDS.BACKUP_USER",
                                         "ADM.GET_TIME",
                                         "ADM.GET_STATE",
                                         "ADM.GET_BATT_STATE",
                                         "ADM.GET_BOOT_LOG",
                                         "ADM.GET_AUDIT_LOG",
                                         "ADM.MEM_INFO",
                                         "ADM.GET_INFO",
                                         "ADM.CSL_GET_LOAD",
                                         "ADM.CSL_GET_STATUS",
                                         "ADM.CSL_GET_CONNECTIONS",
                                         "ADM.BACKUP_READ",
                                         "ADM.TEST",
                                         "MBK.GENERATE",
                                         "CXI.RND_GEN",
                                         "CXI.SIGN",
                                         "CXI.KEY_BACKUP",
                                         "CXI.KEY_EXPORT",
                                         "CXI.KEY_WRAP",
                                         "CXI.KEY_PAIR_GEN",
                                         "CXI.CRYPT"};

bool is_session_keeping(const Exchange& exchange) {
    if (!exchange.known || exchange.fc != FC_CMDS) return false;
    if (exchange.session == 0)
        return exchange.sfc == SFC_CMDS_OPEN_SESSION || exchange.sfc == SFC_CMDS_SECURE_MESSAGE;
    return std::ranges::find(kSessionKeeping, exchange.sfc) != std::end(kSessionKeeping);
}

std::string name_of(const Exchange& exchange) {
    const FunctionSignature* function = find_function(exchange.fc, exchange.sfc);
    return function ? std::string(function->module) + "." + std::string(function->name) : "unknown function";
}

bool has_secret(const Exchange& exchange) {
    const FunctionSignature* function = find_function(exchange.fc, exchange.sfc);
    return function && function->request.has_secrets();
}

class Replay {
public:
    Replay(const Options& options, bool with_secrets) : options_(options), with_secrets_(with_secrets) {}

    Result<void> send(const Exchange& exchange) {
        ++number_;
        if (!exchange.whole) return skip(exchange, "was recorded in part");
        const bool keeps_sessions = is_session_keeping(exchange);
        if (keeps_sessions && exchange.code != 0)
            return skip(exchange,
                        "failed with " + words(exchange.code) + ", and sessions are this program's own");
        if (keeps_sessions) {  // this program's own sessions take their place
            ++keeping_;
            return {};
        }
        if (exchange.known && !with_secrets_ && has_secret(exchange))
            return skip(exchange, "holds masked secrets");
        if (exchange.session != 0) return send_inside(exchange);
        return send_frame(exchange);
    }

    int report() const {
        std::cout << same_ << " answers as recorded, " << different_ << " different, " << skipped_
                  << " not sent, " << keeping_ << " that only kept sessions\n";
        return different_ == 0 && skipped_ == 0 ? 0 : 1;
    }

private:
    Result<void> skip(const Exchange& exchange, std::string_view why) {
        ++skipped_;
        std::cout << number_ << "  " << name_of(exchange) << "  not sent: " << why << '\n';
        return {};
    }

    Result<void> send_frame(const Exchange& exchange) {
        auto& transport = transports_[exchange.connection];
        if (!transport) {
            CS2SIM_TRY_LET(address, host::parse_device_address(options_.device));
            CS2SIM_TRY_LET(connected, host::connect_transport(address, host::Milliseconds(5000)));
            transport = std::move(connected);
        }
        CS2SIM_TRY_LET(frame, transport->exchange(exchange.request, host::Milliseconds(60000)));
        const auto answer = parse_answer(frame);
        const auto recorded = parse_answer(exchange.answer);
        compare(exchange, answer ? 0 : answer.error().code, answer ? *answer : ByteView(),
                recorded ? *recorded : ByteView());
        return {};
    }

    Result<void> send_inside(const Exchange& exchange) {
        if (options_.logons.empty()) return skip(exchange, "ran inside a session; give --logon USER,KEY");
        auto& device = devices_[exchange.session];
        if (!device) {
            CS2SIM_TRY_LET(opened, host::Device::open(options_.device));
            device = std::move(opened);
            for (const std::string& logon : options_.logons) CS2SIM_TRY(log_on(*device, logon));
        }
        const auto answer = device->execute_block(exchange.fc, exchange.sfc, exchange.request);
        compare(exchange, answer ? 0 : answer.error().code, answer ? ByteView(*answer) : ByteView(),
                exchange.answer);
        return {};
    }

    static Result<void> log_on(host::Device& device, const std::string& logon) {
        const std::size_t comma = logon.find(',');
        if (comma == std::string::npos) return fail(E_CSA_PARAM);
        const std::string secret = logon.substr(comma + 1);
        // A key file when there is one of that name, else a password.
        auto key = host::open_key_source(secret);
        if (!key && key.error().code == E_CSA_KEY_OPEN) key = host::password_source(as_bytes(secret));
        CS2SIM_TRY(key);
        return device.logon(logon.substr(0, comma), **key);
    }

    void compare(const Exchange& exchange, std::uint32_t code, ByteView answer, ByteView recorded) {
        const std::string name = name_of(exchange);
        // Masked answers cannot be compared; without secrets in the answer's layout nothing was masked.
        const FunctionSignature* function = find_function(exchange.fc, exchange.sfc);
        const bool comparable = !options_.codes_only &&
                                std::ranges::find(kVarying, name) == std::end(kVarying) && function &&
                                (with_secrets_ || !function->answer.has_secrets());
        if (code != exchange.code) {
            ++different_;
            std::cout << number_ << "  " << name << "  recorded " << words(exchange.code) << ", now "
                      << words(code) << '\n';
        } else if (comparable && !std::ranges::equal(answer, recorded)) {
            ++different_;
            std::cout << number_ << "  " << name << "  another answer\n    recorded "
                      << fields_of(function->answer, recorded) << "\n    now      "
                      << fields_of(function->answer, answer) << '\n';
        } else {
            ++same_;
        }
    }

    static std::string words(std::uint32_t code) {
        if (code == 0) return "ok";
        std::string text = describe(code);
        return text.substr(6, 8);  // the number behind "Error "
    }

    const Options& options_;
    const bool with_secrets_;
    std::map<std::uint32_t, std::unique_ptr<host::Transport>> transports_;  // by recorded connection
    std::map<std::uint32_t, std::unique_ptr<host::Device>> devices_;        // by recorded session
    std::size_t number_ = 0;
    std::size_t same_ = 0;
    std::size_t different_ = 0;
    std::size_t skipped_ = 0;
    std::size_t keeping_ = 0;
};

std::string device_of(const Options& options, const std::string& state) {
    if (!options.device.empty()) return options.device;
    if (const char* device = std::getenv("CRYPTOSERVER"); device && state.empty()) return device;
    const auto record = read_record(state_folder(state));
    if (record && !record->devices.empty()) return record->devices.front();
    return record && !record->listen.empty() ? record->listen.front() : "";
}

int run(Options options, const std::string& state) {
    options.device = device_of(options, state);
    const auto recording = read_recording(options.file);
    if (!recording) {
        std::cerr << "cs2sim: " << recording.error() << '\n';
        return 2;
    }
    if (options.device.empty()) {
        std::cerr << "cs2sim: which device? Give --device or --state\n";
        return 2;
    }
    Replay replay(options, recording->with_secrets);
    for (const Exchange& exchange : recording->exchanges)
        if (const auto sent = replay.send(exchange); !sent) {
            std::cerr << describe(sent.error().code);
            return 2;
        }
    return replay.report();
}

}  // namespace

void add_replay_command(CLI::App& app, CommandLine& line) {
    CLI::App* command = with_state(
        app.add_subcommand("replay", "send again what `cs2sim trace --record` wrote, compare the answers"),
        line);
    const auto options = std::make_shared<Options>();
    command->add_option("file", options->file, "the recording")->required();
    command->add_option("--device", options->device,
                        "device specifier; default: that of --state, or CRYPTOSERVER");
    command->add_option("--logon", options->logons,
                        "USER,KEYFILE or USER,PASSWORD: for what was recorded inside sessions");
    command->add_flag("--codes-only", options->codes_only, "compare results, not answers");
    command->callback([options, &line] { line.exit_status = run(*options, line.state); });
}

}  // namespace cs2sim
