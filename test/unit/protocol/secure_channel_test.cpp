#include <catch2/catch.hpp>

#include "firmware/crypto/finite_field.h"
#include "firmware/crypto/random.h"
#include "firmware/protocol/channel/secure_channel.h"
#include "test/bad_input.h"

using namespace cs2sim;

namespace {

struct Pair {
    SecureChannel host;
    SecureChannel device;
};

Pair agree(std::uint8_t mode, std::uint8_t mechanism) {
    const auto host = KeyAgreement::start(mode);
    const auto device = KeyAgreement::start(mode);
    REQUIRE(host);
    REQUIRE(device);
    SessionTranscript transcript{7, mode, mechanism, {}, host->public_value(), device->public_value()};
    const auto at_host = host->agree(transcript.device_public);
    const auto at_device = device->agree(transcript.host_public);
    REQUIRE(at_host);
    REQUIRE(at_device);
    CHECK(*at_host == *at_device);
    return {SecureChannel(SecureChannel::Side::host, transcript, *at_host),
            SecureChannel(SecureChannel::Side::device, transcript, *at_device)};
}

}  // namespace

TEST_CASE("what one side seals the other opens, in every mode and mechanism") {
    for (std::uint8_t mode : {SM_MODE_DH, SM_MODE_ECDH, SM_MODE_DH_MA_RSA}) {
        for (std::uint8_t mechanism : {SM_MECH_AES, SM_MECH_AES_CMAC, SM_MECH_AES_GCM}) {
            INFO("mode " << int(mode) << " mechanism " << int(mechanism));
            Pair pair = agree(mode, mechanism);
            CHECK(pair.host.binding() == pair.device.binding());
            CHECK(pair.host.exported_key() == pair.device.exported_key());
            CHECK(pair.host.exported_key() != agree(mode, mechanism).host.exported_key());
            SequenceCounter sequence{};
            for (std::size_t size : {0, 1, 15, 16, 17, 1000}) {
                increment(sequence);
                const Bytes head = random_bytes(7), plain = random_bytes(size);
                Bytes message = head;
                append(message, plain);
                pair.host.seal(sequence, message, head.size());
                CHECK(std::ranges::equal(head, ByteView(message).first(head.size())));
                Bytes sealed = to_bytes(ByteView(message).subspan(head.size()));
                CHECK(sealed.size() <= plain.size() + SecureChannel::kOverhead);
                Bytes opened(sealed.size());
                REQUIRE(pair.device.open(sequence, sealed, opened) == size);
                opened.resize(size);
                CHECK(opened == plain);

                test::bad_input("sealed messages, replayed, reflected, changed or cut", 4);
                // replayed under the next value, reflected to its sender, changed, cut
                SequenceCounter next = sequence;
                increment(next);
                opened.assign(sealed.size(), 0);
                const auto refused = [&](SecureChannel& side, const SequenceCounter& at, ByteView bytes) {
                    const auto size = side.open(at, bytes, opened);
                    return !size && size.error().code == E_CMDS_SM_FAILED &&
                           std::ranges::count(opened, 0) == std::ssize(opened);
                };
                CHECK(refused(pair.device, next, sealed));
                CHECK(refused(pair.host, sequence, sealed));
                sealed.back() ^= 1;
                CHECK(refused(pair.device, sequence, sealed));
                CHECK(refused(pair.device, sequence, ByteView(sealed).first(3)));
            }
        }
    }
}

TEST_CASE("a weak or malformed public value is refused") {
    const auto ec = KeyAgreement::start(SM_MODE_ECDH);
    CHECK(ec->agree({}).error().code == E_CMDS_SM_DH_BAD_PARAM);
    Bytes point = ec->public_value();
    point.back() ^= 1;
    CHECK(ec->agree(point).error().code == E_CMDS_SM_DH_BAD_PARAM);

    const auto dh = KeyAgreement::start(SM_MODE_DH);
    Bytes one(256);
    one.back() = 1;
    CHECK(dh->agree(one).error().code == E_CMDS_SM_DH_BAD_PARAM);
    CHECK(dh->agree(Bytes(256)).error().code == E_CMDS_SM_DH_BAD_PARAM);
    CHECK(dh->agree(Bytes(256, 0xFF)).error().code == E_CMDS_SM_DH_BAD_PARAM);

    // P - y is of the order 2 Q, as P = 3 modulo 4: it would tell a bit of the other's secret.
    Bytes outside = dh_group(2048)->p;
    const Bytes inside = KeyAgreement::start(SM_MODE_DH)->public_value();
    REQUIRE(outside.size() == inside.size());
    int borrow = 0;
    for (std::size_t at = outside.size(); at-- > 0;) {
        const int difference = outside[at] - inside[at] - borrow;
        borrow = difference < 0 ? 1 : 0;
        outside[at] = static_cast<std::uint8_t>(difference & 0xFF);
    }
    CHECK(dh->agree(inside));
    CHECK(dh->agree(outside).error().code == E_CMDS_SM_DH_BAD_PARAM);

    CHECK(KeyAgreement::start(4).error().code == E_CMDS_BAD_MODE);
}

TEST_CASE("the sequence counter carries and wraps") {
    SequenceCounter counter{};
    counter[15] = 0xFF;
    increment(counter);
    CHECK(counter[14] == 1);
    CHECK(counter[15] == 0);
    counter.fill(0xFF);
    increment(counter);
    CHECK(counter == SequenceCounter{});
}

TEST_CASE("password responses are what an independent computation gives") {
    // python3: hashlib.sha1, hmac
    CHECK(to_hex(password_token(2, as_bytes("secret"))) == "E5E9FA1BA31ECD1AE84F75CAAA474F3A663F05F4");
    CHECK(to_hex(password_token(4, as_bytes("secret"))) == "736563726574");
    CHECK(to_hex(password_response(4, as_bytes("secret"), as_bytes("message"))) ==
          "8B5F48702995C1598C573DB1E21866A9B825D4A794D169D7060A03605796360B");
}
