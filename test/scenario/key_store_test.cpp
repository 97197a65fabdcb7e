// Keys in a key store by cxitool: the same commands as for keys of the device, several devices, a changed
// database, another MBK.
#include "test/scenario/clerk.h"

using namespace cs2sim;
using namespace cs2sim::scenario;

namespace {

// A store in a file that every operator may name.
class Store {
public:
    std::string url() const { return "sqlite:" + file().string(); }
    std::filesystem::path file() const { return folder_ / "keys.sqlite"; }
    // As somebody who may write the database, and has no device.
    void sql(const std::string& statements) const {
        const std::string script =
            "import sqlite3, sys\nd = sqlite3.connect(sys.argv[1])\n"
            "d.create_function('flipped', 1, lambda blob: blob[:-1] + bytes([blob[-1] ^ 1]))\n"
            "d.executescript(sys.argv[2])\nd.commit()\n";
        require_success(run({"/usr/bin/env", "python3", "-c", script, file(), statements}));
    }

private:
    Folder folder_;
};

// An operator of a device with an MBK and the user CLERK.
struct Fixture {
    Simulator simulator;
    Operator user{simulator, Way::mount};
    Fixture() {
        user.make_mbk();
        add_clerk(user);
    }
    explicit Fixture(const Operator& same_mbk) {
        user.import_mbk_of(same_mbk);
        add_clerk(user);
    }
    Outcome with(const Store& store, std::vector<std::string> arguments) const {
        arguments.insert(arguments.begin(), "KeyStore=" + store.url());
        return cxitool(user, std::move(arguments));
    }
};

bool openssl_verifies(const Operator& user, const std::string& key, const std::string& file,
                      const std::string& signature) {
    return run({"/usr/bin/env", "openssl", "dgst", "-sha256", "-verify", key, "-signature", signature, file},
               {user.folder()})
               .status == 0;
}

}  // namespace

TEST_CASE("cxitool works with keys of a key store as with those of the device") {
    const Fixture fixture;
    const Store store;
    write_file(fixture.user.file("data"), "what is signed");
    require_success(fixture.with(store, {"Group=G", "Name=ec", "Label=a label", "GenerateKey=EC,NIST-P256",
                                         "ExportKey=ec.pem", "Hash=SHA256", "InFile=data", "Signature=sig",
                                         "Sign=SHA256,on_hsm", "Name=aes", "GenerateKey=AES,256"}));
    CHECK(openssl_verifies(fixture.user, "ec.pem", "data", "sig"));

    const Outcome listed = fixture.with(store, {"Group=G", "ListKeys"});
    require_success(listed);
    CHECK(listed.out.find("ec ") != std::string::npos);
    CHECK(listed.out.find("aes ") != std::string::npos);
    const Outcome inside = cxitool(fixture.user, {"Group=G", "ListKeys"});
    CHECK(inside.out.find("aes") == std::string::npos);  // nothing went into the device
    const Outcome told = fixture.with(store, {"Group=G", "Name=ec", "KeyInfo"});
    CHECK(told.out.find("a label") != std::string::npos);

    require_error(fixture.with(store, {"Group=G", "Name=aes", "GenerateKey=AES,256"}), E_DB_EXISTS);
    require_success(fixture.with(store, {"Group=G", "Name=aes", "Overwrite=1", "GenerateKey=AES,128"}));
    CHECK(fixture.with(store, {"Group=G", "Name=aes", "KeyInfo"}).out.find("128") != std::string::npos);

    // Keys without name get numbers.
    require_success(fixture.with(store, {"Group=SLOT_0000", "Spec=7", "GenerateKey=AES,256"}));
    require_success(fixture.with(store, {"Group=G", "Name=*", "BackupKey"}));
    CHECK(std::filesystem::exists(fixture.user.file("ec.kbk")));
    require_success(fixture.with(store, {"Group=G", "Name=*", "DeleteKey"}));
    require_error(fixture.with(store, {"Group=G", "Name=ec", "KeyInfo"}), E_DB_NOT_FOUND);
    require_error(fixture.with(store, {"Group=G", "Name=ec", "DeleteKey"}), E_DB_NOT_FOUND);
    require_success(fixture.with(store, {"ImportKey=ec.kbk", "Group=G", "Name=ec", "ExportKey=back.pem"}));
    CHECK(read_file(fixture.user.file("ec.pem")) == read_file(fixture.user.file("back.pem")));
    // The same backup goes into the device as well.
    require_success(
        cxitool(fixture.user, {"RestoreKey=ec.kbk", "Group=G", "Name=ec", "ExportKey=inside.pem"}));
    CHECK(read_file(fixture.user.file("ec.pem")) == read_file(fixture.user.file("inside.pem")));
}

TEST_CASE("G21: a key made through one device works through another of the same MBK, and through no other") {
    const Fixture one;
    const Fixture other(one.user);
    const Fixture foreign;
    const Store store;
    require_success(one.with(store, {"Group=G", "Name=k", "GenerateKey=EC,NIST-P256", "ExportKey=k.pem"}));
    write_file(other.user.file("data"), "what is signed");
    require_success(
        other.with(store, {"Group=G", "Name=k", "InFile=data", "Signature=sig", "Sign=SHA256,on_hsm"}));
    CHECK(openssl_verifies(other.user, one.user.file("k.pem"), "data", "sig"));
    require_error(foreign.with(store, {"Group=G", "Name=k", "KeyInfo"}), E_CXI_BB_WRONG_MBK);
    const Outcome listed = foreign.with(store, {"Group=G", "ListKeys"});
    require_success(listed);  // what does not open is named, the rest is listed
    CHECK(listed.err.find("B0680080") != std::string::npos);
    require_error(foreign.with(store, {"CheckKeyStore"}), E_CXI_BB_WRONG_MBK);
    require_success(other.with(store, {"CheckKeyStore"}));
}

TEST_CASE("a row that was moved or changed is refused at its use and found by CheckKeyStore") {
    const Fixture fixture;
    const Store store;
    require_success(fixture.with(store, {"Group=G", "Name=good", "GenerateKey=AES,256", "Label=old", "Name=k",
                                         "GenerateKey=AES,256"}));
    std::string change;
    std::uint32_t code = E_CXI_KEY_BLOB_FORMAT;
    const std::string row = " where name='k'";
    SECTION("to another group") { change = "update cs2sim_key set grp='H'" + row; }
    SECTION("to another specifier") { change = "update cs2sim_key set spec=5" + row; }
    SECTION("its label") { change = "update cs2sim_key set label=x'6e6577'" + row; }
    SECTION("its id") { change = "update cs2sim_key set id=x'01'" + row; }
    SECTION("its class") { change = "update cs2sim_key set class=3" + row; }
    SECTION("its blob cut") {
        change = "update cs2sim_key set blob=substr(blob, 1, length(blob) - 1)" + row;
        code = E_CXI_KEY_BLOB_MAC;
    }
    SECTION("its blob swapped with another row's") {
        change = "update cs2sim_key set blob=(select blob from cs2sim_key where name='good')" + row;
    }
    SECTION("one bit of its blob") {
        change = "update cs2sim_key set blob=flipped(blob)" + row;
        code = E_CXI_KEY_BLOB_MAC;
    }
    INFO(change);
    store.sql(change);
    std::vector<std::string> which{"Group=G", "Name=k"};
    if (change.find("grp='H'") != std::string::npos) which[0] = "Group=H";
    if (change.find("spec=5") != std::string::npos) which.push_back("Spec=5");
    which.push_back("KeyInfo");
    require_error(fixture.with(store, which), code);
    const Outcome checked = fixture.with(store, {"CheckKeyStore"});
    require_error(checked, code);
    CHECK(checked.out.find("2 rows, 1 bad") != std::string::npos);
    require_success(fixture.with(store, {"Group=G", "Name=good", "KeyInfo"}));
}

TEST_CASE("the MBK is exchanged: old keys work by slot 1, are sealed anew, and then need it no more") {
    const Fixture fixture;
    const Store store;
    std::vector<std::string> make{"Group=G"};
    for (int i = 0; i < 70; ++i) {  // more than one command takes
        make.push_back("Name=k" + std::to_string(i));
        make.push_back("GenerateKey=AES,128");
    }
    require_success(fixture.with(store, make));
    require_success(cxitool(fixture.user, {"Group=G", "Name=inside", "GenerateKey=AES,128", "BackupKey"}));
    fixture.user.admin_does({"BackupDatabase=CXIKEY.db"});
    // The MBK in use becomes the temporary one, another takes its place.
    fixture.user.admin_does({"Key=n1.key#one,n2.key#two", "MBKGenerateKey=AES,32,2,2,NEXT"});
    fixture.user.admin_does(
        {"Key=s1.key#one,s2.key#two", "MBKImportKey=1", "Key=n1.key#one,n2.key#two", "MBKImportKey=3"});
    const std::string listed = fixture.user.admin_does({"MBKListKeys"});
    CHECK(listed.find("\n1 ") != std::string::npos);
    CHECK(listed.find("\n3    NEXT") != std::string::npos);
    require_success(fixture.with(store, {"Group=G", "Name=k3", "KeyInfo"}));
    require_success(cxitool(fixture.user, {"Group=G", "Overwrite=1", "RestoreKey=inside.kbk"}));
    fixture.user.admin_does({"RestoreDatabase=CXIKEY.db"});

    const Outcome sealed = fixture.with(store, {"RecryptExternalKeys"});
    require_success(sealed);
    CHECK(sealed.out.find("70 keys sealed anew, 0 changed meanwhile, 0 refused") != std::string::npos);
    const Outcome again = fixture.with(store, {"RecryptExternalKeys"});
    CHECK(again.out.find("\n0 keys sealed anew") != std::string::npos);
    fixture.user.admin_does({"MBKDeleteKey=1"});
    require_success(fixture.with(store, {"CheckKeyStore"}));
    require_success(fixture.with(store, {"Group=G", "Name=k69", "KeyInfo"}));
    require_error(cxitool(fixture.user, {"Group=G", "Overwrite=1", "RestoreKey=inside.kbk"}),
                  E_CXI_BB_WRONG_MBK);
    require_error(fixture.user.as_admin({"MBKDeleteKey=1"}), E_MBK_SLOT_EMPTY);
    require_error(fixture.user.as_admin({"MBKDeleteKey=3"}), E_MBK_NOT_SUPPORTED);
}

TEST_CASE("keys move between key stores, out of the device and back") {
    const Fixture fixture;
    const Store from, to;
    require_success(fixture.with(from, {"Group=G", "Name=a", "GenerateKey=AES,128", "Name=b",
                                        "GenerateKey=AES,128", "Group=H", "Name=c", "GenerateKey=AES,128"}));
    const Outcome first = fixture.with(from, {"Group=G", "CopyKeyStore=" + to.url()});
    require_success(first);
    CHECK(first.out.find("2 keys copied, 0 were there already, 0 could") != std::string::npos);
    CHECK(fixture.with(from, {"CopyKeyStore=" + to.url()}).out.find("1 key copied, 2 were there") !=
          std::string::npos);
    CHECK(fixture.with(to, {"CheckKeyStore"}).out.find("3 rows, 0 bad") != std::string::npos);
    require_error(fixture.with(from, {"CopyKeyStore=" + from.url()}), E_CSA_SYNTAX);

    require_success(fixture.with(to, {"Group=H", "CopyKeyStore=device"}));
    require_success(cxitool(fixture.user, {"Group=H", "Name=c", "KeyInfo"}));
    require_success(cxitool(fixture.user, {"Group=D", "Name=d", "GenerateKey=AES,128"}));
    const Outcome out = cxitool(fixture.user, {"Group=D", "CopyKeyStore=" + to.url()});
    require_success(out);
    CHECK(out.out.find("1 key copied") != std::string::npos);
    require_success(fixture.with(to, {"Group=D", "Name=d", "KeyInfo"}));
    require_success(cxitool(fixture.user, {"Group=D", "Name=d", "KeyInfo"}));  // the source is untouched
}
