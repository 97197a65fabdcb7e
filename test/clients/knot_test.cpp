// Knot DNS: a zone signed with a key that it makes in the token.
#include "test/clients/token.h"

using namespace cs2sim::clients;

TEST_CASE("Knot makes a key in the token and signs a zone with it") {
    const Token token(GENERATE(Way::mount, Way::tcp));
    const std::string out = token.shell("knot-dnssecutils", R"sh(
mkdir keys out
cat > knot.conf <<END
server:
    rundir: $HOME
database:
    storage: $HOME
keystore:
  - id: hsm
    backend: pkcs11
    config: "pkcs11:token=CryptoServer%20PKCS11%20Token;pin-value=123456 $M"
policy:
  - id: policy
    keystore: hsm
    algorithm: ECDSAP256SHA256
    manual: on
zone:
  - domain: example.test
    storage: $HOME
    file: example.zone
    dnssec-signing: on
    dnssec-policy: policy
END
printf '@ 3600 IN SOA ns hostmaster 1 3600 600 86400 3600\n@ 3600 IN NS ns\nns 3600 IN A 127.0.0.1\n' > example.zone
/usr/sbin/keymgr -c knot.conf example.test generate algorithm=ECDSAP256SHA256 ksk=yes zsk=yes >/dev/null
pkcs11-tool --module $M --slot 0 --login --pin 123456 -O | grep -c 'Private Key Object'
kzonesign -c knot.conf -o out example.test >/dev/null
grep -c RRSIG out/example.zone
)sh");
    INFO(out);
    CHECK(out.starts_with("1\n"));
    CHECK(std::stoi(out.substr(2)) >= 4);
}
