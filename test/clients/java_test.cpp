// Java's SunPKCS11: keytool and jarsigner.
#include "test/clients/token.h"

using namespace cs2sim::clients;

TEST_CASE("keytool makes a key and a certificate in the token, and jarsigner signs with it") {
    const Token token;
    const std::string out = token.shell("default-jdk-headless", R"sh(
printf 'name = cs2sim\nlibrary = %s\nslot = 0\n' $M > java.cfg
store='-keystore NONE -storetype PKCS11 -storepass 123456 -providerClass sun.security.pkcs11.SunPKCS11 -providerArg java.cfg'
keytool -genkeypair $store -keyalg RSA -keysize 2048 -alias rsa -dname CN=rsa
keytool -genkeypair $store -keyalg EC -groupname secp256r1 -alias ec -dname CN=ec
keytool -list $store
echo data > data; jar cf data.jar data
jarsigner $store -signedjar signed.jar data.jar rsa
jarsigner -verify signed.jar
keytool -delete $store -alias ec
keytool -list $store
)sh");
    INFO(out);
    CHECK(out.find("contains 2 entries") != std::string::npos);
    CHECK(out.find("contains 1 entry") != std::string::npos);
    CHECK(out.find("jar verified") != std::string::npos);
}
