#include "tools/session/progress.h"

#include <unistd.h>

#include <cstdio>

namespace cs2sim::tools {
namespace {
constexpr std::chrono::milliseconds kPause{250};
}  // namespace

Progress::Progress(std::string what)
    : what_(std::move(what)),
      terminal_(::isatty(STDERR_FILENO) == 1),
      next_(std::chrono::steady_clock::now() + kPause) {}

Progress::~Progress() {
    if (shown_) std::fputs("\r\033[K", stderr);
}

void Progress::show(std::uint64_t entries) {
    if (!terminal_ || std::chrono::steady_clock::now() < next_) return;
    std::fprintf(stderr, "\r%s: %llu entries", what_.c_str(), static_cast<unsigned long long>(entries));
    shown_ = true;
    next_ = std::chrono::steady_clock::now() + kPause;
}

}  // namespace cs2sim::tools
