// Two hosts with a simulator each, one MBK and one PostgreSQL: network and host name of their own, by
// namespaces.
#include <unistd.h>

#include <optional>

#include "test/clients/token.h"
#include "test/keystore/postgres.h"
#include "test/places.h"
#include "test/scenario/expect.h"

using namespace cs2sim;
using namespace cs2sim::scenario;
using std::chrono::milliseconds;

namespace {

constexpr const char* kSession = R"(import os, sys, time
import PyKCS11
def session():
    lib = PyKCS11.PyKCS11Lib()
    lib.load(os.environ['M'])
    opened = lib.openSession(0, PyKCS11.CKF_SERIAL_SESSION | PyKCS11.CKF_RW_SESSION)
    opened.login('123456')
    return opened
def make(session, id):
    return session.generateKey(
        [(PyKCS11.CKA_CLASS, PyKCS11.CKO_SECRET_KEY), (PyKCS11.CKA_KEY_TYPE, PyKCS11.CKK_AES),
         (PyKCS11.CKA_VALUE_LEN, 16), (PyKCS11.CKA_TOKEN, True), (PyKCS11.CKA_ENCRYPT, True),
         (PyKCS11.CKA_LABEL, id), (PyKCS11.CKA_ID, id.encode())], PyKCS11.Mechanism(PyKCS11.CKM_AES_KEY_GEN, None))
def use(session, key):
    return bytes(session.encrypt(key, bytes(16), PyKCS11.Mechanism(PyKCS11.CKM_AES_ECB, None)))
def find(session, id):
    return session.findObjects([(PyKCS11.CKA_ID, id.encode())])
def touch(name):
    open(name, 'w').close()
def wait(name):
    while not os.path.exists(name):
        time.sleep(0.01)
)";

// What runs in it has nothing of the network but its own loopback, and its own name.
class Host {
public:
    Host(const std::string& name, const std::filesystem::path& shared, const std::string& store)
        : shared_(shared) {
        std::vector<std::string> unshare = {"unshare", "--net", "--uts"};
        enter_ = {"nsenter", "--net", "--uts"};
        if (::geteuid() != 0) {
            unshare.insert(unshare.end(), {"--user", "--map-root-user"});
            enter_.insert(enter_.end(), {"--user", "--preserve-credentials"});
        }
        unshare.insert(unshare.end(), {"sh", "-euc",
                                       "hostname " + name +
                                           "; ip link set lo up; echo $$ > pid.new; mv pid.new pid; "
                                           "exec sleep 600"});
        holder_.emplace(unshare, options());
        while (!std::filesystem::exists(folder_ / "pid")) {
            INFO("unshare: network namespaces are not to be had");
            REQUIRE_FALSE(holder_->ended(milliseconds(20)));
        }
        pid_ = read_file(folder_ / "pid");
        pid_.pop_back();
        write_file(folder_ / "common.py", kSession);
        does(
            "cs2sim start --no-device --listen 3001@127.0.0.1 --state state >&2\n"
            "[ -f $SHARED/s1.key ] || csadm Dev=3001@127.0.0.1 LogonSign=ADMIN,state/ADMIN.key "
            "Key=$SHARED/s1.key#one,$SHARED/s2.key#two MBKGenerateKey=AES,32,2,2,LAB\n"
            "csadm Dev=3001@127.0.0.1 LogonSign=ADMIN,state/ADMIN.key "
            "Key=$SHARED/s1.key#one,$SHARED/s2.key#two MBKImportKey=3\n"
            "cs2sim token add --state state --slot 0 --label T --so-pin 12345678 --pin 123456");
        write_file(folder_ / "p11.cfg", "KeysExternal = true\nLogpath = " + folder_.path().string() +
                                            "\nLogging = 2\nSlotCount = 1\nDevice = 3001@127.0.0.1\n"
                                            "KeyStorageType = postgresql\nKeyStorageConfig = \"" +
                                            store + "\"\n");
    }
    ~Host() { starts("cs2sim stop --state state; kill " + pid_); }

    RunsBeside starts(const std::string& script) const {
        std::vector<std::string> all = enter_;
        all.insert(all.end(), {"--target", pid_, "sh", "-euc", script});
        return RunsBeside(all, clients::sanitized(options()));
    }
    std::string does(const std::string& script) const {
        const Outcome outcome = starts(script).get();
        INFO(script);
        require_success(outcome);
        return outcome.out;
    }
    // A script behind common.py.
    RunsBeside python(const std::string& script, const std::string& arguments = "") const {
        const std::filesystem::path file = folder_ / (std::to_string(scripts_++) + ".py");
        write_file(file, "from common import *\n" + script);
        return starts("/usr/bin/python3 " + file.string() + " " + arguments);
    }

private:
    RunOptions options() const {
        RunOptions options;
        options.folder = folder_.path();
        const char* path = ::getenv("PATH");
        options.environment = {
            {"PATH", bin_folder().string() + ":/usr/sbin:" + (path ? path : "/usr/bin:/bin")},
            {"SHARED", shared_},
            {"CS_PKCS11_R3_CFG", folder_ / "p11.cfg"},
            {"PYTHONPATH", folder_.path()},
            {"M", bin_folder().parent_path() / "lib" / "libcs_pkcs11_R3.so"}};
        options.limit = std::chrono::seconds(600);
        return options;
    }

    const std::filesystem::path shared_;
    Folder folder_;
    std::vector<std::string> enter_;
    std::optional<RunsBeside> holder_;
    std::string pid_;
    mutable int scripts_ = 0;
};

// The server's socket is a file, which both hosts see.
struct Lab {
    explicit Lab(const std::string& database) : database(database) {
        keystore::postgres().new_store(database);
        const std::string store = "host=" + keystore::postgres().folder().string() +
                                  " port=" + std::to_string(keystore::postgres().port()) +
                                  " dbname=" + database + " user=owner";
        one = std::make_unique<Host>("host-one", shared.path(), store);
        other = std::make_unique<Host>("host-other", shared.path(), store);
    }
    std::string sql(const std::string& query) const { return keystore::postgres().sql(database, query); }

    const std::string database;
    Folder shared;
    std::unique_ptr<Host> one, other;
};

void check_printed(const Outcome& outcome, const std::string& expected) {
    INFO(outcome.err);
    CHECK(outcome.out == expected);
    CHECK(outcome.status == 0);
}

}  // namespace

TEST_CASE("what one host makes, changes and deletes the other sees, in a session that stays open") {
    const Lab lab("hosts");
    // The other one's caller finds nothing, then the key at once, then what became of it.
    auto other = lab.other->python(R"(
s, shared = session(), os.environ['SHARED']
print(len(find(s, 'k')))
touch(shared + '/searched'); wait(shared + '/made')
key = find(s, 'k')[0]
print(use(s, key) == open(shared + '/text', 'rb').read())
touch(shared + '/used'); wait(shared + '/changed')
print(s.getAttributeValue(key, [PyKCS11.CKA_LABEL])[0], len(s.findObjects([(PyKCS11.CKA_LABEL, 'new')])))
touch(shared + '/seen'); wait(shared + '/deleted')
print(len(find(s, 'k')))
try:
    use(s, key)
    print('used')
except PyKCS11.PyKCS11Error as error:
    print(error)
)");
    auto one = lab.one->python(R"(
s, shared = session(), os.environ['SHARED']
wait(shared + '/searched')
key = make(s, 'k')
open(shared + '/text', 'wb').write(use(s, key))
touch(shared + '/made'); wait(shared + '/used')
s.setAttributeValue(key, [(PyKCS11.CKA_LABEL, 'new')])
time.sleep(1)
touch(shared + '/changed'); wait(shared + '/seen')
s.destroyObject(key)
time.sleep(1)
touch(shared + '/deleted')
)");
    check_printed(one.get(), "");
    check_printed(other.get(), "0\nTrue\nnew 1\n0\nCKR_KEY_HANDLE_INVALID (0x00000060)\n");
    CHECK(lab.sql("select string_agg(host || ' ' || act, ', ' order by at) from cs2sim_audit") ==
          "host-one insert, host-one update, host-one delete\n");
}

TEST_CASE(
    "16 processes on two hosts make keys in one group: no specifier twice, none that was answered lost") {
    const char* given = ::getenv("CS2SIM_LOAD_SECONDS");
    const std::string seconds = given ? given : "5";
    const Lab lab("sixteen_hosts");
    const auto makes = [&](const Host& host, const std::string& name) {
        return host.python(R"(
name, seconds = sys.argv[1], float(sys.argv[2])
for number in range(8):
    if os.fork() == 0:
        s, count, end = session(), 0, time.time() + seconds
        with open('%s/made.%s-%d' % (os.environ['SHARED'], name, number), 'w') as made:
            while time.time() < end:
                id = '%s-%d-%d' % (name, number, count)
                make(s, id)
                made.write(id + '\n')
                count += 1
        os._exit(0)
failed = sum(os.wait()[1] != 0 for number in range(8))
print('failed', failed)
)",
                           name + " " + seconds);
    };
    auto other = makes(*lab.other, "other");
    check_printed(makes(*lab.one, "one").get(), "failed 0\n");
    check_printed(other.get(), "failed 0\n");
    std::set<std::string> answered;
    for (const auto& file : std::filesystem::directory_iterator(lab.shared.path())) {
        if (!file.path().filename().string().starts_with("made.")) continue;
        std::istringstream lines(read_file(file.path()));
        for (std::string line; lines >> line;) answered.insert(line);
    }
    CHECK(answered.size() > 100);
    std::istringstream there(lab.sql("select convert_from(id, 'UTF8') from cs2sim_key"));
    std::set<std::string> kept;
    for (std::string line; there >> line;) CHECK(kept.insert(line).second);
    CHECK(kept == answered);
    CHECK(lab.sql("select count(distinct spec), count(distinct host) from cs2sim_key") ==
          std::to_string(answered.size()) + "|2\n");
    for (const Host* host : {lab.one.get(), lab.other.get()})
        host->does(
            "cs2sim keystore check \"$(sed -n 's/^KeyStorageConfig = \"\\(.*\\)\"/\\1/p' p11.cfg)\" "
            "--dev 3001@127.0.0.1 --logon-pass USR_0000,123456");
}
