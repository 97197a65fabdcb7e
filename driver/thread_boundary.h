// Where exceptions of a thread end. Memory may run out anywhere; what it cost is told in the log, and the
// thread goes on, or ends as if its work were done.
#pragma once

#include <spdlog/spdlog.h>

#include <exception>
#include <string_view>

namespace cs2sim {

// Runs `work`; false when an exception ended it. `what` says for whom, in the log.
template <class Work>
bool guarded(std::string_view what, Work&& work) noexcept {
    try {
        work();
        return true;
    } catch (const std::exception& problem) {
        try {
            spdlog::error("{}: {}", what, problem.what());
        } catch (...) {  // there is no memory for the log either
        }
    } catch (...) {
        try {
            spdlog::error("{}: unknown exception", what);
        } catch (...) {
        }
    }
    return false;
}

}  // namespace cs2sim
