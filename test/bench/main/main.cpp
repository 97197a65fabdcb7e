// The main job's figures: start-up and command rate beside swtpm, logons and sealed commands, backup and
// restore of 100,000 entries, idle memory. Run: bench_main [start|rate|sessions|memory|backup …] (from a
// release build). Real programs throughout.
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "firmware/crypto/random.h"
#include "firmware/db/database.h"
#include "firmware/protocol/databases.h"
#include "firmware/protocol/frame.h"
#include "firmware/protocol/functions.h"
#include "firmware/smos/smos.h"
#include "test/bench/main/logon.h"
#include "test/bench/main/program.h"
#include "test/bench/main/swtpm.h"

namespace {

namespace fs = std::filesystem;
using namespace cs2sim;
using namespace cs2sim::bench;

const std::string kBin = CS2SIM_BIN_DIR;
constexpr int kStarts = 21;
constexpr std::size_t kEntries = 100'000;
constexpr std::size_t kRecord = 200;  // bytes, about an AES key with its properties

struct Simulator {
    fs::path folder, state, socket;

    void start() const {
        run({kBin + "/cs2sim", "start", "--state", state.string(), "--no-device", "--listen",
             "unix:" + socket.string()});
    }
    void stop() const { run({kBin + "/cs2sim", "stop", "--state", state.string()}); }
    std::string device() const { return "Dev=unix:" + socket.string(); }

    // A field of the daemon's /proc/PID/status that is a size: VmRSS, VmHWM.
    double megabytes(const std::string& field) const {
        const std::string command = "sed -n 's/^" + field + ": *//p' /proc/$(" + kBin +
                                    "/cs2sim status --state " + state.string() +
                                    " | sed -n 's/.*pid //p')/status";
        FILE* status = ::popen(command.c_str(), "r");
        long kilobytes = 0;
        if (std::fscanf(status, "%ld", &kilobytes) != 1) kilobytes = -1024;
        ::pclose(status);
        return static_cast<double>(kilobytes) / 1024;
    }
};

Bytes echo(std::size_t size) { return request_frame(FC_CMDS, SFC_CMDS_ECHO, Bytes(size)); }

void bench_start(const Simulator& simulator, const fs::path& tpm) {
    std::vector<double> ours, theirs;
    for (int i = 0; i < kStarts; ++i) {
        double begin = seconds();
        simulator.start();
        {
            Connection connection(simulator.socket.string());
            connection.exchange(echo(64), kFrameHeader + 64);
        }
        ours.push_back(seconds() - begin);
        simulator.stop();

        const fs::path socket = tpm / "socket";
        fs::remove(socket);
        begin = seconds();
        const pid_t program = launch_swtpm(tpm, socket);
        {
            Connection connection(socket.string());
            startup_swtpm(connection);
        }
        theirs.push_back(seconds() - begin);
        end(program);
    }
    std::printf("start to first answer   cs2sim %6.1f ms   swtpm %6.1f ms   ratio %.2f (goal: at most 1)\n",
                median(ours) * 1e3, median(theirs) * 1e3, median(ours) / median(theirs));
}

void bench_rate(const Simulator& simulator, const fs::path& tpm) {
    simulator.start();
    const fs::path socket = tpm / "socket";
    fs::remove(socket);
    const pid_t program = launch_swtpm(tpm, socket);
    {
        Connection ours(simulator.socket.string());
        Connection theirs(socket.string());
        startup_swtpm(theirs);
        std::vector<double> our_rates, their_rates;
        for (int i = 0; i < 5; ++i) {
            our_rates.push_back(rate(ours, echo(64), kFrameHeader + 64, 1));
            their_rates.push_back(rate(theirs, kGetRandom, kGetRandomAnswer, 1));
        }
        std::printf(
            "commands a second       cs2sim %6.0f      swtpm %6.0f      ratio %.2f (goal: at least 1.5)\n",
            median(our_rates), median(their_rates), median(our_rates) / median(their_rates));
    }
    end(program);
    simulator.stop();
}

void fill_key_database(const fs::path& state) {
    auto smos = Smos::open(state).value();
    DatabaseStore databases(*smos);
    const auto database = databases.create("CXIKEY.db", database_policy("CXIKEY.db")->info).value();
    const std::size_t key_length = database->info().key_length;
    (void)database->change([&](Batch& batch) -> Result<void> {
        for (std::size_t i = 0; i < kEntries; ++i)
            CS2SIM_TRY(batch.update(random_bytes(key_length), random_bytes(kRecord)));
        return {};
    });
}

void bench_backup(const Simulator& simulator, const fs::path&) {
    const std::string logon = "LogonSign=ADMIN," + (simulator.state / "ADMIN.key").string();
    fill_key_database(simulator.state);
    simulator.start();
    run({kBin + "/csadm", simulator.device(), logon, "Key=a.key#p,b.key#p",
         "MBKGenerateKey=AES,32,2,2,BENCHMBK"});
    double begin = seconds();
    run({kBin + "/csadm", simulator.device(), logon, "BackupDatabase=CXIKEY.db"});
    const double backup = seconds() - begin;
    begin = seconds();
    run({kBin + "/csadm", simulator.device(), logon, "RestoreDatabase=CXIKEY.db"});
    const double restore = seconds() - begin;
    const double peak = simulator.megabytes("VmHWM");
    simulator.stop();
    std::printf(
        "entries a second        backup %6.0f      restore %5.0f      of %zu entries (goal: 50,000 each)\n",
        kEntries / backup, kEntries / restore, kEntries);
    std::printf("memory for both         cs2sim %6.1f MB at most (the entries are %.1f MB)\n", peak,
                static_cast<double>(kEntries * kRecord) / 1e6);
}

void bench_memory(const Simulator& simulator, const fs::path&) {
    run({kBin + "/cs2sim", "start", "--state", simulator.state.string(), "--device",
         (simulator.folder / "cs2a").string()});
    const double idle = simulator.megabytes("VmRSS");
    simulator.stop();
    std::printf("idle memory             cs2sim %6.1f MB (goal: under 15)\n", idle);
}

void bench_logons(const Simulator& simulator, const fs::path&) {
    simulator.start();
    bench_sessions("unix:" + simulator.socket.string(), simulator.state / "ADMIN.key");
    simulator.stop();
}

struct Part {
    std::string_view name;
    void (*run)(const Simulator& simulator, const fs::path& tpm);
};
constexpr Part kParts[] = {{"start", bench_start},
                           {"rate", bench_rate},
                           {"sessions", bench_logons},
                           {"memory", bench_memory},
                           {"backup", bench_backup}};

}  // namespace

int main(int argc, char** argv) {
    const std::vector<std::string_view> wanted(argv + 1, argv + argc);
    std::string pattern = (fs::temp_directory_path() / "cs2sim-bench-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) return 1;
    const fs::path folder = pattern;
    fs::current_path(folder);
    const Simulator simulator{folder, folder / "state", folder / "device.sock"};
    const fs::path tpm = folder / "tpm";

    simulator.start();  // a first start makes the factory key; what follows finds existing state
    simulator.stop();
    prepare_swtpm(tpm);
    for (const Part& part : kParts)
        if (wanted.empty() || std::ranges::find(wanted, part.name) != wanted.end()) part.run(simulator, tpm);
    fs::current_path("/");
    fs::remove_all(folder);
    return 0;
}
