// A program that loads the PKCS#11 library as applications do, and does to it what they do to libraries:
// forks, threads, exits, unloads it. Run by host_program_test.cpp:
//   host_program <library> <what> [number]
// Prints nothing; exit status 0, or 1 with the line that failed. PIN and slot are those of
// test/clients/token.h.
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <thread>
#include <vector>

#include "host-lib/pkcs11/cryptoki/cryptoki.h"

namespace {

const char* library_path = nullptr;
CK_FUNCTION_LIST* p11 = nullptr;

[[noreturn]] void failed(int line, const char* what, CK_RV code) {
    std::fprintf(stderr, "line %d: %s: 0x%08lX\n", line, what, code);
    ::_exit(1);
}
#define MUST(call)                                                              \
    do {                                                                        \
        if (const CK_RV rv = (call); rv != CKR_OK) failed(__LINE__, #call, rv); \
    } while (false)
#define MUST_GIVE(expected, call)                                                   \
    do {                                                                            \
        if (const CK_RV rv = (call); rv != (expected)) failed(__LINE__, #call, rv); \
    } while (false)
#define MUST_BE(condition)                                 \
    do {                                                   \
        if (!(condition)) failed(__LINE__, #condition, 0); \
    } while (false)

void* load() {
    void* library = ::dlopen(library_path, RTLD_NOW | RTLD_LOCAL);
    MUST_BE(library != nullptr);
    const auto get = reinterpret_cast<CK_RV (*)(CK_FUNCTION_LIST**)>(::dlsym(library, "C_GetFunctionList"));
    MUST_BE(get != nullptr);
    MUST(get(&p11));
    return library;
}

void initialize() {
    CK_C_INITIALIZE_ARGS arguments{};
    arguments.flags = CKF_OS_LOCKING_OK;
    MUST(p11->C_Initialize(&arguments));
}

CK_SESSION_HANDLE open_session() {
    CK_SESSION_HANDLE session = 0;
    MUST(p11->C_OpenSession(0, CKF_SERIAL_SESSION | CKF_RW_SESSION, nullptr, nullptr, &session));
    return session;
}

CK_SESSION_HANDLE logged_on() {
    const CK_SESSION_HANDLE session = open_session();
    CK_UTF8CHAR pin[] = "123456";
    const CK_RV rv = p11->C_Login(session, CKU_USER, pin, 6);
    MUST_BE(rv == CKR_OK || rv == CKR_USER_ALREADY_LOGGED_IN);
    return session;
}

CK_BBOOL keys_are_token_objects = CK_FALSE;

CK_OBJECT_HANDLE make_key(CK_SESSION_HANDLE session) {
    CK_MECHANISM mechanism{CKM_GENERIC_SECRET_KEY_GEN, nullptr, 0};
    CK_ULONG length = 32;
    CK_ATTRIBUTE attributes[] = {{CKA_VALUE_LEN, &length, sizeof length},
                                 {CKA_TOKEN, &keys_are_token_objects, sizeof keys_are_token_objects}};
    CK_OBJECT_HANDLE key = 0;
    MUST(p11->C_GenerateKey(session, &mechanism, attributes, 2, &key));
    return key;
}

CK_RV mac(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key) {
    CK_MECHANISM mechanism{CKM_SHA256_HMAC, nullptr, 0};
    if (const CK_RV rv = p11->C_SignInit(session, &mechanism, key); rv != CKR_OK) return rv;
    CK_BYTE data[100] = {}, out[64];
    CK_ULONG length = sizeof out;
    return p11->C_Sign(session, data, sizeof data, out, &length);
}

void work() {
    const CK_SESSION_HANDLE session = logged_on();
    const CK_OBJECT_HANDLE key = make_key(session);
    MUST(mac(session, key));
    MUST(p11->C_DestroyObject(session, key));
    MUST(p11->C_CloseSession(session));
}

long resident_kilobytes() {
    long pages = 0, resident = 0;
    std::FILE* file = std::fopen("/proc/self/statm", "r");
    MUST_BE(file && std::fscanf(file, "%ld %ld", &pages, &resident) == 2);
    std::fclose(file);
    return resident * (::sysconf(_SC_PAGESIZE) / 1024);
}

int open_descriptors() {
    int count = 0;
    for (int fd = 0; fd < 1024; ++fd)
        if (::fcntl(fd, F_GETFD) >= 0) ++count;
    return count;
}

// In a child: `action` within a minute; the parent sees that it went well.
template <class Action>
void in_child(const Action& action) {
    const pid_t child = ::fork();
    MUST_BE(child >= 0);
    if (child == 0) {
        ::alarm(60);
        action();
        ::_exit(0);
    }
    int status = 0;
    MUST_BE(::waitpid(child, &status, 0) == child);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        failed(__LINE__, "child's wait status", static_cast<CK_RV>(status));
}

void whole_life_in_child() {
    CK_INFO info;
    MUST_GIVE(CKR_CRYPTOKI_NOT_INITIALIZED, p11->C_GetInfo(&info));
    initialize();
    work();
    MUST(p11->C_Finalize(nullptr));
}

// --- what can be asked for ---

#ifdef __SANITIZE_ADDRESS__  // which remembers every library that was there
constexpr long kMostGrown = 4096;
#else
constexpr long kMostGrown = 512;
#endif

// Load, work, unload: neither memory nor descriptors grow.
void cycles(int count) {
    long before = 0;
    int descriptors = 0;
    for (int i = 0; i < count; ++i) {
        void* library = load();
        initialize();
        work();
        MUST(p11->C_Finalize(nullptr));
        ::dlclose(library);
        if (i == count / 5) {
            before = resident_kilobytes();
            descriptors = open_descriptors();
        }
    }
    const long grown = resident_kilobytes() - before;
    if (grown > kMostGrown) failed(__LINE__, "kilobytes grown", static_cast<CK_RV>(grown));
    MUST_BE(open_descriptors() == descriptors);
}

// fork() in every state of the parent, which goes on as if nothing had been.
void fork_in_every_state(int) {
    load();
    in_child([] { whole_life_in_child(); });
    initialize();
    in_child([] { whole_life_in_child(); });
    const CK_SESSION_HANDLE session = logged_on();
    in_child([] { whole_life_in_child(); });
    const CK_OBJECT_HANDLE key = make_key(session);
    CK_MECHANISM mechanism{CKM_SHA256_HMAC, nullptr, 0};
    MUST(p11->C_SignInit(session, &mechanism, key));
    std::vector<CK_BYTE> data(100'000);
    MUST(p11->C_SignUpdate(session, data.data(), data.size()));
    MUST(p11->C_FindObjectsInit(session, nullptr, 0));
    in_child([&] {
        // The parent's handles are nothing here, before and after the child's own beginning.
        MUST_GIVE(CKR_CRYPTOKI_NOT_INITIALIZED, p11->C_SignUpdate(session, data.data(), 1));
        initialize();
        MUST_GIVE(CKR_SESSION_HANDLE_INVALID, p11->C_SignUpdate(session, data.data(), 1));
        work();
        in_child([] { whole_life_in_child(); });
        work();
        std::exit(0);  // without C_Finalize, through the exit handlers
    });
    in_child([] {});  // ends without a word
    MUST(p11->C_SignUpdate(session, data.data(), data.size()));
    CK_BYTE out[64];
    CK_ULONG length = sizeof out, found = 0;
    MUST(p11->C_SignFinal(session, out, &length));
    CK_OBJECT_HANDLE objects[10];
    MUST(p11->C_FindObjects(session, objects, 10, &found));
    MUST_BE(found == 1 && objects[0] == key);
    MUST(p11->C_FindObjectsFinal(session));
    MUST(mac(session, key));
    MUST(p11->C_Finalize(nullptr));
    in_child([] { whole_life_in_child(); });
}

// fork() while other threads are inside: neither side waits for what the other holds.
void fork_among_threads(int count) {
    load();
    initialize();
    std::atomic<bool> over{false};
    std::atomic<long> calls{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 6; ++i)
        threads.emplace_back([&] {
            const CK_SESSION_HANDLE session = logged_on();
            while (!over) {
                const CK_OBJECT_HANDLE key = make_key(session);
                MUST(mac(session, key));
                MUST(p11->C_DestroyObject(session, key));
                ++calls;
            }
        });
    for (int i = 0; i < count; ++i) {
        const long before = calls;
        in_child([] { whole_life_in_child(); });
        while (calls == before) std::this_thread::yield();  // the parent's threads go on
    }
    over = true;
    for (std::thread& thread : threads) thread.join();
    MUST(p11->C_Finalize(nullptr));
}

void fork_among_token_keys(int count) {
    keys_are_token_objects = CK_TRUE;
    fork_among_threads(count);
}

// C_Finalize while other threads are inside: they get an error, and nobody crashes.
void finalize_among_threads(int count) {
    load();
    for (int i = 0; i < count; ++i) {
        initialize();
        std::atomic<int> inside{0};
        std::vector<std::thread> threads;
        for (int thread = 0; thread < 8; ++thread)
            threads.emplace_back([&, thread] {
                const CK_SESSION_HANDLE session = thread < 4 ? logged_on() : open_session();
                const CK_OBJECT_HANDLE key = thread < 4 ? make_key(session) : 0;
                ++inside;
                CK_RV rv = CKR_OK;
                while (rv == CKR_OK) {
                    CK_TOKEN_INFO info;
                    CK_SESSION_HANDLE other = 0;
                    if (thread < 4)
                        rv = mac(session, key);
                    else if (thread < 6)
                        rv = p11->C_GetTokenInfo(0, &info);
                    else
                        rv = p11->C_OpenSession(0, CKF_SERIAL_SESSION, nullptr, nullptr, &other);
                }
                MUST_BE(rv == CKR_CRYPTOKI_NOT_INITIALIZED || rv == CKR_DEVICE_ERROR);
            });
        while (inside != 8) std::this_thread::yield();
        MUST(p11->C_Finalize(nullptr));
        for (std::thread& thread : threads) thread.join();
    }
}

// The process ends while threads are inside, sessions open and somebody logged on.
void called_at_exit() {
    CK_SLOT_ID slots[16];
    CK_ULONG count = 16;
    const CK_RV rv = p11->C_GetSlotList(CK_TRUE, slots, &count);
    MUST_BE(rv == CKR_OK || rv == CKR_CRYPTOKI_NOT_INITIALIZED);
}
void exit_among_threads(int) {
    std::atexit(called_at_exit);  // registered before the library's own: runs when those have run
    load();
    std::atexit(called_at_exit);
    initialize();
    static std::atomic<int> inside{0};
    for (int i = 0; i < 4; ++i)
        std::thread([] {
            const CK_SESSION_HANDLE session = logged_on();
            const CK_OBJECT_HANDLE key = make_key(session);
            ++inside;
            while (mac(session, key) == CKR_OK) {
            }
            ::pause();
        }).detach();
    while (inside != 4) std::this_thread::yield();
    std::exit(0);
}

// Signal dispositions, the mask, errno: as the program set them, whatever happens; a dead device raises no
// SIGPIPE. `when_dead`: the CKR of a call then, which differs between a node that is gone and a port that
// nobody serves.
void signals_and_errno(int when_dead) {
    const auto dead = static_cast<CK_RV>(when_dead);
    struct sigaction before[NSIG] = {};
    sigset_t mask_before, mask_after;
    const auto read_all = [](struct sigaction* all) {
        for (int number = 1; number < NSIG; ++number) ::sigaction(number, nullptr, &all[number]);
    };
    read_all(before);
    ::pthread_sigmask(SIG_SETMASK, nullptr, &mask_before);
    constexpr int kErrno = 4711;
    const auto untouched = [] {
        MUST_BE(errno == kErrno);
        errno = kErrno;
    };
    load();
    errno = kErrno;
    initialize();
    untouched();
    const CK_SESSION_HANDLE session = logged_on();
    untouched();
    const CK_OBJECT_HANDLE key = make_key(session);
    MUST(mac(session, key));
    untouched();
    MUST_BE(std::system("\"$CS2SIM\" stop >/dev/null") == 0);
    errno = kErrno;
    MUST_GIVE(dead, mac(session, key));
    untouched();
    CK_TOKEN_INFO info;
    MUST_GIVE(dead, p11->C_GetTokenInfo(0, &info));
    untouched();
    MUST(p11->C_Finalize(nullptr));
    untouched();
    static struct sigaction after[NSIG];
    read_all(after);
    for (int number = 1; number < NSIG; ++number) {
        MUST_BE(before[number].sa_handler == after[number].sa_handler);
        // SA_RESTORER is the C library's, as system() above leaves it.
        MUST_BE(((before[number].sa_flags ^ after[number].sa_flags) & ~0x04000000) == 0);
    }
    ::pthread_sigmask(SIG_SETMASK, nullptr, &mask_after);
    MUST_BE(std::memcmp(&mask_before, &mask_after, sizeof mask_before) == 0);
}

struct Row {
    const char* name;
    void (*run)(int);
};
constexpr Row kRows[] = {
    {"cycles", cycles},
    {"fork", fork_in_every_state},
    {"fork-among-threads", fork_among_threads},
    {"fork-among-token-keys", fork_among_token_keys},
    {"finalize-among-threads", finalize_among_threads},
    {"exit-among-threads", exit_among_threads},
    {"signals", signals_and_errno},
};

}  // namespace

int main(int argc, char** argv) {
    if (argc < 3) return 2;
    library_path = argv[1];
    for (const Row& row : kRows)
        if (std::strcmp(row.name, argv[2]) == 0) {
            row.run(argc > 3 ? std::atoi(argv[3]) : 0);
            return 0;
        }
    return 2;
}
