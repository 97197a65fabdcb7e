#include "host-lib/pkcs11/config_objects.h"

#include <algorithm>
#include <cstring>

#include "host-lib/pkcs11/attributes.h"
#include "host-lib/pkcs11/library.h"

namespace cs2sim::p11 {
namespace {

constexpr CK_ULONG kMostAttributes = 64;

struct SettingRow {
    CK_ATTRIBUTE_TYPE type;
    std::uint32_t property;
    std::uint32_t otherwise;  // while nobody set it
};
constexpr SettingRow kSettings[] = {
    {CKA_CFG_ALLOW_SLOTS, CXI_PROP_CFG_ALLOW_GROUPS, 0},
    {CKA_CFG_CHECK_VALIDITY_PERIOD, CXI_PROP_CFG_CHECK_VALIDITY_PERIOD, 0},
    {CKA_CFG_AUTH_PLAIN_MASK, CXI_PROP_CFG_AUTH_PLAIN, 0},
    {CKA_CFG_WRAP_POLICY, CXI_PROP_CFG_WRAP_POLICY, 0},
    {CKA_CFG_AUTH_KEYM_MASK, CXI_PROP_CFG_AUTH_KEYM, 2},
    {CKA_CFG_SECURE_DERIVATION, CXI_PROP_CFG_SECURE_DERIVATION, 0},
    {CKA_CFG_SECURE_IMPORT, CXI_PROP_CFG_SECURE_IMPORT, 0},
    {CKA_CFG_SECURE_RSA_COMPONENTS, CXI_PROP_CFG_SECURE_RSA_COMPONENTS, 0},
    {CKA_CFG_P11R2_BACKWARDS_COMPATIBLE, CXI_PROP_CFG_P11R2_BACKWARDS_COMPATIBLE, 0},
    {CKA_CFG_ENFORCE_BLINDING, CXI_PROP_CFG_ENFORCE_BLINDING, 0},
    {CKA_CFG_SECURE_SLOT_BACKUP, CXI_PROP_CFG_SECURE_GROUP_BACKUP, 0},
    {CKA_CFG_SLOT_BACKUP_PASS_HASH, CXI_PROP_CFG_GROUP_BACKUP_PASS_HASH, 0},
    {CKA_CFG_ENFORCE_EXT_KEYS, CXI_PROP_CFG_ENFORCE_EXT_KEYS, 0},
    {CKA_CFG_ALLOW_WEAK_DES_KEYS, CXI_PROP_CFG_ALLOW_WEAK_DES_KEYS, 0},
};

const SettingRow* find_setting(CK_ATTRIBUTE_TYPE type) {
    const auto* row = std::ranges::find(kSettings, type, &SettingRow::type);
    return row == std::end(kSettings) ? nullptr : row;
}

bool is_bytes(const SettingRow& row) { return row.type == CKA_CFG_SLOT_BACKUP_PASS_HASH; }

Bytes reference_of(const Session& session, bool global) {
    Bytes reference{CXI_TAG_CONFIG};
    if (!global) append(reference, as_bytes(session.token.group()));
    return reference;
}

// What was set; nothing has its default.
Result<PropertyList> settings(Session& session, bool global) {
    const auto answer =
        session.execute(FC_CXI, SFC_CXI_KEY_PROP_GET, {reference_of(session, global), ByteView()});
    if (!answer && answer.error().code == E_DB_NOT_FOUND) return PropertyList();
    CS2SIM_TRY(answer);
    return PropertyList::decode(answer->block.bytes("properties"));
}

Result<Bytes> value_of(Session& session, CK_OBJECT_HANDLE handle, const PropertyList& set,
                       CK_ATTRIBUTE_TYPE type) {
    const bool local = handle == kLocalConfig;
    switch (type) {
        case CKA_CLASS:
            return ulong_bytes(CKO_CS_CONFIG);
        case CKA_TOKEN:
        case CKA_MODIFIABLE:
            return Bytes{local ? CK_FALSE : CK_TRUE};
        case CKA_PRIVATE:
            return Bytes{CK_FALSE};
        case CKA_CS_CONFIG_PATH:
            if (!local) return fail(CKR_ATTRIBUTE_TYPE_INVALID);
            return to_bytes(as_bytes(session.library.config.path));
        default:
            break;
    }
    const SettingRow* row = find_setting(type);
    if (!row || local) return fail(CKR_ATTRIBUTE_TYPE_INVALID);
    if (is_bytes(*row)) return fail(CKR_ATTRIBUTE_SENSITIVE);  // who has it tries passwords
    return ulong_bytes(set.number_or(row->property, row->otherwise));
}

}  // namespace

bool is_config_object(CK_OBJECT_HANDLE handle) {
    return handle == kGlobalConfig || handle == kSlotConfig || handle == kLocalConfig;
}

std::optional<std::vector<CK_OBJECT_HANDLE>> find_config_objects(const CK_ATTRIBUTE* wanted, CK_ULONG count) {
    if (!wanted || count != 1 || wanted->type != CKA_CLASS || !wanted->pValue ||
        wanted->ulValueLen != sizeof(CK_OBJECT_CLASS))
        return std::nullopt;
    CK_OBJECT_CLASS object_class = 0;
    std::memcpy(&object_class, wanted->pValue, sizeof object_class);
    if (object_class != CKO_CS_CONFIG) return std::nullopt;
    return std::vector<CK_OBJECT_HANDLE>{kGlobalConfig, kSlotConfig, kLocalConfig};
}

Answer read_config_object(Session& session, CK_OBJECT_HANDLE handle, CK_ATTRIBUTE* attributes,
                          CK_ULONG count) {
    PropertyList set;
    if (handle != kLocalConfig) {
        CS2SIM_TRY_LET(found, settings(session, handle == kGlobalConfig));
        set = std::move(found);
    }
    Answer answer;
    for (CK_ULONG i = 0; i < count; ++i) {
        CK_ATTRIBUTE& wanted = attributes[i];
        const CK_ULONG room = wanted.ulValueLen;
        wanted.ulValueLen = CK_UNAVAILABLE_INFORMATION;
        const auto value = value_of(session, handle, set, wanted.type);
        if (!value || (wanted.pValue && room < value->size())) {
            if (answer) answer = fail(value ? CKR_BUFFER_TOO_SMALL : value.error().code);
            continue;
        }
        wanted.ulValueLen = value->size();
        if (wanted.pValue && !value->empty()) std::memcpy(wanted.pValue, value->data(), value->size());
    }
    return answer;
}

Answer change_config_object(Session& session, CK_OBJECT_HANDLE handle, const CK_ATTRIBUTE* attributes,
                            CK_ULONG count) {
    if ((!attributes && count != 0) || count > kMostAttributes) return fail(CKR_ARGUMENTS_BAD);
    if (handle == kLocalConfig) return fail(CKR_ACTION_PROHIBITED);
    if (!session.read_write) return fail(CKR_SESSION_READ_ONLY);
    PropertyList changes;
    for (CK_ULONG i = 0; i < count; ++i) {
        const CK_ATTRIBUTE& given = attributes[i];
        const SettingRow* row = find_setting(given.type);
        if (!row) return fail(CKR_ATTRIBUTE_TYPE_INVALID);
        if (!given.pValue && given.ulValueLen != 0) return fail(CKR_ARGUMENTS_BAD);
        const ByteView value(static_cast<const std::uint8_t*>(given.pValue), given.ulValueLen);
        if (is_bytes(*row)) {
            changes.set(row->property, value);
            continue;
        }
        if (value.size() != sizeof(CK_ULONG) || ulong_of(value) > 0xFFFFFFFF)
            return fail(CKR_ATTRIBUTE_VALUE_INVALID);
        changes.set_number(row->property, static_cast<std::uint32_t>(ulong_of(value)));
    }
    CS2SIM_TRY(session.execute(FC_CXI, SFC_CXI_KEY_PROP_SET,
                               {reference_of(session, handle == kGlobalConfig), changes.encode()}));
    return {};
}

Result<std::uint32_t> slot_setting(Session& session, std::uint32_t property, std::uint32_t otherwise) {
    for (const bool global : {false, true}) {
        CS2SIM_TRY_LET(set, settings(session, global));
        if (set.has(property)) return set.number_or(property, otherwise);
    }
    return otherwise;
}

}  // namespace cs2sim::p11
