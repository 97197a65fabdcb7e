#include "driver/pace.h"

#include <sys/resource.h>

namespace cs2sim {
namespace {

// Many times what it costs to have another thread take over; less than a commit to a disk.
constexpr auto kLong = std::chrono::microseconds(250);
// So long others may wait for a command that computes.
constexpr auto kTooLong = std::chrono::milliseconds(2);

// How often this thread has gone to sleep of itself.
long sleeps() {
    rusage usage{};
    return ::getrusage(RUSAGE_THREAD, &usage) == 0 ? usage.ru_nvcsw : 0;
}

}  // namespace

// To count sleeps is a system call, which a brisk command does not pay.
Pace::Measurement::Measurement(Pace& pace)
    : pace_(pace),
      slept_(pace.last_ == Kind::brisk ? 0 : sleeps()),
      begin_(std::chrono::steady_clock::now()) {}

Pace::Measurement::~Measurement() {
    const auto took = std::chrono::steady_clock::now() - begin_;
    if (took <= kLong)
        pace_.last_ = Kind::brisk;
    else if (took > kTooLong || (pace_.last_ != Kind::brisk && sleeps() != slept_))
        pace_.last_ = Kind::waiting;
    else
        pace_.last_ = Kind::computing;
}

}  // namespace cs2sim
