// pkcs11js and graphene-pk11, from npm (tools/install-packages puts them where this looks).
#include "test/clients/token.h"

using namespace cs2sim::clients;

TEST_CASE("pkcs11js and graphene-pk11 make keys, sign and verify") {
    const Token token(GENERATE(Way::mount, Way::tcp));
    cs2sim::scenario::write_file(token.file("work.js"), R"js(
const pkcs11js = require('pkcs11js'), graphene = require('graphene-pk11');
const p11 = new pkcs11js.PKCS11(); p11.load(process.env.M); p11.C_Initialize();
const session = p11.C_OpenSession(p11.C_GetSlotList(true)[0], pkcs11js.CKF_RW_SESSION | pkcs11js.CKF_SERIAL_SESSION);
p11.C_Login(session, 1, '123456');
const pair = p11.C_GenerateKeyPair(session, {mechanism: pkcs11js.CKM_EC_KEY_PAIR_GEN},
    [{type: pkcs11js.CKA_EC_PARAMS, value: Buffer.from('06082A8648CE3D030107', 'hex')}, {type: pkcs11js.CKA_TOKEN, value: false}],
    [{type: pkcs11js.CKA_TOKEN, value: false}]);
const by = {mechanism: pkcs11js.CKM_ECDSA_SHA256};
p11.C_SignInit(session, by, pair.privateKey);
const signature = p11.C_Sign(session, Buffer.from('data'), Buffer.alloc(200));
p11.C_VerifyInit(session, by, pair.publicKey);
console.log('pkcs11js', p11.C_Verify(session, Buffer.from('data'), signature));
try { p11.C_VerifyInit(session, by, pair.publicKey); p11.C_Verify(session, Buffer.from('Data'), signature); }
catch (error) { console.log(error.message); }
p11.C_Logout(session); p11.C_CloseSession(session); p11.C_Finalize();

const module_ = graphene.Module.load(process.env.M, 'cs2sim'); module_.initialize();
const own = module_.getSlots(0).open(graphene.SessionFlag.RW_SESSION | graphene.SessionFlag.SERIAL_SESSION);
own.login('123456');
const rsa = own.generateKeyPair(graphene.KeyGenMechanism.RSA,
    {modulusBits: 2048, publicExponent: Buffer.from([1, 0, 1]), token: false, verify: true}, {token: false, sign: true});
const sign = own.createSign('SHA256_RSA_PKCS', rsa.privateKey); sign.update('a'); sign.update('b');
const made = sign.final();
const verify = own.createVerify('SHA256_RSA_PKCS', rsa.publicKey); verify.update('a'); verify.update('b');
console.log('graphene', verify.final(made));
own.close(); module_.finalize();
)js");
    const Outcome outcome = token.run_own(
        {"NODE_PATH=/usr/local/lib/cs2sim-test-node/node_modules", "/usr/bin/node", token.file("work.js")});
    INFO("tools/install-packages test installs node, pkcs11js and graphene-pk11");
    require_success(outcome);
    CHECK(outcome.out == "pkcs11js true\nCKR_SIGNATURE_INVALID\ngraphene true\n");
}
