// Power loss: kills the daemon at random instants while clients work, thousands of times when asked to.
//
//   powerloss --program BIN/cs2sim [--kills 30] [--seed 1] [--layer LIB --writes N --syncs N]
//
// After each restart everything that was answered as done is there, everything else wholly there or wholly
// absent, and SQLite finds every database whole. Exit status 0 when nothing was lost.
#include <sqlite3.h>
#include <stdlib.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <iostream>
#include <thread>

#include "host-lib/cards/key_source.h"
#include "host-lib/link/device.h"
#include "test/powerloss/daemon.h"
#include "test/powerloss/workload.h"

namespace cs2sim::powerloss {
namespace {

constexpr const char* kKeyUser = "CRYPTO";
constexpr const char* kPassword = "crypto-secret";

std::unique_ptr<host::Device> log_on(const Daemon& daemon, bool everybody) {
    auto device = host::Device::open(daemon.device());
    const auto admin = host::open_key_source(daemon.admin_key());
    if (!device || !admin || !(*device)->logon("ADMIN", **admin)) return nullptr;
    if (!everybody) return std::move(*device);
    const auto password = host::password_source(as_bytes(std::string_view(kPassword)));
    if (!(*device)->logon(kKeyUser, *password)) return nullptr;
    return std::move(*device);
}

bool whole(const std::filesystem::path& file) {
    sqlite3* database = nullptr;
    std::string said;
    const auto note = [](void* out, int, char** columns, char**) {
        *static_cast<std::string*>(out) += columns[0];
        return 0;
    };
    const bool asked =
        sqlite3_open_v2(file.c_str(), &database, SQLITE_OPEN_READWRITE, nullptr) == SQLITE_OK &&
        sqlite3_busy_timeout(database, 10000) == SQLITE_OK &&
        sqlite3_exec(database, "PRAGMA integrity_check", note, &said, nullptr) == SQLITE_OK;
    sqlite3_close(database);
    if (asked && said == "ok") return true;
    std::cout << "LOSS " << file.filename().string() << ": " << said << '\n';
    return false;
}

// As the killed daemon left them: on copies, each with its write-ahead log, which SQLite then recovers.
void check_integrity(const Daemon& daemon, Tally& tally) {
    namespace fs = std::filesystem;
    const fs::path copies = daemon.state().parent_path() / "copies";
    fs::create_directories(copies);
    for (const auto& entry : std::filesystem::recursive_directory_iterator(daemon.state()))
        if (const std::string name = entry.path().filename();
            name.ends_with(".db") || name.ends_with(".db-wal"))
            fs::copy_file(entry.path(), copies / name);
    for (const auto& entry : fs::directory_iterator(copies))
        if (entry.path().extension() == ".db" && !whole(entry.path())) ++tally.losses;
    fs::remove_all(copies);
}

void client(const Daemon& daemon, Workload& workload, Tally& tally, std::atomic<unsigned>& ready) {
    const auto device = log_on(daemon, true);
    ++ready;
    if (!device) return;
    while (workload.work(*device)) {
        ++tally.done;
        ++workload.done;
    }
    ++tally.open;
}

class Run {
public:
    Run(Daemon& daemon, unsigned seed) : daemon_(daemon), random_(seed) {}

    bool prepare() {
        const auto device = log_on(daemon_, false);
        if (!device ||
            !device->execute(FC_CMDS, SFC_CMDS_ADD_USER, {kKeyUser, 2, 4, 0, "CXI_GROUP=*", kPassword}))
            return false;
        for (const auto& workload : workloads_) {
            if (workload->prepare(*device)) continue;
            std::cout << "cannot prepare " << workload->name() << '\n';
            return false;
        }
        return true;
    }

    // One round: work, power loss, restart, judgement. False when the device cannot be used any more.
    bool round() {
        daemon_.spoil_disk();
        std::vector<std::thread> clients;
        std::atomic<unsigned> ready{0};
        for (const auto& workload : workloads_)
            clients.emplace_back([&] { client(daemon_, *workload, tally_, ready); });
        for (int i = 0; i < 30000 && ready < clients.size(); ++i)  // a logon costs more than most work
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        std::this_thread::sleep_for(
            std::chrono::microseconds(std::uniform_int_distribution(kShortest, kLongest)(random_)));
        daemon_.kill();
        for (std::thread& one : clients) one.join();

        check_integrity(daemon_, tally_);
        if (!daemon_.start()) return std::cout << "the device does not start again\n", false;
        const auto device = log_on(daemon_, true);
        if (!device) return std::cout << "no logon after the restart\n", false;
        for (const auto& workload : workloads_)
            if (!workload->verify(*device, tally_))
                return std::cout << "cannot verify " << workload->name() << '\n', false;
        return true;
    }

    const Tally& tally() const { return tally_; }

    // Prints what each workload did; false when one did nothing, which would prove nothing.
    bool all_worked() const {
        bool all = true;
        for (const auto& workload : workloads_) {
            std::cout << workload->name() << ' ' << workload->done << '\n';
            all &= workload->done != 0;
        }
        return all;
    }

private:
    static constexpr int kShortest = 1000;  // microseconds
    static constexpr int kLongest = 400000;
    Daemon& daemon_;
    std::mt19937 random_;
    std::vector<std::unique_ptr<Workload>> workloads_ = all_workloads();
    Tally tally_;
};

}  // namespace
}  // namespace cs2sim::powerloss

int main(int argc, char** argv) {
    using namespace cs2sim::powerloss;
    CLI::App app("kills cs2sim again and again and looks for what is lost");
    std::string program;
    unsigned kills = 30;
    unsigned seed = 1;
    DiskFaults faults;
    app.add_option("--program", program)->required();
    app.add_option("--kills", kills);
    app.add_option("--seed", seed);
    app.add_option("--layer", faults.layer);
    app.add_option("--writes", faults.writes);
    app.add_option("--syncs", faults.syncs);
    CLI11_PARSE(app, argc, argv);

    std::string folder = std::filesystem::temp_directory_path() / "cs2sim-powerloss-XXXXXX";
    if (!::mkdtemp(folder.data())) return 2;
    unsigned done = 0;
    std::uint64_t losses = 1;
    {
        Daemon daemon(program, folder, faults);
        Run run(daemon, seed);
        bool well = daemon.start() && run.prepare();
        while (well && done < kills && run.tally().losses == 0) {
            well = run.round();
            if (well) ++done;
        }
        well = run.all_worked() && well;
        losses = run.tally().losses + (well ? 0 : 1);
        std::cout << "kills " << done << ", operations done " << run.tally().done << ", open "
                  << run.tally().open << ", losses " << losses << '\n';
    }
    if (losses != 0) {
        std::cout << "seed " << seed << ", left for inspection: " << folder << '\n';
        return 1;
    }
    std::filesystem::remove_all(folder);
    return 0;
}
