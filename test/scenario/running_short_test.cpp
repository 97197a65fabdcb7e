// A running simulator whose descriptors go, and whose memory has been needed for a while.
#include <sys/resource.h>

#include <chrono>
#include <thread>

#include "firmware/protocol/cxi/property_list.h"
#include "host-lib/cards/key_source.h"
#include "host-lib/link/device.h"
#include "test/scenario/expect.h"
#include "test/scenario/simulator.h"

using namespace cs2sim;
using namespace cs2sim::scenario;
using namespace std::chrono_literals;

namespace {

constexpr std::string_view kPassword = "clerks-secret";

// A simulator that answers on a Unix socket alone.
struct Instance {
    Folder folder;
    const std::string state = folder / "state";
    const std::string socket = "unix:" + (folder / "host").string();

    Instance() { require_success(cs2sim({"start", "--no-device", "--listen", socket})); }
    ~Instance() { cs2sim({"stop"}); }
    Outcome cs2sim(std::vector<std::string> words) const {
        words.insert(words.begin(), built_program("cs2sim"));
        words.insert(words.end(), {"--state", state});
        return run(words);
    }
    Outcome csadm(std::vector<std::string> words) const {
        words.insert(words.begin(), {built_program("csadm"), "Dev=" + socket});
        return run(words, {folder.path()});
    }
    pid_t pid() const {
        const std::string running = cs2sim({"status"}).out;
        return std::stoi(running.substr(running.find("pid ") + 4));
    }
};

long kilobytes(pid_t pid, const std::string& field) {
    const std::string text = read_file("/proc/" + std::to_string(pid) + "/status");
    const std::string word = "\n" + field + ":";
    return std::stol(text.substr(text.find(word) + word.size()));
}
long resident_kilobytes(pid_t pid) { return kilobytes(pid, "VmRSS"); }

Bytes aes_key(int number) {
    PropertyList list;
    list.set_number(CXI_PROP_KEY_ALGO, CXI_KEY_ALGO_AES);
    list.set_number(CXI_PROP_KEY_SIZE, 256);
    list.set(CXI_PROP_KEY_GROUP, "G");
    list.set(CXI_PROP_KEY_NAME, "key" + std::to_string(number));
    return list.encode();
}

}  // namespace

TEST_CASE(
    "without a descriptor left who is connected goes on working, and no answer says that a file is damaged") {
    const Instance instance;
    const std::string admin = "LogonSign=ADMIN," + instance.state + "/ADMIN.key";
    require_success(
        instance.csadm({admin, "AddUser=CLERK,00000002{CXI_GROUP=*},hmacpwd," + std::string(kPassword)}));
    auto device = host::Device::open(instance.socket);
    REQUIRE(device);
    REQUIRE((*device)->logon("CLERK", *host::password_source(as_bytes(kPassword))));
    const pid_t pid = instance.pid();
    rlimit before{};
    REQUIRE(::prlimit(pid, RLIMIT_NOFILE, nullptr, &before) == 0);
    const rlimit none{3, before.rlim_max};
    REQUIRE(::prlimit(pid, RLIMIT_NOFILE, &none, nullptr) == 0);
    std::vector<std::uint32_t> codes;
    for (int i = 0; i < 4; ++i) {
        const auto made = (*device)->execute(FC_CXI, SFC_CXI_KEY_GENERATE, {0, 0, aes_key(i)});
        codes.push_back(made ? 0 : made.error().code);
        const auto listed = (*device)->execute(FC_CXI, SFC_CXI_KEY_LIST, {Bytes(), Bytes(), Bytes(), 0});
        codes.push_back(listed ? 0 : listed.error().code);
        const auto users = (*device)->execute_block(FC_CMDS, SFC_CMDS_LIST_USERS, {});
        codes.push_back(users ? 0 : users.error().code);
    }
    const auto log = (*device)->execute_block(FC_ADM, SFC_ADM_GET_AUDIT_LOG, Bytes(4));
    REQUIRE(::prlimit(pid, RLIMIT_NOFILE, &before, nullptr) == 0);
    for (const std::uint32_t code : codes) CHECK(code == 0);
    REQUIRE(log);
    CHECK(log->size() > 100);
    const Outcome after = instance.csadm({admin, "GetAuditLog"});
    require_success(after);
    CHECK(after.out.find("add user CLERK") != std::string::npos);
    require_success(instance.cs2sim({"stop"}));
    const Outcome again = instance.cs2sim({"start", "--no-device", "--listen", instance.socket});
    require_success(again);
    CHECK(again.err.find("warning") == std::string::npos);
}

TEST_CASE("memory that a trace or large commands took goes back to the system") {
    const Instance instance;
    const pid_t pid = instance.pid();
    auto device = host::Device::open(instance.socket);
    REQUIRE(device);
    const Bytes large(150'000, 'x');
    const auto echo = [&](int times) {
        for (int i = 0; i < times; ++i) REQUIRE((*device)->execute_block(FC_CMDS, SFC_CMDS_ECHO, large));
    };
    echo(20);
    const long before = resident_kilobytes(pid);
    {
        auto control = host::Device::open("unix:" + instance.state + "/control.sock");
        REQUIRE(control);
        const auto opened = (*control)->execute(FC_SIM, SFC_SIM_TRACE_OPEN, {0});
        REQUIRE(opened);
        echo(120);
        CHECK(resident_kilobytes(pid) > before + 20'000);  // what nobody has read
        REQUIRE((*control)->execute(FC_SIM, SFC_SIM_TRACE_CLOSE, {opened->block.u32("listener")}));
    }
    long now = resident_kilobytes(pid);
    for (int i = 0; i < 100 && now > before + 6'000; ++i) {
        std::this_thread::sleep_for(50ms);
        now = resident_kilobytes(pid);
    }
    CHECK(now <= before + 6'000);
}
