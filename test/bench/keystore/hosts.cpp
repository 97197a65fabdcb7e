// 64 processes on 4 simulators make keys in one PostgreSQL, beside pgbench.
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <thread>

#include "test/bench/keystore/rates.h"
#include "test/bench/keystore/tokens.h"
#include "test/keystore/postgres.h"

using namespace cs2sim;
using namespace cs2sim::keystore;

namespace {

using std::chrono::seconds;

constexpr int kProcesses = 64, kRounds = 4;
constexpr seconds kSlice{4};

// All of these processes' threads, and what they start from now on, on these processors alone.
void keep_on(const ::cpu_set_t& processors, const std::vector<::pid_t>& processes) {
    for (const ::pid_t process : processes)
        for (const auto& thread :
             std::filesystem::directory_iterator("/proc/" + std::to_string(process) + "/task"))
            REQUIRE(::sched_setaffinity(std::stoi(thread.path().filename()), sizeof processors,
                                        &processors) == 0);
}

// The machine divided: its first processor is the server's, the others are the simulators' and the callers'.
class ServerApart {
public:
    explicit ServerApart(const std::vector<::pid_t>& simulators) {
        REQUIRE(::sched_getaffinity(0, sizeof all_, &all_) == 0);
        REQUIRE(CPU_COUNT(&all_) >= 2);
        ::cpu_set_t first, others = all_;
        int number = 0;
        while (!CPU_ISSET(number, &all_)) ++number;
        CPU_ZERO(&first);
        CPU_SET(number, &first);
        CPU_CLR(number, &others);
        keep_on(first, postgres().processes());
        keep_on(others, simulators);
        keep_on(others, {::getpid()});
    }
    ~ServerApart() { ::sched_setaffinity(0, sizeof all_, &all_); }
    ServerApart(const ServerApart&) = delete;

private:
    ::cpu_set_t all_{};
};

struct Rounds {
    std::vector<Rate> ours, row, whole;
};

void print(const char* what, const std::function<double(std::size_t)>& of_round) {
    std::vector<double> values;
    for (int round = 0; round < kRounds; ++round) values.push_back(of_round(static_cast<std::size_t>(round)));
    std::sort(values.begin(), values.end());
    std::printf("  %-50s %8.2f (%.2f to %.2f)\n", what, values[kRounds / 2], values.front(), values.back());
}

double cost(const Rate& one) {
    double sum = one.of_callers;
    for (const double other : one.of_others) sum += other;
    return sum;
}

void print(const Rounds& all) {
    const std::vector<Rate>& ours = all.ours;  // clang 14 captures no parts of a structured binding
    const std::vector<Rate>& row = all.row;
    const std::vector<Rate>& whole = all.whole;
    print("keys a second", [&](std::size_t i) { return ours[i].calls; });
    print("pgbench, row alone, a second", [&](std::size_t i) { return row[i].calls; });
    print("pgbench, with audit and specifiers, a second", [&](std::size_t i) { return whole[i].calls; });
    print("ratio to the row alone", [&](std::size_t i) { return ours[i].calls / row[i].calls; });
    print("ratio to all of it", [&](std::size_t i) { return ours[i].calls / whole[i].calls; });
    print("us of processor a key: PostgreSQL", [&](std::size_t i) { return ours[i].of_others[0]; });
    print("us of processor a key: simulators", [&](std::size_t i) { return ours[i].of_others[1]; });
    print("us of processor a key: callers", [&](std::size_t i) { return ours[i].of_callers; });
    print("us of processor: PostgreSQL, row alone", [&](std::size_t i) { return row[i].of_others[0]; });
    print("us of processor: pgbench, row alone", [&](std::size_t i) { return cost(row[i]); });
    print("us of processor: pgbench, all of it", [&](std::size_t i) { return cost(whole[i]); });
    print("cost of the row to that of a key", [&](std::size_t i) { return cost(row[i]) / cost(ours[i]); });
    print("cost of all of it to that of a key",
          [&](std::size_t i) { return cost(whole[i]) / cost(ours[i]); });
}

void measure(bool server_apart) {
    postgres().new_store("hosts");
    // By the socket, as pgbench goes.
    const std::string connection = "host=" + postgres().folder().string() +
                                   " port=" + std::to_string(postgres().port()) + " dbname=hosts user=owner";
    std::vector<std::unique_ptr<clients::Token>> simulators;
    std::vector<::pid_t> devices;
    for (int i = 0; i < 4; ++i) {
        simulators.push_back(quiet_token(connection));
        if (i != 0) simulators[i]->admin().import_mbk_of(simulators[0]->admin());
        devices.push_back(simulators[i]->simulator().process());
    }
    for (const auto& simulator : simulators) await_own_key(*simulator);
    std::optional<ServerApart> apart;
    if (server_apart) apart.emplace(devices);
    const auto make = [&](int number) {
        const auto token = std::make_shared<bench::Token>(subject(*simulators[number % simulators.size()]));
        return [token] {
            token->make_aes(token->session(), true);
            return true;
        };
    };
    const auto server = [] { return postgres().processes(); };
    const auto ours = [&] { return rate(kProcesses, make, {server, [&] { return devices; }}, kSlice); };
    Rounds all;
    all.ours.push_back(ours());
    // Each in tables of its own: whoever comes next would fill the room that other rows left in old pages.
    const std::size_t blob = std::stoul(postgres().sql("hosts", "select max(length(blob)) from cs2sim_key"));
    for (const char* database : {"row", "whole"}) {
        postgres().new_store(database);
        postgres().sql(database, "create sequence bench");
    }
    // In turn, as a virtual machine's processors are faster at one time than at another.
    for (int round = 0; round < kRounds; ++round) {
        if (round != 0) all.ours.push_back(ours());
        all.row.push_back(pgbench_rate("row", kProcesses, Content::row, blob, kSlice));
        all.whole.push_back(pgbench_rate("whole", kProcesses, Content::transaction, blob, kSlice));
    }
    std::printf("%d processes on 4 simulators, %s, blobs of %zu bytes; median of %d rounds:\n", kProcesses,
                server_apart ? "the server on a processor of its own" : "all on the same processors", blob,
                kRounds);
    print(all);
}

}  // namespace

TEST_CASE("hosts") { measure(false); }

// As where the server has a machine of its own: pgbench, too, is where the callers are.
TEST_CASE("server apart") { measure(true); }
