// Services of RSA. A key comes and goes as the numbers of a token of VRSA's, back to back: which:u1
// (VRSA_KC_*), length:u2, bytes.
#include <openssl/core_names.h>
#include <openssl/rsa.h>

#include <algorithm>
#include <array>
#include <bit>

#include "firmware/crypto/openssl.h"
#include "firmware/crypto/pkey.h"
#include "firmware/modules/service.h"

namespace cs2sim::services {
namespace {

enum Component : std::uint8_t {
    kModulus = 0x01,
    kExponent = 0x02,
    kPrivateExponent = 0x04,
    kP = 0x08,
    kQ = 0x10,
    kU = 0x20,  // OUR ASSUMPTION: PKCS#1's coefficient, the inverse of q modulo p
    kDp = 0x40,
    kDq = 0x80
};
constexpr std::size_t kLongest = 1024;  // bytes of a number: RSA of 8192 bits

using Number = Handle<BIGNUM>;

Number number_of(ByteView bytes) {
    Number number(BN_secure_new());
    if (number && !BN_bin2bn(bytes.data(), static_cast<int>(bytes.size()), number.get())) number.reset();
    if (number) BN_set_flags(number.get(), BN_FLG_CONSTTIME);
    return number;
}

SecretBytes bytes_of(const BIGNUM* number) {
    SecretBytes bytes(static_cast<std::size_t>(BN_num_bytes(number)));
    BN_bn2bin(number, bytes.data());
    return bytes;
}

// The numbers of a key, those that are there.
class Numbers {
public:
    static Result<Numbers> parse(ByteView list) {
        Numbers numbers;
        while (!list.empty()) {
            if (list.size() < 3) return fail(E_VRSA_KEYT_LEN);
            const auto length = static_cast<std::size_t>(big_endian(list.subspan(1, 2)));
            if (!std::has_single_bit(list[0]) || length > list.size() - 3 || length > kLongest)
                return fail(E_VRSA_KEYT_LEN);
            Number& place = numbers.at(list[0]);
            if (place) return fail(E_VRSA_DOUBLE_COMP);
            place = number_of(list.subspan(3, length));
            if (!place) return fail(E_VRSA_MEM);
            list = list.subspan(3 + length);
        }
        return numbers;
    }

    Number& at(std::uint8_t component) {
        return all_[static_cast<std::size_t>(std::countr_zero(component)) & 7];
    }
    BIGNUM* get(std::uint8_t component) { return at(component).get(); }
    bool has(std::initializer_list<Component> components) {
        return std::all_of(components.begin(), components.end(), [&](Component one) { return get(one); });
    }

    // What follows from the primes and either exponent. False: they make no key.
    bool complete();

    Result<PublicKey> public_key() {
        if (!has({kModulus, kExponent})) return fail(E_VRSA_MISS_COMP);
        return rsa_public_key(bytes_of(get(kModulus)), bytes_of(get(kExponent)));
    }
    Result<PrivateKey> private_key();

    SecretBytes list() {
        SecretBytes out;
        for (std::size_t at = 0; at < all_.size(); ++at) {
            if (!all_[at]) continue;
            const SecretBytes bytes = bytes_of(all_[at].get());
            out.push_back(static_cast<std::uint8_t>(1U << at));
            out.push_back(static_cast<std::uint8_t>(bytes.size() >> 8));
            out.push_back(static_cast<std::uint8_t>(bytes.size()));
            out.insert(out.end(), bytes.begin(), bytes.end());
        }
        return out;
    }

private:
    std::array<Number, 8> all_;
};

bool Numbers::complete() {
    const Handle<BN_CTX> context(BN_CTX_secure_new());
    const Number p1(BN_secure_new()), q1(BN_secure_new()), common(BN_secure_new()), least(BN_secure_new());
    if (!context || !p1 || !q1 || !common || !least || !has({kP, kQ})) return false;
    const BIGNUM *p = get(kP), *q = get(kQ);
    BN_CTX* const work = context.get();
    if (BN_is_zero(p) || BN_is_zero(q) || BN_sub(p1.get(), p, BN_value_one()) != 1 ||
        BN_sub(q1.get(), q, BN_value_one()) != 1)
        return false;
    const auto make = [&](Component which, const auto& how) {
        if (get(which)) return true;
        at(which).reset(BN_secure_new());
        return get(which) && how(get(which));
    };
    // e from dp: it is smaller than p - 1
    return make(kModulus, [&](BIGNUM* n) { return BN_mul(n, p, q, work) == 1; }) &&
           make(kExponent,
                [&](BIGNUM* e) {
                    if (get(kDp)) return BN_mod_inverse(e, get(kDp), p1.get(), work) != nullptr;
                    return get(kPrivateExponent) &&
                           BN_mod_inverse(e, get(kPrivateExponent), p1.get(), work) != nullptr;
                }) &&
           make(kPrivateExponent,
                [&](BIGNUM* d) {
                    return BN_gcd(common.get(), p1.get(), q1.get(), work) == 1 &&
                           BN_div(least.get(), nullptr, p1.get(), common.get(), work) == 1 &&
                           BN_mul(least.get(), least.get(), q1.get(), work) == 1 &&
                           BN_mod_inverse(d, get(kExponent), least.get(), work) != nullptr;
                }) &&
           make(kDp, [&](BIGNUM* n) { return BN_mod(n, get(kPrivateExponent), p1.get(), work) == 1; }) &&
           make(kDq, [&](BIGNUM* n) { return BN_mod(n, get(kPrivateExponent), q1.get(), work) == 1; }) &&
           make(kU, [&](BIGNUM* n) { return BN_mod_inverse(n, q, p, work) != nullptr; });
}

struct Parameter {
    Component component;
    const char* name;
};
constexpr Parameter kParameters[] = {
    {kModulus, OSSL_PKEY_PARAM_RSA_N},         {kExponent, OSSL_PKEY_PARAM_RSA_E},
    {kPrivateExponent, OSSL_PKEY_PARAM_RSA_D}, {kP, OSSL_PKEY_PARAM_RSA_FACTOR1},
    {kQ, OSSL_PKEY_PARAM_RSA_FACTOR2},         {kDp, OSSL_PKEY_PARAM_RSA_EXPONENT1},
    {kDq, OSSL_PKEY_PARAM_RSA_EXPONENT2},      {kU, OSSL_PKEY_PARAM_RSA_COEFFICIENT1}};

Result<PrivateKey> Numbers::private_key() {
    if (has({kP, kQ})) {
        if (!has({kDp}) && !has({kExponent}) && !has({kPrivateExponent})) return fail(E_VRSA_MISS_COMP);
        if (!complete()) return fail(E_VRSA_BAD_KEY);
    } else if (!has({kModulus, kExponent, kPrivateExponent})) {
        return fail(E_VRSA_MISS_COMP);
    }
    if (BN_num_bits(get(kModulus)) < 512) return fail(E_VRSA_MOD_TOO_SMALL);
    if (static_cast<std::size_t>(BN_num_bytes(get(kModulus))) > kLongest) return fail(E_VRSA_INV_PARAM);
    const Handle<OSSL_PARAM_BLD> builder(OSSL_PARAM_BLD_new());
    if (!builder) return fail(E_VRSA_MEM);
    for (const Parameter& row : kParameters)
        if (get(row.component) && OSSL_PARAM_BLD_push_BN(builder.get(), row.name, get(row.component)) != 1)
            return fail(E_VRSA_MEM);
    auto key = key_from_parameters("RSA", builder.get(), EVP_PKEY_KEYPAIR);
    if (!key) return fail(E_VRSA_BAD_KEY);
    return key;
}

// --- what is done with a key ---

enum class Work : std::uint8_t { encrypt, decrypt, sign, verify };

struct WorkRow {
    Work work;
    int padding;
};
// By the number that a module asks for, from 1; 0 is the bare power.
constexpr WorkRow kWorks[] = {
    {Work::encrypt, RSA_NO_PADDING},         {Work::decrypt, RSA_NO_PADDING},
    {Work::sign, RSA_PKCS1_PADDING},         {Work::verify, RSA_PKCS1_PADDING},
    {Work::encrypt, RSA_PKCS1_PADDING},      {Work::decrypt, RSA_PKCS1_PADDING},
    {Work::encrypt, RSA_PKCS1_OAEP_PADDING}, {Work::decrypt, RSA_PKCS1_OAEP_PADDING},
    {Work::sign, RSA_PKCS1_PSS_PADDING},     {Work::verify, RSA_PKCS1_PSS_PADDING},
    {Work::sign, RSA_X931_PADDING},          {Work::verify, RSA_X931_PADDING}};

bool is_signature(Work work) { return work == Work::sign || work == Work::verify; }

struct Step {
    int (*begin)(EVP_PKEY_CTX*);
    ErrorCode failed;
};
constexpr Step kSteps[] = {{EVP_PKEY_encrypt_init, E_VRSA_ENCODING},
                           {EVP_PKEY_decrypt_init, E_VRSA_DECRYPT_FAILED},
                           {EVP_PKEY_sign_init, E_VRSA_KEY_TOO_SMALL},
                           {EVP_PKEY_verify_init, E_VRSA_VERIFY_FAILED}};

const EVP_MD* digest_of(const ServiceCall& call, ServiceBlock::NumberName field) {
    const char* name = digest_name(call.request.u32(field));
    return name ? EVP_get_digestbyname(name) : nullptr;
}

Result<void> set_padding(const ServiceCall& call, EVP_PKEY_CTX* context, const WorkRow& row) {
    const bool masked = row.padding == RSA_PKCS1_OAEP_PADDING || row.padding == RSA_PKCS1_PSS_PADDING;
    const bool hashes = masked || is_signature(row.work);
    const EVP_MD* const hash = hashes ? digest_of(call, "hash") : nullptr;
    const EVP_MD* const mask = masked ? digest_of(call, "mgf") : hash;
    if (hashes && (!hash || !mask)) return fail(E_VRSA_HASH_ALGO);
    if (is_signature(row.work)) {  // before the padding: X9.31 asks which
        if (EVP_PKEY_CTX_set_signature_md(context, hash) != 1) return fail(E_VRSA_HASH_ALGO);
        if (call.request.bytes("data").size() != static_cast<std::size_t>(EVP_MD_get_size(hash)))
            return fail(E_VRSA_DATA_LEN);
    }
    if (EVP_PKEY_CTX_set_rsa_padding(context, row.padding) != 1) return fail(E_VRSA_INV_PARAM);
    if (masked && EVP_PKEY_CTX_set_rsa_mgf1_md(context, mask) != 1) return fail(E_VRSA_HASH_ALGO);
    if (row.padding == RSA_PKCS1_PSS_PADDING) {
        const std::uint32_t salt = call.request.u32("salt");
        if (salt > kLongest || EVP_PKEY_CTX_set_rsa_pss_saltlen(context, static_cast<int>(salt)) != 1)
            return fail(E_VRSA_INV_PARAM);
    }
    if (row.padding != RSA_PKCS1_OAEP_PADDING) return {};
    const ByteView label = call.request.bytes("label");
    if (EVP_PKEY_CTX_set_rsa_oaep_md(context, hash) != 1) return fail(E_VRSA_HASH_ALGO);
    if (label.empty()) return {};
    Handle<unsigned char> copy(static_cast<unsigned char*>(OPENSSL_memdup(label.data(), label.size())));
    if (!copy) return fail(E_VRSA_MEM);
    if (EVP_PKEY_CTX_set0_rsa_oaep_label(context, copy.get(), static_cast<int>(label.size())) != 1)
        return fail(E_VRSA_INV_PARAM);
    static_cast<void>(copy.release());  // the context's now
    return {};
}

// A bare number is as long as the modulus, and below it.
Result<SecretBytes> widened(ByteView data, std::size_t size) {
    const auto first = std::find_if(data.begin(), data.end(), [](std::uint8_t byte) { return byte != 0; });
    const auto length = static_cast<std::size_t>(data.end() - first);
    if (length > size) return fail(E_VRSA_DATA_LEN);
    SecretBytes wide(size);
    std::copy(first, data.end(), wide.end() - static_cast<std::ptrdiff_t>(length));
    return wide;
}

Result<Bytes> run(const ServiceCall& call, const WorkRow& row, EVP_PKEY& key) {
    const Handle<EVP_PKEY_CTX> context(EVP_PKEY_CTX_new(&key, nullptr));
    const Step& step = kSteps[static_cast<std::size_t>(row.work)];
    if (!context || step.begin(context.get()) != 1) return fail(E_VRSA_MEM);
    CS2SIM_TRY(set_padding(call, context.get(), row));
    const auto size = static_cast<std::size_t>(EVP_PKEY_get_size(&key));
    SecretBytes data = to_secret(call.request.bytes("data"));
    if (row.padding == RSA_NO_PADDING) {
        CS2SIM_TRY_LET(wide, widened(data, size));
        data = std::move(wide);
    }
    Bytes out(size);
    std::size_t length = out.size();
    int done = 0;
    switch (row.work) {
        case Work::encrypt:
            done = EVP_PKEY_encrypt(context.get(), out.data(), &length, data.data(), data.size());
            break;
        case Work::decrypt:
            done = EVP_PKEY_decrypt(context.get(), out.data(), &length, data.data(), data.size());
            break;
        case Work::sign:
            done = EVP_PKEY_sign(context.get(), out.data(), &length, data.data(), data.size());
            break;
        case Work::verify: {
            const ByteView signature = call.request.bytes("signature");
            done =
                EVP_PKEY_verify(context.get(), signature.data(), signature.size(), data.data(), data.size());
            length = 0;
            break;
        }
    }
    if (done != 1) return fail(row.padding == RSA_NO_PADDING ? E_VRSA_BAD_DATA : step.failed);
    out.resize(length);
    return out;
}

// data ** EXP modulo MOD, whatever the two are.
Result<Bytes> power(ServiceCall& call, Numbers& numbers) {
    if (!numbers.has({kModulus, kExponent})) return fail(E_VRSA_MISS_COMP);
    BIGNUM* const modulus = numbers.get(kModulus);
    const ByteView data = call.request.bytes("data");
    if (data.size() > kLongest) return fail(E_VRSA_DATA_LEN);
    if (!BN_is_odd(modulus) || BN_is_one(modulus)) return fail(E_VRSA_BAD_MODULUS);
    const Number base = number_of(data), result(BN_secure_new());
    const Handle<BN_CTX> context(BN_CTX_secure_new());
    if (!base || !result || !context) return fail(E_VRSA_MEM);
    if (BN_ucmp(base.get(), modulus) >= 0) return fail(E_VRSA_DATA_LEN);
    if (BN_mod_exp_mont_consttime(result.get(), base.get(), numbers.get(kExponent), modulus, context.get(),
                                  nullptr) != 1)
        return fail(E_VRSA_BAD_DATA);
    Bytes out(static_cast<std::size_t>(BN_num_bytes(modulus)));
    BN_bn2binpad(result.get(), out.data(), static_cast<int>(out.size()));
    return out;
}

}  // namespace

Result<SecretBytes> rsa_numbers(const EVP_PKEY& key, bool is_public) {
    Numbers numbers;
    for (const Parameter& row : kParameters) {
        if (is_public && row.component != kModulus && row.component != kExponent) continue;
        BIGNUM* number = nullptr;
        if (EVP_PKEY_get_bn_param(&key, row.name, &number) != 1) return fail(E_VRSA_MISS_COMP);
        numbers.at(row.component).reset(number);
    }
    return numbers.list();
}

Result<PrivateKey> rsa_key(ByteView list, bool& is_private) {
    CS2SIM_TRY_LET(numbers, Numbers::parse(list));
    is_private = numbers.has({kP, kQ}) || numbers.has({kPrivateExponent});
    return is_private ? numbers.private_key() : numbers.public_key();
}

Result<Bytes> rsa_generate(ServiceCall& call) {
    const std::uint32_t bits = call.request.u32("bits");
    if (bits < 1024 || bits > 8 * kLongest || bits % 8 != 0) return fail(E_VRSA_INV_PARAM);
    CS2SIM_TRY_LET(key, generate_rsa(bits, call.request.bytes("exponent"), call.abandonment()));
    CS2SIM_TRY_LET(numbers, rsa_numbers(*key, false));
    return Bytes(numbers.begin(), numbers.end());
}

Result<Bytes> rsa_complete(ServiceCall& call) {
    CS2SIM_TRY_LET(numbers, Numbers::parse(call.request.bytes("numbers")));
    if (!numbers.has({kP, kQ})) return fail(E_VRSA_MISS_COMP);
    if (!numbers.complete()) return fail(E_VRSA_BAD_PEXP);
    const SecretBytes list = numbers.list();
    return Bytes(list.begin(), list.end());
}

// The numbers that are there against those that follow from the primes and an exponent.
Result<Bytes> rsa_check(ServiceCall& call) {
    struct Checked {
        Component component;
        ErrorCode bad;
    };
    static constexpr Checked kChecked[] = {
        {kModulus, E_VRSA_BAD_MODULUS}, {kU, E_VRSA_BAD_U}, {kDp, E_VRSA_BAD_DP}, {kDq, E_VRSA_BAD_DQ}};
    CS2SIM_TRY_LET(given, Numbers::parse(call.request.bytes("numbers")));
    if (!given.has({kP, kQ})) return fail(E_VRSA_MISS_COMP);
    Numbers made;
    for (const Component one : {kP, kQ, kExponent}) made.at(one).reset(BN_dup(given.get(one)));
    if (!made.get(kExponent)) {  // without it, it is what dp or the private exponent says
        made.at(kDp).reset(BN_dup(given.get(kDp)));
        made.at(kPrivateExponent).reset(BN_dup(given.get(kPrivateExponent)));
    }
    if (!made.complete()) return fail(E_VRSA_BAD_PEXP);
    for (const Checked& row : kChecked)
        if (given.get(row.component) && BN_cmp(given.get(row.component), made.get(row.component)) != 0)
            return fail(row.bad);
    // A private exponent modulo (p - 1)(q - 1) is as good as one modulo their least common multiple.
    if (BIGNUM* const d = given.get(kPrivateExponent)) {
        Numbers by_exponent;
        for (const Component one : {kP, kQ, kPrivateExponent})
            by_exponent.at(one).reset(BN_dup(given.get(one)));
        if (!by_exponent.complete() || BN_cmp(by_exponent.get(kDp), made.get(kDp)) != 0 ||
            BN_cmp(by_exponent.get(kDq), made.get(kDq)) != 0 || BN_is_zero(d))
            return fail(E_VRSA_BAD_SEXP);
    }
    CS2SIM_TRY_LET(key, made.private_key());
    const Handle<EVP_PKEY_CTX> context(EVP_PKEY_CTX_new(key.get(), nullptr));
    if (!context || EVP_PKEY_pairwise_check(context.get()) != 1) return fail(E_VRSA_BAD_KEY);
    return call.answer({});
}

Result<Bytes> rsa(ServiceCall& call) {
    const std::uint8_t work = call.request.u8("work");
    CS2SIM_TRY_LET(numbers, Numbers::parse(call.request.bytes("numbers")));
    if (work == 0) return power(call, numbers);
    if (work > std::size(kWorks)) return fail(E_VRSA_INVALID_FLAG);
    if (call.request.bytes("data").size() > kLongest) return fail(E_VRSA_DATA_LEN);
    const WorkRow& row = kWorks[work - 1];
    const bool is_private = row.work == Work::decrypt || row.work == Work::sign;
    if (!is_private && !numbers.has({kModulus, kExponent}) && numbers.has({kP, kQ})) numbers.complete();
    CS2SIM_TRY_LET(key, is_private ? numbers.private_key() : numbers.public_key());
    return run(call, row, *key);
}

}  // namespace cs2sim::services
