// p11-kit server: the library in another process, reached through p11-kit-client.so.
#include "test/clients/token.h"

using namespace cs2sim::clients;

TEST_CASE("p11-kit server carries the library to a client in another process") {
    const Token token(GENERATE(Way::mount, Way::tcp));
    const std::string out = token.shell("p11-kit", R"sh(
export XDG_RUNTIME_DIR=$HOME/run; mkdir -m 700 run
pkcs11-tool --module $M --slot 0 --login --pin 123456 --keypairgen --key-type EC:prime256v1 --label far --id 01 >/dev/null
eval $(p11-kit server --provider $M pkcs11:model=CryptoServer)
trap 'p11-kit server --kill >/dev/null' EXIT
client=$(find /usr/lib -name p11-kit-client.so | head -n 1)
far="env OPENSSL_CONF=/dev/null pkcs11-tool --module $client --slot-index 0 --login --pin 123456"
echo data > data
openssl dgst -sha256 -binary -out hash data
$far -O
$far --sign -m ECDSA --signature-format openssl --id 01 -i hash -o sig
$far --read-object --type pubkey --id 01 -o key.der
openssl pkey -pubin -inform der -in key.der -out key.pem
openssl dgst -sha256 -verify key.pem -signature sig data
)sh");
    CHECK(out.find("far") != std::string::npos);
    CHECK(out.find("Verified OK") != std::string::npos);
}
