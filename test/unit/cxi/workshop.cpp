#include "test/unit/cxi/workshop.h"

#include <sstream>

#include "firmware/cxi/keys/key_object.h"
#include "test/bad_input.h"

namespace cs2sim::test {
namespace {

constexpr std::uint32_t kOfficerAndUser = 0x00000202;
constexpr std::uint32_t kSha256 = CXI_MECH_HASH_SHA256;

PropertyList joined(PropertyList list, const PropertyList& more) {
    for (const Property& each : more) list.set(each.id, each.value());
    return list;
}

PropertyList exportable() { return number(CXI_PROP_KEY_EXPORT, CXI_KEY_EXPORT_ALLOW); }

PropertyList aes_template(std::string_view name, std::uint32_t bits = 256) {
    return CxiBench::key_template(CXI_KEY_ALGO_AES, bits, "G", name);
}

PropertyList curve_template(std::string_view name, std::string_view curve = "P-256") {
    PropertyList list = CxiBench::key_template(CXI_KEY_ALGO_EC, 0, "G", name);
    list.set(CXI_PROP_KEY_EC_CURVE, curve);
    return list;
}

PropertyList named(std::string_view name) {
    PropertyList list;
    list.set(CXI_PROP_KEY_GROUP, "G");
    list.set(CXI_PROP_KEY_NAME, name);
    return list;
}

PropertyList dsa_template(std::string_view name) {
    PropertyList list = CxiBench::key_template(CXI_KEY_ALGO_DSA, 0, "G", name);
    list.set(CXI_PROP_KEY_DSA_P, dsa_group().p);
    list.set(CXI_PROP_KEY_DSA_Q, dsa_group().q);
    list.set(CXI_PROP_KEY_DSA_G, dsa_group().g);
    return list;
}

Bytes entry(ByteView bytes) { return compose(LAYOUT_CXI_BULK_ENTRY, {bytes}).value(); }

bool works_with_curves(std::uint8_t sfc) {
    return sfc == SFC_CXI_SIGN || sfc == SFC_CXI_SIGN_BULK || sfc == SFC_CXI_VERIFY ||
           sfc == SFC_CXI_SECRET_AGREE;
}

const PrivateKey& rsa_of(std::uint32_t bits) {
    static std::map<std::uint32_t, PrivateKey> keys;
    auto& key = keys[bits];
    if (!key) key = generate_rsa(bits).value();
    return key;
}

// Of a command that answers with a code for each key, the first one's.
std::uint32_t code_met(const Command& command, const Result<Bytes>& answer) {
    if (!answer || !command.has("blobs")) return code_of(answer);
    return static_cast<std::uint32_t>(big_endian(ByteView(*answer).first(4)));
}

}  // namespace

const DomainParameters& dsa_group() {
    static const DomainParameters group = generate_dsa_parameters(1024, 160).value();
    return group;
}

const PrivateKey& kak() { return rsa_of(2048); }

Bytes krad_of(const EVP_PKEY& key) {
    return compose(LAYOUT_CXI_KRAD, {CXI_KRAD_PKCS1, CXI_KRAD_FORM, CXI_KRAD_RSA,
                                     key_number(key, "n").value(), key_number(key, "e").value()})
        .value();
}

Command& Command::set(std::string_view field, std::uint64_t number) {
    fields_[std::string(field)].number = number;
    return *this;
}

Command& Command::set(std::string_view field, ByteView bytes) {
    fields_[std::string(field)].bytes = to_bytes(bytes);
    return *this;
}

ByteView Command::bytes(std::string_view field) const {
    const auto found = fields_.find(field);
    return found == fields_.end() ? ByteView() : ByteView(found->second.bytes);
}

std::string_view Command::of_template() const {
    for (const std::string_view field : {"private", "template"})
        if (has(field)) return field;
    return "properties";
}

Command& Command::with(std::uint32_t property, ByteView value) {
    PropertyList list = PropertyList::decode(bytes(of_template())).value();
    list.set(property, value);
    return set(of_template(), list);
}

Command& Command::without(std::uint32_t property) {
    PropertyList list = PropertyList::decode(bytes(of_template())).value();
    list.erase(property);
    return set(of_template(), list);
}

Bytes Command::block() const {
    Bytes out;
    const Layout& layout = function_->request;
    for (const Layout::Field& field : layout) {
        const auto found = fields_.find(layout.name(field));
        const Field value = found == fields_.end() ? Field() : found->second;
        if (field.kind == 'u') append_big_endian(out, value.number, field.width);
        if (field.kind == 'v') append_big_endian(out, value.bytes.size(), field.width);
        if (field.kind != 'u') append(out, value.bytes);
    }
    return out;
}

Workshop::Workshop(const Profile& profile) : bench(profile) {
    bench.log_on(kOfficerAndUser, "CXI_GROUP=*");
    worker = aes();
    moved = aes(exportable());
    signer = curve("P-256");
    bound = aes();
    wrapped = bench.run(SFC_CXI_KEY_WRAP, {CXI_MECH_CHAIN_KEY_WRAP, moved, worker, ByteView()}).value();
    const Bytes once = aes(exportable());
    gone = bench.run(SFC_CXI_KEY_BACKUP, {once}).value();
    REQUIRE(bench.run(SFC_CXI_KEY_DELETE, {once}));
    outside = aes(exportable(), CXI_FLAG_KEY_EXTERNAL);
    config = {CXI_TAG_CONFIG};
    append(config, as_bytes("G"));
    bench.profile().key_authorisation = true;
    REQUIRE(bench.run(SFC_CXI_KEY_INITIALIZE, {bound, 0, krad_of(*kak())}));
    bench.profile().key_authorisation = false;
}

Command Workshop::good(std::string_view name) {
    const FunctionSignature* function = find_function(name);
    REQUIRE(function);
    Command command(*function);
    bench.log_on(kOfficerAndUser, "CXI_GROUP=*");
    const std::uint32_t kw = CXI_MECH_CHAIN_KEY_WRAP, with_hash = CXI_FLAG_HASH_DATA;
    const Bytes data(16, 0x61);
    const bool authorises =
        command.has("krad") || command.has("count") || function->sfc == SFC_CXI_KEY_UNBLOCK;
    bench.profile().key_authorisation = authorises;
    switch (function->sfc) {
        case SFC_CXI_KEY_INIT:
        case SFC_CXI_P11_PERMISSIONS:
            return command.set("group", as_bytes("G"));
        case SFC_CXI_KEY_DSA_XGEN:
            return command.set("properties", dsa_template("new"));
        case SFC_CXI_KEY_BACKUP:
        case SFC_CXI_KEY_DELETE:
        case SFC_CXI_KEY_PROP_GET:
            return command.set("key", moved);
        case SFC_CXI_KEY_RESTORE:
            return command.set("blob", gone);
        case SFC_CXI_KEY_LIST:
            return command.set("template", joined({}, named("made1")));
        case SFC_CXI_KEY_GENERATE:
            return command.set("properties", aes_template("new"));
        case SFC_CXI_KEY_OPEN:
            return command.set("properties", named("made1"));
        case SFC_CXI_KEY_PROP_SET: {
            PropertyList label;
            label.set(CXI_PROP_KEY_LABEL, "label");
            return command.set("key", moved).set("properties", label);
        }
        case SFC_CXI_KEY_EXPORT:
            return command.set("type", CXI_KEY_TYPE_SECRET)
                .set("mechanism", kw)
                .set("key", moved)
                .set("wrapping", worker);
        case SFC_CXI_KEY_IMPORT:
            return command.set("type", CXI_KEY_TYPE_SECRET)
                .set("mechanism", kw)
                .set("properties", aes_template("new"))
                .set("wrapping", worker)
                .set("blob", wrapped);
        case SFC_CXI_KEY_UNWRAP:
            return command.set("mechanism", kw)
                .set("properties", aes_template("new"))
                .set("wrapping", worker)
                .set("wrapped", wrapped);
        case SFC_CXI_KEY_WRAP:
            return command.set("mechanism", kw).set("key", moved).set("wrapping", worker);
        case SFC_CXI_HASH_COMPUTE:
            return command.set("mechanism", kSha256).set("key", worker).set("data", data);
        case SFC_CXI_CRYPT:
            return command.set("flags", CXI_FLAG_CRYPT_SINGLE_CALL)
                .set("mechanism", CXI_MECH_MODE_ENCRYPT)
                .set("key", worker)
                .set("data", data);
        case SFC_CXI_SIGN:
            return command.set("flags", with_hash)
                .set("mechanism", kSha256)
                .set("key", signer)
                .set("data", data);
        case SFC_CXI_SIGN_BULK:
            return command.set("flags", with_hash)
                .set("mechanism", kSha256)
                .set("key", signer)
                .set("data", entry(data));
        case SFC_CXI_VERIFY:
            return command.set("flags", with_hash)
                .set("mechanism", kSha256)
                .set("key", signer)
                .set("signature", made_before(SFC_CXI_SIGN, {with_hash, kSha256, signer, ByteView(), data}))
                .set("data", data);
        case SFC_CXI_RND_GEN:
            return command.set("length", 16);
        case SFC_CXI_SECRET_AGREE:
            return command.set("mechanism", CXI_MECH_KDF_ECDH)
                .set("key", signer)
                .set("peer", made_before(SFC_CXI_KEY_EXPORT,
                                         {CXI_KEY_TYPE_PUBLIC, 0, signer, ByteView(), ByteView()}));
        case SFC_CXI_OBJ_CREATE:
            return command
                .set("properties",
                     joined(aes_template("new"), number(CXI_PROP_KEY_TYPE, CXI_KEY_TYPE_SECRET)))
                .with(CXI_PROP_VALUE, Bytes(32, 1));
        case SFC_CXI_KEY_PAIR_GEN:
            return command.set("private", curve_template("new")).set("public", named("new.pub"));
        case SFC_CXI_OBJ_COPY:
            return command.set("key", moved).set("properties", named("new"));
        case SFC_CXI_KEY_DERIVE:
            return command.set("mechanism", CXI_MECH_KDF_HMAC | kSha256)
                .set("key", worker)
                .set("properties", aes_template("new"))
                .set("data", data);
        case SFC_CXI_USER_ADD:
            make_users();
            return command.set("name", as_bytes("USR_0000"))
                .set("permission", 2)
                .set("mechanism", MECH_HMAC_PWD)
                .set("attributes", as_bytes("CXI_GROUP=SLOT_0000"))
                .set("token", as_bytes("password"));
        case SFC_CXI_USER_DELETE:
            make_users();
            return command.set("name", as_bytes("USR_0000"));
        case SFC_CXI_KEY_DSA_PQGEN:
            return command.set("pbits", 1024).set("qbits", 160);
        case SFC_CXI_KEY_DSA_GGEN:
            return command.set("p", dsa_group().p).set("q", dsa_group().q);
        case SFC_CXI_KEY_INITIALIZE:
            return command.set("key", worker).set("krad", krad_of(*kak()));
        case SFC_CXI_KEY_AUTH_CHALLENGE:
            return command.set("key", bound).set("count", 1);
        case SFC_CXI_KEY_UNBLOCK:
            return command.set("key", bound);
        case SFC_CXI_EXTERNAL_PROPS:
        case SFC_CXI_EXTERNAL_RESEAL:
            return command.set("blobs", entry(ByteView(outside).subspan(1)));
        default:
            return command;
    }
}

void Workshop::make_users() {
    if (!std::exchange(has_users_, true)) bench.make_users();
}

void Workshop::fill_handles() {
    while (bench.context.handles.put(std::make_shared<int>()) != 0) {
    }
}

void Workshop::replace_mbk() {
    REQUIRE(bench.mbk.erase_all());
    REQUIRE(bench.mbk.generate(MBK_TYPE_AES, 32, 2, 2, "OTHER"));
}

void Workshop::damage_mbk() {
    const auto mbks = bench.services.databases.open("VMBK1.db");
    REQUIRE(mbks);
    const auto entry = (*mbks)->find(Bytes((*mbks)->info().key_length), Find::greater_or_equal);
    REQUIRE(entry);
    REQUIRE((*mbks)->update(entry->key, Bytes(5)));
    bench.cxi.external.forget();
}

Bytes Workshop::made_before(std::uint8_t sfc, std::initializer_list<Value> values) {
    const std::uint16_t modes = bench.cxi.modes();
    const bool authorised = std::exchange(bench.profile().key_authorisation, false);
    bench.set_modes(MODE_OPERATIONAL);
    const auto made = bench.run(sfc, values);
    bench.set_modes(modes);
    bench.profile().key_authorisation = authorised;
    REQUIRE(code_of(made) == 0);
    return *made;
}

Bytes Workshop::aes(const PropertyList& more, std::uint32_t flags, std::uint32_t bits) {
    const PropertyList list = joined(aes_template(next_name(), bits), more);
    return bench.reference(made_before(SFC_CXI_KEY_GENERATE, {flags, 0, list.encode()}));
}

Bytes Workshop::des(const PropertyList& more) {
    const PropertyList list = joined(bench.key_template(CXI_KEY_ALGO_DES, 192, "G", next_name()), more);
    return bench.reference(made_before(SFC_CXI_KEY_GENERATE, {0, 0, list.encode()}));
}

Bytes Workshop::curve(std::string_view name, const PropertyList& more, std::uint32_t flags) {
    const PropertyList list = joined(curve_template(next_name(), name), more);
    return bench.reference(made_before(SFC_CXI_KEY_GENERATE, {flags, 0, list.encode()}));
}

Bytes Workshop::rsa(std::uint32_t bits, const PropertyList& more, std::uint32_t flags) {
    const PropertyList list = joined(named(next_name()), more);
    const SecretBytes der = private_key_der(*rsa_of(bits));
    return bench.reference(made_before(SFC_CXI_KEY_IMPORT, {flags, CXI_KEY_TYPE_PRIVATE, 0, list.encode(),
                                                            ByteView(), ByteView(der), ByteView()}));
}

Bytes Workshop::secret(std::uint32_t algorithm, ByteView value, const PropertyList& more) {
    const PropertyList list = joined(bench.key_template(algorithm, 0, "G", next_name()), more);
    return bench.reference(made_before(
        SFC_CXI_KEY_IMPORT, {0, CXI_KEY_TYPE_SECRET, 0, list.encode(), ByteView(), value, ByteView()}));
}

Bytes Workshop::like_worker(const Command& command, const PropertyList& more, std::uint32_t flags) {
    return works_with_curves(command.function().sfc) ? curve("P-256", more, flags) : aes(more, flags);
}

Bytes Workshop::trusted(Bytes key) {
    trust(bench, key);
    return key;
}

Bytes Workshop::external(ByteView blob) {
    Bytes reference{CXI_TAG_EXTERNAL};
    append(reference, blob);
    return reference;
}

void Workshop::store(std::string_view name, ByteView record) {
    const auto keys = bench.services.databases.open("CXIKEY.db");
    REQUIRE(keys);
    REQUIRE((*keys)->change([&](Batch& batch) { return batch.update(key_index("G", name, 0), record); }));
}

void provoke(std::span<const SpoiltRow> rows) {
    for (const SpoiltRow& row : rows) {
        Workshop shop;
        std::istringstream names{std::string(row.functions)};
        for (std::string name; names >> name;) {
            Command command = shop.good(name);
            row.spoil(shop, command);
            bad_input("codes of CXI, provoked by spoilt commands");
            const std::uint32_t met = code_met(command, shop.run(command));
            INFO(name << ": expected " << describe(row.code) << ", met "
                      << (met ? describe(met) : "no error"));
            CHECK(met == row.code);
        }
    }
}

}  // namespace cs2sim::test
