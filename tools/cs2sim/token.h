// Where `cs2sim token` keeps the configuration of the PKCS#11 library for a simulator.
#pragma once

#include <filesystem>

namespace cs2sim {

std::filesystem::path pkcs11_config_file(const std::filesystem::path& state);

}  // namespace cs2sim
