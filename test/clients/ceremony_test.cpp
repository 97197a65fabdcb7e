// The ceremony of a token and its first signature, by each client that can do it, over the node and over TCP,
// with the settings of the library's README alone. What the others do with a token that is there: their own
// files.
#include "test/clients/token.h"

using namespace cs2sim::clients;

namespace {

// InitToken, both PINs changed, a key pair, a signature, its verification: the README's lines.
constexpr const char* kTool = R"sh(
tool="pkcs11-tool --module $used $where"
$tool --init-token --label T --so-pin 12345678
$tool --login --login-type so --so-pin 12345678 --change-pin --new-pin 87654321
$tool --login --login-type so --so-pin 87654321 --init-pin --new-pin 123456
$tool --login --pin 123456 --change-pin --new-pin 654321
$tool --login --pin 654321 --keypairgen --key-type EC:prime256v1 --label k --id 01
echo text > file
$tool --login --pin 654321 --sign --mechanism $by --id 01 -i ${of:-file} -o file.sig
$tool --login --pin 654321 --verify --mechanism $by --id 01 -i ${of:-file} --signature-file file.sig
)sh";

constexpr const char* kPython = R"sh(
cat > ceremony.py <<'P'
import os
from PyKCS11 import *
library = PyKCS11Lib(); library.load(os.environ['M'])
library.initToken(0, '12345678', 'T')
def session(pin, user=CKU_USER):
    opened = library.openSession(0, CKF_SERIAL_SESSION | CKF_RW_SESSION); opened.login(pin, user)
    return opened
so = session('12345678', CKU_SO); so.setPin('12345678', '87654321'); so.initPin('123456'); so.logout(); so.closeSession()
user = session('123456'); user.setPin('123456', '654321'); user.logout(); user.closeSession()
user = session('654321')
public, private = user.generateKeyPair([(CKA_TOKEN, True), (CKA_MODULUS_BITS, 2048)], [(CKA_TOKEN, True)])
by = Mechanism(CKM_SHA256_RSA_PKCS)
assert user.verify(public, b'text', user.sign(private, b'text', by), by)
print('Signature is valid')
P
/usr/bin/python3 ceremony.py
)sh";

constexpr const char* kNode = R"sh(
cat > ceremony.js <<'J'
const pkcs11js = require('pkcs11js'), p11 = new pkcs11js.PKCS11();
p11.load(process.env.M); p11.C_Initialize();
const slot = p11.C_GetSlotList(true)[0], flags = pkcs11js.CKF_RW_SESSION | pkcs11js.CKF_SERIAL_SESSION;
p11.C_InitToken(slot, '12345678', 'T');
const as = (user, pin, work) => {
    const session = p11.C_OpenSession(slot, flags);
    p11.C_Login(session, user, pin); work(session); p11.C_Logout(session); p11.C_CloseSession(session);
};
as(pkcs11js.CKU_SO, '12345678', session => {
    p11.C_SetPIN(session, '12345678', '87654321'); p11.C_InitPIN(session, '123456');
});
as(pkcs11js.CKU_USER, '123456', session => p11.C_SetPIN(session, '123456', '654321'));
as(pkcs11js.CKU_USER, '654321', session => {
    const pair = p11.C_GenerateKeyPair(session, {mechanism: pkcs11js.CKM_EC_KEY_PAIR_GEN},
        [{type: pkcs11js.CKA_EC_PARAMS, value: Buffer.from('06082A8648CE3D030107', 'hex')}],
        [{type: pkcs11js.CKA_TOKEN, value: true}]);
    const by = {mechanism: pkcs11js.CKM_ECDSA_SHA256};
    p11.C_SignInit(session, by, pair.privateKey);
    const signature = p11.C_Sign(session, Buffer.from('text'), Buffer.alloc(200));
    p11.C_VerifyInit(session, by, pair.publicKey);
    if (p11.C_Verify(session, Buffer.from('text'), signature)) console.log('Signature is valid');
});
p11.C_Finalize();
J
NODE_PATH=/usr/local/lib/cs2sim-test-node/node_modules node ceremony.js
)sh";

constexpr const char* kGraphene = R"sh(
cat > ceremony.js <<'J'
const graphene = require('graphene-pk11'), {SO, USER} = graphene.UserType;
const library = graphene.Module.load(process.env.M, 'cs2sim'); library.initialize();
const slot = library.getSlots(0);
try { slot.initToken('12345678', 'T'); } catch (error) { if (!(error instanceof TypeError)) throw error; }  // its own
const as = (user, pin, work) => {
    const session = slot.open(graphene.SessionFlag.RW_SESSION | graphene.SessionFlag.SERIAL_SESSION);
    session.login(pin, user); work(session); session.logout(); session.close();
};
as(SO, '12345678', session => { session.setPin('12345678', '87654321'); session.initPin('123456'); });
as(USER, '123456', session => session.setPin('123456', '654321'));
as(USER, '654321', session => {
    const pair = session.generateKeyPair(graphene.KeyGenMechanism.RSA,
        {modulusBits: 2048, publicExponent: Buffer.from([1, 0, 1]), verify: true}, {token: true, sign: true});
    const signature = session.createSign('SHA256_RSA_PKCS', pair.privateKey).once('text');
    if (session.createVerify('SHA256_RSA_PKCS', pair.publicKey).once('text', signature)) console.log('Signature is valid');
});
library.finalize();
J
NODE_PATH=/usr/local/lib/cs2sim-test-node/node_modules node ceremony.js
)sh";

// p11tool changes no user's PIN but by initialising it: the first ones are changed by pkcs11-tool.
constexpr const char* kGnutls = R"sh(
url=$(p11tool --provider $M --list-token-urls | head -n 1)
p11tool --provider $M --batch --initialize --label T --set-so-pin 12345678 "$url"
pkcs11-tool --module $M --slot 0 --login --login-type so --so-pin 12345678 --change-pin --new-pin 87654321
url=$(p11tool --provider $M --list-token-urls | grep token=T)
GNUTLS_SO_PIN=87654321 p11tool --provider $M --batch --login --initialize-pin --set-pin 123456 --set-so-pin 87654321 "$url"
pkcs11-tool --module $M --slot 0 --login --pin 123456 --change-pin --new-pin 654321
export GNUTLS_PIN=654321
p11tool --provider $M --batch --login --generate-privkey=ecdsa --curve secp256r1 --label ec --id 0a --outfile ec.pem "$url"
p11tool --provider $M --batch --login --test-sign "$url;id=%0a;type=private" 2>&1 | grep 'ok$' >/dev/null
echo 'Signature is valid'
)sh";

// modutil changes the user's PIN, certutil signs a certificate with a key that it makes.
constexpr const char* kNss = R"sh(
tool="pkcs11-tool --module $M --slot 0"
$tool --init-token --label T --so-pin 12345678
$tool --login --login-type so --so-pin 12345678 --change-pin --new-pin 87654321
$tool --login --login-type so --so-pin 87654321 --init-pin --new-pin 123456
rm -rf nss; mkdir nss; certutil -N -d sql:nss --empty-password
modutil -dbdir sql:nss -add cs2sim -libfile $M -force >/dev/null
printf 123456 > old; printf 654321 > new
modutil -dbdir sql:nss -changepw T -pwfile old -newpwfile new -force >/dev/null
head -c 64 /dev/urandom > noise
certutil -S -d sql:nss -h T -f new -z noise -s CN=nss -x -t Cu,Cu,Cu -n made -k rsa -g 2048
$tool --login --pin 654321 --read-object --type cert --label made -o made.der
openssl x509 -inform der -in made.der -out made.pem
openssl verify -check_ss_sig -CAfile made.pem made.pem >/dev/null
echo 'Signature is valid'
)sh";

struct Row {
    const char *client, *package, *before, *script;
};
constexpr Row kRows[] = {
    {"pkcs11-tool", "opensc", "used=$M where='--slot 0' by=ECDSA-SHA256", kTool},
    {"pkcs11-tool through pkcs11-spy", "opensc-pkcs11",
     "used=$(find /usr/lib -name pkcs11-spy.so | head -n 1) where='--slot 0' by=ECDSA-SHA256\n"
     "export PKCS11SPY=$M PKCS11SPY_OUTPUT=$HOME/spy.log",
     kTool},
    // p11-kit's protocol has no CKM_ECDSA_SHA256.
    {"pkcs11-tool through p11-kit server", "p11-kit",
     "export XDG_RUNTIME_DIR=$HOME/run; rm -rf run; mkdir -m 700 run\n"
     "eval $(p11-kit server --provider $M pkcs11:model=CryptoServer)\n"
     "trap 'p11-kit server --kill >/dev/null' EXIT\n"
     "used=$(find /usr/lib -name p11-kit-client.so | head -n 1) where='--slot-index 0' by=ECDSA of=hash\n"
     "printf 'text\\n' | openssl dgst -sha256 -binary -out hash",
     kTool},
    {"PyKCS11", "python3-pykcs11", "", kPython},
    {"pkcs11js", "nodejs", "", kNode},
    {"graphene-pk11", "nodejs", "", kGraphene},
    {"p11tool of GnuTLS", "gnutls-bin", "", kGnutls},
    {"NSS", "libnss3-tools", "", kNss},
};

}  // namespace

TEST_CASE("a token is made, its PINs changed, and a key of it signs, by each client, over node and TCP") {
    for (const Way way : {Way::mount, Way::tcp}) {
        const Token token = Token::not_made(way);
        for (const Row& row : kRows) {  // each makes the token anew
            INFO(row.client << (way == Way::mount ? " over the node" : " over TCP"));
            const Outcome outcome = token.run(
                row.package, {"bash", "-euo", "pipefail", "-c", std::string(row.before) + row.script});
            INFO(outcome.out << outcome.err);
            CHECK(outcome.status == 0);
            CHECK(outcome.out.find("Signature is valid") != std::string::npos);
        }
    }
}
