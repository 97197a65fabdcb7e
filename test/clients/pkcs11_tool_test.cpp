// OpenSC's pkcs11-tool.
#include "test/clients/token.h"

using namespace cs2sim::clients;

namespace {

// --read-object of OpenSC 0.23 takes an EC key's curve from memory that it freed, which the reading of
// openssl.cnf has written over meanwhile.
const std::string kTool = "env OPENSSL_CONF=/dev/null pkcs11-tool --module $M --slot 0 --login --pin 123456 ";

}  // namespace

TEST_CASE("pkcs11-tool lists slots and mechanisms, and finds nothing wrong with the token") {
    for (const Way way : {Way::mount, Way::tcp}) {
        const Token token(way, "KeepLeadZeros = true");  // --test compares what RSA_X_509 decrypts
        CHECK(token.shell("opensc", "pkcs11-tool --module $M -L").find("SLOT_0001") != std::string::npos);
        CHECK(token.shell("opensc", "pkcs11-tool --module $M --slot 0 -M").find("SHA256-RSA-PKCS-PSS") !=
              std::string::npos);
        token.shell("opensc", kTool + "--keypairgen --key-type rsa:2048 --label rsa --id 01");
        const std::string tested = token.shell("opensc", kTool + "--test 2>&1");
        INFO(tested);
        CHECK(tested.find("No errors") != std::string::npos);
    }
}

TEST_CASE("pkcs11-tool makes keys, signs what OpenSSL verifies, decrypts what OpenSSL encrypted") {
    const Token token;
    token.shell("opensc", "echo 'some data' > data\n" + kTool +
                              "--keypairgen --key-type rsa:2048 --label rsa --id 01\n" + kTool +
                              "--keypairgen --key-type EC:prime256v1 --label ec --id 02\n" + kTool +
                              "--read-object --type pubkey --id 01 -o rsa.der\n" + kTool +
                              "--read-object --type pubkey --id 02 -o ec.der\n"
                              "openssl pkey -pubin -inform der -in rsa.der -out rsa.pem\n"
                              "openssl pkey -pubin -inform der -in ec.der -out ec.pem\n");
    for (const std::string hash : {"SHA1", "SHA256", "SHA384", "SHA512"}) {
        INFO(hash);
        token.shell("opensc",
                    kTool + "--sign --id 01 -m " + hash + "-RSA-PKCS -i data -o sig\n" + "openssl dgst -" +
                        hash + " -verify rsa.pem -signature sig data\n" + kTool + "--sign --id 01 -m " +
                        hash + "-RSA-PKCS-PSS -i data -o sig\n" + "openssl dgst -" + hash +
                        " -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:-1 -verify rsa.pem -signature "
                        "sig data\n" +
                        kTool + "--verify --id 01 -m " + hash +
                        "-RSA-PKCS-PSS -i data --signature-file sig | grep -q 'Signature is valid'\n" +
                        kTool + "--sign --id 02 -m ECDSA-" + hash +
                        " --signature-format openssl -i data -o sig\n" + "openssl dgst -" + hash +
                        " -verify ec.pem -signature sig data\n");
    }
    token.shell("opensc",
                "openssl pkeyutl -encrypt -pubin -inkey rsa.pem -pkeyopt rsa_padding_mode:oaep -pkeyopt "
                "rsa_oaep_md:sha256 -in data -out secret\n" +
                    kTool +
                    "--decrypt --id 01 -m RSA-PKCS-OAEP --hash-algorithm SHA256 --mgf MGF1-SHA256 -i secret "
                    "-o plain\n"
                    "cmp data plain\n");
}

TEST_CASE("pkcs11-tool keeps certificates, data and secret keys, and deletes them") {
    const Token token;
    token.shell("opensc",
                "openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -subj /CN=test -days 30 -out "
                "cert.pem 2>/dev/null\n"
                "openssl x509 -in cert.pem -outform der -out cert.der\n" +
                    kTool + "--write-object cert.der --type cert --label cert --id 07\n" + kTool +
                    "--read-object --type cert --id 07 -o back.der\n"
                    "cmp cert.der back.der\n" +
                    kTool + "--write-object cert.pem --type data --label note --application-label tests\n" +
                    kTool + "--keygen --key-type AES:32 --label aes --id 08\n");
    CHECK(token.shell("opensc", kTool + "-O").find("AES length 32") != std::string::npos);
    token.shell("opensc", kTool + "--delete-object --type secrkey --id 08\n" + kTool +
                              "--delete-object --type cert --id 07\n" + kTool +
                              "--delete-object --type data --label note\n");
    CHECK(token.shell("opensc", kTool + "-O").empty());
}

TEST_CASE("pkcs11-tool tests EC and threads, wraps, unwraps and derives") {
    const Token token;
    const std::string tested =
        token.shell("opensc", kTool + "--session-rw --test-ec --id 02 --key-type EC:prime256v1 2>&1");
    INFO(tested);
    CHECK(tested.find("==> OK") != std::string::npos);
    token.shell(
        "opensc",
        "pkcs11-tool --module $M --slot 0 --login --pin 123456 --test-threads IN --test-threads ILGISLT0 "
        "--test-threads ILGISLT0");
    token.shell("opensc",
                kTool + "--keygen --key-type AES:32 --label wrapping --id 08 --usage-wrap\n" + kTool +
                    "--keygen --key-type AES:16 --label wrapped --id 09 --extractable\n" + kTool +
                    "--wrap -m AES-KEY-WRAP --id 08 --application-id 09 -o wrapped.bin\n" + kTool +
                    "--unwrap -m AES-KEY-WRAP --id 08 -i wrapped.bin --key-type AES: --application-id 0A "
                    "--application-label again --extractable\n"
                    "test $(stat -c %s wrapped.bin) = 24\n");
    CHECK(token.shell("opensc", kTool + "-O").find("again") != std::string::npos);
    token.shell("opensc",
                kTool + "--keypairgen --key-type EC:prime256v1 --label own --id 0C --usage-derive\n" + kTool +
                    "--read-object --type pubkey --id 0C -o own.der\n"
                    "openssl pkey -pubin -inform der -in own.der -out own.pem\n"
                    "openssl ecparam -name prime256v1 -genkey -noout -out peer.pem\n"
                    "openssl pkey -in peer.pem -pubout -outform der -out peer.der\n" +
                    kTool +
                    "--derive -m ECDH1-DERIVE --id 0C -i peer.der -o secret\n"
                    "openssl pkeyutl -derive -inkey peer.pem -peerkey own.pem -out expected\n"
                    "cmp secret expected\n");
}

TEST_CASE("pkcs11-tool meets a wrong PIN") {
    const Token token;
    const Outcome outcome =
        token.run("opensc", {"sh", "-c", "pkcs11-tool --module $M --slot 0 --login --pin 000000 -O"});
    CHECK(outcome.status != 0);
    CHECK(outcome.err.find("CKR_PIN_INCORRECT") != std::string::npos);
}
