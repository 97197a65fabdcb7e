// What cxitool's words mean: which keys DeleteKey deletes, whose options GenerateKey's are, paddings, long
// MACs, the purpose of an external key in FIPS mode, columns.
#include <sstream>

#include "firmware/protocol/bytes.h"
#include "firmware/protocol/cxi/constants.h"
#include "test/scenario/clerk.h"

using namespace cs2sim;
using namespace cs2sim::scenario;

namespace {

Outcome openssl(const Operator& user, std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "openssl");
    arguments.insert(arguments.begin(), "/usr/bin/env");
    return run(arguments, {user.folder()});
}

// The rows of ListKeys, without its head.
std::vector<std::string> rows(const Operator& user, std::vector<std::string> arguments) {
    arguments.push_back("ListKeys");
    const Outcome listed = cxitool(user, arguments);
    require_success(listed);
    std::istringstream lines(listed.out);
    std::vector<std::string> all;
    for (std::string line; std::getline(lines, line);) all.push_back(line);
    REQUIRE(all.size() >= 3);
    return {all.begin() + 3, all.end()};
}

}  // namespace

TEST_CASE("DeleteKey means the key that KeyInfo shows, unless it is given a pattern") {
    const Simulator simulator;
    const Operator user(simulator, Way::mount);
    add_clerk(user);
    std::vector<std::string> arguments = {"Algo=AES", "Size=128", "Name=k"};
    for (const std::string where : {"Group=", "Group=A", "Group=B"})
        for (const std::string spec : {"Spec=0", "Spec=3"})
            arguments.insert(arguments.end(), {where, spec, "GenerateKey"});
    require_success(cxitool(user, arguments));
    const auto deletes = [&](std::vector<std::string> words) {
        words.push_back("DeleteKey");
        return cxitool(user, words).out;
    };
    CHECK(deletes({"Name=k"}) == "1 key deleted\n");
    CHECK(rows(user, {"Name=k"}).size() == 5);
    require_error(cxitool(user, {"Name=k", "DeleteKey"}), E_DB_NOT_FOUND);
    CHECK(deletes({"Name=k*"}) == "1 key deleted\n");  // the global one with specifier 3
    CHECK(deletes({"Group=A", "Name=k"}) == "1 key deleted\n");
    CHECK(deletes({"Group=A", "Name=k", "Spec=3"}) == "1 key deleted\n");
    CHECK(deletes({"Group=B", "Name=*"}) == "2 keys deleted\n");
    CHECK(rows(user, {}).empty());
}

TEST_CASE("what stands behind GenerateKey= is for that key alone") {
    const Simulator simulator;
    const Operator user(simulator, Way::mount);
    add_clerk(user);
    write_file(user.file("raw"), std::string(16, 'k'));
    const Outcome made =
        cxitool(user, {"Group=A", "Name=a", "GenerateKey=RSA,2048", "Name=b", "GenerateKey=EC,NIST-P256",
                       "Name=c", "GenerateKey=AES,256", "KeyInfo", "Algo=AES", "Type=secret", "Name=d",
                       "ImportKey=raw", "Size=192", "Name=e", "GenerateKey"});
    require_success(made);
    CHECK(made.out.find("EC Curve") == std::string::npos);
    CHECK(rows(user, {"Group=A", "Name=e"}).at(0).find("AES   192  sec") != std::string::npos);
}

TEST_CASE("Pad= is what it says, or refused") {
    const Simulator simulator;
    const Operator user(simulator, Way::mount);
    add_clerk(user);
    write_file(user.file("data"), "signed");
    write_file(user.file("blocks"), std::string(48, 'b'));
    write_file(user.file("modulus"), std::string(256, '\1'));
    require_success(
        cxitool(user, {"Group=A", "Name=rsa", "GenerateKey=RSA,2048", "ExportKey=k.pem", "Name=aes",
                       "GenerateKey=AES,256", "Name=ec", "GenerateKey=EC,NIST-P256"}));
    const auto refused = [&](std::vector<std::string> words) {
        words.insert(words.begin(), "Group=A");
        words.insert(words.end() - 1, "Out=out");
        require_error(cxitool(user, words), E_CSA_SYNTAX);
    };
    for (const std::string word : {"FOO", "OAEP", "PKCS5"}) refused({"Name=rsa", "Pad=" + word, "Sign=data"});
    for (const std::string word : {"FOO", "PSS", "PKCS5"})
        refused({"Name=rsa", "Pad=" + word, "Encrypt=data"});
    for (const std::string word : {"NONE", "OAEP"}) refused({"Name=rsa", "Pad=" + word, "ExportP10=csr"});
    for (const std::string word : {"FOO", "PKCS1"})
        refused({"Name=aes", "Chain=CBC", "Pad=" + word, "Encrypt=data"});
    refused({"Name=aes", "Pad=PKCS5", "Encrypt=data"});  // GCM has no padding
    refused({"Name=ec", "Pad=PSS", "Sign=data"});

    require_success(cxitool(user, {"Group=A", "Name=aes", "Chain=CBC", "Pad=NONE", "Out=enc",
                                   "Encrypt=blocks", "Out=dec", "Decrypt=enc"}));
    CHECK(read_file(user.file("enc")).size() == 16 + 48);
    CHECK(read_file(user.file("dec")) == read_file(user.file("blocks")));
    require_success(
        cxitool(user, {"Group=A", "Name=rsa", "Pad=NONE", "Out=raw", "Sign=modulus", "Signature=raw",
                       "Verify=modulus", "Out=enc", "Encrypt=modulus", "Out=dec", "Decrypt=enc"}));
    CHECK(read_file(user.file("dec")) == read_file(user.file("modulus")));
    for (const std::string hash : {"SHA1", "SHA256", "SHA384", "SHA512", "SHA3-256"}) {
        INFO(hash);
        require_success(
            cxitool(user, {"Group=A", "Name=rsa", "Pad=PSS", "Hash=" + hash, "ExportP10=pss.csr"}));
        const Outcome checked = openssl(user, {"req", "-verify", "-noout", "-text", "-in", "pss.csr"});
        CHECK(checked.status == 0);
        CHECK(checked.out.find("rsassaPss") != std::string::npos);
    }
}

TEST_CASE("HMAC and CMAC of files of any length are openssl's") {
    const Simulator simulator;
    const Operator user(simulator, Way::mount);
    add_clerk(user);
    write_file(user.file("raw"), std::string(32, 'k'));
    std::string key;
    for (int i = 0; i < 32; ++i) key += "6B";
    require_success(cxitool(user, {"Group=A", "Type=secret", "Algo=RAW", "Name=hmac", "ImportKey=raw",
                                   "Algo=AES", "Name=cmac", "ImportKey=raw"}));
    for (const std::size_t size :
         {std::size_t{100}, CXI_MOST_DATA, CXI_MOST_DATA + 1, std::size_t{1'500'000}}) {
        INFO(size);
        write_file(user.file("data"), std::string(size, 'x'));
        write_file(user.file("other"), std::string(size - 1, 'x') + "y");
        require_success(
            cxitool(user, {"Group=A", "Name=hmac", "Out=h", "Sign=data", "Signature=h", "Verify=data",
                           "Name=cmac", "Chain=CMAC", "Out=c", "Sign=data", "Signature=c", "Verify=data"}));
        require_error(cxitool(user, {"Group=A", "Name=hmac", "Signature=h", "Verify=other"}),
                      E_CXI_CRYPT_SIGN_VERIFY);
        const std::string hex = "hexkey:" + key;
        CHECK(openssl(user, {"mac", "-digest", "SHA256", "-macopt", hex, "-in", "data", "HMAC"}).out ==
              to_hex(as_bytes(read_file(user.file("h")))) + "\n");
        CHECK(openssl(user, {"mac", "-cipher", "AES-256-CBC", "-macopt", hex, "-in", "data", "CMAC"}).out ==
              to_hex(as_bytes(read_file(user.file("c")))) + "\n");
    }
}

TEST_CASE("in FIPS mode an external RSA key works when FipsUsage= said what for") {
    const Simulator simulator("se-gen2-fips");
    const Operator user(simulator, Way::mount);
    add_clerk(user);
    user.make_mbk();
    write_file(user.file("data"), "signed");
    const std::string make = "GenerateKey=RSA,2048";
    require_error(cxitool(user, {"Group=A", "Name=x", "ExternalKey=f0", make, "Sign=data"}),
                  E_CXI_FIPS_USAGE_NOT_SET);
    require_success(cxitool(user, {"Group=A",
                                   "Name=x",
                                   "FipsUsage=SIGN_PKCS1",
                                   "ExternalKey=f1",
                                   make,
                                   "Sign=data",
                                   "FipsUsage=SIGN_PSS",
                                   "ExternalKey=f2",
                                   make,
                                   "Pad=PSS",
                                   "Sign=data",
                                   "Pad=",
                                   "FipsUsage=DECRYPT",
                                   "ExternalKey=f3",
                                   make,
                                   "Out=enc",
                                   "Encrypt=data",
                                   "Out=dec",
                                   "Decrypt=enc",
                                   "ExternalKey=f4",
                                   "GenerateKey=AES,256"}));
    CHECK(read_file(user.file("dec")) == "signed");
    require_error(cxitool(user, {"ExternalKey=f1", "Pad=PSS", "Sign=data"}), E_CXI_FIPS_PAD_MECH_WRONG);
    require_error(cxitool(user, {"ExternalKey=f3", "Sign=data"}), E_CXI_FIPS_KEY_USAGE);
    require_error(cxitool(user, {"Group=A", "Name=x", "FipsUsage=ANY", make}), E_CSA_SYNTAX);
}

TEST_CASE("a long name keeps a blank from the specifier, and every other column its place") {
    const Simulator simulator;
    const Operator user(simulator, Way::mount);
    add_clerk(user);
    const std::string longest(40, 'z');
    write_file(user.file("raw"), std::string(1024, 'r'));
    require_success(cxitool(user, {"Group=A", "Spec=7", "Name=" + longest, "GenerateKey=AES,128", "Name=raw",
                                   "Algo=RAW", "Type=secret", "ImportKey=raw"}));
    const auto listed = rows(user, {"Group=A", "Spec=7"});
    REQUIRE(listed.size() == 2);
    CHECK(listed[0] == "1   RAW   8192 sec      A                        raw                              7");
    CHECK(listed[1] == "2   AES   128  sec      A                        " + longest + " 7");
}

TEST_CASE("ListKeys and KeyInfo print the columns that scripts parse") {
    const Simulator simulator;
    const Operator user(simulator, Way::tcp);
    add_clerk(user);
    const std::string heading =
        "\nidx algo  size type     group                    name                             spec\n" +
        std::string(86, '-') + "\n";
    CHECK(cxitool(user, {"ListKeys"}).out == heading);
    require_success(cxitool(user, {"Group=SLOT_0001", "Name=aes", "Label=first", "GenerateKey=AES,256",
                                   "Name=rsa", "Spec=3", "Label=", "GenerateKey=RSA,2048"}));
    CHECK(cxitool(user, {"Group=SLOT_0001", "ListKeys"}).out ==
          heading +
              "1   AES   256  sec      SLOT_0001                aes                              0\n"
              "2   RSA   2048 prv      SLOT_0001                rsa                              3\n");
    const std::string info = cxitool(user, {"Group=SLOT_0001", "Name=aes", "KeyInfo"}).out;
    INFO(info);
    for (const char* line : {"Group         : SLOT_0001\n", "Name          : aes\n",
                             "Label         : first\n", "Algo          : AES\n", "Size          : 256\n"})
        CHECK(info.find(line) != std::string::npos);
}

TEST_CASE("names and labels of keys, whoever chose them, steer no terminal and turn no line round") {
    const Simulator simulator;
    const Operator user(simulator, Way::tcp);
    add_clerk(user);
    const std::string name =
        "k\xE2\x80\xAEyek\xC2\x9B"
        "31m\x9B";
    const std::string shown = "k???yek??31m?";
    const Outcome made = cxitool(
        user, {"Group=SLOT_0001", "Name=" + name, "Label=\x1B[31m\xE2\x81\xA6", "GenerateKey=AES,256"});
    require_success(made);
    const Outcome listed = cxitool(user, {"Group=SLOT_0001", "ListKeys"});
    const Outcome told = cxitool(user, {"Group=SLOT_0001", "Name=" + name, "KeyInfo"});
    CHECK(listed.out.find(" " + shown + " ") != std::string::npos);
    CHECK(told.out.find("Name          : " + shown + "\n") != std::string::npos);
    CHECK(told.out.find("Label         : ?[31m???\n") != std::string::npos);
    for (const char* steering : {"\x1B", "\x9B", "\xE2\x80\xAE", "\xE2\x81\xA6"})
        for (const std::string& text : {made.out, listed.out, told.out})
            CHECK(text.find(steering) == std::string::npos);
}

TEST_CASE("words for Export= and Usage=, beside numbers") {
    const Simulator simulator;
    const Operator user(simulator, Way::tcp);
    add_clerk(user);
    const auto shows = [&](std::vector<std::string> words, const std::string& line) {
        words.insert(words.begin(), {"Group=A", "Name=k", "Overwrite=1"});
        words.insert(words.end(), {"GenerateKey=AES,256", "KeyInfo"});
        const Outcome made = cxitool(user, words);
        require_success(made);
        INFO(made.out);
        CHECK(made.out.find(line) != std::string::npos);
    };
    shows({"Export=Allow"}, "Export        : 00000001\n");
    shows({"Export=Allow,DenyBackup"}, "Export        : 00010001\n");
    shows({"Export=3"}, "Export        : 00000003\n");
    shows({"Export=0x10001"}, "Export        : 00010001\n");
    shows({"Usage=ENCRYPT,DECRYPT"}, "Usage         : 00000011\n");
    shows({"Usage=wrap,unwrap"}, "Usage         : 00000088\n");
    shows({"Usage=22"}, "Usage         : 00000022\n");
    shows({"Usage=WRAP,0x2"}, "Usage         : 0000000A\n");
    for (const char* bad : {"Export=Maybe", "Usage=SING", "Usage=SIGN,SING"})
        require_error(cxitool(user, {"Group=A", "Name=k2", bad, "GenerateKey=AES,256"}), E_CSA_SYNTAX);
}

TEST_CASE("Sign=HASH,on_hsm|on_host,PADDING with InFile= and Signature=file,raw|der is openssl's") {
    const Simulator simulator;
    const Operator user(simulator, Way::tcp);
    add_clerk(user);
    write_file(user.file("data"), "what is signed");
    require_success(cxitool(user, {"Group=A", "Name=rsa", "GenerateKey=RSA,2048", "ExportKey=rsa.pem",
                                   "Name=ec", "GenerateKey=EC,secp256r1", "ExportKey=ec.pem"}));
    const auto verified = [&](std::vector<std::string> words) {
        words.insert(words.begin(), "dgst");
        words.push_back("data");
        return openssl(user, words).status == 0;
    };
    for (const std::string where : {"on_hsm", "on_host"}) {
        INFO(where);
        require_success(cxitool(
            user, {"Group=A", "Name=rsa", "InFile=data", "Signature=s1", "Sign=SHA256," + where + ",PKCS1",
                   "Verify=SHA256," + where + ",PKCS1", "Signature=s2", "Sign=SHA384," + where + ",PSS"}));
        CHECK(verified({"-sha256", "-verify", "rsa.pem", "-signature", "s1"}));
        CHECK(verified(
            {"-sha384", "-sigopt", "rsa_padding_mode:pss", "-verify", "rsa.pem", "-signature", "s2"}));
        require_success(
            cxitool(user, {"Group=A", "Name=ec", "InFile=data", "Signature=s3,der", "Sign=SHA256," + where,
                           "Signature=s4,raw", "Sign=SHA256," + where, "Verify=SHA256," + where}));
        CHECK(verified({"-sha256", "-verify", "ec.pem", "-signature", "s3"}));
        CHECK(read_file(user.file("s4")).size() == 64);
    }
    require_error(cxitool(user, {"Group=A", "Name=rsa", "Signature=s", "Sign=SHA256,on_hsm,PKCS1"}),
                  E_CSA_SYNTAX);
    require_error(
        cxitool(user, {"Group=A", "Name=rsa", "InFile=data", "Signature=s,text", "Sign=SHA256,on_hsm,PKCS1"}),
        E_CSA_SYNTAX);
    // Terms that are misspelt are no file that cannot be opened.
    for (const std::string command : {"Sign=", "Verify="}) {
        const Outcome moon = cxitool(
            user, {"Group=A", "Name=rsa", "InFile=data", "Signature=s1", command + "SHA256,on_moon,PKCS1"});
        require_error(moon, E_CSA_SYNTAX);
        CHECK(moon.err.starts_with(
            "cxitool: 'on_moon' does not say where the hash is computed: on_hsm or on_host\n"));
        require_error(cxitool(user, {"Group=A", "Name=rsa", "Signature=s1", command}), E_CSA_SYNTAX);
    }
    // The terms are for one command: Hash= and Pad= are as before.
    require_success(cxitool(user, {"Group=A", "Name=rsa", "Hash=SHA512", "InFile=data", "Signature=s5",
                                   "Sign=SHA256,on_hsm,PSS", "Out=s6", "Sign=data"}));
    CHECK(verified({"-sha512", "-verify", "rsa.pem", "-signature", "s6"}));
}

TEST_CASE("KeyFile= names a key authorisation key, and the old use is refused with the new name") {
    const Simulator simulator;
    const Operator user(simulator, Way::tcp);
    add_clerk(user);
    for (const std::vector<std::string>& words :
         std::vector<std::vector<std::string>>{{"GenerateKey=AES,256"},
                                               {"KeyInfo"},
                                               {"ListKeys"},
                                               {"Sign=data"},
                                               {"DeleteKey"},
                                               {"BackupKey"}}) {
        std::vector<std::string> all{"Group=G", "Name=x", "KeyFile=x.key"};
        all.insert(all.end(), words.begin(), words.end());
        const Outcome refused = cxitool(user, all);
        CHECK(refused.status == 2);
        CHECK(refused.out.empty());
        CHECK(refused.err ==
              "cxitool: KeyFile= names a key authorisation key; a key that lives in a file is "
              "ExternalKey=FILE\n");
        CHECK_FALSE(std::filesystem::exists(user.file("x.key")));
    }
    require_success(
        cxitool(user, {"Group=G", "Name=x", "ExternalKey=x.key", "GenerateKey=AES,256", "KeyInfo"}));
}

TEST_CASE("DSA and DH keys: generated by size and by parameters, signing and agreeing as openssl does") {
    const Simulator simulator;
    const Operator user(simulator, Way::mount);
    add_clerk(user);
    write_file(user.file("data"), "what is signed");
    require_success(openssl(user, {"dsaparam", "-out", "dsa.params", "2048"}));
    require_success(openssl(user, {"dsaparam", "-noout", "-in", "dsa.params", "-text"}));
    const Outcome made = cxitool(
        user, {"Group=G", "Name=d", "Params=dsa.params", "GenerateKey=DSA", "ExportKey=d.pem",
               "Params=", "Name=e", "GenerateKey=DSA,2048/256", "KeyInfo", "Name=h", "GenerateKey=DH,2048",
               "ExportKey=h.pem", "Name=d", "InFile=data", "Signature=s.der,der", "Sign=SHA256,on_hsm",
               "Signature=s.raw,raw", "Sign=SHA256,on_host", "Verify=SHA256,on_host"});
    require_success(made);
    CHECK(made.out.find("DSA P Bits    : 2048\n") != std::string::npos);
    CHECK(made.out.find("DSA Q Bits    : 256\n") != std::string::npos);
    require_success(openssl(user, {"dgst", "-sha256", "-verify", "d.pem", "-signature", "s.der", "data"}));
    const std::size_t size = read_file(user.file("s.raw")).size();
    CHECK((size == 56 || size == 64));  // twice the subprime that this openssl chooses
    const auto shown = rows(user, {"Group=G", "Name=*"});
    REQUIRE(shown.size() == 3);
    CHECK(shown[0].starts_with("1   DSA   2048 prv      G "));
    CHECK(shown[1].starts_with("2   DSA   2048 prv      G "));
    CHECK(shown[2].starts_with("3   DH    2048 prv      G "));

    // The device and openssl agree on one secret.
    require_success(
        openssl(user, {"genpkey", "-algorithm", "DH", "-pkeyopt", "group:ffdhe2048", "-out", "peer.key"}));
    require_success(openssl(user, {"pkey", "-in", "peer.key", "-pubout", "-out", "peer.pem"}));
    require_success(openssl(user, {"pkeyutl", "-derive", "-inkey", "peer.key", "-peerkey", "h.pem",
                                   "-pkeyopt", "pad:1", "-out", "theirs"}));
    require_success(cxitool(user, {"Group=G", "Name=h", "Out=ours", "Agree=peer.pem"}));
    CHECK(read_file(user.file("ours")) == read_file(user.file("theirs")));
    require_error(cxitool(user, {"Group=G", "Name=h", "Agree=d.pem"}), E_CXI_KEY_INVALID_COMP);
    require_error(cxitool(user, {"Group=G", "Name=d", "Agree=peer.pem"}), E_CXI_KEY_TYPE);

    require_error(cxitool(user, {"Group=G", "Name=x", "GenerateKey=DSA,2048/160"}), E_CXI_KEY_INVALID_SIZE);
    require_error(cxitool(user, {"Group=G", "Name=x", "Params=data", "GenerateKey=DSA"}), E_CSA_KEY_FORMAT);
    require_error(cxitool(user, {"Group=G", "Name=x", "Params=none", "GenerateKey=DH"}), E_CSA_KEY_OPEN);
    // A certificate request by DSA.
    require_success(cxitool(user, {"Group=G", "Name=d", "ExportP10=csr"}));
    require_success(openssl(user, {"req", "-in", "csr", "-verify", "-noout"}));
}

TEST_CASE("CFB of files is openssl's") {
    const Simulator simulator;
    const Operator user(simulator, Way::tcp);
    add_clerk(user);
    write_file(user.file("data"), std::string(1000, 'd') + "and no whole block");
    write_file(user.file("raw"), std::string(32, 'k'));
    require_success(cxitool(user, {"Group=G", "Name=k", "Algo=AES", "Type=secret", "ImportKey=raw"}));
    const std::string key = to_hex(as_bytes(std::string(32, 'k'))), iv(32, 'A');
    for (const auto& [chain, name] : {std::pair("CFB", "-aes-256-cfb"), std::pair("CFB8", "-aes-256-cfb8"),
                                      std::pair("OFB", "-aes-256-ofb")}) {
        require_success(cxitool(user, {"Group=G", "Name=k", std::string("Chain=") + chain, "IV=" + iv,
                                       "Out=enc", "Encrypt=data", "Out=dec", "Decrypt=enc"}));
        require_success(
            openssl(user, {"enc", "-d", name, "-K", key, "-iv", iv, "-in", "enc", "-out", "theirs"}));
        CHECK(read_file(user.file("theirs")) == read_file(user.file("data")));
        CHECK(read_file(user.file("dec")) == read_file(user.file("data")));
    }
}
