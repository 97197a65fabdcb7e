// Objects: list, read, change, copy, delete, take out.

#include "host-lib/files/host_file.h"
#include "host-lib/pkcs11/attributes.h"
#include "host-lib/pkcs11/cryptoki/names.h"
#include "tools/p11tool2/certificates.h"
#include "tools/p11tool2/commands.h"
#include "tools/session/print.h"

namespace cs2sim::tools::p11 {
namespace {

using cs2sim::p11::ulong_of;

Result<std::string> text_of(Shell& shell, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type) {
    auto text = shell.attribute_text(object, type);
    if (!text && is_untold(text.error())) return std::string();
    return text;
}

Result<CK_ULONG> number_in(Shell& shell, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type) {
    CS2SIM_TRY_LET(value, shell.value(object, type));
    return value.size() == sizeof(CK_ULONG) ? ulong_of(value) : CK_UNAVAILABLE_INFORMATION;
}

// Bits of a key; 0 when it is none, or does not tell.
Result<unsigned long> key_size(Shell& shell, CK_OBJECT_HANDLE object) {
    CS2SIM_TRY_LET(type, number_in(shell, object, CKA_KEY_TYPE));
    if (type == CKK_RSA) {
        CS2SIM_TRY_LET(modulus, shell.value(object, CKA_MODULUS));
        const Handle<BIGNUM> number(BN_bin2bn(modulus.data(), static_cast<int>(modulus.size()), nullptr));
        return static_cast<unsigned long>(BN_num_bits(number.get()));
    }
    if (type == CKK_EC || type == CKK_EC_EDWARDS || type == CKK_EC_MONTGOMERY) {
        CS2SIM_TRY_LET(parameters, shell.value(object, CKA_EC_PARAMS));
        return curve_bits(parameters);
    }
    CS2SIM_TRY_LET(length, number_in(shell, object, CKA_VALUE_LEN));
    return length == CK_UNAVAILABLE_INFORMATION ? 0 : length * 8;
}

// A block an object, its lines always the same.
Result<void> print_object(Shell& shell, CK_OBJECT_HANDLE object) {
    CS2SIM_TRY_LET(object_class, text_of(shell, object, CKA_CLASS));
    print("%s\n", object_class.c_str());
    const struct {
        const char* name;
        CK_ATTRIBUTE_TYPE type;
    } lines[] = {
        {"CKA_LABEL", CKA_LABEL},
        {"CKA_ID", CKA_ID},
        {"CKA_KEY_TYPE", CKA_KEY_TYPE},
        {"CKA_MODULUS_BITS", CKA_MODULUS_BITS},
        {"CKA_VALUE_LEN", CKA_VALUE_LEN},
        {"CKA_EC_PARAMS", CKA_EC_PARAMS},
        {"CKA_WRAP_TEMPLATE", CKA_WRAP_TEMPLATE},
        {"CKA_UNWRAP_TEMPLATE", CKA_UNWRAP_TEMPLATE},
        {"CKA_DERIVE_TEMPLATE", CKA_DERIVE_TEMPLATE},
    };
    for (const auto& line : lines) {
        CS2SIM_TRY_LET(text, text_of(shell, object, line.type));
        if (!text.empty() && text != "{}") print("  %-17s: %s\n", line.name, text.c_str());
    }
    CS2SIM_TRY_LET(size, key_size(shell, object));
    if (size != 0) print("  %-17s: %lu\n", "size", size);
    print("  %-17s: 0x%08lX\n\n", "handle", object);
    return {};
}

Result<TemplateText> selection(const std::string& value) { return TemplateText::parse(value); }

Result<void> list_objects(Shell& shell, const std::string& value) {
    CS2SIM_TRY_LET(wanted, selection(value));
    return shell.for_each_object(wanted,
                                 [&](CK_OBJECT_HANDLE object) { return print_object(shell, object); });
}

// All objects of a selection, before anything happens to them. None is CKR_OBJECT_HANDLE_INVALID.
Result<std::vector<CK_OBJECT_HANDLE>> selected(Shell& shell, const std::string& value) {
    CS2SIM_TRY_LET(wanted, selection(value));
    if (wanted.empty()) return fail(E_CSA_SYNTAX);
    std::vector<CK_OBJECT_HANDLE> all;
    CS2SIM_TRY(shell.for_each_object(wanted, [&](CK_OBJECT_HANDLE object) -> Result<void> {
        all.push_back(object);
        return {};
    }));
    if (all.empty()) return fail(CKR_OBJECT_HANDLE_INVALID);
    return all;
}

Result<void> delete_object(Shell& shell, const std::string& value) {
    CS2SIM_TRY_LET(objects, selected(shell, value));
    for (const CK_OBJECT_HANDLE object : objects)
        CS2SIM_TRY(shell.check((*shell.functions())->C_DestroyObject(*shell.session(), object)));
    return {};
}

// CKA_…=…,CKA_…=… of which objects; the new attributes are those of KeyAttr.
Result<void> set_attribute(Shell& shell, const std::string& value) {
    CS2SIM_TRY_LET(objects, selected(shell, value));
    auto changes = shell.key_attributes.attributes();
    for (const CK_OBJECT_HANDLE object : objects)
        CS2SIM_TRY(
            shell.check((*shell.functions())
                            ->C_SetAttributeValue(*shell.session(), object, changes.data(), changes.size())));
    return {};
}

Result<void> copy_object(Shell& shell, const std::string& value) {
    CS2SIM_TRY_LET(objects, selected(shell, value));
    auto changes = shell.key_attributes.attributes();
    for (const CK_OBJECT_HANDLE object : objects) {
        CK_OBJECT_HANDLE copy = 0;
        CS2SIM_TRY(
            shell.check((*shell.functions())
                            ->C_CopyObject(*shell.session(), object, changes.data(), changes.size(), &copy)));
    }
    return {};
}

// CKA_NAME,CKA_…=…: an attribute of each object, which must have it and tell it.
Result<void> get_attribute(Shell& shell, const std::string& value) {
    const auto words = split_list(value, 2);
    if (words.size() < 2) return fail(E_CSA_ARGUMENTS);
    CS2SIM_TRY_LET(type, attribute_named(words[0]));
    CS2SIM_TRY_LET(objects, selected(shell, words[1]));
    for (const CK_OBJECT_HANDLE object : objects) {
        CS2SIM_TRY_LET(told, shell.attribute_text(object, type));
        print("0x%08lX: %s\n", object, told.c_str());
    }
    return {};
}

// The one object of a class that a selection names; several or none are CKR_OBJECT_HANDLE_INVALID.
Result<CK_OBJECT_HANDLE> the_one(Shell& shell, const std::string& text, CK_OBJECT_CLASS object_class) {
    CS2SIM_TRY_LET(wanted, selection(text));
    wanted.set_number(CKA_CLASS, object_class);
    CK_OBJECT_HANDLE found = CK_INVALID_HANDLE;
    CS2SIM_TRY(shell.for_each_object(wanted, [&](CK_OBJECT_HANDLE object) -> Result<void> {
        if (found != CK_INVALID_HANDLE) return fail(CKR_OBJECT_HANDLE_INVALID);
        found = object;
        return {};
    }));
    if (found == CK_INVALID_HANDLE) return fail(CKR_OBJECT_HANDLE_INVALID);
    return found;
}

// `refused` when it cannot be written: files of keys have a number of their own.
Result<void> write_public(const std::string& path, ByteView content, std::uint32_t refused) {
    std::fflush(stdout);  // keeps the order where the path is /dev/stdout
    if (!host::replace_host_file(path, content, 0644)) return fail(refused);
    return {};
}

// file,CKA_…=…
Result<void> export_cert(Shell& shell, const std::string& value) {
    const auto words = split_list(value, 2);
    CS2SIM_TRY_LET(certificate, the_one(shell, words.size() > 1 ? words[1] : "", CKO_CERTIFICATE));
    CS2SIM_TRY_LET(content, shell.value(certificate, CKA_VALUE));
    return write_public(words[0], content, E_CSA_PARAM);
}

// file,CKA_…=…: SubjectPublicKeyInfo in DER, as `openssl pkey -pubin -inform der` reads it.
Result<void> export_public_key(Shell& shell, const std::string& value) {
    const auto words = split_list(value, 2);
    CS2SIM_TRY_LET(key, the_one(shell, words.size() > 1 ? words[1] : "", CKO_PUBLIC_KEY));
    PublicKeyParts parts;
    for (auto [type, part] : {std::pair{CKA_MODULUS, &parts.modulus},
                              {CKA_PUBLIC_EXPONENT, &parts.exponent},
                              {CKA_EC_PARAMS, &parts.curve},
                              {CKA_EC_POINT, &parts.point}}) {
        CS2SIM_TRY_LET(content, shell.value(key, type));
        *part = to_bytes(content);
    }
    CS2SIM_TRY_LET(der, public_key_of(parts));
    return write_public(words[0], der, E_CSA_KEY_WRITE);
}

constexpr TokenCommand kCommands[] = {
    {"ListObjects", "ListObjects[=CKA_…=<value>,…]", "the objects, a block each", false, Takes::maybe,
     list_objects},
    {"GetAttribute", "GetAttribute=CKA_…,<selection>", "an attribute of the objects selected", true,
     Takes::value, get_attribute},
    {"SetAttribute", "SetAttribute=<selection>", "gives the objects selected the attributes of KeyAttr", true,
     Takes::value, set_attribute},
    {"CopyObject", "CopyObject=<selection>", "copies the objects selected, with the attributes of KeyAttr",
     true, Takes::value, copy_object},
    {"DeleteObject", "DeleteObject=<selection>", "deletes the objects selected: CKA_…=<value>,…", true,
     Takes::value, delete_object},
    {"ExportPublicKey", "ExportPublicKey=<file>,<selection>", "a public key into a file, DER", true,
     Takes::value, export_public_key},
    {"ExportCert", "ExportCert=<file>,<selection>", "a certificate into a file, DER", true, Takes::value,
     export_cert},
};

}  // namespace

const std::span<const TokenCommand> kObjectCommands = kCommands;

}  // namespace cs2sim::tools::p11
