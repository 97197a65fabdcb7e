// Vendor-defined mechanisms: modules register callbacks, CXI has them called.
#include <openssl/core_names.h>

#include <algorithm>

#include "firmware/crypto/secret.h"
#include "firmware/modules/modules.h"
#include "firmware/modules/service.h"
#include "firmware/protocol/cxi/constants.h"

namespace cs2sim {
namespace {

constexpr std::size_t kMostCallbacks = 32;

// As channel.h says what a call of a mechanism carries, and what it answers.
constexpr Layout kJob("mechanism:u4 key!:v4 second!:v4 parameter:v4 signature:v4 data!:*");
constexpr Layout kKey(
    "type:u1 bits:u4 algorithm:u4 external:u1 private!:v4 public:v4 public_data:v4 domain:v4");
constexpr Layout kMade("made!:v4 public_data:*");

struct KeyTypeRow {
    std::uint32_t algorithm;
    std::uint8_t type;  // T_VDM_TYPE
};
constexpr std::uint8_t kGeneric = 0, kRsa = 3, kCurve = 4, kDsa = 5, kCustom = 6;
constexpr KeyTypeRow kKeyTypes[] = {{CXI_KEY_ALGO_RAW, kGeneric}, {CXI_KEY_ALGO_DES, 1},
                                    {CXI_KEY_ALGO_AES, 2},        {CXI_KEY_ALGO_RSA, kRsa},
                                    {CXI_KEY_ALGO_EC, kCurve},    {CXI_KEY_ALGO_DSA, kDsa}};

// The halves of an asymmetric key in the form that the module's process makes tokens of: RSA's numbers, the
// bare numbers of the others.
struct Halves {
    SecretBytes secret;
    Bytes open;
    Bytes domain;  // EC: the curve's name; DSA: P, Q and G, each with its length in four bytes
};

Result<Halves> halves_of(const VendorKey& key, std::uint8_t type) {
    Halves out;
    const EVP_PKEY& pkey = *key.pkey;
    if (type == kRsa) {
        CS2SIM_TRY_LET(open, services::rsa_numbers(pkey, true));
        out.open.assign(open.begin(), open.end());
        if (key.is_public) return out;
        CS2SIM_TRY_LET(numbers, services::rsa_numbers(pkey, false));
        out.secret = std::move(numbers);
        return out;
    }
    if (type == kCurve) {
        if (!is_ec(pkey)) return fail(E_CXI_KEY_INVALID_ALGO);
        out.domain = to_bytes(as_bytes(ec_curve(pkey)));
        out.open = ec_point(pkey);
    } else {
        for (const char* name : {OSSL_PKEY_PARAM_FFC_P, OSSL_PKEY_PARAM_FFC_Q, OSSL_PKEY_PARAM_FFC_G}) {
            CS2SIM_TRY_LET(number, key_number(pkey, name));
            append_big_endian(out.domain, number.size(), 4);
            append(out.domain, number);
        }
        CS2SIM_TRY_LET(y, key_number(pkey, OSSL_PKEY_PARAM_PUB_KEY));
        out.open = std::move(y);
    }
    if (key.is_public) return out;
    CS2SIM_TRY_LET(secret, type == kCurve ? services::ec_secret(pkey) : services::private_number(pkey, 0));
    out.secret = std::move(secret);
    return out;
}

Result<SecretBytes> encode(const VendorKey& key) {
    const bool custom = (key.algorithm & CXI_KEY_ALGO_CUSTOM) != 0;
    const auto* row = std::ranges::find(kKeyTypes, key.algorithm, &KeyTypeRow::algorithm);
    if (row == std::end(kKeyTypes) && !custom) return fail(E_CXI_KEY_INVALID_ALGO);
    const std::uint8_t type = custom ? kCustom : row->type;
    Halves halves;
    if (key.pkey) {
        CS2SIM_TRY_LET(both, halves_of(key, type));
        halves = std::move(both);
    }
    CS2SIM_TRY_LET(block, compose(kKey, {type, key.bits, key.algorithm, key.external ? 1 : 0,
                                         key.pkey ? ByteView(halves.secret) : key.secret, halves.open,
                                         key.public_data, halves.domain}));
    SecretBytes out = to_secret(block);
    cleanse(block.data(), block.size());
    return out;
}

// Which of the two keys a kind of work has (vendor_mechanism.h).
bool has_key(VendorWork work) { return work != VendorWork::digest; }
bool has_second(VendorWork work) {
    return work == VendorWork::wrap || work == VendorWork::derive || work == VendorWork::unwrap;
}

bool makes_key(VendorWork work) {
    return work == VendorWork::generate || work == VendorWork::derive || work == VendorWork::unwrap;
}

}  // namespace

Result<void> Modules::mechanism_registered(UserModule& module, std::uint8_t kind, std::int8_t priority) {
    const std::lock_guard lock(mutex_);
    if (module.vendor_callbacks.size() == kMostCallbacks) return fail(E_CXI_MALLOC);
    module.vendor_callbacks.push_back({kind, priority});
    return {};
}

// The highest priority is asked first, of equal ones the module that was started first (OUR ASSUMPTION).
Result<VendorResult> Modules::run_mechanism(Call& command, const VendorJob& job) {
    struct Candidate {
        UserModule* module;
        std::uint32_t place;
        std::int8_t priority;
    };
    std::vector<Candidate> candidates;
    {
        const std::lock_guard lock(mutex_);
        for (const auto& module : modules_)
            for (std::uint32_t place = 0; place < module->vendor_callbacks.size(); ++place)
                if (const auto& one = module->vendor_callbacks[place];
                    one.kind == static_cast<std::uint8_t>(job.work))
                    candidates.push_back({module.get(), place, one.priority});
    }
    if (candidates.empty()) return fail(E_CXI_VDM_CB_NOT_REGISTERED);
    std::ranges::stable_sort(candidates, std::ranges::greater{}, &Candidate::priority);
    CS2SIM_TRY_LET(key, has_key(job.work) ? encode(job.key) : SecretBytes());
    CS2SIM_TRY_LET(second, has_second(job.work) ? encode(job.second) : SecretBytes());
    CS2SIM_TRY_LET(block, compose(kJob, {job.mechanism, ByteView(key), ByteView(second), job.parameter,
                                         job.signature, job.data}));
    Result<Bytes> answer = fail(E_CXI_VDM_MECH_NOT_HANDLED);
    for (const Candidate& one : candidates) {
        answer = one.module->call(CS2SIM_CALL_MECHANISM, one.place, block, &command);
        if (answer || answer.error().code != E_CXI_VDM_MECH_NOT_HANDLED) break;
    }
    cleanse(block.data(), block.size());
    CS2SIM_TRY(answer);
    const SecretBytes out = to_secret(*answer);
    cleanse(answer->data(), answer->size());
    if (!makes_key(job.work)) return VendorResult{out, {}};
    const auto made = parse(kMade, out);
    if (!made) return fail(E_CXI_VDM_CB_DATA_INCONSISTENT);
    return VendorResult{to_secret(made->content("made")), to_bytes(made->content("public_data"))};
}

namespace services {

Result<SecretBytes> private_number(const EVP_PKEY& key, std::size_t size) {
    BIGNUM* raw = nullptr;
    if (EVP_PKEY_get_bn_param(&key, OSSL_PKEY_PARAM_PRIV_KEY, &raw) != 1) return fail(E_CXI_KEY_MISSING_COMP);
    const Handle<BIGNUM> number(raw);
    SecretBytes out(std::max(size, static_cast<std::size_t>(BN_num_bytes(raw))));
    BN_bn2binpad(raw, out.data(), static_cast<int>(out.size()));
    return out;
}

Result<SecretBytes> ec_secret(const EVP_PKEY& key) {
    return private_number(key, (static_cast<std::size_t>(key_bits(key)) + 7) / 8);
}

Result<Bytes> vdm_register(ServiceCall& call) {
    const std::uint8_t kind = call.request.u8("kind");
    if (kind > kLastVendorWork) return fail(E_CXI_INVALID_PARAM_VAL);
    CS2SIM_TRY(call.modules.mechanism_registered(call.module, kind,
                                                 static_cast<std::int8_t>(call.request.u8("priority"))));
    return call.answer({});
}

}  // namespace services
}  // namespace cs2sim
