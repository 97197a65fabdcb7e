// Files of the host beneath the device's flash: descriptors that close themselves, and writing that either
// happens wholly or not at all.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "firmware/protocol/bytes.h"
#include "firmware/protocol/error.h"

namespace cs2sim {

class StateFile {
public:
    StateFile() = default;
    explicit StateFile(int descriptor) : descriptor_(descriptor) {}
    // Never waits, whatever lies there: a named pipe would. Follows no link of that name. errno tells why it
    // failed: ELOOP for a link.
    StateFile(const std::filesystem::path& path, int flags, mode_t mode = 0600);
    StateFile(StateFile&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
    StateFile& operator=(StateFile&& other) noexcept {
        std::swap(descriptor_, other.descriptor_);
        return *this;
    }
    ~StateFile();

    explicit operator bool() const { return descriptor_ >= 0; }
    int get() const { return descriptor_; }

    // Of a regular file of at most `most` bytes. Error: E_OS_FILE_CORR, for what is no such file too.
    Result<Bytes> content(std::uint64_t most) const;
    bool write_all(ByteView bytes) const;  // at the current position
    bool sync() const;                     // data and size are durable

private:
    int descriptor_ = -1;
};

// The SMOS code of the host's errno: E_OS_FILE_NO_SUCH_FILE, _NO_SPACE, _RDONLY, _HDL_TOOMANY, else _CORR.
Error file_error(int host_errno);

// Replaces `path` by a file of this content: written beside it under a name with a leading '.', synced,
// renamed; durable when it returns. Errors: those of file_error().
Result<void> write_atomically(const std::filesystem::path& path, ByteView content);

// The names in a folder, in no order; none when it cannot be read. A command asks for it, which may run out
// of memory: std::filesystem's iterators end the process then (libstdc++ calls what allocates noexcept), this
// throws.
std::vector<std::string> file_names(const std::filesystem::path& folder);

Result<void> sync_folder(const std::filesystem::path& folder);

}  // namespace cs2sim
