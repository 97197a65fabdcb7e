// Services of HASH and MBK.
#include <openssl/core_names.h>

#include <algorithm>

#include "firmware/crypto/digest.h"
#include "firmware/crypto/kdf.h"
#include "firmware/mbk/mbk.h"
#include "firmware/modules/service.h"

namespace cs2sim::services {
namespace {

constexpr std::uint32_t kMostDerived = 256 * 1024;

struct DigestName {
    std::uint32_t algorithm;  // HASH_* of hash.h
    const char* name;
    bool extendable;
};
constexpr DigestName kDigests[] = {
    {0x10, "SHA1", false},     {0x20, "RIPEMD160", false}, {0x30, "SHA224", false},
    {0x40, "SHA256", false},   {0x50, "MD5", false},       {0x60, "SHA384", false},
    {0x70, "SHA512", false},   {0x80, "SHA3-224", false},  {0x90, "SHA3-256", false},
    {0xA0, "SHA3-384", false}, {0xB0, "SHA3-512", false},  {0xC0, "SHAKE128", true},
    {0xD0, "SHAKE256", true},
};

const DigestName* digest_row(std::uint32_t algorithm) {
    const auto* row = std::ranges::find(kDigests, algorithm, &DigestName::algorithm);
    return row == std::end(kDigests) ? nullptr : row;
}

// Keeps a state under a number of its own; the oldest gives way.
template <class States, class State>
std::uint32_t keep(ModuleHoldings& holdings, States& states, State state) {
    if (states.size() == ModuleHoldings::kMostDigests) states.erase(states.begin());
    states.emplace(++holdings.last_state, std::move(state));
    return holdings.last_state;
}

}  // namespace

const char* digest_name(std::uint32_t algorithm) {
    const DigestName* row = digest_row(algorithm);
    return row ? row->name : nullptr;
}

Result<Bytes> hash(ServiceCall& call) {
    const ServiceBlock& request = call.request;
    const DigestName* row = digest_row(request.u32("algorithm"));
    if (!row) return fail(E_HASH_MODE);
    Handle<EVP_MD_CTX> context(EVP_MD_CTX_new());
    if (!context) return fail(E_HASH_MEM);
    if (const std::uint32_t state = request.u32("state"); state == 0) {
        if (EVP_DigestInit_ex(context.get(), digest_method(row->name), nullptr) != 1) return fail(E_HASH_MEM);
    } else {
        const auto found = call.holdings().digests.find(state);
        if (found == call.holdings().digests.end()) return fail(E_HASH_PARAMETER);
        if (EVP_MD_CTX_copy_ex(context.get(), found->second.get()) != 1) return fail(E_HASH_MEM);
        if (EVP_MD_CTX_get0_md(context.get()) != digest_method(row->name)) return fail(E_HASH_MODE);
    }
    const ByteView data = request.bytes("data");
    if (EVP_DigestUpdate(context.get(), data.data(), data.size()) != 1) return fail(E_HASH_MEM);
    Bytes made;
    if (request.u8("finish") != 0) {
        unsigned size = EVP_MAX_MD_SIZE;
        const std::uint32_t length = request.u32("length");
        if (row->extendable && (length == 0 || length > kMostDerived)) return fail(E_HASH_LEN);
        made.resize(row->extendable ? length : size);
        if (row->extendable ? EVP_DigestFinalXOF(context.get(), made.data(), made.size()) != 1
                            : EVP_DigestFinal_ex(context.get(), made.data(), &size) != 1)
            return fail(E_HASH_MEM);
        if (!row->extendable) made.resize(size);
        if (!row->extendable && length != size) return fail(E_HASH_LEN);
    }
    std::uint32_t state = 0;
    if (request.u8("keep") != 0 && made.empty())
        state = keep(call.holdings(), call.holdings().digests, std::move(context));
    return call.answer({state, made});
}

Result<Bytes> hmac(ServiceCall& call) {
    const ServiceBlock& request = call.request;
    const DigestName* row = digest_row(request.u32("algorithm"));
    if (!row || row->extendable) return fail(E_HASH_MODE);
    Handle<EVP_MAC_CTX> context;
    if (const std::uint32_t state = request.u32("state"); state == 0) {
        const Handle<EVP_MAC> mac(EVP_MAC_fetch(nullptr, "HMAC", nullptr));
        context.reset(EVP_MAC_CTX_new(mac.get()));
        const OSSL_PARAM parameters[] = {
            OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, const_cast<char*>(row->name), 0),
            OSSL_PARAM_construct_end()};
        const ByteView key = request.bytes("key");
        static constexpr std::uint8_t kNothing = 0;  // null would keep an earlier key
        if (!context ||
            EVP_MAC_init(context.get(), key.empty() ? &kNothing : key.data(), key.size(), parameters) != 1)
            return fail(E_HASH_MEM);
    } else {
        const auto found = call.holdings().macs.find(state);
        if (found == call.holdings().macs.end()) return fail(E_HASH_PARAMETER);
        context.reset(EVP_MAC_CTX_dup(found->second.get()));
        if (!context) return fail(E_HASH_MEM);
    }
    const ByteView data = request.bytes("data");
    if (EVP_MAC_update(context.get(), data.data(), data.size()) != 1) return fail(E_HASH_MEM);
    Bytes made;
    if (request.u8("finish") != 0) {
        std::size_t size = EVP_MAX_MD_SIZE;
        made.resize(size);
        if (EVP_MAC_final(context.get(), made.data(), &size, made.size()) != 1) return fail(E_HASH_MEM);
        made.resize(size);
    }
    std::uint32_t state = 0;
    if (request.u8("keep") != 0 && made.empty())
        state = keep(call.holdings(), call.holdings().macs, std::move(context));
    return call.answer({state, made});
}

Result<Bytes> kdf_sp800108(ServiceCall& call) {
    const ServiceBlock& request = call.request;
    const DigestName* row = digest_row(request.u32("algorithm"));
    const std::uint32_t length = request.u32("length");
    if (!row || row->extendable) return fail(E_HASH_MODE);
    if (length == 0 || length > kMostDerived || request.bytes("key").empty()) return fail(E_HASH_PARAMETER);
    const SecretBytes key = derive_key_by_feedback(row->name, request.bytes("key"), request.bytes("iv"),
                                                   request.bytes("fixed"), length);
    return Bytes(key.begin(), key.end());
}

Result<Bytes> mbk_info(ServiceCall& call) {
    CS2SIM_TRY_LET(info, call.device.mbk.info(call.request.u32("slot")));
    return encode_key_info(info);
}

Result<Bytes> mbk_derive(ServiceCall& call) {
    const ServiceBlock& request = call.request;
    const DigestName* row = digest_row(request.u32("algorithm"));
    const std::uint32_t length = request.u32("length");
    if (!row || row->extendable) return fail(E_MBK_MODE_INV);
    if (length == 0 || length > kMostDerived) return fail(E_MBK_LENGTH);
    CS2SIM_TRY_LET(mbk, call.device.mbk.resident(request.u32("slot")));
    const SecretBytes key =
        mbk.derive_by_feedback(row->name, request.bytes("iv"), request.bytes("fixed"), length);
    return Bytes(key.begin(), key.end());
}

Result<Bytes> mbk_split(ServiceCall& call) {
    CS2SIM_TRY_LET(
        shares, cs2sim::mbk_split(call.request.bytes("secret"), call.request.u8("k"), call.request.u8("n")));
    Bytes out;
    for (const SecretBytes& share : shares) append(out, share);
    return out;
}

Result<Bytes> mbk_combine(ServiceCall& call) {
    constexpr std::size_t kShare = 32;
    const ByteView x = call.request.bytes("x"), shares = call.request.bytes("shares");
    if (shares.size() != kShare * x.size()) return fail(E_MBK_SHARE_LB);
    std::vector<std::pair<std::uint8_t, ByteView>> points;
    for (std::size_t at = 0; at < x.size(); ++at)
        points.emplace_back(x[at], shares.subspan(kShare * at, kShare));
    CS2SIM_TRY_LET(secret, cs2sim::mbk_combine(points));
    return call.answer({ByteView(secret)});
}

}  // namespace cs2sim::services
