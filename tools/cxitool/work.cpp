// Keys at work on files: the words for it, the table of its commands, random bytes.
#include "tools/cxitool/work.h"

#include <algorithm>

#include "tools/cxitool/commands.h"
#include "tools/cxitool/selection.h"
#include "tools/session/arguments.h"
#include "tools/session/print.h"

namespace cs2sim::tools {
namespace {

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

// The first word of a use is its default.
struct PadWord {
    PadUse use;
    std::string_view word;
    std::uint32_t pad;
};
constexpr PadWord kPads[] = {
    {PadUse::rsa_sign, "PKCS1", CXI_MECH_PAD_PKCS1},  {PadUse::rsa_sign, "PSS", CXI_MECH_PAD_PSS},
    {PadUse::rsa_sign, "NONE", CXI_MECH_PAD_NONE},    {PadUse::rsa_request, "PKCS1", CXI_MECH_PAD_PKCS1},
    {PadUse::rsa_request, "PSS", CXI_MECH_PAD_PSS},   {PadUse::rsa_crypt, "OAEP", CXI_MECH_PAD_OAEP},
    {PadUse::rsa_crypt, "PKCS1", CXI_MECH_PAD_PKCS1}, {PadUse::rsa_crypt, "NONE", CXI_MECH_PAD_NONE},
    {PadUse::blocks, "PKCS5", CXI_MECH_PAD_PKCS5},    {PadUse::blocks, "NONE", CXI_MECH_PAD_NONE},
    {PadUse::other, "NONE", CXI_MECH_PAD_NONE},
};

std::vector<std::string_view> pad_words_of(PadUse use) {
    std::vector<std::string_view> words;
    for (const PadWord& row : kPads)
        if (row.use == use) words.push_back(row.word);
    return words;
}

Result<void> random(ToolSession& session, const std::string& value) {
    CS2SIM_TRY_LET(length, number_in(session, "Random", value, 0, CXI_MOST_RANDOM));
    CS2SIM_TRY_LET(answer, session.execute(FC_CXI, SFC_CXI_RND_GEN, {0, length}));
    return deliver(session, answer.block.bytes("random"));
}

// A peer's public key, PEM or DER, or for DH its bare public value.
Result<void> agree(ToolSession& session, const std::string& value) {
    CS2SIM_TRY_LET(key, work_key(session));
    CS2SIM_TRY_LET(content, read_whole(value));
    CS2SIM_TRY_LET(peer, material_of(content, CXI_KEY_TYPE_PUBLIC));
    const bool dh = key.kind.algorithm == CXI_KEY_ALGO_DH || key.kind.algorithm == CXI_KEY_ALGO_DH_PKCS;
    const std::uint32_t mechanism =
        dh ? CXI_MECH_KDF_DH | CXI_MECH_FORMAT_KEEP_LEAD_ZERO : std::uint32_t{CXI_MECH_KDF_ECDH};
    const auto answer =
        session.execute(FC_CXI, SFC_CXI_SECRET_AGREE, {0, mechanism, key.reference, ByteView(peer)});
    CS2SIM_TRY(answer);
    return deliver(session, answer->block.bytes("secret"));
}

// Hash= itself, or the command in whose terms the word stands.
std::string told_of(const ToolSession& session, std::string_view parameter) {
    const std::string terms = session.parameter_or(kTerms, "");
    return terms.empty() ? std::string(parameter) : terms;
}

constexpr ValueWords kHashWords{"hash", hash_words};
constexpr ValueWords kSignPads{"padding", [] { return pad_words_of(PadUse::rsa_sign); }};

constexpr Command kCommands[] = {
    {"Sign",
     "",
     Takes::value,
     "Sign=<file> | Sign=<hash>,on_hsm|on_host[,<padding>]",
     "signs a file with the key Name=",
     "The second form works on InFile=, and says which hash, where it is computed, and for RSA PKCS1\n"
     "(default) or PSS; the signature goes to Signature=<file>[,raw|der].\n"
     "Hash= and Pad= say how; secret keys make an HMAC, or with Chain=CMAC a CMAC. The signature goes to\n"
     "Out=, else in hexadecimal to stdout; ECDSA signatures are in DER.\n",
     sign,
     {kHashWords, kSignPads}},
    {"Verify",
     "",
     Takes::value,
     "Verify=<file> | Verify=<hash>,on_hsm|on_host[,<padding>]",
     "checks Signature= of a file",
     "",
     verify,
     {kHashWords, kSignPads}},
    {"Encrypt", "", Takes::value, "Encrypt=<file>", "encrypts a file to Out=", "", encrypt},
    {"Decrypt", "", Takes::value, "Decrypt=<file>", "decrypts a file to Out=", "", decrypt},
    {"Agree", "", Takes::value, "Agree=<file>",
     "the secret that the key Name= (DH, ECDH) and a peer's public key agree on",
     "The file has the public key (PEM, DER), or of DH the bare public value. The secret goes to Out=, else "
     "in\n"
     "hexadecimal to stdout; that of DH is as long as its modulus.\n",
     agree},
    {"ExportP10", "", Takes::value, "ExportP10=<file>", "writes a certificate request for the key Name=",
     "Subject=CN=<name>,O=<organisation> names the owner.\n", export_p10},
    {"Random", "", Takes::value, "Random=<bytes>", "random bytes, to Out= or in hexadecimal", "", random},
};

}  // namespace

std::vector<std::string_view> hash_words() { return words_of(kHashes); }

Result<const HashWord*> hash_of(const ToolSession& session) {
    const std::string word = session.parameter_or("Hash", "SHA256");
    for (const HashWord& row : kHashes)
        if (same_word(word, row.word)) return &row;
    return refuse_word(session, told_of(session, "Hash"), word, hash_words());
}

std::vector<std::string_view> pad_words() {
    std::vector<std::string_view> words;
    for (const PadWord& row : kPads)
        if (std::ranges::find(words, row.word) == words.end()) words.push_back(row.word);
    return words;
}

Result<std::uint32_t> pad_of(const ToolSession& session, PadUse use) {
    const std::string word = session.parameter_or("Pad", "");
    for (const PadWord& row : kPads)
        if (row.use == use && (word.empty() || same_word(word, row.word))) return row.pad;
    const std::vector<std::string_view> words = pad_words_of(use);
    const std::string terms = session.parameter_or(kTerms, "");
    if (terms.empty()) return refuse_word(session, "Pad", word, words);
    std::string text = "the padding '" + word.substr(0, 60) + "' in " + terms + "= is not for such a key";
    if (words.size() == 1) return misused(session, text + ", which takes none: leave it out");
    text += ", which takes";
    for (const std::string_view known : words) text += " " + std::string(known);
    return misused(session, text);
}

Result<WorkKey> work_key(ToolSession& session) {
    CS2SIM_TRY_LET(key, opened(session));
    CS2SIM_TRY_LET(properties, properties_of(session, key));
    return WorkKey{
        std::move(key),
        {properties.number_or(CXI_PROP_KEY_ALGO, 0), properties.text(CXI_PROP_KEY_EC_CURVE) == "Ed25519"}};
}

Result<void> deliver(ToolSession& session, ByteView content) {
    if (const auto file = session.parameter("Out")) return write_data(*file, content);
    print("%s\n", to_hex(content).c_str());
    return {};
}

const std::span<const Command> kWorkCommands = kCommands;

}  // namespace cs2sim::tools
