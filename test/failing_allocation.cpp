#include "test/failing_allocation.h"

#include <atomic>
#include <cstdlib>
#include <new>

namespace cs2sim::test {
namespace {

std::atomic<bool> short_of_memory{false};
std::atomic<bool> for_good{false};
std::atomic<bool> of_this_thread{false};
std::atomic<long> allocations_left{0};
std::atomic<long> failed{0};
thread_local bool is_test = false;  // the thread that made the shortage

bool fails() {
    if (!short_of_memory || is_test != of_this_thread) return false;
    const long left = allocations_left--;
    if (left > 0 || (left < 0 && !for_good)) return false;
    ++failed;
    return true;
}

void* allocated(std::size_t size) noexcept { return fails() ? nullptr : std::malloc(size == 0 ? 1 : size); }

// As the standard's: whoever can make room is asked.
void* allocated_or_thrown(std::size_t size) {
    for (;;) {
        if (void* const memory = allocated(size)) return memory;
        const std::new_handler make_room = std::get_new_handler();
        if (!make_room) throw std::bad_alloc();
        make_room();
    }
}

}  // namespace

Shortage::Shortage(Of threads, Lasts lasts, long before) {
    is_test = true;
    of_this_thread = threads == Of::this_thread;
    for_good = lasts == Lasts::from_then_on;
    allocations_left = before;
    failed = 0;
    short_of_memory = true;
}

bool Shortage::end() {
    short_of_memory = false;
    is_test = false;
    return failed > 0;
}

}  // namespace cs2sim::test

using cs2sim::test::allocated;
using cs2sim::test::allocated_or_thrown;

void* operator new(std::size_t size) { return allocated_or_thrown(size); }
void* operator new[](std::size_t size) { return allocated_or_thrown(size); }
void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return allocated(size); }
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept { return allocated(size); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }
