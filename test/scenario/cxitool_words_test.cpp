// What cxitool says when the words do not fit: which of them is wrong or missing, and what it could be.
#include "test/scenario/clerk.h"

using namespace cs2sim;
using namespace cs2sim::scenario;

namespace {

// Wrong words: status 2, a line that says why, the usage, the code.
struct Refusal {
    std::vector<std::string> words;
    std::string why;
};

void require_refusals(const Operator& user, const std::vector<Refusal>& refusals) {
    for (const Refusal& refusal : refusals) {
        const Outcome outcome = cxitool(user, refusal.words);
        INFO(refusal.words.back() << '\n' << outcome.err);
        require_error(outcome, E_CSA_SYNTAX);
        CHECK(outcome.status == 2);
        CHECK(outcome.out.empty());
        CHECK(outcome.err.starts_with("cxitool: " + refusal.why + "\ncxitool: usage: "));
    }
}

}  // namespace

TEST_CASE("cxitool says what is missing: the key's name, the signature's file, the key store") {
    const Simulator simulator;
    const Operator user(simulator, Way::tcp);
    add_clerk(user);
    write_file(user.file("f"), "data");
    const std::string one = "Name=, or Group= and Spec= of a key without a name, must say which key";
    for (const char* word : {"GenerateKey=AES,256", "ImportKey=f", "ExportKey=f", "KeyInfo", "DeleteKey",
                             "Sign=f", "Encrypt=f", "Decrypt=f", "Agree=f", "ExportP10=f", "UnblockKey"})
        require_refusals(user, {{{"Group=DEMO", word}, one}});
    require_refusals(user,
                     {{{"Group=DEMO", "KeyStore=k.db", "KeyInfo"}, one},
                      {{"Name=k", "Verify=f"}, "Signature= must name the file of the signature"},
                      {{"Name=k", "Signature=s", "Verify="}, "Verify= must name what was signed"},
                      {{"Name=k", "Sign="}, "Sign= must name what is signed"},
                      {{"RecryptExternalKeys"}, "KeyStore= must say which key store"},
                      {{"CheckKeyStore"}, "KeyStore= must say which key store"},
                      {{"CopyKeyStore=device"}, "from the device to the device: KeyStore= is missing"},
                      {{"Name=k", "ExternalKey=x", "DeleteKey"},
                       "DeleteKey is for keys of the device: the file of ExternalKey= is yours to remove"},
                      {{"ExternalKey=x", "BackupKey"}, "the file of ExternalKey= is its own backup: copy it"},
                      {{"Random=many"}, "Random= is a number from 0 to 65536, not 'many'"},
                      {{"Name=k", "Type=pubic", "ImportKey=f"},
                       "Type= has no 'pubic', did you mean public?; it is one of public private secret"}});
}

TEST_CASE(
    "GenerateKey= says which part is missing or wrong while sizes and curves are the device's to judge") {
    const Simulator simulator;
    const Operator user(simulator, Way::mount);
    add_clerk(user);
    const std::string rsa = "RSA keys take a size in bits, such as RSA,2048, or Size= to the left";
    const std::string ec = "EC keys take a curve, such as EC,secp256r1, or Curve= to the left";
    const std::string aes = "AES keys take a size in bits, such as AES,256, or Size= to the left";
    require_refusals(user, {{{"Name=k", "GenerateKey=AES"}, aes},
                            {{"Name=k", "GenerateKey=AES,"}, aes},
                            {{"Name=k", "GenerateKey=EC"}, ec},
                            {{"Name=k", "GenerateKey=RSA"}, rsa},
                            {{"Name=k", "GenerateKey=RSA,abc"}, rsa + "; 'abc' is none"},
                            {{"Name=k", "GenerateKey=AES,secp256r1"}, aes + "; 'secp256r1' is none"},
                            {{"Name=k", "GenerateKey=EC,256"}, ec + "; '256' is none"},
                            {{"Name=k", "Algo=EC", "GenerateKey"}, ec},
                            {{"Name=k", "GenerateKey=DSA,2048/few"}, "'few' is no number of bits"},
                            {{"Name=k", "GenerateKey"},
                             "the key's algorithm is missing: GenerateKey=AES,256, or Algo= to the left"}});
    require_error(cxitool(user, {"Name=k", "GenerateKey=AES,77"}), E_CXI_KEY_INVALID_SIZE);
    const Outcome nowhere = cxitool(user, {"Name=k", "GenerateKey=EC,nocurve"});
    require_error(nowhere, E_ECA_NOT_FOUND);
    CHECK(nowhere.err.starts_with("cxitool: curves are secp192r1, secp224r1, secp256r1, "));
    CHECK(nowhere.err.find(", brainpoolP320t1, ") != std::string::npos);
    require_success(cxitool(
        user, {"Name=k", "GenerateKey=EC,brainpoolP320t1", "Name=l", "Size=128", "Algo=AES", "GenerateKey"}));
    CHECK(cxitool(user, {"Name=*", "DeleteKey"}).out == "2 keys deleted\n");
}

TEST_CASE("files of data that are missing are told by path and reason, and are no key files") {
    const Simulator simulator;
    const Operator user(simulator, Way::tcp);
    add_clerk(user);
    write_file(user.file("f"), "data");
    require_success(cxitool(user, {"Name=k", "GenerateKey=RSA,2048"}));
    const auto told = [&](std::vector<std::string> words, const std::string& path, std::uint32_t code) {
        words.insert(words.begin(), "Name=k");
        const Outcome outcome = cxitool(user, words);
        INFO(words.back());
        CHECK(outcome.status == 1);
        CHECK(outcome.err == "cxitool: " + path + ": No such file or directory\n" + describe(code));
    };
    told({"Sign=none"}, "none", E_CSA_PARAM);
    told({"InFile=none", "Sign=SHA256,on_hsm"}, "none", E_CSA_PARAM);
    told({"Signature=none", "Verify=f"}, "none", E_CSA_PARAM);
    told({"Encrypt=none"}, "none", E_CSA_PARAM);
    told({"Decrypt=none"}, "none", E_CSA_PARAM);
    told({"Out=nowhere/s", "Sign=f"}, "nowhere/s", E_CSA_PARAM);
    told({"InFile=f", "Signature=nowhere/s", "Sign=SHA256,on_hsm"}, "nowhere/s", E_CSA_PARAM);
    told({"ExportP10=nowhere/csr"}, "nowhere/csr", E_CSA_PARAM);
    told({"ImportKey=none"}, "none", E_CSA_KEY_OPEN);
    told({"ExportKey=nowhere/k.pem"}, "nowhere/k.pem", E_CSA_KEY_WRITE);
}

TEST_CASE("a word in the terms of Sign= is told of there, and not of a parameter that nobody typed") {
    const Simulator simulator;
    const Operator user(simulator, Way::mount);
    add_clerk(user);
    write_file(user.file("f"), "data");
    require_success(cxitool(user, {"Name=e", "GenerateKey=EC,secp256r1", "Name=r", "GenerateKey=RSA,2048"}));
    require_refusals(user,
                     {{{"Name=e", "InFile=f", "Sign=SHA256,on_hsm,PKCS1"},
                       "the padding 'PKCS1' in Sign= is not for such a key, which takes none: leave it out"},
                      {{"Name=r", "InFile=f", "Sign=SHA256,on_hsm,OAEP"},
                       "the padding 'OAEP' in Sign= is not for such a key, which takes PKCS1 PSS NONE"},
                      {{"Name=e", "Pad=PKCS1", "Sign=f"}, "Pad= has no 'PKCS1'; it is one of NONE"}});
    const Outcome hash = cxitool(user, {"Name=r", "InFile=f", "Sign=SHA257,on_hsm"});
    CHECK(hash.err.starts_with("cxitool: Sign= has no 'SHA257', did you mean SHA256?; it is one of SHA1 "));
    const Outcome help = user.tool("cxitool", {"Help=Sign"});
    CHECK(help.out.find("Sign=<hash>,on_hsm|on_host[,<padding>]\n") != std::string::npos);
}

TEST_CASE("KeyInfo keeps its column, whatever a property is called") {
    const Simulator simulator;
    const Operator user(simulator, Way::tcp);
    add_clerk(user);
    require_success(cxitool(user, {"Name=k", "GenerateKey=AES,256"}));
    const std::string info = cxitool(user, {"Name=k", "KeyInfo"}).out;
    std::istringstream lines(info);
    for (std::string line; std::getline(lines, line);) {
        INFO(line);
        CHECK(line.find(':') == 14);
    }
    CHECK(info.find("Never Extract : true\n") != std::string::npos);
}
