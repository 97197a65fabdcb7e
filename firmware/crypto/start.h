// OpenSSL as the device starts it.
#pragma once

namespace cs2sim {

// Starts OpenSSL without the host's openssl.cnf: what a device computes must not depend on the policy of the
// machine that it is simulated on. Only the first call of a process counts, and it must come before any other
// use of OpenSSL.
void start_openssl();

}  // namespace cs2sim
