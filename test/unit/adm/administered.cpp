#include "test/unit/adm/administered.h"

#include "test/unit/answers.h"

namespace cs2sim {

namespace {

std::unique_ptr<Smos> opened(const std::filesystem::path& state,
                             void (*earlier)(const std::filesystem::path& state)) {
    if (earlier) {
        {
            const auto before = std::move(*Smos::open(state));
            REQUIRE(before->nvram.set_number("a number", 1));
            REQUIRE(before->nvram.set_bytes("bytes", Bytes{1}));
        }
        earlier(state);
    }
    return std::move(*Smos::open(state));
}

}  // namespace

Administered::Administered(std::string_view profile_name, void (*earlier)(const std::filesystem::path& state))
    : profile(*load_profile(profile_name)), smos(opened(scratch.path() / "state", earlier)) {
    for (const Module& module : {adm_module(control), mbk_module(), db_test_module()})
        REQUIRE(scheduler.publish(module));
    for (const std::string_view name : {"user.db", "CXIKEY.db", "VMBK1.db"})
        REQUIRE(databases.create(name, database_policy(name)->info));
    if (profile.certification == Certification::fips) scheduler.change_modes(0, MODE_FIPS);
    if (profile.certification == Certification::cc) scheduler.change_modes(0, MODE_CC);
}

Result<Bytes> Administered::run(std::uint16_t fc, std::uint8_t sfc, std::initializer_list<Value> values) {
    return run_block(fc, sfc, compose(find_function(fc, sfc)->request, values).value());
}

Result<Bytes> Administered::run_block(std::uint16_t fc, std::uint8_t sfc, ByteView block) {
    auto answer = scheduler.run(services, context, {fc, sfc, block});
    test::note_answer(fc, sfc, code_of(answer));
    return answer;
}

std::string Administered::text(std::uint8_t sfc) {
    const auto answer = adm(sfc);
    REQUIRE(answer);
    const auto block = parse(find_function(FC_ADM, sfc)->answer, *answer);
    REQUIRE(block);
    return std::string(block->text("text"));
}

std::vector<MbkShare> Administered::make_mbk() {
    auto made = mbk.generate(MBK_TYPE_AES, 32, 2, 2, "TESTMBK");
    REQUIRE(made);
    REQUIRE(made->loaded);
    return std::move(made->shares);
}

BackedUp back_up(Administered& device, std::string_view name, std::uint32_t limit) {
    const auto opened = device.adm(SFC_ADM_BACKUP_OPEN, {name});
    REQUIRE(opened);
    const auto info = parse(find_function(FC_ADM, SFC_ADM_BACKUP_OPEN)->answer, *opened);
    REQUIRE(info);
    BackedUp backup{info->u32("keylen"),
                    info->u32("maxsize"),
                    info->u8("mbktype"),
                    info->u8("mbklen"),
                    to_bytes(info->bytes("mbkhash")),
                    {},
                    0};
    for (bool more = true; more; ++backup.blocks) {
        const auto read = device.adm(SFC_ADM_BACKUP_READ, {info->u32("handle"), limit});
        REQUIRE(read);
        const auto block = parse(find_function(FC_ADM, SFC_ADM_BACKUP_READ)->answer, *read);
        REQUIRE(block);
        more = block->u8("more") != 0;
        for (ByteView rest = block->bytes("entries"); !rest.empty();) {
            const auto entry = parse_prefix(LAYOUT_DB_ENTRY, rest);
            REQUIRE(entry);
            backup.entries.emplace_back(to_bytes(entry->bytes("key")), to_bytes(entry->bytes("record")));
        }
    }
    REQUIRE(device.adm(SFC_ADM_BACKUP_CLOSE, {info->u32("handle")}));
    return backup;
}

Bytes entries_of(const std::vector<std::pair<Bytes, Bytes>>& entries) {
    Bytes block;
    for (const auto& [key, record] : entries) compose_into(block, LAYOUT_DB_ENTRY, {key, record});
    return block;
}

Result<Bytes> open_restore(Administered& device, std::string_view name, const BackedUp& backup) {
    return device.adm(SFC_ADM_RESTORE_OPEN, {name, backup.key_length, backup.max_size, backup.mbk_type,
                                             backup.mbk_length, backup.mbk_hash});
}

Result<std::uint32_t> restore(Administered& device, std::string_view name, const BackedUp& backup) {
    const auto opened = open_restore(device, name, backup);
    if (!opened) return fail(opened.error());
    const std::uint32_t handle = parse("handle:u4", *opened)->u32("handle");
    for (std::size_t at = 0; at < backup.entries.size(); at += 200) {
        const auto first = backup.entries.begin() + static_cast<std::ptrdiff_t>(at);
        const auto last =
            backup.entries.begin() + static_cast<std::ptrdiff_t>(std::min(at + 200, backup.entries.size()));
        CS2SIM_TRY(device.adm(SFC_ADM_RESTORE_WRITE, {handle, entries_of({first, last})}));
    }
    const auto done = device.adm(SFC_ADM_RESTORE_COMMIT, {handle});
    if (!done) return fail(done.error());
    return parse("count:u4", *done)->u32("count");
}

}  // namespace cs2sim
