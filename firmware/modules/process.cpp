#include "firmware/modules/process.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <poll.h>
#include <sched.h>
#include <spawn.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <ctime>

#include "firmware/crypto/secret.h"
#include "firmware/modules/argument_vector.h"
#include "firmware/smos/clock.h"
#include "firmware/smos/flash/state_file.h"

extern char** environ;

namespace cs2sim {
namespace {

// Of the simulator's environment, whose rest may hold secrets. What a developer wraps gets all of it.
constexpr std::string_view kPassedOn[] = {
    "PATH=", "TZ=", "LANG=", "LC_", "LD_LIBRARY_PATH=", "ASAN_OPTIONS=", "LSAN_OPTIONS=", "UBSAN_OPTIONS="};

// While it is the module's turn the thread that waits for it and the module's process are on one processor:
// they never run at once, and to wake a processor that sleeps takes ten times as long as to switch between
// two processes. Where a processor may not be chosen they are where the system puts them.
class OneProcessor {
public:
    explicit OneProcessor(pid_t module) {
        const int here = ::sched_getcpu();
        if (here < 0 || here >= CPU_SETSIZE || ::sched_getaffinity(0, sizeof before_, &before_) != 0) return;
        cpu_set_t one;
        CPU_ZERO(&one);
        CPU_SET(static_cast<std::size_t>(here), &one);
        chosen_ = ::sched_setaffinity(0, sizeof one, &one) == 0;
        if (chosen_) static_cast<void>(::sched_setaffinity(module, sizeof one, &one));
    }
    ~OneProcessor() {
        if (chosen_) static_cast<void>(::sched_setaffinity(0, sizeof before_, &before_));
    }
    OneProcessor(const OneProcessor&) = delete;
    OneProcessor& operator=(const OneProcessor&) = delete;

private:
    cpu_set_t before_{};
    bool chosen_ = false;
};

std::vector<std::string> settings_for(bool wrapped) {
    std::vector<std::string> settings;
    for (char** one = environ; *one; ++one) {
        const std::string_view setting = *one;
        const auto begins = [&](std::string_view name) { return setting.starts_with(name); };
        if (wrapped ? !begins("CS2SIM_MODULE_OPEN=") : std::ranges::any_of(kPassedOn, begins))
            settings.emplace_back(setting);
    }
    if (wrapped) settings.emplace_back("CS2SIM_MODULE_OPEN=1");
    return settings;
}

constexpr long kLookAgain = 100'000'000;          // ns: a module's end is mostly told at once
constexpr std::int64_t kToShowWhereItIs = 1'000;  // ms

long futex(std::uint32_t* word, int operation, std::uint32_t value, const timespec* timeout) {
    return ::syscall(SYS_futex, word, operation, value, timeout, nullptr, 0);
}

std::uint32_t read_once(const std::uint32_t& word) { return __atomic_load_n(&word, __ATOMIC_ACQUIRE); }

std::string hexadecimal(std::uint64_t value) {
    char text[20];
    std::snprintf(text, sizeof text, "0x%llx", static_cast<unsigned long long>(value));
    return text;
}

}  // namespace

Result<std::unique_ptr<ModuleProcess>> ModuleProcess::start(const Options& options) {
    std::unique_ptr<ModuleProcess> process(new ModuleProcess);
    const StateFile memory(::memfd_create("cs2sim-module", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    if (!memory || ::ftruncate(memory.get(), sizeof(cs2sim_channel)) != 0) return fail(E_OS_MDL_MEM_ALLOC);
    // Else the module could take the memory away from under the simulator.
    if (::fcntl(memory.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0)
        return fail(E_OS_MDL_MEM_ALLOC);
    void* const mapped =
        ::mmap(nullptr, sizeof(cs2sim_channel), PROT_READ | PROT_WRITE, MAP_SHARED, memory.get(), 0);
    if (mapped == MAP_FAILED) return fail(E_OS_MDL_MEM_ALLOC);
    process->channel_ = static_cast<cs2sim_channel*>(mapped);
    process->channel_->magic = CS2SIM_CHANNEL_MAGIC;
    process->channel_->version = CS2SIM_CHANNEL_VERSION;
    process->channel_->simulator = static_cast<std::uint32_t>(::getpid());
    process->bell_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (process->bell_ < 0) return fail(E_OS_MDL_MEM_ALLOC);
    CS2SIM_TRY(process->spawn(options, memory.get()));
    return process;
}

Result<void> ModuleProcess::spawn(const Options& options, int channel) {
    std::vector<std::string> words = options.wrap;
    for (const std::string& word : {options.host.string(), options.abbreviation, options.image.string()})
        words.push_back(word);
    const std::vector<char*> arguments = argument_vector(words);
    std::vector<std::string> settings = settings_for(!options.wrap.empty());
    const std::vector<char*> environment = argument_vector(settings);

    // By way of numbers above both, so that neither is overwritten before it is moved.
    const StateFile high(::fcntl(channel, F_DUPFD_CLOEXEC, 64)),
        high_bell(::fcntl(bell_, F_DUPFD_CLOEXEC, 64));
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    ::posix_spawn_file_actions_addopen(&actions, 1, options.log.c_str(),
                                       O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW, 0600);
    ::posix_spawn_file_actions_adddup2(&actions, 1, 2);
    ::posix_spawn_file_actions_adddup2(&actions, high.get(), CS2SIM_CHANNEL_FD);
    ::posix_spawn_file_actions_adddup2(&actions, high_bell.get(), CS2SIM_BELL_FD);
    ::posix_spawn_file_actions_addclosefrom_np(&actions, CS2SIM_BELL_FD + 1);
    posix_spawnattr_t attributes;
    ::posix_spawnattr_init(&attributes);
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    ::posix_spawnattr_setsigmask(&attributes, &none);
    ::posix_spawnattr_setsigdefault(&attributes, &all);
    ::posix_spawnattr_setpgroup(&attributes, 0);  // a terminal's Ctrl-C is the simulator's, not its
    ::posix_spawnattr_setflags(&attributes,
                               POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
    const int failed =
        ::posix_spawnp(&pid_, arguments[0], &actions, &attributes, arguments.data(), environment.data());
    ::posix_spawnattr_destroy(&attributes);
    ::posix_spawn_file_actions_destroy(&actions);
    if (failed != 0) {
        pid_ = -1;
        return fail(E_OS_MDL_NOT_AVAILABLE);
    }
    process_ = static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0));
    return {};
}

ModuleProcess::~ModuleProcess() {
    if (pid_ > 0 && !dead_) {
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, &status_, 0);
    }
    if (process_ >= 0) ::close(process_);
    if (bell_ >= 0) ::close(bell_);
    if (channel_) ::munmap(channel_, sizeof *channel_);
}

// Several threads may look; one of them reaps it.
bool ModuleProcess::dead() {
    if (dead_) return true;
    int status = 0;
    if (::waitpid(pid_, &status, WNOHANG) == pid_) {
        status_ = status;
        dead_ = true;
        futex(&channel_->turn, FUTEX_WAKE, INT_MAX, nullptr);
    }
    return dead_;
}

void ModuleProcess::interrupt() {
    const std::int64_t now = monotonic_milliseconds();
    std::int64_t asked = 0;
    if (interrupted_at_.compare_exchange_strong(asked, now))
        ::kill(pid_, SIGXCPU);
    else if (now - asked >= kToShowWhereItIs)
        ::kill(pid_, SIGKILL);
}

void ModuleProcess::finish() {
    while (!dead()) {
        interrupt();
        ::usleep(10'000);
    }
}

void ModuleProcess::hand_over() {
    __atomic_store_n(&channel_->turn, std::uint32_t{CS2SIM_TURN_MODULE}, __ATOMIC_RELEASE);
    futex(&channel_->turn, FUTEX_WAKE, 1, nullptr);
}

// By the clock, whatever the module does: one that keeps asking for services, or wakes without giving the
// turn, is ended as well as one that is silent.
void ModuleProcess::look_at(ModuleCaller& caller) {
    const std::int64_t now = monotonic_milliseconds();
    if (now - looked_at_ < kLookAgain / 1'000'000) return;
    looked_at_ = now;
    if (!caller.goes_on()) interrupt();
}

Result<void> ModuleProcess::wait(ModuleCaller& caller) {
    while (read_once(channel_->turn) != CS2SIM_TURN_SIMULATOR) {
        const timespec timeout{0, kLookAgain};
        futex(&channel_->turn, FUTEX_WAIT, CS2SIM_TURN_MODULE, &timeout);
        if (read_once(channel_->turn) == CS2SIM_TURN_SIMULATOR) break;
        if (dead()) return fail(E_OS_MDL_NOT_AVAILABLE);
        look_at(caller);
    }
    look_at(caller);
    return {};
}

Result<void> ModuleProcess::put(ByteView data) {
    if (data.size() > CS2SIM_CHANNEL_DATA) return fail(E_OS_MDL_PARAMETER);
    if (!data.empty()) std::memcpy(channel_->data, data.data(), data.size());
    channel_->length = static_cast<std::uint32_t>(data.size());
    return {};
}

Result<Bytes> ModuleProcess::call(cs2sim_call kind, std::uint32_t number, ByteView data,
                                  ModuleCaller& caller) {
    if (dead()) return fail(E_OS_MDL_NOT_AVAILABLE);
    CS2SIM_TRY(put(data));
    channel_->kind = kind;
    channel_->number = number;
    for (;;) {
        {
            const OneProcessor same(pid_);
            hand_over();
            CS2SIM_TRY(wait(caller));
        }
        const std::uint32_t word = read_once(channel_->kind);
        const std::uint32_t code = read_once(channel_->code);
        const std::uint32_t service = read_once(channel_->number);
        const std::uint32_t length = read_once(channel_->length);
        if (length > CS2SIM_CHANNEL_DATA || word > CS2SIM_SERVICE) {
            finish();
            return fail(E_OS_MDL_PARA_INVALID);
        }
        // A copy, which the module cannot change while it is looked at.
        Bytes received(channel_->data, channel_->data + length);
        if (word == CS2SIM_CALL_ANSWER) {
            if (code != 0) return fail(code);
            return received;
        }
        auto answer = caller.serve(service, received);
        cleanse(received.data(), received.size());  // either may hold keys
        if (!caller.goes_on()) {                    // it shows where it waits for the service
            if (answer) cleanse(answer->data(), answer->size());
            finish();
            return fail(E_OS_MDL_NOT_AVAILABLE);
        }
        if (answer) {
            if (const auto fits = put(*answer); !fits) answer = fail(fits.error());
        }
        if (answer) cleanse(answer->data(), answer->size());
        if (!answer) channel_->length = 0;
        channel_->code = answer ? 0 : answer.error().code;
        channel_->kind = CS2SIM_SERVICE_ANSWER;
    }
}

std::uint64_t ModuleProcess::image() const { return channel_->image; }

ModuleEnd ModuleProcess::end() const {
    ModuleEnd end;
    end.image = channel_->image;
    const std::uint32_t count = std::min(read_once(channel_->frames), CS2SIM_CHANNEL_FRAMES);
    end.frames.assign(channel_->frame, channel_->frame + count);
    const std::uint32_t number = channel_->end_number;
    switch (channel_->end) {
        case CS2SIM_END_SIGNAL:
            end.what = "signal " + std::to_string(number) + " (" +
                       (number < NSIG ? ::strsignal(static_cast<int>(number)) : "?") + ")";
            if (number == SIGSEGV || number == SIGBUS)
                end.what += " at " + hexadecimal(channel_->end_address);
            if (number == SIGXCPU) end.what = "it did not return, and was ended";
            break;
        case CS2SIM_END_EXIT:
            end.what = "it called exit(" + std::to_string(number) + ")";
            break;
        case CS2SIM_END_HEAP:
            end.what = "its process no longer understands the simulator";
            break;
        default:
            end.what = WIFSIGNALED(status_)
                           ? "killed by signal " + std::to_string(WTERMSIG(status_))
                           : "its process ended with status " +
                                 std::to_string(WIFEXITED(status_) ? WEXITSTATUS(status_) : -1);
    }
    return end;
}

}  // namespace cs2sim
