// Rules that bind later: templates in keys, lists of mechanisms, dates, the PIN each time, and what there is
// without a log-on.
#include "firmware/protocol/block.h"
#include "firmware/protocol/cxi/property_list.h"
#include "firmware/protocol/functions.h"
#include "host-lib/cards/key_source.h"
#include "test/bad_input.h"
#include "test/unit/pkcs11/calls.h"

using namespace cs2sim;

namespace {

Attributes certificate_data() {
    return Attributes()
        .number(CKA_CLASS, CKO_CERTIFICATE)
        .number(CKA_CERTIFICATE_TYPE, CKC_X_509)
        .text(CKA_VALUE, "certificate");
}
Attributes data_object() { return Attributes().number(CKA_CLASS, CKO_DATA).text(CKA_VALUE, "data"); }
Attributes aes_key() {
    return Attributes()
        .number(CKA_CLASS, CKO_SECRET_KEY)
        .number(CKA_KEY_TYPE, CKK_AES)
        .bytes(CKA_VALUE, Bytes(16, 7));
}

}  // namespace

TEST_CASE("templates for what a key wraps, unwraps and derives are rules") {
    Application application;
    const CK_SESSION_HANDLE session = application.open_as_user();
    CK_BBOOL yes = CK_TRUE;
    CK_ATTRIBUTE sensitive[] = {{CKA_SENSITIVE, &yes, 1}};
    CK_BYTE label[] = {'m', 'i', 'n', 'e'};
    CK_ATTRIBUTE labelled[] = {{CKA_LABEL, label, sizeof label}, {CKA_SENSITIVE, &yes, 1}};
    const auto list = [](CK_ATTRIBUTE* first, std::size_t count) {
        return ByteView(reinterpret_cast<const std::uint8_t*>(first), count * sizeof *first);
    };
    CK_OBJECT_HANDLE key = 0, open = 0, closed = 0, out = 0;
    REQUIRE(generate(session, Given(CKM_AES_KEY_GEN),
                     Attributes()
                         .number(CKA_VALUE_LEN, 32)
                         .flag(CKA_WRAP, true)
                         .flag(CKA_UNWRAP, true)
                         .flag(CKA_DERIVE, true)
                         .bytes(CKA_WRAP_TEMPLATE, list(sensitive, 1))
                         .bytes(CKA_UNWRAP_TEMPLATE, list(labelled, 2))
                         .bytes(CKA_DERIVE_TEMPLATE, list(labelled, 2)),
                     &key) == Code{CKR_OK});
    REQUIRE(create(session, secret_value(CKK_AES, Bytes(16, 1)), &open) == Code{CKR_OK});
    REQUIRE(generate(session, Given(CKM_AES_KEY_GEN),
                     Attributes().number(CKA_VALUE_LEN, 16).flag(CKA_EXTRACTABLE, true),
                     &closed) == Code{CKR_OK});
    Bytes wrapped;
    CHECK(wrap(session, Given(CKM_AES_KEY_WRAP), key, open, wrapped) == Code{CKR_KEY_NOT_WRAPPABLE});
    REQUIRE(wrap(session, Given(CKM_AES_KEY_WRAP), key, closed, wrapped) == Code{CKR_OK});
    Attributes wanted;
    wanted.number(CKA_CLASS, CKO_SECRET_KEY).number(CKA_KEY_TYPE, CKK_AES);
    REQUIRE(unwrap(session, Given(CKM_AES_KEY_WRAP), key, wrapped, wanted, &out) == Code{CKR_OK});
    CHECK(application.value(session, out, CKA_LABEL) == to_bytes(as_bytes("mine")));
    Attributes other = wanted;
    CHECK(unwrap(session, Given(CKM_AES_KEY_WRAP), key, wrapped, other.text(CKA_LABEL, "yours"), &out) ==
          Code{CKR_TEMPLATE_INCONSISTENT});
    CK_BYTE data[16] = {};
    CK_KEY_DERIVATION_STRING_DATA string{data, sizeof data};
    REQUIRE(derive(session, Given(CKM_AES_ECB_ENCRYPT_DATA, string), key, wanted, &out) == Code{CKR_OK});
    CHECK(application.value(session, out, CKA_LABEL) == to_bytes(as_bytes("mine")));
    other = readable(CKK_AES);
    CHECK(derive(session, Given(CKM_AES_ECB_ENCRYPT_DATA, string), key, other, &out) ==
          Code{CKR_TEMPLATE_INCONSISTENT});

    // They are read as they were given: the array first, then the values.
    CK_BYTE read_label[8] = {}, read_flag = 7;
    CK_ATTRIBUTE elements[2] = {};
    CK_ATTRIBUTE array{CKA_UNWRAP_TEMPLATE, nullptr, 0};
    REQUIRE(Code{C_GetAttributeValue(session, key, &array, 1)} == Code{CKR_OK});
    CHECK(array.ulValueLen == sizeof elements);
    array.pValue = elements;
    REQUIRE(Code{C_GetAttributeValue(session, key, &array, 1)} == Code{CKR_OK});
    for (CK_ATTRIBUTE& element : elements) {
        element.pValue = element.type == CKA_LABEL ? read_label : &read_flag;
        CHECK(element.ulValueLen == (element.type == CKA_LABEL ? 4u : 1u));
    }
    REQUIRE(Code{C_GetAttributeValue(session, key, &array, 1)} == Code{CKR_OK});
    CHECK(std::equal(label, label + 4, read_label));
    CHECK(read_flag == CK_TRUE);
    test::bad_input("calls of PKCS#11 that had to fail", 3);
}

// PKCS#11 2.40, section 4.4: ALWAYS_SENSITIVE is true if the key has always had SENSITIVE true.
TEST_CASE("a key that was once not sensitive was not always sensitive, whatever its other attributes say") {
    Application application;
    const CK_SESSION_HANDLE session = application.open_as_user();
    const auto always = [&](CK_OBJECT_HANDLE key) {
        CK_BBOOL flag = 2;
        CK_ATTRIBUTE attribute{CKA_ALWAYS_SENSITIVE, &flag, 1};
        CHECK(Code{C_GetAttributeValue(session, key, &attribute, 1)} == Code{CKR_OK});
        return flag == CK_TRUE;
    };
    for (const bool sensitive : {false, true})
        for (const bool extractable : {false, true}) {
            INFO(sensitive << extractable);
            CK_OBJECT_HANDLE key = 0;
            REQUIRE(generate(session, Given(CKM_AES_KEY_GEN),
                             Attributes()
                                 .number(CKA_VALUE_LEN, 16)
                                 .flag(CKA_SENSITIVE, sensitive)
                                 .flag(CKA_EXTRACTABLE, extractable),
                             &key) == Code{CKR_OK});
            CHECK(always(key) == sensitive);
            REQUIRE(set(session, key, Attributes().flag(CKA_SENSITIVE, true)) == Code{CKR_OK});
            CHECK(always(key) == sensitive);
        }
}

TEST_CASE("allowed mechanisms hold here and on the device") {
    Application application;
    const CK_SESSION_HANDLE session = application.open_as_user();
    CK_OBJECT_HANDLE key = 0;
    Attributes attributes = secret_value(CKK_AES, Bytes(16, 1));
    REQUIRE(create(session, attributes.number(CKA_ALLOWED_MECHANISMS, CKM_AES_CBC_PAD).flag(CKA_TOKEN, true),
                   &key) == Code{CKR_OK});
    CK_BYTE iv[16] = {};
    Bytes out, plain;
    REQUIRE(encrypt(session, Given(CKM_AES_CBC_PAD, iv), key, Bytes(5), out) == Code{CKR_OK});
    CHECK(decrypt(session, Given(CKM_AES_CBC_PAD, iv), key, out, plain) == Code{CKR_OK});
    CHECK(encrypt(session, Given(CKM_AES_ECB), key, Bytes(16), out) == Code{CKR_MECHANISM_INVALID});
    auto device = host::Device::open(application.device().socket());
    REQUIRE(device);
    const auto pin = host::password_source(as_bytes("123456"));
    REQUIRE((*device)->logon("USR_0000", *pin));
    PropertyList filter;
    filter.set(CXI_PROP_KEY_GROUP, "SLOT_0000");
    Bytes wanted;
    append_big_endian(wanted, CXI_PROP_KEY_MECHS, 4);
    const auto listed =
        (*device)->execute(FC_CXI, SFC_CXI_KEY_LIST, {filter.encode(), wanted, ByteView(), 10});
    REQUIRE(listed);
    ByteView rows = listed->block.bytes("keys");
    const auto row = parse_prefix(LAYOUT_CXI_ROW, rows);
    REQUIRE(row);
    const auto properties = PropertyList::decode(row->bytes("properties"));
    CHECK(properties->bytes(CXI_PROP_KEY_MECHS).size() == 3 * 4);  // the mechanism, and its two directions
}

TEST_CASE("dates of keys count where the slot's settings say so") {
    Application application;
    const CK_SESSION_HANDLE session = application.open_as_user();
    CK_OBJECT_HANDLE early = 0, late = 0, good = 0;
    const auto dated = [](const char* start, const char* end) {
        return Attributes().number(CKA_VALUE_LEN, 16).text(CKA_START_DATE, start).text(CKA_END_DATE, end);
    };
    REQUIRE(generate(session, Given(CKM_AES_KEY_GEN), dated("20990101", ""), &early) == Code{CKR_OK});
    REQUIRE(generate(session, Given(CKM_AES_KEY_GEN), dated("", "20200101"), &late) == Code{CKR_OK});
    REQUIRE(generate(session, Given(CKM_AES_KEY_GEN), dated("20200101", "20981231"), &good) == Code{CKR_OK});
    Bytes out;
    for (const CK_OBJECT_HANDLE key : {early, late, good})
        CHECK(encrypt(session, Given(CKM_AES_ECB), key, Bytes(16), out) == Code{CKR_OK});
    REQUIRE(application.login(session, CKU_CS_GENERIC, "SO_0000,12345678") == Code{CKR_OK});
    REQUIRE(set(session, 0x80000004, Attributes().number(CKA_CFG_CHECK_VALIDITY_PERIOD, 1)) == Code{CKR_OK});
    for (const CK_OBJECT_HANDLE key : {early, late})
        CHECK(encrypt(session, Given(CKM_AES_ECB), key, Bytes(16), out) ==
              Code{CKR_KEY_FUNCTION_NOT_PERMITTED});
    CHECK(encrypt(session, Given(CKM_AES_ECB), good, Bytes(16), out) == Code{CKR_OK});
}

TEST_CASE("a date is a day that there is, and a curve's name ends where it says") {
    Application application;
    const CK_SESSION_HANDLE session = application.open_as_user();
    CK_OBJECT_HANDLE key = 0;
    test::bad_input("templates with days and curves that there are not", 6);
    for (const char* day : {"20260230", "20261301", "20260100", "2026 101"})
        for (const CK_ATTRIBUTE_TYPE which : {CKA_START_DATE, CKA_END_DATE})
            CHECK(generate(session, Given(CKM_AES_KEY_GEN),
                           Attributes().number(CKA_VALUE_LEN, 16).text(which, day),
                           &key) == Code{CKR_ATTRIBUTE_VALUE_INVALID});
    CHECK(generate(session, Given(CKM_AES_KEY_GEN),
                   Attributes().number(CKA_VALUE_LEN, 16).text(CKA_END_DATE, "20280229"),
                   &key) == Code{CKR_OK});
    Bytes longer = p256();
    longer.push_back(0);
    CK_OBJECT_HANDLE of_public = 0, of_private = 0;
    Attributes publics = Attributes().bytes(CKA_EC_PARAMS, longer), privates;
    CK_MECHANISM make{CKM_EC_KEY_PAIR_GEN, nullptr, 0};
    CHECK(Code{C_GenerateKeyPair(session, &make, publics.data(), publics.size(), privates.data(),
                                 privates.size(), &of_public, &of_private)} == Code{CKR_CURVE_NOT_SUPPORTED});
}

TEST_CASE("keys that ask for the PIN each time") {
    Application application;
    const CK_SESSION_HANDLE session = application.open_as_user();
    const auto pair =
        application.generate_pair(session, CKM_EC_KEY_PAIR_GEN, Attributes().bytes(CKA_EC_PARAMS, p256()),
                                  Attributes().flag(CKA_ALWAYS_AUTHENTICATE, true));
    Bytes out, digest(32, 1);
    CHECK(sign(session, Given(CKM_ECDSA), pair.of_private, digest, out) == Code{CKR_USER_NOT_LOGGED_IN});
    CHECK(application.login(session, CKU_CONTEXT_SPECIFIC, "123456") == Code{CKR_OPERATION_NOT_INITIALIZED});
    for (int i = 0; i < 2; ++i) {
        REQUIRE(Code{C_SignInit(session, Given(CKM_ECDSA), pair.of_private)} == Code{CKR_OK});
        CHECK(application.login(session, CKU_CONTEXT_SPECIFIC, "wrong") == Code{CKR_PIN_INCORRECT});
        REQUIRE(application.login(session, CKU_CONTEXT_SPECIFIC, "123456") == Code{CKR_OK});
        out.resize(64);
        CK_ULONG length = out.size();
        CHECK(Code{C_Sign(session, digest.data(), digest.size(), out.data(), &length)} == Code{CKR_OK});
    }
}

TEST_CASE("keys that ask for the PIN each time are private, and ask for signatures and decryption alone") {
    Application application;
    const CK_SESSION_HANDLE session = application.open_as_user();
    const auto rsa = application.generate_pair(
        session, CKM_RSA_PKCS_KEY_PAIR_GEN,
        Attributes().number(CKA_MODULUS_BITS, 2048).flag(CKA_WRAP, true).flag(CKA_ENCRYPT, true),
        Attributes().flag(CKA_ALWAYS_AUTHENTICATE, true).flag(CKA_UNWRAP, true).flag(CKA_DECRYPT, true));
    Bytes secret, plain, wrapped;
    REQUIRE(encrypt(session, Given(CKM_RSA_PKCS), rsa.of_public, Bytes(9, 1), secret) == Code{CKR_OK});
    CHECK(decrypt(session, Given(CKM_RSA_PKCS), rsa.of_private, secret, plain) ==
          Code{CKR_USER_NOT_LOGGED_IN});
    const CK_OBJECT_HANDLE key = secret_key(session, CKK_AES, Bytes(16, 7));
    REQUIRE(wrap(session, Given(CKM_RSA_PKCS), rsa.of_public, key, wrapped) == Code{CKR_OK});
    CK_OBJECT_HANDLE back = 0;
    CHECK(unwrap(session, Given(CKM_RSA_PKCS), rsa.of_private, wrapped,
                 Attributes().number(CKA_CLASS, CKO_SECRET_KEY).number(CKA_KEY_TYPE, CKK_AES),
                 &back) == Code{CKR_OK});
    CK_OBJECT_HANDLE of_public = 0, of_private = 0;
    CK_MECHANISM mechanism{CKM_EC_KEY_PAIR_GEN, nullptr, 0};
    Attributes curve, open;
    curve.bytes(CKA_EC_PARAMS, p256());
    open.flag(CKA_ALWAYS_AUTHENTICATE, true).flag(CKA_PRIVATE, false);
    CHECK(Code{C_GenerateKeyPair(session, &mechanism, curve.data(), curve.size(), open.data(), open.size(),
                                 &of_public, &of_private)} == Code{CKR_TEMPLATE_INCONSISTENT});
    // A copy may ask for it too, not less, and not become public.
    CK_OBJECT_HANDLE copy = 0;
    for (const auto& [type, expected] : {std::pair{CKA_ALWAYS_AUTHENTICATE, CKR_ATTRIBUTE_READ_ONLY},
                                         {CKA_PRIVATE, CKR_TEMPLATE_INCONSISTENT}}) {
        Attributes less;
        less.flag(type, false);
        CHECK(Code{C_CopyObject(session, rsa.of_private, less.data(), less.size(), &copy)} == Code{expected});
    }
    test::bad_input("calls of PKCS#11 that had to fail", 4);
}

TEST_CASE("no copy of a key that asks for the PIN each time goes without it") {
    Application application;
    const CK_SESSION_HANDLE session = application.open_as_user();
    const auto asking = [] { return Attributes().flag(CKA_ALWAYS_AUTHENTICATE, true); };
    const auto pair = application.generate_pair(session, CKM_EC_KEY_PAIR_GEN,
                                                Attributes().bytes(CKA_EC_PARAMS, p256()), asking());
    const CK_OBJECT_HANDLE key = pair.of_private;
    const Attributes without = Attributes().flag(CKA_ALWAYS_AUTHENTICATE, false);
    CK_OBJECT_HANDLE made = 0;
    CHECK(set(session, key, without) == Code{CKR_ATTRIBUTE_READ_ONLY});
    CHECK(copy(session, key, without, &made) == Code{CKR_ATTRIBUTE_READ_ONLY});
    // Such a key is private, and so is its copy.
    CHECK(copy(session, key, Attributes().flag(CKA_PRIVATE, false), &made) ==
          Code{CKR_TEMPLATE_INCONSISTENT});
    CK_OBJECT_HANDLE open[2] = {};
    Attributes publics = Attributes().bytes(CKA_EC_PARAMS, p256());
    Attributes privates = asking().flag(CKA_PRIVATE, false);
    CHECK(Code{C_GenerateKeyPair(session, Given(CKM_EC_KEY_PAIR_GEN), publics.data(), publics.size(),
                                 privates.data(), privates.size(), &open[0], &open[1])} ==
          Code{CKR_TEMPLATE_INCONSISTENT});
    REQUIRE(copy(session, key, asking().text(CKA_LABEL, "copy"), &made) == Code{CKR_OK});
    CHECK(application.value(session, made, CKA_ALWAYS_AUTHENTICATE) == Bytes{CK_TRUE});
    Bytes out;
    CHECK(sign(session, Given(CKM_ECDSA), made, Bytes(32, 1), out) == Code{CKR_USER_NOT_LOGGED_IN});
    test::bad_input("calls of PKCS#11 that had to fail", 5);
}

TEST_CASE("without a log-on there are public objects only, and public session objects may be made and used") {
    Application application;
    const CK_SESSION_HANDLE session = application.open_as_user();
    CK_OBJECT_HANDLE open = 0, hidden = 0, session_key = 0;
    Attributes certificate = certificate_data();
    REQUIRE(create(session, certificate.flag(CKA_TOKEN, true), &open) == Code{CKR_OK});
    REQUIRE(create(session, aes_key().flag(CKA_TOKEN, true), &hidden) == Code{CKR_OK});
    REQUIRE(create(session, aes_key(), &session_key) == Code{CKR_OK});
    REQUIRE(Code{C_Logout(session)} == Code{CKR_OK});
    // Handles of private objects end with the log-on, and session objects themselves.
    CHECK(application.find(session, Attributes()) == std::vector<CK_OBJECT_HANDLE>{open});
    CHECK(application.value(session, open, CKA_VALUE) == to_bytes(as_bytes("certificate")));
    CK_ULONG size = 0;
    for (const CK_OBJECT_HANDLE gone : {hidden, session_key})
        CHECK(Code{C_GetObjectSize(session, gone, &size)} == Code{CKR_OBJECT_HANDLE_INVALID});
    CHECK(set(session, open, Attributes().text(CKA_LABEL, "x")) == Code{CKR_USER_NOT_LOGGED_IN});
    CHECK(Code{C_DestroyObject(session, open)} == Code{CKR_USER_NOT_LOGGED_IN});

    CK_OBJECT_HANDLE key = 0, made = 0, derived = 0;
    CHECK(create(session, aes_key(), &key) == Code{CKR_USER_NOT_LOGGED_IN});
    CHECK(create(session, data_object().flag(CKA_TOKEN, true), &key) == Code{CKR_USER_NOT_LOGGED_IN});
    Attributes own = secret_value(CKK_AES, Bytes(16, 7));
    REQUIRE(create(session, own.flag(CKA_PRIVATE, false), &key) == Code{CKR_OK});
    REQUIRE(generate(session, Given(CKM_AES_KEY_GEN),
                     Attributes().number(CKA_VALUE_LEN, 16).flag(CKA_PRIVATE, false), &made) == Code{CKR_OK});
    Bytes out, plain;
    for (const CK_OBJECT_HANDLE each : {key, made}) {
        REQUIRE(encrypt(session, Given(CKM_AES_ECB), each, Bytes(16, 3), out) == Code{CKR_OK});
        CHECK(decrypt(session, Given(CKM_AES_ECB), each, out, plain) == Code{CKR_OK});
        CHECK(plain == Bytes(16, 3));
    }
    CHECK(application.value(session, key, CKA_VALUE) == Bytes(16, 7));
    CK_BYTE data[16] = {};
    CK_KEY_DERIVATION_STRING_DATA string{data, sizeof data};
    Attributes wanted = readable(CKK_AES);
    REQUIRE(derive(session, Given(CKM_AES_ECB_ENCRYPT_DATA, string), key, wanted.flag(CKA_PRIVATE, false),
                   &derived) == Code{CKR_OK});
    CHECK(set(session, key, Attributes().text(CKA_LABEL, "x")) == Code{CKR_OK});
    CHECK(Code{C_DestroyObject(session, key)} == Code{CKR_OK});
    CHECK(application.find(session, Attributes()).size() == 3);
    test::bad_input("calls of PKCS#11 that had to fail", 6);
}

TEST_CASE("certified firmware lets nobody work unknown") {
    Application application("", "se-gen2-fips");
    const CK_SESSION_HANDLE session = application.open();
    CK_OBJECT_HANDLE key = 0;
    CHECK(generate(session, Given(CKM_AES_KEY_GEN),
                   Attributes().number(CKA_VALUE_LEN, 16).flag(CKA_PRIVATE, false),
                   &key) == Code{CKR_USER_NOT_LOGGED_IN});
}

TEST_CASE("templates that another program has put deeper than ours go are read to a depth, and soon") {
    Application application;
    const CK_SESSION_HANDLE session = application.open_as_user();
    Bytes deep;
    for (int i = 0; i < 10000; ++i) {
        Bytes outer = to_bytes(big_endian_bytes<8>(CKA_WRAP_TEMPLATE));
        append(outer, big_endian_bytes<4>(deep.size()));
        append(outer, deep);
        deep = std::move(outer);
    }
    auto device = host::Device::open(application.device().socket());
    const auto pin = host::password_source(as_bytes("123456"));
    REQUIRE((*device)->logon("USR_0000", *pin));
    PropertyList key;
    key.set(CXI_PROP_KEY_GROUP, "SLOT_0000");
    key.set(CXI_PROP_KEY_LABEL, "deep");
    key.set_number(CXI_PROP_KEY_ALGO, CXI_KEY_ALGO_AES);
    key.set_number(CXI_PROP_KEY_SIZE, 256);
    key.set(CXI_PROP_WRAP_TEMPLATE, deep);
    REQUIRE((*device)->execute(FC_CXI, SFC_CXI_KEY_GENERATE, {0u, 0u, key.encode()}));

    CK_BYTE label[] = {'d', 'e', 'e', 'p'};
    CK_ATTRIBUTE wanted{CKA_LABEL, label, sizeof label};
    CK_OBJECT_HANDLE found = 0;
    CK_ULONG count = 0;
    REQUIRE(Code{C_FindObjectsInit(session, &wanted, 1)} == Code{CKR_OK});
    REQUIRE(Code{C_FindObjects(session, &found, 1, &count)} == Code{CKR_OK});
    REQUIRE(Code{C_FindObjectsFinal(session)} == Code{CKR_OK});
    REQUIRE(count == 1);
    // Level by level, as a program reads templates that it does not know.
    std::vector<CK_ATTRIBUTE> levels(20);
    CK_ATTRIBUTE array{CKA_WRAP_TEMPLATE, nullptr, 0};
    CK_ATTRIBUTE* at = &array;
    std::size_t depth = 0;
    for (; depth < levels.size(); ++depth) {
        REQUIRE(Code{C_GetAttributeValue(session, found, &array, 1)} == Code{CKR_OK});
        if (at->ulValueLen == 0) break;
        REQUIRE(at->ulValueLen == sizeof(CK_ATTRIBUTE));
        at->pValue = &levels[depth];
        REQUIRE(Code{C_GetAttributeValue(session, found, &array, 1)} == Code{CKR_OK});
        at = &levels[depth];
        CHECK(at->type == CKA_WRAP_TEMPLATE);
    }
    CHECK(depth == 4);  // as deep as C_GenerateKey takes them
}
