// cs2sim keystore init|migrate|stats|check|recrypt|copy: stores of external keys, without a PKCS#11
// configuration.
#include <signal.h>

#include <atomic>
#include <cinttypes>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <memory>

#include "firmware/protocol/pattern.h"
#include "host-lib/keystore/printed.h"
#include "host-lib/keystore/work/store_work.h"
#include "tools/cs2sim/commands.h"
#include "tools/cs2sim/device_logon.h"
#include "tools/session/progress.h"

namespace cs2sim {
namespace {

using keystore::Counts;
using keystore::KeyStore;

constexpr std::string_view kDevice = "device";  // in place of a URL: CXIKEY.db

struct KeystoreArguments {
    std::string url, target;
    std::string group;
    DeviceLogon logon;
    bool move = false;
};

std::atomic<bool> interrupted = false;

// Ctrl-C ends the work behind the batch that it is at.
class Interruptible {
public:
    Interruptible() {
        struct sigaction action {};
        action.sa_handler = [](int) { interrupted = true; };
        ::sigaction(SIGINT, &action, &before_);
    }
    ~Interruptible() { ::sigaction(SIGINT, &before_, nullptr); }
    Interruptible(const Interruptible&) = delete;

private:
    struct sigaction before_ {};
};

void say(std::string_view line) { std::cerr << "cs2sim keystore: " << line << '\n'; }

Result<std::unique_ptr<KeyStore>> open_store(const std::string& url) {
    CS2SIM_TRY_LET(storage, keystore::parse_key_store_url(url, say));
    return keystore::open_key_store(storage, say);
}

// For what wants keys of a store: a path that was misspelt must not become an empty one.
Result<std::unique_ptr<KeyStore>> open_present_store(const std::string& url) {
    CS2SIM_TRY_LET(storage, keystore::parse_key_store_url(url, say));
    std::error_code ignored;
    if (storage.kind == keystore::Kind::sqlite && !std::filesystem::exists(storage.connection, ignored)) {
        say(storage.connection + " is not there; `cs2sim keystore init` makes it");
        return fail(E_CSA_STORE_CONNECT);
    }
    return keystore::open_key_store(storage, say);
}

int ended(const Result<void>& done) {
    if (done) return 0;
    std::cerr << describe(done.error().code);
    return 1;
}

// A bar while it lasts, a line for each bad row, the sums at the end; fails when any row was bad or denied.
Result<void> watched(const char* done, std::uint64_t total,
                     const std::function<Result<Counts>(const keystore::Watch&)>& work) {
    const Interruptible interruptible;
    tools::Progress progress("keys", total);
    std::uint32_t first_bad = 0;
    const keystore::Watch watch{.progress =
                                    [&](std::uint64_t rows) {
                                        progress.show(rows);
                                        return !interrupted;
                                    },
                                .bad =
                                    [&](const keystore::KeyIndex& index, std::uint32_t code) {
                                        if (code == E_CXI_PERMISSION_DENIED) return;
                                        if (first_bad == 0) first_bad = code;
                                        say(title(index) + ": " + hex_code(code) + " " + error_text(code));
                                    }};
    CS2SIM_TRY_LET(counts, work(watch));
    std::printf("%" PRIu64 " keys seen: %" PRIu64 " %s, %" PRIu64 " left as they are, %" PRIu64
                " bad, %" PRIu64 " of groups that the users logged on may not see\n",
                counts.seen, counts.done, done, counts.present, counts.bad, counts.denied);
    if (counts.stopped) {
        say("stopped; the same command goes on");
        return fail(E_CSA_ABORTED);
    }
    if (first_bad != 0) return fail(first_bad);
    if (counts.denied != 0) return fail(E_CXI_PERMISSION_DENIED);
    return {};
}

keystore::Filter filter_of(const KeystoreArguments& arguments) {
    keystore::Filter filter;
    if (!arguments.group.empty()) filter.group = arguments.group;
    return filter;
}

Result<void> init(const KeystoreArguments& arguments) {
    CS2SIM_TRY_LET(store, open_store(arguments.url));
    return store->init();
}

Result<void> migrate(const KeystoreArguments& arguments) {
    CS2SIM_TRY_LET(store, open_present_store(arguments.url));
    return store->migrate();
}

Result<void> stats(const KeystoreArguments& arguments) {
    CS2SIM_TRY_LET(store, open_present_store(arguments.url));
    CS2SIM_TRY_LET(sums, store->stats());
    CS2SIM_TRY_LET(writable, store->writable());
    std::printf("server   %s\ntables   version %u, made %s\naccess   %s\n", sums.server.c_str(), sums.schema,
                sums.created.c_str(), writable ? "read and write" : "read only");
    std::printf("keys     %" PRIu64 " in %" PRIu64 " groups, %" PRIu64 " bytes of blobs\n", sums.keys,
                sums.groups, sums.bytes);
    for (const auto& [mbk, keys] : sums.by_mbk)
        std::printf("MBK      %s  %" PRIu64 " keys\n", to_hex(mbk).c_str(), keys);
    return {};
}

Result<void> check(host::Device& device, const KeystoreArguments& arguments) {
    CS2SIM_TRY_LET(store, open_present_store(arguments.url));
    const keystore::Filter filter = filter_of(arguments);
    CS2SIM_TRY_LET(total, store->count(filter));
    return watched("good", total, [&](const keystore::Watch& watch) {
        return keystore::check_keys(*store, keystore::executed_by(device), filter, watch);
    });
}

Result<void> recrypt(host::Device& device, const KeystoreArguments& arguments) {
    CS2SIM_TRY_LET(store, open_present_store(arguments.url));
    const auto execute = keystore::executed_by(device);
    CS2SIM_TRY_LET(mbk, keystore::current_mbk(execute));
    CS2SIM_TRY_LET(sums, store->stats());
    for (const auto& [old, keys] : sums.by_mbk)
        if (old != mbk) std::printf("from MBK %s  %" PRIu64 " keys\n", to_hex(old).c_str(), keys);
    std::printf("to MBK   %s\n", to_hex(mbk).c_str());
    keystore::Filter others = filter_of(arguments);
    others.not_mbk = mbk;
    const bool by_pattern = others.group && is_pattern(*others.group);  // how many, only the end tells
    CS2SIM_TRY_LET(total, by_pattern ? Result<std::uint64_t>(0) : store->count(others));
    return watched("sealed anew", total, [&](const keystore::Watch& watch) {
        return keystore::recrypt_keys(*store, execute, arguments.group, watch);
    });
}

Result<void> copy_stores(const KeystoreArguments& arguments) {
    CS2SIM_TRY_LET(from, open_present_store(arguments.url));
    CS2SIM_TRY_LET(to, open_store(arguments.target));
    const keystore::Filter filter = filter_of(arguments);
    CS2SIM_TRY_LET(total, from->count(filter));
    return watched("copied", total, [&](const keystore::Watch& watch) {
        return keystore::copy_keys(*from, *to, filter, arguments.move, watch);
    });
}

Result<void> copy_with_device(host::Device& device, const KeystoreArguments& arguments) {
    const bool out = arguments.url == kDevice;
    CS2SIM_TRY_LET(store, out ? open_store(arguments.target) : open_present_store(arguments.url));
    return watched("copied", 0, [&](const keystore::Watch& watch) {
        const auto execute = keystore::executed_by(device);
        return out ? keystore::copy_from_device(execute, *store, arguments.group, arguments.move, watch)
                   : keystore::copy_to_device(*store, execute, arguments.group, arguments.move, watch);
    });
}

}  // namespace

void add_keystore_commands(CLI::App& app, CommandLine& line) {
    CLI::App* group = app.add_subcommand(
        "keystore", "external keys in a database: postgresql://…, odbc:…, sqlite:PATH or a path");
    group->require_subcommand(1);
    const auto arguments = std::make_shared<KeystoreArguments>();
    const auto command = [&](const char* name, const char* words) {
        CLI::App* one = group->add_subcommand(name, words);
        one->add_option("store", arguments->url, "where the keys are")->required();
        return one;
    };
    const auto alone = [&](CLI::App* one, Result<void> (*work)(const KeystoreArguments&)) {
        one->callback([&line, arguments, work] { line.exit_status = ended(work(*arguments)); });
    };
    using Work = Result<void> (*)(host::Device&, const KeystoreArguments&);
    const auto on_device = [&](CLI::App* one, Work work) {
        add_device_options(with_state(one, line), arguments->logon, "of a user who may use the keys");
        one->callback([&line, arguments, work] {
            line.exit_status = with_device(line, arguments->logon,
                                           [&](host::Device& device) { return work(device, *arguments); });
        });
        return one;
    };
    alone(command("init", "makes the tables, and the roles cs2sim_owner, _user and _reader"), init);
    alone(command("migrate", "brings tables of an older version up to date"), migrate);
    alone(command("stats", "how many keys, under which MBKs"), stats);
    on_device(command("check", "opens every key on a device and compares it with its row"), check)
        ->add_option("--group", arguments->group, "keys of this group alone");
    on_device(command("recrypt", "seals every key anew under the MBK of the device's slot 3"), recrypt)
        ->add_option("--group", arguments->group, "groups, with * and ?");

    CLI::App* copy =
        with_state(command("copy", "copies keys to another store, or `device` (CXIKEY.db)"), line);
    copy->add_option("target", arguments->target, "another store, or `device`")->required();
    copy->add_option("--group", arguments->group, "keys of this group; with `device` also * and ?");
    copy->add_flag("--move", arguments->move, "delete each key at its source once it is at its target");
    add_device_options(copy, arguments->logon, "of a user who may use the keys");
    copy->callback([&line, arguments] {
        const bool needs_device = arguments->url == kDevice || arguments->target == kDevice;
        line.exit_status =
            needs_device
                ? with_device(line, arguments->logon,
                              [&](host::Device& device) { return copy_with_device(device, *arguments); })
                : ended(copy_stores(*arguments));
    });
}

}  // namespace cs2sim
