// Damages a state folder at random and starts the simulator on it, thousands of times when asked to.
//
//   damaged_state --program BIN/cs2sim [--rounds 40] [--seed 1]
//
// A start either works (everybody can log on, everything is there) or says by name what is wrong: on stderr,
// and in the boot log when the device runs. It never ends by a signal, and never makes another master key
// unasked.
#include <stdlib.h>
#include <sys/wait.h>

#include <CLI/CLI.hpp>
#include <fstream>
#include <iostream>
#include <iterator>

#include "host-lib/cards/key_source.h"
#include "host-lib/link/device.h"
#include "test/powerloss/daemon.h"
#include "test/powerloss/damage.h"

namespace cs2sim::powerloss {
namespace {

namespace fs = std::filesystem;

constexpr const char* kWarning = "cs2sim: warning: ";
constexpr unsigned kUsers = 12;

std::string read(const fs::path& file) {
    if (!fs::is_regular_file(file)) return {};
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

// What the device holds, as a host sees it; empty when it cannot be had.
std::string seen_by_host(const std::string& device_name, const std::string& admin_key) {
    const auto device = host::Device::open(device_name);
    const auto admin = host::open_key_source(admin_key);
    if (!device || !admin || !(*device)->logon("ADMIN", **admin)) return {};
    const auto users = (*device)->execute(FC_CMDS, SFC_CMDS_LIST_USERS, {""});
    const auto mbk = (*device)->execute(FC_MBK, SFC_MBK_LIST_KEYS);
    const auto own = (*device)->execute(FC_DB, SFC_DB_TEST_FIND, {"OWN.db", 0, Bytes(8, 1)});
    const auto keys = (*device)->execute(FC_ADM, SFC_ADM_LIST_ENTRIES, {"CXIKEY.db"});
    if (!users || !mbk || !own || !keys) return {};
    return to_hex(users->bytes) + to_hex(mbk->bytes) + to_hex(own->bytes);
}

bool fill(const std::string& device_name, const std::string& admin_key) {
    const auto device = host::Device::open(device_name);
    const auto admin = host::open_key_source(admin_key);
    if (!device || !admin || !(*device)->logon("ADMIN", **admin)) return false;
    for (unsigned i = 0; i < kUsers; ++i)
        if (!(*device)->execute(FC_CMDS, SFC_CMDS_ADD_USER,
                                {"USER" + std::to_string(i), 2, 4, 0, "CXI_GROUP=*", "a-password"}))
            return false;
    const Bytes entry = compose(LAYOUT_DB_ENTRY, {Bytes(8, 1), Bytes(3000, 2)}).value();
    return (*device)->execute(FC_MBK, SFC_MBK_GENERATE, {2, 32, 2, 2, "DAMAGED"}) &&
           (*device)->execute(FC_DB, SFC_DB_TEST_CREATE, {"OWN.db", 8, 100}) &&
           (*device)->execute(FC_DB, SFC_DB_TEST_INSERT, {"OWN.db", entry});
}

// Holds the whole log, whatever the host asks in parts.
std::string boot_log(const std::string& device_name) {
    const auto device = host::Device::open(device_name);
    if (!device) return {};
    const auto answer = (*device)->execute(FC_ADM, SFC_ADM_GET_BOOT_LOG, {0});
    return answer ? std::string(as_text(answer->bytes)) : std::string();
}

class Rounds {
public:
    Rounds(std::string program, fs::path folder) : program_(std::move(program)), folder_(std::move(folder)) {}

    // A state folder with something in every store, ended in order.
    bool prepare() {
        const fs::path at = folder_ / "whole";
        fs::create_directories(at);
        Daemon daemon(program_, at, {});
        if (!daemon.start() || !fill(daemon.device(), daemon.admin_key())) return false;
        whole_ = seen_by_host(daemon.device(), daemon.admin_key());
        daemon.kill();
        if (!daemon.start()) return false;  // what the logs held goes into the databases
        daemon.end();
        fs::copy_file(daemon.admin_key(), admin_key());
        key_ = read(daemon.state() / "keyram");
        return !whole_.empty();
    }

    // The fault, in words; empty when the round went well.
    std::string round(std::mt19937& random) {
        const fs::path at = folder_ / "round";
        fs::remove_all(at);
        fs::create_directories(at);
        fs::copy(folder_ / "whole" / "state", at / "state", fs::copy_options::recursive);
        done_ = damage(at / "state", random);
        const std::string key_before = read(at / "state" / "keyram");
        Daemon daemon(program_, at, {});
        const bool started = daemon.start();
        const std::string said = read(daemon.log());
        std::string fault = started ? judge_running(daemon, said) : judge_refused(daemon, said);
        if (started && fault.empty() && made_another_key(at / "state" / "keyram", key_before))
            fault = "made another master key";
        if (!fault.empty()) fault += "; " + done_ + "; it said:\n" + said;
        started ? ++started_ : ++refused_;
        daemon.kill();
        return fault;
    }

    unsigned started() const { return started_; }
    unsigned refused() const { return refused_; }
    unsigned warned() const { return warned_; }
    const std::string& done() const { return done_; }

private:
    std::string admin_key() const { return (folder_ / "ADMIN.key").string(); }

    bool made_another_key(const fs::path& key_ram, const std::string& before) const {
        const std::string now = read(key_ram);
        const std::string erased = "CS2KEYR1" + std::string(40, '\0');
        return now != key_ && now != before && now != erased;
    }

    std::string judge_running(const Daemon& daemon, const std::string& said) {
        const std::string seen = seen_by_host(daemon.device(), admin_key());
        const auto at = said.find(kWarning);
        // Nothing tells the device of a database of its user's that it ever had one.
        const bool forgotten = done_ == "OWN.db removed" || done_ == "OWN.db replaced by a dangling link";
        if (at == std::string::npos && forgotten) return "";
        if (at == std::string::npos) return seen == whole_ ? "" : "runs and lost something in silence";
        ++warned_;
        const auto begin = at + std::string_view(kWarning).size();
        const std::string line = said.substr(begin, said.find('\n', begin) - begin);
        return boot_log(daemon.device()).find(line) != std::string::npos ? ""
                                                                         : "the boot log lacks the warning";
    }

    static std::string judge_refused(const Daemon& daemon, const std::string& said) {
        if (!WIFEXITED(daemon.ended_with())) return "ended by a signal";
        const bool named = said.find(daemon.state().string()) != std::string::npos;
        return named ? "" : "does not start and does not say what is wrong by name";
    }

    const std::string program_;
    const fs::path folder_;
    std::string whole_;
    std::string key_;
    std::string done_;
    unsigned started_ = 0;
    unsigned refused_ = 0;
    unsigned warned_ = 0;
};

}  // namespace
}  // namespace cs2sim::powerloss

int main(int argc, char** argv) {
    using namespace cs2sim::powerloss;
    CLI::App app("damages state folders and starts cs2sim on them");
    std::string program;
    unsigned rounds = 40;
    unsigned seed = 1;
    app.add_option("--program", program)->required();
    app.add_option("--rounds", rounds);
    app.add_option("--seed", seed);
    CLI11_PARSE(app, argc, argv);

    std::string folder = std::filesystem::temp_directory_path() / "cs2sim-damaged-XXXXXX";
    if (!::mkdtemp(folder.data())) return 2;
    Rounds run(program, folder);
    std::mt19937 random(seed);
    unsigned faults = run.prepare() ? 0 : 1;
    if (faults != 0) std::cout << "cannot prepare\n";
    for (unsigned round = 0; faults == 0 && round < rounds; ++round) {
        const std::string fault = run.round(random);
        if (fault.empty()) continue;
        ++faults;
        std::cout << "FAULT in round " << round << " of seed " << seed << ": " << fault << '\n';
    }
    std::cout << "rounds " << rounds << ", started " << run.started() << " (with a warning " << run.warned()
              << "), refused " << run.refused() << ", faults " << faults << '\n';
    if (faults != 0) {
        std::cout << "left for inspection: " << folder << '\n';
        return 1;
    }
    std::filesystem::remove_all(folder);
    return 0;
}
