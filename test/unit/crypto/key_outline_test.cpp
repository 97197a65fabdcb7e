// Keys in DER whose numbers are too long are refused before OpenSSL computes with them.
#include "firmware/crypto/key_outline.h"

#include "firmware/crypto/finite_field.h"
#include "test/der.h"
#include "test/processor_time.h"

using namespace cs2sim;
namespace der = test::der;

namespace {

constexpr unsigned kMinutes = 65536;  // bits of which one power takes a minute

template <class Work>
double milliseconds(const Work& work) {
    const double begun = test::processor_milliseconds(CLOCK_THREAD_CPUTIME_ID);
    work();
    return test::processor_milliseconds(CLOCK_THREAD_CPUTIME_ID) - begun;
}

// `of_size`: its encoding at so many bits.
template <class Make>
void refused_at_once(const char* what, const Make& of_size) {
    for (const unsigned bits : {10240u, 16392u, kMinutes}) {
        INFO(what << ", " << bits << " bits");
        const Bytes key = of_size(bits);
        CHECK(milliseconds([&] { CHECK(!private_key_from_der(key)); }) < test::kMostMilliseconds);
        CHECK(milliseconds([&] { CHECK(!public_key_from_der(key)); }) < test::kMostMilliseconds);
    }
}

}  // namespace

TEST_CASE("an outline has the sizes of the keys that OpenSSL makes") {
    const auto rsa = generate_rsa(2048);
    const auto dsa = generate_dsa(*generate_dsa_parameters(1024, 160));
    const auto dh = generate_dh(*dh_group(3072));
    const auto ec = generate_ec("NIST-P256");
    const auto outlines = [](const EVP_PKEY& key, int type, unsigned bits) {
        INFO(EVP_PKEY_get0_type_name(&key));
        for (const auto& outline :
             {private_key_outline(private_key_der(key)), public_key_outline(public_key_der(key))}) {
            REQUIRE(outline);
            CHECK(outline->type == type);
            CHECK(outline->bits == bits);
            CHECK(outline->is_sound());
        }
    };
    outlines(**rsa, EVP_PKEY_RSA, 2048);
    outlines(**dsa, EVP_PKEY_DSA, 1024);
    outlines(**dh, EVP_PKEY_DH, 3072);
    outlines(**ec, EVP_PKEY_EC, 0);
    for (const char* name : {"ED25519", "X25519", "ED448", "X448"}) {
        const Handle<EVP_PKEY> key(EVP_PKEY_Q_keygen(nullptr, nullptr, name));
        outlines(*key, EVP_PKEY_get_id(key.get()), 0);
    }
}

TEST_CASE("a key whose numbers would take minutes is refused at once, whichever number is long") {
    using namespace der;
    const Bytes x = number(Bytes(160, 0x5A));
    refused_at_once("DSA, p", [&](unsigned bits) { return pkcs8(group(kDsa, bits, 256), x); });
    refused_at_once("DSA, q", [&](unsigned bits) { return pkcs8(group(kDsa, 2048, bits), x); });
    refused_at_once("DSA, x", [](unsigned bits) { return pkcs8(group(kDsa, 2048, 256), long_number(bits)); });
    refused_at_once("DH, p", [&](unsigned bits) { return pkcs8(group(kDh, bits, 0), x); });
    refused_at_once("DH, x", [](unsigned bits) { return pkcs8(group(kDh, 2048, 0), long_number(bits)); });
    refused_at_once("DHX, q", [&](unsigned bits) { return pkcs8(group(kDhx, 2048, bits), x); });
    refused_at_once("DSA public", [&](unsigned bits) { return spki(group(kDsa, bits, 256), x); });
    refused_at_once("DH public, y",
                    [](unsigned bits) { return spki(group(kDh, 2048, 0), long_number(bits)); });
    refused_at_once("RSA public, e", [](unsigned bits) { return rsa_public(2048, bits); });
    refused_at_once("RSA private, d", [](unsigned bits) {
        return pkcs8(list({kRsa, Bytes{5, 0}}), list({number({}), long_number(2048), number(Bytes{3}),
                                                      long_number(bits), number(Bytes{3}), number(Bytes{5}),
                                                      number(Bytes{1}), number(Bytes{1}), number(Bytes{1})}));
    });
}

TEST_CASE("more primes than two, and curves of one's own with long numbers, are read before they are tried") {
    using namespace der;
    const Bytes one = number(Bytes{1});
    for (const Bytes& version : {number({}), one}) {
        const Bytes others = list({list({long_number(8192), one, one})});
        const Bytes inner =
            list({version, long_number(2048), number(Bytes{3}), one, one, one, one, one, one, others});
        CHECK(!private_key_outline(pkcs8(list({kRsa, Bytes{5, 0}}), inner)));
    }
    const auto curve = [&](const Bytes& cofactor) {
        const Bytes prime = element(0x30, {element(0x06, Bytes{0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x01, 0x01})});
        const Bytes numbers = list({one, list({prime, long_number(520)}),
                                    list({element(0x04, Bytes(65, 1)), element(0x04, Bytes(65, 2))}),
                                    element(0x04, Bytes(131, 4)), long_number(520), cofactor});
        return pkcs8(list({element(0x06, Bytes{0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01}), numbers}),
                     list({one, element(0x04, Bytes(65, 3))}));
    };
    CHECK(private_key_outline(curve(one)));
    CHECK(!private_key_outline(curve(long_number(1024))));
    CHECK(!private_key_outline(curve(long_number(100000))));
}

TEST_CASE("what is no key in DER has no outline") {
    const Bytes good = public_key_der(**generate_ec("NIST-P256"));
    REQUIRE(public_key_outline(good));
    for (std::size_t size = 0; size < good.size(); ++size)
        CHECK(!public_key_outline(ByteView(good).first(size)));
    Bytes longer = good;
    longer.push_back(0);
    CHECK(!public_key_outline(longer));
    CHECK(!private_key_outline(good));
    // Of no definite length, of no known kind, and without its group.
    Bytes indefinite = good;
    indefinite[1] = 0x80;
    append(indefinite, Bytes{0, 0});
    CHECK(!public_key_outline(indefinite));
    CHECK(!public_key_outline(der::spki(der::list({Bytes{0x06, 0x01, 0x2A}}), der::number(Bytes{1}))));
    CHECK(!public_key_outline(der::spki(der::list({der::kDsa}), der::number(Bytes{1}))));
    CHECK(!public_key_from_der(der::spki(der::group(der::kDsa, 0, 0), der::number(Bytes{1}))));
}

TEST_CASE("keys of different kinds or groups do not agree, found before the other is checked") {
    const auto p256 = *generate_ec("NIST-P256"), p384 = *generate_ec("NIST-P384");
    const auto dh = *generate_dh(*dh_group(2048));
    // No key takes OpenSSL longer to check than these.
    const auto long_rsa = *public_key_from_der(der::rsa_public(16384, 24));
    const auto long_dhx =
        *public_key_from_der(der::spki(der::group(der::kDhx, 8192, 8184), der::long_number(8184)));
    const Handle<EVP_PKEY> x25519(EVP_PKEY_Q_keygen(nullptr, nullptr, "X25519"));
    for (const EVP_PKEY* own : {p256.get(), x25519.get()})
        for (const EVP_PKEY* peer : {long_rsa.get(), long_dhx.get(), p384.get(), dh.get()})
            CHECK(milliseconds([&] { CHECK(ecdh(*own, *peer).error().code == E_ECA_BAD_POINT); }) <
                  test::kMostMilliseconds);
    for (const EVP_PKEY* peer : {long_rsa.get(), long_dhx.get(), p256.get()})
        CHECK(milliseconds([&] {
                  CHECK(dh_agree(*dh, *peer, false).error().code == E_CXI_KEY_INVALID_COMP);
              }) < test::kMostMilliseconds);
    CHECK(ecdh(*p256, **generate_ec("NIST-P256")));
    CHECK(dh_agree(*dh, **generate_dh(*dh_group(2048)), false));
}
