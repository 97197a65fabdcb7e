#include "firmware/cxi/work/cipher_job.h"

#include <algorithm>
#include <map>

#include "firmware/crypto/random.h"
#include "firmware/cxi/work/key_wrap.h"
#include "firmware/cxi/work/portion.h"
#include "firmware/protocol/block.h"
#include "firmware/protocol/functions.h"

namespace cs2sim {
namespace {

struct ChainRow {
    std::uint32_t chain;
    const char* suffix;
    bool pads;  // whole blocks only
    bool des;   // for DES keys too
};

constexpr ChainRow kChains[] = {
    {CXI_MECH_CHAIN_ECB, "ECB", true, true},    {CXI_MECH_CHAIN_CBC, "CBC", true, true},
    {CXI_MECH_CHAIN_CTR, "CTR", false, false},  {CXI_MECH_CHAIN_OFB, "OFB", false, true},
    {CXI_MECH_CHAIN_CFB, "CFB", false, true},   {CXI_MECH_CHAIN_CFB8, "CFB8", false, true},
    {CXI_MECH_CHAIN_CFB1, "CFB1", false, true}, {CXI_MECH_CHAIN_GCM, "GCM", false, false},
    {CXI_MECH_CHAIN_CCM, "CCM", false, false},  {CXI_MECH_CHAIN_KEY_WRAP, "ECB", false, false},
};

constexpr std::uint32_t kBlockPads[] = {CXI_MECH_PAD_NONE, CXI_MECH_PAD_PKCS5, CXI_MECH_PAD_RANDOM,
                                        CXI_MECH_PAD_ISO7816, CXI_MECH_PAD_ZERO};

const ChainRow* find_chain(std::uint32_t chain) {
    const auto* row = std::ranges::find(kChains, chain, &ChainRow::chain);
    return row == std::end(kChains) ? nullptr : row;
}

bool pad_fits(const ChainRow& row, std::uint32_t pad) {
    if (row.pads) return std::ranges::find(kBlockPads, pad) != std::end(kBlockPads);
    if (row.chain == CXI_MECH_CHAIN_KEY_WRAP) return pad == CXI_MECH_PAD_NONE || pad == CXI_MECH_PAD_KWP;
    return pad == CXI_MECH_PAD_NONE;
}

// SP 800-38D (GCM), SP 800-38C (CCM).
bool tag_fits(std::uint32_t chain, std::size_t bits) {
    const std::size_t bytes = bits / 8;
    if (bits % 8 != 0 || bytes > 16 || bytes < 4) return false;
    if (chain == CXI_MECH_CHAIN_CCM) return bytes % 2 == 0;
    return bytes >= 12 || bytes == 8 || bytes == 4;
}

// OpenSSL's methods, fetched once; to fetch one takes longer than to encrypt a block with it.
const EVP_CIPHER* cipher_method(const std::string& name) {
    static const auto methods = [] {
        std::map<std::string, Handle<EVP_CIPHER>, std::less<>> all;
        std::vector<std::string> names = {"DES-EDE3-ECB", "DES-EDE3-CBC",  "DES-EDE3-OFB",
                                          "DES-EDE3-CFB", "DES-EDE3-CFB8", "DES-EDE3-CFB1"};
        for (const char* size : {"128", "192", "256"})
            for (const char* mode : {"ECB", "CBC", "CTR", "OFB", "CFB", "CFB8", "CFB1", "GCM", "CCM"})
                names.push_back(std::string("AES-") + size + "-" + mode);
        for (const std::string& each : names)
            all.emplace(each, EVP_CIPHER_fetch(nullptr, each.c_str(), nullptr));
        return all;
    }();
    const auto found = methods.find(name);
    return found == methods.end() ? nullptr : found->second.get();
}

}  // namespace

struct CipherJob::Parameter {
    std::uint8_t source = CXI_IV_NO_GENERATE;
    ByteView iv;
    ByteView associated;
    std::size_t tag_bits = 128;
};

Result<std::shared_ptr<CipherJob>> CipherJob::start(const LoadedKey& key, Mechanism mechanism, bool encrypt,
                                                    ByteView parameter) {
    Parameter given;
    if (!parameter.empty()) {
        const auto parsed = parse(LAYOUT_CXI_CRYPT_PARAMETER, parameter);
        if (!parsed) return fail(E_CXI_CRYPT_MECH_PARA);
        given = {parsed->u8("source"), parsed->bytes("iv"), parsed->bytes("associated"),
                 parsed->u16("tagbits")};
        if (given.source > CXI_IV_GENERATE) return fail(E_CXI_CRYPT_MECH_PARA);
        if (given.tag_bits == 0) given.tag_bits = 128;
    }
    auto job = std::make_shared<CipherJob>();
    job->mechanism_ = mechanism;
    job->encrypt_ = encrypt;
    CS2SIM_TRY(job->set_up(key, given));
    return job;
}

Result<void> CipherJob::set_up(const LoadedKey& key, const Parameter& parameter) {
    const std::uint32_t algorithm = key.object.algorithm();
    const ChainRow* chain = find_chain(mechanism_.chain());
    if (!key.object.is_secret() || (algorithm != CXI_KEY_ALGO_AES && algorithm != CXI_KEY_ALGO_DES))
        return fail(E_CXI_KEY_TYPE);
    if (!chain || !pad_fits(*chain, mechanism_.pad()) || (algorithm == CXI_KEY_ALGO_DES && !chain->des))
        return fail(E_CXI_CRYPT_MECH);
    block_ = algorithm == CXI_KEY_ALGO_DES ? 8 : 16;
    portion_ = portion_of(algorithm, mechanism_);

    const bool tagged = mechanism_.is_tagged();
    if (!tagged && !parameter.associated.empty()) return fail(E_CXI_CRYPT_MECH_PARA);
    if (tagged && !tag_fits(mechanism_.chain(), parameter.tag_bits)) return fail(E_CXI_CRYPT_MECH_PARA);
    tag_ = tagged ? parameter.tag_bits / 8 : 0;
    CS2SIM_TRY(take_iv(parameter));
    if (mechanism_.chain() == CXI_MECH_CHAIN_CCM || mechanism_.chain() == CXI_MECH_CHAIN_KEY_WRAP) {
        associated_ = to_bytes(parameter.associated);
        return take_key(key);
    }
    return begin(key, parameter.associated);
}

// A context and what it is to be initialised with.
Result<void> CipherJob::take_key(const LoadedKey& key) {
    const ChainRow* chain = find_chain(mechanism_.chain());
    key_ = to_secret(key.secret());
    std::string name = "AES-" + std::to_string(key_.size() * 8) + "-" + chain->suffix;
    if (key.object.algorithm() == CXI_KEY_ALGO_DES) {
        key_ = des3_key(key_);
        name = std::string("DES-EDE3-") + chain->suffix;
    }
    method_ = cipher_method(name);
    context_.reset(EVP_CIPHER_CTX_new());
    if (!method_ || !context_) return fail(E_CXI_CRYPT_MECH);
    return {};
}

Result<void> CipherJob::begin(const LoadedKey& key, ByteView associated) {
    const int direction = encrypt_ ? 1 : 0;
    ready_ = key.ciphers;
    context_ = ready_->take(mechanism_.value, encrypt_);
    const bool has_key = context_ != nullptr;
    if (!has_key) {
        CS2SIM_TRY(take_key(key));
        if (EVP_CipherInit_ex2(context_.get(), method_, nullptr, nullptr, direction, nullptr) != 1)
            return fail(E_CXI_INTERNAL);
        EVP_CIPHER_CTX_set_padding(context_.get(), 0);
    }
    if (tag_ != 0 && EVP_CIPHER_CTX_ctrl(context_.get(), EVP_CTRL_AEAD_SET_IVLEN,
                                         static_cast<int>(iv_.size()), nullptr) != 1)
        return fail(E_CXI_CRYPT_IV_LEN);
    if (EVP_CipherInit_ex2(context_.get(), nullptr, has_key ? nullptr : key_.data(),
                           iv_.empty() ? nullptr : iv_.data(), direction, nullptr) != 1)
        return fail(E_CXI_KEY_INVALID_COMP);
    SecretBytes().swap(key_);
    int unused = 0;
    if (!associated.empty() && EVP_CipherUpdate(context_.get(), nullptr, &unused, associated.data(),
                                                static_cast<int>(associated.size())) != 1)
        return fail(E_CXI_INTERNAL);
    return {};
}

Result<void> CipherJob::take_iv(const Parameter& parameter) {
    const std::uint32_t chain = mechanism_.chain();
    const bool none = chain == CXI_MECH_CHAIN_ECB || chain == CXI_MECH_CHAIN_KEY_WRAP;
    if (parameter.source == CXI_IV_GENERATE) {
        if (none || !encrypt_ || !parameter.iv.empty()) return fail(E_CXI_CRYPT_MECH_PARA);
        made_iv_ = random_bytes(tag_ != 0 ? 12 : block_);
        iv_ = made_iv_;
        return {};
    }
    const std::size_t size = parameter.iv.size();
    bool fits = size == block_;
    if (none) fits = size == 0;
    if (chain == CXI_MECH_CHAIN_GCM) fits = size >= 1 && size <= 128;
    if (chain == CXI_MECH_CHAIN_CCM) fits = size >= 7 && size <= 13;
    if (!fits) return fail(E_CXI_CRYPT_IV_LEN);
    iv_ = to_bytes(parameter.iv);
    return {};
}

Result<void> CipherJob::pass(ByteView data, Bytes& out, const Abandonment* abandonment) {
    if (data.empty()) return {};
    std::size_t filled = out.size();
    out.resize(filled + data.size() + block_);
    const auto work = [&](ByteView portion) -> Result<void> {
        int size = 0;
        if (EVP_CipherUpdate(context_.get(), out.data() + filled, &size, portion.data(),
                             static_cast<int>(portion.size())) != 1)
            return fail(E_CXI_INTERNAL);
        filled += static_cast<std::size_t>(size);
        return {};
    };
    CS2SIM_TRY(in_portions(data, portion_, abandonment, work));
    out.resize(filled);
    return {};
}

Result<void> CipherJob::update(ByteView data, Bytes& out, const Abandonment* abandonment) {
    if (mechanism_.chain() == CXI_MECH_CHAIN_CCM || mechanism_.chain() == CXI_MECH_CHAIN_KEY_WRAP)
        return fail(E_CXI_CRYPT_MECH);
    fed_ += data.size();
    if (!encrypt_ && tag_ != 0) {  // the last bytes may be the tag: hold them back
        const std::size_t total = held_.size() + data.size();
        if (total <= tag_) {
            held_.insert(held_.end(), data.begin(), data.end());
            return {};
        }
        const std::size_t from_held = std::min(held_.size(), total - tag_);
        CS2SIM_TRY(pass(ByteView(held_).first(from_held), out));
        held_.erase(held_.begin(), held_.begin() + static_cast<std::ptrdiff_t>(from_held));
        const std::size_t from_data = total - tag_ - from_held;
        CS2SIM_TRY(pass(data.first(from_data), out, abandonment));
        held_.insert(held_.end(), data.begin() + static_cast<std::ptrdiff_t>(from_data), data.end());
        return {};
    }
    const bool unpads = !encrypt_ && mechanism_.pad() != CXI_MECH_PAD_NONE;
    const std::size_t before = out.size();
    if (unpads) {
        out.insert(out.end(), held_.begin(), held_.end());
        held_.clear();
    }
    CS2SIM_TRY(pass(data, out, abandonment));
    if (unpads && out.size() - before >= block_) {
        held_.assign(out.end() - static_cast<std::ptrdiff_t>(block_), out.end());
        out.resize(out.size() - block_);
    }
    return {};
}

Result<void> CipherJob::pad(Bytes& out) {
    const std::size_t missing = block_ - fed_ % block_;  // 1 to a whole block
    Bytes filling(missing, 0);
    switch (mechanism_.pad()) {
        case CXI_MECH_PAD_PKCS5:
            std::ranges::fill(filling, static_cast<std::uint8_t>(missing));
            break;
        case CXI_MECH_PAD_RANDOM:
            random_fill(filling);
            filling.back() = static_cast<std::uint8_t>(missing);
            break;
        case CXI_MECH_PAD_ISO7816:
            filling.front() = 0x80;
            break;
        default:  // ZERO
            if (missing == block_) return {};
            break;
    }
    return pass(filling, out);
}

Result<void> CipherJob::unpad(Bytes& out) {
    if (mechanism_.pad() == CXI_MECH_PAD_ZERO) {
        out.insert(out.end(), held_.begin(), held_.end());
        return {};
    }
    if (held_.size() != block_) return fail(E_CXI_CRYPT_DATA_LEN);
    std::size_t keep = block_ - held_.back();
    bool good = held_.back() >= 1 && held_.back() <= block_;
    if (mechanism_.pad() == CXI_MECH_PAD_PKCS5)
        for (std::size_t i = 0; i < block_; ++i) good &= i < keep || held_[i] == held_.back();
    if (mechanism_.pad() == CXI_MECH_PAD_ISO7816) {
        keep = block_;
        while (keep > 0 && held_[keep - 1] == 0) --keep;
        good = keep > 0 && held_[--keep] == 0x80;
    }
    if (!good) return fail(E_CXI_CRYPT_PADDING);
    out.insert(out.end(), held_.begin(), held_.begin() + static_cast<std::ptrdiff_t>(keep));
    return {};
}

Result<void> CipherJob::end(Bytes& out) {
    const ChainRow* chain = find_chain(mechanism_.chain());
    int size = 0;
    if (chain->pads) {
        const bool padded = mechanism_.pad() != CXI_MECH_PAD_NONE;
        if (fed_ % block_ != 0 && (!padded || !encrypt_)) return fail(E_CXI_CRYPT_DATA_LEN);
        if (!padded) return {};
        return encrypt_ ? pad(out) : unpad(out);
    }
    if (tag_ == 0) return {};
    std::array<std::uint8_t, 16> rest{};
    if (encrypt_) {
        Bytes tag(tag_);
        if (EVP_CipherFinal_ex(context_.get(), rest.data(), &size) != 1 ||
            EVP_CIPHER_CTX_ctrl(context_.get(), EVP_CTRL_AEAD_GET_TAG, static_cast<int>(tag_), tag.data()) !=
                1)
            return fail(E_CXI_INTERNAL);
        append(out, tag);
        return {};
    }
    if (held_.size() != tag_) return fail(E_CXI_CRYPT_DATA_LEN);
    if (EVP_CIPHER_CTX_ctrl(context_.get(), EVP_CTRL_AEAD_SET_TAG, static_cast<int>(tag_), held_.data()) !=
            1 ||
        EVP_CipherFinal_ex(context_.get(), rest.data(), &size) != 1)
        return fail(E_AES_TAG_VERIFICATION);
    return {};
}

Result<void> CipherJob::finish(Bytes& out) {
    CS2SIM_TRY(end(out));
    if (ready_) ready_->give(mechanism_.value, encrypt_, std::move(context_));
    return {};
}

Result<Bytes> CipherJob::whole(ByteView data, const Abandonment* abandonment) {
    Bytes out;
    CS2SIM_TRY(whole(data, out, abandonment));
    return out;
}

Result<void> CipherJob::whole(ByteView data, Bytes& out, const Abandonment* abandonment) {
    const bool ccm = mechanism_.chain() == CXI_MECH_CHAIN_CCM;
    if (ccm || mechanism_.chain() == CXI_MECH_CHAIN_KEY_WRAP) {
        CS2SIM_TRY_LET(all, ccm ? whole_ccm(data) : whole_key_wrap(data, abandonment));
        append(out, all);
        cleanse(all.data(), all.size());
        return {};
    }
    out.reserve(out.size() + data.size() + 2 * block_ + tag_);
    auto done = update(data, out, abandonment);
    if (done) done = finish(out);
    if (!done) cleanse(out.data(), out.size());
    return done;
}

Result<Bytes> CipherJob::whole_ccm(ByteView data) {
    if (!encrypt_ && data.size() < tag_) return fail(E_CXI_CRYPT_DATA_LEN);
    const ByteView text = encrypt_ ? data : data.first(data.size() - tag_);
    const Bytes tag = encrypt_ ? Bytes(tag_) : to_bytes(data.last(tag_));
    Bytes out(text.size() + tag_);
    EVP_CIPHER_CTX* context = context_.get();
    int size = 0;
    const int direction = encrypt_ ? 1 : 0;
    // RFC 3610, section 2.1: the longer the nonce, the shorter the length field.
    if (iv_.size() == 13 && text.size() > 0xFFFF) return fail(E_CXI_CRYPT_DATA_LEN);
    if (EVP_CipherInit_ex2(context, method_, nullptr, nullptr, direction, nullptr) != 1 ||
        EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_IVLEN, static_cast<int>(iv_.size()), nullptr) != 1 ||
        EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, static_cast<int>(tag_),
                            encrypt_ ? nullptr : const_cast<std::uint8_t*>(tag.data())) != 1 ||
        EVP_CipherInit_ex2(context, nullptr, key_.data(), iv_.data(), direction, nullptr) != 1 ||
        EVP_CipherUpdate(context, nullptr, &size, nullptr, static_cast<int>(text.size())) != 1)
        return fail(E_CXI_CRYPT_MECH_PARA);
    if (!associated_.empty() && EVP_CipherUpdate(context, nullptr, &size, associated_.data(),
                                                 static_cast<int>(associated_.size())) != 1)
        return fail(E_CXI_CRYPT_MECH_PARA);
    std::uint8_t none = 0;
    const std::uint8_t* input = text.empty() ? &none : text.data();
    if (EVP_CipherUpdate(context, out.data(), &size, input, static_cast<int>(text.size())) != 1)
        return fail(encrypt_ ? E_CXI_INTERNAL : E_AES_TAG_VERIFICATION);
    if (!encrypt_) {
        out.resize(text.size());
        return out;
    }
    if (EVP_CipherFinal_ex(context, out.data() + text.size(), &size) != 1 ||
        EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, static_cast<int>(tag_),
                            out.data() + text.size()) != 1)
        return fail(E_CXI_INTERNAL);
    return out;
}

Result<Bytes> CipherJob::whole_key_wrap(ByteView data, const Abandonment* abandonment) {
    if (EVP_CipherInit_ex2(context_.get(), method_, key_.data(), nullptr, encrypt_ ? 1 : 0, nullptr) != 1)
        return fail(E_CXI_INTERNAL);
    EVP_CIPHER_CTX_set_padding(context_.get(), 0);
    const bool padded = mechanism_.pad() == CXI_MECH_PAD_KWP;
    return key_wrap(context_.get(), {encrypt_, padded, portion_ / 8 * 6}, data, abandonment);
}

}  // namespace cs2sim
