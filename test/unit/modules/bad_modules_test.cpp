// Modules that do what they must not: seen, told, survived.
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <catch2/catch.hpp>

#include <csignal>
#include <cstdlib>
#include <map>
#include <random>

#include "firmware/modules/images/module_image.h"
#include "firmware/modules/service.h"
#include "test/unit/modules/bench.h"

using namespace cs2sim;
using Catch::Contains;

namespace {

enum Bad : std::uint8_t {
    null_pointer,
    loop,
    heap_overrun,
    stack_overrun,
    double_free,
    exits,
    forks,
    long_answer,
    wrong_arguments,
    leak,
    taken_code,
    no_block,
    aborts,
    opens,
    asks_forever,
    writes,
    overruns_answer,
    frees_answer,
    breaks_rules,
    searches_primes,
    searches_in_background,
    says_what_it_could
};

// A search for primes goes on for minutes, and tells nobody whether it was given up: what ends it is seen
// before, however busy the machine.
constexpr std::chrono::seconds kSoon{60};

std::chrono::steady_clock::duration since(std::chrono::steady_clock::time_point began) {
    return std::chrono::steady_clock::now() - began;
}

void expect_alive(ModuleBench& bench) {
    CHECK(bench.run(0, Bytes{9}).value() == Bytes{9});
    CHECK(bench.stage() == ModuleStage::ready);
}

void expect_dead(ModuleBench& bench, const std::string& reason) {
    INFO(bench.module_log());
    CHECK(bench.stage() == ModuleStage::failed);
    CHECK_THAT(bench.module_log(), Contains(reason));
    CHECK_THAT(bench.boot_log(), Contains("module PROB failed: "));
    CHECK_THAT(bench.smos->audit_log.text().value(), Contains("module PROB failed: "));
    CHECK(bench.run(0).error().code == E_OS_MDL_NOT_AVAILABLE);
    CHECK(bench.run(1, {}, FC_CMDS).error().code != E_OS_MDL_NOT_AVAILABLE);  // others answer
    bench.restart();
    expect_alive(bench);
}

}  // namespace

TEST_CASE("A module that dereferences NULL shows the line, and fails until Restart") {
    ModuleBench bench;
    bench.start("newer");
    CHECK(bench.misbehave(null_pointer).error().code == E_OS_MDL_NOT_AVAILABLE);
    CHECK_FALSE(bench.halted);
    CHECK_THAT(bench.module_log(), Contains("signal 11") && Contains("write_through") && Contains("bad.h:"));
    expect_dead(bench, "at 0x0");
}

namespace {

bool has_landlock() {
    constexpr long kCreateRuleset = 444;  // of all processors
    return ::syscall(kCreateRuleset, nullptr, 0, 1) > 0;
}

// Stands before all others in the way that programs are looked for, as `addr2line`.
class InPlaceOfAddr2line {
public:
    explicit InPlaceOfAddr2line(const std::string& script) {
        const auto file = folder_.path() / "addr2line";
        std::ofstream(file) << "#!/bin/sh\n" << script << '\n';
        std::filesystem::permissions(file, std::filesystem::perms::owner_all);
        ::setenv("PATH", (folder_.path().string() + ":" + before_).c_str(), 1);
    }
    ~InPlaceOfAddr2line() { ::setenv("PATH", before_.c_str(), 1); }

    const std::filesystem::path& folder() const { return folder_.path(); }

private:
    ScratchFolder folder_;
    const std::string before_ = std::getenv("PATH");
};

}  // namespace

TEST_CASE("What looks into the image of a crashed module neither reaches out nor lasts") {
    ScratchFolder outside;
    const std::string file = outside.path() / "written";
    // Each way of the shell's own; what is refused ends it.
    std::ofstream(file + ".secret") << "secret\n";
    for (const std::string& script :
         {"echo here; echo x > " + file, std::string("echo here; kill -9 $PPID"),
          "read line < " + file + ".secret && echo $line", std::string("while :; do :; done"),
          "read line < " + file + ".fifo", std::string("while echo endless; do :; done")}) {
        INFO(script);
        REQUIRE(::mkfifo((file + ".fifo").c_str(), 0600) == 0);
        const InPlaceOfAddr2line hostile(script);
        ModuleBench bench;
        bench.start("newer");
        CHECK(bench.misbehave(null_pointer).error().code == E_OS_MDL_NOT_AVAILABLE);  // else it never ends
        expect_dead(bench, "FAILED: signal 11");
        CHECK_FALSE(std::filesystem::exists(file));
        if (has_landlock()) CHECK_THAT(bench.module_log(), !Contains("secret"));
        std::filesystem::remove(file + ".fifo");
    }
}

TEST_CASE("Stack overruns, exit and abort end the module alone") {
    ModuleBench bench;
    bench.start("newer");
    CHECK(bench.misbehave(stack_overrun).error().code == E_OS_MDL_NOT_AVAILABLE);
    expect_dead(bench, "overrun_stack");
    CHECK(bench.misbehave(exits).error().code == E_OS_MDL_NOT_AVAILABLE);
    expect_dead(bench, "it called exit(3)");
    CHECK(bench.misbehave(aborts).error().code == E_OS_MDL_NOT_AVAILABLE);
    expect_dead(bench, "signal 6");
}

TEST_CASE("Damage of the heap is told with the place of the allocation") {
    ModuleBench bench;
    bench.start("newer");
    CHECK(bench.misbehave(heap_overrun));
    CHECK_THAT(bench.module_log(), Contains("written behind the end of a block") && Contains("bad.h:42"));
    CHECK(bench.misbehave(double_free));
    CHECK_THAT(bench.module_log(), Contains("freed twice") && Contains("bad.h:43"));
    CHECK(bench.misbehave(no_block));
    CHECK_THAT(bench.module_log(), Contains("not the start of a block"));
    CHECK(bench.misbehave(leak));
    expect_alive(bench);
    bench.restart();
    CHECK_THAT(bench.module_log(), Contains("never freed") && Contains("bad.h:44"));
}

TEST_CASE("What is told of an answer's block does not become the answer") {
    ModuleBench bench;
    bench.start("newer");
    CHECK(bench.misbehave(overruns_answer).value() == to_bytes(as_bytes("well")));
    CHECK_THAT(bench.module_log(), Contains("written behind the end of a block"));
    const auto freed = bench.misbehave(frees_answer);
    REQUIRE(freed);
    CHECK(freed->size() == 4);
    CHECK(std::ranges::count(*freed, freed->front()) == 4);  // what freed blocks are filled with
    CHECK_THAT(bench.module_log(), Contains("freed twice"));
    expect_alive(bench);
}

TEST_CASE("A process that does not keep to the rules of its channel is ended, whatever it blocks") {
    ModuleBench bench;
    bench.start("newer");
    CHECK(bench.misbehave(breaks_rules).error().code == E_OS_MDL_PARA_INVALID);
    expect_dead(bench, "killed by signal 9");
}

TEST_CASE("Wrong arguments, long answers, forks and files are refused") {
    ModuleBench bench;
    bench.start("newer");
    const auto answer = bench.misbehave(wrong_arguments);
    REQUIRE(answer);
    if (answer->size() == 4) FAIL("bad.h, line " << big_endian(*answer));
    CHECK(bench.misbehave(long_answer).error().code == E_CMDS_BAD_SIZE);
    CHECK(bench.misbehave(forks));
    CHECK(bench.misbehave(opens));
    CHECK(bench.misbehave(writes));
    CHECK(bench.misbehave(taken_code).error().code == E_CMDS_IN_USE);
    expect_alive(bench);
}

namespace {

// Of this kernel and this user; what remains without Landlock is what the README says.
std::string what_is_left() {
    if (has_landlock()) return "";
    return std::string("reads its log\nreads keyram\n") +
           (::geteuid() == 0 ? "" : "reads the simulator's memory\nreads the simulator's environment\n") +
           "reads /etc/passwd\n";
}

}  // namespace

TEST_CASE("What an image's constructors do while it is loaded finds nothing, whatever its bits") {
    REQUIRE(::setenv("CS2SIM_TEST_SECRET", "of the simulator", 1) == 0);
    for (const std::string name : {"newer", "prob32", "prob64"}) {
        if (!std::filesystem::exists(std::filesystem::path(CS2SIM_TEST_MODULES) / (name + ".so"))) continue;
        INFO(name);
        ModuleBench bench;
        bench.start(name);
        expect_alive(bench);
        const auto could = bench.misbehave(says_what_it_could);
        REQUIRE(could);
        CHECK(as_text(*could) == what_is_left());
        CHECK(code_of(bench.smos->flash.read(name + ".mtc")) == 0);
        bench.restart();
        expect_alive(bench);
    }
}

TEST_CASE("A superuser's simulator loads what lies in the closed folder of another user") {
    if (::geteuid() != 0) return;
    constexpr uid_t kNobody = 65534;
    const ScratchFolder theirs;
    const auto image = theirs.path() / "newer.so";
    std::filesystem::copy_file(std::filesystem::path(CS2SIM_TEST_MODULES) / "newer.so", image);
    for (const auto& path : {image, theirs.path()}) REQUIRE(::chown(path.c_str(), kNobody, kNobody) == 0);
    REQUIRE(::chmod(image.c_str(), 0600) == 0);
    REQUIRE(::chmod(theirs.path().c_str(), 0700) == 0);
    ModuleBench bench;
    const auto folder = bench.modules.log_of("PROB").parent_path();
    std::filesystem::create_directories(folder);
    REQUIRE(write_developed(folder, DevelopedModule{image, {}}));
    bench.restart();
    expect_alive(bench);
    CHECK(bench.misbehave(null_pointer).error().code == E_OS_MDL_NOT_AVAILABLE);
    CHECK_THAT(bench.module_log(), Contains("signal 11") && Contains("write_through"));
}

TEST_CASE("A command that never returns ends with the restart, or by the watchdog") {
    Profile profile;
    profile.module_watchdog = 1;
    ModuleBench bench(profile);
    bench.start("newer");
    CHECK(bench.misbehave(loop).error().code == E_OS_MDL_NOT_AVAILABLE);
    CHECK_THAT(bench.module_log(), Contains("misbehave"));
    expect_dead(bench, "it did not return");
    CHECK(bench.misbehave(asks_forever).error().code == E_OS_MDL_NOT_AVAILABLE);
    expect_dead(bench, "it did not return");

    for (const Bad what : {loop, asks_forever}) {
        ModuleBench unwatched;
        unwatched.start("newer");
        std::uint32_t answered = 0;
        std::thread caller([&] { answered = code_of(unwatched.misbehave(what)); });
        std::this_thread::sleep_for(std::chrono::milliseconds(300));
        unwatched.modules.withdraw_commands();
        caller.join();
        CHECK(answered == E_OS_MDL_NOT_AVAILABLE);
        unwatched.restart();
        expect_alive(unwatched);
    }
}

TEST_CASE("A search for primes ends with the watchdog, and the log says where the module waits for it") {
    Profile profile;
    profile.module_watchdog = 1;
    ModuleBench bench(profile);
    bench.start("newer");
    CHECK(bench.misbehave(searches_primes).error().code == E_OS_MDL_NOT_AVAILABLE);  // else it goes on
    CHECK_THAT(bench.module_log(), Contains("search_primes") && Contains("bad.h:"));
    expect_dead(bench, "it did not return");
}

TEST_CASE("A search for primes ends with whoever wants them") {
    ModuleBench bench;
    bench.start("newer");
    const auto abandonment = std::make_shared<Abandonment>();
    bench.context.abandonment = abandonment;
    const auto search = [&](const std::function<void()>& end_it) {
        std::uint32_t answered = 0;
        std::thread caller([&] { answered = code_of(bench.misbehave(searches_primes)); });
        std::this_thread::sleep_for(std::chrono::milliseconds(300));
        end_it();
        caller.join();
        return answered;
    };
    SECTION("the caller hangs up: the module has the code") {
        CHECK(search([&] { abandonment->hang_up(); }) == E_OS_PCI_CANCEL);
        CHECK(bench.stage() == ModuleStage::ready);
    }
    SECTION("its process is killed") {
        const int pid = bench.modules.find("PROB")->process->pid();
        CHECK(search([pid] { ::kill(pid, SIGKILL); }) == E_OS_MDL_NOT_AVAILABLE);
        expect_dead(bench, "killed by signal 9");
    }
    SECTION("the device restarts") {
        CHECK(search([&] { bench.modules.withdraw_commands(); }) == E_OS_MDL_NOT_AVAILABLE);
        bench.restart();
        expect_alive(bench);
    }
}

TEST_CASE("A task that searches for primes holds up neither a restart nor who deletes its module") {
    ModuleBench bench;
    bench.start("newer");
    for (const bool restarts : {true, false}) {
        INFO(restarts);
        REQUIRE(bench.misbehave(searches_in_background));
        std::this_thread::sleep_for(std::chrono::milliseconds(500));
        const auto began = std::chrono::steady_clock::now();
        if (restarts) {
            bench.modules.withdraw_commands();
            bench.restart();
        } else {
            CHECK(bench.modules.consent(ModuleBench::kProbe, false));
            bench.remove(ModuleBench::kProbe);
        }
        CHECK(since(began) < kSoon);
        if (restarts) expect_alive(bench);
    }
}

TEST_CASE("Who is asked for consent and never answers is gone, with or without a watchdog") {
    ModuleBench bench;
    bench.start("ponders");
    CHECK(bench.modules.consent(ModuleBench::kProbe, false));  // else it waits for ever
    CHECK_THAT(bench.module_log(), Contains("consent_to_delete"));
    expect_dead(bench, "it did not return");
}

TEST_CASE("A crash may halt the device, when the profile says so") {
    Profile profile;
    profile.module_crash_halts = true;
    ModuleBench bench(profile);
    bench.start("newer");
    CHECK_FALSE(bench.misbehave(null_pointer));
    CHECK(bench.halted);
}

TEST_CASE("A killed process is noticed; what it had inserted is there") {
    ModuleBench bench;
    bench.start("newer");
    REQUIRE(bench.run(9, big_endian_bytes<4>(50)));
    ::kill(bench.modules.find("PROB")->process->pid(), SIGKILL);
    for (int tries = 0; tries < 100 && bench.stage() != ModuleStage::failed; ++tries)
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    expect_dead(bench, "killed by signal 9");
    CHECK(big_endian(bench.run(10).value()) == 50);
}

TEST_CASE("kill -9 in the middle of inserts loses nothing that was answered") {
    ModuleBench bench;
    bench.start("newer");
    const int pid = bench.modules.find("PROB")->process->pid();
    std::thread killer([pid] {
        std::this_thread::sleep_for(std::chrono::milliseconds(60));
        ::kill(pid, SIGKILL);
    });
    CHECK(bench.run(9, big_endian_bytes<4>(1000000)).error().code == E_OS_MDL_NOT_AVAILABLE);
    killer.join();
    bench.restart();
    auto database = bench.databases.open("probe.db");
    const auto count = (*database)->count().value();
    CHECK(big_endian(bench.run(10).value()) == count);
    CHECK(count > 0);
    CHECK((*database)->find(as_bytes("00000000")));
}

TEST_CASE("A database that a module keeps open across its stop is free afterwards") {
    ModuleBench bench;
    bench.start("holds");
    REQUIRE(bench.run(9, big_endian_bytes<4>(5)));
    bench.restart();
    CHECK(big_endian(bench.run(10).value()) == 5);
    bench.stop();
    CHECK(bench.databases.drop("probe.db"));
}

namespace {

Bytes random_request(std::mt19937& random, std::size_t size, bool small) {
    Bytes request(size);
    for (std::uint8_t& byte : request)
        byte = static_cast<std::uint8_t>(!small ? random() : random() % 8 == 0 ? random() % 33 : 0);
    return request;
}

// Of the shape that the service wants, so that it is not refused for that.
Bytes shaped_request(std::mt19937& random, const Layout& layout, bool small) {
    Bytes request;
    for (const Layout::Field& field : layout) {
        const std::size_t size = random() % 4 == 0 ? 0 : random() % 70;
        if (field.kind == 'v') append_big_endian(request, size, field.width);
        append(request,
               random_request(random, field.kind == 'v' || field.kind == '*' ? size : field.width, small));
    }
    return request;
}

}  // namespace

TEST_CASE("Services survive whatever the process of a module sends") {
    // Each service has the last 50 ms of a watchdog's time: by chance a request is for primes of 8192 bits.
    constexpr std::int64_t kEach = 50;
    Profile profile;
    profile.module_watchdog = 1;
    ModuleBench bench(profile);
    bench.start("newer");
    UserModule& module = *bench.modules.find("PROB");
    std::mt19937 random(4711);
    const auto table = service_table();
    std::map<std::string_view, unsigned> served;
    for (std::uint32_t service = 0; service < table.size() + 3; ++service)
        for (int round = 0; round < 200; ++round) {
            INFO("service " << service << ", round " << round);
            const bool small = round % 2 != 0;  // so that lengths and handles often fit
            const bool shaped = round >= 100 && service < table.size();
            const Bytes request = shaped ? shaped_request(random, table[service].request, small)
                                         : random_request(random, random() % 120, small);
            module.spent_elsewhere(monotonic_milliseconds() - module.elsewhere() - 1000 + kEach);
            const auto began = std::chrono::steady_clock::now();
            const auto answer = module.serve(service, request);
            CHECK(since(began) < kSoon);
            if (service >= table.size()) CHECK(answer.error().code == E_OS_MDL_NOT_SUPP);
            if (shaped) CHECK(parse(table[service].request, request));
            if (answer) ++served[table[service].name];
        }
    CHECK(served.size() > table.size() / 4);  // chance meets what is right, too
    CHECK(bench.run(0, Bytes{9}).value() == Bytes{9});
}
