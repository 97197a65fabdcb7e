#include "test/bench/cxi/simulator.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>
#include <thread>

#include "firmware/protocol/channel/secure_channel.h"
#include "host-lib/cards/key_source.h"
#include "test/bench/main/program.h"

namespace cs2sim::bench {
namespace {

const std::string kBin = CS2SIM_BIN_DIR;
constexpr std::string_view kUser = "BENCH";
constexpr std::string_view kPassword = "bench-password";
constexpr std::uint8_t kHmacPassword = 4;
constexpr std::uint16_t kChallenge = 16;

std::string whole(const std::filesystem::path& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

void log_on_in_clear(host::Device& device) {
    const auto answer = must(device.execute(FC_CMDS, SFC_CMDS_GET_CHALLENGE, {kChallenge}));
    const Bytes message = logon_message(answer.block.bytes("challenge"), {}, kUser);
    const SecretBytes response =
        password_response(kHmacPassword, password_token(kHmacPassword, as_bytes(kPassword)), message);
    must(device.execute(FC_CMDS, SFC_CMDS_LOGON, {kUser, kHmacPassword, ByteView(response)}));
}

}  // namespace

void stop_with(Error error) {
    std::fprintf(stderr, "%s", describe(error.code).c_str());
    std::exit(1);
}

Simulator::Simulator(std::filesystem::path folder) : folder_(std::move(folder)) {
    std::filesystem::create_directories(folder_);
    std::string profile = whole(std::filesystem::path(CS2SIM_SOURCE_DIR) / "firmware/profile/se-gen2.toml");
    const std::string off = "static_logon = false";
    profile.replace(profile.find(off), off.size(), "static_logon = true");
    std::ofstream(folder_ / "bench.toml") << profile;
    start();
    const std::string share = (folder_ / "share").string();
    run({kBin + "/csadm", "Dev=" + node(), "LogonSign=ADMIN," + (state() / "ADMIN.key").string(),
         "AddUser=BENCH,00000002{CXI_GROUP=BENCH},hmacpwd," + std::string(kPassword),
         "Key=" + share + "1#p," + share + "2#p", "MBKGenerateKey=AES,32,2,2,BENCHMBK"});
}

void Simulator::start() {
    run({kBin + "/cs2sim", "start", "--state", state().string(), "--device", node(), "--profile",
         (folder_ / "bench.toml").string()});
    running_ = true;
}

void Simulator::stop() {
    if (running_) run({kBin + "/cs2sim", "stop", "--state", state().string()});
    running_ = false;
}

int Simulator::pid() const {
    const std::string command = kBin + "/cs2sim status --state '" + state().string() + "'";
    FILE* pipe = ::popen(command.c_str(), "r");
    char line[512];
    int pid = 0;
    while (std::fgets(line, sizeof line, pipe))
        if (const char* at = std::strstr(line, "pid ")) pid = std::atoi(at + 4);
    ::pclose(pipe);
    return pid;
}

long Simulator::resident_kilobytes() const {
    std::istringstream status(whole("/proc/" + std::to_string(pid()) + "/status"));
    for (std::string text; std::getline(status, text);)
        if (text.starts_with("VmRSS:")) return std::atol(text.c_str() + 6);
    return 0;
}

double Simulator::processor_seconds() const {
    const std::string stat = whole("/proc/" + std::to_string(pid()) + "/stat");
    std::istringstream fields(stat.substr(stat.rfind(')') + 2));  // from the third field on, see proc(5)
    std::string skipped;
    for (int field = 3; field < 14; ++field) fields >> skipped;
    double user = 0, system = 0;
    fields >> user >> system;
    return (user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

std::unique_ptr<host::Device> client(const Simulator& simulator, Logon logon) {
    auto device = must(host::Device::open(simulator.node()));
    if (logon == Logon::clear) log_on_in_clear(*device);
    if (logon == Logon::secure) {
        const auto key = host::password_source(as_bytes(kPassword));
        must(device->logon(kUser, *key));
    }
    return device;
}

PropertyList key_template(std::uint32_t algorithm, std::uint32_t bits, const std::string& name) {
    PropertyList list;
    list.set(CXI_PROP_KEY_GROUP, "BENCH");
    list.set(CXI_PROP_KEY_NAME, name);
    list.set_number(CXI_PROP_KEY_ALGO, algorithm);
    if (bits != 0) list.set_number(CXI_PROP_KEY_SIZE, bits);
    return list;
}

Bytes generate(host::Device& device, const PropertyList& list) {
    const auto answer =
        must(device.execute(FC_CXI, SFC_CXI_KEY_GENERATE, {CXI_FLAG_KEY_OVERWRITE, 0, list.encode()}));
    return to_bytes(answer.block.bytes("key"));
}

double rate(unsigned clients, double duration, const std::function<Work(unsigned)>& prepare) {
    struct Shared {
        std::atomic<unsigned> ready;
        std::atomic<double> begin;
        std::atomic<std::uint64_t> done;
    };
    void* memory = ::mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    auto* shared = new (memory) Shared{};
    std::fflush(nullptr);
    std::vector<pid_t> children;
    for (unsigned number = 0; number < clients; ++number) {
        const pid_t child = ::fork();
        if (child != 0) {
            children.push_back(child);
            continue;
        }
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        const Work work = prepare(number);
        ++shared->ready;
        while (shared->begin == 0) std::this_thread::sleep_for(std::chrono::microseconds(100));
        for (std::uint64_t turn = 0; seconds() < shared->begin + duration; ++turn, ++shared->done) work(turn);
        ::_exit(0);
    }
    while (shared->ready < clients) {
        if (::waitpid(-1, nullptr, WNOHANG) > 0) std::exit(1);  // one gave up, and said why
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    const double begin = seconds();
    shared->begin = begin;
    for (const pid_t child : children) ::waitpid(child, nullptr, 0);
    const double per_second = static_cast<double>(shared->done) / (seconds() - begin);
    ::munmap(memory, sizeof(Shared));
    return per_second;
}

}  // namespace cs2sim::bench
