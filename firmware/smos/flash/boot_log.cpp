#include "firmware/smos/flash/boot_log.h"

namespace cs2sim {

void BootLog::clear() {
    const std::lock_guard lock(mutex_);
    text_.clear();
    full_ = false;
}

void BootLog::add_within(std::size_t most, std::string_view line) {
    const std::lock_guard lock(mutex_);
    if (text_.size() + line.size() < most) {
        text_ += line;
        text_ += '\n';
    } else if (!full_) {
        full_ = true;
        text_ += "the boot log is full\n";
    }
}

void BootLog::add(std::string_view line) { add_within(kMost, line); }

void BootLog::warn(std::string_view line) {
    add_within(2 * kMost, line);
    if (listener_) listener_(line);
}

std::string BootLog::text() const {
    const std::lock_guard lock(mutex_);
    return text_;
}

}  // namespace cs2sim
