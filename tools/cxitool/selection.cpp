#include "tools/cxitool/selection.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

#include "tools/cxitool/commands.h"
#include "tools/session/arguments.h"

namespace cs2sim::tools {
namespace {

constexpr Command kParameters[] = {
    {"Group", "", Takes::value, "Group=<group>",
     "the keys' group; with ListKeys and BackupKey a pattern (* and ?)", "", nullptr},
    {"Name", "", Takes::value, "Name=<name>",
     "the key's name; with ListKeys, BackupKey and DeleteKey a pattern", "", nullptr},
    {"Spec", "", Takes::value, "Spec=<number>", "the key's specifier (default 0)", "", nullptr},
    {"KeyFile", "", Takes::value, "KeyFile=<file>",
     "an external key: it lives in this file, sealed under the MBK, not in the device", "", nullptr},
    {"OutDir", "", Takes::value, "OutDir=<folder>", "where BackupKey writes (default: the working directory)",
     "", nullptr},
    {"Out", "", Takes::value, "Out=<file>", "where Sign, Encrypt, Decrypt and Random write", "", nullptr},
    {"Signature", "", Takes::value, "Signature=<file>", "what Verify checks", "", nullptr},
    {"Algo", "Algorithm", Takes::value, "Algo=AES|DES|RAW|RSA|EC|ECDH", "algorithm of a new key", "",
     nullptr},
    {"Size", "", Takes::value, "Size=<bits>", "size of a new key", "", nullptr},
    {"Curve", "", Takes::value, "Curve=<name>", "curve of a new key (NIST-P256, brainpoolP320t1, Ed25519, …)",
     "", nullptr},
    {"Label", "", Takes::value, "Label=<text>", "label of a new key", "", nullptr},
    {"Export", "", Takes::value, "Export=<number>",
     "export policy of a new key: 1 wrapped, 2 in clear, 65536 no backup", "", nullptr},
    {"Usage", "", Takes::value, "Usage=<hex>", "usage bits of a new key (default FFFFFFFF)", "", nullptr},
    {"Overwrite", "", Takes::value, "Overwrite=0|1", "may a new or restored key replace one of that name", "",
     nullptr},
    {"Hash", "", Takes::value, "Hash=SHA256|…", "hash of Sign, Verify, Encrypt with OAEP and ExportP10", "",
     nullptr},
    {"Pad", "Padding", Takes::value, "Pad=PKCS1|PSS|OAEP|PKCS5|NONE", "padding", "", nullptr},
    {"Chain", "", Takes::value, "Chain=GCM|CBC|CTR|ECB", "chaining mode of Encrypt and Decrypt (default GCM)",
     "", nullptr},
    {"IV", "", Takes::value, "IV=<hex>",
     "IV of Encrypt and Decrypt; without it the device makes one, and it stands before the ciphertext", "",
     nullptr},
    {"Subject", "", Takes::value, "Subject=CN=<name>,O=<name>", "subject of ExportP10", "", nullptr},
    {"Type", "", Takes::value, "Type=public|private|secret",
     "what ExportKey and ImportKey move (default public)", "", nullptr},
};

constexpr std::pair<std::uint32_t, const char*> kAlgorithms[] = {
    {CXI_KEY_ALGO_RAW, "RAW"},   {CXI_KEY_ALGO_DES, "DES"}, {CXI_KEY_ALGO_AES, "AES"},
    {CXI_KEY_ALGO_RSA, "RSA"},   {CXI_KEY_ALGO_EC, "EC"},   {CXI_KEY_ALGO_ECDH, "ECDH"},
    {CXI_KEY_ALGO_X509, "X509"},
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
            return "public";
        case CXI_KEY_TYPE_PRIVATE_ONLY:
        case CXI_KEY_TYPE_PRIVATE:
        case CXI_KEY_TYPE_PRIVATE_FULL:
            return "private";
        case CXI_KEY_TYPE_SECRET:
            return "secret";
        case CXI_KEY_TYPE_DATA:
            return "data";
        case CXI_KEY_TYPE_CERT:
            return "cert";
        default:
            return std::to_string(type);
    }
}

Result<PropertyList> named(const Session& session) {
    PropertyList names;
    if (const auto group = session.parameter("Group"); group && !group->empty())
        names.set(CXI_PROP_KEY_GROUP, *group);
    if (const auto name = session.parameter("Name")) names.set(CXI_PROP_KEY_NAME, *name);
    if (const auto spec = session.parameter("Spec")) {
        const auto number = parse_decimal(*spec);
        if (!number) return fail(number.error());
        names.set_number(CXI_PROP_KEY_SPEC, *number);
    }
    return names;
}

Result<std::vector<PropertyList>> selected(Session& session) {
    const auto names = named(session);
    if (!names) return fail(names.error());
    std::vector<PropertyList> keys;
    Bytes cursor;
    for (bool more = true; more;) {
        const auto answer =
            session.execute(FC_CXI, SFC_CXI_KEY_LIST, {names->encode(), ByteView(), cursor, 1000});
        if (!answer) return fail(answer.error());
        more = answer->block.u8("more") != 0;
        cursor = to_bytes(answer->block.bytes("cursor"));
        ByteView rest = answer->block.bytes("keys");
        while (!rest.empty()) {
            const auto row = parse_prefix(LAYOUT_CXI_ROW, rest);
            if (!row) return fail(E_CSA_PROTOCOL);
            auto key = PropertyList::decode(row->bytes("properties"));
            if (!key) return fail(E_CSA_PROTOCOL);
            keys.push_back(*std::move(key));
        }
    }
    if (keys.empty() && names->has(CXI_PROP_KEY_NAME)) return fail(E_DB_NOT_FOUND);
    std::ranges::sort(keys, {}, [](const PropertyList& key) {
        return std::tuple(key.text(CXI_PROP_KEY_GROUP), key.text(CXI_PROP_KEY_NAME),
                          key.number_or(CXI_PROP_KEY_SPEC, 0));
    });
    return keys;
}

Bytes reference_to(const PropertyList& key) {
    PropertyList names;
    for (const std::uint32_t id : {CXI_PROP_KEY_GROUP, CXI_PROP_KEY_NAME, CXI_PROP_KEY_SPEC})
        if (key.has(id)) names.set(id, key.bytes(id));
    Bytes reference{CXI_TAG_NAME};
    append(reference, names.encode());
    return reference;
}

Result<Bytes> opened(Session& session) {
    if (const auto file = session.parameter("KeyFile")) {
        const auto blob = read_whole(*file);
        if (!blob) return fail(blob.error());
        if (blob->size() > CXI_MOST_DATA) return fail(E_CSA_KEY_FORMAT);
        Bytes reference{CXI_TAG_EXTERNAL};
        append(reference, *blob);
        return reference;
    }
    const auto names = named(session);
    if (!names) return fail(names.error());
    if (!names->has(CXI_PROP_KEY_NAME)) return fail(E_CSA_SYNTAX);
    const auto answer = session.execute(FC_CXI, SFC_CXI_KEY_OPEN, {0, names->encode()});
    if (!answer) return fail(answer.error());
    return to_bytes(answer->block.bytes("key"));
}

Result<PropertyList> properties_of(Session& session, ByteView key) {
    const auto answer = session.execute(FC_CXI, SFC_CXI_KEY_PROP_GET, {key, ByteView()});
    if (!answer) return fail(answer.error());
    auto list = PropertyList::decode(answer->block.bytes("properties"));
    if (!list) return fail(E_CSA_PROTOCOL);
    return list;
}

Result<Bytes> read_whole(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) return fail(E_CSA_KEY_FILE);
    Bytes content{std::istreambuf_iterator<char>(file), {}};
    if (file.bad()) return fail(E_CSA_KEY_FILE);
    return content;
}

Result<void> write_whole(const std::string& path, ByteView content) {
    const std::string unfinished = path + ".new";
    const int file = ::open(unfinished.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (file < 0) return fail(E_CSA_KEY_WRITE);
    bool whole = true;
    for (ByteView rest = content; whole && !rest.empty();) {
        const ssize_t written = ::write(file, rest.data(), rest.size());
        whole = written > 0;
        if (whole) rest = rest.subspan(static_cast<std::size_t>(written));
    }
    whole = ::fsync(file) == 0 && whole;
    whole = ::close(file) == 0 && whole;
    if (whole && ::rename(unfinished.c_str(), path.c_str()) == 0) return {};
    ::unlink(unfinished.c_str());
    return fail(E_CSA_KEY_WRITE);
}

bool is_set(const Session& session, std::string_view parameter) {
    const std::string value = session.parameter_or(parameter, "0");
    return value == "1" || same_word(value, "yes") || same_word(value, "true");
}

}  // namespace cs2sim::tools
