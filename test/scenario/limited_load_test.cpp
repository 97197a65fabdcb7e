// Mixed load on a simulator that may have 64 MB of memory and 64 descriptors: callers who never read, who
// send half frames, who open sessions and leave them, who come and go; beside them users who do their work.
// For some seconds; for as many as CS2SIM_LOAD_SECONDS says in the long form of test/run.
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <thread>

#include "firmware/protocol/frame.h"
#include "host-lib/cards/key_source.h"
#include "host-lib/files/file_descriptor.h"
#include "host-lib/link/device.h"
#include "test/scenario/expect.h"
#include "test/scenario/simulator.h"

using namespace cs2sim;
using namespace cs2sim::scenario;
using namespace std::chrono_literals;

namespace {

constexpr std::string_view kPassword = "a good password";

std::chrono::seconds duration() {
    const char* given = std::getenv("CS2SIM_LOAD_SECONDS");
    return std::chrono::seconds(given ? std::atoi(given) : 6);
}

// A number of /proc/PID/status, in KiB.
long status_of(pid_t pid, const std::string& name) {
    const std::string text = read_file("/proc/" + std::to_string(pid) + "/status");
    const auto at = text.find("\n" + name + ":");
    REQUIRE(at != std::string::npos);
    return std::stol(text.substr(at + name.size() + 2));
}

host::FileDescriptor connected(const std::filesystem::path& path) {
    host::FileDescriptor fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un where{.sun_family = AF_UNIX, .sun_path = {}};
    path.string().copy(where.sun_path, sizeof where.sun_path - 1);
    if (::connect(fd.get(), reinterpret_cast<sockaddr*>(&where), sizeof where) != 0) return {};
    return fd;
}

void push(const host::FileDescriptor& fd, ByteView bytes) {
    (void)::send(fd.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
}

struct Counts {
    std::atomic<std::uint64_t> served{0};
    std::atomic<std::uint64_t> refused{0};
    std::atomic<std::uint64_t> lost{0};
    std::atomic<std::uint64_t> wrong{0};
};

// A user who logs on and sends; a lost connection is made anew.
void work(const std::string& device, const std::function<bool()>& more, Counts& counts) {
    Bytes data(60'000, 0x5a);
    while (more()) {
        auto opened = host::Device::open(device, {.connect = 5s, .command = 20s});
        if (!opened || !(*opened)->logon("USR", *host::password_source(as_bytes(kPassword)))) {
            ++counts.lost;
            std::this_thread::sleep_for(10ms);
            continue;
        }
        for (int i = 0; i < 200 && more(); ++i) {
            const auto echo = (*opened)->execute_block(FC_CMDS, SFC_CMDS_ECHO, data);
            if (echo && *echo == data) {
                ++counts.served;
            } else if (echo) {
                ++counts.wrong;
            } else if (echo.error().code == E_CMDS_NO_MEM) {
                ++counts.refused;
            } else {
                ++counts.lost;
                break;
            }
        }
    }
}

}  // namespace

TEST_CASE("a mixed load with 64 MB of memory and 64 descriptors: users are served, nothing is lost or kept") {
    const Folder folder;
    const std::string state = folder / "state";
    const std::string socket = folder / "host";
    const std::string cs2sim = built_program("cs2sim");
    require_success(run({"prlimit", "--data=67108864", "--nofile=64:64", cs2sim, "start", "--state", state,
                         "--no-device", "--listen", "unix:" + socket}));
    struct Stop {
        std::vector<std::string> words;
        ~Stop() { run(words); }
    } stop{{cs2sim, "stop", "--state", state}};
    const std::string running = run({cs2sim, "status", "--state", state}).out;
    const pid_t pid = std::stoi(running.substr(running.find("pid ") + 4));
    RunOptions admin;
    admin.environment = {{"CRYPTOSERVER", "unix:" + socket}};
    require_success(run({built_program("csadm"), "LogonSign=ADMIN," + state + "/ADMIN.key",
                         "AddUser=USR,00000002,hmacpwd," + std::string(kPassword)},
                        admin));
    // Root may list them; who else would like to know their number asks the folder (Linux 6.2).
    const auto descriptors = [&]() -> std::size_t {
        const std::string folder = "/proc/" + std::to_string(pid) + "/fd";
        struct stat info {};
        if (geteuid() != 0)
            return ::stat(folder.c_str(), &info) == 0 ? static_cast<std::size_t>(info.st_size) : 0;
        return names_in(folder).size();
    };
    // A store may open another connection of its own under load; thousands of callers came and went.
    const std::size_t most = descriptors() + 4;

    const auto end = std::chrono::steady_clock::now() + duration();
    const auto more = [&] { return std::chrono::steady_clock::now() < end; };
    Counts users;
    const Bytes echo = request_frame(FC_CMDS, SFC_CMDS_ECHO, Bytes(400'000));
    {
        std::vector<std::jthread> threads;
        for (int i = 0; i < 2; ++i) threads.emplace_back([&] { work("unix:" + socket, more, users); });
        threads.emplace_back([&] {  // callers who never read
            std::vector<host::FileDescriptor> deaf;
            while (more()) {
                if (deaf.size() >= 12) deaf.clear();
                deaf.push_back(connected(socket));
                for (int i = 0; i < 20; ++i) push(deaf.back(), echo);
                std::this_thread::sleep_for(5ms);
            }
        });
        threads.emplace_back([&] {  // half frames
            std::vector<host::FileDescriptor> halves;
            while (more()) {
                if (halves.size() >= 12) halves.clear();
                halves.push_back(connected(socket));
                push(halves.back(), ByteView(echo).first(200'000));
                std::this_thread::sleep_for(5ms);
            }
        });
        threads.emplace_back([&] {  // sessions without logon, and connections that come and go
            while (more()) {
                const auto device = host::Device::open("unix:" + socket);
                if (device) (void)(*device)->logon("NOBODY", *host::password_source(as_bytes("x")));
                const auto fd = connected(socket);
                push(fd, ByteView(echo).first(3));
            }
        });
    }
    std::cout << "limited load: " << users.served << " served, " << users.refused << " refused, "
              << users.lost << " connections lost\n";
    CHECK(users.wrong == 0);
    CHECK(users.served > 10 * users.lost);
    require_success(run({built_program("csadm"), "GetState"}, admin));
    // What callers held is given back, memory and descriptors.
    for (int i = 0; i < 100 && (descriptors() > most || status_of(pid, "VmData") > 48 * 1024); ++i)
        std::this_thread::sleep_for(50ms);
    CHECK(descriptors() <= most);
    CHECK(status_of(pid, "VmData") <= 48 * 1024);
    CHECK(read_file(state + "/cs2sim.log").find("unknown exception") == std::string::npos);
}
