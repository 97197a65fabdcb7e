// Java's SunPKCS11: keytool, jarsigner, and TLS with a key in the token.
#include "test/clients/token.h"

using namespace cs2sim::clients;

TEST_CASE("keytool makes a key and a certificate in the token, and jarsigner signs with it") {
    const Token token(GENERATE(Way::mount, Way::tcp));
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

TEST_CASE("a TLS server in Java has its key in the token") {
    const Token token(GENERATE(Way::mount, Way::tcp));
    const std::string out = token.shell("default-jdk-headless", R"sh(
printf 'name = cs2sim\nlibrary = %s\nslot = 0\n' $M > java.cfg
store='-keystore NONE -storetype PKCS11 -storepass 123456 -providerClass sun.security.pkcs11.SunPKCS11 -providerArg java.cfg'
keytool -genkeypair $store -keyalg EC -groupname secp256r1 -alias server -dname CN=localhost
keytool -exportcert $store -rfc -alias server > server.pem
keytool -importcert -noprompt -keystore trust.p12 -storepass changeit -alias server -file server.pem
cat > Tls.java <<'J'
import java.io.*;
import java.net.InetAddress;
import java.security.*;
import javax.net.ssl.*;

// A server whose key is in the token, and a client that trusts its certificate, over TLS 1.2 and 1.3.
public class Tls {
    static SSLContext context(KeyStore keys, char[] pin, KeyStore trusted) throws Exception {
        KeyManager[] managers = null;
        if (keys != null) {
            KeyManagerFactory factory = KeyManagerFactory.getInstance("SunX509");
            factory.init(keys, pin);
            managers = factory.getKeyManagers();
        }
        TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
        trust.init(trusted);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(managers, trust.getTrustManagers(), null);
        return context;
    }

    public static void main(String[] arguments) throws Exception {
        Provider provider = Security.getProvider("SunPKCS11").configure("java.cfg");
        Security.addProvider(provider);
        char[] pin = "123456".toCharArray();
        KeyStore keys = KeyStore.getInstance("PKCS11", provider);
        keys.load(null, pin);
        KeyStore trusted = KeyStore.getInstance(new File("trust.p12"), "changeit".toCharArray());
        for (String version : new String[] {"TLSv1.2", "TLSv1.3"}) {
            SSLServerSocket server = (SSLServerSocket) context(keys, pin, trusted).getServerSocketFactory()
                .createServerSocket(0, 1, InetAddress.getLoopbackAddress());
            server.setEnabledProtocols(new String[] {version});
            Thread answering = new Thread(() -> {
                try (SSLSocket peer = (SSLSocket) server.accept()) {
                    peer.getOutputStream().write("signed in the token\n".getBytes());
                } catch (IOException e) {
                    e.printStackTrace();
                }
            });
            answering.start();
            try (SSLSocket client = (SSLSocket) context(null, null, trusted).getSocketFactory()
                    .createSocket(server.getInetAddress(), server.getLocalPort())) {
                client.startHandshake();
                String line = new BufferedReader(new InputStreamReader(client.getInputStream())).readLine();
                System.out.println(client.getSession().getProtocol() + ": " + line);
            }
            answering.join();
            server.close();
        }
    }
}
J
java Tls.java
)sh");
    INFO(out);
    CHECK(out.find("TLSv1.2: signed in the token") != std::string::npos);
    CHECK(out.find("TLSv1.3: signed in the token") != std::string::npos);
}
