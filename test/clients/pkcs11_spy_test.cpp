// OpenSC's pkcs11-spy.so between a client and the library.
#include "test/clients/token.h"

using namespace cs2sim::clients;

TEST_CASE("pkcs11-spy sees every call of a client, with the names of the CKRs") {
    const Token token(GENERATE(Way::mount, Way::tcp));
    const std::string out = token.shell("opensc-pkcs11", R"sh(
export PKCS11SPY=$M PKCS11SPY_OUTPUT=$HOME/spy.log
spy=$(find /usr/lib -name pkcs11-spy.so | head -n 1)
tool="pkcs11-tool --module $spy --slot 0 --login --pin 123456"
$tool --keypairgen --key-type EC:prime256v1 --label spied --id 01 >/dev/null
echo data > data
$tool --sign -m ECDSA-SHA256 --id 01 -i data -o sig >/dev/null
pkcs11-tool --module $spy --slot 0 --login --pin 000000 -O >/dev/null 2>&1 || true
grep -E 'C_GenerateKeyPair|C_SignInit|Returned:' spy.log | sort | uniq
)sh");
    INFO(out);
    CHECK(out.find("C_GenerateKeyPair") != std::string::npos);
    CHECK(out.find("C_SignInit") != std::string::npos);
    CHECK(out.find("CKR_PIN_INCORRECT") != std::string::npos);
}
