// A device of memory and scratch files around the CXI module, for tests without transport or logon.
#pragma once

#include "firmware/cmds/scheduler.h"
#include "firmware/cmds/sessions.h"
#include "firmware/cmds/users.h"
#include "firmware/crypto/digest.h"
#include "firmware/cxi/cxi.h"
#include "firmware/protocol/advice.h"
#include "test/unit/answers.h"
#include "test/unit/recorder.h"
#include "test/unit/scratch.h"

namespace cs2sim {

class CxiBench {
public:
    explicit CxiBench(std::uint16_t modes = MODE_OPERATIONAL) : CxiBench(Profile{}, modes) {}
    explicit CxiBench(Profile profile, std::uint16_t modes = MODE_OPERATIONAL)
        : profile_(std::move(profile)),
          smos_(*Smos::open(folder_.path())),
          databases_(*smos_),
          mbk(*smos_, databases_),
          users_(*smos_, databases_, profile_),
          sessions_(profile_),
          services{profile_, *smos_, databases_, mbk, users_, sessions_, scheduler_},
          cxi(services) {
        REQUIRE(scheduler_.publish(cxi_module(cxi)));
        scheduler_.set_modes(modes);
        REQUIRE(mbk.generate(MBK_TYPE_AES, 32, 2, 2, "UNITTEST"));
        context.users = {{"USR", 0x00000002, "CXI_GROUP=*", {}}};
    }
    // user.db with the factory user, and passwords as the only mechanism beside.
    void make_users() {
        profile_.user_mechanisms = {MECH_RSA_SIGN, MECH_HMAC_PWD};
        REQUIRE(users_.create_factory_user(public_key_der(**generate_rsa(2048))));
    }
    Profile& profile() { return profile_; }
    void set_modes(std::uint16_t modes) { scheduler_.set_modes(modes); }
    void log_on(std::uint32_t permission, const std::string& attributes) {
        context.users = {{"USR", permission, attributes, {}}};
    }

    Result<Bytes> run(std::uint8_t sfc, std::initializer_list<Value> values) {
        return run_block(sfc, compose(find_function(FC_CXI, sfc)->request, values).value());
    }
    Result<Bytes> run_block(std::uint8_t sfc, ByteView block) {
        const FunctionSignature* row = find_function(FC_CXI, sfc);
        recorder_.add(FC_CXI, sfc, block);
        auto answer = scheduler_.run(services, context, {FC_CXI, sfc, block});
        note(*row, code_of(answer));
        if (answer && sfc == SFC_CXI_EXTERNAL_PROPS) note_each(*row, *answer, LAYOUT_CXI_EXTERNAL_ROW);
        if (answer && sfc == SFC_CXI_EXTERNAL_RESEAL) note_each(*row, *answer, LAYOUT_CXI_RESEALED);
        return answer;
    }
    // The first field of type v4 in an answer.
    static Bytes reference(const Result<Bytes>& answer) {
        REQUIRE(answer);
        ByteView rest = *answer;
        return to_bytes(parse_prefix("key:v4", rest)->bytes("key"));
    }

    static PropertyList key_template(std::uint32_t algorithm, std::uint32_t bits, std::string_view group,
                                     std::string_view name) {
        PropertyList list;
        list.set_number(CXI_PROP_KEY_ALGO, algorithm);
        if (bits != 0) list.set_number(CXI_PROP_KEY_SIZE, bits);
        if (!group.empty()) list.set(CXI_PROP_KEY_GROUP, group);
        list.set(CXI_PROP_KEY_NAME, name);
        return list;
    }
    Result<Bytes> generate(const PropertyList& list, std::uint32_t flags = 0) {
        return run(SFC_CXI_KEY_GENERATE, {flags, 0, list.encode()});
    }
    Bytes aes(std::string_view group, std::string_view name) {
        return reference(generate(key_template(CXI_KEY_ALGO_AES, 256, group, name)));
    }
    Bytes rsa(std::string_view name, std::uint32_t bits = 2048) {
        return reference(generate(key_template(CXI_KEY_ALGO_RSA, bits, "G", name)));
    }
    Bytes curve(std::string_view name, std::string_view curve_name,
                std::uint32_t algorithm = CXI_KEY_ALGO_EC) {
        PropertyList list = key_template(algorithm, 0, "G", name);
        list.set(CXI_PROP_KEY_EC_CURVE, curve_name);
        return reference(generate(list));
    }
    Bytes import(std::uint32_t type, const PropertyList& list, ByteView blob) {
        return reference(run(SFC_CXI_KEY_IMPORT, {0, type, 0, list.encode(), ByteView(), blob, ByteView()}));
    }
    Bytes public_key(ByteView key) {
        const auto out = run(SFC_CXI_KEY_EXPORT, {CXI_KEY_TYPE_PUBLIC, 0, key, ByteView(), ByteView()});
        REQUIRE(out);
        return *out;
    }
    Result<Bytes> sign(ByteView key, std::uint32_t mechanism, ByteView data, bool hash = true,
                       ByteView parameter = {}) {
        return run(SFC_CXI_SIGN,
                   {hash ? std::uint32_t{CXI_FLAG_HASH_DATA} : 0u, mechanism, key, parameter, data});
    }
    Result<Bytes> verify(ByteView key, std::uint32_t mechanism, ByteView data, ByteView signature,
                         bool hash = true) {
        return run(SFC_CXI_VERIFY, {hash ? std::uint32_t{CXI_FLAG_HASH_DATA} : 0u, mechanism, key, ByteView(),
                                    signature, data});
    }
    Result<Bytes> crypt(ByteView key, std::uint32_t mechanism, ByteView parameter, ByteView data) {
        const auto out = run(SFC_CXI_CRYPT, {CXI_FLAG_CRYPT_SINGLE_CALL, mechanism, 0, key, parameter, data});
        if (!out) return out;
        return to_bytes(parse("state:u4 iv:v2 data:*", *out)->bytes("data"));
    }
    // Notes of a group up to its bound, of keys that are gone. How many found room.
    std::uint64_t fill_notes(std::string_view group) {
        const auto keys = databases_.open("CXIKEY.db");
        REQUIRE(keys);
        std::uint64_t made = 0;
        const Bytes owner = group_term(group);
        const auto add = [&](Batch& batch) {
            return batch.set_note_of(owner, digest("SHA256", {owner, big_endian_bytes<8>(made)}), Bytes{1});
        };
        REQUIRE((*keys)->change([&](Batch& batch) -> Result<void> {
            for (; made < kSpareNotesOfOwner - 100; ++made) CS2SIM_TRY(add(batch));
            return {};
        }));
        while ((*keys)->change(add)) ++made;
        return made;
    }

private:
    static void note(const FunctionSignature& row, std::uint32_t code) {
        test::note_answer(row.fc, row.sfc, code);
        if (code == 0) return;
        INFO(full_name(row) << " answered " << describe(code) << ", which the manual does not say of it");
        CHECK(std::ranges::binary_search(possible_errors(row), code));
    }
    // The codes in an answer that has one for each key.
    static void note_each(const FunctionSignature& row, ByteView rows, const Layout& layout) {
        while (!rows.empty()) note(row, parse_prefix(layout, rows)->u32("code"));
    }

    Recorder recorder_;
    ScratchFolder folder_;
    Profile profile_;
    std::unique_ptr<Smos> smos_;
    DatabaseStore databases_;
    Scheduler scheduler_;

public:
    MbkStore mbk;

private:
    Users users_;
    Sessions sessions_;

public:
    Services services;
    Cxi cxi;
    Context context;
};

inline Bytes iv_parameter(ByteView iv, ByteView associated = {}, std::uint16_t tag_bits = 0) {
    return compose(LAYOUT_CXI_CRYPT_PARAMETER, {CXI_IV_NO_GENERATE, iv, associated, tag_bits}).value();
}

}  // namespace cs2sim
