// Keys at work: hash, encrypt and decrypt, sign and verify, random numbers.
#include "firmware/crypto/random.h"
#include "firmware/cxi/cxi.h"
#include "firmware/cxi/handlers.h"
#include "firmware/cxi/work/cipher_job.h"
#include "firmware/cxi/work/mac.h"
#include "firmware/cxi/work/signature.h"

namespace cs2sim {
namespace {

// A chained command keeps its job in the caller's handle table; `state` 0 begins one.
template <class Job>
struct Chain {
    std::shared_ptr<Job> job;
    std::uint32_t handle = 0;
    bool last = false;
};

template <class Job, class Start>
Result<Chain<Job>> take_up(Call& call, bool first, bool last, Start start) {
    Chain<Job> chain;
    chain.last = last;
    if (first) {
        auto job = start();
        if (!job) return fail(job.error());
        chain.job = *std::move(job);
        if (last) return chain;
        chain.handle = call.context.handles.put(chain.job);
        if (chain.handle == 0) return fail(E_CXI_MALLOC);
        return chain;
    }
    chain.handle = call.request.u32("state");
    chain.job = call.context.handles.template get<Job>(chain.handle);
    if (!chain.job) return fail(E_CXI_INVALID_PARAM_VAL);
    return chain;
}

// Ends the chain after its last command, and after any failure.
template <class Job>
void put_down(Call& call, Chain<Job>& chain, bool failed) {
    if (chain.handle == 0 || (!chain.last && !failed)) return;
    call.context.handles.drop(chain.handle);
    chain.handle = 0;
}

Result<Bytes> crypt_rsa(Call& call, const LoadedKey& key, Mechanism mechanism, bool encrypt) {
    const ByteView data = call.request.bytes("data");
    const ByteView parameter = call.request.bytes("parameter");
    if ((call.request.u32("flags") & CXI_FLAG_CRYPT_SINGLE_CALL) != CXI_FLAG_CRYPT_SINGLE_CALL)
        return fail(E_CXI_CRYPT_MECH);
    if (encrypt) {
        const auto out = rsa_encrypt(key, mechanism, parameter, data);
        if (!out) return fail(out.error());
        return call.answer({0, ByteView(), *out});
    }
    const auto out = rsa_decrypt(key, mechanism, parameter, data);
    if (!out) return fail(out.error());
    return call.answer({0, ByteView(), ByteView(*out)});
}

Result<Bytes> crypt_mac(Call& call, const LoadedKey& key, Mechanism mechanism) {
    if ((call.request.u32("flags") & CXI_FLAG_CRYPT_SINGLE_CALL) != CXI_FLAG_CRYPT_SINGLE_CALL)
        return fail(E_CXI_CRYPT_MECH);  // in pieces: HASH_COMPUTE with a key
    const auto mac = make_mac(key, mechanism, call.request.bytes("data"));
    if (!mac) return fail(mac.error());
    return call.answer({0, ByteView(), *mac});
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
Result<Bytes> run_cipher(Call& call, Chain<CipherJob>& chain, bool single, bool first) {
    const ByteView data = call.request.bytes("data");
    CS2SIM_TRY_LET(out, call.answer({chain.last ? 0 : chain.handle,
                                     first ? ByteView(chain.job->made_iv()) : ByteView(), ByteView()}));
    out.reserve(out.size() + data.size() + 64);  // padding, a tag, and the frame's header
    if (single) {
        CS2SIM_TRY(chain.job->whole(data, out));
    } else {
        auto done = chain.job->update(data, out);
        if (done && chain.last) done = chain.job->finish(out);
        if (!done) cleanse(out.data(), out.size());
        CS2SIM_TRY(done);
    }
    put_down(call, chain, false);
    return out;
}

struct Signing {
    SharedKey key;
    SignRequest request;
};

Result<Signing> signing(Call& call, Use use, std::uint32_t flags_known) {
    const std::uint32_t flags = call.request.u32("flags");
    CS2SIM_TRY(check_flags(flags, flags_known));
    if (call.request.bytes("data").size() > CXI_MOST_DATA) return fail(E_CXI_CRYPT_DATA_LEN);
    const auto key = call.state<Cxi>().key(call, call.request.bytes("key"), Right::use);
    if (!key) return fail(key.error());
    const Mechanism mechanism{call.request.u32("mechanism")};
    CS2SIM_TRY(call.state<Cxi>().allow(**key, use, mechanism, call.request.bytes("parameter")));
    return Signing{*key,
                   {mechanism, (flags & CXI_FLAG_HASH_DATA) != 0, call.request.bytes("parameter"),
                    call.request.bytes("data")}};
}

}  // namespace

// Without CXI_FLAG_HASH_PART the hash is complete with this command; `state` goes on with a part before.
Result<Bytes> cxi_hash_compute(Call& call) {
    Cxi& cxi = call.state<Cxi>();
    const std::uint32_t flags = call.request.u32("flags");
    CS2SIM_TRY(check_flags(flags, CXI_FLAG_HASH_PART));
    const ByteView data = call.request.bytes("data");
    if (data.size() > CXI_MOST_DATA) return fail(E_CXI_CRYPT_DATA_LEN);
    const Mechanism mechanism{call.request.u32("mechanism")};
    const bool last = (flags & CXI_FLAG_HASH_PART) == 0;
    auto chain = take_up<HashJob>(
        call, call.request.u32("state") == 0, last, [&]() -> Result<std::shared_ptr<HashJob>> {
            const ByteView reference = call.request.bytes("key");
            if (reference.empty()) {
                CS2SIM_TRY(approve_mechanism(cxi.modes(), USE_HASH, kAnyAlgorithm, mechanism.value));
                return HashJob::start(nullptr, mechanism);
            }
            const auto key = cxi.key(call, reference, Right::use);
            if (!key) return fail(key.error());
            CS2SIM_TRY(cxi.allow(**key, USE_MAC, mechanism));
            return HashJob::start(key->get(), mechanism);
        });
    if (!chain) return fail(chain.error());
    auto done = chain->job->update(data);
    Result<Bytes> hash = Bytes();
    if (done && last) hash = chain->job->finish();
    put_down(call, *chain, !done || !hash);
    if (!done) return fail(done.error());
    if (!hash) return fail(hash.error());
    return call.answer({chain->handle, *hash});
}

// CXI_FLAG_CRYPT_SINGLE_CALL, or INIT, then neither as often as wanted, then FINAL.
Result<Bytes> cxi_crypt(Call& call) {
    Cxi& cxi = call.state<Cxi>();
    const std::uint32_t flags = call.request.u32("flags");
    CS2SIM_TRY(check_flags(flags, CXI_FLAG_CRYPT_SINGLE_CALL));
    if (call.request.bytes("data").size() > CXI_MOST_DATA) return fail(E_CXI_CRYPT_DATA_LEN);
    const bool first = (flags & CXI_FLAG_CRYPT_INIT) != 0;
    const bool last = (flags & CXI_FLAG_CRYPT_FINAL) != 0;
    const Mechanism mechanism{call.request.u32("mechanism")};
    SharedKey key;
    CryptUse use{USE_ENCRYPT, true};
    if (first) {
        const auto known = crypt_use(mechanism);
        if (!known) return fail(known.error());
        use = *known;
        const auto found = cxi.key(call, call.request.bytes("key"), Right::use);
        if (!found) return fail(found.error());
        key = *found;
        CS2SIM_TRY(cxi.allow(*key, use.use, mechanism, call.request.bytes("parameter")));
        if (use.use == USE_MAC) return crypt_mac(call, *key, mechanism);
        if (key->pkey) return crypt_rsa(call, *key, mechanism, use.encrypt);
    }
    auto chain = take_up<CipherJob>(call, first, last, [&] {
        return CipherJob::start(*key, mechanism, use.encrypt, call.request.bytes("parameter"));
    });
    if (!chain) return fail(chain.error());
    auto answer = run_cipher(call, *chain, first && last, first);
    if (!answer) put_down(call, *chain, true);
    return answer;
}

Result<Bytes> cxi_sign(Call& call) {
    const auto work = signing(call, USE_SIGN, CXI_FLAG_HASH_DATA);
    if (!work) return fail(work.error());
    const auto signature = make_signature(*work->key, work->request);
    if (!signature) return fail(signature.error());
    return call.answer({*signature});
}

// All or none: the first that cannot be signed ends it with its error.
Result<Bytes> cxi_sign_bulk(Call& call) {
    auto work = signing(call, USE_SIGN, CXI_FLAG_HASH_DATA);
    if (!work) return fail(work.error());
    ByteView list = work->request.data;
    if (list.empty()) return fail(E_CXI_CRYPT_DATA_LEN);
    Bytes signatures;
    for (std::size_t count = 1; !list.empty(); ++count) {
        if (count > CXI_MOST_BULK) return fail(E_ECDSA_BULK_MAX);
        const auto entry = parse_prefix(LAYOUT_CXI_BULK_ENTRY, list);
        if (!entry) return fail(entry.error());
        work->request.data = entry->bytes("entry");
        const auto signature = make_signature(*work->key, work->request);
        if (!signature) return fail(signature.error());
        compose_fitting_into(signatures, LAYOUT_CXI_BULK_ENTRY, *signature);
    }
    return call.answer({signatures});
}

Result<Bytes> cxi_verify(Call& call) {
    const auto work = signing(call, USE_VERIFY, CXI_FLAG_HASH_DATA | CXI_FLAG_VERIFY_RECOVER);
    if (!work) return fail(work.error());
    const ByteView signature = call.request.bytes("signature");
    if ((call.request.u32("flags") & CXI_FLAG_VERIFY_RECOVER) != 0) {
        const auto data = recover_signed(*work->key, work->request.mechanism, signature);
        if (!data) return fail(data.error());
        return call.answer({*data});
    }
    CS2SIM_TRY(check_signature(*work->key, work->request, signature));
    return call.answer({ByteView()});
}

Result<Bytes> cxi_rnd_gen(Call& call) {
    const std::uint32_t length = call.request.u32("length");
    if (call.request.u32("mechanism") > 1) return fail(E_CXI_CRYPT_MECH);  // CXI_MECH_RND_REAL, _PSEUDO
    if (length > CXI_MOST_RANDOM) return fail(E_CXI_INVALID_PARAM_VAL);
    return call.answer({random_bytes(length)});
}

}  // namespace cs2sim
