// Secrets: memory that is cleansed before it is given back, and comparison in constant time.
#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <vector>

#include "firmware/protocol/bytes.h"

namespace cs2sim {

void cleanse(void* memory, std::size_t size);  // OPENSSL_cleanse

template <class T>
struct CleansingAllocator {
    using value_type = T;
    CleansingAllocator() = default;
    template <class U>
    CleansingAllocator(const CleansingAllocator<U>&) {}
    T* allocate(std::size_t n) { return std::allocator<T>().allocate(n); }
    void deallocate(T* memory, std::size_t n) {
        cleanse(memory, n * sizeof(T));
        std::allocator<T>().deallocate(memory, n);
    }
    friend bool operator==(const CleansingAllocator&, const CleansingAllocator&) { return true; }
};

// A byte string whose memory is cleansed whenever it is freed or outgrown. Never log one.
using SecretBytes = std::vector<std::uint8_t, CleansingAllocator<std::uint8_t>>;

// In one copy: with an allocator of its own, the vector's constructor would take the bytes one by one.
inline SecretBytes to_secret(ByteView view) {
    SecretBytes secret(view.size());
    if (!view.empty()) std::memcpy(secret.data(), view.data(), view.size());
    return secret;
}

// True when both are the same bytes; the time depends on the lengths only.
bool equal_in_constant_time(ByteView a, ByteView b);

}  // namespace cs2sim
