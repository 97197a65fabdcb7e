#include "host-lib/pkcs11/locked_secret.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <new>
#include <utility>

#include "firmware/crypto/secret.h"

namespace cs2sim::p11 {

LockedSecret::LockedSecret(ByteView secret) : size_(secret.size()) {
    const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    mapped_ = (secret.size() / page + 1) * page;
    void* memory = ::mmap(nullptr, mapped_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) throw std::bad_alloc();
    (void)::mlock(memory, mapped_);
    (void)::madvise(memory, mapped_, MADV_DONTDUMP);
    (void)::madvise(memory, mapped_, MADV_WIPEONFORK);
    memory_ = static_cast<std::uint8_t*>(memory);
    if (!secret.empty()) std::memcpy(memory_, secret.data(), secret.size());
}

LockedSecret::~LockedSecret() {
    if (!memory_) return;
    cleanse(memory_, mapped_);
    ::munmap(memory_, mapped_);
}

LockedSecret::LockedSecret(LockedSecret&& other) noexcept
    : memory_(std::exchange(other.memory_, nullptr)),
      size_(std::exchange(other.size_, 0)),
      mapped_(std::exchange(other.mapped_, 0)) {}

LockedSecret& LockedSecret::operator=(LockedSecret&& other) noexcept {
    std::swap(memory_, other.memory_);
    std::swap(size_, other.size_);
    std::swap(mapped_, other.mapped_);
    return *this;
}

}  // namespace cs2sim::p11
