// Signatures and message authentication codes of files, made and checked.
#include <algorithm>
#include <cstdio>

#include "tools/cxitool/selection.h"
#include "tools/cxitool/work.h"
#include "tools/session/arguments.h"

namespace cs2sim::tools {
namespace {

// The hash of the data, or with a key its authentication code: in parts, so of any length.
Result<Bytes> hash_data(Session& session, std::uint32_t mechanism, ByteView key, ByteView data) {
    std::uint32_t state = 0;
    while (true) {
        const bool more = data.size() > kPart;
        const ByteView part = data.first(std::min(kPart, data.size()));
        const auto answer =
            session.execute(FC_CXI, SFC_CXI_HASH_COMPUTE,
                            {more ? std::uint32_t{CXI_FLAG_HASH_PART} : 0u, mechanism, state, key, part});
        if (!answer) return fail(answer.error());
        if (!more) return to_bytes(answer->block.bytes("hash"));
        state = answer->block.u32("state");
        data = data.subspan(part.size());
    }
}

struct SignWork {
    Bytes key;
    std::uint32_t mechanism = 0;
    SecretBytes data;       // the hash, or what is signed as it is
    bool in_parts = false;  // too long for SIGN and VERIFY
};

Result<std::uint32_t> mac_mechanism(const Session& session) {
    const auto pad = pad_of(session, PadUse::other);
    if (!pad) return fail(pad.error());
    if (same_word(session.parameter_or("Chain", ""), "CMAC")) return CXI_MECH_CHAIN_CMAC;
    const auto hash = hash_of(session);
    if (!hash) return fail(hash.error());
    return (*hash)->id;
}

// ECDSA signatures are in DER, as `openssl dgst` has them.
Result<std::uint32_t> signature_mechanism(const Session& session, const KeyKind& kind) {
    const auto pad = pad_of(session, kind.rsa() ? PadUse::rsa_sign : PadUse::other);
    if (!pad) return fail(pad.error());
    if (kind.edwards || (kind.rsa() && *pad == CXI_MECH_PAD_NONE)) return *pad;  // no hash
    const auto hash = hash_of(session);
    if (!hash) return fail(hash.error());
    return *pad | (*hash)->id | (kind.rsa() ? 0u : std::uint32_t{CXI_MECH_FORMAT_ASN1});
}

Result<SignWork> sign_work(Session& session, const std::string& file) {
    auto key = work_key(session);
    if (!key) return fail(key.error());
    const KeyKind kind = key->kind;
    const auto mechanism = kind.secret() ? mac_mechanism(session) : signature_mechanism(session, kind);
    if (!mechanism) return fail(mechanism.error());
    auto data = read_whole(file);
    if (!data) return fail(data.error());
    const bool long_mac = kind.secret() && data->size() > CXI_MOST_DATA;
    const std::uint32_t hash = *mechanism & CXI_MECH_HASH_MASK;
    if (kind.secret() || hash == CXI_MECH_HASH_NONE)
        return SignWork{std::move(key->reference), *mechanism, *std::move(data), long_mac};
    const auto digest = hash_data(session, hash, {}, *data);
    if (!digest) return fail(digest.error());
    return SignWork{std::move(key->reference), *mechanism, to_secret(*digest)};
}

Result<Bytes> signature_of(Session& session, const SignWork& work) {
    if (work.in_parts) return hash_data(session, work.mechanism, work.key, work.data);
    const auto answer =
        session.execute(FC_CXI, SFC_CXI_SIGN, {0, work.mechanism, work.key, ByteView(), ByteView(work.data)});
    if (!answer) return fail(answer.error());
    return to_bytes(answer->block.bytes("signature"));
}

Result<void> check(Session& session, const SignWork& work, ByteView signature) {
    if (work.in_parts) {
        const auto expected = hash_data(session, work.mechanism, work.key, work.data);
        if (!expected) return fail(expected.error());
        if (!equal_in_constant_time(*expected, signature)) return fail(E_CXI_CRYPT_SIGN_VERIFY);
        return {};
    }
    const auto answer = session.execute(
        FC_CXI, SFC_CXI_VERIFY, {0, work.mechanism, work.key, ByteView(), signature, ByteView(work.data)});
    if (!answer) return fail(answer.error());
    return {};
}

}  // namespace

Result<void> sign(Session& session, const std::string& value) {
    const auto work = sign_work(session, value);
    if (!work) return fail(work.error());
    const auto signature = signature_of(session, *work);
    if (!signature) return fail(signature.error());
    return deliver(session, *signature);
}

Result<void> verify(Session& session, const std::string& value) {
    const auto file = session.parameter("Signature");
    if (!file) return fail(E_CSA_SYNTAX);
    const auto signature = read_whole(*file);
    if (!signature) return fail(signature.error());
    const auto work = sign_work(session, value);
    if (!work) return fail(work.error());
    CS2SIM_TRY(check(session, *work, *signature));
    std::printf("signature ok\n");
    return {};
}

}  // namespace cs2sim::tools
