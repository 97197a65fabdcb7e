#include "tools/instance/standard_output.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <iostream>

namespace cs2sim {

void hold_standard_descriptors() {
    for (const int number : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
        if (::fcntl(number, F_GETFD) < 0) (void)::open("/dev/null", O_RDONLY | O_CLOEXEC);  // the lowest free
}

int ended_with_output(const std::string& program, int status) {
    std::cout.flush();
    const bool flushed = std::fflush(stdout) == 0;
    const std::string why = flushed ? "not everything could be written" : std::strerror(errno);
    if (flushed && std::ferror(stdout) == 0 && std::cout.good()) return status;
    std::fprintf(stderr, "%s: standard output: %s\n", program.c_str(), why.c_str());
    return status == 0 ? 1 : status;
}

}  // namespace cs2sim
