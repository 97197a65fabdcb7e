// Token objects in a key store (KeysExternal = true), with OpenSC's pkcs11-tool and p11tool2: what an
// application sees is what it sees of objects in the device.
#include "test/clients/token.h"

#include "test/keystore/postgres.h"
#include "test/places.h"

using namespace cs2sim;
using namespace cs2sim::clients;

namespace {

const std::string kTool = "pkcs11-tool --module $M --slot 0 --login --pin 123456 ";

std::string settings(const std::filesystem::path& store) {
    return "KeysExternal = true\n[KeyStorage]\nKeyStorageType = Legacy\nKeyStorageConfig = " + store.string();
}

bool holds(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

// What a script prints when it may fail.
std::string tried(const Token& token, const std::string& script) {
    const Outcome outcome = token.run("opensc", {"sh", "-uc", script});
    return outcome.out + outcome.err;
}

void change(const std::filesystem::path& store, const std::string& statement) {
    const std::string script =
        "import sqlite3, sys\nd = sqlite3.connect(sys.argv[1])\n"
        "d.create_function('flipped', 1, lambda b: b[:-1] + bytes([b[-1] ^ 1]))\n"
        "d.executescript(sys.argv[2])\nd.commit()\n";
    require_success(scenario::run({"/usr/bin/env", "python3", "-c", script, store, statement}));
}

}  // namespace

TEST_CASE("token objects go into the key store: made, found, used, changed, copied and destroyed there") {
    const scenario::Folder folder;
    const std::filesystem::path store = folder / "keys.pks";
    const Token token(Way::mount, settings(store));
    token.shell("opensc", "echo 'some data' > data\n" + kTool +
                              "--keypairgen --key-type EC:prime256v1 --label ec --id 02\n" + kTool +
                              "--keygen --key-type AES:32 --label aes --id 08\n" + kTool +
                              "--write-object data --type data --label note\n" + kTool +
                              "--read-object --type pubkey --id 02 -o ec.der\n"
                              "openssl pkey -pubin -inform der -in ec.der -out ec.pem\n" +
                              kTool +
                              "--sign --id 02 -m ECDSA-SHA256 --signature-format openssl -i data -o sig\n"
                              "openssl dgst -sha256 -verify ec.pem -signature sig data\n");
    const std::string listed = token.shell("opensc", kTool + "-O");
    INFO(listed);
    CHECK(holds(listed, "aes"));
    CHECK(holds(listed, "note"));
    CHECK(holds(listed, "Private Key Object; EC"));
    // Nothing of it is in the device: cxitool finds it in the store alone.
    const std::string logon = "LogonPass=USR_0000," + std::string(kPin);
    CHECK_FALSE(
        holds(token.admin().tool("cxitool", {logon, "Group=SLOT_0000", "ListKeys"}).out, "SLOT_0000"));
    const Outcome inside =
        token.admin().tool("cxitool", {logon, "KeyStore=" + store.string(), "Group=SLOT_0000", "ListKeys"});
    require_success(inside);
    CHECK(holds(inside.out, "SLOT_0000"));
    require_success(token.admin().tool(
        "cxitool", {logon, "KeyStore=" + store.string(), "Group=SLOT_0000", "Spec=3", "KeyInfo"}));
    token.shell("opensc", kTool + "--delete-object --type secrkey --id 08\n" + kTool +
                              "--delete-object --type data --label note\n");
    CHECK_FALSE(holds(token.shell("opensc", kTool + "-O"), "aes"));
}

TEST_CASE("objects in the device and in the key store are found together") {
    const scenario::Folder folder;
    const std::filesystem::path store = folder / "keys.pks";
    const Token token(Way::mount);
    token.shell("opensc", kTool + "--keygen --key-type AES:32 --label inside --id 01\n");
    scenario::write_file(token.file("both.cfg"),
                         scenario::read_file(token.file("cs_pkcs11_R3.cfg")) + "\n" + settings(store) + "\n");
    const std::string both = "export CS_PKCS11_R3_CFG=both.cfg\n";
    token.shell("opensc", both + kTool + "--keygen --key-type AES:32 --label outside --id 02\n");
    const std::string listed = token.shell("opensc", both + kTool + "-O");
    CHECK(holds(listed, "inside"));
    CHECK(holds(listed, "outside"));
    CHECK_FALSE(holds(token.shell("opensc", kTool + "-O"), "outside"));  // without KeysExternal
}

TEST_CASE("KeysExternal of one slot does not touch another") {
    const scenario::Folder folder;
    const std::filesystem::path store = folder / "keys.pks";
    const Token token(Way::mount,
                      "[Slot]\nSlotNumber = 1\nKeysExternal = true\nKeyStorageConfig = " + store.string());
    token.shell("opensc", kTool + "--keygen --key-type AES:32 --label aes --id 01\n");
    CHECK_FALSE(std::filesystem::exists(store));
}

TEST_CASE("in CC mode nothing goes into a key store") {
    const scenario::Folder folder;
    const Token token(Way::mount, settings(folder / "keys.pks"));
    require_success(token.simulator().steer({"mode", "set", "cc"}));
    CHECK(holds(tried(token, kTool + "--keygen --key-type AES:32 --label aes --id 01"),
                "(0x200)"));  // CKR_FUNCTION_REJECTED, whose name it does not know
}

TEST_CASE("rows that were changed are left out of lists, named in the log, and not used") {
    const scenario::Folder folder;
    const std::filesystem::path store = folder / "keys.pks";
    const Token token(Way::mount, settings(store));
    token.shell("opensc", kTool + "--keygen --key-type AES:32 --label good --id 01\n" + kTool +
                              "--keygen --key-type AES:32 --label bad --id 02\n");
    const std::string statement = GENERATE(
        std::string("update cs2sim_key set label=x'6e6577' where spec=2"),
        std::string("update cs2sim_key set blob=flipped(blob) where spec=2"),
        std::string("update cs2sim_key set spec=9 where spec=2"),
        std::string("update cs2sim_key set blob=(select blob from cs2sim_key where spec=1) where spec=2"));
    INFO(statement);
    change(store, statement);
    const std::string listed = token.shell("opensc", kTool + "-O");
    INFO(listed);
    CHECK(holds(listed, "good"));
    CHECK_FALSE(holds(listed, "bad"));
    CHECK_FALSE(holds(listed, "new"));
    const std::string log = scenario::read_file(token.file("cs_pkcs11_R3.log"));
    CHECK(holds(log, "row SLOT_0000//"));
    CHECK((holds(log, "B0680024") || holds(log, "B0680026")));
}

TEST_CASE("p11tool2 seals the slot's external keys anew after the MBK was exchanged") {
    const scenario::Folder folder;
    const Token token(Way::mount, settings(folder / "keys.pks"));
    token.shell("opensc", kTool + "--keygen --key-type AES:32 --label a --id 01\n" + kTool +
                              "--keygen --key-type AES:32 --label b --id 02\n");
    token.admin().admin_does({"Key=n1.key#one,n2.key#two", "MBKGenerateKey=AES,32,2,2,NEXT"});
    token.admin().admin_does(
        {"Key=s1.key#one,s2.key#two", "MBKImportKey=1", "Key=n1.key#one,n2.key#two", "MBKImportKey=3"});
    const std::string p11tool2 = (bin_folder() / "p11tool2").string() + " Lib=$M Slot=0 LoginUser=123456 ";
    CHECK(holds(token.shell("opensc", p11tool2 + "RecryptExternalKeys"), "2 keys sealed anew"));
    CHECK(holds(token.shell("opensc", p11tool2 + "RecryptExternalKeys"), "0 keys sealed anew"));
    token.admin().admin_does({"MBKDeleteKey=1"});
    const std::string listed = token.shell("opensc", kTool + "-O");
    CHECK(holds(listed, "a"));
    token.shell("opensc",
                "head -c 16 /dev/zero > block\n" + kTool +
                    "--encrypt --id 01 -m AES-CBC --iv 00000000000000000000000000000000 -i block -o out\n");
}

TEST_CASE("one PostgreSQL, two simulators with one MBK: what one makes the other uses, changes and deletes") {
    const std::string shared =
        "KeysExternal = true\n[KeyStorage]\nKeyStorageType = postgresql\nKeyStorageConfig = \"" +
        keystore::postgres().new_store("shared") + "\"";
    const Token one(Way::mount, shared), other(Way::mount, shared);
    other.admin().import_mbk_of(one.admin());
    one.shell("opensc", kTool + "--keypairgen --key-type EC:prime256v1 --label ec --id 02\n" + kTool +
                            "--read-object --type pubkey --id 02 -o ec.der\n"
                            "openssl pkey -pubin -inform der -in ec.der -out ec.pem\n");
    other.shell("opensc", "echo 'some data' > data\n" + kTool +
                              "--sign --id 02 -m ECDSA-SHA256 --signature-format openssl -i data -o sig\n"
                              "openssl dgst -sha256 -verify " +
                              one.file("ec.pem").string() + " -signature sig data\n");
    // Both make keys: no specifier twice.
    other.shell("opensc", kTool + "--keygen --key-type AES:32 --label theirs --id 03\n");
    one.shell("opensc", kTool + "--keygen --key-type AES:32 --label ours --id 04\n");
    for (const Token* token : {&one, &other}) {
        const std::string listed = token->shell("opensc", kTool + "-O");
        CHECK(holds(listed, "theirs"));
        CHECK(holds(listed, "ours"));
    }
    other.shell("opensc", kTool + "--delete-object --type secrkey --id 04\n");
    CHECK_FALSE(holds(one.shell("opensc", kTool + "-O"), "ours"));

    // The server goes and comes back.
    keystore::postgres().stop();
    CHECK(holds(
        tried(one, kTool + "--sign --id 02 -m ECDSA-SHA256 -i " + other.file("data").string() + " -o s"),
        "CKR_DEVICE_ERROR"));
    CHECK(holds(scenario::read_file(one.file("cs_pkcs11_R3.log")), "KeyStorage"));
    keystore::postgres().start();
    one.shell("opensc",
              kTool + "--sign --id 02 -m ECDSA-SHA256 -i " + other.file("data").string() + " -o s\n");
}
