// Keys come, show and go: list, information, generate, import, export, delete.
#include <openssl/pem.h>

#include <algorithm>
#include <filesystem>

#include "firmware/crypto/curve_names.h"
#include "firmware/crypto/pkey.h"
#include "firmware/protocol/modes.h"
#include "firmware/protocol/pattern.h"
#include "firmware/protocol/terminal_text.h"
#include "host-lib/pkcs11/cryptoki/names.h"
#include "tools/cxitool/batch.h"
#include "tools/cxitool/commands.h"
#include "tools/cxitool/key_store.h"
#include "tools/cxitool/new_key.h"
#include "tools/cxitool/selection.h"
#include "tools/session/arguments.h"
#include "tools/session/output.h"

namespace cs2sim::tools {
namespace {

// Columns: device-formats.md, section 4. What is too long for its column still keeps a blank from the next.
std::string row_of(std::size_t index, const PropertyList& key) {
    std::string row;
    const auto put = [&](std::string_view text, std::size_t next_column) {
        row += text;
        row += ' ';
        if (row.size() + 1 < next_column) row.resize(next_column - 1, ' ');
    };
    put(std::to_string(index), 5);
    put(algorithm_name(key.number_or(CXI_PROP_KEY_ALGO, 0)), 11);
    put(std::to_string(key.number_or(CXI_PROP_KEY_SIZE, 0)), 16);
    put(type_name(key.number_or(CXI_PROP_KEY_TYPE, 0)), 25);
    put(terminal_text(key.text(CXI_PROP_KEY_GROUP)), 50);
    put(terminal_text(key.text(CXI_PROP_KEY_NAME)), 83);
    return row + std::to_string(key.number_or(CXI_PROP_KEY_SPEC, 0));
}

Result<void> list_keys(ToolSession& session, const std::string&) {
    auto keys = selected(session);
    if (!keys && keys.error().code == E_DB_NOT_FOUND) keys = std::vector<PropertyList>();
    CS2SIM_TRY(keys);
    print("\nidx algo  size type     group                    name                             spec\n%s\n",
          std::string(86, '-').c_str());
    std::size_t index = 0;
    for (const PropertyList& key : *keys) print("%s\n", row_of(++index, key).c_str());
    return {};
}

std::string shown(const Property& property) {
    const PropertyRow* row = find_property(property.id);
    PropertyList one;
    one.set(property.id, property.value());
    if (row && (row->type == PropertyType::text || row->type == PropertyType::date))
        return terminal_text(as_text(property.value()));
    if (property.id == CXI_PROP_CC_AUTH_COUNTER && *one.number(property.id) == CXI_AUTH_NO_LIMIT) return "-1";
    if (property.id == CXI_PROP_KEY_ALGO) return algorithm_name(*one.number(property.id));
    if (property.id == CXI_PROP_MADE_IN_MODE)
        return mode_names(static_cast<std::uint16_t>(*one.number(property.id)));
    if (property.id == CXI_PROP_KEY_TYPE) return type_name(*one.number(property.id));
    if (row && row->type == PropertyType::number) {
        const std::uint32_t number = *one.number(property.id);
        if (property.id == CXI_PROP_KEY_USAGE || property.id == CXI_PROP_KEY_EXPORT)
            return to_hex(property.value());
        return std::to_string(number);
    }
    if (row && row->type == PropertyType::flag) return property.value()[0] != 0 ? "true" : "false";
    const bool text = property.id == CXI_PROP_KEY_EC_CURVE || property.id == CXI_PROP_KEY_LABEL;
    return text ? terminal_text(as_text(property.value())) : to_hex(property.value());
}

// Names that would be wider than KeyInfo's column, and what they are called there.
struct ShortName {
    std::string_view name, shown;
};
constexpr ShortName kShortNames[] = {
    {"CNG_SECURITY_DESCRIPTOR", "CNG Descriptor"},
    {"CERTIFICATE_TYPE", "Cert Type"},
    {"NEVER_EXTRACTABLE", "Never Extract"},
    {"ALWAYS_SENSITIVE", "Always Sens"},
    {"WRAP_WITH_TRUSTED", "Wrap Trusted"},
    {"ALWAYS_AUTHENTICATE", "Always Auth"},
    {"HW_FEATURE_TYPE", "HW Feature"},
    {"UNWRAP_TEMPLATE", "Unwrap Templ"},
    {"CERTIFICATE_CATEGORY", "Cert Category"},
    {"JAVA_MIDP_SECURITY_DOMAIN", "MIDP Domain"},
    {"HASH_OF_SUBJECT_PUBLIC_KEY", "Subject Hash"},
    {"HASH_OF_ISSUER_PUBLIC_KEY", "Issuer Hash"},
    {"PUBLIC_VDM_DATA", "VDM Data"},
    {"CC_AUTH_FAIL_COUNTER", "CC Auth Fails"},
    {"CC_AUTH_COUNTER", "CC Auth Count"},
    {"FIPS_KEY_USAGE_PADDING", "FIPS Usage"},
};

// "Group" for KEY_GROUP, "Date Gen" for KEY_DATE_GEN, "RSA Mod" for KEY_RSA_MOD: what KeyInfo calls a
// property, in at most 14 letters (device-formats.md, section 4; known: Group and Label).
std::string spoken(std::string_view name) {
    for (const ShortName& row : kShortNames)
        if (row.name == name) return std::string(row.shown);
    constexpr std::string_view kPrefix = "KEY_";
    if (name.starts_with(kPrefix)) name.remove_prefix(kPrefix.size());
    constexpr std::string_view kAsTheyAre[] = {"RSA", "DSA", "EC",   "ID",   "URL",
                                               "CFG", "CC",  "KRAD", "FIPS", "AC"};
    std::string text;
    while (!name.empty()) {
        std::string word(name.substr(0, name.find('_')));
        name.remove_prefix(std::min(name.size(), word.size() + 1));
        if (std::ranges::find(kAsTheyAre, word) == std::end(kAsTheyAre))
            word = word.substr(0, 1) + lower_case(std::string_view(word).substr(1));
        text += (text.empty() ? "" : " ") + word;
    }
    return text;
}

// The PKCS#11 library keeps the mechanism of the call that made a key in a property of its own, beside CXI's.
constexpr std::uint32_t kMadeByPkcs11 = CXI_PROP_CUSTOM | CKA_KEY_GEN_MECHANISM;

std::string mechanism_name(ByteView number) {
    CK_ULONG mechanism = 0;
    for (const std::uint8_t byte : number) mechanism = mechanism << 8 | byte;
    return p11::constant_name("CKM", mechanism);
}

Result<void> key_info(ToolSession& session, const std::string&) {
    CS2SIM_TRY_LET(key, opened(session));
    CS2SIM_TRY_LET(properties, properties_of(session, key));
    const bool by_pkcs11 = properties.has(kMadeByPkcs11);
    for (const Property& property : properties) {
        if (property.id == kMadeByPkcs11) continue;
        if (property.id == CXI_PROP_KEY_GEN_MECHANISM && by_pkcs11) {
            print("%-14s: %s\n", "Gen Mechanism", mechanism_name(properties.bytes(kMadeByPkcs11)).c_str());
            continue;
        }
        const PropertyRow* row = find_property(property.id);
        const std::string name =
            row ? spoken(row->name) : "Custom " + std::to_string(property.id & 0x7FFFFFFF);
        print("%-14s: %s\n", name.c_str(), shown(property).c_str());
    }
    return {};
}

// The device has no external keys that it could replace: their Overwrite= is about the file.
std::uint32_t flags_of(const ToolSession& session) {
    if (key_file(session) || in_key_store(session)) return CXI_FLAG_KEY_EXTERNAL;
    return is_set(session, "Overwrite") ? std::uint32_t{CXI_FLAG_KEY_OVERWRITE} : 0u;
}

// Before the device makes a key: what is in its file may be the only copy of another.
Result<void> may_keep(const ToolSession& session) {
    const auto file = key_file(session);
    std::error_code error;
    if (!file || is_set(session, "Overwrite") || !std::filesystem::is_regular_file(*file, error)) return {};
    session.note(*file + " exists; Overwrite=1 replaces it");
    return fail(E_CSA_KEY_WRITE);
}

// The new key's reference: an external one goes to its file or to the key store.
Result<void> keep(ToolSession& session, ByteView reference) {
    const auto file = key_file(session);
    if (!file && in_key_store(session)) return keep_in_store(session, reference);
    if (!file) return {};
    if (reference.empty() || reference[0] != CXI_TAG_EXTERNAL) return fail(E_CSA_PROTOCOL);
    return write_whole(*file, reference.subspan(1));
}

// GenerateKey, or GenerateKey=AES,256 and GenerateKey=EC,NIST-P256 for short.
Result<void> generate_key(ToolSession& session, const std::string& value) {
    CS2SIM_TRY(refuse_authorisation_key(session));
    const KeyForm form = form_of(session, value);
    CS2SIM_TRY_LET(list, new_key(session, form));
    CS2SIM_TRY(expect_whole_form(session, form, list));
    CS2SIM_TRY(may_keep(session));
    if (in_key_store(session)) CS2SIM_TRY(number_in_store(session, list));
    const auto answer = session.execute(FC_CXI, SFC_CXI_KEY_GENERATE, {flags_of(session), 0, list.encode()});
    if (!answer && answer.error().code == E_ECA_NOT_FOUND)
        session.note("curves are " + known_curves() + ", Ed25519 (EC), X25519 (ECDH)");
    CS2SIM_TRY(answer);
    CS2SIM_TRY(keep(session, answer->block.bytes("key")));
    print("key '%s' generated\n", terminal_text(list.text(CXI_PROP_KEY_NAME)).c_str());
    return {};
}

// Without Group= a global key is meant, and without Spec= and patterns the specifier 0: as the commands for
// one key understand the same words.
Result<std::vector<PropertyList>> selected_for_deletion(ToolSession& session) {
    auto keys = selected(session);
    CS2SIM_TRY(keys);
    const std::string name = session.parameter_or("Name", ""), group = session.parameter_or("Group", "");
    const bool any_spec = session.parameter("Spec") || is_pattern(name) || is_pattern(group);
    std::erase_if(*keys, [&](const PropertyList& key) {
        return (group.empty() && !key.text(CXI_PROP_KEY_GROUP).empty()) ||
               (!any_spec && key.number_or(CXI_PROP_KEY_SPEC, 0) != 0);
    });
    if (keys->empty()) return fail(E_DB_NOT_FOUND);
    return keys;
}

Result<void> delete_keys(ToolSession& session, const std::string&) {
    CS2SIM_TRY_LET(names, named(session));
    if (key_file(session))
        return misused(session,
                       "DeleteKey is for keys of the device: the file of ExternalKey= is yours to remove");
    CS2SIM_TRY(expect_one_key(session, names));
    CS2SIM_TRY_LET(keys, selected_for_deletion(session));
    const auto erase = [&](std::size_t i) -> Result<void> {
        if (in_key_store(session)) return erase_from_store(session, keys[i]);
        CS2SIM_TRY(session.execute(FC_CXI, SFC_CXI_KEY_DELETE, {reference_to(keys[i])}));
        return {};
    };
    CS2SIM_TRY(run_batch(
        session, keys.size(), [&](std::size_t i) { return title_of(keys[i]); }, erase));
    print("%s deleted\n", keys_text(keys.size()).c_str());
    return {};
}

struct TypeWord {
    std::string_view word;
    std::uint32_t type;
};
constexpr TypeWord kTypes[] = {
    {"public", CXI_KEY_TYPE_PUBLIC}, {"private", CXI_KEY_TYPE_PRIVATE}, {"secret", CXI_KEY_TYPE_SECRET}};

Result<std::uint32_t> key_type(ToolSession& session) {
    const std::string word = session.parameter_or("Type", "public");
    for (const TypeWord& row : kTypes)
        if (same_word(word, row.word)) return row.type;
    return refuse_word(session, "Type", word, words_of(kTypes));
}

// PEM where the name ends in .pem, else DER; secret keys raw.
Bytes as_file(const std::string& path, std::uint32_t type, ByteView der) {
    if (!path.ends_with(".pem") || type == CXI_KEY_TYPE_SECRET) return to_bytes(der);
    const char* label = type == CXI_KEY_TYPE_PUBLIC ? PEM_STRING_PUBLIC : PEM_STRING_PKCS8INF;
    const Handle<BIO> memory(BIO_new(BIO_s_mem()));
    PEM_write_bio(memory.get(), label, "", der.data(), static_cast<long>(der.size()));
    const char* text = nullptr;
    const long size = BIO_get_mem_data(memory.get(), &text);
    return to_bytes(as_bytes({text, static_cast<std::size_t>(size)}));
}

Result<void> export_key(ToolSession& session, const std::string& value) {
    CS2SIM_TRY_LET(type, key_type(session));
    CS2SIM_TRY_LET(key, opened(session));
    const std::uint32_t clear = type == CXI_KEY_TYPE_PUBLIC ? 0u : std::uint32_t{CXI_KEY_TYPE_PLAINTEXT};
    const auto answer =
        session.execute(FC_CXI, SFC_CXI_KEY_EXPORT, {type | clear, 0, key, ByteView(), ByteView()});
    CS2SIM_TRY(answer);
    return write_whole(value, as_file(value, type, answer->block.bytes("blob")));
}

// A key's backup into the key store, which keeps the same blobs.
Result<void> import_backup(ToolSession& session, const std::string& file) {
    const auto blob = read_whole(file);
    if (!blob) return fail(E_CSA_BACKUP_FILE);
    if (blob->size() > CXI_MOST_DATA) return fail(E_CSA_BACKUP_SYNTAX);
    CS2SIM_TRY_LET(name, import_into_store(session, *blob));
    print("key '%s' imported\n", terminal_text(name).c_str());
    return {};
}

Result<void> import_key(ToolSession& session, const std::string& value) {
    CS2SIM_TRY_LET(type, key_type(session));
    CS2SIM_TRY(refuse_authorisation_key(session));
    if (in_key_store(session) && value.ends_with(".kbk")) return import_backup(session, value);
    CS2SIM_TRY_LET(list, new_key(session, form_of(session)));
    CS2SIM_TRY(may_keep(session));
    CS2SIM_TRY_LET(content, read_whole(value));
    if (in_key_store(session)) CS2SIM_TRY(number_in_store(session, list));
    CS2SIM_TRY_LET(material, material_of(content, type));
    CS2SIM_TRY_LET(answer, session.execute(FC_CXI, SFC_CXI_KEY_IMPORT,
                                           {flags_of(session), type, 0, list.encode(), ByteView(),
                                            ByteView(material), ByteView()}));
    CS2SIM_TRY(keep(session, answer.block.bytes("key")));
    print("key '%s' imported\n", terminal_text(list.text(CXI_PROP_KEY_NAME)).c_str());
    return {};
}

Result<void> version(ToolSession&, const std::string&) {
    print("cxitool = %s\n", CS2SIM_VERSION);
    return {};
}

constexpr Command kCommands[] = {
    {"ListKeys", "ListKey", Takes::nothing, "ListKeys", "lists the keys of Group= and Name=", "", list_keys},
    {"KeyInfo", "", Takes::nothing, "KeyInfo", "shows the properties of a key", "", key_info},
    {"GenerateKey",
     "",
     Takes::maybe,
     "GenerateKey[=<algo>,<size or curve>]",
     "generates the key Name=",
     "Algo=, Size= or Curve=, Label=, Export=, Usage=, FipsUsage= and Overwrite= say how. What stands "
     "behind\n"
     "GenerateKey= is for this key alone.\n",
     generate_key,
     {{"algo", algorithm_words}}},
    {"ImportKey", "", Takes::value, "ImportKey=<file>", "imports a key (Type=) from PEM, DER or raw bytes",
     "", import_key},
    {"ExportKey", "", Takes::value, "ExportKey=<file>",
     "exports a key (Type=), PEM when the file ends in .pem", "", export_key},
    {"DeleteKey", "", Takes::nothing, "DeleteKey", "deletes the keys of Group= and Name=",
     "Without Group= only global keys; without Spec= only specifier 0, unless Group= or Name= is a "
     "pattern.\n",
     delete_keys},
    {"Version", "", Takes::nothing, "Version", "shows the version of cxitool", "", version},
};

}  // namespace

std::vector<std::string_view> key_type_words() { return words_of(kTypes); }

const std::span<const Command> kKeyCommands = kCommands;

}  // namespace cs2sim::tools
