// Token objects in a key store (KeysExternal = true), with OpenSC's pkcs11-tool and p11tool2: what an
// application sees is what it sees of objects in the device.
#include <thread>

#include "test/clients/token.h"
#include "test/keystore/postgres.h"
#include "test/places.h"

using namespace cs2sim;
using namespace cs2sim::clients;

namespace {

// --read-object of OpenSC 0.23 takes an EC key's curve from memory that it freed, which the reading of
// openssl.cnf has written over meanwhile.
const std::string kTool = "env OPENSSL_CONF=/dev/null pkcs11-tool --module $M --slot 0 --login --pin 123456 ";

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

TEST_CASE("what is made goes to the device in one command and into the store in one change") {
    const scenario::Folder folder;
    const std::filesystem::path store = folder / "keys.pks";
    const Token token(Way::mount, settings(store));
    token.shell("opensc", kTool + "--keypairgen --key-type EC:prime256v1 --label ec --id 02\n" + kTool +
                              "--keygen --key-type AES:32 --label aes --id 08\n");
    const std::string stats = token.simulator().steered({"stats"});
    INFO(stats);
    CHECK(holds(stats, "CXI.KEY_PAIR_GEN"));
    CHECK(holds(stats, "CXI.KEY_GENERATE"));
    CHECK_FALSE(holds(stats, "CXI.KEY_PROP_GET"));
    const std::string acts =
        "import sqlite3, sys\nfor row in sqlite3.connect(sys.argv[1]).execute('select act, count(*) from "
        "cs2sim_audit group by act'): print(*row)\n";
    const Outcome audit = scenario::run({"/usr/bin/env", "python3", "-c", acts, store});
    require_success(audit);
    CHECK(audit.out == "insert 3\n");
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
    // Both are number 1 of their places.
    CHECK(token.shell("opensc", both + kTool + "-O | grep 'Unique ID' | sort -u | wc -l") == "2\n");
}

TEST_CASE("KeysExternal of one slot does not touch another") {
    const scenario::Folder folder;
    const std::filesystem::path store = folder / "keys.pks";
    const Token token(Way::mount,
                      "[Slot]\nSlotNumber = 1\nKeysExternal = true\nKeyStorageConfig = " + store.string());
    token.shell("opensc", kTool + "--keygen --key-type AES:32 --label aes --id 01\n");
    CHECK_FALSE(std::filesystem::exists(store));
}

TEST_CASE(
    "a slot that keeps no keys inside (CFG_ENFORCE_EXT_KEYS) makes them in the key store, or not at all") {
    const scenario::Folder folder;
    const Token token(Way::mount);
    token.works("python3-pykcs11", {"/usr/bin/python3", "-c", R"(import os
import PyKCS11
lib = PyKCS11.PyKCS11Lib()
lib.load(os.environ['M'])
session = lib.openSession(0, PyKCS11.CKF_SERIAL_SESSION | PyKCS11.CKF_RW_SESSION)
session.login('12345678', PyKCS11.CKU_SO)
slot = PyKCS11.CK_OBJECT_HANDLE(session)
slot.assign(0x80000004)
session.setAttributeValue(slot, [(0x80A0000D, (1).to_bytes(8, 'little'))])
)"});
    CHECK(holds(tried(token, kTool + "--keygen --key-type AES:32 --label aes --id 01"),
                "CKR_TEMPLATE_INCONSISTENT"));
    CHECK(holds(scenario::read_file(token.file("cs_pkcs11_R3.log")), "B068002A"));
    scenario::write_file(token.file("external.cfg"), scenario::read_file(token.file("cs_pkcs11_R3.cfg")) +
                                                         "\n" + settings(folder / "keys.pks") + "\n");
    token.shell("opensc", "export CS_PKCS11_R3_CFG=external.cfg\n" + kTool +
                              "--keygen --key-type AES:32 --label aes --id 01\n" + kTool +
                              "--keypairgen --key-type EC:prime256v1 --label ec --id 02\n");
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
    const std::string log = scenario::read_file(token.file("cs_pkcs11_R3.log"));
    INFO(log);
    CHECK(holds(log, "CS_RecryptExternalKeys | I: 2 keys were sealed by the MBK "));
    CHECK(holds(log, "CS_RecryptExternalKeys | I: 2 keys sealed by the MBK of slot 3, "));
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

TEST_CASE("KeyStorageType = odbc: a DSN named as in the vendor's sample, and sqliteodbc") {
    const scenario::Folder folder;
    keystore::Postgres& server = keystore::postgres();
    std::string connection;
    SECTION("psqlodbc") {
        server.new_store("by_odbc");
        scenario::write_file(
            folder / "odbc.ini",
            "[CryptoServerKeyStore]\nDriver=PostgreSQL Unicode\nServername=127.0.0.1\nPort=" +
                std::to_string(server.port()) + "\nDatabase=by_odbc\nSSLmode=require\n");
        connection = "DSN=CryptoServerKeyStore;UID=owner;PWD=secret";
    }
    SECTION("sqliteodbc") { connection = "DRIVER=SQLite3;Database=" + (folder / "keys.db").string(); }
    const Token token(Way::mount,
                      "KeysExternal = true\n[KeyStorage]\nKeyStorageType = odbc\n"
                      "KeyStorageConfig = \"" +
                          connection + "\"");
    const std::string ini = "export ODBCINI=" + (folder / "odbc.ini").string() + "\n";
    if (connection.starts_with("DRIVER"))
        token.simulator().steered({"keystore", "init", "odbc:" + connection});
    token.shell("opensc", ini + "echo 'some data' > data\n" + kTool +
                              "--keypairgen --key-type EC:prime256v1 --label ec --id 02\n" + kTool +
                              "--read-object --type pubkey --id 02 -o ec.der\n"
                              "openssl pkey -pubin -inform der -in ec.der -out ec.pem\n" +
                              kTool +
                              "--sign --id 02 -m ECDSA-SHA256 --signature-format openssl -i data -o sig\n"
                              "openssl dgst -sha256 -verify ec.pem -signature sig data\n" +
                              kTool + "--delete-object --type privkey --id 02\n");
    CHECK_FALSE(holds(token.shell("opensc", ini + kTool + "-O"), "Private Key Object"));
    CHECK_FALSE(holds(scenario::read_file(token.file("cs_pkcs11_R3.log")), "PWD=secret"));
}

TEST_CASE(
    "with the server down keys that are open stay usable for KeyStorageOffline seconds, or not at all") {
    const std::string offline = GENERATE("60", "4", "0");
    const Token token(Way::mount,
                      "KeysExternal = true\n[KeyStorage]\nKeyStorageType = postgresql\nKeyStorageOffline = " +
                          offline + "\nKeyStorageReconnect = 1\nKeyStorageConfig = \"" +
                          keystore::postgres().new_store("offline" + offline) + "\"");
    token.shell("opensc", kTool + "--keypairgen --key-type EC:prime256v1 --label ec --id 02\n");
    scenario::write_file(token.file("signer.py"), R"(import os, sys, time
import PyKCS11
lib = PyKCS11.PyKCS11Lib()
lib.load(os.environ['M'])
session = lib.openSession(0, PyKCS11.CKF_SERIAL_SESSION | PyKCS11.CKF_RW_SESSION)
session.login('123456')
key = session.findObjects([(PyKCS11.CKA_CLASS, PyKCS11.CKO_PRIVATE_KEY)])[0]
mechanism = PyKCS11.Mechanism(PyKCS11.CKM_ECDSA, None)
session.sign(key, bytes(32), mechanism)
open('ready', 'w').close()
while not os.path.exists('down'):
    time.sleep(0.05)
offline, noticed = int(sys.argv[1]), time.time()
try:
    for turn in range(4):  # what was on its way when the server went is heard first
        session.sign(key, bytes(32), mechanism)
        time.sleep(0.7)
    print('signed')
except PyKCS11.PyKCS11Error as error:
    print(error)
while 0 < offline < 60 and time.time() < noticed + 60:
    try:
        session.sign(key, bytes(32), mechanism)
        time.sleep(0.1)
    except PyKCS11.PyKCS11Error as error:
        print('refused', 'late' if time.time() > noticed + offline - 0.1 else 'early')
        break
try:
    print('found', len(session.findObjects([(PyKCS11.CKA_LABEL, 'of another')])))
except PyKCS11.PyKCS11Error as error:
    print('search:', error)
open('searched', 'w').close()
while not os.path.exists('up'):
    time.sleep(0.05)
last = None
for turn in range(50):  # for a second what is open is still all that is found
    try:
        last = len(session.findObjects([(PyKCS11.CKA_LABEL, 'ec')]))
    except PyKCS11.PyKCS11Error as error:
        last = error
    if last == 2:
        break
    time.sleep(0.1)
print('found again', last)
)");
    auto signer = token.starts("python3-pykcs11", {"/usr/bin/python3", token.file("signer.py"), offline});
    const auto wait_for = [&](const char* name) {
        const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(60);
        while (!std::filesystem::exists(token.file(name)) && std::chrono::steady_clock::now() < limit)
            std::this_thread::sleep_for(std::chrono::milliseconds(20));
    };
    wait_for("ready");
    // Nobody asks the store meanwhile: the time begins when it is missed.
    if (offline == "4") std::this_thread::sleep_for(std::chrono::seconds(5));
    keystore::postgres().stop();
    scenario::write_file(token.file("down"), "");
    wait_for("searched");
    keystore::postgres().start();
    scenario::write_file(token.file("up"), "");
    const Outcome outcome = signer.get();
    INFO(outcome.out << outcome.err);
    CHECK(holds(outcome.out, offline == "0" ? "CKR_DEVICE_ERROR" : "signed"));
    CHECK(holds(outcome.out, "refused late") == (offline == "4"));
    // What is not open may be there or not, and a search that failed is in nobody's way.
    CHECK(holds(outcome.out, "search: CKR_DEVICE_ERROR"));
    CHECK(holds(outcome.out, "found again 2"));
    CHECK(holds(scenario::read_file(token.file("cs_pkcs11_R3.log")), "the key store cannot be reached"));
}
