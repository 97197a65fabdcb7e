// OpenSSL's locks, taken inside the fork gate: the linker leads its calls here (--wrap; ../CMakeLists.txt).
// The names that begin with __wrap_ and __real_ are the linker's.
#include <openssl/crypto.h>

#include "host-lib/fork_gate/fork_gate.h"

using namespace cs2sim::host;

// NOLINTBEGIN(bugprone-reserved-identifier)
extern "C" {

int __real_CRYPTO_THREAD_read_lock(CRYPTO_RWLOCK* lock);
int __real_CRYPTO_THREAD_write_lock(CRYPTO_RWLOCK* lock);
int __real_CRYPTO_THREAD_unlock(CRYPTO_RWLOCK* lock);
int __real_CRYPTO_THREAD_run_once(CRYPTO_ONCE* once, void (*init)());

int __wrap_CRYPTO_THREAD_read_lock(CRYPTO_RWLOCK* lock) {
    enter_fork_gate();
    const int locked = __real_CRYPTO_THREAD_read_lock(lock);
    if (!locked) leave_fork_gate();
    return locked;
}

int __wrap_CRYPTO_THREAD_write_lock(CRYPTO_RWLOCK* lock) {
    enter_fork_gate();
    const int locked = __real_CRYPTO_THREAD_write_lock(lock);
    if (!locked) leave_fork_gate();
    return locked;
}

int __wrap_CRYPTO_THREAD_unlock(CRYPTO_RWLOCK* lock) {
    const int unlocked = __real_CRYPTO_THREAD_unlock(lock);
    if (unlocked) leave_fork_gate();
    return unlocked;
}

int __wrap_CRYPTO_THREAD_run_once(CRYPTO_ONCE* once, void (*init)()) {
    const InsideForkGate inside;
    return __real_CRYPTO_THREAD_run_once(once, init);
}

}  // extern "C"
// NOLINTEND(bugprone-reserved-identifier)
