// The guess how long a session's next command takes, by its last: commands of one session are much alike.
// Brisk ones and those that compute for a moment need a core; of those that wait for a disk there can be many
// at a time.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

namespace cs2sim {

class Pace {
public:
    // Whether the next command is expected to take long. From any thread.
    bool expects_long() const { return last_ == Kind::waiting; }

    // Around a command, on the thread that runs it.
    class Measurement {
    public:
        explicit Measurement(Pace& pace);
        ~Measurement();
        Measurement(const Measurement&) = delete;
        Measurement& operator=(const Measurement&) = delete;

    private:
        Pace& pace_;
        const long slept_;
        const std::chrono::steady_clock::time_point begin_;
    };

private:
    enum class Kind : std::uint8_t { brisk, computing, waiting };
    std::atomic<Kind> last_{Kind::waiting};  // until the first command tells
};

}  // namespace cs2sim
