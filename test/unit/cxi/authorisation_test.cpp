// Key authorisation keys: a key works when one is bound to it and has let it work, so many times.
#include "test/unit/cxi/cxi_bench.h"

using namespace cs2sim;

namespace {

constexpr std::uint32_t kMechanism = CXI_MECH_PAD_PSS | CXI_MECH_HASH_SHA256;

Bytes rsa_krad(const EVP_PKEY& key, std::uint8_t protocol = CXI_KRAD_PKCS1) {
    return compose(LAYOUT_CXI_KRAD, {protocol, CXI_KRAD_FORM, CXI_KRAD_RSA, key_number(key, "n").value(),
                                     key_number(key, "e").value()})
        .value();
}

class Device : public CxiBench {
public:
    Device() : CxiBench(MODE_OPERATIONAL | MODE_CC) { profile().key_authorisation = true; }

    Result<Bytes> initialise(ByteView key, ByteView krad, std::uint8_t assigned = 0) {
        return run(SFC_CXI_KEY_INITIALIZE, {key, assigned, krad});
    }
    // With a signature by `by` over what the device asked for.
    std::uint32_t authorise(ByteView key, std::uint32_t count, const EVP_PKEY& by) {
        const auto asked = run(SFC_CXI_KEY_AUTH_CHALLENGE, {key, count});
        if (!asked) return asked.error().code;
        const auto block = parse("handle:u4 data:*", *asked);
        return code_of(run(SFC_CXI_KEY_AUTHORIZE,
                           {block->u32("handle"), sign_sha256(by, block->bytes("data")).value()}));
    }
    std::uint32_t uses(ByteView key) { return code_of(sign(key, kMechanism, Bytes(3))); }
    PropertyList property(ByteView key, std::uint32_t id) {
        const auto answer = run(SFC_CXI_KEY_PROP_GET, {key, big_endian_bytes<4>(id)});
        REQUIRE(code_of(answer) == 0);
        ByteView rest = *answer;
        return PropertyList::decode(parse_prefix("properties:v4", rest)->bytes("properties")).value();
    }
    std::uint32_t counter(ByteView key, std::uint32_t id) { return *property(key, id).number(id); }
    bool is_assigned(ByteView key) {
        return property(key, CXI_PROP_CC_ASSIGNED).flag_or(CXI_PROP_CC_ASSIGNED, false);
    }

    const PrivateKey kak = generate_rsa(2048).value();
    const PrivateKey other = generate_rsa(2048).value();
};

}  // namespace

TEST_CASE("a key works when it was initialised and authorised, as often as it was authorised for") {
    Device device;
    const Bytes key = device.rsa("k");
    CHECK(device.uses(key) == E_CXI_CC_KEY_NOT_INITIALISED);
    CHECK(device.authorise(key, 1, *device.kak) == E_CXI_CC_KEY_NOT_INITIALISED);
    REQUIRE(code_of(device.initialise(key, rsa_krad(*device.kak))) == 0);
    CHECK(code_of(device.initialise(key, rsa_krad(*device.other))) == E_CXI_CC_KEY_ALREADY_INITIALISED);
    CHECK(device.uses(key) == E_CXI_CC_KEY_NOT_AUTHORISED);
    REQUIRE(device.authorise(key, 2, *device.kak) == 0);
    CHECK(device.counter(key, CXI_PROP_CC_AUTH_COUNTER) == 2);
    CHECK(device.uses(key) == 0);
    CHECK(device.uses(key) == 0);
    CHECK(device.uses(key) == E_CXI_CC_KEY_NOT_AUTHORISED);
    // A count stands for what was left before; without limit; taken back.
    REQUIRE(device.authorise(key, 5, *device.kak) == 0);
    REQUIRE(device.authorise(key, 1, *device.kak) == 0);
    CHECK(device.uses(key) == 0);
    CHECK(device.uses(key) == E_CXI_CC_KEY_NOT_AUTHORISED);
    REQUIRE(device.authorise(key, CXI_AUTH_NO_LIMIT, *device.kak) == 0);
    for (int i = 0; i < 5; ++i) CHECK(device.uses(key) == 0);
    CHECK(device.counter(key, CXI_PROP_CC_AUTH_COUNTER) == CXI_AUTH_NO_LIMIT);
    REQUIRE(device.authorise(key, 0, *device.kak) == 0);
    CHECK(device.uses(key) == E_CXI_CC_KEY_NOT_AUTHORISED);

    // Each signature of a bulk counts, all or none.
    const auto bulk = [&](std::size_t count) {
        Bytes list;
        for (std::size_t i = 0; i < count; ++i) compose_fitting_into(list, LAYOUT_CXI_BULK_ENTRY, Bytes(32));
        return code_of(device.run(SFC_CXI_SIGN_BULK, {0, kMechanism, key, ByteView(), list}));
    };
    REQUIRE(device.authorise(key, 3, *device.kak) == 0);
    CHECK(bulk(4) == E_CXI_CC_KEY_NOT_AUTHORISED);
    CHECK(bulk(2) == 0);
    CHECK(device.counter(key, CXI_PROP_CC_AUTH_COUNTER) == 1);
}

TEST_CASE("KAKs by PKCS#1, PSS and ECDSA, and what is none") {
    Device device;
    const Bytes aes = device.aes("G", "aes");
    const PrivateKey curve = generate_ec("brainpoolP320t1").value();
    const Bytes krad = compose(LAYOUT_CXI_KRAD, {CXI_KRAD_ECDSA, CXI_KRAD_FORM, CXI_KRAD_EC,
                                                 "brainpoolP320t1", ec_point(*curve)})
                           .value();
    REQUIRE(code_of(device.initialise(aes, krad)) == 0);
    CHECK(device.authorise(aes, 1, *device.kak) == E_CXI_CC_KEY_AUTH_FAILED);
    REQUIRE(device.authorise(aes, 1, *curve) == 0);
    const std::uint32_t gcm = CXI_MECH_MODE_ENCRYPT | CXI_MECH_CHAIN_GCM;
    CHECK(code_of(device.crypt(aes, gcm, iv_parameter(Bytes(12)), Bytes(5))) == 0);
    CHECK(code_of(device.crypt(aes, gcm, iv_parameter(Bytes(12)), Bytes(5))) == E_CXI_CC_KEY_NOT_AUTHORISED);

    // PSS is told apart from PKCS#1.
    const Bytes key = device.rsa("k");
    REQUIRE(code_of(device.initialise(key, rsa_krad(*device.kak, CXI_KRAD_PSS))) == 0);
    CHECK(device.authorise(key, 1, *device.kak) == E_CXI_CC_KEY_AUTH_FAILED);

    const Bytes free = device.rsa("free");
    const auto refused = [&](const Bytes& bad, std::uint32_t code) {
        CHECK(code_of(device.initialise(free, bad)) == code);
    };
    refused({}, E_CXI_KEY_INVALID_TOKEN);
    Bytes good = rsa_krad(*device.kak), changed = good;
    changed[0] = 9;
    refused(changed, E_CXI_KEY_INVALID_TOKEN);
    changed = good;
    changed[1] = 0;
    refused(changed, E_CXI_KEY_INVALID_TOKEN);
    changed = good;
    changed.pop_back();
    refused(changed, E_CXI_KEY_INVALID_TOKEN);
    refused(rsa_krad(**generate_rsa(1024)), E_CXI_CC_KEY_SIZE);
    refused(compose(LAYOUT_CXI_KRAD,
                    {CXI_KRAD_PKCS1, CXI_KRAD_FORM, CXI_KRAD_RSA, Bytes(30000, 0xFF), Bytes(30000, 0xFF)})
                .value(),
            E_CXI_KEY_INVALID_TOKEN);
    refused(
        compose(LAYOUT_CXI_KRAD, {CXI_KRAD_ECDSA, CXI_KRAD_FORM, CXI_KRAD_EC, "no curve", Bytes(65)}).value(),
        E_CXI_KEY_INVALID_TOKEN);
    CHECK(code_of(device.initialise(free, good, 2)) == E_CXI_INVALID_PARAM_VAL);
}

TEST_CASE("failed authorisations lock a key, and its security officer unlocks it") {
    Device device;
    device.profile().max_key_auth_fails = 3;
    const Bytes key = device.rsa("k");
    REQUIRE(code_of(device.initialise(key, rsa_krad(*device.kak))) == 0);
    REQUIRE(device.authorise(key, CXI_AUTH_NO_LIMIT, *device.kak) == 0);
    CHECK(device.authorise(key, 1, *device.other) == E_CXI_CC_KEY_AUTH_FAILED);
    CHECK(device.authorise(key, 1, *device.other) == E_CXI_CC_KEY_AUTH_FAILED);
    CHECK(device.counter(key, CXI_PROP_CC_AUTH_FAIL_COUNTER) == 2);
    CHECK(device.uses(key) == 0);
    REQUIRE(device.authorise(key, CXI_AUTH_NO_LIMIT, *device.kak) == 0);  // begins anew
    CHECK(device.counter(key, CXI_PROP_CC_AUTH_FAIL_COUNTER) == 0);
    for (int i = 0; i < 3; ++i) CHECK(device.authorise(key, 1, *device.other) == E_CXI_CC_KEY_AUTH_FAILED);
    CHECK(device.authorise(key, 1, *device.kak) == E_CXI_CC_KEY_BLOCKED);
    CHECK(device.uses(key) == E_CXI_CC_KEY_BLOCKED);

    // Deleted and restored, it is as locked.
    const auto backup = device.run(SFC_CXI_KEY_BACKUP, {key});
    REQUIRE(code_of(device.run(SFC_CXI_KEY_DELETE, {key})) == 0);
    REQUIRE(code_of(device.run(SFC_CXI_KEY_RESTORE, {0, PropertyList().encode(), *backup})) == 0);
    CHECK(device.uses(key) == E_CXI_CC_KEY_BLOCKED);

    CHECK(code_of(device.run(SFC_CXI_KEY_UNBLOCK, {key})) == E_CXI_PERMISSION_DENIED);
    device.log_on(0x00000200, "CXI_GROUP=G");
    REQUIRE(code_of(device.run(SFC_CXI_KEY_UNBLOCK, {key})) == 0);
    CHECK(code_of(device.run(SFC_CXI_KEY_UNBLOCK, {key})) == E_CXI_CC_KEY_NOT_BLOCKED);
    device.log_on(0x00000002, "CXI_GROUP=*");
    CHECK(device.uses(key) == E_CXI_CC_KEY_NOT_AUTHORISED);
    CHECK(device.authorise(key, 1, *device.kak) == 0);
}

TEST_CASE("a challenge serves once, for its key, its count and its caller") {
    Device device;
    const Bytes key = device.rsa("k");
    REQUIRE(code_of(device.initialise(key, rsa_krad(*device.kak))) == 0);
    const auto ask = [&] {
        const Bytes asked = device.run(SFC_CXI_KEY_AUTH_CHALLENGE, {key, 1}).value();
        return parse("handle:u4 data:*", asked)->u32("handle");
    };
    const auto answer = device.run(SFC_CXI_KEY_AUTH_CHALLENGE, {key, 1});
    const auto block = parse("handle:u4 data:*", *answer);
    const Bytes signature = *sign_sha256(*device.kak, block->bytes("data"));
    const auto bring = [&](std::uint32_t handle) {
        return code_of(device.run(SFC_CXI_KEY_AUTHORIZE, {handle, signature}));
    };
    CHECK(bring(block->u32("handle") + 7) == E_CXI_INVALID_PARAM_VAL);
    CHECK(bring(block->u32("handle")) == 0);
    CHECK(bring(block->u32("handle")) == E_CXI_INVALID_PARAM_VAL);
    CHECK(bring(ask()) == E_CXI_CC_KEY_AUTH_FAILED);  // the signature of another challenge
    const std::uint32_t first = ask();
    ask();
    CHECK(bring(first) == E_CXI_INVALID_PARAM_VAL);  // a new one takes the place of the last
    const std::uint32_t last = ask();
    device.context.users.clear();
    CHECK(bring(last) == E_CXI_PERMISSION_DENIED);
}

TEST_CASE("public keys, public work, volatile keys and other profiles need no authorisation") {
    Device device;
    const Bytes key = device.rsa("k");
    PropertyList list;
    list.set(CXI_PROP_KEY_NAME, "pub");
    list.set(CXI_PROP_KEY_GROUP, "G");
    const Bytes half = device.import(CXI_KEY_TYPE_PUBLIC, list, device.public_key(key));
    CHECK(code_of(device.initialise(half, rsa_krad(*device.kak))) == E_CXI_CC_KEY_AUTH_PUBLIC);
    CHECK(code_of(device.initialise(half, rsa_krad(*device.kak), 1)) == E_CXI_CC_ASSIGNED_KEY_PUBLIC);
    CHECK(device.authorise(half, 1, *device.kak) == E_CXI_CC_KEY_AUTH_PUBLIC);
    for (const Bytes& each : {key, half}) {
        CHECK(code_of(device.verify(each, kMechanism, Bytes(3), Bytes(256))) == E_CXI_CRYPT_SIGN_VERIFY);
        CHECK(code_of(device.crypt(each, CXI_MECH_MODE_ENCRYPT | CXI_MECH_PAD_OAEP, {}, Bytes(3))) == 0);
    }
    const Bytes fleeting = device.reference(
        device.generate(CxiBench::key_template(CXI_KEY_ALGO_AES, 256, "G", "v"), CXI_FLAG_KEY_VOLATILE));
    const std::uint32_t gcm = CXI_MECH_MODE_ENCRYPT | CXI_MECH_CHAIN_GCM;
    CHECK(code_of(device.crypt(fleeting, gcm, iv_parameter(Bytes(12)), Bytes(5))) == 0);
    REQUIRE(code_of(device.initialise(fleeting, rsa_krad(*device.kak))) == 0);
    CHECK(code_of(device.crypt(fleeting, gcm, iv_parameter(Bytes(12)), Bytes(5))) ==
          E_CXI_CC_KEY_NOT_AUTHORISED);

    device.profile().key_authorisation = false;
    CHECK(device.uses(key) == 0);
    CHECK(code_of(device.initialise(key, rsa_krad(*device.kak))) == E_CXI_NOT_SUPPORTED);
    CHECK(device.authorise(key, 1, *device.kak) == E_CXI_NOT_SUPPORTED);
    CHECK(code_of(device.run(SFC_CXI_KEY_AUTHORIZE, {1, Bytes(256)})) == E_CXI_INVALID_PARAM_VAL);
}

TEST_CASE("no detour leads around a KAK: copies, wrapping, restore, templates") {
    Device device;
    PropertyList list = CxiBench::key_template(CXI_KEY_ALGO_AES, 256, "G", "k");
    list.set_number(CXI_PROP_KEY_EXPORT, CXI_KEY_EXPORT_ALLOW);
    const Bytes key = device.reference(device.generate(list));
    const Bytes wrapping = device.aes("G", "w");
    for (const Bytes& each : {key, wrapping})
        REQUIRE(code_of(device.initialise(each, rsa_krad(*device.kak))) == 0);
    const auto wrap = [&] {
        return code_of(device.run(SFC_CXI_KEY_WRAP, {CXI_MECH_CHAIN_KEY_WRAP, key, wrapping, ByteView()}));
    };
    REQUIRE(device.authorise(wrapping, CXI_AUTH_NO_LIMIT, *device.kak) == 0);
    CHECK(wrap() == E_CXI_CC_KEY_NOT_AUTHORISED);
    REQUIRE(device.authorise(key, 1, *device.kak) == 0);
    CHECK(wrap() == 0);
    CHECK(wrap() == E_CXI_CC_KEY_NOT_AUTHORISED);

    // A backup of an authorised key comes back without authorisation, a copy begins without.
    REQUIRE(device.authorise(key, CXI_AUTH_NO_LIMIT, *device.kak) == 0);
    const auto backup = device.run(SFC_CXI_KEY_BACKUP, {key});
    REQUIRE(code_of(device.run(SFC_CXI_OBJ_COPY,
                               {0, key, CxiBench::key_template(CXI_KEY_ALGO_AES, 256, "G", "c").encode()})) ==
            E_CXI_PROP_READONLY);
    PropertyList names;
    names.set(CXI_PROP_KEY_NAME, "copy");
    names.set(CXI_PROP_KEY_GROUP, "G");
    const Bytes copy = device.reference(device.run(SFC_CXI_OBJ_COPY, {0, key, names.encode()}));
    CHECK(device.counter(copy, CXI_PROP_CC_AUTH_COUNTER) == 0);
    CHECK(code_of(device.initialise(copy, rsa_krad(*device.other))) == E_CXI_CC_KEY_ALREADY_INITIALISED);
    REQUIRE(code_of(device.run(SFC_CXI_KEY_DELETE, {key})) == 0);
    REQUIRE(code_of(device.run(SFC_CXI_KEY_RESTORE, {0, PropertyList().encode(), *backup})) == 0);
    CHECK(device.counter(key, CXI_PROP_CC_AUTH_COUNTER) == 0);
    CHECK(code_of(device.initialise(key, rsa_krad(*device.other))) == E_CXI_CC_KEY_ALREADY_INITIALISED);

    // Nobody states the properties.
    for (const std::uint32_t id : {CXI_PROP_CC_AUTH_COUNTER, CXI_PROP_CC_AUTH_FAIL_COUNTER}) {
        PropertyList stated = list;
        stated.set(CXI_PROP_KEY_NAME, "stated");
        stated.set_number(id, CXI_AUTH_NO_LIMIT);
        CHECK(code_of(device.generate(stated)) == E_CXI_PROP_ABSENT);
        PropertyList change;
        change.set_number(id, 0);
        CHECK(code_of(device.run(SFC_CXI_KEY_PROP_SET, {key, change.encode()})) == E_CXI_PROP_READONLY);
    }

    // An assigned key stays where it is.
    const Bytes assigned = device.rsa("assigned");
    REQUIRE(code_of(device.initialise(assigned, rsa_krad(*device.kak), 1)) == 0);
    CHECK(code_of(device.run(SFC_CXI_KEY_BACKUP, {assigned})) == E_CXI_CC_ASSIGNED_KEY_EXPORT);
    CHECK(code_of(device.run(SFC_CXI_OBJ_COPY, {0, assigned, names.encode()})) ==
          E_CXI_CC_ASSIGNED_KEY_EXPORT);
    CHECK(code_of(device.run(SFC_CXI_KEY_WRAP, {CXI_MECH_CHAIN_KEY_WRAP, assigned, wrapping, ByteView()})) ==
          E_CXI_CC_ASSIGNED_KEY_EXPORT);
}

TEST_CASE("what was there before the KAK gives the key to no other: backups, copies, wrapped keys") {
    Device device;
    const Bytes krad = rsa_krad(*device.kak), others = rsa_krad(*device.other);
    PropertyList list = CxiBench::key_template(CXI_KEY_ALGO_AES, 256, "G", "k");
    list.set_number(CXI_PROP_KEY_EXPORT, CXI_KEY_EXPORT_ALLOW);
    const bool pair = GENERATE(true, false);
    CAPTURE(pair);
    const Bytes key = pair ? device.rsa("k") : device.reference(device.generate(list));
    const auto works = [&](ByteView which) {
        const std::uint32_t gcm = CXI_MECH_MODE_ENCRYPT | CXI_MECH_CHAIN_GCM;
        return pair ? device.uses(which)
                    : code_of(device.crypt(which, gcm, iv_parameter(Bytes(12)), Bytes(5)));
    };
    const auto copied = [&](ByteView of, std::string_view name, std::uint32_t flags) {
        PropertyList names;
        names.set(CXI_PROP_KEY_NAME, name);
        names.set(CXI_PROP_KEY_GROUP, "G");
        return device.reference(device.run(SFC_CXI_OBJ_COPY, {flags, of, names.encode()}));
    };
    const auto restored = [&](ByteView blob, std::uint32_t flags) {
        return device.reference(device.run(SFC_CXI_KEY_RESTORE, {flags, PropertyList().encode(), blob}));
    };
    const auto is_kept = [&](ByteView which) {
        CHECK(device.is_assigned(which));
        CHECK(code_of(device.run(SFC_CXI_KEY_BACKUP, {which})) == E_CXI_CC_ASSIGNED_KEY_EXPORT);
        CHECK(code_of(device.initialise(which, others)) == E_CXI_CC_KEY_ALREADY_INITIALISED);
        CHECK(device.authorise(which, 1, *device.other) == E_CXI_CC_KEY_AUTH_FAILED);
        CHECK(works(which) == E_CXI_CC_KEY_NOT_AUTHORISED);
        CHECK(device.authorise(which, 1, *device.kak) == 0);
        CHECK(works(which) == 0);
    };

    const Bytes backup = device.run(SFC_CXI_KEY_BACKUP, {key}).value();
    const Bytes stored = copied(key, "stored", 0);
    const Bytes fleeting = copied(key, "fleeting", CXI_FLAG_KEY_VOLATILE);
    CHECK(works(fleeting) == 0);
    REQUIRE(code_of(device.initialise(key, krad, 1)) == 0);
    is_kept(key);

    // What lies there is nobody's: it does not work, and takes the KAK of its bytes alone, assigned.
    for (const Bytes& each : {stored, fleeting}) {
        CHECK(works(each) == E_CXI_CC_KEY_NOT_INITIALISED);
        CHECK(code_of(device.initialise(each, others)) == E_CXI_CC_KEY_ALREADY_INITIALISED);
        CHECK(works(each) == E_CXI_CC_KEY_NOT_INITIALISED);
    }
    is_kept(copied(stored, "again", 0));
    is_kept(copied(fleeting, "again too", CXI_FLAG_KEY_VOLATILE));
    for (const Bytes& each : {stored, fleeting}) {
        REQUIRE(code_of(device.initialise(each, krad, 0)) == 0);
        is_kept(each);
    }
    for (const std::uint32_t flags : {std::uint32_t{0}, std::uint32_t{CXI_FLAG_KEY_VOLATILE}}) {
        REQUIRE(code_of(device.run(SFC_CXI_KEY_DELETE, {key})) == 0);
        is_kept(restored(backup, flags));
    }
}

TEST_CASE("copies outside and wrapped keys from before the KAK come back under it") {
    Device device;
    PropertyList list = CxiBench::key_template(CXI_KEY_ALGO_AES, 256, "G", "k");
    list.set_number(CXI_PROP_KEY_EXPORT, CXI_KEY_EXPORT_ALLOW);
    const Bytes key = device.reference(device.generate(list, CXI_FLAG_KEY_VOLATILE));
    const Bytes wrapping = device.aes("G", "w");
    REQUIRE(code_of(device.initialise(wrapping, rsa_krad(*device.other))) == 0);
    REQUIRE(device.authorise(wrapping, CXI_AUTH_NO_LIMIT, *device.other) == 0);
    const Bytes wrapped =
        device.run(SFC_CXI_KEY_WRAP, {CXI_MECH_CHAIN_KEY_WRAP, key, wrapping, ByteView()}).value();
    PropertyList names;
    names.set(CXI_PROP_KEY_NAME, "copy");
    names.set(CXI_PROP_KEY_GROUP, "G");
    device.set_modes(MODE_OPERATIONAL);  // certified modes have no keys outside
    const Bytes outside =
        device.reference(device.run(SFC_CXI_OBJ_COPY, {CXI_FLAG_KEY_EXTERNAL, key, names.encode()}));
    REQUIRE(code_of(device.initialise(key, rsa_krad(*device.kak), 1)) == 0);
    REQUIRE(code_of(device.run(SFC_CXI_KEY_DELETE, {key})) == 0);

    const auto is_kept = [&](ByteView which) {
        CHECK(device.is_assigned(which));
        CHECK(code_of(device.initialise(which, rsa_krad(*device.other))) == E_CXI_CC_KEY_ALREADY_INITIALISED);
        CHECK(device.authorise(which, 1, *device.other) == E_CXI_CC_KEY_AUTH_FAILED);
        CHECK(code_of(device.crypt(which, CXI_MECH_MODE_ENCRYPT | CXI_MECH_CHAIN_GCM, iv_parameter(Bytes(12)),
                                   Bytes(5))) == E_CXI_CC_KEY_NOT_AUTHORISED);
    };
    for (const std::uint32_t flags : {std::uint32_t{0}, std::uint32_t{CXI_FLAG_KEY_VOLATILE}}) {
        names.set(CXI_PROP_KEY_NAME, flags == 0 ? "inside" : "inside for a while");
        is_kept(device.reference(device.run(SFC_CXI_OBJ_COPY, {flags, outside, names.encode()})));
        const PropertyList back = CxiBench::key_template(CXI_KEY_ALGO_AES, 0, "G", flags == 0 ? "u" : "v");
        is_kept(device.reference(device.run(SFC_CXI_KEY_UNWRAP, {flags, CXI_MECH_CHAIN_KEY_WRAP, wrapping,
                                                                 ByteView(), back.encode(), wrapped})));
    }
}

TEST_CASE("a chained command spends one use, and ends with its authorisation's count") {
    Device device;
    const Bytes key = device.aes("G", "k");
    REQUIRE(code_of(device.initialise(key, rsa_krad(*device.kak))) == 0);
    REQUIRE(device.authorise(key, 1, *device.kak) == 0);
    const auto part = [&](std::uint32_t flags, std::uint32_t state) {
        return device.run(SFC_CXI_CRYPT,
                          {flags, CXI_MECH_MODE_ENCRYPT | CXI_MECH_CHAIN_GCM, state, key,
                           flags == CXI_FLAG_CRYPT_INIT ? iv_parameter(Bytes(12)) : Bytes(), Bytes(16)});
    };
    const auto begun = part(CXI_FLAG_CRYPT_INIT, 0);
    REQUIRE(code_of(begun) == 0);
    const std::uint32_t state = parse("state:u4 iv:v2 data:*", *begun)->u32("state");
    CHECK(code_of(part(0, state)) == 0);
    CHECK(code_of(part(CXI_FLAG_CRYPT_FINAL, state)) == 0);
    CHECK(code_of(part(CXI_FLAG_CRYPT_INIT, 0)) == E_CXI_CC_KEY_NOT_AUTHORISED);
}

TEST_CASE("what is remembered of keys that are gone has a bound, and nothing is half done at it") {
    Device device;
    const Bytes key = device.aes("G", "k"), bound = device.aes("G", "bound");
    REQUIRE(code_of(device.initialise(bound, rsa_krad(*device.kak))) == 0);
    PropertyList nameless;
    nameless.set_number(CXI_PROP_KEY_ALGO, CXI_KEY_ALGO_AES);
    nameless.set_number(CXI_PROP_KEY_SIZE, 256);
    nameless.set(CXI_PROP_KEY_GROUP, "SLOT_0003");
    nameless.set_number(CXI_PROP_KEY_SPEC, 7);
    const Bytes other = CxiBench::reference(device.generate(nameless));
    CHECK(device.fill_notes("G") <= kSpareNotesOfOwner + 2 * kNotesOfEntry);
    CHECK(code_of(device.initialise(key, rsa_krad(*device.kak))) == E_DB_NO_SPACE);
    CHECK(device.authorise(key, 1, *device.kak) == E_CXI_CC_KEY_NOT_INITIALISED);
    CHECK(device.authorise(bound, 1, *device.kak) == 0);
    CHECK(code_of(device.run(SFC_CXI_KEY_DELETE, {other})) == 0);
    CHECK(code_of(device.run(SFC_CXI_KEY_DELETE, {key})) == 0);
    CHECK(code_of(device.run(SFC_CXI_KEY_DELETE, {bound})) == 0);
}
