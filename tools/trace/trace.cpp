// cs2sim trace: what goes through a running simulator, live, into a capture, into a recording.
#include "tools/trace/trace.h"

#include <chrono>
#include <csignal>
#include <iostream>
#include <optional>
#include <thread>

#include "tools/control/control.h"
#include "tools/instance/instance.h"
#include "tools/trace/trace_pcap.h"
#include "tools/trace/trace_record.h"

namespace cs2sim {
namespace {

volatile std::sig_atomic_t stopped = 0;

struct Options {
    std::string pcap;
    std::string record;
    bool with_secrets = false;
    bool envelopes = false;
    bool quiet = false;
    bool dissector = false;
    double seconds = 0;
    std::uint64_t count = 0;
};

// Where events go.
class Sinks {
public:
    explicit Sinks(const Options& options) : options_(options) {
        if (!options.pcap.empty()) pcap_.emplace(options.pcap);
        if (!options.record.empty()) record_.emplace(options.record, options.with_secrets);
    }
    bool good() const {
        if (pcap_ && !pcap_->good()) return complain(options_.pcap);
        if (record_ && !record_->good()) return complain(options_.record);
        return true;
    }
    void take(const TraceEvent& event) {
        ++seen_;
        if (pcap_) pcap_->add(event);
        if (record_) record_->add(event);
        // The envelope of a command that is shown itself says nothing more.
        const bool envelope = event.fc == FC_CMDS && event.sfc == SFC_CMDS_SECURE_MESSAGE && event.code == 0;
        if (!options_.quiet && (options_.envelopes || !envelope || event.action != 0))
            std::cout << text_of(event) << std::flush;
    }
    bool enough() const { return options_.count != 0 && seen_ >= options_.count; }

private:
    static bool complain(const std::string& path) {
        std::cerr << "cs2sim: " << path << " cannot be written\n";
        return false;
    }
    const Options& options_;
    std::optional<PcapFile> pcap_;
    std::optional<RecordFile> record_;
    std::uint64_t seen_ = 0;
};

Result<void> drain(host::Device& device, std::uint32_t listener, Sinks& sinks, const KnownModules& modules) {
    for (;;) {
        CS2SIM_TRY_LET(answer, control(device, SFC_SIM_TRACE_READ, {listener}));
        if (const std::uint64_t lost = answer.block.u64("lost"))
            std::cerr << "cs2sim: " << lost << " events lost: they came faster than they could be read\n";
        ByteView events = answer.block.bytes("events");
        if (events.empty()) return {};
        while (!events.empty()) {
            CS2SIM_TRY_LET(event, next_event(events, modules));
            sinks.take(event);
            if (sinks.enough()) return {};
        }
    }
}

Result<void> listen(host::Device& device, const Options& options, Sinks& sinks, const KnownModules& modules) {
    CS2SIM_TRY_LET(opened, control(device, SFC_SIM_TRACE_OPEN, {options.with_secrets}));
    const std::uint32_t listener = opened.block.u32("listener");
    std::cerr << "cs2sim: listening\n";  // scripts wait for it
    const auto began = std::chrono::steady_clock::now();
    const auto over = [&] {
        const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - began;
        return stopped != 0 || sinks.enough() || (options.seconds > 0 && passed.count() > options.seconds);
    };
    while (!over()) {
        CS2SIM_TRY(drain(device, listener, sinks, modules));
        if (!over()) std::this_thread::sleep_for(std::chrono::milliseconds(25));
    }
    if (!sinks.enough()) CS2SIM_TRY(drain(device, listener, sinks, modules));
    CS2SIM_TRY(control(device, SFC_SIM_TRACE_CLOSE, {listener}));
    return {};
}

int run(const std::string& state, const Options& options) {
    if (options.dissector) {
        std::cout << dissector();
        return 0;
    }
    Sinks sinks(options);
    if (!sinks.good()) return 1;
    for (const int number : {SIGINT, SIGTERM}) std::signal(number, [](int) { stopped = 1; });
    const KnownModules modules(state_folder(state));
    return with_control(state, [&](host::Device& device) { return listen(device, options, sinks, modules); });
}

}  // namespace

void add_trace_command(CLI::App& app, CommandLine& line) {
    CLI::App* command =
        with_state(app.add_subcommand(
                       "trace", "show live what goes through a simulator, secrets masked; ends by Ctrl-C"),
                   line);
    const auto options = std::make_shared<Options>();
    command->add_option("--pcap", options->pcap, "write a capture for Wireshark too");
    command->add_option("--record", options->record, "write a recording for `cs2sim replay` too");
    command->add_flag("--with-secrets", options->with_secrets,
                      "leave secrets in capture and recording as they came (the display masks them still)");
    command->add_flag("--envelopes", options->envelopes,
                      "show the frames that carry sealed commands as well");
    command->add_flag("--quiet", options->quiet, "show nothing, write files only");
    command->add_option("--seconds", options->seconds, "end after so long");
    command->add_option("--count", options->count, "end after so many events");
    command->add_flag("--dissector", options->dissector, "print the Wireshark dissector and end");
    command->callback([options, &line] { line.exit_status = run(line.state, *options); });
}

}  // namespace cs2sim
