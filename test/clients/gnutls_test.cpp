// GnuTLS's p11tool.
#include "test/clients/token.h"

using namespace cs2sim::clients;

TEST_CASE("GnuTLS's p11tool makes keys, lists objects by URL and stores certificates") {
    const Token token;
    token.shell("gnutls-bin", R"sh(
export GNUTLS_PIN=123456
url=$(p11tool --provider $M --list-token-urls | grep _0000)
p11tool --provider $M --login --generate-privkey=ecdsa --curve secp256r1 --label ec --id 0a --outfile ec.pem "$url"
p11tool --provider $M --login --generate-privkey=rsa --bits 2048 --label rsa --id 0b --outfile rsa.pem "$url"
p11tool --provider $M --login --list-privkeys "$url" | grep -q 'RSA-2048'
openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -subj /CN=gnutls -days 30 -out cert.pem 2>/dev/null
p11tool --provider $M --login --write --load-certificate cert.pem --label cert --id 0c "$url"
p11tool --provider $M --login --export "$url;object=cert;type=cert" | openssl x509 -noout -subject | grep -q gnutls
p11tool --provider $M --login --test-sign "$url;object=rsa;type=private" 2>&1 | grep -qi 'ok\|verif'
p11tool --provider $M --login --batch --delete "$url;object=cert;type=cert"
test -z "$(p11tool --provider $M --login --list-all-certs "$url" 2>/dev/null | grep URL || true)")sh");
}
