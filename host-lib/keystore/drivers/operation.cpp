#include "host-lib/keystore/drivers/operation.h"

#include <sys/random.h>

#include <random>

namespace cs2sim::keystore {

OperationId new_operation() {
    OperationId operation{};
    if (::getrandom(operation.data(), operation.size(), 0) != static_cast<ssize_t>(operation.size())) {
        std::random_device device;
        for (std::uint8_t& byte : operation) byte = static_cast<std::uint8_t>(device());
    }
    return operation;
}

}  // namespace cs2sim::keystore
