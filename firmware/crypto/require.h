// For calls of OpenSSL that fail only when memory is exhausted or the library is broken.
#pragma once

#include <cstdio>
#include <cstdlib>

namespace cs2sim {

inline void require_openssl(bool succeeded, const char* what) {
    if (succeeded) return;
    std::fprintf(stderr, "OpenSSL failed: %s\n", what);
    std::abort();
}

}  // namespace cs2sim
