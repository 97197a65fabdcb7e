// NSS: modutil and certutil.
#include "test/clients/token.h"

using namespace cs2sim::clients;

TEST_CASE("NSS loads the library, lists the token's keys and makes a certificate with one") {
    const Token token(GENERATE(Way::mount, Way::tcp));
    const std::string out = token.shell("libnss3-tools", R"sh(
pkcs11-tool --module $M --slot 0 --login --pin 123456 --keypairgen --key-type EC:prime256v1 --label listed --id 01 >/dev/null
mkdir nss; certutil -N -d sql:nss --empty-password
modutil -dbdir sql:nss -add cs2sim -libfile $M -force >/dev/null
printf 123456 > pin
certutil -K -d sql:nss -h 'CryptoServer PKCS11 Token' -f pin
head -c 64 /dev/urandom > noise
certutil -S -d sql:nss -h 'CryptoServer PKCS11 Token' -f pin -z noise -s CN=nss -x -t u,u,u -n made -k rsa -g 2048
certutil -L -d sql:nss -h 'CryptoServer PKCS11 Token' -f pin
)sh");
    CHECK(out.find("listed") != std::string::npos);
    CHECK(out.find("made") != std::string::npos);
}
