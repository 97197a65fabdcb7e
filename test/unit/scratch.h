// What unit tests of several rooms need: a folder of their own, and the code of a result.
#pragma once

#include <stdlib.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <string>

#include "firmware/protocol/bytes.h"

namespace cs2sim {

// An empty folder, gone with its contents at the end of the test.
class ScratchFolder {
public:
    ScratchFolder() {
        std::string pattern = std::filesystem::temp_directory_path() / "cs2sim-unit-XXXXXX";
        REQUIRE(::mkdtemp(pattern.data()));
        path_ = pattern;
    }
    ~ScratchFolder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    ScratchFolder(const ScratchFolder&) = delete;
    ScratchFolder& operator=(const ScratchFolder&) = delete;
    const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path path_;
};

// 0 when the result is good.
std::uint32_t code_of(const auto& result) { return result ? 0 : result.error().code; }

inline Bytes hex_bytes(std::string_view text) {
    Bytes out;
    REQUIRE(from_hex(text, out));
    return out;
}

}  // namespace cs2sim
