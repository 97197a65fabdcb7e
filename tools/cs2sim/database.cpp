// cs2sim database create|insert|list|drop: databases of one's own (guide G10), until a module of the user's
// keeps them. csadm backs them up and restores them.
#include <algorithm>
#include <iostream>
#include <memory>

#include "firmware/protocol/terminal_text.h"
#include "host-lib/cards/key_source.h"
#include "host-lib/files/host_file.h"
#include "tools/control/control.h"
#include "tools/cs2sim/commands.h"
#include "tools/instance/instance.h"

namespace cs2sim {
namespace {

struct DatabaseArguments {
    std::string name;
    std::string logon;
    std::uint32_t key_length = 8;
    std::uint32_t max_size = 100000;
    std::vector<std::string> entries;
};

tl::unexpected<Error> wrong(const std::string& why) {
    std::cerr << "cs2sim: " << terminal_text(why.substr(0, 100)) << '\n';
    return fail(E_CSA_SYNTAX);
}

// Databases need a system administrator: the factory user, unless another is named.
Result<void> log_on(host::Device& device, const CommandLine& line, const DatabaseArguments& arguments) {
    const std::string logon = arguments.logon.empty()
                                  ? "ADMIN," + admin_key_file(state_folder(line.state)).string()
                                  : arguments.logon;
    const auto comma = logon.find(',');
    if (comma == std::string::npos) return wrong("--logon is USER,KEYSPEC");
    CS2SIM_TRY_LET(key, host::open_key_source(logon.substr(comma + 1)));
    return device.logon(logon.substr(0, comma), *key);
}

// "0x0011" in hexadecimal, "@FILE" a file's content, anything else as it stands.
Result<Bytes> bytes_of(const std::string& text) {
    Bytes bytes;
    if (text.starts_with("0x")) {
        if (!from_hex(text.substr(2), bytes))
            return wrong("'" + text + "' is not whole bytes in hexadecimal");
        return bytes;
    }
    if (!text.starts_with('@')) return to_bytes(as_bytes(text));
    constexpr std::size_t kMost = std::size_t{16} << 20;
    const auto content = host::read_host_input(text.substr(1), kMost);
    if (!content) return fail(E_CSA_PARAM);
    return to_bytes(*content);
}

std::string shown(ByteView bytes) {
    std::string text(as_text(bytes));
    text.erase(text.find_last_not_of('\0') + 1);
    const auto printable = [](char c) { return c >= 0x20 && c <= 0x7E; };
    const bool as_it_stands =
        !text.empty() && std::ranges::all_of(text, printable) && !text.starts_with("0x");
    return as_it_stands ? text : "0x" + to_hex(bytes);
}

// KEY=RECORD, the key filled up with zeros to the database's length.
Result<void> add_entry(Bytes& entries, const std::string& text, std::uint32_t key_length) {
    const auto equals = text.find('=');
    if (equals == std::string::npos) return wrong("'" + text + "' is no KEY=RECORD");
    CS2SIM_TRY_LET(key, bytes_of(text.substr(0, equals)));
    CS2SIM_TRY_LET(record, bytes_of(text.substr(equals + 1)));
    if (key.size() < key_length) key.resize(key_length);
    compose_into(entries, LAYOUT_DB_ENTRY, {key, record});
    return {};
}

Result<void> create(host::Device& device, const DatabaseArguments& arguments) {
    const bool there = device.execute(FC_ADM, SFC_ADM_LIST_ENTRIES, {arguments.name}).has_value();
    const auto done =
        device.execute(FC_DB, SFC_DB_TEST_CREATE, {arguments.name, arguments.key_length, arguments.max_size});
    CS2SIM_TRY(done);
    if (there)
        std::cerr << "cs2sim: " << terminal_text(arguments.name) << " was there already and stays as it is\n";
    return {};
}

Result<void> insert(host::Device& device, const DatabaseArguments& arguments) {
    CS2SIM_TRY_LET(listed, device.execute(FC_ADM, SFC_ADM_LIST_ENTRIES, {arguments.name}));
    Bytes entries;
    for (const std::string& text : arguments.entries)
        CS2SIM_TRY(add_entry(entries, text, listed.block.u32("keylen")));
    CS2SIM_TRY(device.execute(FC_DB, SFC_DB_TEST_INSERT, {arguments.name, entries}));
    std::cout << arguments.name << ": " << arguments.entries.size() << " entries inserted\n";
    return {};
}

Result<void> list_databases(host::Device& device) {
    constexpr std::uint8_t kKindDatabase = 1;
    CS2SIM_TRY_LET(files, device.execute(FC_ADM, SFC_ADM_LIST_FILES));
    for (ByteView rest = files.block.bytes("files"); !rest.empty();) {
        const auto file = parse_prefix(LAYOUT_FILE, rest);
        if (!file) return fail(E_CSA_PROTOCOL);
        if (file->u8("kind") == kKindDatabase) std::cout << terminal_text(file->text("name")) << '\n';
    }
    return {};
}

Result<void> list_entries(host::Device& device, const DatabaseArguments& arguments) {
    CS2SIM_TRY_LET(listed, device.execute(FC_ADM, SFC_ADM_LIST_ENTRIES, {arguments.name}));
    const std::size_t length = listed.block.u32("keylen");
    for (ByteView keys = listed.block.bytes("keys"); !keys.empty(); keys = keys.subspan(length)) {
        if (length == 0 || keys.size() < length) return fail(E_CSA_PROTOCOL);
        CS2SIM_TRY_LET(entry,
                       device.execute(FC_DB, SFC_DB_TEST_FIND, {arguments.name, 0, keys.first(length)}));
        std::cout << shown(keys.first(length)) << '=' << shown(entry.block.bytes("record")) << '\n';
    }
    return {};
}

Result<void> list(host::Device& device, const DatabaseArguments& arguments) {
    return arguments.name.empty() ? list_databases(device) : list_entries(device, arguments);
}

Result<void> drop(host::Device& device, const DatabaseArguments& arguments) {
    CS2SIM_TRY(device.execute(FC_DB, SFC_DB_TEST_DROP, {arguments.name}));
    return {};
}

using Work = Result<void> (*)(host::Device&, const DatabaseArguments&);

}  // namespace

void add_database_commands(CLI::App& app, CommandLine& line) {
    CLI::App* group = app.add_subcommand("database", "databases of your own: csadm backs them up");
    group->require_subcommand(1);
    const auto arguments = std::make_shared<DatabaseArguments>();
    const auto command = [&](const char* name, const char* words, Work work) {
        CLI::App* one = with_state(group->add_subcommand(name, words), line);
        one->add_option("--logon", arguments->logon,
                        "USER,KEYSPEC of a system administrator (default: ADMIN)");
        one->callback([&line, arguments, work] {
            line.exit_status = with_control(line.state, [&](host::Device& device) -> Result<void> {
                CS2SIM_TRY(log_on(device, line, *arguments));
                return work(device, *arguments);
            });
        });
        return one;
    };
    CLI::App* made = command("create", "makes an empty database", create);
    made->add_option("name", arguments->name, "its name, which ends in .db")->required();
    made->add_option("--key-length", arguments->key_length, "bytes of its search keys (default 8)");
    made->add_option("--max-size", arguments->max_size, "entries, as stated in backups");

    CLI::App* filled = command("insert", "inserts entries, all or none", insert);
    filled->add_option("name", arguments->name)->required();
    filled->add_option("entry", arguments->entries, "KEY=RECORD; either may be 0xHEX, or @FILE")->required();

    command("list", "names of all databases, or the entries of one", list)
        ->add_option("name", arguments->name);
    command("drop", "throws a database away", drop)->add_option("name", arguments->name)->required();
}

}  // namespace cs2sim
