// A real simulator on a device node, with a user of the group BENCH, and clients of it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "firmware/protocol/cxi/property_list.h"
#include "host-lib/link/device.h"

namespace cs2sim::bench {

inline constexpr unsigned kClients = 4;

// Ends the program with the code's text when there is an error.
[[noreturn]] void stop_with(Error error);
template <class T>
T must(Result<T> result) {
    if (!result) stop_with(result.error());
    return *std::move(result);
}
inline void must(Result<void> result) {
    if (!result) stop_with(result.error());
}

class Simulator {
public:
    // Makes the state: a user, an MBK, and a profile that is se-gen2 with logon outside secure messaging.
    explicit Simulator(std::filesystem::path folder);
    ~Simulator() { stop(); }
    Simulator(const Simulator&) = delete;
    Simulator& operator=(const Simulator&) = delete;

    void start();
    void stop();
    std::filesystem::path state() const { return folder_ / "state"; }
    std::string node() const { return (folder_ / "cs2a").string(); }
    int pid() const;
    long resident_kilobytes() const;
    double processor_seconds() const;  // that the daemon has used

private:
    std::filesystem::path folder_;
    bool running_ = false;
};

// How a client logs on: `secure` seals every command and answer, `clear` proves the password once.
enum class Logon : std::uint8_t { none, clear, secure };
std::unique_ptr<host::Device> client(const Simulator& simulator, Logon logon);

PropertyList key_template(std::uint32_t algorithm, std::uint32_t bits, const std::string& name);
Bytes generate(host::Device& device, const PropertyList& list);

// How often in a second `kind`'s work is done by `clients` processes side by side, each made ready by
// `prepare` (in its own process) and then running what that returns until time is up.
using Work = std::function<void(std::uint64_t turn)>;
double rate(unsigned clients, double duration, const std::function<Work(unsigned number)>& prepare);

}  // namespace cs2sim::bench
