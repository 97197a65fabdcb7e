// OpenSSH: keys of the token as ssh-keygen tells them, and ssh-agent signing with one.
#include "test/clients/token.h"

using namespace cs2sim::clients;

TEST_CASE("ssh-keygen tells the token's keys, and ssh-agent signs with them") {
    const Token token(GENERATE(Way::mount, Way::tcp));
    const std::string out = token.shell("openssh-client", R"sh(
pkcs11-tool --module $M --slot 0 --login --pin 123456 --keypairgen --key-type EC:prime256v1 --label ssh --id 01 >/dev/null
printf '#!/bin/sh\necho 123456\n' > ask; chmod 700 ask
export SSH_ASKPASS=$HOME/ask SSH_ASKPASS_REQUIRE=force
ssh-keygen -D $M | head -n 1 > key.pub
cut -d ' ' -f 1 key.pub
eval $(ssh-agent -s -P '/*') >/dev/null
trap 'ssh-agent -k >/dev/null' EXIT
ssh-add -s $M 2>/dev/null
echo data > data
ssh-keygen -Y sign -f key.pub -n file data 2>/dev/null
{ printf 'me '; cat key.pub; } > allowed
ssh-keygen -Y verify -f allowed -I me -n file -s data.sig < data
)sh");
    CHECK(out.find("ecdsa-sha2-nistp256") != std::string::npos);
    CHECK(out.find("Good \"file\" signature") != std::string::npos);
}

TEST_CASE("ssh -I logs on to a server by a key in the token") {
    const Token token(GENERATE(Way::mount, Way::tcp));
    const std::string out = token.shell("openssh-server", R"sh(
pkcs11-tool --module $M --slot 0 --login --pin 123456 --keypairgen --key-type EC:prime256v1 --label ssh --id 01 >/dev/null
ssh-keygen -q -t ed25519 -N '' -f host
ssh-keygen -D $M > authorized
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
printf '%s\n' "Port $port" 'ListenAddress 127.0.0.1' "HostKey $PWD/host" "AuthorizedKeysFile $PWD/authorized" \
    "PidFile $PWD/sshd.pid" 'UsePAM no' 'StrictModes no' 'PasswordAuthentication no' \
    'KbdInteractiveAuthentication no' 'PermitRootLogin yes' > sshd.cfg
[ "$(id -u)" != 0 ] || [ -d /run/sshd ] || { mkdir /run/sshd; trap 'rmdir /run/sshd' EXIT; }
/usr/sbin/sshd -f $PWD/sshd.cfg -E $PWD/sshd.log
printf '#!/bin/sh\necho 123456\n' > ask; chmod 700 ask
export SSH_ASKPASS=$PWD/ask SSH_ASKPASS_REQUIRE=force
said=0
ssh -F none -p $port -I $M -o IdentityAgent=none -o StrictHostKeyChecking=no -o UserKnownHostsFile=$PWD/known \
    -o PreferredAuthentications=publickey "$(id -un)@127.0.0.1" 'echo by a key in the token' 2> ssh.log || said=$?
kill $(cat sshd.pid)
cat ssh.log sshd.log
exit $said
)sh");
    INFO(out);
    CHECK(out.find("by a key in the token") != std::string::npos);
    CHECK(out.find("Accepted publickey") != std::string::npos);
}
