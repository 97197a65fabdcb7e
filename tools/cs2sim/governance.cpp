// cs2sim governance backup|verify|restore: what else to back up than databases (governance.h).
#include <sys/stat.h>

#include <cerrno>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <memory>

#include "firmware/crypto/digest.h"
#include "firmware/protocol/functions.h"
#include "firmware/protocol/terminal_text.h"
#include "host-lib/files/host_file.h"
#include "tools/cs2sim/commands.h"
#include "tools/cs2sim/device_logon.h"
#include "tools/cs2sim/governance.h"
#include "tools/cs2sim/governance_restore.h"

namespace cs2sim {
namespace {

namespace fs = std::filesystem;
using governance::Item;
using governance::Manifest;

struct GovernanceArguments {
    std::string folder, key;
    std::vector<std::string> files, shares;
    bool from_device = false;
    DeviceLogon logon;
};

constexpr std::string_view kAudit = "audit-configuration";

// As `csadm SetAuditConfig=` takes them.
struct AuditSettings {
    std::uint32_t files = 0;
    std::uint8_t rotate = 0;
    std::uint32_t size = 0, classes = 0;
};
std::optional<AuditSettings> audit_settings(const std::string& line) {
    AuditSettings settings;
    char end = 0;
    const int found =
        std::sscanf(line.c_str(), "Files=%" SCNu32 ",Rotate=%" SCNu8 ",Size=%" SCNu32 ",Events=%" SCNx32 "%c",
                    &settings.files, &settings.rotate, &settings.size, &settings.classes, &end);
    return found == 5 && end == '\n' ? std::optional(settings) : std::nullopt;
}

constexpr std::size_t kMostBytes = std::size_t{64} << 20;

void say(const std::string& line) { std::cerr << "cs2sim governance: " << terminal_text(line) << '\n'; }

int refused(const std::string& line) {
    say(line);
    return 1;
}

// Puts content into the folder under a name of its own.
Result<void> keep(const fs::path& folder, Manifest& manifest, Item item, const std::string& name,
                  ByteView content) {
    item.file = std::to_string(manifest.items.size() + 1) + "-" + name;
    item.sha256 = to_hex(sha256(content));
    if (!host::replace_host_file(folder / item.file, content)) return fail(E_CSA_BACKUP_WRITE);
    manifest.items.push_back(std::move(item));
    return {};
}

bool has_passwords(std::string_view kind) {
    return kind == "configuration" || kind == "pkcs11-configuration" || kind == "key-store";
}

Result<void> keep_file(const fs::path& folder, Manifest& manifest, const std::string& kind,
                       const fs::path& path) {
    const auto content = host::read_host_file(path, kMostBytes);
    struct ::stat status {};
    if (!content || ::stat(path.c_str(), &status) != 0) {
        say(path.string() + " cannot be read");
        return fail(E_CSA_PARAM);
    }
    std::error_code none;
    const Item item{kind, {}, fs::absolute(path, none), status.st_mode & 0777, {}};
    if (!has_passwords(kind)) return keep(folder, manifest, item, path.filename(), *content);
    if (std::ranges::find(*content, 0) != content->end()) {
        say(path.string() +
            " is no text: a key store is named by its connection (host-lib/keystore/README.md says how to"
            " back its rows up)");
        return fail(E_CSA_PARAM);
    }
    const std::string text = governance::without_passwords(as_text(*content));
    return keep(folder, manifest, item, path.filename(), as_bytes(text));
}

// KIND=PATH of the command line, and what the environment names.
Result<void> keep_files(const fs::path& folder, Manifest& manifest, const std::vector<std::string>& files) {
    for (const std::string& file : files) {
        const std::size_t equals = file.find('=');
        const std::string kind = file.substr(0, equals);
        if (equals == std::string::npos || !governance::find_kind(kind)) {
            say(file + ": not KIND=PATH with a kind of " + governance::kind_names());
            return fail(E_CSA_PARAM);
        }
        CS2SIM_TRY(keep_file(folder, manifest, kind, file.substr(equals + 1)));
    }
    constexpr std::pair<const char*, const char*> kNamed[] = {{"CS_PKCS11_R3_CFG", "pkcs11-configuration"},
                                                              {"CS_AUTH_KEYS", "device-keys"}};
    for (const auto& [variable, kind] : kNamed)
        if (const char* path = std::getenv(variable); path && *path)
            CS2SIM_TRY(keep_file(folder, manifest, kind, path));
    return {};
}

Result<Bytes> whole_audit_log(host::Device& device) {
    Bytes log;
    for (;;) {
        CS2SIM_TRY_LET(
            answer, device.execute(FC_ADM, SFC_ADM_GET_AUDIT_LOG, {static_cast<std::uint32_t>(log.size())}));
        const ByteView part = answer.block.bytes("text");
        append(log, part);
        if (part.empty() || log.size() >= answer.block.u32("total") || log.size() > kMostBytes) return log;
    }
}

Result<void> keep_device(const fs::path& folder, Manifest& manifest, host::Device& device) {
    CS2SIM_TRY_LET(config, device.execute(FC_ADM, SFC_ADM_GET_AUDIT_CONFIG));
    std::ostringstream line;
    line << "Files=" << config.block.u32("files") << ",Rotate=" << unsigned{config.block.u8("rotate")}
         << ",Size=" << config.block.u32("size") << ",Events=" << std::hex << config.block.u32("classes")
         << '\n';
    CS2SIM_TRY(keep(folder, manifest, {std::string(kAudit), {}, "device", 0600, {}}, "audit.cfg",
                    as_bytes(line.str())));
    CS2SIM_TRY_LET(log, whole_audit_log(device));
    return keep(folder, manifest, {"audit-log", {}, "device", 0600, {}}, "audit.log", log);
}

Result<void> backup(const GovernanceArguments& arguments, host::Device* device) {
    const fs::path folder = arguments.folder;
    CS2SIM_TRY_LET(key, host::open_key_source(arguments.key));
    std::error_code error;
    // Looked at before anything of it is changed: a folder of something else keeps its permissions.
    const bool made = fs::create_directory(folder, error);
    const bool usable = !error && (made || (fs::is_empty(folder, error) && !error));
    if (usable) fs::permissions(folder, fs::perms::owner_all, error);
    if (!usable || error) {
        say(folder.string() + " cannot be made, or is not empty");
        return fail(E_CSA_BACKUP_WRITE);
    }
    Manifest manifest;
    for (const std::string& share : arguments.shares) manifest.shares.push_back(share);
    CS2SIM_TRY(keep_files(folder, manifest, arguments.files));
    if (device) CS2SIM_TRY(keep_device(folder, manifest, *device));
    if (manifest.items.empty()) {
        say("nothing to back up: give --file KIND=PATH or --audit");
        return fail(E_CSA_PARAM);
    }
    CS2SIM_TRY(governance::seal_folder(folder, manifest, *key));
    std::cout << manifest.items.size() << " items backed up\n";
    return {};
}

int run_backup(const CommandLine& line, const GovernanceArguments& arguments) {
    if (arguments.from_device)
        return with_control(line.state, [&](host::Device& device) { return backup(arguments, &device); });
    const auto done = backup(arguments, nullptr);
    if (done) return 0;
    std::cerr << describe(done.error().code);
    return 1;
}

tl::expected<Manifest, std::string> verified(const GovernanceArguments& arguments) {
    const auto source = host::open_key_source(arguments.key, {}, host::KeyPart::public_only);
    const auto token = source ? (*source)->token() : fail(source.error());
    const auto key = token ? public_key_from_der(*token) : fail(token.error());
    if (!key) return tl::unexpected(error_text(key.error().code));
    return governance::verify_folder(arguments.folder, *key);
}

// A restore that was killed is ended first, by this or by verify. Nothing to be put back: nothing to end.
tl::expected<void, std::string> end_earlier(const Manifest& manifest) {
    const auto first = std::ranges::find_if(
        manifest.items, [](const Item& item) { return governance::find_kind(item.kind)->restored; });
    if (first == manifest.items.end()) return {};
    CS2SIM_TRY_LET(words, governance::end_earlier_restore(first->source));
    if (!words.empty()) say(words);
    return {};
}

int run_verify(const GovernanceArguments& arguments) {
    const auto manifest = verified(arguments);
    if (!manifest) return refused(manifest.error());
    if (const auto ended = end_earlier(*manifest); !ended) return refused(ended.error());
    std::cout << "made " << manifest->made << ", signed by this key, every file as it was\n";
    for (const Item& item : manifest->items)
        std::cout << item.kind << "  " << terminal_text(item.file) << "  from " << terminal_text(item.source)
                  << '\n';
    return 0;
}

void say_what_is_left(const Manifest& manifest, bool audit_is_set) {
    std::cout << "still to be done by hand:\n";
    for (const Item& item : manifest.items) {
        if (item.kind == kAudit && !audit_is_set)
            std::cout << "- csadm SetAuditConfig= with the line in " << terminal_text(item.file) << '\n';
        if (item.kind == "module")
            std::cout << "- load " << terminal_text(item.source) << " into the device\n";
        if (has_passwords(item.kind))
            std::cout << "- passwords (***) in " << terminal_text(item.source) << '\n';
    }
    std::cout << "- the MBK: csadm MBKImportKey=3 with its shares or cards";
    for (const std::string& share : manifest.shares) std::cout << "\n    " << terminal_text(share);
    std::cout << "\n- then the databases: csadm RestoreDatabase\n";
}

// Why a file cannot take this place and be taken back from it; empty: it can.
std::string in_the_way(const fs::path& target) {
    struct ::stat status {};
    if (::stat(target.c_str(), &status) != 0) return errno == ENOENT ? "" : std::strerror(errno);
    if (!S_ISREG(status.st_mode)) return "is there and no regular file";
    return host::read_host_file(target, kMostBytes) ? "" : "is there and cannot be kept meanwhile";
}

Result<void> set_audit(host::Device& device, const AuditSettings& settings) {
    CS2SIM_TRY(device.execute(FC_ADM, SFC_ADM_SET_AUDIT_CONFIG,
                              {settings.files, settings.rotate, settings.size, settings.classes}));
    return {};
}

// What the manifest puts back, as it was verified, although others may write into that folder.
struct Content {
    const Item* item;
    SecretBytes bytes;
};

Result<void> nothing_changed(const std::string& words) {
    say(words + "; nothing was changed");
    return fail(E_CSA_BACKUP_WRITE);
}

Result<std::vector<Content>> contents_of(const GovernanceArguments& arguments, const Manifest& manifest) {
    std::vector<Content> contents;
    for (const Item& item : manifest.items) {
        auto content = host::read_host_file(fs::path(arguments.folder) / item.file, kMostBytes);
        if (!content || to_hex(sha256(*content)) != item.sha256) {
            CS2SIM_TRY(nothing_changed(item.file + " has changed meanwhile"));
        }
        contents.push_back({&item, *std::move(content)});
    }
    return contents;
}

// The device's settings, which are taken back unless all files are in place.
class AuditChange {
public:
    Result<void> make(host::Device& device, const AuditSettings& settings) {
        CS2SIM_TRY_LET(now, device.execute(FC_ADM, SFC_ADM_GET_AUDIT_CONFIG));
        before_ = {now.block.u32("files"), now.block.u8("rotate"), now.block.u32("size"),
                   now.block.u32("classes")};
        CS2SIM_TRY(set_audit(device, settings));
        device_ = &device;
        return {};
    }
    Result<void> take_back() { return device_ ? set_audit(*device_, before_) : Result<void>(); }

private:
    host::Device* device_ = nullptr;
    AuditSettings before_;
};

// Every file is written beside its target, and the device has its settings, before the first takes its place;
// what fails then takes all back.
Result<void> restore(const GovernanceArguments& arguments, const Manifest& manifest, host::Device* device) {
    if (const auto ended = end_earlier(manifest); !ended) return nothing_changed(ended.error());
    CS2SIM_TRY_LET(contents, contents_of(arguments, manifest));
    std::optional<AuditSettings> settings;
    std::vector<fs::path> targets;
    for (const Content& each : contents) {
        const Item& item = *each.item;
        if (item.kind == kAudit && device) {
            settings = audit_settings(std::string(as_text(each.bytes)));
            if (!settings) return nothing_changed(item.file + " cannot be read");
        }
        if (!governance::find_kind(item.kind)->restored) continue;
        if (const std::string why = in_the_way(item.source); !why.empty())
            return nothing_changed(item.source + ": " + why);
        targets.emplace_back(item.source);
    }
    std::unique_ptr<governance::Replacement> replacement;
    if (!targets.empty()) {
        auto begun = governance::Replacement::begin(targets);
        if (!begun) return nothing_changed(begun.error());
        replacement = *std::move(begun);
    }
    std::size_t number = 0;
    for (const Content& each : contents)
        if (governance::find_kind(each.item->kind)->restored)
            if (const auto written = replacement->write(number++, each.bytes, each.item->mode); !written)
                return nothing_changed(written.error());
    AuditChange audit;
    if (settings) CS2SIM_TRY(audit.make(*device, *settings));
    if (replacement)
        if (const auto placed = replacement->place(); !placed) {
            replacement.reset();
            CS2SIM_TRY(audit.take_back());
            return nothing_changed(placed.error());
        }
    std::cout << targets.size() << " files restored\n";
    if (settings) std::cout << "the audit's configuration is set\n";
    say_what_is_left(manifest, settings.has_value());
    return {};
}

int run_restore(const CommandLine& line, const GovernanceArguments& arguments) {
    const auto manifest = verified(arguments);
    if (!manifest) return refused(manifest.error());
    const DeviceLogon& logon = arguments.logon;
    if (!logon.logons.empty() || !logon.passwords.empty())
        return with_device(line, logon,
                           [&](host::Device& device) { return restore(arguments, *manifest, &device); });
    const auto done = restore(arguments, *manifest, nullptr);
    if (done) return 0;
    std::cerr << describe(done.error().code);
    return 1;
}

}  // namespace

void add_governance_commands(CLI::App& app, CommandLine& line) {
    CLI::App* group =
        app.add_subcommand("governance", "what a device needs beside its databases to be rebuilt");
    group->require_subcommand(1);
    const auto arguments = std::make_shared<GovernanceArguments>();
    const auto command = [&](const char* name, const char* words, const char* key) {
        CLI::App* one = group->add_subcommand(name, words);
        one->add_option("folder", arguments->folder, "where it is kept")->required();
        one->add_option("--key", arguments->key, key)->required();
        return one;
    };
    CLI::App* made = with_state(command("backup", "collects files into a folder and signs them",
                                        "KEYSPEC of the administrator who signs"),
                                line);
    made->add_option("--file", arguments->files,
                     "KIND=PATH, more than once; kinds: " + governance::kind_names());
    made->add_option("--share", arguments->shares, "name of an MBK share file or card; never its content");
    made->add_flag("--audit", arguments->from_device,
                   "the audit's configuration and log of the simulator, too");
    made->callback([&line, arguments] { line.exit_status = run_backup(line, *arguments); });
    command("verify", "checks signature and files", "KEYSPEC of who signed; the public part is enough")
        ->callback([&line, arguments] { line.exit_status = run_verify(*arguments); });
    CLI::App* restored =
        with_state(command("restore", "puts the files back, all or none, and says what is left to do",
                           "KEYSPEC of who signed; the public part is enough"),
                   line);
    add_device_options(restored, arguments->logon, "of an administrator, for the audit's configuration");
    restored->callback([&line, arguments] { line.exit_status = run_restore(line, *arguments); });
}

}  // namespace cs2sim
