// Random damage to a folder of files.
#pragma once

#include <filesystem>
#include <random>
#include <string>

namespace cs2sim::powerloss {

// Damages one file below `folder` in one of many ways. What it did, in words.
std::string damage(const std::filesystem::path& folder, std::mt19937& random);

}  // namespace cs2sim::powerloss
