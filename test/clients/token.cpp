#include "test/clients/token.h"

#include <algorithm>
#include <sstream>

#include "test/places.h"

namespace cs2sim::clients {
namespace {

void require_installed(const std::string& package) {
    INFO("the Debian package " << package << " must be installed: tools/install-packages test");
    REQUIRE(scenario::run({"/usr/bin/dpkg-query", "-W", "-f", "${db:Status-Status}", package}).out ==
            "installed");
}

std::vector<std::string> by_env(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "/usr/bin/env");
    return arguments;
}

}  // namespace

Token::Token(Way way, const std::string& settings, bool made) : operator_(simulator_, way) {
    if (made) make();
    const std::string maker = "InitTokenAs = ADMIN," + simulator_.admin_key().string() + "\n";
    scenario::write_file(file("cs_pkcs11_R3.cfg"),
                         "[Global]\nLogpath = " + folder().string() + "\nLogging = 4\nSlotCount = 2\n" +
                             settings + "\n[CryptoServer]\nDevice = " + simulator_.device(way) + "\n" +
                             (made ? "" : maker));
}

void Token::make() const {
    operator_.make_mbk();
    for (const auto& [user, permission, pin] :
         {std::tuple{"SO_0000", "00000200", kSoPin}, std::tuple{"USR_0000", "00000002", kPin}}) {
        operator_.admin_does(
            {"AddUser=" + std::string(user) + "," + permission + "{CXI_GROUP=SLOT_0000},hmacpwd," + pin});
        require_success(operator_.csadm(
            {"LogonPass=" + std::string(user) + "," + pin, "ChangeUser=" + std::string(user) + "," + pin}));
    }
}

void Token::write_openssl_config(const std::string& settings) const {
    scenario::write_file(file("openssl.cnf"),
                         "openssl_conf = start\n[start]\nengines = engines\n[engines]\npkcs11 = pkcs11\n"
                         "[pkcs11]\nengine_id = pkcs11\nMODULE_PATH = " +
                             library() + "\n" + settings + "\n[req]\ndistinguished_name = name\n[name]\n");
}

// What other people's programs lose is theirs, and they may handle signals themselves.
scenario::RunOptions sanitized(scenario::RunOptions options) {
#ifdef CS2SIM_SANITIZER_RUNTIME
    options.environment["LD_PRELOAD"] = CS2SIM_SANITIZER_RUNTIME;
    options.environment["ASAN_OPTIONS"] = "detect_leaks=0:handle_segv=0";
#endif
    return options;
}

std::string Token::library() const { return bin_folder().parent_path() / "lib" / "libcs_pkcs11_R3.so"; }

scenario::RunOptions Token::options() const {
    scenario::RunOptions options;
    options.folder = folder();
    options.environment = {{"CS_PKCS11_R3_CFG", file("cs_pkcs11_R3.cfg")},
                           {"M", library()},
                           {"HOME", folder()},
                           {"CS2SIM", scenario::built_program("cs2sim")},
                           {"CS2SIM_STATE", simulator_.state()}};
    return options;
}

Outcome Token::run(const std::string& package, std::vector<std::string> arguments) const {
    require_installed(package);
    return scenario::run(by_env(std::move(arguments)), sanitized(options()));
}

scenario::RunsBeside Token::starts(const std::string& package, std::vector<std::string> arguments) const {
    require_installed(package);
    return scenario::RunsBeside(by_env(std::move(arguments)), sanitized(options()));
}

Outcome Token::run_own(std::vector<std::string> arguments) const {
    return scenario::run(by_env(std::move(arguments)), options());
}

std::string Token::works(const std::string& package, std::vector<std::string> arguments) const {
    const Outcome outcome = run(package, std::move(arguments));
    require_success(outcome);
    return outcome.out;
}

}  // namespace cs2sim::clients
