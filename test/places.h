// Where the tests find the built programs and the files of the repository.
#pragma once

#include <filesystem>

namespace cs2sim {

std::filesystem::path bin_folder();
std::filesystem::path source_folder();

}  // namespace cs2sim
