// DSA and DH: what is made here verifies and agrees with the openssl command line, and the reverse; what is
// no group is refused; a search ends when nobody waits.
#include <thread>

#include "firmware/crypto/digest.h"
#include "firmware/crypto/finite_field.h"
#include "test/unit/cxi/interop.h"

using namespace cs2sim;

namespace {

PropertyList dsa_template(std::string_view name, std::uint32_t bits = 0) {
    return CxiBench::key_template(CXI_KEY_ALGO_DSA, bits, "G", name);
}

// One group for all tests: to search for one takes a second.
const DomainParameters& known_group() {
    static const DomainParameters group = generate_dsa_parameters(1024, 160).value();
    return group;
}

PropertyList in_group(PropertyList list, const DomainParameters& group) {
    list.set(CXI_PROP_KEY_DSA_P, group.p);
    if (!group.q.empty()) list.set(CXI_PROP_KEY_DSA_Q, group.q);
    list.set(CXI_PROP_KEY_DSA_G, group.g);
    return list;
}

Bytes property(CxiBench& bench, ByteView key, std::uint32_t id) {
    const auto answer = bench.run(SFC_CXI_KEY_PROP_GET, {key, big_endian_bytes<4>(id)});
    REQUIRE(code_of(answer) == 0);
    ByteView rest = *answer;
    const auto list = PropertyList::decode(parse_prefix("properties:v4", rest)->bytes("properties"));
    REQUIRE(list);
    return to_bytes(list->bytes(id));
}

Result<Bytes> agree(CxiBench& bench, ByteView key, ByteView peer, std::uint32_t more = 0) {
    return bench.run(SFC_CXI_SECRET_AGREE, {0, CXI_MECH_KDF_DH | more, key, peer});
}

}  // namespace

TEST_CASE("DSA signatures, in DER and plain") {
    Interop io;
    REQUIRE(io.openssl("dsaparam -out params 2048"));
    REQUIRE(io.openssl("genpkey -paramfile params -outform DER -out dsa.trad"));
    const Bytes key = io.foreign("dsa", "-paramfile params");
    for (const auto& [hash, name] :
         {std::pair(CXI_MECH_HASH_SHA1, "-sha1"), std::pair(CXI_MECH_HASH_SHA256, "-sha256"),
          std::pair(CXI_MECH_HASH_SHA512, "-sha512")})
        io.signatures(key, "dsa", hash | CXI_MECH_FORMAT_ASN1, name);
    const auto plain = io.bench.sign(key, CXI_MECH_HASH_SHA256, io.data);
    REQUIRE(plain);
    CHECK(plain->size() == 2 * property(io.bench, key, CXI_PROP_KEY_DSA_Q).size());
    CHECK(code_of(io.bench.verify(key, CXI_MECH_HASH_SHA256, io.data, *plain)) == 0);
    CHECK(code_of(io.bench.verify(key, CXI_MECH_HASH_SHA256, io.data, Bytes(plain->size()))) ==
          E_CXI_CRYPT_SIGN_VERIFY);
    CHECK(code_of(io.bench.verify(key, CXI_MECH_HASH_SHA256, io.data, Bytes(7))) == E_CXI_CRYPT_SIGN_VERIFY);
    CHECK(code_of(io.bench.sign(key, CXI_MECH_HASH_SHA256 | CXI_MECH_PAD_PKCS1, io.data)) ==
          E_CXI_CRYPT_MECH);
    CHECK(code_of(io.bench.crypt(key, CXI_MECH_MODE_ENCRYPT, {}, io.data)) == E_CXI_KEY_TYPE);
    CHECK(code_of(agree(io.bench, key, io.get("dsa.pub"))) == E_CXI_KEY_TYPE);
}

TEST_CASE("DSA pairs in a given group and in one that is made, with their numbers as properties") {
    CxiBench bench;
    const DomainParameters& group = known_group();
    const Bytes key = bench.reference(bench.generate(in_group(dsa_template("given"), group)));
    CHECK(property(bench, key, CXI_PROP_KEY_DSA_P) == group.p);
    CHECK(property(bench, key, CXI_PROP_KEY_DSA_Q) == group.q);
    CHECK(property(bench, key, CXI_PROP_KEY_DSA_G) == group.g);
    CHECK(big_endian(property(bench, key, CXI_PROP_KEY_DSA_P_BITS)) == 1024);
    CHECK(big_endian(property(bench, key, CXI_PROP_KEY_DSA_Q_BITS)) == 160);
    CHECK(property(bench, key, CXI_PROP_KEY_DSA_PUBKEY) ==
          public_value(**public_key_from_der(bench.public_key(key))));
    CHECK(code_of(bench.run(SFC_CXI_KEY_PROP_GET, {key, big_endian_bytes<4>(CXI_PROP_KEY_EC_PUBKEY)})) ==
          E_CXI_PROP_NOT_FOUND);

    const Bytes made = bench.reference(bench.generate(dsa_template("made", 1024)));
    CHECK(property(bench, made, CXI_PROP_KEY_DSA_P) != group.p);
    CHECK(big_endian(property(bench, made, CXI_PROP_KEY_DSA_Q_BITS)) == 160);
    PropertyList no_such = dsa_template("none", 2048);
    no_such.set_number(CXI_PROP_KEY_DSA_Q_BITS, 160);
    CHECK(code_of(bench.generate(no_such)) == E_CXI_KEY_INVALID_SIZE);
    CHECK(code_of(bench.generate(dsa_template("none"))) == E_CXI_PROP_NOT_FOUND);

    // The group may stand in the template of the public half, as PKCS#11 has it.
    const auto pair = bench.run(SFC_CXI_KEY_PAIR_GEN, {0, 0, in_group(dsa_template("pub"), group).encode(),
                                                       dsa_template("prv").encode()});
    REQUIRE(code_of(pair) == 0);
    ByteView rest = *pair;
    const auto both = parse("public:v4 private:v4", rest);
    CHECK(property(bench, both->bytes("public"), CXI_PROP_KEY_DSA_P) == group.p);
    const auto signature = bench.sign(both->bytes("private"), CXI_MECH_HASH_SHA256, Bytes(10));
    CHECK(code_of(bench.verify(both->bytes("public"), CXI_MECH_HASH_SHA256, Bytes(10), *signature)) == 0);

    // KEY_DSA_XGEN wants a group.
    CHECK(code_of(bench.run(SFC_CXI_KEY_DSA_XGEN, {0, 0, in_group(dsa_template("xgen"), group).encode()})) ==
          0);
    CHECK(code_of(bench.run(SFC_CXI_KEY_DSA_XGEN, {0, 0, dsa_template("x", 1024).encode()})) ==
          E_CXI_KEY_MISSING_COMP);
    CHECK(code_of(bench.run(SFC_CXI_KEY_DSA_XGEN,
                            {0, 0, CxiBench::key_template(CXI_KEY_ALGO_AES, 128, "G", "x").encode()})) ==
          E_CXI_KEY_INVALID_ALGO);
}

TEST_CASE("what is no group of DSA is refused") {
    CxiBench bench;
    const DomainParameters& good = known_group();
    const auto refused = [&](const DomainParameters& group, std::uint32_t code) {
        CHECK(code_of(bench.generate(in_group(dsa_template("x"), group))) == code);
    };
    refused({good.p, good.q, {}}, E_CXI_KEY_MISSING_COMP);
    refused({good.p, {}, good.g}, E_CXI_KEY_MISSING_COMP);
    refused({Bytes(40, 0xFF), good.q, good.g}, E_CXI_KEY_INVALID_SIZE);
    refused({Bytes(2000, 0xFF), good.q, good.g}, E_CXI_KEY_INVALID_SIZE);
    refused({good.p, Bytes(1000, 0xFF), good.g}, E_CXI_KEY_INVALID_SIZE);
    DomainParameters changed = good;
    changed.p.back() ^= 1;  // even
    refused(changed, E_CXI_KEY_INVALID_COMP);
    changed.p.back() ^= 3;
    refused(changed, E_CXI_KEY_INVALID_COMP);
    refused({good.p, good.q, {1}}, E_CXI_KEY_INVALID_COMP);
    refused({good.p, good.q, {2}}, E_CXI_KEY_INVALID_COMP);  // of another order
    refused({good.p, good.q, good.p}, E_CXI_KEY_INVALID_COMP);

    Bytes of_another_group = good.q;  // no divisor of p - 1
    of_another_group.back() ^= 2;
    CHECK(code_of(bench.run(SFC_CXI_KEY_DSA_GGEN, {0, good.p, of_another_group})) == E_CXI_KEY_INVALID_COMP);
    CHECK(code_of(bench.run(SFC_CXI_KEY_DSA_GGEN, {0, good.p, ByteView()})) == E_CXI_KEY_INVALID_COMP);
    CHECK(code_of(bench.run(SFC_CXI_KEY_DSA_GGEN, {0, Bytes(500, 0xFF), good.q})) == E_CXI_KEY_INVALID_SIZE);
    const auto generator = bench.run(SFC_CXI_KEY_DSA_GGEN, {0, good.p, good.q});
    REQUIRE(code_of(generator) == 0);
    CHECK(check_dsa_parameters({good.p, good.q, to_bytes(parse("g:v2", *generator)->bytes("g"))}));

    const auto searched = bench.run(SFC_CXI_KEY_DSA_PQGEN, {0, 1024, 160});
    REQUIRE(code_of(searched) == 0);
    const auto both = parse("p:v2 q:v2", *searched);
    CHECK(generate_generator(both->bytes("p"), both->bytes("q")));
    CHECK(code_of(bench.run(SFC_CXI_KEY_DSA_PQGEN, {0, 0xFFFFFFFF, 160})) == E_CXI_KEY_INVALID_SIZE);
    bench.context.users.clear();
    CHECK(code_of(bench.run(SFC_CXI_KEY_DSA_PQGEN, {0, 1024, 160})) == E_CXI_PERMISSION_DENIED);
    CHECK(code_of(bench.run(SFC_CXI_KEY_DSA_GGEN, {0, good.p, good.q})) == E_CXI_PERMISSION_DENIED);
}

TEST_CASE("a search that nobody waits for ends, and nothing is stored") {
    CxiBench bench;
    auto abandonment = std::make_shared<Abandonment>();
    bench.context.abandonment = abandonment;
    for (const std::uint32_t algorithm : {CXI_KEY_ALGO_DSA, CXI_KEY_ALGO_DH}) {
        abandonment->begin();
        std::thread hangs_up([&] {
            std::this_thread::sleep_for(std::chrono::milliseconds(30));
            abandonment->withdraw();
        });
        // The longest of DSA, and a length for which RFC 7919 has no group.
        const auto made = bench.generate(
            CxiBench::key_template(algorithm, algorithm == CXI_KEY_ALGO_DSA ? 3072 : 2040, "G", "long"));
        hangs_up.join();
        CHECK(code_of(made) == E_OS_PCI_CANCEL);
    }
    bench.context.abandonment.reset();
    CHECK(bench.cxi.keys.count() == 0u);
}

TEST_CASE("DH agrees with the openssl command line, in both kinds of group") {
    Interop io;
    REQUIRE(io.openssl("genpkey -algorithm DH -pkeyopt group:ffdhe2048 -outform DER -out mine.trad"));
    REQUIRE(io.openssl("genpkey -algorithm DH -pkeyopt group:ffdhe2048 -outform DER -out other.trad"));
    for (const std::string name : {"pkcs3", "x942"}) {
        const std::string how = name == "pkcs3" ? "-algorithm DH -pkeyopt group:ffdhe2048"
                                                : "-algorithm DHX -pkeyopt dh_rfc5114:3";
        const Bytes mine = io.foreign(name, how);
        const Bytes theirs = io.foreign(name + "2", how);
        REQUIRE(io.openssl("pkeyutl -derive -keyform DER -inkey " + name + ".der -peerform DER -peerkey " +
                           name + "2.pub -pkeyopt pad:1 -out secret"));
        const Bytes secret = io.get("secret");
        REQUIRE(secret.size() == 256);
        const Bytes kept = *agree(io.bench, mine, io.get(name + "2.pub"), CXI_MECH_FORMAT_KEEP_LEAD_ZERO);
        CHECK(kept == secret);
        // The bare public value, and the other way round.
        CHECK(*agree(io.bench, mine, property(io.bench, theirs, CXI_PROP_KEY_DSA_PUBKEY),
                     CXI_MECH_FORMAT_KEEP_LEAD_ZERO) == secret);
        CHECK(*agree(io.bench, theirs, io.get(name + ".pub"), CXI_MECH_FORMAT_KEEP_LEAD_ZERO) == secret);

        // A key of its last bytes, or of its hash.
        const auto derived = [&](std::uint32_t more) {
            PropertyList list = CxiBench::key_template(CXI_KEY_ALGO_AES, 256, "G", "derived");
            list.set_number(CXI_PROP_KEY_EXPORT, CXI_KEY_EXPORT_ALLOW_PLAIN);
            const Bytes key = io.bench.reference(
                io.bench.run(SFC_CXI_KEY_DERIVE, {CXI_FLAG_KEY_OVERWRITE, CXI_MECH_KDF_DH | more, mine,
                                                  list.encode(), io.get(name + "2.pub")}));
            return *io.bench.run(SFC_CXI_KEY_EXPORT, {CXI_KEY_TYPE_SECRET | CXI_KEY_TYPE_PLAINTEXT, 0, key,
                                                      ByteView(), ByteView()});
        };
        CHECK(derived(CXI_MECH_FORMAT_KEEP_LEAD_ZERO) == Bytes(secret.end() - 32, secret.end()));
        CHECK(derived(CXI_MECH_HASH_SHA256 | CXI_MECH_FORMAT_KEEP_LEAD_ZERO) == digest("SHA256", {secret}));

        for (const Bytes& bad : {Bytes{1}, Bytes{}, Bytes(256, 0xFF), Bytes(300, 1), Bytes{0}})
            CHECK(code_of(agree(io.bench, mine, bad)) == E_CXI_KEY_INVALID_COMP);
        CHECK(code_of(io.bench.sign(mine, CXI_MECH_HASH_SHA256, io.data)) == E_CXI_KEY_TYPE);
        CHECK(code_of(io.bench.verify(mine, CXI_MECH_HASH_SHA256, io.data, Bytes(64))) == E_CXI_KEY_TYPE);
        CHECK(code_of(io.bench.run(SFC_CXI_SECRET_AGREE,
                                   {0, CXI_MECH_KDF_ECDH, mine, io.get(name + "2.pub")})) == E_CXI_KEY_TYPE);
    }
    const Bytes curve = io.bench.curve("c", "NIST-P256");
    CHECK(code_of(agree(io.bench, curve, io.bench.public_key(curve))) == E_CXI_KEY_TYPE);
}

TEST_CASE("DH pairs: groups by size, given, and wrong ones") {
    CxiBench bench;
    for (const std::uint32_t algorithm : {CXI_KEY_ALGO_DH, CXI_KEY_ALGO_DH_PKCS}) {
        const Bytes one =
            bench.reference(bench.generate(CxiBench::key_template(algorithm, 2048, "G", "one"), 1));
        const Bytes other =
            bench.reference(bench.generate(CxiBench::key_template(algorithm, 2048, "G", "other"), 1));
        CHECK(property(bench, one, CXI_PROP_KEY_DSA_P) == property(bench, other, CXI_PROP_KEY_DSA_P));
        CHECK(agree(bench, one, bench.public_key(other)) == agree(bench, other, bench.public_key(one)));
        CHECK(big_endian(property(bench, one, CXI_PROP_KEY_ALGO)) == algorithm);
    }
    // In a group with subprime, and in one without.
    for (DomainParameters group : {known_group(), *dh_group(3072)}) {
        const Bytes one = bench.reference(
            bench.generate(in_group(CxiBench::key_template(CXI_KEY_ALGO_DH, 0, "G", "a"), group), 1));
        const Bytes other = bench.reference(
            bench.generate(in_group(CxiBench::key_template(CXI_KEY_ALGO_DH, 0, "G", "b"), group), 1));
        CHECK(agree(bench, one, bench.public_key(other)) == agree(bench, other, bench.public_key(one)));
        CHECK(code_of(bench.run(SFC_CXI_KEY_PROP_GET, {one, big_endian_bytes<4>(CXI_PROP_KEY_DSA_Q)})) ==
              (group.q.empty() ? std::uint32_t{E_CXI_PROP_NOT_FOUND} : 0u));
    }
    CHECK(code_of(bench.generate(CxiBench::key_template(CXI_KEY_ALGO_DH, 512, "G", "x"))) ==
          E_CXI_KEY_INVALID_SIZE);
    CHECK(code_of(bench.generate(CxiBench::key_template(CXI_KEY_ALGO_DH, 5000, "G", "x"))) ==
          E_CXI_KEY_INVALID_SIZE);
    CHECK(code_of(bench.generate(in_group(CxiBench::key_template(CXI_KEY_ALGO_DH, 0, "G", "x"),
                                          {Bytes(256, 0xFE), {}, {2}}))) == E_CXI_KEY_INVALID_COMP);
    CHECK(code_of(bench.generate(in_group(CxiBench::key_template(CXI_KEY_ALGO_DH, 0, "G", "x"),
                                          {Bytes(256, 0xFF), {}, {}}))) == E_CXI_KEY_MISSING_COMP);
}

TEST_CASE("a group of DH whose numbers are not what they must be is refused, made in or imported") {
    CxiBench bench;
    const DomainParameters good = *dh_group(2048), with_subprime = known_group();
    DomainParameters composite = good, composite_too = with_subprime, of_order_two = good,
                     other_order = with_subprime;
    composite.p.back() ^= 2;
    composite_too.p.back() ^= 2;
    of_order_two.g = good.p;
    of_order_two.g.back() ^= 1;  // P - 1
    other_order.g = Bytes{2};
    for (const auto* group : {&composite, &composite_too, &of_order_two, &other_order}) {
        INFO((group - &composite));
        CHECK(code_of(bench.generate(in_group(CxiBench::key_template(CXI_KEY_ALGO_DH, 0, "G", "x"),
                                              *group))) == E_CXI_KEY_INVALID_COMP);
        const auto key = private_key_in(*group, false, Bytes{7});
        REQUIRE(key);
        const SecretBytes der = private_key_der(**key);
        PropertyList list;
        list.set(CXI_PROP_KEY_GROUP, "G");
        list.set(CXI_PROP_KEY_NAME, "x");
        CHECK(code_of(bench.run(SFC_CXI_KEY_IMPORT, {0, +CXI_KEY_TYPE_PRIVATE, 0, list.encode(), ByteView(),
                                                     ByteView(der), ByteView()})) == E_CXI_KEY_INVALID_COMP);
    }
}

TEST_CASE("DSA and DH keys are imported, exported, backed up and restored as others are") {
    Interop io;
    REQUIRE(io.openssl("dsaparam -out params 1024"));
    for (const auto& [name, how] :
         {std::pair("dsa", "-paramfile params"), std::pair("dh", "-algorithm DH -pkeyopt group:ffdhe2048"),
          std::pair("dhx", "-algorithm DHX -pkeyopt dh_rfc5114:2")}) {
        INFO(name);
        const Bytes key = io.foreign(name, how);
        CHECK(io.bench.public_key(key) == io.get(std::string(name) + ".pub"));
        const auto backup = io.bench.run(SFC_CXI_KEY_BACKUP, {key});
        REQUIRE(code_of(backup) == 0);
        REQUIRE(code_of(io.bench.run(SFC_CXI_KEY_DELETE, {key})) == 0);
        CHECK(io.bench.reference(io.bench.run(SFC_CXI_KEY_RESTORE, {0, PropertyList().encode(), *backup})) ==
              key);
        CHECK(io.bench.public_key(key) == io.get(std::string(name) + ".pub"));

        PropertyList list;
        list.set(CXI_PROP_KEY_NAME, "again");
        list.set_number(CXI_PROP_KEY_EXPORT, CXI_KEY_EXPORT_ALLOW_PLAIN);
        const Bytes der = io.get(std::string(name) + ".der");
        const auto import = [&](std::uint32_t type, ByteView blob) {
            return io.bench.run(SFC_CXI_KEY_IMPORT, {CXI_FLAG_KEY_OVERWRITE, type, 0, list.encode(),
                                                     ByteView(), blob, ByteView()});
        };
        const Bytes plain = io.bench.reference(import(CXI_KEY_TYPE_PRIVATE, der));
        CHECK(*io.bench.run(SFC_CXI_KEY_EXPORT, {CXI_KEY_TYPE_PRIVATE | CXI_KEY_TYPE_PLAINTEXT, 0, plain,
                                                 ByteView(), ByteView()}) == der);
        CHECK(code_of(import(CXI_KEY_TYPE_PUBLIC, io.get(std::string(name) + ".pub"))) == 0);
        // What the template says must be so.
        list.set(CXI_PROP_KEY_DSA_G, Bytes{9});
        CHECK(code_of(import(CXI_KEY_TYPE_PRIVATE, der)) == E_CXI_PROP_COMPARE);
        list.erase(CXI_PROP_KEY_DSA_G);
        list.set_number(CXI_PROP_KEY_DSA_P_BITS, 512);
        CHECK(code_of(import(CXI_KEY_TYPE_PRIVATE, der)) == E_CXI_KEY_INVALID_SIZE);
        list.erase(CXI_PROP_KEY_DSA_P_BITS);
        list.set_number(CXI_PROP_KEY_ALGO, CXI_KEY_ALGO_RSA);
        CHECK(code_of(import(CXI_KEY_TYPE_PRIVATE, der)) == E_CXI_PROP_COMPARE);
        Bytes cut = der;
        cut.pop_back();
        CHECK(code_of(import(CXI_KEY_TYPE_PRIVATE, cut)) == E_CXI_KEY_INVALID_COMP);
    }
}

TEST_CASE("where the profile has no DSA and DH, and in FIPS and CC modes") {
    CxiBench bench;
    const PropertyList dsa = dsa_template("d", 1024),
                       dh = CxiBench::key_template(CXI_KEY_ALGO_DH, 2048, "G", "h");
    const PropertyList short_dh =
        in_group(CxiBench::key_template(CXI_KEY_ALGO_DH, 0, "G", "s"), known_group());
    const Bytes key = bench.reference(bench.generate(in_group(dsa_template("kept"), known_group())));
    bench.set_modes(MODE_OPERATIONAL | MODE_FIPS);
    CHECK(code_of(bench.generate(dsa)) == E_CXI_FIPS_ALGO);
    CHECK(code_of(bench.sign(key, CXI_MECH_HASH_SHA256, {})) == E_CXI_FIPS_ALGO);
    CHECK(code_of(bench.run(SFC_CXI_KEY_DSA_PQGEN, {0, 1024, 160})) == E_CXI_FIPS_ALGO);
    CHECK(code_of(bench.generate(short_dh)) == E_CXI_FIPS_KEY_SIZE);
    CHECK(code_of(bench.generate(dh)) == 0);
    bench.set_modes(MODE_OPERATIONAL | MODE_CC);
    CHECK(code_of(bench.generate(dsa)) == E_CXI_CC_ALGO);
    CHECK(code_of(bench.generate(dh)) == E_CXI_CC_ALGO);
    bench.set_modes(MODE_OPERATIONAL);
    bench.profile().dsa = false;
    CHECK(code_of(bench.generate(dsa)) == E_CXI_KEY_INVALID_ALGO);
    CHECK(code_of(bench.generate(dh)) == E_CXI_KEY_INVALID_ALGO);
    CHECK(code_of(bench.sign(key, CXI_MECH_HASH_SHA256, {})) == E_CXI_KEY_INVALID_ALGO);
    CHECK(code_of(bench.run(SFC_CXI_KEY_DSA_GGEN, {0, known_group().p, known_group().q})) ==
          E_CXI_KEY_INVALID_ALGO);
}
