// Services of AES and DES, and GCM in pieces.
#include <algorithm>
#include <array>

#include "firmware/crypto/cipher.h"
#include "firmware/crypto/digest.h"
#include "firmware/crypto/ghash.h"
#include "firmware/crypto/openssl.h"
#include "firmware/modules/service.h"

namespace cs2sim::services {
namespace {

constexpr std::uint8_t kAes = 1, kDes = 2;
constexpr std::uint8_t kModes = 5, kOneBit = 5;
constexpr std::string_view kModeNames[kModes + 1] = {"", "ECB", "CBC", "OFB", "CFB", "CFB1"};

// "AES-256-CBC", "DES-EDE3-CBC"; empty when there is none. Single DES goes as EDE3 with one key thrice.
std::string cipher_name(std::uint8_t cipher, std::size_t key, std::string_view mode) {
    if (cipher == kAes && (key == 16 || key == 24 || key == 32))
        return "AES-" + std::to_string(8 * key) + "-" + std::string(mode);
    if (cipher == kDes && (key == 8 || key == 16 || key == 24)) return "DES-EDE3-" + std::string(mode);
    return {};
}

// K, KK' and KK'K'' are K K K, K K' K and K K' K''.
SecretBytes key_of(std::uint8_t cipher, ByteView key) {
    SecretBytes whole = to_secret(key);
    if (cipher == kDes)
        for (std::size_t at = 0; whole.size() < 24; ++at) whole.push_back(whole[at]);
    return whole;
}

Result<std::string> aes_name(const ServiceCall& call, std::string_view mode) {
    auto name = cipher_name(kAes, call.request.bytes("key").size(), mode);
    if (name.empty()) return fail(E_AES_KEY_LEN);
    return name;
}

// AES of one block.
Result<GhashBlock> aes_block(const ServiceCall& call, const GhashBlock& block) {
    CS2SIM_TRY_LET(name, aes_name(call, "ECB"));
    CS2SIM_TRY_LET(out, encrypt_blocks(name, call.request.bytes("key"), {}, block));
    GhashBlock made{};
    std::ranges::copy(out, made.begin());
    return made;
}

GhashBlock block_of(ByteView bytes) {
    GhashBlock block{};
    std::ranges::copy(bytes.first(16), block.begin());
    return block;
}

// The counter of `bits` bits at its end counts `blocks` on.
GhashBlock counted(GhashBlock counter, std::uint64_t blocks, unsigned bits) {
    std::uint64_t carry = blocks;
    for (std::size_t at = 16; at-- > 16 - bits / 8 && carry != 0;) {
        carry += counter[at];
        counter[at] = static_cast<std::uint8_t>(carry);
        carry >>= 8;
    }
    return counter;
}

Result<Bytes> ctr(const ServiceCall& call, const GhashBlock& counter, ByteView data) {
    CS2SIM_TRY_LET(name, aes_name(call, "CTR"));
    const Handle<EVP_CIPHER> method(EVP_CIPHER_fetch(nullptr, name.c_str(), nullptr));
    const Handle<EVP_CIPHER_CTX> context(EVP_CIPHER_CTX_new());
    Bytes out(data.size());
    int size = 0;
    if (!method || !context ||
        EVP_EncryptInit_ex2(context.get(), method.get(), call.request.bytes("key").data(), counter.data(),
                            nullptr) != 1 ||
        EVP_EncryptUpdate(context.get(), out.data(), &size, data.data(), static_cast<int>(data.size())) != 1)
        return fail(E_AES_MEM);
    return out;
}

}  // namespace

Result<Bytes> cipher(ServiceCall& call) {
    const ServiceBlock& request = call.request;
    const std::uint8_t kind = request.u8("cipher"), mode = request.u8("mode");
    if (mode == 0 || mode > kModes) return fail(E_AES_MODE);
    const auto name = cipher_name(kind, request.bytes("key").size(), kModeNames[mode]);
    if (name.empty()) return fail(E_AES_KEY_LEN);
    const std::size_t block = kind == kAes ? 16 : 8;
    if (mode != 1 && request.bytes("iv").size() != block) return fail(E_AES_PARAM);
    if (mode != kOneBit && request.bytes("data").size() % block != 0) return fail(E_AES_DATA_LEN);
    const SecretBytes key = key_of(kind, request.bytes("key"));
    const auto run = request.u8("decrypt") != 0 ? decrypt_blocks : encrypt_blocks;
    CS2SIM_TRY_LET(out, run(name, key, request.bytes("iv"), request.bytes("data")));
    return Bytes(out.begin(), out.end());
}

Result<Bytes> aes_ctr(ServiceCall& call) {
    const std::uint32_t bits = call.request.u32("bits");
    const ByteView data = call.request.bytes("data");
    if (bits == 0 || bits > 128 || bits % 8 != 0) return fail(E_AES_PARAM);
    const std::uint64_t blocks = (data.size() + 15) / 16;
    if (bits < 64 && blocks > std::uint64_t{1} << bits) return fail(E_AES_CTR_OVERFLOW);
    const GhashBlock counter = block_of(call.request.bytes("counter"));
    const GhashBlock behind = counted(counter, blocks, bits);
    Bytes out;
    if (counted(counter, blocks, 128) == behind) {
        CS2SIM_TRY_LET(made, ctr(call, counter, data));
        out = std::move(made);
    } else {  // the counter turns over within its bits: block by block
        for (std::uint64_t at = 0; at < blocks; ++at) {
            const ByteView part = data.subspan(16 * at, std::min<std::size_t>(16, data.size() - 16 * at));
            CS2SIM_TRY_LET(made, ctr(call, counted(counter, at, bits), part));
            append(out, made);
        }
    }
    return call.answer({behind, out});
}

Result<Bytes> aes_cmac(ServiceCall& call) {
    const ByteView key = call.request.bytes("key");
    if (key.size() != 16 && key.size() != 32) return fail(E_AES_KEY_LEN);
    return call.answer({cs2sim::aes_cmac(key, {call.request.bytes("data")})});
}

Result<Bytes> aes_gcm_init(ServiceCall& call) {
    const ByteView iv = call.request.bytes("iv");
    GhashBlock counter{};
    if (iv.size() == 12) {
        std::ranges::copy(iv, counter.begin());
        counter[15] = 1;
        return call.answer({counter});
    }
    CS2SIM_TRY_LET(h, aes_block(call, {}));
    GhashBlock lengths{};
    std::ranges::copy(big_endian_bytes<8>(8 * iv.size()), lengths.begin() + 8);
    return call.answer({ghash(h, ghash(h, {}, iv), lengths)});
}

Result<Bytes> aes_gcm_ad(ServiceCall& call) {
    CS2SIM_TRY_LET(h, aes_block(call, {}));
    return call.answer({ghash(h, block_of(call.request.bytes("hash")), call.request.bytes("data"))});
}

Result<Bytes> aes_gcm_data(ServiceCall& call) {
    const ByteView data = call.request.bytes("data");
    const bool decrypt = call.request.u8("decrypt") != 0;
    CS2SIM_TRY_LET(h, aes_block(call, {}));
    // Data beyond what carries over within 32 bits does not fit into the channel, unless the counter stands
    // near its end.
    GhashBlock counter = counted(block_of(call.request.bytes("counter")), 1, 32);
    if (counted(counter, data.size() / 16 + 1, 32) != counted(counter, data.size() / 16 + 1, 128))
        return fail(E_AES_CTR_OVERFLOW);
    CS2SIM_TRY_LET(out, ctr(call, counter, data));
    return call.answer({ghash(h, block_of(call.request.bytes("hash")), decrypt ? data : ByteView(out)), out});
}

Result<Bytes> aes_gcm_tag(ServiceCall& call) {
    CS2SIM_TRY_LET(h, aes_block(call, {}));
    Bytes lengths;
    append_big_endian(lengths, std::uint64_t{8} * call.request.u32("l_ad"), 8);
    append_big_endian(lengths, std::uint64_t{8} * call.request.u32("l_data"), 8);
    GhashBlock tag = ghash(h, block_of(call.request.bytes("hash")), lengths);
    CS2SIM_TRY_LET(mask, aes_block(call, block_of(call.request.bytes("counter"))));
    for (std::size_t at = 0; at < tag.size(); ++at) tag[at] ^= mask[at];
    return call.answer({tag});
}

Result<Bytes> aes_key_wrap(ServiceCall& call) {
    const ServiceBlock& request = call.request;
    const bool padded = request.u8("padded") != 0, unwrap = request.u8("unwrap") != 0;
    const ByteView data = request.bytes("data"), icv = request.bytes("icv");
    const auto name = cipher_name(kAes, request.bytes("key").size(), padded ? "WRAP-PAD" : "WRAP");
    if (name.empty()) return fail(E_AES_KEY_LEN);
    if (data.empty() || data.size() > 65536 || (!padded && data.size() % 8 != 0)) return fail(E_AES_DATA_LEN);
    if (!icv.empty() && icv.size() != (padded ? 4 : 8)) return fail(E_AES_PARAM);
    const Handle<EVP_CIPHER> method(EVP_CIPHER_fetch(nullptr, name.c_str(), nullptr));
    const Handle<EVP_CIPHER_CTX> context(EVP_CIPHER_CTX_new());
    if (!method || !context) return fail(E_AES_MEM);
    EVP_CIPHER_CTX_set_flags(context.get(), EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
    Bytes out(data.size() + 32);
    int size = 0, rest = 0;
    if (EVP_CipherInit_ex2(context.get(), method.get(), request.bytes("key").data(),
                           icv.empty() ? nullptr : icv.data(), unwrap ? 0 : 1, nullptr) != 1 ||
        EVP_CipherUpdate(context.get(), out.data(), &size, data.data(), static_cast<int>(data.size())) != 1 ||
        EVP_CipherFinal_ex(context.get(), out.data() + size, &rest) != 1)
        return fail(E_AES_KEYWRAP);
    out.resize(static_cast<std::size_t>(size) + static_cast<std::size_t>(rest));
    return out;
}

}  // namespace cs2sim::services
