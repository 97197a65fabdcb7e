// Key files, made and changed by csadm without any device.
#include "test/scenario/expect.h"
#include "test/scenario/process.h"

using namespace cs2sim;
using namespace cs2sim::scenario;

namespace {

struct Shell {
    Folder folder;
    // `typed`: a line for each prompt of a terminal; none without it.
    Outcome csadm(std::vector<std::string> arguments, const std::string& typed = {}) const {
        arguments.insert(arguments.begin(), built_program("csadm"));
        RunOptions options{folder.path(), {{"CRYPTOSERVER", ""}, {"CRYPTOSEVER", ""}}};
        options.terminal_input = typed;
        return run(arguments, options);
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
          "generating EC key: c.key, curve brainpoolP320t1, owner: CLEO\n"
          "generating EC key: d.key, curve NIST-P256, owner: DAN\n");
    CHECK(read_file(shell.folder / "a.key").find("SEXP=!") == std::string::npos);
    CHECK(read_file(shell.folder / "b.key").find("SEXP=!") != std::string::npos);
    CHECK(read_file(shell.folder / "c.key").find("PRV=!") != std::string::npos);
    CHECK(read_file(shell.folder / "c.key").find("OWNER=CLEO") != std::string::npos);

    CHECK(made.err.empty());
    const Outcome over = shell.csadm({"GenKey=a.key,1024,ANNE", "SaveKey=a.key,b.key"});
    require_success(over);
    CHECK(over.err.empty());  // a script's log has what the field's tools write; who watches is told
    const Outcome watched =
        run({"/bin/sh", "-c", "exec \"$0\" \"$@\" 2>/dev/tty", built_program("csadm"),
             "GenKey=a.key,1024,ANNE", "SaveKey=a.key,b.key"},
            {.folder = shell.folder.path(), .environment = {}, .terminal_input = "unasked"});
    CHECK(watched.status == 0);
    CHECK(watched.out.find("csadm: a.key is replaced; what it held is gone") != std::string::npos);
    CHECK(watched.out.find("csadm: b.key is replaced; what it held is gone") != std::string::npos);

    for (const char* bad : {"GenKey=e.key,100,X", "GenKey=e.key,9000,X", "GenKey=e.key,many,X"})
        require_error(shell.csadm({bad}), E_CSA_KEY_LENGTH);
    require_error(shell.csadm({"KeyType=EC", "GenKey=e.key,roundCurve,X"}), E_ECA_NOT_FOUND);
    require_error(shell.csadm({"KeyType=DSA", "GenKey=e.key,X"}), E_CSA_SYNTAX);
    require_error(shell.csadm({"GenKey=e.key"}), E_CSA_ARGUMENTS);
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

TEST_CASE("passwords of key files are asked for at the terminal, new ones twice, without echo") {
    const Shell shell;
    const Outcome made = shell.csadm({"GenKey=a.key#ask,1024,ANNE"}, "one\none\n");
    require_success(made);
    CHECK(made.out.find("New password of a.key again: ") != std::string::npos);
    CHECK(made.out.find("one\r") == std::string::npos);
    require_success(shell.csadm({"SaveKey=a.key#one,clear.key"}));
    require_success(shell.csadm({"SaveKey=a.key,copy.key"}, "one\n"));  // protected: asked for
    CHECK(read_file(shell.folder / "copy.key") == read_file(shell.folder / "clear.key"));

    require_error(shell.csadm({"ChangePassword=a.key#one,ask"}, "two\ntoo\n"), E_PP_PIN_REPETITION);
    require_success(shell.csadm({"ChangePassword=a.key#one"}, "two\ntwo\n"));
    require_error(shell.csadm({"SaveKey=a.key#one,x.key"}), E_CSA_KEY_PASSWORD);
    require_success(shell.csadm({"SaveKey=a.key#two,x.key"}));
}
