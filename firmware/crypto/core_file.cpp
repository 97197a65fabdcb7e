#include "firmware/crypto/core_file.h"

#include <sys/prctl.h>
#include <sys/resource.h>

#include <algorithm>

namespace cs2sim {

void leave_no_core_file() {
    constexpr rlim_t kNone = 1;
    rlimit limit{};
    if (::getrlimit(RLIMIT_CORE, &limit) != 0) return;
    limit.rlim_max = std::min(limit.rlim_max, kNone);  // 0 stays 0: it cannot be raised
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_CORE, &limit);
}

void close_memory() { ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); }

}  // namespace cs2sim
