#include "tools/cxitool/selection.h"

#include <openssl/pem.h>

#include <algorithm>
#include <cstdio>

#include "firmware/crypto/pkey.h"
#include "firmware/protocol/cxi/key_page.h"
#include "host-lib/files/host_file.h"
#include "tools/cxitool/commands.h"
#include "tools/cxitool/key_store.h"
#include "tools/cxitool/new_key.h"
#include "tools/cxitool/work.h"
#include "tools/session/arguments.h"

namespace cs2sim::tools {
namespace {

constexpr std::size_t kMostInput = std::size_t{4} << 30;     // of data, which is held in memory
constexpr std::uint32_t kListed = 1000;                      // keys of one KEY_LIST
constexpr std::size_t kMostListed = std::size_t{256} << 20;  // of all: some two million keys
constexpr std::size_t kMostKeyFile = std::size_t{1} << 20;   // no device takes a larger key (CXI_MOST_DATA)

Result<void> set_spec(ToolSession& session, const std::string& value) {
    return keep_number(session, "Spec", value);
}
Result<void> set_size(ToolSession& session, const std::string& value) {
    return keep_number(session, "Size", value);
}

constexpr Command kParameters[] = {
    {"Group", "", Takes::value, "Group=<group>",
     "the keys' group; with ListKeys, BackupKey and DeleteKey a pattern (* and ?)",
     "Without it, or empty: keys without a group, which are global. ListKeys and BackupKey then take every\n"
     "group that the users logged on may see.\n",
     nullptr},
    {"Name", "", Takes::value, "Name=<name>",
     "the key's name; with ListKeys, BackupKey and DeleteKey a pattern", "", nullptr},
    {"Spec", "", Takes::value, "Spec=<number>", "the key's specifier (default 0)", "", set_spec},
    {"ExternalKey", "", Takes::value, "ExternalKey=<file>",
     "an external key: it lives in this file, sealed under the MBK, not in the device",
     "GenerateKey and ImportKey write the file; one that exists is only replaced with Overwrite=1. An empty\n"
     "ExternalKey= goes back to keys of the device, which alone BackupKey and DeleteKey are for.\n",
     nullptr},
    {"KeyFile", "", Takes::value, "KeyFile=<file>[,<password>]",
     "a key authorisation key (KAK), for InitializeKey and AuthorizeKey alone",
     "Earlier versions called an external key so: that is ExternalKey= now.\n", nullptr},
    {"InFile", "", Takes::value, "InFile=<file>", "what Sign=<hash>,... and Verify=<hash>,... work on", "",
     nullptr},
    {"OutDir", "", Takes::value, "OutDir=<folder>", "where BackupKey writes (default: the working directory)",
     "", nullptr},
    {"Out", "", Takes::value, "Out=<file>", "where Sign, Encrypt, Decrypt and Random write", "", nullptr},
    {"Signature", "", Takes::value, "Signature=<file>[,raw|der]",
     "what Verify checks, and where Sign=<hash>,... writes",
     "How an ECDSA or DSA signature is written: der (default) as `openssl dgst` has it, raw as r and s.\n",
     nullptr},
    {"Algo",
     "Algorithm",
     Takes::value,
     "Algo={algo}",
     "algorithm of a new key",
     "",
     nullptr,
     {{"algo", algorithm_words}}},
    {"Size", "", Takes::value, "Size=<bits>", "size of a new key", "", set_size},
    {"Curve",
     "",
     Takes::value,
     "Curve=<curve>",
     "curve of a new key",
     "Their other names (NIST-P256, P-256, prime256v1) do as well.\n",
     nullptr,
     {{"curve", curve_words}}},
    {"Params", "", Takes::value, "Params=<file>", "domain parameters of a new DSA or DH key, PEM or DER",
     "As `openssl dsaparam` and `openssl dhparam` write them. Without it the device makes a group for DSA, "
     "and\n"
     "takes that of RFC 7919 for DH. An empty Params= goes back to that.\n",
     nullptr},
    {"Label", "", Takes::value, "Label=<text>", "label of a new key", "", nullptr},
    {"Export",
     "",
     Takes::value,
     "Export=<policy>[,<policy>...]|<number>",
     "export policy of a new key",
     "Allow is for wrapped keys, AllowPlain for those in clear; the default is Deny. Or their sum: 0, 1, 2, "
     "65536.\n",
     nullptr,
     {{"policy", export_words}}},
    {"Usage",
     "",
     Takes::value,
     "Usage=<usage>[,<usage>...]|<hex>",
     "what a new key may be used for (default ALL)",
     "Or their bits in hexadecimal.\n",
     nullptr,
     {{"usage", usage_words}}},
    {"FipsUsage",
     "",
     Takes::value,
     "FipsUsage={usage}",
     "the one purpose of a new RSA key in FIPS mode",
     "The device writes it down with the first use of a key that it keeps. An external key (ExternalKey=) "
     "must\n"
     "bring it along, or FIPS mode refuses its use with B0680110. Keys that are not RSA have none.\n",
     nullptr,
     {{"usage", fips_usage_words}}},
    {"Overwrite", "", Takes::value, "Overwrite=0|1", "may a new or restored key replace one of that name", "",
     nullptr},
    {"Hash",
     "",
     Takes::value,
     "Hash=<hash>",
     "hash of Sign, Verify, Encrypt with OAEP and ExportP10 (default SHA256)",
     "",
     nullptr,
     {{"hash", hash_words}}},
    {"Pad",
     "Padding",
     Takes::value,
     "Pad={padding}",
     "padding",
     "Sign, Verify with RSA      PKCS1 (default), PSS; NONE for a file as long as the modulus, unhashed\n"
     "ExportP10 with RSA         PKCS1 (default), PSS\n"
     "Encrypt, Decrypt with RSA  OAEP (default), PKCS1; NONE for a file as long as the modulus\n"
     "Chain=CBC and ECB          PKCS5 (default), NONE\n"
     "all else                   NONE\n"
     "An empty Pad= goes back to the default.\n",
     nullptr,
     {{"padding", pad_words}}},
    {"Chain",
     "",
     Takes::value,
     "Chain={mode}",
     "chaining mode of Encrypt and Decrypt (default GCM)",
     "CMAC is for Sign and Verify with an AES or DES key; without it they make an HMAC with Hash=.\n",
     nullptr,
     {{"mode", chain_words}}},
    {"IV", "", Takes::value, "IV=<hex>",
     "IV of Encrypt and Decrypt; without it the device makes one, and it stands before the ciphertext", "",
     nullptr},
    {"Subject", "", Takes::value, "Subject=CN=<name>,O=<name>", "subject of ExportP10", "", nullptr},
    {"Type",
     "",
     Takes::value,
     "Type={type}",
     "what ExportKey and ImportKey move (default public)",
     "",
     nullptr,
     {{"type", key_type_words}}},
};

constexpr std::pair<std::uint32_t, const char*> kAlgorithms[] = {
    {CXI_KEY_ALGO_RAW, "RAW"},    {CXI_KEY_ALGO_DES, "DES"}, {CXI_KEY_ALGO_AES, "AES"},
    {CXI_KEY_ALGO_RSA, "RSA"},    {CXI_KEY_ALGO_EC, "EC"},   {CXI_KEY_ALGO_ECDH, "ECDH"},
    {CXI_KEY_ALGO_X509, "X509"},  {CXI_KEY_ALGO_DSA, "DSA"}, {CXI_KEY_ALGO_DH, "DH"},
    {CXI_KEY_ALGO_DH_PKCS, "DH"},
};

}  // namespace

const std::span<const Command> kKeyParameters = kParameters;

std::string algorithm_name(std::uint32_t algorithm) {
    for (const auto& [id, name] : kAlgorithms)
        if (id == algorithm) return name;
    return std::to_string(algorithm);
}

std::string type_name(std::uint32_t type) {
    switch (type) {
        case CXI_KEY_TYPE_PUBLIC:
            return "pub";
        case CXI_KEY_TYPE_PRIVATE_ONLY:
        case CXI_KEY_TYPE_PRIVATE:
        case CXI_KEY_TYPE_PRIVATE_FULL:
            return "prv";
        case CXI_KEY_TYPE_SECRET:
            return "sec";
        case CXI_KEY_TYPE_DATA:
            return "data";
        case CXI_KEY_TYPE_CERT:
            return "cert";
        default:
            return std::to_string(type);
    }
}

Result<PropertyList> named(const ToolSession& session) {
    PropertyList names;
    if (const auto group = session.parameter("Group"); group && !group->empty())
        names.set(CXI_PROP_KEY_GROUP, *group);
    if (const auto name = session.parameter("Name")) names.set(CXI_PROP_KEY_NAME, *name);
    if (const auto spec = session.parameter("Spec")) {
        CS2SIM_TRY_LET(number, parse_decimal(*spec));
        names.set_number(CXI_PROP_KEY_SPEC, number);
    }
    return names;
}

bool names_one_key(const PropertyList& names) {
    return names.has(CXI_PROP_KEY_NAME) || (names.has(CXI_PROP_KEY_GROUP) && names.has(CXI_PROP_KEY_SPEC));
}

Result<void> expect_one_key(const ToolSession& session, const PropertyList& names) {
    if (names_one_key(names)) return {};
    return misused(session, "Name=, or Group= and Spec= of a key without a name, must say which key");
}

Result<std::vector<PropertyList>> selected(ToolSession& session) {
    CS2SIM_TRY(refuse_authorisation_key(session));
    if (in_key_store(session)) return selected_in_store(session);
    CS2SIM_TRY_LET(names, named(session));
    std::vector<PropertyList> keys;
    std::size_t listed = 0;  // bytes
    KeyPage page;
    do {
        const auto answer =
            session.execute(FC_CXI, SFC_CXI_KEY_LIST, {names.encode(), ByteView(), page.cursor, kListed});
        CS2SIM_TRY(answer);
        listed += answer->bytes.size();
        if (listed > kMostListed) return fail(E_CSA_PROTOCOL);
        CS2SIM_TRY_LET(next, parse_key_page(answer->block, page.cursor, kListed));
        page = std::move(next);
        std::ranges::move(page.keys, std::back_inserter(keys));
    } while (page.more);
    if (keys.empty() && names_one_key(names)) return fail(E_DB_NOT_FOUND);
    std::ranges::sort(keys, {}, [](const PropertyList& key) {
        return std::tuple(key.text(CXI_PROP_KEY_GROUP), key.text(CXI_PROP_KEY_NAME),
                          key.number_or(CXI_PROP_KEY_SPEC, 0));
    });
    return keys;
}

std::string title_of(const PropertyList& key) {
    const std::string_view group = key.text(CXI_PROP_KEY_GROUP);
    return "key " + std::string(key.text(CXI_PROP_KEY_NAME)) +
           (group.empty() ? "" : ", group " + std::string(group)) + ", specifier " +
           std::to_string(key.number_or(CXI_PROP_KEY_SPEC, 0));
}

std::optional<std::string> key_file(const ToolSession& session) {
    auto file = session.parameter("ExternalKey");
    if (file && file->empty()) file.reset();
    return file;
}

Result<void> refuse_authorisation_key(ToolSession& session) {
    const std::string file = session.parameter_or("KeyFile", "");
    if (file.empty() || file == session.parameter_or(kServedKeyFile, "")) return {};
    return session.refuse_in_one_line(
        "KeyFile= names a key authorisation key; a key that lives in a file is ExternalKey=FILE");
}

Result<Bytes> opened(ToolSession& session) {
    CS2SIM_TRY(refuse_authorisation_key(session));
    if (in_key_store(session) && !key_file(session)) return opened_in_store(session);
    if (const auto file = key_file(session)) {
        CS2SIM_TRY_LET(blob, read_whole(*file));
        if (blob.size() > CXI_MOST_DATA) return fail(E_CSA_KEY_FORMAT);
        Bytes reference{CXI_TAG_EXTERNAL};
        append(reference, blob);
        return reference;
    }
    CS2SIM_TRY_LET(names, named(session));
    CS2SIM_TRY(expect_one_key(session, names));
    CS2SIM_TRY_LET(answer, session.execute(FC_CXI, SFC_CXI_KEY_OPEN, {0, names.encode()}));
    return to_bytes(answer.block.bytes("key"));
}

Result<PropertyList> properties_of(ToolSession& session, ByteView key) {
    CS2SIM_TRY_LET(answer, session.execute(FC_CXI, SFC_CXI_KEY_PROP_GET, {key, ByteView()}));
    auto list = PropertyList::decode(answer.block.bytes("properties"));
    if (!list) return fail(E_CSA_PROTOCOL);
    return list;
}

Result<SecretBytes> read_whole(const std::string& path) {
    auto content = host::read_host_input(path, kMostKeyFile);
    if (!content) return fail(E_CSA_KEY_OPEN);
    return *std::move(content);
}

Result<SecretBytes> read_data(const std::string& path) {
    auto content = host::read_host_input(path, kMostInput);
    if (!content) return fail(E_CSA_PARAM);
    return *std::move(content);
}

Result<SecretBytes> material_of(const SecretBytes& content, std::uint32_t type) {
    if (type == CXI_KEY_TYPE_SECRET) return content;
    if (as_text(content).find("-----BEGIN") == std::string_view::npos) return content;
    const Handle<BIO> memory(BIO_new_mem_buf(content.data(), static_cast<int>(content.size())));
    if (type == CXI_KEY_TYPE_PUBLIC) {
        const Handle<EVP_PKEY> key(PEM_read_bio_PUBKEY(memory.get(), nullptr, nullptr, nullptr));
        if (!key) return fail(E_CSA_KEY_FORMAT);
        return to_secret(public_key_der(*key));
    }
    char no_password[] = "";  // so that OpenSSL does not ask at the terminal
    const Handle<EVP_PKEY> key(PEM_read_bio_PrivateKey(memory.get(), nullptr, nullptr, no_password));
    if (!key) return fail(E_CSA_KEY_FORMAT);
    return private_key_der(*key);
}

Result<void> write_whole(const std::string& path, ByteView content) {
    std::fflush(stdout);  // keeps the order where the path is /dev/stdout
    if (!host::replace_host_file(path, content)) return fail(E_CSA_KEY_WRITE);
    return {};
}

Result<void> write_data(const std::string& path, ByteView content) {
    return write_whole(path, content) ? Result<void>() : fail(E_CSA_PARAM);
}

bool is_set(const ToolSession& session, std::string_view parameter) {
    const std::string value = session.parameter_or(parameter, "0");
    return value == "1" || same_word(value, "yes") || same_word(value, "true");
}

}  // namespace cs2sim::tools
