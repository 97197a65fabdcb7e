// Errors of commands that name a key, or state properties, in a way that is none.
#include "firmware/cxi/keys/key_object.h"
#include "test/unit/cxi/workshop.h"

using namespace cs2sim;
using namespace cs2sim::test;

namespace {

constexpr std::string_view kReferring =
    "CXI.CRYPT CXI.KEY_WRAP CXI.KEY_UNWRAP CXI.KEY_IMPORT CXI.KEY_EXPORT CXI.KEY_DERIVE CXI.SIGN "
    "CXI.SIGN_BULK CXI.VERIFY CXI.HASH_COMPUTE CXI.SECRET_AGREE CXI.KEY_INITIALIZE CXI.KEY_AUTH_CHALLENGE "
    "CXI.KEY_UNBLOCK CXI.KEY_BACKUP CXI.KEY_DELETE CXI.KEY_PROP_GET CXI.KEY_PROP_SET CXI.OBJ_COPY";
// Those of them that neither mode bars altogether.
constexpr std::string_view kReferringInModes =
    "CXI.CRYPT CXI.KEY_WRAP CXI.KEY_UNWRAP CXI.KEY_IMPORT CXI.KEY_EXPORT CXI.KEY_DERIVE CXI.SIGN "
    "CXI.SIGN_BULK CXI.VERIFY CXI.HASH_COMPUTE CXI.KEY_INITIALIZE CXI.KEY_AUTH_CHALLENGE CXI.KEY_UNBLOCK "
    "CXI.KEY_BACKUP CXI.KEY_DELETE CXI.KEY_PROP_GET CXI.KEY_PROP_SET CXI.OBJ_COPY";
constexpr std::string_view kStating =
    "CXI.KEY_GENERATE CXI.KEY_PAIR_GEN CXI.KEY_DSA_XGEN CXI.OBJ_CREATE CXI.KEY_IMPORT CXI.KEY_UNWRAP "
    "CXI.KEY_DERIVE CXI.OBJ_COPY CXI.KEY_RESTORE CXI.KEY_PROP_SET CXI.KEY_LIST CXI.KEY_OPEN";
constexpr std::string_view kExternal = "CXI.EXTERNAL_PROPS CXI.EXTERNAL_RESEAL";

// Names the key in the way of `reference`; KEY_OPEN has a name and no tag in front.
void name_key(Command& command, ByteView reference) {
    if (command.function().sfc == SFC_CXI_KEY_OPEN)
        command.set("properties", reference.subspan(1));
    else
        command.set(command.of_worker(), reference);
}

void name_key_by(Command& command, const Bytes& list) {
    Bytes reference{CXI_TAG_NAME};
    append(reference, list);
    name_key(command, reference);
}

Bytes property(std::uint32_t id, ByteView value) { return compose(LAYOUT_CXI_PROPERTY, {id, value}).value(); }

Bytes many_properties() {
    Bytes list;
    for (std::uint32_t i = 0; i <= CXI_MOST_PROPERTIES; ++i) append(list, property(CXI_PROP_CUSTOM + i, {}));
    return list;
}

Bytes twice(const Bytes& list) {
    Bytes all = list;
    append(all, list);
    return all;
}

// What a list of properties can be that is none, and its error: in a reference and in a template.
struct BadList {
    std::uint32_t code;
    Bytes list;
};
const std::vector<BadList>& bad_lists() {
    static const std::vector<BadList> lists = {
        {E_CXI_PROP_TAG, {1, 2, 3}},
        {E_CXI_PROP_LEN, property(CXI_PROP_KEY_SIZE, Bytes(3))},
        {E_CXI_PROP_EXISTS, twice(property(CXI_PROP_KEY_LABEL, {}))},
        {E_CXI_PROP_UNKNOWN, property(0x7FFFFFFF, {})},
        {E_CXI_PROP_VAL, property(CXI_PROP_PRIVATE, Bytes{2})},
        {E_CXI_ITEM_COUNT, many_properties()},
        {E_CXI_KEY_INVALID_NAME, property(CXI_PROP_KEY_NAME, Bytes{7})},
    };
    return lists;
}

template <std::size_t at>
void name_by_bad_list(Workshop&, Command& command) {
    name_key_by(command, bad_lists()[at].list);
}
template <std::size_t at>
void state_bad_list(Workshop&, Command& command) {
    command.set(command.of_template(), bad_lists()[at].list);
}

constexpr SpoiltRow kReferences[] = {
    {kReferring, E_CXI_INVALID_PARAM_TAG, [](Workshop&, Command& command) { name_key(command, Bytes{9}); }},
    {kReferring, E_CXI_INVALID_PARAM_LEN,
     [](Workshop&, Command& command) {
         name_key(command, Bytes{CXI_TAG_INDEX, 1});
     }},
    {kReferring, E_CXI_INVALID_PARAM_VAL,  // which names the settings of a group
     [](Workshop& shop, Command& command) {
         configure(shop.bench, "G", CXI_PROP_CFG_CHECK_VALIDITY_PERIOD, 0);
         name_key(command, index_reference(key_index("G", {}, 0)));
     }},
    {kReferring, E_DB_NOT_FOUND,
     [](Workshop&, Command& command) { name_key(command, index_reference(Bytes(CXI_INDEX_LENGTH))); }},
    {kReferring, E_CXI_PERMISSION_DENIED, [](Workshop& shop, Command&) { shop.log_on_elsewhere(); }},
    {"CXI.KEY_OPEN", E_DB_NOT_FOUND,
     [](Workshop&, Command& command) { command.with(CXI_PROP_KEY_NAME, as_bytes("nobody's")); }},
};

Bytes named_in_g(std::string_view name) {
    PropertyList list;
    list.set(CXI_PROP_KEY_GROUP, "G");
    list.set(CXI_PROP_KEY_NAME, name);
    return list.encode();
}

// A key whose material is none.
KeyObject broken(std::string_view name) {
    KeyObject object;
    object.properties = CxiBench::key_template(CXI_KEY_ALGO_EC, 256, "G", name);
    object.properties.set_number(CXI_PROP_KEY_TYPE, CXI_KEY_TYPE_PRIVATE);
    object.material = SecretBytes(5, 1);
    return object;
}

constexpr SpoiltRow kDamagedRecords[] = {
    {kReferring, E_CXI_KEY_BLOB_FORMAT,
     [](Workshop& shop, Command& command) {
         shop.store("damaged", Bytes{9, 9});
         name_key_by(command, named_in_g("damaged"));
     }},
    {"CXI.KEY_OPEN", E_CXI_KEY_BLOB_FORMAT,
     [](Workshop& shop, Command& command) {
         shop.store("damaged", Bytes{9, 9});
         name_key_by(command, named_in_g("damaged"));
     }},
    {kReferring, E_CXI_KEY_INVALID_COMP,
     [](Workshop& shop, Command& command) {
         shop.store("broken", encode_key(broken("broken")));
         name_key_by(command, named_in_g("broken"));
     }},
    {"CXI.KEY_OPEN", E_CXI_KEY_INVALID_COMP,
     [](Workshop& shop, Command& command) {
         shop.store("broken", encode_key(broken("broken")));
         name_key_by(command, named_in_g("broken"));
     }},
};

// The external key in a reference, or as the only one of a list.
void name_outside(Command& command, ByteView reference) {
    if (command.has("blobs"))
        command.set("blobs", compose(LAYOUT_CXI_BULK_ENTRY, {reference.subspan(1)}).value());
    else
        name_key(command, reference);
}

constexpr SpoiltRow kOutside[] = {
    {kReferring, E_CXI_KEY_BLOB_MAC,
     [](Workshop& shop, Command& command) {
         Bytes changed = shop.outside;
         changed.back() ^= 1;
         name_outside(command, changed);
     }},
    {kExternal, E_CXI_KEY_BLOB_MAC,
     [](Workshop& shop, Command& command) {
         Bytes changed = shop.outside;
         changed.back() ^= 1;
         name_outside(command, changed);
     }},
    {kExternal, E_CXI_KEY_BLOB_FORMAT,
     [](Workshop&, Command& command) { name_outside(command, Bytes(9, 1)); }},
    {kReferring, E_CXI_BB_WRONG_MBK,
     [](Workshop& shop, Command& command) {
         shop.replace_mbk();
         name_outside(command, shop.outside);
     }},
    {kExternal, E_CXI_BB_WRONG_MBK, [](Workshop& shop, Command&) { shop.replace_mbk(); }},
    {kReferring, E_MBK_SLOT_EMPTY,
     [](Workshop& shop, Command& command) {
         REQUIRE(shop.bench.mbk.erase_all());
         name_outside(command, shop.outside);
     }},
    {"CXI.EXTERNAL_PROPS CXI.EXTERNAL_RESEAL CXI.KEY_BACKUP CXI.KEY_RESTORE", E_MBK_SLOT_EMPTY,
     [](Workshop& shop, Command&) { REQUIRE(shop.bench.mbk.erase_all()); }},
    {kReferring, E_MBK_BAD_DB_FORMAT,
     [](Workshop& shop, Command& command) {
         shop.damage_mbk();
         name_outside(command, shop.outside);
     }},
    {"CXI.EXTERNAL_PROPS CXI.EXTERNAL_RESEAL CXI.KEY_BACKUP CXI.KEY_RESTORE", E_MBK_BAD_DB_FORMAT,
     [](Workshop& shop, Command&) { shop.damage_mbk(); }},
    {kReferringInModes, E_CXI_CC_EXTERNAL_KEYS,
     [](Workshop& shop, Command& command) {
         shop.enter(MODE_CC);
         name_outside(command, shop.outside);
     }},
    {kExternal, E_CXI_CC_EXTERNAL_KEYS, [](Workshop& shop, Command&) { shop.enter(MODE_CC); }},
    {kExternal, E_CXI_PERMISSION_DENIED, [](Workshop& shop, Command&) { shop.log_on_elsewhere(); }},
    {"CXI.EXTERNAL_PROPS", E_CXI_KEY_INVALID_COMP,
     [](Workshop& shop, Command& command) {
         command.set("wanted", big_endian_bytes<4>(CXI_PROP_KEY_EC_PUBKEY));
         name_outside(command, shop.sealed(broken("outside")));
     }},
    {"CXI.KEY_INITIALIZE CXI.KEY_AUTH_CHALLENGE CXI.KEY_UNBLOCK", E_CXI_INTERNAL_INPUT_ONLY,
     [](Workshop& shop, Command& command) { name_outside(command, shop.outside); }},
};

constexpr std::string_view kWanting = "CXI.KEY_PROP_GET CXI.KEY_LIST CXI.EXTERNAL_PROPS";
constexpr SpoiltRow kWanted[] = {
    {kWanting, E_CXI_PROP_LEN, [](Workshop&, Command& command) { command.set("wanted", Bytes(3)); }},
    {kWanting, E_CXI_PROP_UNKNOWN,
     [](Workshop&, Command& command) { command.set("wanted", big_endian_bytes<4>(0x7FFFFFFF)); }},
    {kWanting, E_CXI_ITEM_COUNT,
     [](Workshop&, Command& command) { command.set("wanted", Bytes(4 * (CXI_MOST_PROPERTIES + 1), 0)); }},
};

template <std::size_t... at>
void provoke_bad_lists(std::index_sequence<at...>) {
    const SpoiltRow rows[] = {SpoiltRow{kReferring, bad_lists()[at].code, name_by_bad_list<at>}...,
                              SpoiltRow{kStating, bad_lists()[at].code, state_bad_list<at>}...};
    provoke(rows);
}

}  // namespace

TEST_CASE("every function with a key refuses what names none") { provoke(kReferences); }
TEST_CASE("every function with a key refuses a record that is none") { provoke(kDamagedRecords); }
TEST_CASE("every function with a key refuses an external one that is not the device's") { provoke(kOutside); }
TEST_CASE("every function with properties refuses lists that are none") {
    provoke_bad_lists(std::make_index_sequence<7>());
    provoke(kWanted);
}
