// Keys at work: hash, encrypt and decrypt, sign and verify, random numbers.
#include "firmware/crypto/random.h"
#include "firmware/cxi/access.h"
#include "firmware/cxi/cxi.h"
#include "firmware/cxi/handlers.h"
#include "firmware/cxi/work/agreement.h"
#include "firmware/cxi/work/cipher_job.h"
#include "firmware/cxi/work/mac.h"
#include "firmware/cxi/work/portion.h"
#include "firmware/cxi/work/signature.h"

namespace cs2sim {
namespace {

// What a chained command keeps in the caller's handle table; `state` 0 begins one.
template <class Job>
struct Chained {
    std::shared_ptr<Job> job;
    SharedKey key{};  // null without one
    Use use{};
    Mechanism mechanism{};
};

// The same in one of its commands.
template <class Job>
struct Chain : Chained<Job> {
    std::uint32_t handle = 0;
    bool last = false;
};

// A key that was deleted, replaced or narrowed since the chain began ends it, as does a log-off.
Result<void> still_allowed(CxiCall& call, const SharedKey& begun, Use use, Mechanism mechanism) {
    const LoadedKey& key = *begun;
    CS2SIM_TRY_LET(allowed, call.has(RIGHT_USE | RIGHT_USE_PUBLIC, key));
    if (!allowed) return fail(E_CXI_PERMISSION_DENIED);
    if (call.is_unknown()) CS2SIM_TRY(bound_open_work(key, mechanism, {}, call.request.bytes("data").size()));
    if (key.external) return call.go_on(begun, use, mechanism);  // other objects may have its bytes
    CS2SIM_TRY_LET(now, call.cxi.keys.find(key.index));
    if (!equal_in_constant_time(now->secret(), key.secret())) return fail(E_DB_NOT_FOUND);
    return call.go_on(now, use, mechanism);
}

template <class Job>
Result<Chain<Job>> begin_chain(CxiCall& call, Chained<Job> begun, bool last) {
    Chain<Job> chain{begun, 0, last};
    if (last) return chain;
    constexpr std::size_t kMostWithoutLogon = 8;
    if (call.context.users.empty() && call.context.handles.size() >= kMostWithoutLogon)
        return fail(E_CXI_MALLOC);
    chain.handle = call.context.handles.put(std::make_shared<Chained<Job>>(std::move(begun)));
    if (chain.handle == 0) return fail(E_CXI_MALLOC);
    return chain;
}

template <class Job>
Result<Chain<Job>> take_up(CxiCall& call, bool last) {
    const std::uint32_t handle = call.request.u32("state");
    const auto kept = call.context.handles.template get<Chained<Job>>(handle);
    if (!kept) return fail(E_CXI_INVALID_PARAM_VAL);
    if (kept->key) {
        const auto allowed = still_allowed(call, kept->key, kept->use, kept->mechanism);
        if (!allowed) {
            call.context.handles.drop(handle);
            return fail(allowed.error());
        }
    }
    return Chain<Job>{*kept, handle, last};
}

// Ends the chain after its last command, and after any failure.
template <class Job>
void put_down(CxiCall& call, Chain<Job>& chain, bool failed) {
    if (chain.handle == 0 || (!chain.last && !failed)) return;
    call.context.handles.drop(chain.handle);
    chain.handle = 0;
}

// RSA, or ECIES with keys of curves.
Result<Bytes> crypt_asymmetric(CxiCall& call, const LoadedKey& key, Mechanism mechanism, bool encrypt) {
    const ByteView data = call.request.bytes("data");
    const ByteView parameter = call.request.bytes("parameter");
    if ((call.request.u32("flags") & CXI_FLAG_CRYPT_SINGLE_CALL) != CXI_FLAG_CRYPT_SINGLE_CALL)
        return fail(E_CXI_CRYPT_MECH);
    const bool rsa = is_rsa(*key.pkey);
    if (encrypt) {
        CS2SIM_TRY_LET(out, rsa ? rsa_encrypt(key, mechanism, parameter, data)
                                : ecies_encrypt(key, mechanism, parameter, data));
        return call.answer({0, ByteView(), out});
    }
    const auto out =
        rsa ? rsa_decrypt(key, mechanism, parameter, data) : ecies_decrypt(key, mechanism, parameter, data);
    CS2SIM_TRY(out);
    return call.answer({0, ByteView(), ByteView(*out)});
}

Result<Bytes> crypt_mac(CxiCall& call, const LoadedKey& key, Mechanism mechanism) {
    if ((call.request.u32("flags") & CXI_FLAG_CRYPT_SINGLE_CALL) != CXI_FLAG_CRYPT_SINGLE_CALL)
        return fail(E_CXI_CRYPT_MECH);  // in pieces: HASH_COMPUTE with a key
    CS2SIM_TRY_LET(mac, make_mac(key, mechanism, call.request.bytes("data"), call.request.bytes("parameter"),
                                 call.context.abandonment.get()));
    return call.answer({0, ByteView(), mac});
}

struct CryptUse {
    Use use;
    bool encrypt;
};

Result<CryptUse> crypt_use(Mechanism mechanism) {
    switch (mechanism.mode()) {
        case CXI_MECH_MODE_ENCRYPT:
            return CryptUse{USE_ENCRYPT, true};
        case CXI_MECH_MODE_DECRYPT:
            return CryptUse{USE_DECRYPT, false};
        case CXI_MECH_MODE_MAC_SINGLE:
            return CryptUse{USE_MAC, true};
        default:
            return fail(E_CXI_CRYPT_MECH);
    }
}

// The output is written behind the answer's head, where it stays.
Result<Bytes> run_cipher(CxiCall& call, Chain<CipherJob>& chain, bool single, bool first) {
    const ByteView data = call.request.bytes("data");
    CS2SIM_TRY_LET(out, call.answer({chain.last ? 0 : chain.handle,
                                     first ? ByteView(chain.job->made_iv()) : ByteView(), ByteView()}));
    out.reserve(out.size() + data.size() + 64);  // padding, a tag, and the frame's header
    const Abandonment* abandonment = call.context.abandonment.get();
    if (single) {
        CS2SIM_TRY(chain.job->whole(data, out, abandonment));
    } else {
        auto done = chain.job->update(data, out, abandonment);
        if (done && chain.last) done = chain.job->finish(out);
        if (!done) cleanse(out.data(), out.size());
        CS2SIM_TRY(done);
    }
    if (const auto noted = call.note_uses(); !noted) {
        cleanse(out.data(), out.size());
        return fail(noted.error());
    }
    put_down(call, chain, false);
    return out;
}

// Of first bytes somebody guesses one after the other, and has the MAC: so few are compared for who may have
// it made (SP 800-38B, appendix A.2; FIPS 198-1, section 5, leaves less to the protocol). A PRF's output is
// as long as the caller says.
Result<void> approve_cut(Cxi& cxi, const LoadedKey* key, Mechanism mechanism, ByteView told) {
    constexpr std::size_t kShortest = 8;
    if (!key || !key->object.is_secret() || told.size() >= kShortest) return {};
    CS2SIM_TRY(cxi.allow(*key, USE_MAC, mechanism));
    return {};
}

// Nothing, when `told` is the MAC or its first bytes, as many as the caller takes for enough.
Result<Bytes> compared(ByteView mac, ByteView told) {
    const bool fits = !told.empty() && told.size() <= mac.size();
    if (!fits || !equal_in_constant_time(mac.first(told.size()), told)) return fail(E_CXI_CRYPT_SIGN_VERIFY);
    return Bytes();
}

struct Signing {
    const LoadedKey& key;
    SignRequest request;
};

Result<Signing> signing(CxiCall& call, Use use, std::uint32_t flags_known, std::uint32_t uses = 1) {
    const std::uint32_t flags = call.request.u32("flags");
    CS2SIM_TRY(check_flags(flags, flags_known));
    if (call.request.bytes("data").size() > CXI_MOST_DATA) return fail(E_CXI_CRYPT_DATA_LEN);
    const LoadedKey& key = call.key("key");
    const Mechanism mechanism{call.request.u32("mechanism")};
    CS2SIM_TRY(call.use(key, use, mechanism, call.request.bytes("parameter"), uses));
    return Signing{key,
                   {mechanism, (flags & CXI_FLAG_HASH_DATA) != 0, call.request.bytes("parameter"),
                    call.request.bytes("data"), call.context.abandonment.get()}};
}

Result<std::vector<ByteView>> bulk_entries(ByteView list) {
    if (list.empty()) return fail(E_CXI_CRYPT_DATA_LEN);
    std::vector<ByteView> entries;
    while (!list.empty()) {
        if (entries.size() == CXI_MOST_BULK) return fail(E_ECDSA_BULK_MAX);
        CS2SIM_TRY_LET(entry, parse_prefix(LAYOUT_CXI_BULK_ENTRY, list));
        entries.push_back(entry.bytes("entry"));
    }
    return entries;
}

}  // namespace

// Without CXI_FLAG_HASH_PART the hash is complete with this command; `state` goes on with a part before. The
// command has no field for a parameter: that of GMAC stands in front of its first piece of data (OUR
// ASSUMPTION).
Result<Bytes> cxi_hash_compute(CxiCall& call) {
    if (Mechanism{call.request.u32("mechanism")}.is_vendor()) return vendor_digest(call);
    Cxi& cxi = call.cxi;
    const std::uint32_t flags = call.request.u32("flags");
    CS2SIM_TRY(check_flags(flags, CXI_FLAG_HASH_PART | CXI_FLAG_HASH_VERIFY));
    const Use mac_use = (flags & CXI_FLAG_HASH_VERIFY) != 0 ? USE_VERIFY : USE_MAC;
    ByteView data = call.request.bytes("data");
    if (data.size() > CXI_MOST_DATA) return fail(E_CXI_CRYPT_DATA_LEN);
    const Mechanism mechanism{call.request.u32("mechanism")};
    const bool last = (flags & CXI_FLAG_HASH_PART) == 0;
    const auto begin = [&]() -> Result<Chain<HashJob>> {
        const SharedKey key = call.find("key");
        if (mac_use == USE_VERIFY && (!key || last)) return fail(E_CXI_INVALID_FLAGS);
        const ByteView whole = data;
        if (key && mechanism.chain() == CXI_MECH_CHAIN_GCM)
            if (!parse_prefix(LAYOUT_CXI_GMAC_PARAMETER, data)) return fail(E_CXI_CRYPT_MECH_PARA);
        const ByteView parameter = whole.first(whole.size() - data.size());
        if (key)
            CS2SIM_TRY(call.use(*key, mac_use, mechanism, parameter));
        else
            CS2SIM_TRY(approve_mechanism(cxi.modes(), USE_HASH, kAnyAlgorithm, mechanism.value));
        CS2SIM_TRY_LET(job, HashJob::start(key.get(), mechanism, parameter));
        return begin_chain<HashJob>(call, {std::move(job), key, mac_use, mechanism}, last);
    };
    CS2SIM_TRY_LET(chain, call.request.u32("state") == 0 ? begin() : take_up<HashJob>(call, last));
    // What was begun to be compared gives no MAC.
    if (chain.key && (chain.use == USE_VERIFY) != (mac_use == USE_VERIFY)) {
        put_down(call, chain, true);
        return fail(E_CXI_INVALID_FLAGS);
    }
    const bool compares = last && mac_use == USE_VERIFY;
    auto done = compares ? approve_cut(cxi, chain.key.get(), chain.mechanism, data)
                         : chain.job->update(data, call.context.abandonment.get());
    Result<Bytes> hash = Bytes();
    if (done && last) hash = chain.job->finish();
    if (hash && compares) hash = compared(*hash, data);
    if (done && hash) done = call.note_uses();
    put_down(call, chain, !done || !hash);
    CS2SIM_TRY(done);
    CS2SIM_TRY(hash);
    return call.answer({chain.handle, *hash});
}

// CXI_FLAG_CRYPT_SINGLE_CALL, or INIT, then neither as often as wanted, then FINAL.
Result<Bytes> cxi_crypt(CxiCall& call) {
    if (Mechanism{call.request.u32("mechanism")}.is_vendor()) return vendor_crypt(call);
    const std::uint32_t flags = call.request.u32("flags");
    CS2SIM_TRY(check_flags(flags, CXI_FLAG_CRYPT_SINGLE_CALL));
    if (call.request.bytes("data").size() > CXI_MOST_DATA) return fail(E_CXI_CRYPT_DATA_LEN);
    const bool first = (flags & CXI_FLAG_CRYPT_INIT) != 0;
    const bool last = (flags & CXI_FLAG_CRYPT_FINAL) != 0;
    const Mechanism mechanism{call.request.u32("mechanism")};
    Result<Chain<CipherJob>> chain = Chain<CipherJob>();
    if (first) {
        CS2SIM_TRY_LET(use, crypt_use(mechanism));
        const SharedKey key = call.find("key");
        if (!key) return fail(E_CXI_INVALID_PARAM_LEN);
        CS2SIM_TRY(call.use(*key, use.use, mechanism, call.request.bytes("parameter")));
        if (use.use == USE_MAC) return crypt_mac(call, *key, mechanism);
        if (key->pkey) return crypt_asymmetric(call, *key, mechanism, use.encrypt);
        CS2SIM_TRY_LET(job, CipherJob::start(*key, mechanism, use.encrypt, call.request.bytes("parameter")));
        chain = begin_chain<CipherJob>(call, {std::move(job), key, use.use, mechanism}, last);
    } else {
        chain = take_up<CipherJob>(call, last);
    }
    CS2SIM_TRY(chain);
    auto answer = run_cipher(call, *chain, first && last, first);
    if (!answer) put_down(call, *chain, true);
    return answer;
}

Result<Bytes> cxi_sign(CxiCall& call) {
    if (Mechanism{call.request.u32("mechanism")}.is_vendor()) return vendor_sign(call);
    CS2SIM_TRY_LET(work, signing(call, USE_SIGN, CXI_FLAG_HASH_DATA));
    CS2SIM_TRY_LET(signature, make_signature(work.key, work.request));
    return call.answer({signature});
}

// All or none: the first that cannot be signed ends it with its error.
Result<Bytes> cxi_sign_bulk(CxiCall& call) {
    CS2SIM_TRY_LET(entries, bulk_entries(call.request.bytes("data")));
    CS2SIM_TRY_LET(work,
                   signing(call, USE_SIGN, CXI_FLAG_HASH_DATA, static_cast<std::uint32_t>(entries.size())));
    Bytes signatures;
    for (const ByteView entry : entries) {
        CS2SIM_TRY(call.context.check_abandonment());
        work.request.data = entry;
        CS2SIM_TRY_LET(signature, make_signature(work.key, work.request));
        compose_fitting_into(signatures, LAYOUT_CXI_BULK_ENTRY, signature);
    }
    return call.answer({signatures});
}

Result<Bytes> cxi_verify(CxiCall& call) {
    if (Mechanism{call.request.u32("mechanism")}.is_vendor()) return vendor_verify(call);
    CS2SIM_TRY_LET(work, signing(call, USE_VERIFY, CXI_FLAG_HASH_DATA | CXI_FLAG_VERIFY_RECOVER));
    const ByteView signature = call.request.bytes("signature");
    if ((call.request.u32("flags") & CXI_FLAG_VERIFY_RECOVER) != 0) {
        CS2SIM_TRY_LET(data, recover_signed(work.key, work.request.mechanism, signature));
        return call.answer({data});
    }
    if (const Mechanism mechanism = work.request.mechanism; mechanism.kdf() == CXI_MECH_KDF_TLS12_PRF)
        CS2SIM_TRY(approve_cut(call.cxi, &work.key, mechanism, signature));
    CS2SIM_TRY(check_signature(work.key, work.request, signature));
    return call.answer({ByteView()});
}

Result<Bytes> cxi_rnd_gen(CxiCall& call) {
    const std::uint32_t length = call.request.u32("length");
    if (call.request.u32("mechanism") > 1) return fail(E_CXI_CRYPT_MECH);  // CXI_MECH_RND_REAL, _PSEUDO
    if (length > CXI_MOST_RANDOM) return fail(E_CXI_INVALID_PARAM_VAL);
    return call.answer({random_bytes(length)});
}

}  // namespace cs2sim
