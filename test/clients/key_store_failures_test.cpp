// What an application meets when its key store fails: real servers, real disks, real kills, through the
// PKCS#11 library.
#include <signal.h>

#include <sstream>
#include <thread>

#include "test/clients/token.h"
#include "test/keystore/small_disk.h"

using namespace cs2sim;
using namespace cs2sim::clients;
using std::chrono::milliseconds;

namespace {

// Does what its arguments say, one behind the other, and prints a line for each: "make ID: ok", or the code.
constexpr const char* kCaller = R"(import os, sqlite3, sys, time
import PyKCS11
lib = PyKCS11.PyKCS11Lib()
lib.load(os.environ['M'])
session = lib.openSession(0, PyKCS11.CKF_SERIAL_SESSION | PyKCS11.CKF_RW_SESSION)
session.login('123456')
def make(id):
    session.generateKey([(PyKCS11.CKA_CLASS, PyKCS11.CKO_SECRET_KEY), (PyKCS11.CKA_KEY_TYPE, PyKCS11.CKK_AES),
                         (PyKCS11.CKA_VALUE_LEN, 16), (PyKCS11.CKA_TOKEN, True), (PyKCS11.CKA_ENCRYPT, True),
                         (PyKCS11.CKA_ID, id.encode())], PyKCS11.Mechanism(PyKCS11.CKM_AES_KEY_GEN, None))
def fill(id):
    for number in range(100000):
        session.createObject([(PyKCS11.CKA_CLASS, PyKCS11.CKO_DATA), (PyKCS11.CKA_TOKEN, True),
                              (PyKCS11.CKA_LABEL, id), (PyKCS11.CKA_VALUE, bytes(20000))])
def ballast(name):
    with open(name, 'wb', buffering=0) as file:
        try:
            while file.write(bytes(4096)) == 4096:
                pass
        except OSError:
            pass
def backup(names):
    source, target = names.split(':')
    sqlite3.connect(source).backup(sqlite3.connect(target))
def use(id):
    found = session.findObjects([(PyKCS11.CKA_ID, id.encode())])
    session.encrypt(found[0], bytes(16), PyKCS11.Mechanism(PyKCS11.CKM_AES_ECB, None))
def token(_):
    if lib.getTokenInfo(0).flags & PyKCS11.CKF_WRITE_PROTECTED:
        print('write protected')
def touch(name):
    open(name + '.new', 'w').write(str(os.getpid()))
    os.rename(name + '.new', name)
def wait(name):
    while not os.path.exists(name):
        time.sleep(0.02)
for step in sys.argv[1:]:
    what, argument = step.split('=')
    try:
        {'make': make, 'fill': fill, 'use': use, 'token': token, 'touch': touch, 'wait': wait,
         'ballast': ballast, 'remove': os.remove, 'backup': backup}[what](argument)
        print(what, argument + ': ok', flush=True)
    except PyKCS11.PyKCS11Error as error:
        print(what, argument + ':', error, flush=True)
)";

// An application on a token whose keys are in this store.
class Caller {
public:
    explicit Caller(const std::string& settings)
        : token_(Way::mount, "KeysExternal = true\n[KeyStorage]\n" + settings) {
        scenario::write_file(token_.file("caller.py"), kCaller);
    }
    const Token& token() const { return token_; }
    // `within`: a program that runs it, with its arguments.
    scenario::RunsBeside starts(const std::vector<std::string>& steps,
                                std::vector<std::string> within = {}) const {
        within.insert(within.end(), {"/usr/bin/python3", token_.file("caller.py")});
        within.insert(within.end(), steps.begin(), steps.end());
        return token_.starts("python3-pykcs11", within);
    }
    // The lines of a caller that ends by itself.
    std::string does(const std::vector<std::string>& steps,
                     const std::vector<std::string>& within = {}) const {
        const Outcome outcome = starts(steps, within).get();
        require_success(outcome);
        return outcome.out;
    }
    // What it wrote there by touch: its process.
    std::string await(const std::string& name) const {
        for (int i = 0; !std::filesystem::exists(token_.file(name)); ++i) {
            INFO(name << " is not there");
            REQUIRE(i < 3000);
            std::this_thread::sleep_for(milliseconds(20));
        }
        return scenario::read_file(token_.file(name));
    }
    void touch(const std::string& name) const { scenario::write_file(token_.file(name), ""); }
    std::string log() const { return scenario::read_file(token_.file("cs_pkcs11_R3.log")); }

private:
    Token token_;
};

std::string in_postgresql(const std::string& connection) {
    return "KeyStorageType = postgresql\nKeyStorageConfig = \"" + connection + "\"\n";
}

bool holds(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

keystore::Postgres& server() { return keystore::postgres(); }

// Every row is a whole key, and has its row of the audit.
void check_whole(const Caller& caller, const std::string& database, const std::string& url) {
    CHECK(server().sql(database, "select count(*) from cs2sim_key") ==
          server().sql(database, "select count(*) from cs2sim_audit"));
    caller.token().simulator().steered(
        {"keystore", "check", url, "--logon-pass", "USR_0000," + std::string(kPin)});
}

}  // namespace

TEST_CASE("a server that hangs is given up after CommandTimeout, and used again when it answers") {
    const Caller caller(in_postgresql(server().new_store("p11_hangs")) +
                        "CommandTimeout = 1500\nKeyStorageOffline = 0\n");
    auto lines = caller.starts({"make=before", "touch=ready", "wait=go", "make=hung", "touch=given-up",
                                "wait=on", "make=after", "use=before"});
    caller.await("ready");
    server().pause();
    caller.touch("go");
    caller.await("given-up");
    server().go_on();
    caller.touch("on");
    const Outcome outcome = lines.get();
    INFO(outcome.out << outcome.err);
    CHECK(holds(outcome.out, "make hung: CKR_DEVICE_ERROR"));
    CHECK(holds(outcome.out, "make after: ok"));
    CHECK(holds(outcome.out, "use before: ok"));
    CHECK(holds(caller.log(), "did not answer in time"));
}

TEST_CASE("a key whose commit lost its answer is made once, and the caller is told so") {
    const std::string url = server().new_store("p11_answer");
    const Caller caller(in_postgresql(url));
    CHECK(holds(caller.does({"make=before"}), "ok"));
    server().without_answer("p11_answer", [&] {
        CHECK(caller.does({"make=lost", "use=lost"}) == "make lost: ok\nuse lost: ok\n");
    });
    CHECK(server().sql("p11_answer", "select count(*) from cs2sim_key") == "2\n");
    check_whole(caller, "p11_answer", url);
}

TEST_CASE("a caller killed while it makes a key leaves a whole one or none") {
    const std::string step = GENERATE("reserve", "seal", "insert");
    const std::string database = "p11_kill_" + step, url = server().new_store(database);
    const Caller caller(in_postgresql(url));
    REQUIRE(holds(caller.does({"make=before"}), "ok"));
    {
        std::unique_ptr<keystore::OpenTransaction> held;
        if (step == "reserve")
            held = std::make_unique<keystore::OpenTransaction>(
                server(), database, "update cs2sim_group set next_spec = next_spec");
        if (step == "insert")  // a row of the same place, of which nobody knows yet whether it stays
            held = std::make_unique<keystore::OpenTransaction>(
                server(), database,
                "insert into cs2sim_key select grp, name, 2, ver, mbk, class, key_type, label, id, private, "
                "blob, "
                "decode(md5('held'), 'hex'), created, changed, host from cs2sim_key");
        if (step == "seal")
            caller.token().simulator().steered(
                {"fault", "add", "--function", "CXI.KEY_GENERATE", "--do", "delay=2000"});
        auto killed = caller.starts({"touch=ready", "make=killed"});
        const std::string process = caller.await("ready");
        if (step == "seal") {
            server().await(database, "select next_spec from cs2sim_group", "3");
            std::this_thread::sleep_for(milliseconds(300));
        } else {
            server().await("postgres",
                           "select count(*) from pg_stat_activity where application_name = 'cs2sim' and "
                           "wait_event_type = 'Lock' and datname = '" +
                               database + "'",
                           "1");
        }
        REQUIRE(::kill(std::stoi(process), SIGKILL) == 0);
        CHECK(killed.get().status == 128 + SIGKILL);
    }
    server().await("postgres",
                   "select count(*) from pg_stat_activity where application_name = 'cs2sim' and datname = '" +
                       database + "'",
                   "0");
    CHECK(caller.does({"make=after", "use=after", "use=before"}) ==
          "make after: ok\nuse after: ok\nuse before: ok\n");
    // The server did what it was asked before the caller died, and only then.
    CHECK(server().sql(database, "select count(*), count(distinct spec) from cs2sim_key") ==
          (step == "insert" ? "3|3\n" : "2|2\n"));
    check_whole(caller, database, url);
}

TEST_CASE("PostgreSQL's disk is full: CKR_DEVICE_MEMORY, nothing half, and on with space") {
    const keystore::SmallDisk disk(std::size_t{24} << 20);
    server().sql("postgres", "create tablespace small location '" + disk.path().string() + "'");
    const std::string url = server().new_store("p11_full", "tablespace small");
    {
        const Caller caller(in_postgresql(url));
        disk.fill();
        const std::string full = caller.does({"make=before", "fill=x", "fill=x"});
        INFO(full);
        CHECK(holds(full, "fill x: CKR_DEVICE_MEMORY (0x00000031)\nfill x: CKR_DEVICE_MEMORY"));
        CHECK(holds(caller.log(), "No space left"));
        check_whole(caller, "p11_full", url);
        disk.empty();
        CHECK(caller.does({"make=after", "use=after"}) == "make after: ok\nuse after: ok\n");
    }
    server().sql("postgres", "drop database p11_full with (force)");
    server().sql("postgres", "drop tablespace small");
}

TEST_CASE("SQLite's disk is full: CKR_DEVICE_MEMORY, nothing half, and on with space") {
    const scenario::Folder disk, elsewhere;
    const std::string file = disk / "keys.db", copy = elsewhere / "copy.db";
    const Caller caller("KeyStorageType = sqlite\nKeyStorageConfig = " + file + "\n");
    const std::string ballast = disk / "ballast";
    const std::string lines =
        caller.does({"make=before", "ballast=" + ballast, "fill=x", "fill=x", "use=before",
                     "remove=" + ballast, "make=after", "use=after", "backup=" + file + ":" + copy},
                    {"bwrap", "--dev-bind", "/", "/", "--size", "2000000", "--tmpfs", disk.path()});
    INFO(lines << caller.log());
    CHECK(holds(lines, "make before: ok"));
    CHECK(holds(lines,
                "fill x: CKR_DEVICE_MEMORY (0x00000031)\nfill x: CKR_DEVICE_MEMORY (0x00000031)\n"
                "use before: ok"));
    CHECK(holds(lines, "make after: ok\nuse after: ok"));
    caller.token().simulator().steered(
        {"keystore", "check", copy, "--logon-pass", "USR_0000," + std::string(kPin)});
}

TEST_CASE("a role that may only read: CKF_WRITE_PROTECTED and CKR_TOKEN_WRITE_PROTECTED, and keys are used") {
    const std::string url = server().new_store("p11_reader");
    const Caller writer(in_postgresql(url));
    REQUIRE(writer.does({"token=0", "make=a"}) == "token 0: ok\nmake a: ok\n");
    server().sql("p11_reader", "create role p11_reader login password 'secret' in role cs2sim_reader");
    const std::string config = scenario::read_file(writer.token().file("cs_pkcs11_R3.cfg"));
    const std::string owner = "user=owner";
    scenario::write_file(writer.token().file("cs_pkcs11_R3.cfg"),
                         std::string(config).replace(config.find(owner), owner.size(), "user=p11_reader"));
    CHECK(writer.does({"token=0", "make=b", "use=a"}) ==
          "write protected\ntoken 0: ok\nmake b: CKR_TOKEN_WRITE_PROTECTED (0x000000E2)\nuse a: ok\n");
}

TEST_CASE("callers that meet in one transaction or file try again by themselves") {
    SECTION("serialization failures of PostgreSQL (40001)") {
        const std::string url = server().new_store("p11_again");
        server().sql("postgres",
                     "alter database p11_again set default_transaction_isolation = 'repeatable read'");
        const Caller caller(in_postgresql(url));
        REQUIRE(caller.does({"make=first"}) == "make first: ok\n");
        // Both wait for the row of the group; the one who gets it second has read what is no longer so.
        std::vector<scenario::RunsBeside> both;
        {
            const keystore::OpenTransaction held(server(), "p11_again",
                                                 "update cs2sim_group set next_spec = next_spec + 1");
            for (const char* name : {"make=a", "make=b"}) both.push_back(caller.starts({name}));
            server().await("postgres",
                           "select count(*) from pg_stat_activity where application_name = 'cs2sim' and "
                           "wait_event_type = 'Lock' and datname = 'p11_again'",
                           "2");
        }
        for (auto& one : both) CHECK(holds(one.get().out, ": ok"));
        CHECK(holds(server().log(), "could not serialize access"));
        CHECK(server().sql("p11_again", "select count(*), count(distinct spec) from cs2sim_key") == "3|3\n");
    }
    SECTION("a deadlock of PostgreSQL (40P01)") {
        const std::string url = server().new_store("p11_deadlock");
        const Caller caller(in_postgresql(url));
        REQUIRE(caller.does({"make=a", "make=b"}) == "make a: ok\nmake b: ok\n");
        const scenario::Operator& admin = caller.token().admin();
        admin.admin_does({"Key=n1.key#one,n2.key#two", "MBKGenerateKey=AES,32,2,2,NEXT"});
        admin.admin_does(
            {"Key=s1.key#one,s2.key#two", "MBKImportKey=1", "Key=n1.key#one,n2.key#two", "MBKImportKey=3"});
        // It has the second row, and asks for the first when who seals both anew waits for the second.
        scenario::RunsBeside other(server().psql(
            "p11_deadlock",
            "begin; set local deadlock_timeout = '1min'; update cs2sim_key set host = host where spec = 2; "
            "set application_name = 'other'; do $$ begin for i in 1 .. 1200 loop exit when exists (select "
            "from pg_locks where not granted); perform pg_sleep(0.05); end loop; end $$; "
            "update cs2sim_key set host = host where spec = 1; commit"));
        server().await("postgres", "select count(*) from pg_stat_activity where application_name = 'other'",
                       "1");
        CHECK(holds(caller.token().simulator().steered(
                        {"keystore", "recrypt", url, "--logon-pass", "USR_0000," + std::string(kPin)}),
                    "2 keys seen: 2 sealed anew"));
        require_success(other.get());
        CHECK(holds(server().log(), "deadlock detected"));
        CHECK(caller.does({"use=a", "use=b"}) == "use a: ok\nuse b: ok\n");
    }
    SECTION("another writer of the file (SQLITE_BUSY)") {
        const scenario::Folder folder;
        const std::filesystem::path file = folder / "keys.db";
        const Caller caller("KeyStorageConfig = " + file.string() + "\n");
        REQUIRE(caller.does({"make=first"}) == "make first: ok\n");
        scenario::RunsBeside writer(
            {"/usr/bin/env", "python3", "-c",
             "import sqlite3, sys, time\nd = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
             "d.execute('begin immediate')\nopen(sys.argv[2], 'w').close()\ntime.sleep(2)\n"
             "d.execute('rollback')\n",
             file, caller.token().file("locked")});
        caller.await("locked");
        CHECK(caller.does({"make=second"}) == "make second: ok\n");
        require_success(writer.get());
    }
}

TEST_CASE("what keeps a caller from its store is in the log, and explain has advice on it") {
    const std::string good = server().new_store("p11_wrong");
    const auto with = [&](const std::string& what, const std::string& instead) {
        std::string words = good;
        return words.replace(words.find(what), what.size(), instead);
    };
    struct Wrong {
        std::string connection, code, words;
    };
    server().sql("postgres", "create database p11_bare");
    const Wrong wrong = GENERATE_COPY(
        Wrong{with("port=" + std::to_string(server().port()), "port=1"), "B90E0001", "refused"},
        Wrong{with("password=secret", "password=wrong"), "B90E0002", "password authentication failed"},
        Wrong{with("host=localhost", "host=elsewhere"), "B90E0003", "elsewhere"},
        Wrong{good + " nonsense=1", "B90E0004", "nonsense"},
        Wrong{with("dbname=p11_wrong", "dbname=p11_bare"), "B90E0005", "cs2sim keystore init"});
    const Caller caller(in_postgresql(wrong.connection) + "KeyStorageReconnect = 1\n");
    CHECK(holds(caller.does({"make=a"}), "CKR_DEVICE_ERROR"));
    INFO(caller.log());
    CHECK(holds(caller.log(), wrong.words));
    CHECK(holds(caller.log(), wrong.code));
    CHECK_FALSE(holds(caller.log(), "secret"));
    CHECK(holds(caller.token().simulator().steered({"explain", wrong.code}), wrong.code));
    if (server().sql("postgres", "select count(*) from pg_database where datname = 'p11_bare'") == "1\n")
        server().sql("postgres", "drop database p11_bare");
    server().sql("postgres", "drop database p11_wrong with (force)");
}

TEST_CASE("200 processes with 100 connections between them: each makes its key") {
    const std::string url = server().new_store("p11_crowd");
    const Caller caller(in_postgresql(url));
    scenario::write_file(caller.token().file("crowd.py"), R"(import os, sys
import PyKCS11
def work(number):
    lib = PyKCS11.PyKCS11Lib()
    lib.load(os.environ['M'])
    session = lib.openSession(0, PyKCS11.CKF_SERIAL_SESSION | PyKCS11.CKF_RW_SESSION)
    session.login('123456')
    session.generateKey([(PyKCS11.CKA_CLASS, PyKCS11.CKO_SECRET_KEY), (PyKCS11.CKA_KEY_TYPE, PyKCS11.CKK_AES),
                         (PyKCS11.CKA_VALUE_LEN, 16), (PyKCS11.CKA_TOKEN, True),
                         (PyKCS11.CKA_ID, str(number).encode())], PyKCS11.Mechanism(PyKCS11.CKM_AES_KEY_GEN, None))
for number in range(200):
    if os.fork() == 0:
        try:
            work(number)
            os._exit(0)
        except Exception as error:
            print(number, error, flush=True)
            os._exit(1)
failed = sum(os.wait()[1] != 0 for number in range(200))
print('failed', failed)
)");
    const Outcome outcome =
        caller.token().run("python3-pykcs11", {"/usr/bin/python3", caller.token().file("crowd.py")});
    std::istringstream log(caller.log());
    std::string errors;
    for (std::string line; std::getline(log, line);)
        if (line.find("| E: ") != std::string::npos) errors += line + "\n";
    INFO(outcome.out << outcome.err << errors);
    CHECK(holds(outcome.out, "failed 0\n"));
    CHECK(server().sql("p11_crowd", "select count(*), count(distinct spec) from cs2sim_key") == "200|200\n");
}
