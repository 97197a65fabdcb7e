// Key authorisation keys: InitializeKey, AuthorizeKey, UnblockKey.
#include <openssl/core_names.h>
#include <openssl/rsa.h>

#include <algorithm>

#include "firmware/crypto/pkey.h"
#include "host-lib/files/key_file.h"
#include "tools/cxitool/commands.h"
#include "tools/cxitool/selection.h"
#include "tools/session/arguments.h"
#include "tools/session/print.h"

namespace cs2sim::tools {
namespace {

struct Scheme {
    std::string_view word;
    std::uint8_t protocol;
};
constexpr Scheme kSchemes[] = {
    {"PKCS-V1_5", CXI_KRAD_PKCS1},
    {"PSS", CXI_KRAD_PSS},
};

// KeyFile=<file>[,<password>], or as csadm writes it: <file>#<password>.
Result<host::KeyFile> read_kak(ToolSession& session, host::KeyPart part) {
    const std::string text = session.parameter_or("KeyFile", "");
    if (text.empty()) return misused(session, "KeyFile= must name the key authorisation key");
    const std::size_t comma = text.find(',');
    CS2SIM_TRY_LET(spec, host::parse_key_spec(std::string_view(text).substr(0, comma)));
    if (comma != std::string::npos) {
        const std::string_view password = std::string_view(text).substr(comma + 1);
        spec.ask = password == "ask";
        if (!spec.ask) spec.password = to_secret(as_bytes(password));
    }
    return host::read_key_file(spec, session.terminal(), part);
}

// CC_KRAD of a KAK. Error: E_CSA_KEY_TYPE for other keys than RSA and EC.
Result<Bytes> krad_of(const EVP_PKEY& key, std::uint8_t protocol) {
    if (is_ec(key))
        return compose(LAYOUT_CXI_KRAD,
                       {CXI_KRAD_ECDSA, CXI_KRAD_FORM, CXI_KRAD_EC, ec_curve(key), ec_point(key)});
    if (!is_rsa(key)) return fail(E_CSA_KEY_TYPE);
    const auto modulus = key_number(key, OSSL_PKEY_PARAM_RSA_N),
               exponent = key_number(key, OSSL_PKEY_PARAM_RSA_E);
    if (!modulus || !exponent) return fail(E_CSA_KEY_FORMAT);
    return compose(LAYOUT_CXI_KRAD, {protocol, CXI_KRAD_FORM, CXI_KRAD_RSA, *modulus, *exponent});
}

Result<Bytes> sign_by_pss(const EVP_PKEY& key, ByteView data) {
    const Handle<EVP_MD_CTX> context(EVP_MD_CTX_new());
    EVP_PKEY_CTX* of_key = nullptr;
    auto* pkey = const_cast<EVP_PKEY*>(&key);
    Bytes signature(static_cast<std::size_t>(EVP_PKEY_get_size(&key)));
    std::size_t size = signature.size();
    if (!context ||
        EVP_DigestSignInit_ex(context.get(), &of_key, "SHA256", nullptr, nullptr, pkey, nullptr) != 1 ||
        EVP_PKEY_CTX_set_rsa_padding(of_key, RSA_PKCS1_PSS_PADDING) <= 0 ||
        EVP_PKEY_CTX_set_rsa_pss_saltlen(of_key, RSA_PSS_SALTLEN_DIGEST) <= 0 ||
        EVP_DigestSign(context.get(), signature.data(), &size, data.data(), data.size()) != 1)
        return fail(E_CSA_KEY_TYPE);
    signature.resize(size);
    return signature;
}

// The scheme of a key's KAK, which its CC_KRAD begins with.
Result<bool> wants_pss(ToolSession& session, ByteView key) {
    CS2SIM_TRY_LET(properties, properties_of(session, key));
    const ByteView krad = properties.bytes(CXI_PROP_CC_KRAD);
    return !krad.empty() && krad[0] == CXI_KRAD_PSS;
}

// The commands to the right may be about keys: what KeyFile= names has served.
void serve(ToolSession& session) {
    session.set_parameter(kServedKeyFile, session.parameter_or("KeyFile", ""));
}

void tell(const ToolSession& session, const char* what) {
    print("key '%s' %s\n", session.parameter_or("Name", "").c_str(), what);
}

Result<void> initialize_key(ToolSession& session, const std::string& value) {
    const auto words = split_list(value);
    std::uint8_t protocol = CXI_KRAD_PKCS1, assigned = 0;
    if (words.size() > 2) return fail(E_CSA_ARGUMENTS);
    if (!words.empty() && !words[0].empty()) {
        const auto* scheme =
            std::ranges::find_if(kSchemes, [&](const Scheme& row) { return same_word(row.word, words[0]); });
        if (scheme == std::end(kSchemes))
            return refuse_word(session, "InitializeKey", words[0], words_of(kSchemes));
        protocol = scheme->protocol;
    }
    if (words.size() == 2) {
        if (!same_word(words[1], "true") && !same_word(words[1], "false"))
            return misused(session,
                           "'" + words[1] + "' does not say whether the key is assigned: true or false");
        assigned = same_word(words[1], "true") ? 1 : 0;
    }
    CS2SIM_TRY_LET(kak, read_kak(session, host::KeyPart::public_only));
    CS2SIM_TRY_LET(krad, krad_of(*kak.key, protocol));
    serve(session);
    CS2SIM_TRY_LET(key, opened(session));
    CS2SIM_TRY(session.execute(FC_CXI, SFC_CXI_KEY_INITIALIZE, {key, assigned, krad}));
    tell(session, "initialised");
    return {};
}

// How often: a number, or -1 without limit; once when nothing is said.
Result<std::uint32_t> count_of(const std::string& value) {
    if (value.empty()) return 1u;
    if (value == "-1") return CXI_AUTH_NO_LIMIT;
    return parse_decimal(value, CXI_AUTH_NO_LIMIT - 1);
}

Result<void> authorize_key(ToolSession& session, const std::string& value) {
    const auto count = count_of(value);
    if (!count) {
        session.note("'" + value + "' is no number of uses: -1 is without limit");
        return fail(count.error());
    }
    CS2SIM_TRY_LET(kak, read_kak(session, host::KeyPart::whole));
    if (!kak.has_private) {
        session.note("KeyFile= has the public part of the key authorisation key only: it signs nothing");
        return fail(E_CSA_KEY_TYPE);
    }
    serve(session);
    CS2SIM_TRY_LET(key, opened(session));
    CS2SIM_TRY_LET(pss, wants_pss(session, key));
    CS2SIM_TRY_LET(asked, session.execute(FC_CXI, SFC_CXI_KEY_AUTH_CHALLENGE, {key, *count}));
    const ByteView data = asked.block.bytes("data");
    CS2SIM_TRY_LET(signature, pss ? sign_by_pss(*kak.key, data) : sign_sha256(*kak.key, data));
    const auto answer =
        session.execute(FC_CXI, SFC_CXI_KEY_AUTHORIZE, {asked.block.u32("handle"), signature});
    CS2SIM_TRY(answer);
    tell(session, "authorised");
    return {};
}

// By name: who unblocks keys need not be who may use them. KeyFile= may stand there for what follows.
Result<void> unblock_key(ToolSession& session, const std::string&) {
    CS2SIM_TRY_LET(names, named(session));
    CS2SIM_TRY(expect_one_key(session, names));
    CS2SIM_TRY(session.execute(FC_CXI, SFC_CXI_KEY_UNBLOCK, {reference_to(names)}));
    tell(session, "unblocked");
    return {};
}

constexpr Command kCommands[] = {
    {"InitializeKey",
     "",
     Takes::maybe,
     "InitializeKey[={scheme}[,true|false]]",
     "binds the key authorisation key KeyFile= to the key Name=",
     "Where the device wants one (profile cp5) a key works only when a KAK is bound to it and has "
     "authorised\n"
     "it. The public part of the file is enough, and no password is asked for. PKCS-V1_5 (default) and PSS "
     "are\n"
     "how an RSA key signs; true makes the key an assigned one, which never leaves the device (default\n"
     "false). A KAK is bound once and for all.\n",
     initialize_key,
     {{"scheme", [] { return words_of(kSchemes); }}}},
    {"AuthorizeKey", "", Takes::maybe, "AuthorizeKey[=<uses>]",
     "lets the key Name= work, by a signature of its key authorisation key KeyFile=",
     "So many times from now on (default 1), or without limit (-1); 0 takes what was left back. Failures in\n"
     "a row lock the key (`cxitool KeyInfo` shows them): UnblockKey.\n",
     authorize_key},
    {"UnblockKey", "", Takes::nothing, "UnblockKey", "unlocks the key Name= after failed authorisations",
     "For the security officer of its group, or an administrator.\n", unblock_key},
};

}  // namespace

const std::span<const Command> kAuthorisationCommands = kCommands;

}  // namespace cs2sim::tools
