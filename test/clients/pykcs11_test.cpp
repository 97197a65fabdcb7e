// PyKCS11, the Python binding.
#include "test/clients/token.h"

using namespace cs2sim::clients;

TEST_CASE("PyKCS11 signs, encrypts, wraps and digests with session objects, which the token forgets") {
    const Token token(GENERATE(Way::mount, Way::tcp));
    cs2sim::scenario::write_file(token.file("work.py"), R"py(
import os, PyKCS11
from PyKCS11 import *
library = PyKCS11Lib(); library.load(os.environ['M'])
session = library.openSession(0, CKF_SERIAL_SESSION | CKF_RW_SESSION); session.login('123456')
public, private = session.generateKeyPair(
    [(CKA_MODULUS_BITS, 2048), (CKA_PUBLIC_EXPONENT, (1, 0, 1)), (CKA_ENCRYPT, True), (CKA_VERIFY, True)],
    [(CKA_DECRYPT, True), (CKA_SIGN, True)])
mechanism = Mechanism(CKM_SHA256_RSA_PKCS)
signature = session.sign(private, b'data', mechanism)
assert session.verify(public, b'data', signature, mechanism)
assert not session.verify(public, b'Data', signature, mechanism)
secret = session.encrypt(public, b'data', RSAOAEPMechanism(CKM_SHA256, CKG_MGF1_SHA256))
assert bytes(session.decrypt(private, secret, RSAOAEPMechanism(CKM_SHA256, CKG_MGF1_SHA256))) == b'data'

def aes(length, *more):
    return session.generateKey([(CKA_CLASS, CKO_SECRET_KEY), (CKA_KEY_TYPE, CKK_AES), (CKA_VALUE_LEN, length)] + list(more))
key = aes(32, (CKA_ENCRYPT, True), (CKA_DECRYPT, True), (CKA_WRAP, True), (CKA_UNWRAP, True))
for mechanism in [Mechanism(CKM_AES_CBC_PAD, bytes(16)), AES_GCM_Mechanism(bytes(12), b'with', 128)]:
    secret = session.encrypt(key, b'some text', mechanism)
    assert bytes(session.decrypt(key, secret, mechanism)) == b'some text'
try:
    changed = bytearray(bytes(session.encrypt(key, b'some text', AES_GCM_Mechanism(bytes(12), b'', 128))))
    changed[0] ^= 1
    session.decrypt(key, bytes(changed), AES_GCM_Mechanism(bytes(12), b'', 128))
    raise AssertionError
except PyKCS11Error as error:
    assert error.value == 0x42, error  # CKR_AEAD_DECRYPT_FAILED
wrapped_key = aes(16, (CKA_EXTRACTABLE, True))
wrapped = session.wrapKey(key, wrapped_key, Mechanism(CKM_AES_KEY_WRAP))
again = session.unwrapKey(key, wrapped, [(CKA_CLASS, CKO_SECRET_KEY), (CKA_KEY_TYPE, CKK_AES)], Mechanism(CKM_AES_KEY_WRAP))
assert session.getAttributeValue(again, [CKA_CHECK_VALUE]) == session.getAttributeValue(wrapped_key, [CKA_CHECK_VALUE])
digest = session.digestSession(Mechanism(CKM_SHA256)); digest.update(b'a'); digest.update(b'bc')
assert bytes(digest.final()).hex().startswith('ba7816bf')
assert len(session.findObjects([])) == 5
session.closeSession()
session = library.openSession(0); session.login('123456')
assert session.findObjects([]) == []
)py");
    token.works("python3-pykcs11", {"/usr/bin/python3", token.file("work.py")});
}
