// Many programs on one store: poolers, processes side by side, processes that die.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <iostream>
#include <set>
#include <sstream>
#include <thread>

#include "test/keystore/pgbouncer.h"
#include "test/unit/keystore/conformance.h"

namespace cs2sim::keystore {
namespace {

using std::chrono::milliseconds;

KeyStorage at(const std::string& connection) { return parse_key_store_url(connection).value(); }

// Makes keys in group G until it is killed or the time is over, and writes the specifier of each that was
// answered.
[[noreturn]] void make_keys(const KeyStorage& storage, int answers, milliseconds time) {
    {
        auto store = open_key_store(storage);
        const auto end = std::chrono::steady_clock::now() + time;
        while (store && std::chrono::steady_clock::now() < end) {
            const auto spec = (*store)->reserve_specs("G");
            if (!spec || !(*store)->insert(some_key("G", *spec))) continue;
            const std::string line = std::to_string(*spec) + "\n";
            if (::write(answers, line.data(), line.size()) < 0) ::_exit(2);
        }
    }
    ::_exit(0);
}

struct Makers {
    std::vector<::pid_t> processes;
    int answers[2] = {-1, -1};

    Makers(const KeyStorage& storage, int count, milliseconds time) {
        REQUIRE(::pipe(answers) == 0);
        for (int i = 0; i < count; ++i) {
            const ::pid_t child = ::fork();
            if (child == 0) make_keys(storage, answers[1], time);
            processes.push_back(child);
        }
        ::close(answers[1]);
    }
    // The specifiers that were answered; one that was answered twice fails the test.
    std::set<std::uint32_t> wait() {
        std::string text;
        char buffer[4096];
        for (ssize_t size; (size = ::read(answers[0], buffer, sizeof buffer)) > 0;)
            text.append(buffer, static_cast<std::size_t>(size));
        ::close(answers[0]);
        for (const ::pid_t process : processes) ::waitpid(process, nullptr, 0);
        std::set<std::uint32_t> specs;
        std::istringstream lines(text);
        for (std::uint32_t spec; lines >> spec;) CHECK(specs.insert(spec).second);
        return specs;
    }
};

std::set<std::uint32_t> specs_in(const Store& store) {
    std::set<std::uint32_t> there;
    std::optional<KeyIndex> after;
    for (bool more = true; more;) {
        const auto page = store->list({}, after ? &*after : nullptr, kMostRows, false);
        REQUIRE(code_of(page) == 0);
        for (const StoredKey& key : page->keys) CHECK(there.insert(key.index.spec).second);
        more = page->more;
        after = page->last;
    }
    return there;
}

// What a killed process had sent, its server may yet do: until keys and their audit are of one moment.
void check_all_there(const KeyStorage& storage, const std::set<std::uint32_t>& answered) {
    const Store store = opened(storage);
    std::set<std::uint32_t> there = specs_in(store);
    for (int i = 0; i < 100 && store->audit(1000000).value().size() != there.size(); ++i) {
        std::this_thread::sleep_for(milliseconds(50));
        there = specs_in(store);
    }
    CHECK(std::includes(there.begin(), there.end(), answered.begin(), answered.end()));
    CHECK(store->audit(1000000).value().size() == there.size());
}

}  // namespace

TEST_CASE("PgBouncer in session mode passes the suite of stores") {
    postgres().new_store("pooled");
    const Pgbouncer bouncer(postgres(), "pooled", "session");
    // As many connections as the suite holds at once.
    check_conformance([&] {
        auto store = open_key_store(at(bouncer.connection()), [](std::string_view line) {
            std::cerr << "key store: " << line << '\n';
        });
        REQUIRE(code_of(store) == 0);
        return std::move(*store);
    });
}

TEST_CASE("PgBouncer in transaction mode is refused in a line") {
    postgres().new_store("transactions");
    const Pgbouncer bouncer(postgres(), "transactions", "transaction");
    Heard heard;
    CHECK(code_of(opened(at(bouncer.connection()), heard)->count({})) == E_CSA_STORE_CONFIG);
    CHECK(heard.has("pool_mode = session"));
}

TEST_CASE("16 processes make keys in one group: none twice, none lost") {
    const ScratchFolder folder;
    const bool in_file = GENERATE(false, true);
    const KeyStorage storage =
        at(in_file ? (folder.path() / "keys.db").string() : postgres().new_store("sixteen"));
    Makers makers(storage, 16, milliseconds(3000));
    const auto answered = makers.wait();
    CHECK(answered.size() > 100);
    check_all_there(storage, answered);
}

TEST_CASE("makers of keys that are killed leave no half of one, and none that was answered is missing") {
    const ScratchFolder folder;
    const bool in_file = GENERATE(false, true);
    const KeyStorage storage =
        at(in_file ? (folder.path() / "keys.db").string() : postgres().new_store("dying"));
    std::set<std::uint32_t> answered;
    const Store reader = opened(storage);
    for (int round = 0; round < 5; ++round) {
        Makers makers(storage, 4, milliseconds(600000));
        for (const ::pid_t process : makers.processes) {
            // In the midst of its work, at another point each time.
            const std::uint64_t before = reader->count({}).value();
            for (int i = 0; i < 600 && reader->count({}).value() < before + 3; ++i)
                std::this_thread::sleep_for(milliseconds(50 + 17 * round));
            ::kill(process, SIGKILL);
        }
        for (const std::uint32_t spec : makers.wait()) CHECK(answered.insert(spec).second);
    }
    CHECK(answered.size() > 20);
    check_all_there(storage, answered);
}

}  // namespace cs2sim::keystore
