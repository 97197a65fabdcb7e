#include "tools/session/progress.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace cs2sim::tools {
namespace {
constexpr std::chrono::milliseconds kPause{250};
constexpr std::chrono::milliseconds kAtOnce{0};
constexpr std::uint64_t kMany = 100;  // fewer need no bar
constexpr std::uint64_t kWidth = 40;  // of the bar, in characters

std::string bar(std::uint64_t done, std::uint64_t total) {
    const auto full = static_cast<std::size_t>(done * kWidth / total);
    return "[" + std::string(full, '#') + std::string(kWidth - full, ' ') + "] " + std::to_string(done) +
           " of " + std::to_string(total);
}

}  // namespace

Progress::Progress(std::string what, std::uint64_t total)
    : what_(std::move(what)),
      total_(total),
      wanted_(::isatty(STDERR_FILENO) == 1 && (total == 0 || total >= kMany)),
      next_(std::chrono::steady_clock::now() + (total == 0 ? kPause : kAtOnce)) {}

Progress::~Progress() {
    if (shown_) std::fputs("\r\033[K", stderr);
}

void Progress::show(std::uint64_t entries) {
    const bool last = shown_ && entries == total_;
    if (!wanted_ || (!last && std::chrono::steady_clock::now() < next_)) return;
    const std::string text =
        total_ != 0 ? bar(std::min(entries, total_), total_) : std::to_string(entries) + " entries";
    std::fprintf(stderr, "\r%s: %s", what_.c_str(), text.c_str());
    shown_ = true;
    next_ = std::chrono::steady_clock::now() + kPause;
}

void Progress::finish(std::string_view text) {
    if (::isatty(STDERR_FILENO) != 1) return;
    std::fprintf(stderr, "%s%s: %.*s\n", shown_ ? "\r\033[K" : "", what_.c_str(), static_cast<int>(text.size()),
                 text.data());
    shown_ = false;
}

}  // namespace cs2sim::tools
