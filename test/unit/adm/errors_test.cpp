// The errors that advice.inc says of the functions of ADM, MBK and DB are those that they answer: what no
// test here provokes stands below with the reason.
#include <catch2/catch.hpp>
#include <fstream>
#include <sstream>

#include "firmware/container/container.h"
#include "firmware/crypto/pkey.h"
#include "firmware/db/sqlite/sqlite.h"
#include "test/after_whole_run.h"
#include "test/bad_input.h"
#include "test/unit/adm/administered.h"
#include "test/unit/answers.h"

using namespace cs2sim;

namespace {

// Two of three shares of a key, which rows of tests spoil.
struct Shares {
    std::uint32_t slot = kMbkSlotAes;
    std::vector<MbkShare> of_key;

    // Of all shares, or of the second alone.
    void set_all(std::size_t at, std::uint8_t value) {
        for (MbkShare& share : of_key) share.info[at] = value;
    }
    void change_second(std::size_t at) { of_key[1].info[at] ^= 1; }
};

// Where the fields of a share's description stand: LAYOUT_SHARE_INFO.
static_assert(LAYOUT_SHARE_INFO.text() == "name:b8 type:u1 time:b6 length:u1 hash:b8 k:u1 x:u1 zeros:b6");
constexpr std::size_t kName = 0, kType = 8, kDate = 9, kTime = 12, kLength = 15, kNeeded = 24, kNumber = 25;

Result<Bytes> import(Administered& device, const Shares& shares) {
    Bytes block;
    for (const MbkShare& share : shares.of_key)
        compose_into(block, LAYOUT_MBK_SHARE, {share.info, ByteView(share.share)});
    return device.run(FC_MBK, SFC_MBK_IMPORT, {shares.slot, MBK_FLG_OW, block});
}

struct SpoiltShares {
    std::uint32_t code;
    void (*spoil)(Shares&);
};

constexpr SpoiltShares kSpoiltShares[] = {
    {E_MBK_NOT_SUPPORTED, [](Shares& shares) { shares.slot = 2; }},
    {E_MBK_IG_KEY_TYPES_NM, [](Shares& shares) { shares.change_second(kType); }},
    {E_MBK_IG_KEY_NAME_NM, [](Shares& shares) { shares.change_second(kName); }},
    {E_MBK_IG_KEY_DATE_NM, [](Shares& shares) { shares.change_second(kDate); }},
    {E_MBK_IG_KEY_TIME_NM, [](Shares& shares) { shares.change_second(kTime); }},
    {E_MBK_IG_KEY_SHARE_CNT_NM, [](Shares& shares) { shares.change_second(kNeeded); }},
    {E_MBK_KEY_LB, [](Shares& shares) { shares.set_all(kLength, 16); }},
    {E_MBK_KEY_ID_INV, [](Shares& shares) { shares.of_key[1].info[kNumber] = 0; }},
    {E_MBK_KEY_NAME, [](Shares& shares) { shares.set_all(kName, 7); }},
    {E_MBK_TIME_WRONG_FORMAT, [](Shares& shares) { shares.set_all(kTime, 0xFF); }},
    {E_MBK_ISO_HASH_FAIL, [](Shares& shares) { shares.of_key[1].share[31] ^= 1; }},
    {E_MBK_SHARE_LB, [](Shares& shares) { shares.of_key[1].share.pop_back(); }},
    {E_MBK_KEY_ID_SAME, [](Shares& shares) { shares.of_key[1] = shares.of_key[0]; }},
    {E_MBK_OVER_UNDER_FLOW,
     [](Shares& shares) { shares.of_key[1].share.assign(shares.of_key[1].share.size(), 0xFF); }},
};

constexpr test::OutOfReach kOfMbk[] = {
    {"MBK.GENERATE MBK.IMPORT", E_MBK_ALLOC, "OpenSSL would have to get no memory"},
};
constexpr test::OutOfReach kOfAdm[] = {
    {"ADM.LOAD_FILE", E_OS_FILE_NO_MEM, "no allocation of this program fails: unit_cmds"},
    {"ADM.RESET_ALARM", E_CMDS_NVRAM, "settings that cannot be stored keep no alarm"},
    {"ADM.CLEAR", E_CMDS_BAD_INITKEY, "the device around the module answers it: unit_cmds"},
};

const test::AfterWholeRun checked([](std::ostream& wrong) {
    test::check_errors_provoked(wrong, FC_MBK, kOfMbk);
    test::check_errors_provoked(wrong, FC_DB, {});
    test::check_errors_provoked(wrong, FC_ADM, kOfAdm);
});

// A command that names a database or a file: its name alone is wrong. The other fields are empty.
struct BadName {
    std::string_view functions;
    std::uint32_t code;
    std::string_view name;
};

constexpr std::string_view kReading = "ADM.LIST_ENTRIES ADM.READ_ENTRY ADM.BACKUP_OPEN";
constexpr BadName kBadNames[] = {
    {"DB.TEST_INSERT DB.TEST_FIND DB.TEST_DELETE DB.TEST_DROP", E_OS_FILE_ILL_NAME, "a/b.db"},
    {"DB.TEST_FIND DB.TEST_DELETE", E_OS_FILE_NO_SUCH_FILE, "NONE.db"},
    {"ADM.READ_ENTRY ADM.DELETE_FILE ADM.RESTORE_OPEN", E_OS_FILE_ILL_NAME, "a/b.db"},
    {"ADM.READ_ENTRY", E_OS_FILE_NO_SUCH_FILE, "NONE.db"},
    {kReading, E_ADM_SESSION_DB_OUT, "session.db"},
    {"ADM.RESTORE_OPEN", E_ADM_SESSION_DB_IN, "session.db"},
    {kReading, E_DB_FILE_TYPE, "TEXT.db"},
};

Bytes empty_but_name(const FunctionSignature& function, std::string_view name) {
    Bytes block;
    for (const Layout::Field& field : function.request) {
        const bool is_name = function.request.name(field) == "name";
        if (field.kind == 'v') append_big_endian(block, is_name ? name.size() : 0, field.width);
        if (is_name) append(block, as_bytes(name));
        if (field.kind == 'u' || field.kind == 'b') block.resize(block.size() + field.width);
    }
    return block;
}

// What a container is after one byte of it has changed.
struct ChangedByte {
    std::uint32_t code;
    std::size_t at;
};
constexpr std::size_t kImage = 1064;
constexpr ChangedByte kChangedBytes[] = {
    {E_ADM_MTC_MAGIC, 0},   {E_ADM_MTC_LENGTH, 7},
    {E_ADM_MTC_VERSION, 8}, {E_ADM_MMC_MAGIC, 24},
    {E_ADM_MMC_LENGTH, 31}, {E_ADM_MMC_VERSION, 32},
    {E_ADM_MMC_INFO, 36},   {E_ADM_MMC_TYPE, 118},
    {E_ADM_MMC_HASH, 96},   {E_ADM_SIGNATURE_BLOCK, 128 + kImage},
};

// An image that says of itself what a module does, and is no more.
Bytes image_of_module() {
    Bytes image(1001, 'c');
    append(image, hex_bytes("A307552ED344D5BA"));
    append(image, as_bytes(std::string_view("erp\0\0\0\0\0\0\0\0\0\0\0\1\1\0\1\6\0", 20)));
    append(image, as_bytes("A module of our own"));
    image.resize(kImage - 3);
    append(image, as_bytes("end"));
    return image;
}

// From then on nvram.db takes nothing.
void refuse_settings(const std::filesystem::path& state) {
    Sqlite connection;
    REQUIRE(connection.open(state / "nvram.db", SQLITE_OPEN_READWRITE) == SQLITE_OK);
    for (const std::string table : {"numbers", "bytes"})
        REQUIRE(connection.run(("CREATE TRIGGER refuse_" + table + " BEFORE INSERT ON " + table +
                                " BEGIN SELECT RAISE(ABORT, 'no'); END")
                                   .c_str()) == SQLITE_OK);
}

}  // namespace

TEST_CASE("names of databases and files that are none or the device's own are refused") {
    Administered device;
    device.log_on(0xFFFFFFFF);
    REQUIRE(device.databases.create("TEXT.db", {4, 100}));
    device.databases.close_all();
    std::ofstream(device.scratch.path() / "state/flash/db/TEXT.db") << std::string(4096, 'x');
    for (const BadName& row : kBadNames) {
        std::istringstream names{std::string(row.functions)};
        for (std::string name; names >> name;) {
            const FunctionSignature* function = find_function(std::string_view(name));
            REQUIRE(function);
            INFO(name << " of " << row.name << ": expected " << describe(row.code));
            test::bad_input("names of databases and files");
            CHECK(code_of(device.run_block(function->fc, function->sfc,
                                           empty_but_name(*function, row.name))) == row.code);
        }
    }
    const auto shown = device.databases.create("MINE.db", {4, 100});
    REQUIRE(shown);
    const auto snapshot = (*shown)->snapshot();
    REQUIRE(snapshot);
    CHECK(code_of(device.run(FC_DB, SFC_DB_TEST_DROP, {"MINE.db"})) == E_DB_IN_USE);
}

TEST_CASE("a container with one byte changed is refused for what that byte is") {
    Administered device;
    device.log_on(kSystemAdministrator);
    const auto load = [&](ByteView content) {
        return code_of(device.adm(SFC_ADM_LOAD_FILE, {"erp.mtc", 0, 1, content}));
    };
    const auto signer = generate_rsa(2048), other = generate_rsa(2048);
    REQUIRE(device.smos->flash.write("mdlsigalt.key", public_key_der(**signer)));
    const Bytes good = make_container(image_of_module(), kModuleLinux, **signer).value();
    CHECK(load(make_container(image_of_module(), kModuleLinux, **other).value()) == E_ADM_SIGNATURE);
    for (const ChangedByte& row : kChangedBytes) {
        Bytes changed = good;
        changed[row.at] ^= 0x41;
        INFO("byte " << row.at << ": " << describe(row.code));
        test::bad_input("containers of modules");
        CHECK(load(changed) == row.code);
    }
    CHECK(load(good) == 0);
}

TEST_CASE("settings that cannot be stored are told") {
    Administered device("se-gen2", refuse_settings);
    device.log_on(kSystemAdministrator);
    const auto signer = generate_rsa(2048);
    REQUIRE(device.smos->flash.write("mdlsigalt.key", public_key_der(**signer)));
    const Bytes module = make_container(image_of_module(), kModuleLinux, **signer).value();
    CHECK(code_of(device.adm(SFC_ADM_LOAD_FILE, {"erp.mtc", 0, 1, module})) == E_CMDS_NVRAM);
    CHECK(code_of(device.adm(SFC_ADM_SET_TIME, {std::uint64_t{1'700'000'000'000}})) == E_CMDS_NVRAM);
}

TEST_CASE("arguments of the appliance have bounds") {
    Administered device("se-gen2-lan");
    device.log_on(kSystemAdministrator);
    CHECK(code_of(device.adm(SFC_ADM_CSL_PUT_CONFIG_FILE, {std::string(0x10001, 'x')})) == E_ADM_TOO_BIG);
    CHECK(code_of(device.adm(SFC_ADM_CSL_SET_TRACE_LEVEL, {255})) == E_ADM_PARAM);
}

TEST_CASE("a record of VMBK1.db that is none is told") {
    Administered device;
    device.make_mbk();
    const auto mbks = device.databases.open("VMBK1.db");
    REQUIRE(mbks);
    const auto entry = (*mbks)->find(Bytes((*mbks)->info().key_length), Find::greater_or_equal);
    REQUIRE(entry);
    REQUIRE((*mbks)->update(entry->key, Bytes(5)));
    const auto temporary = big_endian_bytes<4>(kMbkSlotTemporary);
    REQUIRE(entry->key.size() == temporary.size());
    REQUIRE((*mbks)->insert(temporary, Bytes(5)));
    REQUIRE(device.databases.create("MINE.db", {4, 100}));
    device.log_on(0xFFFFFFFF);
    CHECK(code_of(device.run(FC_MBK, SFC_MBK_LIST_KEYS)) == E_MBK_BAD_DB_FORMAT);
    CHECK(code_of(device.run(FC_MBK, SFC_MBK_DELETE, {kMbkSlotTemporary})) == E_MBK_BAD_DB_FORMAT);
    for (const std::uint8_t sfc : {SFC_ADM_BACKUP_OPEN, SFC_ADM_READ_ENTRY, SFC_ADM_RESTORE_OPEN})
        CHECK(
            code_of(device.run_block(FC_ADM, sfc, empty_but_name(*find_function(FC_ADM, sfc), "MINE.db"))) ==
            E_MBK_BAD_DB_FORMAT);
}

TEST_CASE("a database that is not there is restored") {
    Administered device;
    device.make_mbk();
    device.log_on(0xFFFFFFFF);
    REQUIRE(device.databases.create("MINE.db", {4, 100}));
    const BackedUp backup = back_up(device, "MINE.db");
    CHECK(code_of(open_restore(device, "NONE.db", backup)) == 0);
}

TEST_CASE("shares that are none of one key are refused, each for its reason") {
    Administered maker, device;
    device.log_on(kSystemAdministrator);
    auto made = maker.mbk.generate(MBK_TYPE_AES, 32, 3, 2, "SPOILT");
    REQUIRE(made);
    made->shares.pop_back();
    for (const SpoiltShares& row : kSpoiltShares) {
        Shares shares{kMbkSlotAes, made->shares};
        row.spoil(shares);
        INFO(describe(row.code));
        test::bad_input("shares of master backup keys");
        CHECK(code_of(import(device, shares)) == row.code);
    }
    CHECK(code_of(import(device, {kMbkSlotAes, made->shares})) == 0);
}
