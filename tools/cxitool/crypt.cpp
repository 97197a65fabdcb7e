// Files encrypted and decrypted.
#include <algorithm>

#include "tools/cxitool/selection.h"
#include "tools/cxitool/work.h"
#include "tools/session/arguments.h"
#include "tools/session/value_words.h"

namespace cs2sim::tools {
namespace {

struct ChainWord {
    std::string_view word;
    std::uint32_t chain;
    std::size_t iv;
    PadUse pads;
};
constexpr ChainWord kChains[] = {
    {"GCM", CXI_MECH_CHAIN_GCM, 12, PadUse::other},  {"CBC", CXI_MECH_CHAIN_CBC, 16, PadUse::blocks},
    {"CTR", CXI_MECH_CHAIN_CTR, 16, PadUse::other},  {"ECB", CXI_MECH_CHAIN_ECB, 0, PadUse::blocks},
    {"OFB", CXI_MECH_CHAIN_OFB, 16, PadUse::other},  {"CFB", CXI_MECH_CHAIN_CFB, 16, PadUse::other},
    {"CFB8", CXI_MECH_CHAIN_CFB8, 16, PadUse::other}};

Result<const ChainWord*> chain_of(const ToolSession& session) {
    const std::string word = session.parameter_or("Chain", "GCM");
    for (const ChainWord& row : kChains)
        if (same_word(word, row.word)) return &row;
    return refuse_word(session, "Chain", word, chain_words());
}

Result<std::uint32_t> rsa_mechanism(const ToolSession& session) {
    const auto pad = pad_of(session, PadUse::rsa_crypt);
    if (!pad || *pad != CXI_MECH_PAD_OAEP) return pad;
    CS2SIM_TRY_LET(hash, hash_of(session));
    return *pad | hash->id;
}

Result<Bytes> run_crypt(ToolSession& session, ByteView key, std::uint32_t mechanism, ByteView parameter,
                        ByteView data, Bytes& made_iv) {
    Bytes out;
    std::uint32_t state = 0;
    for (bool first = true;; first = false) {
        const bool last = data.size() <= kPart;
        const ByteView part = data.first(std::min(kPart, data.size()));
        const std::uint32_t flags = (first ? std::uint32_t{CXI_FLAG_CRYPT_INIT} : 0u) |
                                    (last ? std::uint32_t{CXI_FLAG_CRYPT_FINAL} : 0u);
        const auto answer =
            session.execute(FC_CXI, SFC_CXI_CRYPT, {flags, mechanism, state, key, parameter, part});
        CS2SIM_TRY(answer);
        if (first) made_iv = to_bytes(answer->block.bytes("iv"));
        append(out, answer->block.bytes("data"));
        if (last) return out;
        state = answer->block.u32("state");
        data = data.subspan(part.size());
    }
}

Result<void> crypt_rsa(ToolSession& session, ByteView key, std::uint32_t mode, ByteView data) {
    CS2SIM_TRY_LET(mechanism, rsa_mechanism(session));
    Bytes no_iv;
    CS2SIM_TRY_LET(out, run_crypt(session, key, mode | mechanism, {}, data, no_iv));
    return deliver(session, out);
}

Result<void> crypt_secret(ToolSession& session, ByteView key, bool des, std::uint32_t mode, ByteView data) {
    const bool encrypts = mode == CXI_MECH_MODE_ENCRYPT;
    CS2SIM_TRY_LET(chain, chain_of(session));
    CS2SIM_TRY_LET(pad, pad_of(session, chain->pads));
    const std::size_t iv_size = des && chain->iv == 16 ? 8 : chain->iv;
    Bytes iv;
    bool make_iv = false;
    if (const auto hex = session.parameter("IV")) {
        if (!from_hex(*hex, iv)) return misused(session, "IV= is not whole bytes in hexadecimal");
    } else if (encrypts) {
        make_iv = iv_size != 0;
    } else {
        if (data.size() < iv_size) return fail(E_CXI_CRYPT_DATA_LEN);
        iv = to_bytes(data.first(iv_size));
        data = data.subspan(iv_size);
    }
    CS2SIM_TRY_LET(parameter, compose(LAYOUT_CXI_CRYPT_PARAMETER,
                                      {make_iv ? CXI_IV_GENERATE : CXI_IV_NO_GENERATE, iv, ByteView(), 0}));
    Bytes made_iv;
    CS2SIM_TRY_LET(out, run_crypt(session, key, mode | chain->chain | pad, parameter, data, made_iv));
    append(made_iv, out);
    return deliver(session, made_iv);
}

Result<void> crypt(ToolSession& session, const std::string& file, std::uint32_t mode) {
    CS2SIM_TRY_LET(key, work_key(session));
    CS2SIM_TRY_LET(content, read_data(file));
    if (key.kind.rsa()) return crypt_rsa(session, key.reference, mode, content);
    return crypt_secret(session, key.reference, key.kind.algorithm == CXI_KEY_ALGO_DES, mode, content);
}

}  // namespace

std::vector<std::string_view> chain_words() {
    auto words = words_of(kChains);
    words.emplace_back("CMAC");
    return words;
}

Result<void> encrypt(ToolSession& session, const std::string& value) {
    return crypt(session, value, CXI_MECH_MODE_ENCRYPT);
}

Result<void> decrypt(ToolSession& session, const std::string& value) {
    return crypt(session, value, CXI_MECH_MODE_DECRYPT);
}

}  // namespace cs2sim::tools
