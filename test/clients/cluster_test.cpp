// Several devices behind one slot: round robin, fall-back, and keeping them in step (pkcs11-facts.md, section
// 1).
#include "test/clients/token.h"

using namespace cs2sim::clients;
using cs2sim::scenario::read_file;
using cs2sim::scenario::write_file;

namespace {

// Two simulators with one MBK, and a library that is told of both. The token is made through the library.
class Pair {
public:
    explicit Pair(const std::string& settings) : first_(Way::tcp), other_(other_simulator_, Way::tcp) {
        other_.import_mbk_of(first_.admin());
        write_file(first_.file("one.cfg"), read_file(first_.file("cs_pkcs11_R3.cfg")));
        // The administrators' keys differ, so the users are the operator's to make, on each device.
        for (const auto& [user, permission, pin] :
             {std::tuple{"SO_0000", "00000200", kSoPin}, std::tuple{"USR_0000", "00000002", kPin}}) {
            other_.admin_does(
                {"AddUser=" + std::string(user) + "," + permission + "{CXI_GROUP=SLOT_0000},hmacpwd," + pin});
            require_success(other_.csadm({"LogonPass=" + std::string(user) + "," + pin,
                                          "ChangeUser=" + std::string(user) + "," + pin}));
        }
        configure("{ " + one() + " " + two() + " }", settings);
    }

    std::string one() const { return first_.simulator().device(Way::tcp); }
    std::string two() const { return other_simulator_.device(Way::tcp); }
    void configure(const std::string& devices, const std::string& settings) const {
        write_file(first_.file("cs_pkcs11_R3.cfg"), "[Global]\nLogpath = " + first_.folder().string() +
                                                        "\nLogging = 4\nSlotCount = 2\n" + settings +
                                                        "\n[CryptoServer]\nDevice = " + devices + "\n");
    }
    Outcome python(const std::string& script) const {
        write_file(first_.file("work.py"), R"py(
import os, sys, subprocess
from PyKCS11 import *
library = PyKCS11Lib(); library.load(os.environ['M'])
def session(pin='123456'):
    opened = library.openSession(0, CKF_SERIAL_SESSION | CKF_RW_SESSION)
    if pin: opened.login(pin)
    return opened
def make(opened, label):
    return opened.generateKey([(CKA_CLASS, CKO_SECRET_KEY), (CKA_KEY_TYPE, CKK_GENERIC_SECRET), (CKA_VALUE_LEN, 32),
        (CKA_TOKEN, True), (CKA_SIGN, True), (CKA_LABEL, label)], Mechanism(CKM_GENERIC_SECRET_KEY_GEN))
def find(opened, label): return opened.findObjects([(CKA_LABEL, label)])
def mac(opened, key): return bytes(opened.sign(key, b'data', Mechanism(CKM_SHA256_HMAC)))
def steer(*words): subprocess.run([os.environ['CS2SIM'], *words], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
def code_of(work):
    try: work()
    except PyKCS11Error as error: return error.value
    return 0
)py" + script);
        return first_.run("python3-pykcs11", {"/usr/bin/python3", first_.file("work.py")});
    }
    std::string log() const { return read_file(first_.file("cs_pkcs11_R3.log")); }
    const Token& token() const { return first_; }
    cs2sim::scenario::Simulator& other() { return other_simulator_; }
    const cs2sim::scenario::Operator& other_operator() const { return other_; }

private:
    Token first_;
    cs2sim::scenario::Simulator other_simulator_;
    cs2sim::scenario::Operator other_;
};

std::string keys_of(const cs2sim::scenario::Operator& user) {
    const Outcome listed = user.tool("cxitool", {"LogonPass=USR_0000,123456", "Group=SLOT_0000", "ListKeys"});
    require_success(listed);
    return listed.out;
}

}  // namespace

TEST_CASE("FallbackInterval = 0: sessions go round over two devices, which hold the same keys") {
    Pair pair("FallbackInterval = 0");
    const Outcome worked = pair.python(R"py(
first = session()
key = make(first, 'shared')
second = session(None)
assert mac(first, key) == mac(second, find(second, 'shared')[0])
first.setAttributeValue(key, [(CKA_LABEL, 'renamed')])
pair = first.generateKeyPair([(CKA_EC_PARAMS, bytes.fromhex('06082a8648ce3d030107')), (CKA_TOKEN, True), (CKA_LABEL, 'pair')],
    [(CKA_TOKEN, True), (CKA_LABEL, 'pair')], Mechanism(CKM_EC_KEY_PAIR_GEN))
signature = first.sign(pair[1], bytes(32), Mechanism(CKM_ECDSA))
[public] = second.findObjects([(CKA_LABEL, 'pair'), (CKA_CLASS, CKO_PUBLIC_KEY)])
assert second.verify(public, bytes(32), signature, Mechanism(CKM_ECDSA))
make(second, 'gone')
second.destroyObject(find(second, 'gone')[0])
)py");
    require_success(worked);
    CHECK(pair.log().find("[ClusterSync] | I: in sync: ") != std::string::npos);
    CHECK(pair.log().find("out of sync") == std::string::npos);
    // Each device alone has them, by the same specifiers.
    CHECK(keys_of(pair.token().admin()) == keys_of(pair.other_operator()));
    for (const std::string& device : {pair.one(), pair.two()}) {
        pair.configure(device, "");
        require_success(pair.python(R"py(
alone = session()
assert len(alone.findObjects([])) == 3
mac(alone, find(alone, 'renamed')[0])
)py"));
    }
}

TEST_CASE(
    "one of two devices down: the token works on, changes are told, and it goes back when the device is "
    "there") {
    const std::string interval = GENERATE("0", "1");
    Pair pair("FallbackInterval = " + interval);
    require_success(pair.python("make(session(), 'key')"));
    const Outcome worked = pair.python(R"py(
work = session(); key = find(work, 'key')[0]; right = mac(work, key)
steer('stop')
for i in range(4):
    assert mac(session(None), key) == right
assert code_of(lambda: make(work, 'half')) == CKR_DEVICE_ERROR
steer('restart')
import time; time.sleep(1.2)
assert mac(work, key) == right
assert mac(session(None), key) == right
)py");
    require_success(worked);
    CHECK(pair.log().find("[ClusterSync] | W: device " + pair.one() + " is down: ") != std::string::npos);
    CHECK(pair.log().find("[ClusterSync] | W: out of sync: " + pair.one() + " (") != std::string::npos);
    if (interval == "1")
        CHECK(pair.log().find("[ClusterSync] | I: device " + pair.one() + " is up again") !=
              std::string::npos);
}

TEST_CASE("PINs are changed on all devices of a cluster, or the call says that they were not") {
    Pair pair("FallbackInterval = 1");
    require_success(pair.python(R"py(
user = session()
user.setPin('123456', '654321')
)py"));
    for (const auto* user : {&pair.token().admin(), &pair.other_operator()})
        require_success(user->csadm({"LogonPass=USR_0000,654321", "ShowAuthState"}));
    pair.other().stop();
    require_success(pair.python(R"py(
user = session('654321')
assert code_of(lambda: user.setPin('654321', '123456')) == CKR_DEVICE_ERROR
)py"));
    CHECK(pair.log().find("out of sync: " + pair.two() + " (B9") != std::string::npos);
}

TEST_CASE("two sections of devices are two blocks of slots") {
    Pair pair("");
    pair.configure(pair.one() + "\n[CryptoServer]\nDevice = " + pair.two(), "");
    const Outcome worked = pair.python(R"py(
assert library.getSlotList() == [0, 1, 2, 3]
assert library.getSlotInfo(0).slotDescription.strip() != library.getSlotInfo(2).slotDescription.strip()
first = library.openSession(0, CKF_SERIAL_SESSION | CKF_RW_SESSION); first.login('123456')
second = library.openSession(2, CKF_SERIAL_SESSION | CKF_RW_SESSION); second.login('123456')
make(first, 'only here')
assert len(find(first, 'only here')) == 1 and len(find(second, 'only here')) == 0
)py");
    require_success(worked);
}
