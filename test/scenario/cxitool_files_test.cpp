// What cxitool reads and writes: devices and links stay what they are, folders are refused, no file takes the
// place of another key's.
#include <algorithm>

#include "firmware/protocol/bytes.h"
#include "test/scenario/clerk.h"

using namespace cs2sim;
using namespace cs2sim::scenario;

namespace {

std::vector<std::string> backups_in(const std::filesystem::path& folder) {
    std::vector<std::string> names = names_in(folder);
    std::erase_if(names, [](const std::string& name) { return !name.ends_with(".kbk"); });
    return names;
}

}  // namespace

TEST_CASE("cxitool writes into pipes and through links, and replaces neither") {
    const Simulator simulator;
    const Operator user(simulator, Way::mount);
    add_clerk(user);
    std::filesystem::create_symlink("/proc/self/fd/1", user.file("out"));
    write_file(user.file("real"), "before");
    std::filesystem::create_symlink("real", user.file("link"));
    write_file(user.file("kept.new"), "somebody's");
    const Outcome random =
        cxitool(user, {"Out=out", "Random=16", "Out=link", "Random=16", "Out=kept", "Random=16"});
    require_success(random);
    CHECK(random.out.size() == 16);
    CHECK(std::filesystem::is_symlink(user.file("out")));
    CHECK(std::filesystem::is_symlink(user.file("link")));
    CHECK(read_file(user.file("real")).size() == 16);
    CHECK(read_file(user.file("kept")).size() == 16);
    CHECK(read_file(user.file("kept.new")) == "somebody's");
}

TEST_CASE("cxitool refuses a folder as input, and reads what a pipe brings") {
    const Simulator simulator;
    const Operator user(simulator, Way::mount);
    add_clerk(user);
    std::filesystem::create_directory(user.file("folder"));
    require_success(cxitool(user, {"Group=G", "Name=k", "GenerateKey=RSA,2048", "Sign=/dev/null"}));
    require_error(cxitool(user, {"Group=G", "Name=k", "Sign=folder"}), E_CSA_PARAM);
    require_error(cxitool(user, {"Group=G", "Name=k", "Encrypt=folder"}), E_CSA_PARAM);
    require_error(cxitool(user, {"ExternalKey=folder", "Sign=/dev/null"}), E_CSA_KEY_OPEN);
    require_error(cxitool(user, {"Name=i", "ImportKey=folder"}), E_CSA_KEY_OPEN);
    require_error(cxitool(user, {"RestoreKey=folder"}), E_CSA_BACKUP_FILE);
    require_error(cxitool(user, {"Group=G", "Name=k", "Out=folder", "Sign=/dev/null"}), E_CSA_PARAM);
}

TEST_CASE("backups of one run never share a file, whatever the keys are called") {
    const Simulator simulator;
    const Operator user(simulator, Way::mount);
    add_clerk(user);
    user.make_mbk();
    require_success(cxitool(user, {"Algo=AES", "Size=128", "Name=k1", "Group=A", "GenerateKey", "Group=B",
                                   "GenerateKey", "Group=C", "GenerateKey"}));
    require_success(cxitool(user, {"Group=A", "BackupKey", "Group=B", "BackupKey", "Group=C", "BackupKey",
                                   "OutDir=./", "Group=A", "BackupKey"}));
    CHECK(backups_in(user.folder()) == std::vector<std::string>{"C_k1_0.kbk", "k1.kbk", "k1_0.kbk"});
    // Nor do those of several runs: a file that holds another key stays, one of the same key is replaced.
    const std::string of_a = read_file(user.file("k1.kbk"));
    require_success(cxitool(user, {"Group=C", "BackupKey"}));
    require_success(cxitool(user, {"Group=B", "BackupKey"}));
    CHECK(backups_in(user.folder()) == std::vector<std::string>{"C_k1_0.kbk", "k1.kbk", "k1_0.kbk"});
    CHECK(read_file(user.file("k1.kbk")) == of_a);
    require_success(cxitool(user, {"Name=k1", "Group=A", "DeleteKey", "Group=B", "DeleteKey", "Group=C",
                                   "DeleteKey", "Group=", "Name=*", "RestoreKey=*.kbk"}));

    std::filesystem::create_directory(user.file("long"));
    std::vector<std::string> arguments = {"Group=L", "Algo=AES", "Size=128"};
    const std::string stem(255, 'n');
    for (const std::string& name :
         {stem + "a", stem + "b", stem.substr(0, 248), stem.substr(0, 247), std::string(256, '/')}) {
        arguments.push_back("Name=" + name);
        arguments.push_back("GenerateKey");
    }
    require_success(cxitool(user, arguments));
    require_success(cxitool(user, {"Group=L", "Name=*", "OutDir=long", "BackupKey", "DeleteKey"}));
    CHECK(names_in(user.file("long")).size() == 5);
    const Outcome restored = cxitool(user, {"RestoreKey=long/*.kbk"});
    require_success(restored);
    CHECK(restored.out.empty());
    const Outcome kept = cxitool(user, {"Group=L", "Name=*", "ListKeys"});
    CHECK(std::ranges::count(kept.out, '\n') == 3 + 5);  // three of heading
}

TEST_CASE("a batch that fails says where") {
    const Simulator simulator;
    const Operator user(simulator, Way::mount);
    add_clerk(user);
    user.make_mbk();
    require_success(cxitool(user, {"Group=A", "Name=k1", "GenerateKey=AES,128", "Name=k2", "Export=65536",
                                   "GenerateKey=AES,128"}));
    const Outcome denied = cxitool(user, {"Group=A", "BackupKey"});
    REQUIRE(denied.status == 1);
    CHECK(denied.out.empty());
    CHECK(denied.err.starts_with(
        "cxitool: failed at key k2, group A, specifier 0; 1 of 2 were done\nError B068"));
    write_file(user.file("k3.kbk"), "no backup");
    const Outcome restored = cxitool(user, {"Overwrite=1", "RestoreKey=k*.kbk"});
    require_error(restored, E_CXI_KEY_BLOB_FORMAT);
    const Outcome none = cxitool(user, {"RestoreKey=*.zzz"});
    CHECK(none.err == "cxitool: no file matches *.zzz\n" + describe(E_CSA_BACKUP_FILE));
    CHECK(restored.err.starts_with("cxitool: failed at file k3.kbk; 1 of 2 were done\nError "));
}

TEST_CASE(
    "the file of an external key is only replaced when that is wanted, and no stored key stands for it") {
    const Simulator simulator;
    const Operator user(simulator, Way::mount);
    add_clerk(user);
    user.make_mbk();
    const std::vector<std::string> generate = {"Group=G", "Name=xk", "ExternalKey=x.key",
                                               "GenerateKey=AES,256"};
    require_success(cxitool(user, generate));
    const std::string first = read_file(user.file("x.key"));
    require_error(cxitool(user, generate), E_CSA_KEY_WRITE);
    write_file(user.file("raw"), std::string(16, 'k'));
    require_error(cxitool(user, {"Group=G", "Name=xk", "ExternalKey=x.key", "Algo=AES", "Type=secret",
                                 "ImportKey=raw"}),
                  E_CSA_KEY_WRITE);
    CHECK(read_file(user.file("x.key")) == first);
    require_success(
        cxitool(user, {"Group=G", "Name=xk", "ExternalKey=x.key", "Overwrite=1", "GenerateKey=AES,256"}));
    CHECK(read_file(user.file("x.key")) != first);

    require_success(cxitool(user, {"Group=G", "Name=stored", "GenerateKey=AES,256"}));
    require_error(cxitool(user, {"Group=G", "Name=stored", "ExternalKey=x.key", "BackupKey"}), E_CSA_SYNTAX);
    require_error(cxitool(user, {"Group=G", "Name=stored", "ExternalKey=x.key", "DeleteKey"}), E_CSA_SYNTAX);
    require_success(cxitool(user, {"Group=G", "Name=stored", "ExternalKey=x.key", "KeyInfo",
                                   "ExternalKey=", "BackupKey", "DeleteKey"}));
}
