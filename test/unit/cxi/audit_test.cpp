// The audit log's class KEY: a line for everything that makes, changes, copies, moves or ends a key.
#include "firmware/crypto/finite_field.h"
#include "test/unit/cxi/cxi_bench.h"

using namespace cs2sim;

namespace {

std::size_t lines_of(CxiBench& bench) {
    return std::ranges::count(bench.services.smos.audit_log.text().value(), '\n');
}

}  // namespace

TEST_CASE("whatever makes, changes, copies, moves or ends a key leaves a line in the audit log") {
    CxiBench bench;
    AuditConfig config = bench.services.smos.audit_log.config();
    config.classes |= AUDIT_KEY;
    REQUIRE(bench.services.smos.audit_log.set_config(config));
    std::set<std::uint8_t> audited;
    const auto leaves_a_line = [&](std::uint8_t sfc, std::initializer_list<Value> values) {
        const std::size_t before = lines_of(bench);
        const auto answer = bench.run(sfc, values);
        INFO(full_name(*find_function(FC_CXI, sfc)));
        REQUIRE(code_of(answer) == 0);
        CHECK(lines_of(bench) == before + 1);
        audited.insert(sfc);
        return answer;
    };

    PropertyList list = CxiBench::key_template(CXI_KEY_ALGO_AES, 256, "G", "key");
    list.set_number(CXI_PROP_KEY_EXPORT, CXI_KEY_EXPORT_ALLOW);
    const Bytes key = CxiBench::reference(leaves_a_line(SFC_CXI_KEY_GENERATE, {0, 0, list.encode()}));
    const Bytes wrapping = bench.aes("G", "wrapping");
    const auto wrapped =
        leaves_a_line(SFC_CXI_KEY_WRAP, {CXI_MECH_CHAIN_KEY_WRAP, key, wrapping, ByteView()});
    PropertyList unwrapped = CxiBench::key_template(CXI_KEY_ALGO_AES, 0, "G", "unwrapped");
    leaves_a_line(SFC_CXI_KEY_UNWRAP,
                  {0, CXI_MECH_CHAIN_KEY_WRAP, wrapping, ByteView(), unwrapped.encode(), *wrapped});
    leaves_a_line(SFC_CXI_KEY_DERIVE,
                  {0, CXI_MECH_KDF_HASH | CXI_MECH_HASH_SHA256, key,
                   CxiBench::key_template(CXI_KEY_ALGO_RAW, 128, "G", "derived").encode(), Bytes(16)});
    PropertyList copy;
    copy.set(CXI_PROP_KEY_NAME, "copy");
    leaves_a_line(SFC_CXI_OBJ_COPY, {0, key, copy.encode()});
    PropertyList label;
    label.set(CXI_PROP_KEY_LABEL, "label");
    leaves_a_line(SFC_CXI_KEY_PROP_SET, {key, label.encode()});
    PropertyList data;
    data.set(CXI_PROP_KEY_GROUP, "G");
    data.set(CXI_PROP_KEY_NAME, "note");
    data.set_number(CXI_PROP_KEY_TYPE, CXI_KEY_TYPE_DATA);
    data.set(CXI_PROP_VALUE, "text");
    leaves_a_line(SFC_CXI_OBJ_CREATE, {0, data.encode()});
    PropertyList imported = CxiBench::key_template(CXI_KEY_ALGO_AES, 0, "G", "imported");
    leaves_a_line(SFC_CXI_KEY_IMPORT, {0, CXI_KEY_TYPE_SECRET | CXI_KEY_TYPE_PLAINTEXT, 0, imported.encode(),
                                       ByteView(), Bytes(32), ByteView()});
    const Bytes outside = CxiBench::reference(
        bench.generate(CxiBench::key_template(CXI_KEY_ALGO_AES, 256, "G", "outside"), CXI_FLAG_KEY_EXTERNAL));
    Bytes blobs;
    compose_fitting_into(blobs, LAYOUT_CXI_BULK_ENTRY, ByteView(outside).subspan(1));
    leaves_a_line(SFC_CXI_EXTERNAL_RESEAL, {blobs});
    leaves_a_line(SFC_CXI_KEY_PAIR_GEN,
                  {0, 0, CxiBench::key_template(CXI_KEY_ALGO_RSA, 0, "G", "public").encode(),
                   CxiBench::key_template(CXI_KEY_ALGO_RSA, 1024, "G", "private").encode()});
    const Bytes rsa = bench.rsa("exported", 1024);
    leaves_a_line(SFC_CXI_KEY_EXPORT, {CXI_KEY_TYPE_PUBLIC, 0, rsa, ByteView(), ByteView()});
    const DomainParameters group = generate_dsa_parameters(1024, 160).value();
    PropertyList dsa = CxiBench::key_template(CXI_KEY_ALGO_DSA, 0, "G", "dsa");
    dsa.set(CXI_PROP_KEY_DSA_P, group.p);
    dsa.set(CXI_PROP_KEY_DSA_Q, group.q);
    dsa.set(CXI_PROP_KEY_DSA_G, group.g);
    leaves_a_line(SFC_CXI_KEY_DSA_XGEN, {0, 0, dsa.encode()});
    const Bytes agreeing = bench.curve("agreeing", "NIST-P256", CXI_KEY_ALGO_ECDH);
    leaves_a_line(SFC_CXI_SECRET_AGREE, {0, CXI_MECH_KDF_ECDH, agreeing, bench.public_key(agreeing)});
    bench.profile().key_authorisation = true;
    bench.profile().max_key_auth_fails = 1;
    const PrivateKey kak = generate_ec("NIST-P256").value();
    leaves_a_line(
        SFC_CXI_KEY_INITIALIZE,
        {key, 0,
         compose(LAYOUT_CXI_KRAD, {CXI_KRAD_ECDSA, CXI_KRAD_FORM, CXI_KRAD_EC, "NIST-P256", ec_point(*kak)})
             .value()});
    const auto challenge = [&] {
        return bench.run(SFC_CXI_KEY_AUTH_CHALLENGE, {key, CXI_AUTH_NO_LIMIT}).value();
    };
    Bytes asked = challenge();
    auto block = parse("handle:u4 data:*", asked);
    leaves_a_line(SFC_CXI_KEY_AUTHORIZE,
                  {block->u32("handle"), sign_sha256(*kak, block->bytes("data")).value()});
    asked = challenge();
    block = parse("handle:u4 data:*", asked);
    CHECK(code_of(bench.run(SFC_CXI_KEY_AUTHORIZE, {block->u32("handle"), ByteView()})) ==
          E_CXI_CC_KEY_AUTH_FAILED);
    bench.log_on(0x00000202, "CXI_GROUP=*");
    leaves_a_line(SFC_CXI_KEY_UNBLOCK, {key});
    bench.profile().key_authorisation = false;
    const auto blob = bench.run(SFC_CXI_KEY_BACKUP, {key});
    REQUIRE(blob);
    leaves_a_line(SFC_CXI_KEY_RESTORE, {CXI_FLAG_KEY_OVERWRITE, PropertyList().encode(), *blob});
    leaves_a_line(SFC_CXI_KEY_DELETE, {key});
    leaves_a_line(SFC_CXI_KEY_INIT, {"G"});

    for (const FunctionSignature& function : function_catalogue())
        if (function.fc == FC_CXI && function.audit_class == AUDIT_KEY) {
            INFO(full_name(function));
            CHECK(audited.contains(function.sfc));
        }
}

TEST_CASE("names of keys and groups are cut in the audit log, so that nobody fills it with them") {
    CxiBench bench;
    AuditConfig config = bench.services.smos.audit_log.config();
    config.classes |= AUDIT_KEY;
    REQUIRE(bench.services.smos.audit_log.set_config(config));
    const std::string group(255, 'g'), name(255, 'n');
    const Bytes key = bench.aes(group, name);
    PropertyList settings;
    settings.set_number(CXI_PROP_CFG_AUTH_USER, 2);
    const auto blob = bench.run(SFC_CXI_KEY_BACKUP, {key});
    REQUIRE(bench.run(SFC_CXI_KEY_RESTORE, {CXI_FLAG_KEY_OVERWRITE, PropertyList().encode(), *blob}));
    REQUIRE(bench.run(SFC_CXI_KEY_DELETE, {key}));
    bench.log_on(0x02000200, "CXI_GROUP=*");
    Bytes reference{CXI_TAG_CONFIG};
    append(reference, as_bytes(group));
    REQUIRE(bench.run(SFC_CXI_KEY_PROP_SET, {reference, settings.encode()}));
    REQUIRE(bench.run(SFC_CXI_KEY_INIT, {group}));
    const std::string log = bench.services.smos.audit_log.text().value();
    CHECK(log.find(std::string(31, 'g') + "... (255 characters)/" + std::string(31, 'n') +
                   "... (255 characters)") != std::string::npos);
    CHECK(log.find(std::string(32, 'g')) == std::string::npos);
    CHECK(log.find(std::string(32, 'n')) == std::string::npos);
}

TEST_CASE("what nobody in particular does to objects outside the device leaves no line in the audit log") {
    CxiBench bench;
    AuditConfig config = bench.services.smos.audit_log.config();
    config.classes |= AUDIT_KEY;
    REQUIRE(bench.services.smos.audit_log.set_config(config));
    const auto open_key = [&](std::string_view name) {
        PropertyList list = CxiBench::key_template(CXI_KEY_ALGO_AES, 256, "SLOT_0000", name);
        list.set_flag(CXI_PROP_PRIVATE, false);
        list.set_flag(CXI_PROP_TOKEN, false);
        return CxiBench::reference(bench.generate(list, CXI_FLAG_KEY_EXTERNAL));
    };
    bench.context.users.clear();
    const std::size_t before = lines_of(bench);
    const Bytes key = open_key("unlogged");
    PropertyList label;
    label.set(CXI_PROP_KEY_LABEL, "label");
    REQUIRE(bench.run(SFC_CXI_KEY_PROP_SET, {key, label.encode()}));
    PropertyList copy;
    copy.set(CXI_PROP_KEY_GROUP, "SLOT_0000");
    copy.set(CXI_PROP_KEY_NAME, "copy");
    copy.set_flag(CXI_PROP_PRIVATE, false);
    copy.set_flag(CXI_PROP_TOKEN, false);
    REQUIRE(bench.run(SFC_CXI_OBJ_COPY, {CXI_FLAG_KEY_EXTERNAL, key, copy.encode()}));
    CHECK(lines_of(bench) == before);
    // A user's are in it.
    bench.log_on(0x00000002, "CXI_GROUP=*");
    open_key("logged");
    CHECK(lines_of(bench) == before + 1);
}
