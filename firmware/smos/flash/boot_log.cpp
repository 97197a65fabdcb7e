#include "firmware/smos/flash/boot_log.h"

namespace cs2sim {

void BootLog::clear() {
    const std::lock_guard lock(mutex_);
    text_.clear();
}

void BootLog::add(std::string_view line) {
    const std::lock_guard lock(mutex_);
    text_ += line;
    text_ += '\n';
}

void BootLog::warn(std::string_view line) {
    add(line);
    if (listener_) listener_(line);
}

std::string BootLog::text() const {
    const std::lock_guard lock(mutex_);
    return text_;
}

}  // namespace cs2sim
