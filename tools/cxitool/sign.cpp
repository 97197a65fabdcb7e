// Signatures and message authentication codes of files, made and checked.
#include <openssl/evp.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include "tools/cxitool/selection.h"
#include "tools/cxitool/work.h"
#include "tools/session/arguments.h"
#include "tools/session/print.h"

namespace cs2sim::tools {
namespace {

// The hash of the data, or with a key its authentication code: in parts, so of any length.
Result<Bytes> hash_data(ToolSession& session, std::uint32_t mechanism, ByteView key, ByteView data) {
    std::uint32_t state = 0;
    while (true) {
        const bool more = data.size() > kPart;
        const ByteView part = data.first(std::min(kPart, data.size()));
        const auto answer =
            session.execute(FC_CXI, SFC_CXI_HASH_COMPUTE,
                            {more ? std::uint32_t{CXI_FLAG_HASH_PART} : 0u, mechanism, state, key, part});
        CS2SIM_TRY(answer);
        if (!more) return to_bytes(answer->block.bytes("hash"));
        state = answer->block.u32("state");
        data = data.subspan(part.size());
    }
}

// The same where the data must not go to the device.
Result<Bytes> hash_on_host(ToolSession& session, ByteView data) {
    CS2SIM_TRY_LET(hash, hash_of(session));
    Bytes digest(EVP_MAX_MD_SIZE);
    std::size_t size = 0;
    if (EVP_Q_digest(nullptr, hash->openssl, nullptr, data.data(), data.size(), digest.data(), &size) != 1)
        return fail(E_CXI_CRYPT_MECH);
    digest.resize(size);
    return digest;
}

struct SignWork {
    Bytes key;
    std::uint32_t mechanism = 0;
    SecretBytes data;       // the hash, or what is signed as it is
    bool in_parts = false;  // too long for SIGN and VERIFY
};

// Signature=FILE or Signature=FILE,raw|der.
struct SignatureFile {
    std::string path;
    std::string format;
};
Result<SignatureFile> signature_file(const ToolSession& session) {
    const auto text = session.parameter("Signature");
    if (!text || text->empty()) return misused(session, "Signature= must name the file of the signature");
    const auto fields = split_list(*text, 2);
    const std::string format = fields.size() == 2 ? fields[1] : "";
    if (!format.empty() && !same_word(format, "raw") && !same_word(format, "der"))
        return misused(session, "'" + format + "' is no form of a signature: raw or der");
    return SignatureFile{fields[0], format};
}

bool wants_raw(const ToolSession& session) {
    if (session.parameter_or("Signature", "").empty()) return false;
    const auto file = signature_file(session);
    return file && same_word(file->format, "raw");
}

Result<std::uint32_t> mac_mechanism(const ToolSession& session) {
    CS2SIM_TRY(pad_of(session, PadUse::other));
    if (same_word(session.parameter_or("Chain", ""), "CMAC")) return CXI_MECH_CHAIN_CMAC;
    CS2SIM_TRY_LET(hash, hash_of(session));
    return hash->id;
}

// ECDSA signatures are in DER, as `openssl dgst` has them.
Result<std::uint32_t> signature_mechanism(const ToolSession& session, const WorkKind& kind) {
    CS2SIM_TRY_LET(pad, pad_of(session, kind.rsa() ? PadUse::rsa_sign : PadUse::other));
    if (kind.edwards || (kind.rsa() && pad == CXI_MECH_PAD_NONE)) return pad;  // no hash
    CS2SIM_TRY_LET(hash, hash_of(session));
    const bool der = !kind.rsa() && !wants_raw(session);
    return pad | hash->id | (der ? std::uint32_t{CXI_MECH_FORMAT_ASN1} : 0u);
}

Result<SignWork> sign_work(ToolSession& session, const std::string& file) {
    CS2SIM_TRY_LET(key, work_key(session));
    const WorkKind kind = key.kind;
    CS2SIM_TRY_LET(mechanism, kind.secret() ? mac_mechanism(session) : signature_mechanism(session, kind));
    CS2SIM_TRY_LET(data, read_data(file));
    const bool on_host = same_word(session.parameter_or("HashWhere", ""), "on_host");
    const bool long_mac = kind.secret() && data.size() > CXI_MOST_DATA;
    const std::uint32_t hash = mechanism & CXI_MECH_HASH_MASK;
    if (kind.secret() || hash == CXI_MECH_HASH_NONE)
        return SignWork{std::move(key.reference), mechanism, std::move(data), long_mac};
    CS2SIM_TRY_LET(digest, on_host ? hash_on_host(session, data) : hash_data(session, hash, {}, data));
    return SignWork{std::move(key.reference), mechanism, to_secret(digest)};
}

Result<Bytes> signature_of(ToolSession& session, const SignWork& work) {
    if (work.in_parts) return hash_data(session, work.mechanism, work.key, work.data);
    const auto answer =
        session.execute(FC_CXI, SFC_CXI_SIGN, {0, work.mechanism, work.key, ByteView(), ByteView(work.data)});
    CS2SIM_TRY(answer);
    return to_bytes(answer->block.bytes("signature"));
}

Result<void> check(ToolSession& session, const SignWork& work, ByteView signature) {
    if (work.in_parts) {
        CS2SIM_TRY_LET(expected, hash_data(session, work.mechanism, work.key, work.data));
        if (!equal_in_constant_time(expected, signature)) return fail(E_CXI_CRYPT_SIGN_VERIFY);
        return {};
    }
    CS2SIM_TRY(session.execute(FC_CXI, SFC_CXI_VERIFY,
                               {0, work.mechanism, work.key, ByteView(), signature, ByteView(work.data)}));
    return {};
}

// "SHA256,on_hsm,PKCS1" sets Hash=, where it is computed, and Pad= for one command, which then works on
// InFile= (device-formats.md, section 4). Anything else is the file, as Sign=<file> takes it.
class SignTerms {
public:
    static Result<SignTerms> of(ToolSession& session, std::string_view command, const std::string& value) {
        const auto fields = split_list(value);
        const bool terms =
            fields.size() >= 2 && (same_word(fields[1], "on_hsm") || same_word(fields[1], "on_host"));
        if (!terms && is_misspelt(session, value, fields.size()))
            return misused(session, "'" + fields[1].substr(0, 60) +
                                        "' does not say where the hash is computed: on_hsm or on_host");
        if (!terms) return SignTerms(session, value, false);
        if (fields.size() > 3) return fail(E_CSA_ARGUMENTS);
        const auto file = session.parameter("InFile");
        if (!file) return misused(session, "InFile= must name what is signed");
        SignTerms made(session, *file, true);
        session.set_parameter(kTerms, std::string(command));
        session.set_parameter("Hash", fields[0]);
        session.set_parameter("HashWhere", fields[1]);
        session.set_parameter("Pad", fields.size() == 3 ? fields[2] : "");
        return made;
    }
    SignTerms(SignTerms&& other) noexcept
        : session_(other.session_),
          file_(std::move(other.file_)),
          terms_(std::exchange(other.terms_, false)),
          hash_(std::move(other.hash_)),
          pad_(std::move(other.pad_)) {}
    ~SignTerms() {
        if (!terms_) return;
        session_.set_parameter(kTerms, "");
        session_.set_parameter("HashWhere", "");
        session_.set_parameter("Hash", hash_);
        session_.set_parameter("Pad", pad_);
    }

    const std::string& file() const { return file_; }
    bool given() const { return terms_; }

private:
    // With InFile= a list that names no file can only be terms.
    static bool is_misspelt(const ToolSession& session, const std::string& value, std::size_t fields) {
        std::error_code ignored;
        return fields >= 2 && session.parameter("InFile") && !std::filesystem::exists(value, ignored);
    }

    SignTerms(ToolSession& session, std::string file, bool terms)
        : session_(session),
          file_(std::move(file)),
          terms_(terms),
          hash_(session.parameter_or("Hash", "SHA256")),
          pad_(session.parameter_or("Pad", "")) {}

    ToolSession& session_;
    std::string file_;
    bool terms_;
    std::string hash_, pad_;  // as they were
};

}  // namespace

Result<void> sign(ToolSession& session, const std::string& value) {
    if (value.empty()) return misused(session, "Sign= must name what is signed");
    CS2SIM_TRY_LET(terms, SignTerms::of(session, "Sign", value));
    CS2SIM_TRY_LET(work, sign_work(session, terms.file()));
    CS2SIM_TRY_LET(signature, signature_of(session, work));
    if (!terms.given() || !session.parameter("Signature")) return deliver(session, signature);
    CS2SIM_TRY_LET(to, signature_file(session));
    return write_data(to.path, signature);
}

Result<void> verify(ToolSession& session, const std::string& value) {
    if (value.empty()) return misused(session, "Verify= must name what was signed");
    CS2SIM_TRY_LET(file, signature_file(session));
    CS2SIM_TRY_LET(signature, read_data(file.path));
    CS2SIM_TRY_LET(terms, SignTerms::of(session, "Verify", value));
    CS2SIM_TRY_LET(work, sign_work(session, terms.file()));
    CS2SIM_TRY(check(session, work, signature));
    print("signature ok\n");
    return {};
}

}  // namespace cs2sim::tools
