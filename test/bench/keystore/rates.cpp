#include "test/bench/keystore/rates.h"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <fstream>
#include <sstream>

#include "test/keystore/postgres.h"

namespace cs2sim::keystore {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::seconds;

// Processor time that processes have had, with that of their children that are gone, in seconds.
double processor_seconds(const std::vector<::pid_t>& processes) {
    long ticks = 0;
    for (const ::pid_t process : processes) {
        std::ifstream stat("/proc/" + std::to_string(process) + "/stat");
        std::string line;
        std::getline(stat, line);
        std::istringstream fields(line.substr(std::min(line.size(), line.rfind(')') + 1)));
        std::string field;
        for (int number = 3; fields >> field && number <= 17; ++number)
            if (number >= 14) ticks += std::stol(field);
    }
    return static_cast<double>(ticks) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

double own_processor_seconds() {
    ::timespec now{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

// Of children that were waited for.
double children_seconds() {
    ::rusage usage{};
    ::getrusage(RUSAGE_CHILDREN, &usage);
    const auto seconds = [](const ::timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

}  // namespace

Rate rate(int processes, const std::function<std::function<bool()>(int number)>& prepare,
          const Others& others, seconds time) {
    struct Count {
        std::uint64_t calls = 0;
        double seconds = 0;
    };
    int counts[2], ready[2], go[2];
    REQUIRE((::pipe(counts) == 0 && ::pipe(ready) == 0 && ::pipe(go) == 0));
    std::vector<::pid_t> children;
    for (int i = 0; i < processes; ++i) {
        const ::pid_t child = ::fork();
        if (child == 0) {
            char byte = 0;
            ::close(go[1]);
            const auto once = prepare(i);
            once();  // connects
            if (::write(ready[1], &byte, 1) != 1 || ::read(go[0], &byte, 1) != 0) ::_exit(1);
            const auto end = Clock::now() + time;
            Count done{0, -own_processor_seconds()};
            while (Clock::now() < end) done.calls += once() ? 1 : 0;
            done.seconds += own_processor_seconds();
            if (::write(counts[1], &done, sizeof done) < 0) ::_exit(1);
            ::_exit(0);
        }
        children.push_back(child);
    }
    for (const int end : {counts[1], ready[1], go[0]}) ::close(end);
    char byte = 0;
    for (int i = 0; i < processes; ++i) REQUIRE(::read(ready[0], &byte, 1) == 1);
    Rate rate;
    for (const auto& each : others) rate.of_others.push_back(-processor_seconds(each()));
    ::close(go[1]);
    Count all, one;
    while (::read(counts[0], &one, sizeof one) == sizeof one) {
        all.calls += one.calls;
        all.seconds += one.seconds;
    }
    const double microseconds = 1e6 / static_cast<double>(all.calls);
    for (std::size_t i = 0; i < others.size(); ++i)
        rate.of_others[i] = (rate.of_others[i] + processor_seconds(others[i]())) * microseconds;
    for (const int end : {counts[0], ready[0]}) ::close(end);
    for (const ::pid_t child : children) ::waitpid(child, nullptr, 0);
    rate.calls = static_cast<double>(all.calls) / static_cast<double>(time.count());
    rate.of_callers = all.seconds * microseconds;
    return rate;
}

Rate pgbench_rate(const std::string& database, int clients, Content content, std::size_t blob, seconds time) {
    scenario::Folder folder;
    const std::string row =
        "insert into cs2sim_key select 'pgbench', '', nextval('bench'), 1, decode(repeat('01', 16), 'hex'), "
        "3, 31, "
        "decode('6c6162656c', 'hex'), decode('00', 'hex'), true, decode(repeat('4b', " +
        std::to_string(blob) +
        "), 'hex'), "
        "decode(md5(random()::text), 'hex'), now(), now(), 'host'";
    const std::string whole =
        "\\set each random(1, 64)\n\\if :each = 1\n"
        "insert into cs2sim_group select 'pgbench', 65 from set_config('synchronous_commit', 'off', true) "
        "on conflict (grp) do update set next_spec = cs2sim_group.next_spec + 64 returning next_spec - 64;\n"
        "\\endif\nwith k as (" +
        row +
        " returning op, grp, name, spec, ver) insert into cs2sim_audit select clock_timestamp(), 'host', op, "
        "'insert', grp, name, spec, ver from k";
    scenario::write_file(folder / "row.sql", (content == Content::row ? row : whole) + ";\n");
    const double server = processor_seconds(postgres().processes()), client = children_seconds();
    const auto outcome = scenario::run(
        {program_of_postgres("pgbench"), "-n", "-h", postgres().folder(), "-p",
         std::to_string(postgres().port()), "-U", "owner", "-M", "prepared", "-c", std::to_string(clients),
         "-j", "2", "-T", std::to_string(time.count()), "-f", (folder / "row.sql").string(), database});
    INFO(outcome.err);
    REQUIRE(outcome.status == 0);
    const auto told = [&](const std::string& mark) {
        return std::stod(outcome.out.substr(outcome.out.find(mark) + mark.size()));
    };
    const double microseconds = 1e6 / told("transactions actually processed: ");
    return {told("tps = "),
            (children_seconds() - client) * microseconds,
            {(processor_seconds(postgres().processes()) - server) * microseconds}};
}

}  // namespace cs2sim::keystore
