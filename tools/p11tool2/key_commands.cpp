// Keys: generate by template file or in one word, import with a certificate.
#include <openssl/core_names.h>
#include <openssl/pkcs12.h>

#include <filesystem>

#include "firmware/crypto/curve_names.h"
#include "firmware/crypto/pkey.h"
#include "host-lib/files/host_file.h"
#include "host-lib/pkcs11/cryptoki/names.h"
#include "host-lib/pkcs11/key_components.h"
#include "tools/p11tool2/certificates.h"
#include "tools/p11tool2/commands.h"
#include "tools/session/nearest_word.h"

namespace cs2sim::tools::p11 {
namespace {

constexpr std::size_t kMostFile = 1 << 20;

struct SecretKind {
    std::string_view word;
    CK_MECHANISM_TYPE mechanism;
    CK_ULONG standard_bits;  // 0: the mechanism has one length
};
constexpr SecretKind kSecretKinds[] = {
    {"AES", CKM_AES_KEY_GEN, 256},
    {"DES2", CKM_DES2_KEY_GEN, 0},
    {"DES3", CKM_DES3_KEY_GEN, 0},
    {"GENERIC", CKM_GENERIC_SECRET_KEY_GEN, 256},
};

// What a curve is called, as an object identifier in DER.
struct CurveRow {
    std::string_view word;
    CK_MECHANISM_TYPE mechanism;
    std::string_view oid;
};
constexpr CurveRow kNamedPairs[] = {
    {"ED25519", CKM_EC_EDWARDS_KEY_PAIR_GEN, "06032B6570"},
    {"X25519", CKM_EC_MONTGOMERY_KEY_PAIR_GEN, "06032B656E"},
};

Result<void> generate_secret(Shell& shell, CK_MECHANISM_TYPE type, const TemplateText& attributes) {
    CS2SIM_TRY_LET(session, shell.session());
    CK_MECHANISM mechanism{type, nullptr, 0};
    CK_OBJECT_HANDLE key = 0;
    auto list = attributes.attributes();
    return shell.check(
        (*shell.functions())->C_GenerateKey(session, &mechanism, list.data(), list.size(), &key));
}

Result<void> generate_pair(Shell& shell, CK_MECHANISM_TYPE type, const TemplateText& of_public,
                           const TemplateText& of_private) {
    CS2SIM_TRY_LET(session, shell.session());
    CK_MECHANISM mechanism{type, nullptr, 0};
    CK_OBJECT_HANDLE public_key = 0, private_key = 0;
    auto publics = of_public.attributes(), privates = of_private.attributes();
    return shell.check((*shell.functions())
                           ->C_GenerateKeyPair(session, &mechanism, publics.data(), publics.size(),
                                               privates.data(), privates.size(), &public_key, &private_key));
}

TemplateText standard(bool is_private) {
    TemplateText text;
    text.set_flag(CKA_TOKEN, true);
    text.set_flag(CKA_PRIVATE, is_private);
    return text;
}

const SecretKind* secret_kind(const std::string& name) {
    for (const SecretKind& kind : kSecretKinds)
        if (same_word(kind.word, name)) return &kind;
    return nullptr;
}

// What is neither a kind of key nor a file, and near to a kind, is a misspelt one.
Result<TemplateFile> template_file(const std::string& value, const std::string& kind,
                                   std::span<const std::string_view> kinds) {
    auto file = read_template_file(value);
    std::error_code ignored;
    if (file || std::filesystem::exists(value, ignored)) return file;
    const std::string meant = nearest_word(kind, kinds);
    if (meant.empty()) return file;
    return refuse(kind, "is no kind of key, did you mean " + meant + "?", file.error().code);
}

// AES, AES,128, …, or a template file.
Result<void> generate_key(Shell& shell, const std::string& value) {
    const auto words = split_list(value);
    const SecretKind* kind = secret_kind(words[0]);
    TemplateText attributes = shell.key_attributes;
    if (!kind) {
        CS2SIM_TRY_LET(file, template_file(value, words[0], words_of(kSecretKinds)));
        attributes.add_missing(file.key);
        return generate_secret(shell, file.mechanism, attributes);
    }
    CK_ULONG bits = kind->standard_bits;
    if (words.size() > 1) {
        CS2SIM_TRY_LET(given, parse_decimal(words[1], 8192));
        bits = given;
    }
    if (bits != 0 && !attributes.has(CKA_VALUE_LEN)) attributes.set_number(CKA_VALUE_LEN, bits / 8);
    attributes.add_missing(standard(true));
    return generate_secret(shell, kind->mechanism, attributes);
}

// RSA, RSA,3072, EC,NIST-P256, ED25519, or a template file.
Result<void> generate_key_pair(Shell& shell, const std::string& value) {
    TemplateText of_public = shell.public_attributes, of_private = shell.private_attributes;
    const auto words = split_list(value);
    std::optional<CK_MECHANISM_TYPE> type;  // that of RSA is 0
    if (same_word(words[0], "RSA")) {
        type = CKM_RSA_PKCS_KEY_PAIR_GEN;
        CS2SIM_TRY_LET(bits, parse_decimal(words.size() > 1 ? words[1] : "2048", 16384));
        if (!of_public.has(CKA_MODULUS_BITS)) of_public.set_number(CKA_MODULUS_BITS, bits);
    } else if (same_word(words[0], "EC")) {
        type = CKM_EC_KEY_PAIR_GEN;
        const std::string name = openssl_curve_name(words.size() > 1 ? words[1] : "NIST-P256");
        if (name.empty()) return fail(CKR_CURVE_NOT_SUPPORTED);
        of_public.set(CKA_EC_PARAMS, curve_oid(name));
    }
    for (const CurveRow& row : kNamedPairs)
        if (same_word(words[0], row.word)) {
            Bytes oid;
            from_hex(row.oid, oid);
            of_public.set(CKA_EC_PARAMS, oid);
            type = row.mechanism;
        }
    if (!type) {
        auto kinds = words_of(kNamedPairs);
        kinds.insert(kinds.begin(), {"RSA", "EC"});
        CS2SIM_TRY_LET(file, template_file(value, words[0], kinds));
        type = file.mechanism;
        of_public.add_missing(file.public_key);
        of_private.add_missing(file.private_key);
    }
    of_public.add_missing(standard(false));
    of_private.add_missing(standard(true));
    return generate_pair(shell, *type, of_public, of_private);
}

Result<void> create(Shell& shell, const TemplateText& attributes) {
    CS2SIM_TRY_LET(session, shell.session());
    CK_OBJECT_HANDLE object = 0;
    auto list = attributes.attributes();
    return shell.check((*shell.functions())->C_CreateObject(session, list.data(), list.size(), &object));
}

Result<void> import_certificate(Shell& shell, const X509& certificate) {
    TemplateText attributes = shell.certificate_attributes;
    attributes.add_missing(certificate_attributes(certificate));
    attributes.add_missing(standard(false));
    return create(shell, attributes);
}

Result<void> import_cert(Shell& shell, const std::string& value) {
    CS2SIM_TRY_LET(certificate, read_certificate(value));
    return import_certificate(shell, *certificate);
}

// file,password: private key, public key and certificate, with one CKA_ID.
Result<void> import_p12(Shell& shell, const std::string& value) {
    const auto words = split_list(value, 2);
    CS2SIM_TRY_LET(password, shell.pin(words.size() > 1 ? words[1] : "", "password of " + words[0]));
    password.push_back(0);
    const auto content = host::read_host_input(words[0], kMostFile);
    if (!content) return fail(E_CSA_KEY_OPEN);
    CS2SIM_TRY_LET(opened, open_p12(*content, reinterpret_cast<const char*>(password.data())));
    CS2SIM_TRY_LET(privates, private_key_attributes(*opened.key));
    CS2SIM_TRY_LET(publics, public_key_attributes(*opened.key));
    const Bytes id = key_identifier(*opened.key);
    TemplateText of_private = shell.private_attributes, of_public = shell.public_attributes;
    for (TemplateText* each : {&privates, &publics}) each->set(CKA_ID, id);
    of_private.add_missing(privates);
    of_private.add_missing(standard(true));
    of_public.add_missing(publics);
    of_public.add_missing(standard(false));
    CS2SIM_TRY(create(shell, of_private));
    CS2SIM_TRY(create(shell, of_public));
    if (!opened.certificate) return {};
    return import_certificate(shell, *opened.certificate);
}

// What the words say beyond those that the vendor's tool is seen with: AES, RSA, a template file.
constexpr std::string_view kOfSecrets =
    "Of the vendor's tool AES and template files are known; the rest is cs2sim's own. AES and GENERIC have "
    "256\n"
    "bits by default. A template file:\n"
    "    [Mechanism]\n"
    "    CK_MECHANISM_TYPE = CKM_AES_KEY_GEN\n"
    "    [Key]\n"
    "    CKA_LABEL = \"label\"\n"
    "    CKA_VALUE_LEN = 32\n";
constexpr std::string_view kOfPairs =
    "Of the vendor's tool RSA is known; the rest is cs2sim's own. RSA has 2048 bits by\n"
    "default, EC the curve NIST-P256; OpenSSL's names of curves do as well. RSA pairs sign and verify "
    "unless\n"
    "the attributes say otherwise. A template file has the sections Mechanism, PublicKey and PrivateKey.\n";

constexpr TokenCommand kCommands[] = {
    {"GenerateKey",
     "GenerateKey={kind}[,<bits>] | <template file>",
     "a secret key, with KeyAttr",
     false,
     Takes::value,
     generate_key,
     kOfSecrets,
     {{"kind", [] { return words_of(kSecretKinds); }}}},
    {"GenerateKeyPair",
     "GenerateKeyPair=RSA[,<bits>] | EC[,<curve>] | {kind} | <template file>",
     "a key pair, with PubKeyAttr and PrvKeyAttr",
     false,
     Takes::value,
     generate_key_pair,
     kOfPairs,
     {{"kind", [] { return words_of(kNamedPairs); }}, {"curve", known_curve_names}}},
    {"ImportP12", "ImportP12=<file>,<password>|ask", "key pair and certificate of a PKCS#12 file", false,
     Takes::value, import_p12},
    {"ImportCert", "ImportCert=<file>", "a certificate, DER or PEM, with CertAttr", false, Takes::value,
     import_cert},
};

}  // namespace

const std::span<const TokenCommand> kKeyCommands = kCommands;

}  // namespace cs2sim::tools::p11
