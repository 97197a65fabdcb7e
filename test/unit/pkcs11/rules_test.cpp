// Which attribute an object of which class may have at which moment: made of components, generated,
// unwrapped, copied, changed. The table is typed in from PKCS#11 3.0, section 4, and where that leaves a
// choice from the library's README; the library has its own.
#include "test/bad_input.h"
#include "test/unit/pkcs11/calls.h"

using namespace cs2sim;

namespace {

// Classes: D data, C certificate, P public, V private, S secret key. `made`: c C_CreateObject, g generation,
// u unwrapping. `copied`, `set`: "" not at all, "*" to anything, "t" and "f" only to true and to false, "o"
// to true by the security officer only. `standard`: the value of flags that no template names, by class.
struct Rule {
    CK_ATTRIBUTE_TYPE type;
    std::string_view classes, made, copied, set, standard;
};
constexpr Rule kRules[] = {
    {CKA_PRIVATE, "DCPVS", "cgu", "*", "", "00011"},
    {CKA_LABEL, "DCPVS", "cgu", "*", "*", ""},
    {CKA_APPLICATION, "D", "cgu", "*", "*", ""},
    {CKA_OBJECT_ID, "D", "cgu", "*", "*", ""},
    {CKA_ISSUER, "C", "c", "*", "*", ""},
    {CKA_SERIAL_NUMBER, "C", "c", "*", "*", ""},
    {CKA_OWNER, "C", "c", "*", "*", ""},
    {CKA_URL, "C", "c", "*", "*", ""},
    {CKA_TRUSTED, "CPS", "cgu", "o", "o", "000"},
    {CKA_SUBJECT, "CPV", "cgu", "*", "*", ""},
    {CKA_ID, "CPVS", "cgu", "*", "*", ""},
    {CKA_SENSITIVE, "VS", "cgu", "t", "t", "11"},
    {CKA_ENCRYPT, "PS", "cgu", "f", "f", "01"},
    {CKA_DECRYPT, "VS", "cgu", "f", "f", "01"},
    {CKA_WRAP, "PS", "cgu", "f", "f", "00"},
    {CKA_UNWRAP, "VS", "cgu", "f", "f", "00"},
    {CKA_SIGN, "VS", "cgu", "f", "f", "11"},
    {CKA_SIGN_RECOVER, "V", "cgu", "f", "f", "0"},
    {CKA_VERIFY, "PS", "cgu", "f", "f", "11"},
    {CKA_VERIFY_RECOVER, "P", "cgu", "f", "f", "0"},
    {CKA_DERIVE, "PVS", "cgu", "f", "f", "000"},
    {CKA_START_DATE, "CPVS", "cgu", "*", "*", ""},
    {CKA_END_DATE, "CPVS", "cgu", "*", "*", ""},
    {CKA_EXTRACTABLE, "VS", "cgu", "f", "f", "00"},
    {CKA_LOCAL, "PVS", "", "", "", ""},
    {CKA_NEVER_EXTRACTABLE, "VS", "", "", "", ""},
    {CKA_ALWAYS_SENSITIVE, "VS", "", "", "", ""},
    {CKA_KEY_GEN_MECHANISM, "PVS", "", "", "", ""},
    {CKA_MODIFIABLE, "DCPVS", "cgu", "*", "", "11111"},
    {CKA_COPYABLE, "DCPVS", "cgu", "f", "f", "11111"},
    {CKA_DESTROYABLE, "DCPVS", "cgu", "*", "", "11111"},
    {CKA_ALWAYS_AUTHENTICATE, "V", "cgu", "t", "", "0"},
    {CKA_WRAP_WITH_TRUSTED, "VS", "cgu", "t", "t", "00"},
    {CKA_ALLOWED_MECHANISMS, "PVS", "cgu", "", "", ""},
    {CKA_CS_CUSTOM_DATA, "DCPVS", "cgu", "*", "*", ""},
};

constexpr std::string_view kClasses = "DCPVS";

bool is_flag(const Rule& rule) {
    constexpr CK_ATTRIBUTE_TYPE kFlags[] = {CKA_LOCAL, CKA_NEVER_EXTRACTABLE, CKA_ALWAYS_SENSITIVE};
    return !rule.standard.empty() || std::ranges::find(kFlags, rule.type) != std::end(kFlags);
}

void add_value(Attributes& attributes, const Rule& rule, bool on) {
    switch (rule.type) {
        case CKA_START_DATE:
        case CKA_END_DATE:
            attributes.text(rule.type, "20990101");
            return;
        case CKA_KEY_GEN_MECHANISM:
        case CKA_ALLOWED_MECHANISMS:
            attributes.number(rule.type, CKM_AES_CBC);
            return;
        default:
            break;
    }
    if (is_flag(rule))
        attributes.flag(rule.type, on);
    else
        attributes.text(rule.type, "value");
}

// What C_CreateObject needs to make an object of a class.
Attributes components(char of_class) {
    Attributes attributes;
    switch (of_class) {
        case 'D':
            return attributes.number(CKA_CLASS, CKO_DATA).text(CKA_VALUE, "data");
        case 'C':
            return attributes.number(CKA_CLASS, CKO_CERTIFICATE)
                .number(CKA_CERTIFICATE_TYPE, CKC_X_509)
                .text(CKA_VALUE, "certificate");
        case 'P':
            return attributes.number(CKA_CLASS, CKO_PUBLIC_KEY)
                .number(CKA_KEY_TYPE, CKK_EC)
                .bytes(CKA_EC_PARAMS, p256())
                .bytes(CKA_EC_POINT,
                       hex_bytes("04410460FED4BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB6"
                                 "7903FE1008B8BC99A41AE9E95628BC64F2F1B20C2D7E9F5177A3C294D4462299"));
        case 'V':
            return attributes.number(CKA_CLASS, CKO_PRIVATE_KEY)
                .number(CKA_KEY_TYPE, CKK_EC)
                .bytes(CKA_EC_PARAMS, p256())
                .bytes(CKA_VALUE, Bytes(32, 7));
        default:
            return attributes.number(CKA_CLASS, CKO_SECRET_KEY)
                .number(CKA_KEY_TYPE, CKK_AES)
                .bytes(CKA_VALUE, Bytes(16, 7));
    }
}

Attributes together(Attributes base, const Rule& rule, bool on) {
    add_value(base, rule, on);
    return base;
}

// Wrapped keys of the two classes that can be, and what unwraps them.
struct Wrapped {
    CK_OBJECT_HANDLE by = 0;
    Bytes secret_key, private_key;
};

Wrapped wrapped_keys(CK_SESSION_HANDLE session) {
    Wrapped out;
    REQUIRE(generate(session, Given(CKM_AES_KEY_GEN),
                     Attributes().number(CKA_VALUE_LEN, 32).flag(CKA_WRAP, true).flag(CKA_UNWRAP, true),
                     &out.by) == Code{CKR_OK});
    for (const char of_class : {'V', 'S'}) {
        // Wide, so that what comes back may be anything.
        Attributes wide = components(of_class);
        wide.flag(CKA_EXTRACTABLE, true).flag(CKA_SENSITIVE, false).flag(CKA_UNWRAP, true);
        for (const CK_ATTRIBUTE_TYPE usage : {CKA_DECRYPT, CKA_SIGN, CKA_DERIVE}) wide.flag(usage, true);
        if (of_class == 'S') wide.flag(CKA_WRAP, true);
        if (of_class == 'V') wide.flag(CKA_SIGN_RECOVER, true);
        CK_OBJECT_HANDLE key = 0;
        REQUIRE(create(session, wide, &key) == Code{CKR_OK});
        REQUIRE(wrap(session, Given(CKM_AES_KEY_WRAP_KWP), out.by, key,
                     of_class == 'S' ? out.secret_key : out.private_key) == Code{CKR_OK});
    }
    return out;
}

Code make(CK_SESSION_HANDLE session, char how, char of_class, const Wrapped& wrapped, const Rule& rule,
          bool on, CK_OBJECT_HANDLE* object) {
    if (how == 'c') return create(session, together(components(of_class), rule, on), object);
    if (how == 'u') {
        Attributes wanted;
        wanted.number(CKA_CLASS, of_class == 'S' ? CKO_SECRET_KEY : CKO_PRIVATE_KEY)
            .number(CKA_KEY_TYPE, of_class == 'S' ? CKK_AES : CKK_EC);
        return unwrap(session, Given(CKM_AES_KEY_WRAP_KWP), wrapped.by,
                      of_class == 'S' ? wrapped.secret_key : wrapped.private_key, together(wanted, rule, on),
                      object);
    }
    if (of_class == 'S')
        return generate(session, Given(CKM_AES_KEY_GEN),
                        together(Attributes().number(CKA_VALUE_LEN, 16), rule, on), object);
    Attributes publics, privates;
    publics.bytes(CKA_EC_PARAMS, p256());
    add_value(of_class == 'P' ? publics : privates, rule, on);
    CK_OBJECT_HANDLE pair[2] = {};
    const CK_RV made = C_GenerateKeyPair(session, Given(CKM_EC_KEY_PAIR_GEN), publics.data(), publics.size(),
                                         privates.data(), privates.size(), &pair[0], &pair[1]);
    *object = pair[of_class == 'P' ? 0 : 1];
    return {made};
}

Code expected(const Rule& rule, char how, char of_class, bool on) {
    if (rule.classes.find(of_class) == std::string_view::npos)
        return {is_flag(rule) && !on ? CKR_OK : CKR_TEMPLATE_INCONSISTENT};
    if (rule.made.empty()) return {CKR_ATTRIBUTE_READ_ONLY};
    if (rule.made.find(how) == std::string_view::npos) return {CKR_TEMPLATE_INCONSISTENT};
    if (rule.type == CKA_TRUSTED && on) return {CKR_ATTRIBUTE_READ_ONLY};
    return {CKR_OK};
}

Code expected_change(const Rule& rule, std::string_view how, char of_class, bool on, bool before,
                     bool copying) {
    if (rule.classes.find(of_class) == std::string_view::npos) return {CKR_TEMPLATE_INCONSISTENT};
    const bool same = is_flag(rule) && on == before;
    if (copying && same) return {CKR_OK};
    // The keys here are not extractable, so that nobody lays them open.
    const bool is_key = of_class == 'V' || of_class == 'S';
    if (copying && rule.type == CKA_PRIVATE && !on && is_key) return {CKR_TEMPLATE_INCONSISTENT};
    if (how.empty()) return {CKR_ATTRIBUTE_READ_ONLY};
    if (how == "o") return {on ? CKR_ATTRIBUTE_READ_ONLY : CKR_OK};
    if (same || how == "*") return {CKR_OK};
    return {(how == "t") == on ? CKR_OK : CKR_ATTRIBUTE_READ_ONLY};
}

bool may(char how, char of_class) {
    if (how == 'c') return true;
    return how == 'g' ? std::string_view("PVS").find(of_class) != std::string_view::npos
                      : of_class == 'V' || of_class == 'S';
}

}  // namespace

TEST_CASE("each attribute at each moment an object is made, by class") {
    Application application;
    const CK_SESSION_HANDLE session = application.open_as_user();
    const Wrapped wrapped = wrapped_keys(session);
    std::uint64_t refused = 0;
    for (const Rule& rule : kRules)
        for (const char how : {'c', 'g', 'u'})
            for (const char of_class : kClasses)
                for (const bool on : {false, true}) {
                    if (!may(how, of_class)) continue;
                    INFO(p11::constant_name("CKA", rule.type) << " " << how << " " << of_class << " " << on);
                    CK_OBJECT_HANDLE object = 0;
                    const Code code = make(session, how, of_class, wrapped, rule, on, &object);
                    CHECK(code == expected(rule, how, of_class, on));
                    if (code.value != CKR_OK) {
                        ++refused;
                        continue;
                    }
                    if (is_flag(rule) && rule.classes.find(of_class) != std::string_view::npos)
                        CHECK(application.value(session, object, rule.type) ==
                              Bytes{on ? CK_TRUE : CK_FALSE});
                    if (rule.type != CKA_DESTROYABLE || on)
                        CHECK(Code{C_DestroyObject(session, object)} == Code{CKR_OK});
                }
    test::bad_input("calls of PKCS#11 that had to fail", refused);
}

TEST_CASE("each attribute when an object is copied or changed, by class") {
    Application application;
    const CK_SESSION_HANDLE session = application.open_as_user();
    std::uint64_t refused = 0;
    for (const char of_class : kClasses) {
        CK_OBJECT_HANDLE original = 0;
        REQUIRE(create(session, components(of_class), &original) == Code{CKR_OK});
        for (const Rule& rule : kRules)
            for (const bool on : {true, false}) {
                INFO(p11::constant_name("CKA", rule.type) << " " << of_class << " " << on);
                const bool has = rule.classes.find(of_class) != std::string_view::npos;
                const bool before =
                    has && is_flag(rule) && application.value(session, original, rule.type)[0] == CK_TRUE;
                CK_OBJECT_HANDLE made = 0, changed = 0;
                REQUIRE(copy(session, original, Attributes(), &changed) == Code{CKR_OK});
                const Code copied = copy(session, original, together(Attributes(), rule, on), &made);
                const Code after = set(session, changed, together(Attributes(), rule, on));
                CHECK(copied == expected_change(rule, rule.copied, of_class, on, before, true));
                CHECK(after == expected_change(rule, rule.set, of_class, on, before, false));
                refused += (copied.value != CKR_OK ? 1 : 0) + (after.value != CKR_OK ? 1 : 0);
            }
    }
    test::bad_input("calls of PKCS#11 that had to fail", refused);
}

TEST_CASE("what no template says has its default, by class") {
    Application application;
    const CK_SESSION_HANDLE session = application.open_as_user();
    for (const char of_class : kClasses) {
        CK_OBJECT_HANDLE object = 0;
        REQUIRE(create(session, components(of_class), &object) == Code{CKR_OK});
        for (const Rule& rule : kRules) {
            const std::size_t at = rule.classes.find(of_class);
            if (rule.standard.empty() || at == std::string_view::npos) continue;
            INFO(p11::constant_name("CKA", rule.type) << " " << of_class);
            CHECK(application.value(session, object, rule.type) ==
                  Bytes{rule.standard[at] == '1' ? CK_TRUE : CK_FALSE});
        }
    }
}

TEST_CASE("a key that only verifies compares MACs from 8 bytes on, cut or not, and makes none") {
    Application application;
    const CK_SESSION_HANDLE session = application.open_as_user();
    struct Case {
        CK_KEY_TYPE key;
        CK_MECHANISM_TYPE mechanism;
        CK_ULONG length;  // 0: no parameter
    };
    for (const Case& row :
         {Case{CKK_GENERIC_SECRET, CKM_SHA256_HMAC, 0}, Case{CKK_GENERIC_SECRET, CKM_SHA256_HMAC_GENERAL, 9},
          Case{CKK_AES, CKM_AES_CMAC, 0}, Case{CKK_AES, CKM_AES_CMAC_GENERAL, 8}}) {
        CK_ULONG length = row.length;
        const Given mechanism = length == 0 ? Given(row.mechanism) : Given(row.mechanism, length);
        const CK_OBJECT_HANDLE both = secret_key(session, row.key, Bytes(32, 0x5A));
        CK_OBJECT_HANDLE verifies = 0, signs = 0;
        REQUIRE(copy(session, both, Attributes().flag(CKA_SIGN, false), &verifies) == Code{CKR_OK});
        REQUIRE(copy(session, both, Attributes().flag(CKA_VERIFY, false), &signs) == Code{CKR_OK});
        for (const std::size_t size : {0u, 100u, 700'000u}) {
            INFO("mechanism " << row.mechanism << ", " << size << " bytes");
            const Bytes data(size, 0x31);
            Bytes mac, none;
            REQUIRE(sign(session, mechanism, signs, data, mac) == Code{CKR_OK});
            CHECK(verify(session, mechanism, verifies, data, mac) == Code{CKR_OK});
            CHECK(verify(session, mechanism, both, data, mac) == Code{CKR_OK});
            Bytes other = mac;
            other.back() ^= 1;
            CHECK(verify(session, mechanism, verifies, data, other) == Code{CKR_SIGNATURE_INVALID});
            other = mac;
            other.pop_back();
            CHECK(verify(session, mechanism, verifies, data, other) == Code{CKR_SIGNATURE_LEN_RANGE});
            CHECK(sign(session, mechanism, verifies, data, none) == Code{CKR_KEY_FUNCTION_NOT_PERMITTED});
            CHECK(verify(session, mechanism, signs, data, mac) == Code{CKR_KEY_FUNCTION_NOT_PERMITTED});
        }
        // In pieces.
        Bytes mac;
        REQUIRE(sign(session, mechanism, signs, Bytes(600'000, 0x31), mac) == Code{CKR_OK});
        Bytes piece(200'000, 0x31);
        REQUIRE(Code{C_VerifyInit(session, Given(mechanism), verifies)} == Code{CKR_OK});
        for (int i = 0; i < 3; ++i)
            REQUIRE(Code{C_VerifyUpdate(session, piece.data(), piece.size())} == Code{CKR_OK});
        CHECK(Code{C_VerifyFinal(session, mac.data(), mac.size())} == Code{CKR_OK});
    }
    CK_ULONG too_long = 33;
    const CK_OBJECT_HANDLE key = secret_key(session, CKK_GENERIC_SECRET, Bytes(32, 0x5A));
    CHECK(verify(session, Given(CKM_SHA256_HMAC_GENERAL, too_long), key, Bytes(5), Bytes(33)) ==
          Code{CKR_MECHANISM_PARAM_INVALID});
}
