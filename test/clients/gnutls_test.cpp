// GnuTLS's p11tool.
#include "test/clients/token.h"

using namespace cs2sim::clients;

TEST_CASE("GnuTLS's p11tool makes keys and lists objects by URL") {
    const Token token(GENERATE(Way::mount, Way::tcp));
    token.shell("gnutls-bin", R"sh(
export GNUTLS_PIN=123456
url=$(p11tool --provider $M --list-token-urls | grep _0000)
p11tool --provider $M --login --generate-privkey=ecdsa --curve secp256r1 --label ec --id 0a --outfile ec.pem "$url"
p11tool --provider $M --login --generate-privkey=rsa --bits 2048 --label rsa --id 0b --outfile rsa.pem "$url"
p11tool --provider $M --login --list-all "$url" > all
grep -q RSA-2048 all
grep -q SECP256R1 all
openssl pkey -pubin -in ec.pem -noout
p11tool --provider $M --login --test-sign "$url;id=%0a;type=private" 2>&1 | grep -c 'ok$'
p11tool --provider $M --login --test-sign "$url;id=%0b;type=private" 2>&1 | grep -c 'ok$'
)sh");
}
