// cs2sim token add: a PKCS#11 token ready for use, in one line.
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <memory>

#include "firmware/protocol/terminal_text.h"
#include "host-lib/files/host_file.h"
#include "host-lib/pkcs11/config.h"
#include "tools/cs2sim/commands.h"
#include "tools/instance/instance.h"
#include "tools/session/ending.h"
#include "tools/token/shell.h"

namespace cs2sim {

namespace fs = std::filesystem;

namespace {

using tools::p11::Shell;

constexpr const char* kConfigVariable = "CS_PKCS11_R3_CFG";

struct TokenArguments {
    unsigned slot = 0;
    std::string label;
    std::string so_pin, pin;
    std::string logon;
    bool replace = false;
};

int problem(const std::string& words) {
    std::cerr << "cs2sim: " << words << '\n';
    return 1;
}

// Who makes tokens for generic tools (InitTokenAs): the administrator of `logon`, when that names a key file
// that needs no password. Passwords are written nowhere.
std::string init_token_as(const std::string& logon) {
    const std::size_t comma = logon.find(',');
    std::error_code error;
    const fs::path key = logon.substr(comma == std::string::npos ? logon.size() : comma + 1);
    if (key.empty() || !fs::is_regular_file(key, error)) return "";
    return "InitTokenAs = \"" + logon.substr(0, comma + 1) + fs::absolute(key).string() + "\"\n";
}

// The library's configuration for this simulator: written once, the operator's own from then on.
bool write_config(const fs::path& state, unsigned slot, const std::string& logon) {
    const unsigned slots = std::max(10u, slot + 1);
    const std::string text =
        "# Written by cs2sim token add, which leaves it alone from now on.\n[Global]\nSlotCount = " +
        std::to_string(slots) +
        "\nKeepLeadZeros = true  # as PKCS#11 has it; the library's own default drops "
        "them\n\n[CryptoServer]\nDevice = \"unix:" +
        host_socket(state).string() + "\"\n" + init_token_as(logon);
    return host::replace_host_file(pkcs11_config_file(state), as_bytes(text), 0600);
}

Result<CK_TOKEN_INFO> token_info(Shell& shell) {
    CS2SIM_TRY_LET(functions, shell.functions());
    CK_TOKEN_INFO info{};
    CS2SIM_TRY(shell.check(functions->C_GetTokenInfo(shell.slot(), &info)));
    return info;
}

// Gives the role that is logged on its own PIN once more: whoever was given one is to change it first.
Result<void> settle_pin(Shell& shell, CK_USER_TYPE role, const SecretBytes& pin) {
    CS2SIM_TRY(shell.login(role, pin));
    return shell.set_pin(pin, pin);
}

// USER,KEYFILE. A CKR alone would not say whose logon failed, nor what to do about it.
Result<void> log_administrator_on(Shell& shell, const std::string& logon) {
    const std::size_t comma = logon.find(',');
    if (comma == std::string::npos) return fail(E_CSA_PARAM);
    const std::string user = logon.substr(0, comma);
    const auto done = shell.login_device_user(user, as_bytes(logon.substr(comma + 1)));
    if (done) return {};
    problem(done.error().code == CKR_USER_PIN_NOT_INITIALIZED
                ? "the device has no user " + user + "; --logon USER,KEYFILE names another administrator"
                : "the administrator " + user +
                      " cannot log on with what stands behind the comma; --logon USER,KEYFILE names another");
    return fail(done.error());
}

// Everything that can be wrong is looked at before the slot is changed.
Result<void> provision(Shell& shell, const TokenArguments& arguments, const std::string& logon,
                       const CK_TOKEN_INFO& info) {
    CS2SIM_TRY_LET(so_pin, shell.pin(arguments.so_pin, "SO PIN", true));
    CS2SIM_TRY_LET(pin, shell.pin(arguments.pin, "user PIN", true));
    for (const SecretBytes* each : {&so_pin, &pin})
        if (each->size() < info.ulMinPinLen || each->size() > info.ulMaxPinLen)
            return fail(CKR_PIN_LEN_RANGE);
    CS2SIM_TRY(log_administrator_on(shell, logon));
    CS2SIM_TRY(shell.init_token(so_pin, arguments.label));
    CS2SIM_TRY(shell.logout());
    CS2SIM_TRY(settle_pin(shell, CKU_SO, so_pin));
    CS2SIM_TRY(shell.init_pin(pin));
    CS2SIM_TRY(shell.logout());
    return settle_pin(shell, CKU_USER, pin);
}

// `text` as a word of the shell.
std::string quoted(const std::string& text) {
    std::string word = "'";
    for (const char c : text) word += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return word + "'";
}

void print_exports(const fs::path& state) {
    std::cout << "export " << kConfigVariable << '=' << quoted(pkcs11_config_file(state)) << '\n'
              << "export PKCS11_MODULE_PATH=" << quoted(tools::p11::own_library()) << '\n';
}

int add(const CommandLine& line, const TokenArguments& arguments) {
    const fs::path state = state_folder(line.state);
    if (!InstanceLock::holder(state)) return problem(no_instance(state));
    const std::string logon =
        arguments.logon.empty() ? "ADMIN," + admin_key_file(state).string() : arguments.logon;
    const fs::path config = pkcs11_config_file(state);
    std::error_code error;
    const bool was_there = fs::exists(config, error);
    if (!was_there && !write_config(state, arguments.slot, logon))
        return problem("cannot write " + config.string());
    ::setenv(kConfigVariable, config.c_str(), 1);
    Shell shell;
    shell.set_slot(arguments.slot);
    const auto info = token_info(shell);
    if (info && (info->flags & CKF_TOKEN_INITIALIZED) != 0 && !arguments.replace) {
        print_exports(state);  // what is to be exported is the same for the token that is there
        return problem("slot " + std::to_string(arguments.slot) +
                       " has a token already; --replace makes it anew, without its keys");
    }
    const Result<void> done =
        info ? provision(shell, arguments, logon, *info) : Result<void>(fail(info.error()));
    if (!done) {
        if (const std::string file = tools::refused_file(done.error()); !file.empty())
            std::cerr << "cs2sim: " << terminal_text(file) << '\n';
        std::cerr << tools::p11::failure_text(done.error().code);
        // What would be repeated from now on with a log-on that failed is not left behind.
        if (!was_there) fs::remove(config, error);
        return done.error().code == CKR_SLOT_ID_INVALID
                   ? problem("SlotCount in " + config.string() + " has no slot " +
                             std::to_string(arguments.slot))
                   : 1;
    }
    print_exports(state);
    return 0;
}

}  // namespace

void add_token_commands(CLI::App& app, CommandLine& line) {
    CLI::App* group = app.add_subcommand("token", "tokens of the PKCS#11 library");
    group->require_subcommand(1);
    const auto arguments = std::make_shared<TokenArguments>();
    CLI::App* command =
        with_state(group->add_subcommand("add",
                                         "a token ready for use, without initial PINs; prints what to export "
                                         "(the library's configuration, and "
                                         "PKCS11_MODULE_PATH, the library itself) for `eval`"),
                   line);
    command->add_option("--slot", arguments->slot, "its number (default 0)")->check(CLI::Range(0, 999));
    command->add_option("--label", arguments->label, "up to 32 bytes")
        ->required()
        ->check(CLI::Validator(
            [](std::string& text) { return text.size() <= 32 ? "" : "longer than 32 bytes"; }, ""));
    command
        ->add_option("--so-pin", arguments->so_pin,
                     "the security officer's: literal, ask, or file:PATH (its first line)")
        ->required();
    command->add_option("--pin", arguments->pin, "the user's, in the same forms")->required();
    command->add_option("--logon", arguments->logon, "USER,KEYFILE of an administrator (default: ADMIN)")
        ->check(CLI::Validator(
            [](std::string& text) {
                return text.find(',') != std::string::npos ? "" : "not USER,KEYFILE of an administrator";
            },
            ""));
    command->add_flag("--replace", arguments->replace, "makes a token that is there anew; its keys are gone");
    command->callback([&line, arguments] { line.exit_status = add(line, *arguments); });
}

}  // namespace cs2sim
