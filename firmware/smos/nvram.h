// NVRAM: small persistent settings by name (start-up mode, failed-logon limit, clock offset, alarm, …).
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string_view>

#include "firmware/protocol/bytes.h"
#include "firmware/protocol/error.h"

namespace cs2sim {

class Nvram {
public:
    explicit Nvram(const std::filesystem::path& file);
    ~Nvram();

    bool exists() const;  // its file, with anything in it

    // Opens the storage now and not at first use. Error: E_CMDS_NVRAM when it is damaged or not writable.
    Result<void> open();

    // Nothing when it was never set, or the storage cannot be opened.
    std::optional<std::int64_t> number(std::string_view name) const;
    // Durable when it returns. Error: E_CMDS_NVRAM when the storage fails.
    Result<void> set_number(std::string_view name, std::int64_t value);

    // The same of byte strings, which have names of their own; an empty one is none.
    Bytes bytes(std::string_view name) const;
    Result<void> set_bytes(std::string_view name, ByteView value);

private:
    struct Storage;
    std::unique_ptr<Storage> storage_;
};

}  // namespace cs2sim
