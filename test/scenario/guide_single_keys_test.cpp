// Keys by cxitool: single-key backup in every mode, group permissions, and work that openssl checks.
#include <sstream>

#include "firmware/protocol/bytes.h"
#include "test/scenario/expect.h"
#include "test/scenario/simulator.h"

using namespace cs2sim;
using namespace cs2sim::scenario;

namespace {

const std::string kClerk = "LogonPass=CLERK,clerks-secret";

void add_user(const Operator& user, const std::string& name, const std::string& permission,
              const std::string& group, const std::string& password) {
    user.admin_does({"AddUser=" + name + "," + permission + "{CXI_GROUP=" + group + "},hmacpwd," + password});
}

bool openssl(const Operator& user, std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "openssl");
    arguments.insert(arguments.begin(), "/usr/bin/env");
    return run(arguments, {user.folder()}).status == 0;
}

}  // namespace

TEST_CASE("G14, G16: single keys are backed up and restored by their user alone, in FIPS and CC modes too") {
    const std::string profile = GENERATE("se-gen2", "se-gen2-fips", "cp5");
    INFO(profile);
    const Simulator simulator(profile);
    const Operator user(simulator, Way::mount);
    user.make_mbk();
    add_user(user, "CLERK", "00000002", "ProdKey", "clerks-secret");
    require_success(user.tool(
        "cxitool", {kClerk, "Group=ProdKey", "Name=k1", "GenerateKey=RSA,2048", "ExportKey=before.pem",
                    "Name=k2", "GenerateKey=AES,256", "Name=*", "BackupKey"}));
    CHECK(std::filesystem::exists(user.file("k1.kbk")));
    CHECK(std::filesystem::exists(user.file("k2.kbk")));
    require_error(user.tool("cxitool", {kClerk, "RestoreKey=k1.kbk"}), E_DB_EXISTS);
    require_success(user.tool("cxitool", {kClerk, "Group=ProdKey", "Name=*", "DeleteKey"}));
    require_error(user.tool("cxitool", {kClerk, "Group=Other", "RestoreKey=k1.kbk"}), E_CXI_PROP_COMPARE);
    require_success(user.tool(
        "cxitool", {kClerk, "Group=ProdKey", "RestoreKey=*.kbk", "Name=k1", "ExportKey=after.pem"}));
    CHECK(read_file(user.file("before.pem")) == read_file(user.file("after.pem")));

    std::string changed = read_file(user.file("k2.kbk"));
    changed[changed.size() / 2] = static_cast<char>(changed[changed.size() / 2] ^ 1);
    write_file(user.file("changed.kbk"), changed);
    require_success(user.tool("cxitool", {kClerk, "Group=ProdKey", "Name=k2", "DeleteKey"}));
    require_error(user.tool("cxitool", {kClerk, "RestoreKey=changed.kbk"}), E_CXI_KEY_BLOB_MAC);

    const Simulator foreign(profile);
    const Operator elsewhere(foreign, Way::mount);
    elsewhere.make_mbk();
    add_user(elsewhere, "CLERK", "00000002", "ProdKey", "clerks-secret");
    require_error(elsewhere.tool("cxitool", {kClerk, "RestoreKey=" + user.file("k1.kbk").string()}),
                  E_CXI_BB_WRONG_MBK);
}

TEST_CASE("G15: 00000002 in one group and 00000000 in the other back up no key of the other") {
    const Simulator simulator;
    const Operator user(simulator, GENERATE(Way::mount, Way::tcp));
    user.make_mbk();
    add_user(user, "EXMP", "00000002", "ExmpKey", "exmps-secret");
    add_user(user, "PROD", "00000000", "ProdKey", "prods-secret");
    add_user(user, "CLERK", "00000002", "ProdKey", "clerks-secret");
    require_success(user.tool("cxitool", {kClerk, "Group=ProdKey", "Name=k", "GenerateKey=AES,256"}));
    const std::vector<std::string> both = {"LogonPass=EXMP,exmps-secret", "LogonPass=PROD,prods-secret"};
    require_error(user.tool("cxitool", {both[0], both[1], "Group=ProdKey", "Name=k", "BackupKey"}),
                  E_CXI_PERMISSION_DENIED);
    CHECK_FALSE(std::filesystem::exists(user.file("k.kbk")));
    require_success(user.tool("cxitool", {both[0], both[1], kClerk, "Group=ProdKey", "Name=k", "BackupKey"}));
    CHECK(std::filesystem::exists(user.file("k.kbk")));
}

TEST_CASE("cxitool lists keys in columns") {
    const Simulator simulator;
    const Operator user(simulator, Way::mount);
    add_user(user, "CLERK", "00000002", "SLOT_0000", "clerks-secret");
    const Outcome listed =
        user.tool("cxitool", {kClerk, "Group=SLOT_0000", "Name=second", "GenerateKey=AES,256", "Name=first",
                              "Spec=7", "GenerateKey=EC,NIST-P256", "Name=*", "Spec=7", "ListKeys"});
    require_success(listed);
    std::istringstream lines(listed.out.substr(listed.out.find("-----")));
    std::string line;
    std::getline(lines, line);  // the rule
    REQUIRE(std::getline(lines, line));
    CHECK(line.substr(49, 33) == "first                            ");
    CHECK(line.substr(82) == "7");
    CHECK(line.find("EC") != std::string::npos);
    CHECK(line.find("SLOT_0000") != std::string::npos);
}

TEST_CASE("G21: an external key lives in a file, and any device with the same MBK can use it") {
    const Simulator first, second;
    const Operator user(first, Way::mount), other(second, Way::tcp);
    user.make_mbk();
    other.import_mbk_of(user);
    for (const Operator* each : {&user, &other}) add_user(*each, "CLERK", "00000002", "G", "clerks-secret");
    const std::string file = "ExternalKey=" + user.file("rsa.xkey").string();
    write_file(user.file("data"), "what is signed");
    require_success(
        user.tool("cxitool", {kClerk, "Group=G", "Name=outside", file, "GenerateKey=RSA,2048", "Out=sig",
                              "Sign=data", "ExportKey=k.pem", "Subject=CN=outside", "ExportP10=k.csr"}));
    CHECK(openssl(user, {"dgst", "-sha256", "-verify", "k.pem", "-signature", "sig", "data"}));
    CHECK(openssl(user, {"req", "-verify", "-noout", "-in", "k.csr"}));
    require_error(user.tool("cxitool", {kClerk, "Group=G", "Name=outside", "KeyInfo"}), E_DB_NOT_FOUND);
    write_file(other.file("data"), "what is signed");
    write_file(other.file("sig"), read_file(user.file("sig")));
    require_success(other.tool("cxitool", {kClerk, file, "Signature=sig", "Verify=data"}));

    std::string changed = read_file(user.file("rsa.xkey"));
    changed.back() = static_cast<char>(changed.back() ^ 1);
    write_file(user.file("changed"), changed);
    require_error(user.tool("cxitool", {kClerk, "ExternalKey=changed", "Out=x", "Sign=data"}),
                  E_CXI_KEY_BLOB_MAC);
}

TEST_CASE("many keys: a progress bar on a terminal, none in a pipe") {
    const Simulator simulator;
    Operator user(simulator, Way::mount);
    user.make_mbk();
    add_user(user, "CLERK", "00000002", "G", "clerks-secret");
    std::vector<std::string> arguments = {kClerk, "Group=G", "Algo=AES", "Size=128"};
    for (int i = 0; i < 400; ++i) {
        arguments.push_back("Name=key" + std::to_string(i));
        arguments.push_back("GenerateKey");
    }
    require_success(user.tool("cxitool", arguments));
    const Outcome piped = user.tool("cxitool", {kClerk, "Group=G", "BackupKey"});
    require_success(piped);
    CHECK(piped.err.empty());
    CHECK(piped.out.empty());
    CHECK(names_in(user.folder()).size() >= 400);

    user.options.terminal_input = "\n";
    const std::string line = "'" + built_program("cxitool") + "' " + kClerk +
                             " Group=G Overwrite=1 'RestoreKey=*.kbk' >/dev/tty 2>&1; exit $?";
    RunOptions options = user.options;
    options.environment["CRYPTOSERVER"] = simulator.device(Way::mount);
    options.folder = user.folder();
    const Outcome shown = run({"/bin/sh", "-c", line}, options);
    CHECK(shown.status == 0);
    CHECK(shown.out.find("keys: [") != std::string::npos);
    CHECK(shown.out.find("[########################################] 400 of 400") != std::string::npos);
    CHECK(shown.out.find("\033[Kcxitool: 400 keys restored") != std::string::npos);  // the bar is wiped first
}

TEST_CASE("signatures, requests and ciphertexts of cxitool are openssl's, and the reverse") {
    const Simulator simulator;
    const Operator user(simulator, Way::mount);
    add_user(user, "CLERK", "00000002", "G", "clerks-secret");
    write_file(user.file("data"), std::string(700'000, 'x') + "end");
    for (const std::string kind : {"RSA,2048", "EC,NIST-P256"}) {
        INFO(kind);
        require_success(
            user.tool("cxitool", {kClerk, "Group=G", "Name=k", "Overwrite=1", "GenerateKey=" + kind,
                                  "Out=sig", "Sign=data", "Signature=sig", "Verify=data", "ExportKey=k.pem",
                                  "Subject=CN=unit,O=cs2sim", "ExportP10=k.csr"}));
        CHECK(openssl(user, {"dgst", "-sha256", "-verify", "k.pem", "-signature", "sig", "data"}));
        CHECK(openssl(user, {"req", "-verify", "-noout", "-in", "k.csr"}));
        write_file(user.file("other"), "other data");
        require_error(user.tool("cxitool", {kClerk, "Group=G", "Name=k", "Signature=sig", "Verify=other"}),
                      E_CXI_CRYPT_SIGN_VERIFY);
    }
    const std::string key = "000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F";
    Bytes raw;
    REQUIRE(from_hex(key, raw));
    write_file(user.file("raw"), std::string(as_text(raw)));
    const std::string iv = "0F0E0D0C0B0A09080706050403020100";
    require_success(
        user.tool("cxitool", {kClerk, "Group=G", "Name=aes", "Algo=AES", "Type=secret", "ImportKey=raw",
                              "Chain=CBC", "IV=" + iv, "Out=enc", "Encrypt=data"}));
    CHECK(openssl(user, {"enc", "-d", "-aes-256-cbc", "-K", key, "-iv", iv, "-in", "enc", "-out", "dec"}));
    CHECK(read_file(user.file("dec")) == read_file(user.file("data")));
    require_success(user.tool(
        "cxitool", {kClerk, "Group=G", "Name=aes", "Out=gcm", "Encrypt=data", "Out=back", "Decrypt=gcm"}));
    CHECK(read_file(user.file("back")) == read_file(user.file("data")));
}
