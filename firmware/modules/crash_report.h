// Where in its source a module was: for reports of crashes and of its heap.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "firmware/modules/process.h"

namespace cs2sim {

// A line each for the addresses that lie in the image: function, file and line by its debug information where
// addr2line (binutils) is installed and can tell, confined and within some seconds, else "erp.so+0x1234".
std::vector<std::string> source_lines(const std::filesystem::path& image, std::uint64_t base,
                                      std::span<const std::uint64_t> addresses);

}  // namespace cs2sim
