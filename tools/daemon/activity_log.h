// What a simulator's log has beyond its ordinary lines, where --log-level asks for it: at debug who comes and
// goes and what is changed by the simulator's own commands, at trace every command besides. Never what is in
// one.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "driver/listener.h"
#include "firmware/device/device.h"
#include "firmware/protocol/block.h"
#include "tools/instance/start_options.h"

namespace cs2sim {

// `answerer`, whose conversations are told at the levels debug and trace: where each comes from, its
// sessions, its end. At other levels `answerer` itself, so that a command pays nothing.
Answerer told(Answerer answerer, Reach reach, const std::string& level);

// The version, the state, and the options in force as words of `cs2sim start`; for debug.
void tell_start_of(const StartOptions& options, bool is_new);

// While it lives, every command of every way in is told, as it was answered: for trace. It listens as `cs2sim
// trace` does, on a thread of its own. Must end before the device does.
class CommandLog {
public:
    explicit CommandLog(SimulatedDevice& device);
    ~CommandLog();
    CommandLog(const CommandLog&) = delete;
    CommandLog& operator=(const CommandLog&) = delete;

private:
    void listen();
    bool open();
    bool drain();
    Result<Bytes> ask(std::uint8_t sfc, std::initializer_list<Value> values);

    std::unique_ptr<Conversation> conversation_;
    std::uint64_t listener_ = 0;
    std::mutex mutex_;
    std::condition_variable change_;
    bool ended_ = false;
    std::thread thread_;
};

}  // namespace cs2sim
