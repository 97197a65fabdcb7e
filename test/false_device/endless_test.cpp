// Devices that never come to an end: no memory and no disk is theirs, and nothing half done is left.
#include <signal.h>

#include <catch2/catch.hpp>
#include <fstream>

#include "firmware/protocol/block.h"
#include "firmware/protocol/cxi/constants.h"
#include "firmware/protocol/cxi/key_page.h"
#include "firmware/protocol/functions.h"
#include "test/false_device/false_device.h"
#include "test/scenario/expect.h"

using namespace cs2sim;
using namespace cs2sim::scenario;

namespace {

constexpr std::size_t kPart = 400 * 1024;

Bytes composed(const Layout& layout, std::initializer_list<Value> values) {
    return compose(layout, values).value();
}

Bytes answer(const Request& request, std::initializer_list<Value> values) {
    return composed(find_function(request.fc, request.sfc)->answer, values);
}

bool asks(const Request& request, std::uint16_t fc, std::uint8_t sfc) {
    return request.fc == fc && request.sfc == sfc;
}

std::uint32_t offset_in(const Request& request) {
    return static_cast<std::uint32_t>(big_endian(request.block.first(4)));
}

// A log of 120 MB of which it says that there are 4 GB.
std::optional<Bytes> long_log(const Request& request) {
    constexpr std::uint32_t kEnd = 300 * kPart;
    const std::size_t size = offset_in(request) >= kEnd ? 0 : kPart;
    return answer(request, {UINT32_MAX, Bytes(size, 'x')});
}

// The command with a limit or a redirection of a shell's around it.
Outcome run_in_shell(const FalseDevice& device, const std::string& script, const std::string& word) {
    return scenario::run({"/bin/sh", "-c", script, built_program("csadm"), "Dev=" + device.specifier(), word},
                         {.folder = device.folder()});
}

Bytes row_of(std::size_t size) {
    PropertyList key;
    key.set(CXI_PROP_KEY_NAME, "k");
    key.set(CXI_PROP_KEY_LABEL, Bytes(size, 'x'));
    return composed(LAYOUT_CXI_ROW, {key.encode()});
}

Bytes number_of(unsigned number) {
    Bytes bytes;
    append_big_endian(bytes, number, 8);
    return bytes;
}

struct DatabaseOf {
    std::function<Bytes(unsigned)> block;  // entries, by the number of the block
    unsigned blocks = 0;

    std::optional<Bytes> operator()(const Request& request) {
        if (asks(request, FC_ADM, SFC_ADM_BACKUP_OPEN))
            return answer(request, {1u, 8u, 100000u, Bytes(8, 'M'), 2u, 32u, Bytes(16)});
        if (asks(request, FC_ADM, SFC_ADM_BACKUP_READ)) return answer(request, {1u, block(++blocks)});
        return std::nullopt;
    }
};

Bytes entry(ByteView key, std::size_t size = 50000) { return composed(LAYOUT_DB_ENTRY, {key, Bytes(size)}); }

}  // namespace

TEST_CASE("logs of any length pass through a tool, which keeps none of them") {
    const FalseDevice device(long_log);
#ifdef __SANITIZE_ADDRESS__  // what was freed is kept for a while: by its size alone nothing could be told
    constexpr long kMost = 600 * 1024;
#else
    constexpr long kMost = 60 * 1024;  // KB, half of it
#endif
    for (const char* word : {"GetBootLog", "GetAuditLog", "CSLGetLogFile", "CSLGetLogFile=log"}) {
        const Outcome outcome = run_in_shell(device, "exec \"$0\" \"$@\" > /dev/null", word);
        INFO(word << ' ' << outcome.err);
        CHECK(outcome.status == 0);
        CHECK(outcome.peak_kilobytes < kMost);
    }
    CHECK(std::filesystem::file_size(device.folder() / "log") == 300 * kPart);
}

TEST_CASE("a log that ends within a line or a character is shown whole") {
    const std::string text = "one\ntwo \xC3\xA4\xE2\x82\xAC three";
    const FalseDevice device([&](const Request& request) -> std::optional<Bytes> {
        const auto at = offset_in(request);
        return answer(request, {static_cast<std::uint32_t>(text.size()), text.substr(at, 1)});
    });
    const Outcome outcome = device.run("csadm", {"GetBootLog"});
    CHECK(outcome.status == 0);
    CHECK(outcome.out == text + "\n");
}

TEST_CASE("a log of which a device gives a line at a time, and never the last, ends all the same") {
    const FalseDevice device([](const Request& request) -> std::optional<Bytes> {
        return answer(request, {UINT32_MAX, Bytes(60, 'x')});
    });
    for (const char* word : {"GetBootLog", "GetAuditLog", "CSLGetLogFile", "CSLGetLogFile=log"}) {
        const unsigned before = static_cast<unsigned>(device.asked());
        require_error(device.run("csadm", {word}), E_CSA_PROTOCOL);
        CHECK(device.asked() < before + 100);
    }
    CHECK(names_in(device.folder()) == std::vector<std::string>{"s"});
}

TEST_CASE("a list of keys goes on, in pages as long as was asked for, and ends") {
    unsigned page = 0;
    std::function<Bytes(const Request&)> list;
    const FalseDevice device([&](const Request& request) -> std::optional<Bytes> {
        ++page;
        return list(request);
    });
    const auto refused = [&](unsigned after) {
        page = 0;
        require_error(device.run("cxitool", {"ListKeys"}), E_CSA_PROTOCOL);
        CHECK(page <= after);
    };
    list = [](const Request& request) { return answer(request, {1u, Bytes{1}, row_of(10)}); };
    refused(2);
    list = [&](const Request& request) { return answer(request, {1u, number_of(9 - page), Bytes()}); };
    refused(2);
    list = [](const Request& request) {
        Bytes rows;
        for (int i = 0; i < 1001; ++i) append(rows, row_of(10));
        return answer(request, {0u, Bytes(), rows});
    };
    refused(1);
    list = [&](const Request& request) { return answer(request, {1u, number_of(page), row_of(kPart)}); };
    refused(660);  // 256 MB
}

TEST_CASE("pages of keys are taken apart by every host alike: pkcs11, key stores and cxitool") {
    const auto page = [](std::uint32_t more, Bytes cursor, ByteView rows, std::size_t limit) {
        const Bytes bytes =
            composed(find_function(FC_CXI, SFC_CXI_KEY_LIST)->answer, {more, std::move(cursor), rows});
        const auto block = parse(find_function(FC_CXI, SFC_CXI_KEY_LIST)->answer, bytes);
        REQUIRE(block);
        return parse_key_page(*block, Bytes{2, 1}, limit);
    };
    const Bytes row = row_of(1);
    CHECK(page(1, {2, 2}, row, 1)->keys.size() == 1);
    CHECK(page(1, {2, 1, 0}, {}, 1)->more);
    CHECK_FALSE(page(0, {}, row, 1)->more);  // where it ends, the cursor says nothing
    for (const Bytes& cursor : {Bytes{2, 1}, Bytes{2}, Bytes{}, Bytes{1, 9, 9}})
        CHECK(page(1, cursor, row, 1).error().code == E_CSA_PROTOCOL);
    CHECK(page(1, {3}, row, 0).error().code == E_CSA_PROTOCOL);
    CHECK(page(1, {3}, Bytes{0, 0, 0, 9}, 5).error().code == E_CSA_PROTOCOL);
}

TEST_CASE("a list of users ends") {
    unsigned page = 0;
    const FalseDevice device([&](const Request& request) -> std::optional<Bytes> {
        if (!asks(request, FC_CMDS, SFC_CMDS_LIST_USERS)) return std::nullopt;
        Bytes users;
        ++page;
        for (unsigned i = 0; i < 7; ++i)
            append(users, composed(LAYOUT_USER, {number_of(page * 7 + i), 2u, 5u, 0u, 0u, 0u,
                                                 std::string(60000, 'A'), ""}));
        return users;
    });
    require_error(device.run("csadm", {"ListUsers"}), E_CSA_PROTOCOL);
    CHECK(page < 200);  // of 64 MB
}

TEST_CASE(
    "a backup takes entries as the device announced them, in their order, and leaves nothing when it fails") {
    const std::pair<const char*, std::function<Bytes(unsigned)>> rows[] = {
        {"the same again", [](unsigned) { return entry(number_of(1)); }},
        {"backwards", [](unsigned block) { return entry(number_of(9 - block)); }},
        {"another length", [](unsigned block) { return entry(Bytes(7, static_cast<std::uint8_t>(block))); }},
        {"nothing, and more to come", [](unsigned) { return Bytes(); }},
        {"no entry", [](unsigned) { return Bytes(3); }},
    };
    for (const auto& [what, block] : rows) {
        INFO(what);
        const FalseDevice device(DatabaseOf{block});
        require_error(device.run("csadm", {"BackupDatabase=user.db"}), E_CSA_PROTOCOL);
        CHECK(device.asked() < 20);
        CHECK(names_in(device.folder()) == std::vector<std::string>{"s"});
    }
}

TEST_CASE("a backup that the disk or a limit ends, or a signal, leaves no part of it") {
    const FalseDevice device(DatabaseOf{[](unsigned block) { return entry(number_of(block)); }});
    const Outcome outcome =
        run_in_shell(device, "ulimit -f 2000; exec \"$0\" \"$@\"", "BackupDatabase=user.db");
    require_error(outcome, E_CSA_BACKUP_WRITE);
    CHECK(names_in(device.folder()) == std::vector<std::string>{"s"});

    std::optional<std::filesystem::path> folder;
    const FalseDevice endless(DatabaseOf{[&](unsigned block) {
        if (block == 50) {
            std::ifstream file(*folder / "pid");
            pid_t pid = 0;
            file >> pid;
            if (pid > 0) ::kill(pid, SIGKILL);
        }
        return entry(number_of(block));
    }});
    folder = endless.folder();
    const Outcome killed =
        run_in_shell(endless, "echo $$ > pid; exec \"$0\" \"$@\"", "BackupDatabase=user.db");
    CHECK(killed.status == 128 + SIGKILL);
    CHECK(names_in(endless.folder()) == std::vector<std::string>{"pid", "s"});
}
