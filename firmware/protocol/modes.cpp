#include "firmware/protocol/modes.h"

namespace cs2sim {

std::string mode_names(std::uint16_t modes) {
    std::string names;
    for (const ModeName& row : kModeNames)
        if ((row.mode & modes) != 0) names += (names.empty() ? "" : ", ") + std::string(row.name);
    return names;
}

}  // namespace cs2sim
