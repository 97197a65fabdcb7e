#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <csignal>
#include <thread>

#include "firmware/db/database.h"
#include "firmware/smos/smos.h"
#include "test/unit/scratch.h"

using namespace cs2sim;

namespace {

Bytes key(std::uint32_t number) {
    Bytes bytes(8);
    for (std::size_t i = 0; i < 4; ++i) bytes[7 - i] = static_cast<std::uint8_t>(number >> (8 * i));
    return bytes;
}

std::shared_ptr<Database> make(DatabaseStore& store) {
    auto database = store.create("test.db", {8, 100000});
    REQUIRE(database);
    return *database;
}

}  // namespace

TEST_CASE("threads that change together: each change has its own outcome, readers see whole changes") {
    ScratchFolder scratch;
    const auto smos = std::move(*Smos::open(scratch.path()));
    DatabaseStore store(*smos);
    const auto db = make(store);
    REQUIRE(db->change([](Batch& batch) -> Result<void> {
        CS2SIM_TRY(batch.insert(key(0), as_bytes("0")));
        return batch.insert(key(1), as_bytes("0"));
    }));

    constexpr std::uint32_t kThreads = 8;
    constexpr std::uint32_t kEach = 60;
    std::atomic<unsigned> inserted{0}, refused{0}, failed{0}, torn{0};
    std::vector<std::thread> threads;
    for (std::uint32_t t = 0; t < kThreads; ++t)
        threads.emplace_back([&, t] {
            for (std::uint32_t i = 0; i < kEach; ++i) {
                // every key is fought over by two threads, of which one must lose
                const auto result = db->insert(key(1000 + (t / 2) * kEach + i), key(t));
                if (result)
                    ++inserted;
                else if (result.error().code == E_DB_EXISTS)
                    ++refused;
                else
                    ++failed;
                // two records that always agree
                const Bytes mark = key(t * kEach + i);
                const bool give_up = i % 3 == 0;
                const auto both = db->change([&](Batch& batch) -> Result<void> {
                    CS2SIM_TRY(batch.update(key(0), mark));
                    if (give_up) return fail(E_CMDS_INVAL);
                    return batch.update(key(1), mark);
                });
                if (give_up ? both || both.error().code != E_CMDS_INVAL : !both) ++failed;
            }
        });
    threads.emplace_back([&] {
        for (int i = 0; i < 200; ++i) {
            auto snapshot = db->snapshot();
            if (!snapshot) {
                ++failed;
                continue;
            }
            const auto first = (*snapshot)->next();
            const auto second = (*snapshot)->next();
            if (!first || !second || first->record != second->record) ++torn;
        }
    });
    for (std::thread& thread : threads) thread.join();
    CHECK(inserted == kThreads / 2 * kEach);
    CHECK(refused == kThreads / 2 * kEach);
    CHECK(failed == 0);
    CHECK(torn == 0);
    CHECK(*db->count() == 2 + kThreads / 2 * kEach);
}

TEST_CASE("closing while others work ends their work by code") {
    ScratchFolder scratch;
    const auto smos = std::move(*Smos::open(scratch.path()));
    DatabaseStore store(*smos);
    std::atomic<bool> stop{false};
    std::atomic<unsigned> wrong{0};
    std::vector<std::thread> threads;
    for (std::uint32_t t = 0; t < 4; ++t)
        threads.emplace_back([&, t] {
            for (std::uint32_t i = 0; !stop; ++i) {
                const auto db = store.create("test.db", {8, 1});
                if (!db) {
                    ++wrong;
                    continue;
                }
                const auto changed = (*db)->update(key(t * 100 + i % 100), key(i));
                if (!changed && changed.error().code != E_DB_BAD_HANDLE) ++wrong;
                const auto found = (*db)->find(key(t * 100 + i % 100));
                if (!found && found.error().code != E_DB_BAD_HANDLE) ++wrong;
            }
        });
    for (int i = 0; i < 20; ++i) {
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
        store.close_all();
    }
    stop = true;
    for (std::thread& thread : threads) thread.join();
    CHECK(wrong == 0);
}

#ifndef __SANITIZE_THREAD__  // fork in a threaded program is not for TSan

// Every answered insert is there after SIGKILL; a restore of 500 entries is there wholly or not at all.
TEST_CASE("kill -9 at any instant") {
    ScratchFolder scratch;
    constexpr std::uint32_t kRestored = 500;
    std::uint32_t answered = 0;
    for (int round = 0; round < 12; ++round) {
        int answers[2];
        REQUIRE(::pipe(answers) == 0);
        const pid_t child = ::fork();
        REQUIRE(child >= 0);
        if (child == 0) {
            auto smos = Smos::open(scratch.path());
            if (!smos) ::_exit(1);
            DatabaseStore store(**smos);
            auto db = store.create("test.db", {8, 1});
            if (!db) ::_exit(2);
            for (std::uint32_t i = answered;; ++i) {
                if (!(*db)->insert(key(i + 1), key(i))) ::_exit(3);
                if (::write(answers[1], "x", 1) != 1) ::_exit(4);
                if (i % 5 != 0) continue;
                auto staging = (*db)->stage();
                for (std::uint32_t n = 0; n < kRestored; ++n)
                    if (!(*staging)->add(key(0x10000000 + n), key(i))) ::_exit(5);
                if (!(*staging)->commit()) ::_exit(6);
            }
        }
        ::close(answers[1]);
        char answer = 0;
        REQUIRE(::read(answers[0], &answer, 1) == 1);  // it has begun
        ++answered;
        std::this_thread::sleep_for(std::chrono::milliseconds(round * 7));
        ::kill(child, SIGKILL);
        int status = 0;
        REQUIRE(::waitpid(child, &status, 0) == child);
        REQUIRE(WIFSIGNALED(status));  // it did not end by an error of its own
        while (::read(answers[0], &answer, 1) == 1) ++answered;
        ::close(answers[0]);

        const auto smos = std::move(*Smos::open(scratch.path()));
        DatabaseStore store(*smos);
        const auto db = make(store);
        for (std::uint32_t i = 0; i < answered; ++i) REQUIRE(db->find(key(i + 1)));
        // one more may have been done without its answer being heard
        if (db->find(key(answered + 1))) ++answered;
        REQUIRE_FALSE(db->find(key(answered + 1)));
        const auto first = db->find(key(0x10000000));
        if (!first) continue;
        for (std::uint32_t n = 0; n < kRestored; ++n) REQUIRE(*db->find(key(0x10000000 + n)) == *first);
    }
    CHECK(answered > 12);
}

// A file-size limit stands for a full disk: SQLite and the host answer alike.
TEST_CASE("a full disk: the code, and nothing half-applied") {
    ScratchFolder scratch;
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        std::signal(SIGXFSZ, SIG_IGN);
        auto smos = Smos::open(scratch.path());
        if (!smos) ::_exit(1);
        DatabaseStore store(**smos);
        auto db = store.create("test.db", {8, 1});
        if (!db || !(*db)->insert(key(1), key(1))) ::_exit(2);
        auto staging = (*db)->stage();
        for (std::uint32_t n = 0; n < 2000; ++n)
            if (!(*staging)->add(key(1 + n), Bytes(200))) ::_exit(3);
        const rlimit limit{256 * 1024, 256 * 1024};
        ::setrlimit(RLIMIT_FSIZE, &limit);
        const auto committed = (*staging)->commit();
        if (committed) ::_exit(4);
        const auto code = committed.error().code;
        if (code != E_DB_NO_SPACE && code != E_DB_COR_FILE) ::_exit(5);
        if (!(*db)->find(key(1)) || (*db)->find(key(2))) ::_exit(6);
        if (!(*db)->insert(key(9), key(9))) ::_exit(7);  // there is room for a small one
        const auto file = (*smos)->flash.write("big", Bytes(1000000));
        if (file || file.error().code != E_OS_FILE_NO_SPACE || (*smos)->flash.exists("big")) ::_exit(8);
        ::_exit(0);
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    REQUIRE(WIFEXITED(status));
    CHECK(WEXITSTATUS(status) == 0);

    const auto smos = std::move(*Smos::open(scratch.path()));
    DatabaseStore store(*smos);
    CHECK(*make(store)->count() == 2);
}

#endif
