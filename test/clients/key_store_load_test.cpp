// A key store under load, through PKCS#11: the MBK is rotated and the server dies while four processes make
// keys and use each other's.
#include <thread>

#include "test/clients/token.h"
#include "test/keystore/postgres.h"

using namespace cs2sim;
using namespace cs2sim::clients;

namespace {

bool holds(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

// Makes keys and uses those that anybody made, until the file "stop" is there; then uses every key once. What
// was answered stands in made.NAME, a call that failed is tried again.
constexpr const char* kWorker = R"(import os, random, sys, time
import PyKCS11
name, folder = sys.argv[1:]
lib = PyKCS11.PyKCS11Lib()
lib.load(os.environ['M'])
session = lib.openSession(0, PyKCS11.CKF_SERIAL_SESSION | PyKCS11.CKF_RW_SESSION)
session.login('123456')
generate = PyKCS11.Mechanism(PyKCS11.CKM_AES_KEY_GEN, None)
encrypt = PyKCS11.Mechanism(PyKCS11.CKM_AES_ECB, None)
made = open(folder + '/made.' + name, 'w')
def everybodys():
    files = [file for file in os.listdir(folder) if file.startswith('made.')]
    return [line for file in files for line in open(folder + '/' + file).read().split('\n')[:-1]]
def use(key):
    found = session.findObjects([(PyKCS11.CKA_ID, key.encode())])
    if len(found) != 1:
        return False
    return len(session.encrypt(found[0], bytes(16), encrypt)) == 16
failed = 0
for number in range(100000):
    if os.path.exists(folder + '/stop'):
        break
    key = '%s-%d' % (name, number)
    try:
        session.generateKey([(PyKCS11.CKA_CLASS, PyKCS11.CKO_SECRET_KEY), (PyKCS11.CKA_KEY_TYPE, PyKCS11.CKK_AES),
                             (PyKCS11.CKA_VALUE_LEN, 16), (PyKCS11.CKA_TOKEN, True), (PyKCS11.CKA_ENCRYPT, True),
                             (PyKCS11.CKA_ID, key.encode())], generate)
        made.write(key + '\n')
        made.flush()
        use(random.choice(everybodys()))
    except PyKCS11.PyKCS11Error as error:
        if error.value != PyKCS11.CKR_DEVICE_ERROR:
            raise
        failed += 1
        time.sleep(0.05)
made.close()
open(folder + '/done.' + name, 'w').close()
while sum(file.startswith('done.') for file in os.listdir(folder)) < 4:
    time.sleep(0.05)
every = everybodys()
missing = [key for key in every if not use(key)]
print('used', len(every), 'missing', missing, 'failed', failed)
)";

std::size_t lines_in(const std::filesystem::path& file) {
    const std::string text = std::filesystem::exists(file) ? scenario::read_file(file) : "";
    return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

// Four processes at work, two through each library's configuration.
class Workers {
public:
    Workers(const Token& one, const Token& other) {
        for (const Token* token : {&one, &other})
            for (const char* which : {"a", "b"}) {
                scenario::write_file(token->file("worker.py"), kWorker);
                names_.push_back((token == &one ? "one-" : "other-") + std::string(which));
                running_.push_back(token->starts(
                    "python3-pykcs11",
                    {"/usr/bin/python3", token->file("worker.py"), names_.back(), folder_.path()}));
            }
    }
    ~Workers() { scenario::write_file(folder_ / "stop", ""); }

    // Until each has made `count` more.
    void make(std::size_t count) const {
        for (const std::string& name : names_) {
            const auto file = folder_ / ("made." + name);
            const std::size_t enough = lines_in(file) + count;
            for (int i = 0; lines_in(file) < enough; ++i) {
                INFO(name << " makes no keys");
                REQUIRE(i < 1200);
                std::this_thread::sleep_for(std::chrono::milliseconds(50));
            }
        }
    }

    // What each printed, and how many keys were answered.
    std::pair<std::vector<Outcome>, std::size_t> stop() {
        scenario::write_file(folder_ / "stop", "");
        std::vector<Outcome> outcomes;
        for (auto& one : running_) outcomes.push_back(one.get());
        std::size_t made = 0;
        for (const std::string& name : names_) made += lines_in(folder_ / ("made." + name));
        return {outcomes, made};
    }

private:
    scenario::Folder folder_;
    std::vector<std::string> names_;
    std::vector<scenario::RunsBeside> running_;
};

}  // namespace

TEST_CASE("under load the MBK is rotated and the server dies and comes back: nothing that was made is lost") {
    keystore::Postgres& server = keystore::postgres();
    const std::string url = server.new_store("everything");
    const std::string shared =
        "KeysExternal = true\n[KeyStorage]\nKeyStorageType = postgresql\n"
        "KeyStorageConfig = \"" +
        url + "\"";
    const Token one(Way::mount, shared), other(Way::mount, shared);
    other.admin().import_mbk_of(one.admin());
    const std::filesystem::path folder = one.folder();
    const auto shares = [&](const std::string& of) {
        return "Key=" + (folder / (of + "1.key")).string() + "#one," + (folder / (of + "2.key")).string() +
               "#two";
    };
    const auto keystore_does = [&](const Token& token, const std::string& verb) {
        return token.simulator().steered(
            {"keystore", verb, url, "--logon-pass", "USR_0000," + std::string(kPin)});
    };

    Workers workers(one, other);
    workers.make(5);
    one.admin().admin_does({shares("n"), "MBKGenerateKey=AES,32,2,2,NEXT"});
    for (const Token* token : {&one, &other}) token->admin().admin_does({shares("n"), "MBKImportKey=1"});
    for (const Token* token : {&one, &other}) {
        token->admin().admin_does({shares("s"), "MBKImportKey=1", shares("n"), "MBKImportKey=3"});
        workers.make(5);  // under both MBKs side by side
    }
    server.stop(true);
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
    server.start();
    CHECK_FALSE(holds(keystore_does(one, "recrypt"), " 0 sealed anew"));
    while (!holds(keystore_does(other, "recrypt"), "\n0 keys seen")) workers.make(1);
    for (const Token* token : {&one, &other}) token->admin().admin_does({"MBKDeleteKey=1"});
    workers.make(5);

    const auto [outcomes, made] = workers.stop();
    for (const Outcome& outcome : outcomes) {
        INFO(outcome.out << outcome.err);
        CHECK(outcome.status == 0);
        CHECK(holds(outcome.out, "used " + std::to_string(made) + " missing []"));
    }
    CHECK(made >= 80);
    for (const Token* token : {&one, &other})
        CHECK(holds(keystore_does(*token, "check"), " 0 bad, 0 of groups"));
}
