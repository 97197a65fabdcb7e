#include "tools/cxitool/new_key.h"

#include <span>
#include <string_view>

#include "firmware/crypto/curve_names.h"
#include "firmware/crypto/finite_field.h"
#include "tools/cxitool/selection.h"
#include "tools/session/arguments.h"
#include "tools/session/value_words.h"

namespace cs2sim::tools {
namespace {

struct NumberWord {
    std::string_view word;
    std::uint32_t number;
};

constexpr NumberWord kAlgorithms[] = {
    {"RAW", CXI_KEY_ALGO_RAW},  {"HMAC", CXI_KEY_ALGO_RAW}, {"DES", CXI_KEY_ALGO_DES},
    {"DES3", CXI_KEY_ALGO_DES}, {"AES", CXI_KEY_ALGO_AES},  {"RSA", CXI_KEY_ALGO_RSA},
    {"EC", CXI_KEY_ALGO_EC},    {"ECDSA", CXI_KEY_ALGO_EC}, {"ECDH", CXI_KEY_ALGO_ECDH},
    {"DSA", CXI_KEY_ALGO_DSA},  {"DH", CXI_KEY_ALGO_DH},
};

constexpr NumberWord kFipsUsages[] = {
    {"SIGN_PKCS1", CXI_KEY_FIPS_USAGE_RSA_PKCS},
    {"SIGN_PSS", CXI_KEY_FIPS_USAGE_RSA_PSS},
    {"SIGN_X931", CXI_KEY_FIPS_USAGE_RSA_X_31},
    {"DECRYPT", CXI_KEY_FIPS_USAGE_NO_SIGN},
};

Result<std::uint32_t> number_of(std::span<const NumberWord> words, std::string_view word) {
    for (const NumberWord& row : words)
        if (same_word(word, row.word)) return row.number;
    return fail(E_CSA_SYNTAX);
}

constexpr NumberWord kExports[] = {
    {"Deny", CXI_KEY_EXPORT_DENY},
    {"Allow", CXI_KEY_EXPORT_ALLOW},
    {"AllowPlain", CXI_KEY_EXPORT_ALLOW_PLAIN},
    {"Allow_Plain", CXI_KEY_EXPORT_ALLOW_PLAIN},
    {"DenyBackup", CXI_KEY_EXPORT_DENY_BACKUP},
    {"Deny_Backup", CXI_KEY_EXPORT_DENY_BACKUP},
};

constexpr NumberWord kUsages[] = {
    {"DECRYPT", CXI_KEY_USAGE_DECRYPT}, {"SIGN", CXI_KEY_USAGE_SIGN},
    {"DERIVE", CXI_KEY_USAGE_DERIVE},   {"WRAP", CXI_KEY_USAGE_WRAP},
    {"ENCRYPT", CXI_KEY_USAGE_ENCRYPT}, {"VERIFY", CXI_KEY_USAGE_VERIFY},
    {"UNWRAP", CXI_KEY_USAGE_UNWRAP},   {"VERIFY_RECOVER", CXI_KEY_USAGE_VERIFY_RECOVER},
    {"ALL", CXI_KEY_USAGE_ALL},
};

// The sum of a list of words.
Result<std::uint32_t> sum_of(std::span<const NumberWord> words, std::string_view text) {
    std::uint32_t sum = 0;
    for (const std::string& word : split_list(text)) {
        CS2SIM_TRY_LET(number, number_of(words, word));
        sum |= number;
    }
    return sum;
}

Result<std::uint32_t> decimal(std::string_view text) { return parse_decimal(text); }
Result<std::uint32_t> export_policy(std::string_view text) {
    if (const auto number = parse_decimal(text)) return number;
    if (trimmed(text).starts_with("0x") || trimmed(text).starts_with("0X")) return parse_hex(text);
    return sum_of(kExports, text);
}
// Words beside numbers: WRAP,0x2. A word comes first: DE and its like are no words here, and no word is a
// number.
Result<std::uint32_t> usage(std::string_view text) {
    std::uint32_t sum = 0;
    for (const std::string& part : split_list(text)) {
        CS2SIM_TRY_LET(bits, number_of(kUsages, part).or_else([&](Error) { return parse_hex(part); }));
        sum |= bits;
    }
    return sum;
}
Result<std::uint32_t> algorithm(std::string_view word) { return number_of(kAlgorithms, word); }
Result<std::uint32_t> fips_usage(std::string_view word) { return number_of(kFipsUsages, word); }

// Sets a property to what a text says, if there is one.
Result<void> set_number(PropertyList& list, std::uint32_t id, const std::optional<std::string>& text,
                        Result<std::uint32_t> (*parse)(std::string_view)) {
    if (!text) return {};
    CS2SIM_TRY_LET(number, parse(*text));
    list.set_number(id, number);
    return {};
}

Result<void> set_bits(const ToolSession& session, PropertyList& list, std::uint32_t id,
                      const std::optional<std::string>& text) {
    if (text && !parse_decimal(*text))
        return misused(session, "'" + text->substr(0, 60) + "' is no number of bits");
    return set_number(list, id, text, decimal);
}

// For the words that say what is missing.
const char* usual_size(std::uint32_t algorithm) {
    if (algorithm <= CXI_KEY_ALGO_AES) return algorithm == CXI_KEY_ALGO_DES ? "192" : "256";
    return "2048";
}

// Params=, for DSA and DH.
Result<void> set_group(const ToolSession& session, PropertyList& list) {
    const auto file = session.parameter("Params");
    const std::uint32_t algorithm = list.number_or(CXI_PROP_KEY_ALGO, CXI_KEY_ALGO_RAW);
    const bool groups = algorithm == CXI_KEY_ALGO_DSA || algorithm == CXI_KEY_ALGO_DH;
    if (!file || file->empty() || !groups) return {};
    CS2SIM_TRY_LET(text, read_whole(*file));
    const auto group = read_domain_parameters(text);
    if (!group) return fail(E_CSA_KEY_FORMAT);
    list.set(CXI_PROP_KEY_DSA_P, group->p);
    if (!group->q.empty()) list.set(CXI_PROP_KEY_DSA_Q, group->q);
    list.set(CXI_PROP_KEY_DSA_G, group->g);
    return {};
}

}  // namespace

std::vector<std::string_view> algorithm_words() { return words_of(kAlgorithms); }
std::vector<std::string_view> export_words() { return words_of(kExports); }
std::vector<std::string_view> usage_words() { return words_of(kUsages); }
std::vector<std::string_view> fips_usage_words() { return words_of(kFipsUsages); }

std::vector<std::string_view> curve_words() {
    auto words = known_curve_names();
    words.insert(words.end(), {"Ed25519", "X25519"});
    return words;
}

KeyForm form_of(const ToolSession& session) {
    return {session.parameter("Algo"), session.parameter("Size"), session.parameter("Curve")};
}

KeyForm form_of(const ToolSession& session, const std::string& value) {
    if (value.empty()) return form_of(session);
    auto fields = split_list(value, 2);
    if (fields.size() == 2)
        if (const std::size_t slash = fields[1].find('/'); slash != std::string::npos)  // DSA,2048/256
            return {fields[0], fields[1].substr(0, slash), std::nullopt, fields[1].substr(slash + 1)};
    if (fields.size() == 1) return {fields[0], session.parameter("Size"), session.parameter("Curve")};
    if (parse_decimal(fields[1])) return {fields[0], fields[1], std::nullopt};
    return {fields[0], std::nullopt, fields[1]};
}

Result<PropertyList> new_key(const ToolSession& session, const KeyForm& form) {
    auto list = named(session);
    CS2SIM_TRY(list);
    CS2SIM_TRY(expect_one_key(session, *list));
    if (form.algorithm && !algorithm(*form.algorithm))
        return refuse_word(session, "Algo", *form.algorithm, algorithm_words());
    CS2SIM_TRY(set_number(*list, CXI_PROP_KEY_ALGO, form.algorithm, algorithm));
    CS2SIM_TRY(set_bits(session, *list, CXI_PROP_KEY_SIZE, form.size));
    CS2SIM_TRY(set_bits(session, *list, CXI_PROP_KEY_DSA_Q_BITS, form.subprime));
    if (const auto text = session.parameter("Export"); text && !export_policy(*text))
        return refuse_word(session, "Export", *text, export_words());
    if (const auto text = session.parameter("Usage"); text && !usage(*text))
        return refuse_word(session, "Usage", *text, usage_words());
    if (const auto text = session.parameter("FipsUsage"); text && !fips_usage(*text))
        return refuse_word(session, "FipsUsage", *text, fips_usage_words());
    CS2SIM_TRY(set_number(*list, CXI_PROP_KEY_EXPORT, session.parameter("Export"), export_policy));
    CS2SIM_TRY(set_number(*list, CXI_PROP_KEY_USAGE, session.parameter("Usage"), usage));
    if (list->number_or(CXI_PROP_KEY_ALGO, CXI_KEY_ALGO_RAW) == CXI_KEY_ALGO_RSA)
        CS2SIM_TRY(
            set_number(*list, CXI_PROP_FIPS_KEY_USAGE_PADDING, session.parameter("FipsUsage"), fips_usage));
    CS2SIM_TRY(set_group(session, *list));
    if (form.curve && !form.curve->empty()) list->set(CXI_PROP_KEY_EC_CURVE, *form.curve);
    if (const auto label = session.parameter("Label")) list->set(CXI_PROP_KEY_LABEL, *label);
    return list;
}

Result<void> expect_whole_form(const ToolSession& session, const KeyForm& form, const PropertyList& key) {
    if (!key.has(CXI_PROP_KEY_ALGO))
        return misused(session, "the key's algorithm is missing: GenerateKey=AES,256, or Algo= to the left");
    const std::uint32_t algorithm = *key.number(CXI_PROP_KEY_ALGO);
    const bool on_curve = algorithm == CXI_KEY_ALGO_EC || algorithm == CXI_KEY_ALGO_ECDH;
    if (on_curve ? key.has(CXI_PROP_KEY_EC_CURVE) : key.has(CXI_PROP_KEY_SIZE) || key.has(CXI_PROP_KEY_DSA_P))
        return {};
    const std::string sort = algorithm_name(algorithm);
    const std::string wrong = on_curve ? form.size.value_or("") : form.curve.value_or("");
    const std::string text =
        on_curve ? "a curve, such as " + sort + ",secp256r1, or Curve= to the left"
                 : "a size in bits, such as " + sort + "," + usual_size(algorithm) + ", or Size= to the left";
    return misused(session, sort + " keys take " + text +
                                (wrong.empty() ? "" : "; '" + wrong.substr(0, 60) + "' is none"));
}

}  // namespace cs2sim::tools
