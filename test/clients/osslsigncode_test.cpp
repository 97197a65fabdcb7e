// osslsigncode: Authenticode with a key of the token.
#include "test/clients/token.h"

using namespace cs2sim::clients;

TEST_CASE("osslsigncode signs a program with a key of the token") {
    const Token token(GENERATE(Way::mount, Way::tcp));
    token.write_openssl_config();
    cs2sim::scenario::write_file(token.file("program.py"), R"py(
# The smallest PE32+ that signing programs take: headers and one section.
import struct
dos = (b'MZ' + bytes(58) + struct.pack('<I', 0x80)).ljust(0x80, b'\0')
coff = b'PE\0\0' + struct.pack('<HHIIIHH', 0x8664, 1, 0, 0, 0, 240, 0x22)
optional = struct.pack('<HBBIIIII', 0x20b, 14, 0, 0x200, 0, 0, 0x1000, 0x1000) + struct.pack(
    '<QIIHHHHHHIIIIHHQQQQII', 0x140000000, 0x1000, 0x200, 6, 0, 0, 0, 6, 0, 0, 0x2000, 0x200, 0, 3, 0,
    0x100000, 0x1000, 0x100000, 0x1000, 0, 16) + bytes(128)
section = b'.text\0\0\0' + struct.pack('<IIIIIIHHI', 0x10, 0x1000, 0x200, 0x200, 0, 0, 0, 0, 0x60000020)
open('program.exe', 'wb').write((dos + coff + optional + section).ljust(0x200, b'\0') + b'\xc3'.ljust(0x200, b'\0'))
)py");
    const std::string out = token.shell("osslsigncode", R"sh(
pkcs11-tool --module $M --slot 0 --login --pin 123456 --keypairgen --key-type rsa:2048 --label code --id 01 >/dev/null
/usr/bin/python3 program.py
key='pkcs11:object=code;type=private;pin-value=123456'
OPENSSL_CONF=$HOME/openssl.cnf openssl req -new -x509 -engine pkcs11 -keyform engine -key "$key" -subj /CN=code -addext extendedKeyUsage=codeSigning -days 3 -out cert.pem 2>/dev/null
osslsigncode sign -pkcs11module $M -key "$key" -certs cert.pem -h sha256 -in program.exe -out signed.exe
osslsigncode verify -CAfile cert.pem -in signed.exe | grep -E 'Succeeded|Failed|Signature verification'
)sh");
    INFO(out);
    CHECK(out.find("Succeeded") != std::string::npos);
    CHECK(out.find("Signature verification: ok") != std::string::npos);
}
