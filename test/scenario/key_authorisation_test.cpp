// Key authorisation keys as scripts of CP5 devices use them: cxitool's commands, their exact text, `explain`.
#include "test/scenario/clerk.h"

using namespace cs2sim;
using namespace cs2sim::scenario;

namespace {

// The value of a line of KeyInfo ("CC Auth Count : 3").
std::string info(const Operator& user, const std::string& what) {
    const Outcome shown = cxitool(user, {"Group=G", "Name=k", "KeyInfo"});
    require_success(shown);
    std::string label = what;
    label.resize(14, ' ');
    const std::size_t at = shown.out.find("\n" + label + ": ");
    if (at == std::string::npos) return {};
    const std::size_t from = at + 1 + label.size() + 2;
    return shown.out.substr(from, shown.out.find('\n', from) - from);
}

Outcome with_kak(const Operator& user, const std::string& kak, std::vector<std::string> commands) {
    std::vector<std::string> all{"Group=G", "Name=k", "KeyFile=" + kak};
    all.insert(all.end(), commands.begin(), commands.end());
    return cxitool(user, all);
}

}  // namespace

TEST_CASE("cp5: a key works when InitializeKey and AuthorizeKey have been there") {
    const Simulator simulator("cp5");
    const Operator user(simulator, Way::mount);
    user.make_mbk();
    add_clerk(user);
    write_file(user.file("data"), "what is signed");
    require_success(user.tool("csadm", {"KeyType=RSA", "GenKey=kak.key#kaks-secret,3072,KAK"}));
    require_success(user.tool("csadm", {"KeyType=EC", "GenKey=other.key,secp256r1,OTHER"}));
    require_success(cxitool(user, {"Group=G", "Name=k", "GenerateKey=EC,secp256r1", "ExportKey=k.pem"}));
    const auto sign = [&] { return cxitool(user, {"Group=G", "Name=k", "Out=s", "Sign=data"}); };

    const Outcome early = sign();
    require_error(early, E_CXI_CC_KEY_NOT_INITIALISED);
    CHECK(early.err == "Error B0680309\nCryptoServer module CXI\nCC: key not yet initialised\n");
    require_error(with_kak(user, "kak.key,kaks-secret", {"AuthorizeKey"}), E_CXI_CC_KEY_NOT_INITIALISED);

    // The public part needs no password; no further word is PKCS-V1_5, and no assigned key.
    const Outcome initialised = with_kak(user, "kak.key", {"InitializeKey=PKCS-V1_5,false"});
    require_success(initialised);
    CHECK(initialised.out == "key 'k' initialised\n");
    CHECK(initialised.err.empty());
    require_error(with_kak(user, "other.key", {"InitializeKey"}), E_CXI_CC_KEY_ALREADY_INITIALISED);
    const Outcome idle = sign();
    require_error(idle, E_CXI_CC_KEY_NOT_AUTHORISED);
    CHECK(idle.err == "Error B068030A\nCryptoServer module CXI\nCC: key not yet authorised\n");

    const Outcome once = with_kak(user, "kak.key,kaks-secret", {"AuthorizeKey"});
    require_success(once);
    CHECK(once.out == "key 'k' authorised\n");
    require_success(sign());
    require_error(sign(), E_CXI_CC_KEY_NOT_AUTHORISED);
    require_success(with_kak(user, "kak.key#kaks-secret", {"AuthorizeKey=3"}));
    CHECK(info(user, "CC Auth Count") == "3");
    require_success(sign());
    CHECK(info(user, "CC Auth Count") == "2");
    // All in one line: what KeyFile= named has served.
    require_success(with_kak(user, "kak.key,kaks-secret", {"AuthorizeKey=-1", "Out=s", "Sign=data"}));
    for (int i = 0; i < 4; ++i) require_success(sign());
    CHECK(info(user, "CC Auth Count") == "-1");
    CHECK(info(user, "CC Assigned") == "false");
    CHECK(info(user, "CC Auth Fails") == "0");
    CHECK(info(user, "CC KRAD").starts_with("01C003"));
    CHECK(run({"/usr/bin/env", "openssl", "dgst", "-sha256", "-verify", "k.pem", "-signature", "s", "data"},
              {user.folder()})
              .status == 0);
    // The public half needs nothing.
    require_success(cxitool(user, {"Group=G", "Name=k", "Signature=s", "Verify=data"}));

    require_error(with_kak(user, "kak.key,wrong", {"AuthorizeKey"}), E_CSA_KEY_PASSWORD);
    require_error(with_kak(user, "none.key", {"AuthorizeKey"}), E_CSA_KEY_OPEN);
    const Outcome unknown = with_kak(user, "kak.key", {"InitializeKey=OAEP"});
    require_error(unknown, E_CSA_SYNTAX);
    CHECK(unknown.err.find("OAEP") != std::string::npos);
    CHECK(unknown.err.find("PKCS-V1_5") != std::string::npos);
    require_error(with_kak(user, "kak.key", {"InitializeKey=PSS,maybe"}), E_CSA_SYNTAX);
    require_error(with_kak(user, "kak.key", {"AuthorizeKey=-2"}), E_CSA_SYNTAX);
    const Outcome none = cxitool(user, {"Group=G", "Name=k", "AuthorizeKey"});
    require_error(none, E_CSA_SYNTAX);
    CHECK(none.err.starts_with("cxitool: KeyFile= must name the key authorisation key\n"));
}

TEST_CASE("cp5: failures lock a key, its security officer unlocks it, and it survives a restart so") {
    Simulator simulator("cp5");
    const Operator user(simulator, Way::mount);
    user.make_mbk();
    add_clerk(user);
    user.admin_does({"AddUser=OFFICER,00000200{CXI_GROUP=G},hmacpwd,officers-secret"});
    write_file(user.file("data"), "what is signed");
    require_success(user.tool("csadm", {"KeyType=EC", "GenKey=kak.key,KAK", "GenKey=other.key,OTHER"}));
    require_success(cxitool(user, {"Group=G", "Name=k", "GenerateKey=AES,256"}));
    require_success(with_kak(user, "kak.key", {"InitializeKey", "AuthorizeKey=-1"}));
    for (int i = 0; i < 10; ++i)
        require_error(with_kak(user, "other.key", {"AuthorizeKey"}), E_CXI_CC_KEY_AUTH_FAILED);
    require_error(with_kak(user, "kak.key", {"AuthorizeKey"}), E_CXI_CC_KEY_BLOCKED);
    simulator.kill();
    simulator.start();
    require_error(cxitool(user, {"Group=G", "Name=k", "Out=s", "Sign=data"}), E_CXI_CC_KEY_BLOCKED);
    require_error(cxitool(user, {"Group=G", "Name=k", "UnblockKey"}), E_CXI_PERMISSION_DENIED);
    const auto unblock = [&] {
        return user.tool("cxitool", {"LogonPass=OFFICER,officers-secret", "KeyFile=kak.key", "Group=G",
                                     "Name=k", "UnblockKey"});
    };
    const Outcome unblocked = unblock();
    require_success(unblocked);
    CHECK(unblocked.out == "key 'k' unblocked\n");
    require_error(unblock(), E_CXI_CC_KEY_NOT_BLOCKED);
    require_error(cxitool(user, {"Group=G", "Name=k", "Out=s", "Sign=data"}), E_CXI_CC_KEY_NOT_AUTHORISED);
    require_success(with_kak(user, "kak.key", {"AuthorizeKey=1", "Out=s", "Sign=data"}));

    // An assigned key does not move.
    require_success(cxitool(user, {"Group=G", "Name=a", "GenerateKey=EC,secp256r1", "KeyFile=kak.key",
                                   "InitializeKey=PKCS-V1_5,true"}));
    require_error(cxitool(user, {"Group=G", "Name=a", "BackupKey"}), E_CXI_CC_ASSIGNED_KEY_EXPORT);
}

TEST_CASE("other profiles know no key authorisation, and the tools say what it is") {
    const Simulator simulator;
    const Operator user(simulator, Way::tcp);
    add_clerk(user);
    require_success(user.tool("csadm", {"KeyType=EC", "GenKey=kak.key,KAK"}));
    require_success(cxitool(user, {"Group=G", "Name=k", "GenerateKey=AES,256"}));
    require_error(with_kak(user, "kak.key", {"InitializeKey"}), E_CXI_NOT_SUPPORTED);
    const Outcome help = user.tool("cxitool", {"Help=InitializeKey"});
    require_success(help);
    CHECK(help.out.find("InitializeKey[=PKCS-V1_5|PSS[,true|false]]") != std::string::npos);
    for (const auto& [code, word] :
         {std::pair("B0680309", "InitializeKey"), std::pair("B068030A", "AuthorizeKey"),
          std::pair("B0680308", "UnblockKey")}) {
        const Outcome told = user.tool("cs2sim", {"explain", code});
        require_success(told);
        CHECK(told.out.find(word) != std::string::npos);
    }
}
