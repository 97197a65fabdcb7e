#include "tools/instance/supervised.h"

#include <sys/prctl.h>

#include <cstdlib>

namespace cs2sim {

// The environment alone may be an old one.
bool is_supervised() {
    constexpr int kFiltered = 2;  // SECCOMP_MODE_FILTER
    return std::getenv(kSupervisedSocket) && ::prctl(PR_GET_SECCOMP) == kFiltered;
}

}  // namespace cs2sim
