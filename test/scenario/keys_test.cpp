// Key files, made and changed by csadm without any device.
#include "test/scenario/expect.h"
#include "test/scenario/process.h"

using namespace cs2sim;
using namespace cs2sim::scenario;

namespace {

struct Shell {
    Folder folder;
    Outcome csadm(std::vector<std::string> arguments) const {
        arguments.insert(arguments.begin(), built_program("csadm"));
        return run(arguments, {folder.path(), {{"CRYPTOSERVER", ""}, {"CRYPTOSEVER", ""}}});
    }
};

}  // namespace

TEST_CASE("GenKey makes RSA and EC key files, with and without password") {
    const Shell shell;
    const Outcome made =
        shell.csadm({"KeyType=RSA", "GenKey=a.key,1024,ANNE", "GenKey=b.key#secret,BOB", "KeyType=ec",
                     "GenKey=c.key#secret,CLEO", "GenKey=d.key,NIST-P256,DAN"});
    require_success(made);
    CHECK(made.out ==
          "generating RSA key: a.key, 1024 bits, owner: ANNE\n"
          "generating RSA key: b.key, 2048 bits, owner: BOB\n"
          "generating EC key: c.key, brainpoolP320t1, owner: CLEO\n"
          "generating EC key: d.key, NIST-P256, owner: DAN\n");
    CHECK(read_file(shell.folder / "a.key").find("SEXP=!") == std::string::npos);
    CHECK(read_file(shell.folder / "b.key").find("SEXP=!") != std::string::npos);
    CHECK(read_file(shell.folder / "c.key").find("PRV=!") != std::string::npos);
    CHECK(read_file(shell.folder / "c.key").find("OWNER=CLEO") != std::string::npos);

    for (const char* bad : {"GenKey=e.key,100,X", "GenKey=e.key,9000,X", "GenKey=e.key,many,X"})
        require_error(shell.csadm({bad}), E_CSA_PARAM);
    require_error(shell.csadm({"KeyType=EC", "GenKey=e.key,roundCurve,X"}), E_ECA_NOT_FOUND);
    require_error(shell.csadm({"KeyType=DSA", "GenKey=e.key,X"}), E_CSA_SYNTAX);
    require_error(shell.csadm({"GenKey=e.key"}), E_CSA_SYNTAX);
    require_error(shell.csadm({"GenKey=nowhere/e.key,X"}), E_CSA_KEY_WRITE);
    CHECK(names_in(shell.folder.path()) == std::vector<std::string>{"a.key", "b.key", "c.key", "d.key"});
}

TEST_CASE("keys are copied under another password, and passwords changed") {
    const Shell shell;
    require_success(
        shell.csadm({"GenKey=a.key#one,1024,ANNE", "SaveKey=a.key#one,b.key#two", "Key=b.key#two",
                     "BackupKey=c.key", "SavePublicKey=p.key", "ChangePassword=a.key#one,three"}));
    CHECK(read_file(shell.folder / "c.key").find("SEXP=!") == std::string::npos);
    CHECK(read_file(shell.folder / "p.key").find("SEXP") == std::string::npos);

    require_error(shell.csadm({"SaveKey=a.key#one,x.key"}), E_CSA_KEY_PASSWORD);
    require_success(shell.csadm({"SaveKey=a.key#three,x.key"}));
    CHECK(read_file(shell.folder / "x.key") == read_file(shell.folder / "c.key"));
    require_success(shell.csadm({"ChangePassword=a.key#three,"}));
    CHECK(read_file(shell.folder / "a.key") == read_file(shell.folder / "c.key"));

    const std::string before = read_file(shell.folder / "b.key");
    require_error(shell.csadm({"ChangePassword=b.key#wrong,new"}), E_CSA_KEY_PASSWORD);
    require_error(shell.csadm({"ChangePassword=b.key#two"}), E_CSA_KEY_PASSWORD);  // no terminal to ask at
    CHECK(read_file(shell.folder / "b.key") == before);
    require_error(shell.csadm({"SaveKey=p.key,y.key"}), E_CSA_KEY_TYPE);
    require_error(shell.csadm({"SaveKey=z.key"}), E_CSA_SYNTAX);
}
