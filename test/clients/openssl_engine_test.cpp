// OpenSSL with libp11's engine.
#include "test/clients/token.h"

using namespace cs2sim::clients;

TEST_CASE("OpenSSL's engine makes a CSR and a certificate, and serves TLS with a key of the token") {
    const Token token(GENERATE(Way::mount, Way::tcp));
    token.write_openssl_config();
    const std::string out = token.shell("libengine-pkcs11-openssl", R"sh(
pkcs11-tool --module $M --slot 0 --login --pin 123456 --keypairgen --key-type rsa:2048 --label tls --id 01 >/dev/null
export OPENSSL_CONF=$HOME/openssl.cnf
key='pkcs11:object=tls;type=private;pin-value=123456'
openssl req -new -engine pkcs11 -keyform engine -key "$key" -subj /CN=localhost -out csr.pem 2>/dev/null
openssl req -in csr.pem -noout -verify 2>&1 | grep -q OK
openssl req -new -x509 -engine pkcs11 -keyform engine -key "$key" -subj /CN=localhost -days 3 -out cert.pem 2>/dev/null
openssl verify -CAfile cert.pem cert.pem
openssl s_server -www -engine pkcs11 -keyform engine -key "$key" -cert cert.pem -accept 127.0.0.1:0 > server.log 2>&1 &
server=$!
trap 'kill $server 2>/dev/null || true' EXIT
until grep -q ^ACCEPT server.log; do kill -0 $server; sleep 0.05; done
port=$(sed -n 's/^ACCEPT.*:\([0-9]*\)$/\1/p' server.log | head -n 1)
for version in -tls1_2 -tls1_3; do
    OPENSSL_CONF=/dev/null openssl s_client $version -connect 127.0.0.1:$port -CAfile cert.pem -verify_return_error < /dev/null 2>/dev/null > client.log
    grep -q '^Verification: OK' client.log
    grep -o '^New, TLSv1..' client.log
done
)sh");
    INFO(out);
    CHECK(out.find("cert.pem: OK") != std::string::npos);
    CHECK(out.find("New, TLSv1.2") != std::string::npos);
    CHECK(out.find("New, TLSv1.3") != std::string::npos);
}
