// Keys at work on files: sign, verify, encrypt, decrypt, certificate requests, random bytes.
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <algorithm>
#include <cstdio>

#include "firmware/crypto/pkey.h"
#include "tools/cxitool/commands.h"
#include "tools/cxitool/selection.h"
#include "tools/session/arguments.h"

namespace cs2sim::tools {
namespace {

constexpr std::size_t kPart = 256 * 1024;

struct HashWord {
    std::string_view word;
    std::uint32_t id;
    const char* openssl;
};
constexpr HashWord kHashes[] = {
    {"SHA1", CXI_MECH_HASH_SHA1, "SHA1"},
    {"SHA224", CXI_MECH_HASH_SHA224, "SHA224"},
    {"SHA256", CXI_MECH_HASH_SHA256, "SHA256"},
    {"SHA384", CXI_MECH_HASH_SHA384, "SHA384"},
    {"SHA512", CXI_MECH_HASH_SHA512, "SHA512"},
    {"SHA3-224", CXI_MECH_HASH_SHA3_224, "SHA3-224"},
    {"SHA3-256", CXI_MECH_HASH_SHA3_256, "SHA3-256"},
    {"SHA3-384", CXI_MECH_HASH_SHA3_384, "SHA3-384"},
    {"SHA3-512", CXI_MECH_HASH_SHA3_512, "SHA3-512"},
    {"MD5", CXI_MECH_HASH_MD5, "MD5"},
};

Result<const HashWord*> hash_of(const Session& session) {
    const std::string word = session.parameter_or("Hash", "SHA256");
    for (const HashWord& row : kHashes)
        if (same_word(word, row.word)) return &row;
    return fail(E_CSA_SYNTAX);
}

// Which way a key signs and encrypts.
struct KeyKind {
    std::uint32_t algorithm = 0;
    bool edwards = false;
};

Result<KeyKind> kind_of(Session& session, ByteView key) {
    const auto properties = properties_of(session, key);
    if (!properties) return fail(properties.error());
    return KeyKind{properties->number_or(CXI_PROP_KEY_ALGO, 0),
                   properties->text(CXI_PROP_KEY_EC_CURVE) == "Ed25519"};
}

Result<Bytes> hash_file(Session& session, std::uint32_t mechanism, ByteView data) {
    std::uint32_t state = 0;
    while (true) {
        const bool more = data.size() > kPart;
        const ByteView part = data.first(std::min(kPart, data.size()));
        const auto answer = session.execute(
            FC_CXI, SFC_CXI_HASH_COMPUTE,
            {more ? std::uint32_t{CXI_FLAG_HASH_PART} : 0u, mechanism, state, ByteView(), part});
        if (!answer) return fail(answer.error());
        if (!more) return to_bytes(answer->block.bytes("hash"));
        state = answer->block.u32("state");
        data = data.subspan(part.size());
    }
}

struct SignWork {
    Bytes key;
    std::uint32_t mechanism = 0;
    Bytes data;  // the hash, or for Edwards curves the message
};

// ECDSA signatures are in DER, as `openssl dgst` has them.
Result<SignWork> sign_work(Session& session, const std::string& file) {
    auto key = opened(session);
    if (!key) return fail(key.error());
    const auto kind = kind_of(session, *key);
    if (!kind) return fail(kind.error());
    auto data = read_whole(file);
    if (!data) return fail(data.error());
    if (kind->edwards) return SignWork{*std::move(key), 0, *std::move(data)};
    const auto hash = hash_of(session);
    if (!hash) return fail(hash.error());
    std::uint32_t mechanism = (*hash)->id;
    const std::string pad = session.parameter_or("Pad", "PKCS1");
    if (kind->algorithm == CXI_KEY_ALGO_RSA)
        mechanism |= same_word(pad, "PSS") ? CXI_MECH_PAD_PSS : CXI_MECH_PAD_PKCS1;
    if (kind->algorithm == CXI_KEY_ALGO_EC || kind->algorithm == CXI_KEY_ALGO_ECDH)
        mechanism |= CXI_MECH_FORMAT_ASN1;
    if (kind->algorithm <= CXI_KEY_ALGO_AES)
        return SignWork{*std::move(key), mechanism, *std::move(data)};  // HMAC
    auto digest = hash_file(session, (*hash)->id, *data);
    if (!digest) return fail(digest.error());
    return SignWork{*std::move(key), mechanism, *std::move(digest)};
}

Result<void> deliver(Session& session, ByteView content) {
    if (const auto file = session.parameter("Out")) return write_whole(*file, content);
    std::printf("%s\n", to_hex(content).c_str());
    return {};
}

Result<void> sign(Session& session, const std::string& value) {
    const auto work = sign_work(session, value);
    if (!work) return fail(work.error());
    const auto answer =
        session.execute(FC_CXI, SFC_CXI_SIGN, {0, work->mechanism, work->key, ByteView(), work->data});
    if (!answer) return fail(answer.error());
    return deliver(session, answer->block.bytes("signature"));
}

Result<void> verify(Session& session, const std::string& value) {
    const auto file = session.parameter("Signature");
    if (!file) return fail(E_CSA_SYNTAX);
    const auto signature = read_whole(*file);
    if (!signature) return fail(signature.error());
    const auto work = sign_work(session, value);
    if (!work) return fail(work.error());
    const auto answer = session.execute(FC_CXI, SFC_CXI_VERIFY,
                                        {0, work->mechanism, work->key, ByteView(), *signature, work->data});
    if (!answer) return fail(answer.error());
    std::printf("signature ok\n");
    return {};
}

struct ChainWord {
    std::string_view word;
    std::uint32_t chain;
    std::size_t iv;
};
constexpr ChainWord kChains[] = {{"GCM", CXI_MECH_CHAIN_GCM, 12},
                                 {"CBC", CXI_MECH_CHAIN_CBC | CXI_MECH_PAD_PKCS5, 16},
                                 {"CTR", CXI_MECH_CHAIN_CTR, 16},
                                 {"ECB", CXI_MECH_CHAIN_ECB | CXI_MECH_PAD_PKCS5, 0}};

Result<std::uint32_t> rsa_mechanism(Session& session) {
    const auto hash = hash_of(session);
    if (!hash) return fail(hash.error());
    if (same_word(session.parameter_or("Pad", "OAEP"), "PKCS1")) return CXI_MECH_PAD_PKCS1;
    return CXI_MECH_PAD_OAEP | (*hash)->id;
}

Result<Bytes> run_crypt(Session& session, ByteView key, std::uint32_t mechanism, ByteView parameter,
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
        if (!answer) return fail(answer.error());
        if (first) made_iv = to_bytes(answer->block.bytes("iv"));
        append(out, answer->block.bytes("data"));
        if (last) return out;
        state = answer->block.u32("state");
        data = data.subspan(part.size());
    }
}

Result<void> crypt(Session& session, const std::string& file, bool encrypt) {
    const auto key = opened(session);
    if (!key) return fail(key.error());
    const auto kind = kind_of(session, *key);
    if (!kind) return fail(kind.error());
    const auto content = read_whole(file);
    if (!content) return fail(content.error());
    ByteView data = *content;
    std::uint32_t mechanism = encrypt ? CXI_MECH_MODE_ENCRYPT : CXI_MECH_MODE_DECRYPT;
    Bytes made_iv;
    if (kind->algorithm == CXI_KEY_ALGO_RSA) {
        const auto rsa = rsa_mechanism(session);
        if (!rsa) return fail(rsa.error());
        const auto out = run_crypt(session, *key, mechanism | *rsa, {}, data, made_iv);
        if (!out) return fail(out.error());
        return deliver(session, *out);
    }
    const std::string word = session.parameter_or("Chain", "GCM");
    const auto* chain =
        std::ranges::find_if(kChains, [&](const ChainWord& row) { return same_word(row.word, word); });
    if (chain == std::end(kChains)) return fail(E_CSA_SYNTAX);
    const std::size_t iv_size = kind->algorithm == CXI_KEY_ALGO_DES && chain->iv == 16 ? 8 : chain->iv;
    mechanism |= chain->chain;
    Bytes iv;
    bool make_iv = false;
    if (const auto hex = session.parameter("IV")) {
        if (!from_hex(*hex, iv)) return fail(E_CSA_SYNTAX);
    } else if (encrypt) {
        make_iv = iv_size != 0;
    } else {
        if (data.size() < iv_size) return fail(E_CXI_CRYPT_DATA_LEN);
        iv = to_bytes(data.first(iv_size));
        data = data.subspan(iv_size);
    }
    const Bytes parameter = compose(LAYOUT_CXI_CRYPT_PARAMETER,
                                    {make_iv ? CXI_IV_GENERATE : CXI_IV_NO_GENERATE, iv, ByteView(), 0});
    const auto out = run_crypt(session, *key, mechanism, parameter, data, made_iv);
    if (!out) return fail(out.error());
    append(made_iv, *out);
    return deliver(session, made_iv);
}

Result<void> encrypt(Session& session, const std::string& value) { return crypt(session, value, true); }
Result<void> decrypt(Session& session, const std::string& value) { return crypt(session, value, false); }

Result<void> random(Session& session, const std::string& value) {
    const auto length = parse_decimal(value, CXI_MOST_RANDOM);
    if (!length) return fail(length.error());
    const auto answer = session.execute(FC_CXI, SFC_CXI_RND_GEN, {0, *length});
    if (!answer) return fail(answer.error());
    return deliver(session, answer->block.bytes("random"));
}

// "CN=name,O=organisation,C=DE"
Result<void> set_subject(X509_REQ* request, const std::string& text) {
    X509_NAME* subject = X509_REQ_get_subject_name(request);
    for (const std::string& part : split_list(text)) {
        const std::size_t equals = part.find('=');
        if (equals == std::string::npos ||
            X509_NAME_add_entry_by_txt(subject, part.substr(0, equals).c_str(), MBSTRING_UTF8,
                                       reinterpret_cast<const unsigned char*>(part.data()) + equals + 1,
                                       static_cast<int>(part.size() - equals - 1), -1, 0) != 1)
            return fail(E_CSA_SYNTAX);
    }
    return {};
}

int signature_nid(const KeyKind& kind, const HashWord& hash) {
    if (kind.edwards) return NID_ED25519;
    int nid = NID_undef;
    const int key = kind.algorithm == CXI_KEY_ALGO_RSA ? NID_rsaEncryption : NID_X9_62_id_ecPublicKey;
    OBJ_find_sigid_by_algs(&nid, OBJ_txt2nid(hash.openssl), key);
    return nid;
}

// PKCS#10 (RFC 2986), signed by the device.
Result<void> export_p10(Session& session, const std::string& value) {
    const auto key = opened(session);
    if (!key) return fail(key.error());
    const auto kind = kind_of(session, *key);
    if (!kind) return fail(kind.error());
    const auto hash = hash_of(session);
    if (!hash) return fail(hash.error());
    const auto exported =
        session.execute(FC_CXI, SFC_CXI_KEY_EXPORT, {CXI_KEY_TYPE_PUBLIC, 0, *key, ByteView(), ByteView()});
    if (!exported) return fail(exported.error());
    const auto public_key = public_key_from_der(exported->block.bytes("blob"));
    if (!public_key) return fail(public_key.error());

    const Handle<X509_REQ> request(X509_REQ_new());
    const int nid = signature_nid(*kind, **hash);
    if (!request || nid == NID_undef || X509_REQ_set_pubkey(request.get(), public_key->get()) != 1)
        return fail(E_CXI_CRYPT_MECH);
    CS2SIM_TRY(set_subject(request.get(),
                           session.parameter_or("Subject", "CN=" + session.parameter_or("Name", ""))));
    X509_ALGOR* algorithm = X509_ALGOR_new();
    X509_ALGOR_set0(algorithm, OBJ_nid2obj(nid),
                    kind->algorithm == CXI_KEY_ALGO_RSA ? V_ASN1_NULL : V_ASN1_UNDEF, nullptr);
    X509_REQ_set1_signature_algo(request.get(), algorithm);
    X509_ALGOR_free(algorithm);

    unsigned char* der = nullptr;
    const int size = i2d_re_X509_REQ_tbs(request.get(), &der);
    if (size <= 0) return fail(E_CSA_NO_MEM);
    const Bytes signed_part(der, der + size);
    OPENSSL_free(der);
    std::uint32_t mechanism = kind->edwards ? 0u : (*hash)->id | CXI_MECH_FORMAT_ASN1;
    if (kind->algorithm == CXI_KEY_ALGO_RSA) mechanism = (*hash)->id | CXI_MECH_PAD_PKCS1;
    const std::uint32_t flags = kind->edwards ? 0u : std::uint32_t{CXI_FLAG_HASH_DATA};
    const auto answer =
        session.execute(FC_CXI, SFC_CXI_SIGN, {flags, mechanism, *key, ByteView(), signed_part});
    if (!answer) return fail(answer.error());

    const ByteView signature = answer->block.bytes("signature");
    ASN1_BIT_STRING* bits = ASN1_BIT_STRING_new();
    ASN1_BIT_STRING_set(bits, const_cast<unsigned char*>(signature.data()),
                        static_cast<int>(signature.size()));
    bits->flags = (bits->flags & ~0x07L) | ASN1_STRING_FLAG_BITS_LEFT;  // no unused bits
    X509_REQ_set0_signature(request.get(), bits);
    const Handle<BIO> memory(BIO_new(BIO_s_mem()));
    if (PEM_write_bio_X509_REQ(memory.get(), request.get()) != 1) return fail(E_CSA_NO_MEM);
    const char* text = nullptr;
    const long length = BIO_get_mem_data(memory.get(), &text);
    return write_whole(value, as_bytes({text, static_cast<std::size_t>(length)}));
}

constexpr Command kCommands[] = {
    {"Sign", "", Takes::value, "Sign=<file>", "signs a file with the key Name=",
     "Hash= and Pad= (PKCS1 or PSS) say how. The signature goes to Out=, else in hexadecimal to stdout;\n"
     "ECDSA signatures are in DER.\n",
     sign},
    {"Verify", "", Takes::value, "Verify=<file>", "checks Signature= of a file", "", verify},
    {"Encrypt", "", Takes::value, "Encrypt=<file>", "encrypts a file to Out=", "", encrypt},
    {"Decrypt", "", Takes::value, "Decrypt=<file>", "decrypts a file to Out=", "", decrypt},
    {"ExportP10", "", Takes::value, "ExportP10=<file>", "writes a certificate request for the key Name=",
     "Subject=CN=<name>,O=<organisation> names the owner.\n", export_p10},
    {"Random", "", Takes::value, "Random=<bytes>", "random bytes, to Out= or in hexadecimal", "", random},
};

}  // namespace

const std::span<const Command> kWorkCommands = kCommands;

}  // namespace cs2sim::tools
