#include "firmware/smos/flash/memory_reserve.h"

#include <atomic>
#include <cstdlib>
#include <new>

namespace cs2sim {
namespace {

constexpr std::size_t kReserve = std::size_t{1} << 20;  // an answer of some kilobytes, in all its forms

std::atomic<void*> reserve{nullptr};
thread_local bool has_stored = false;

// What std::set_new_handler() takes: it makes room, or throws.
void make_room() {
    void* const spent = has_stored ? reserve.exchange(nullptr) : nullptr;
    if (!spent) throw std::bad_alloc();
    std::free(spent);
}

}  // namespace

CommandMemory::CommandMemory() : before_(has_stored) {
    static const bool installed = [] {
        std::set_new_handler(make_room);
        return true;
    }();
    static_cast<void>(installed);
    has_stored = false;
    if (reserve.load(std::memory_order_relaxed)) return;
    void* const filled = std::malloc(kReserve);
    void* none = nullptr;
    if (filled && !reserve.compare_exchange_strong(none, filled)) std::free(filled);
}

CommandMemory::~CommandMemory() { has_stored = has_stored || before_; }

void CommandMemory::stored() { has_stored = true; }

}  // namespace cs2sim
