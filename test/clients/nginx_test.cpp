// nginx with OpenSSL's engine: the master reads the key, its forked worker signs with it.
#include "test/clients/token.h"

using namespace cs2sim::clients;

TEST_CASE("nginx serves TLS 1.2 and 1.3 with a key of the token, in a worker that it forked") {
    const Token token(GENERATE(Way::mount, Way::tcp));
    // nginx's own `ssl_engine` initialises an engine only as long as that has methods to register: libp11's
    // has none from 0.4.13 on.
    token.write_openssl_config("init = 1");
    const std::string port = std::to_string(cs2sim::scenario::free_port());
    const std::string out = token.shell("nginx", "port=" + port + R"sh(
pkcs11-tool --module $M --slot 0 --login --pin 123456 --keypairgen --key-type rsa:2048 --label tls --id 01 >/dev/null
export OPENSSL_CONF=$HOME/openssl.cnf
key='pkcs11:object=tls;type=private;pin-value=123456'
openssl req -new -x509 -engine pkcs11 -keyform engine -key "$key" -subj /CN=localhost -days 3 -out cert.pem 2>/dev/null
mkdir tmp
cat > nginx.conf <<END
daemon off; worker_processes 1; pid $HOME/pid; error_log $HOME/error.log;
env CS_PKCS11_R3_CFG; env OPENSSL_CONF;
ssl_engine pkcs11;
events {}
http {
  access_log off; client_body_temp_path $HOME/tmp; proxy_temp_path $HOME/tmp; fastcgi_temp_path $HOME/tmp;
  uwsgi_temp_path $HOME/tmp; scgi_temp_path $HOME/tmp;
  server {
    listen 127.0.0.1:$port ssl; ssl_protocols TLSv1.2 TLSv1.3;
    ssl_certificate $HOME/cert.pem; ssl_certificate_key "engine:pkcs11:$key"; return 200 "served";
  }
}
END
[ "$(id -u)" != 0 ] || sed -i '1s/^/user root; /' nginx.conf
/usr/sbin/nginx -p $HOME -c $HOME/nginx.conf 2> start.log &
server=$!
trap 'kill $server 2>/dev/null; wait $server || true' EXIT
until [ -s pid ]; do kill -0 $server || { cat start.log error.log >&2; exit 1; }; sleep 0.05; done
for version in -tls1_2 -tls1_3; do
    printf 'GET / HTTP/1.0\r\n\r\n' | OPENSSL_CONF=/dev/null openssl s_client $version -quiet -ign_eof -connect 127.0.0.1:$port -CAfile cert.pem -verify_return_error 2>/dev/null | tail -n 1
    echo
done
)sh");
    INFO(out);
    CHECK(out == "served\nserved\n");
}
