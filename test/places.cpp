#include "test/places.h"

namespace cs2sim {

std::filesystem::path bin_folder() { return CS2SIM_BIN_DIR; }
std::filesystem::path source_folder() { return CS2SIM_SOURCE_DIR; }

}  // namespace cs2sim
