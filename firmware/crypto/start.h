// OpenSSL as the device starts it.
#pragma once

#include <thread>

namespace cs2sim {

// Starts OpenSSL without the host's openssl.cnf: what a device computes must not depend on the policy of the
// machine that it is simulated on. Only the first call of a process counts, and it must come before any other
// use of OpenSSL.
void start_openssl();

// The same, and a thread of its own begins to look up what every start of a device computes with: that takes
// OpenSSL as long as all the rest of a start, which goes on meanwhile. Who needs an algorithm earlier looks
// it up or waits. The thread is gone with this object.
class OpensslStart {
public:
    OpensslStart();
    ~OpensslStart();
    OpensslStart(const OpensslStart&) = delete;
    OpensslStart& operator=(const OpensslStart&) = delete;

private:
    std::thread lookup_;
};

}  // namespace cs2sim
