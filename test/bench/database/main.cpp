// Figures of DB and of backup and restore, without transports: bench_database FOLDER [entries]
//
// Each commit is durable, so figures of single changes are those of the disk beneath FOLDER; the probe of
// plain fdatasync stands beside them.
#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <thread>

#include "firmware/adm/adm.h"
#include "firmware/cmds/call.h"
#include "firmware/cmds/scheduler.h"
#include "firmware/cmds/sessions.h"
#include "firmware/cmds/users.h"
#include "firmware/db/database.h"
#include "firmware/protocol/databases.h"
#include "firmware/smos/state_file.h"

using namespace cs2sim;

namespace {

constexpr std::size_t kRecord = 400;  // about a key object

template <class T>
T must(Result<T> result, const char* what) {
    if (result) {
        if constexpr (!std::is_void_v<T>)
            return std::move(*result);
        else
            return;
    }
    std::fprintf(stderr, "%s: %s", what, describe(result.error().code).c_str());
    std::exit(1);
}

template <class Work>
double seconds(Work work) {
    const auto begin = std::chrono::steady_clock::now();
    work();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

Bytes key(std::uint64_t number, std::size_t length) {
    Bytes bytes(length);
    for (std::size_t i = 0; i < 8 && i < length; ++i)
        bytes[length - 1 - i] = static_cast<std::uint8_t>(number >> (8 * i));
    return bytes;
}

void print(const char* what, double value, const char* unit) {
    std::printf("%-52s %12.1f %s\n", what, value, unit);
}

void fill(Database& database, std::uint64_t entries) {
    const std::size_t length = database.info().key_length;
    const Bytes record(kRecord, 0x5A);
    auto staging = must(database.stage(), "stage");
    for (std::uint64_t i = 0; i < entries; ++i) must(staging->add(key(i, length), record), "add");
    must(staging->commit(), "commit");
}

void probe_disk(const std::filesystem::path& folder) {
    const StateFile file(folder / "probe", O_WRONLY | O_CREAT | O_TRUNC);
    const Bytes page(4096);
    constexpr int kTimes = 100;
    const double took = seconds([&] {
        for (int i = 0; i < kTimes; ++i)
            if (!file.write_all(page) || !file.sync()) std::exit(1);
    });
    print("probe: 4 KiB write and fdatasync", kTimes / took, "/s");
}

void changes_of_threads(DatabaseStore& store, unsigned count) {
    const auto database = must(store.create("COMMIT.db", {8, 1}), "create");
    const Bytes record(kRecord, 0x5A);
    std::atomic<std::uint64_t> done{0};
    std::atomic<bool> stop{false};
    std::vector<std::thread> threads;
    const double took = seconds([&] {
        for (unsigned t = 0; t < count; ++t)
            threads.emplace_back([&, t] {
                for (std::uint64_t i = 0; !stop; ++i, ++done)
                    must(database->update(key(t * 100000 + i % 1000, 8), record), "update");
            });
        std::this_thread::sleep_for(std::chrono::seconds(1));
        stop = true;
        for (std::thread& thread : threads) thread.join();
    });
    char what[64];
    std::snprintf(what, sizeof what, "durable updates, %u threads", count);
    print(what, static_cast<double>(done) / took, "/s");
}

void find_in(Smos& smos, std::uint64_t entries) {
    {
        DatabaseStore store(smos);
        fill(*must(store.create("LARGE.db", {16, 1}), "create"), entries);
    }
    DatabaseStore store(smos);
    std::shared_ptr<Database> database;
    std::printf("%llu entries of %zu bytes\n", static_cast<unsigned long long>(entries), kRecord);
    print("  open", 1e3 * seconds([&] { database = must(store.open("LARGE.db"), "open"); }), "ms");
    print("  first find", 1e3 * seconds([&] { must(database->find(key(entries / 2, 16)), "find"); }), "ms");
    std::mt19937_64 random(1);
    constexpr int kFinds = 20000;
    const double took = seconds([&] {
        for (int i = 0; i < kFinds; ++i) must(database->find(key(random() % entries, 16)), "find");
    });
    print("  find by random key", 1e6 * took / kFinds, "us");
}

// Backup and restore of CXIKEY.db through the commands themselves.
void backup_and_restore(Smos& smos, std::uint64_t entries) {
    const Profile profile = *load_profile("se-gen2");
    DatabaseStore databases(smos);
    MbkStore mbk(smos, databases);
    Users users(smos, databases, profile);
    Sessions sessions(profile);
    Scheduler scheduler;
    DeviceControl control;
    (void)scheduler.publish(adm_module(control));
    Services services{profile, smos, databases, mbk, users, sessions, scheduler};
    Context context;
    context.users.push_back({"BENCH", 0x02000000, "", nullptr});
    const auto run = [&](std::uint8_t sfc, std::initializer_list<Value> values) {
        const Bytes block = compose(find_function(FC_ADM, sfc)->request, values).value();
        return must(scheduler.run(services, context, {FC_ADM, sfc, block}), "command");
    };

    must(mbk.generate(MBK_TYPE_AES, 32, 2, 2, "BENCH"), "MBK");
    const auto database = must(databases.create("CXIKEY.db", database_policy("CXIKEY.db")->info), "create");
    fill(*database, entries);
    std::vector<Bytes> blocks;
    const double backup = seconds([&] {
        const Bytes opened = run(SFC_ADM_BACKUP_OPEN, {"CXIKEY.db"});
        const std::uint32_t handle = parse("handle:u4 rest:*", opened)->u32("handle");
        for (bool more = true; more;) {
            blocks.push_back(run(SFC_ADM_BACKUP_READ, {handle, 256 * 1024}));
            more = blocks.back().front() != 0;
        }
        run(SFC_ADM_BACKUP_CLOSE, {handle});
    });
    print("backup of CXIKEY.db", static_cast<double>(entries) / backup, "entries/s");

    double committed = 0;
    const double restore = seconds([&] {
        const DatabaseInfo info = database->info();
        const MbkKeyInfo resident = must(mbk.info(kMbkSlotAes), "MBK");
        const Bytes opened = run(SFC_ADM_RESTORE_OPEN, {"CXIKEY.db", info.key_length, info.max_size,
                                                        resident.type, resident.length, resident.hash});
        const std::uint32_t handle = parse("handle:u4", opened)->u32("handle");
        for (const Bytes& block : blocks) run(SFC_ADM_RESTORE_WRITE, {handle, ByteView(block).subspan(1)});
        committed = seconds([&] { run(SFC_ADM_RESTORE_COMMIT, {handle}); });
    });
    print("restore of CXIKEY.db over itself", static_cast<double>(entries) / restore, "entries/s");
    print("  of which the commit", 1e3 * committed, "ms");
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 2) {
        std::fprintf(stderr, "bench_database FOLDER [entries of the large database]\n");
        return 2;
    }
    const std::filesystem::path folder = argv[1];
    const std::uint64_t entries = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 1000000;
    const double opened = seconds([&] { must(Smos::open(folder), "state folder"); });
    print("SMOS: new state folder", 1e3 * opened, "ms");
    const double again = seconds([&] { must(Smos::open(folder), "state folder"); });
    print("SMOS: existing state folder", 1e3 * again, "ms");
    const auto smos = must(Smos::open(folder), "state folder");
    probe_disk(folder);
    {
        DatabaseStore store(*smos);
        for (const unsigned threads : {1u, 4u, 16u, 64u}) changes_of_threads(store, threads);
    }
    backup_and_restore(*smos, 100000);
    find_in(*smos, entries);
    return 0;
}
