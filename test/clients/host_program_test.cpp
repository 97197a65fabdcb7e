// What programs do to a library that they load: unload it, fork, use threads, exit, die (host_program.cpp).
#include "host-lib/pkcs11/cryptoki/cryptoki.h"
#include "test/clients/token.h"
#include "test/places.h"

using namespace cs2sim::clients;

namespace {

// Ends well and prints nothing: the library is silent unless Logging asks.
void does(const Token& token, const std::string& what, const std::string& number = "0") {
    // AddressSanitizer keeps what was freed for a while; here memory that grows is memory that is lost.
    const Outcome outcome =
        token.run_own({"env", "ASAN_OPTIONS=quarantine_size_mb=0", cs2sim::bin_folder() / "host_program",
                       token.library(), what, number});
    INFO(what);
    require_success(outcome);
    CHECK(outcome.out.empty());
    CHECK(outcome.err.empty());
}

}  // namespace

TEST_CASE("a thousand times loaded, used and unloaded, the library leaves nothing behind") {
    does(Token(Way::tcp, "Logging = 0"), "cycles", "1000");
}

TEST_CASE("children after fork begin anew in every state of their parent, which goes on") {
    for (const std::string settings : {"SlotMultiSession = true", "SlotMultiSession = false"})
        does(Token(Way::tcp, settings), "fork");
}

// AddressSanitizer of GCC 12 leaves its allocator's locks as they are at fork(), so that a child waits for
// ever for a thread that it does not have.
#ifndef __SANITIZE_ADDRESS__
TEST_CASE("children forked while other threads are inside begin anew, and the threads go on") {
    does(Token(Way::mount, "Logging = 4"), "fork-among-threads", "30");
}

// A child inherits what another thread had locked just then: OpenSSL's locks above all, which threads take
// the most when they begin.
TEST_CASE("children forked while other threads begin work, in many fresh processes") {
    const Token token(Way::tcp, "Logging = 4");
    for (int i = 0; i < 40; ++i) does(token, "fork-among-threads", "3");
}

TEST_CASE("children forked while other threads work with a key store") {
    const cs2sim::scenario::Folder folder;
    const Token token(Way::tcp,
                      "KeysExternal = true\n[KeyStorage]\nKeyStorageType = Legacy\nKeyStorageConfig = " +
                          (folder / "keys.pks").string());
    does(token, "fork-among-token-keys", "30");
}
#endif

TEST_CASE("C_Finalize during calls of other threads ends them with an error") {
    does(Token(Way::tcp), "finalize-among-threads", "20");
}

TEST_CASE("a process exits while threads are inside") { does(Token(Way::tcp), "exit-among-threads"); }

TEST_CASE("signals, their mask and errno stay as the program has them, also when the device dies") {
    does(Token(Way::tcp), "signals", std::to_string(CKR_DEVICE_ERROR));
    does(Token(Way::mount), "signals", std::to_string(CKR_DEVICE_REMOVED));
}

TEST_CASE("an OpenSSL configuration that loads the library into OpenSSL does not go round in circles") {
    const Token token;
    token.write_openssl_config("PIN = 123456\ninit = 1\ndefault_algorithms = ALL");
    const std::string out = token.shell("libengine-pkcs11-openssl", R"sh(
pkcs11-tool --module $M --slot 0 --login --pin 123456 --keypairgen --key-type EC:prime256v1 --label k --id 01 >/dev/null
export OPENSSL_CONF=$HOME/openssl.cnf
echo data > data
openssl dgst -sha256 -engine pkcs11 -keyform engine -sign 'pkcs11:object=k;type=private' -out sig data 2>/dev/null
openssl pkey -engine pkcs11 -inform engine -pubin -in 'pkcs11:object=k;type=public' -pubout -out pub.pem 2>/dev/null
openssl dgst -sha256 -verify pub.pem -signature sig data
pkcs11-tool --module $M --slot 0 --login --pin 123456 --sign -m ECDSA-SHA256 --id 01 -i data -o raw >/dev/null
)sh");
    CHECK(out.find("Verified OK") != std::string::npos);
}

TEST_CASE("a provider in OpenSSL's configuration uses the library once, while OpenSSL begins") {
    const Token token;
    cs2sim::scenario::write_file(token.file("openssl.cnf"),
                                 "openssl_conf = start\n[start]\nproviders = list\n[list]\ndefault = known\n"
                                 "own = own\n[known]\nactivate = 1\n[own]\nactivate = 1\nmodule = " +
                                     std::string(CS2SIM_OWN_PROVIDER) + "\n");
    for (const char* program :
         {"openssl rand -hex 8", "openssl dgst -sha256 openssl.cnf", "openssl genpkey -algorithm ED25519"}) {
        INFO(program);
        CHECK(token.shell("openssl", "export OPENSSL_CONF=$HOME/openssl.cnf\n" + std::string(program) +
                                         " 2>&1 >/dev/null") == "begun 0\nended 0\n");
    }
}
