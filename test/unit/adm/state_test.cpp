#include <catch2/catch.hpp>

#include "test/unit/adm/administered.h"

using namespace cs2sim;

namespace {

std::string log_text(Administered& device, std::uint8_t sfc) {
    std::string all;
    while (true) {
        const auto answer = device.adm(sfc, {all.size()});
        REQUIRE(answer);
        const auto block = parse("total:u4 text:*", *answer);
        all += block->text("text");
        if (all.size() >= block->u32("total")) return all;
    }
}

}  // namespace

// Columns: device-formats.md, section 2, whose uid is used here; identities are our own.
TEST_CASE("GetState, column by column") {
    Administered device;
    REQUIRE(device.smos->nvram.set_number("device.uid", 0x7A534D3230337153));
    const std::string expected =
        "\nmode      = Operational Mode\n"
        "state     = INITIALIZED (0x00100004)\n"
        "temp      = 30.0 [C]\n"
        "alarm     = OFF\n"
        "bl_ver    = 5.01.4.4          (Model: Se-Series Gen2)\n"
        "hw_ver    = 0.00.8.15\n"
        "uid       = 7a534d32 30337153                    |zSM203qS        |\n"
        "adm1      = 43533253 494d2020  7a534d32 30337153 |CS2SIM  zSM203qS|\n"
        "adm2      = 53696d75 6c61746f  72000000 00000000 |Simulator       |\n"
        "adm3      = 63733273 696d2d69  6e69742d 6b657900 |cs2sim-init-key |\n";
    CHECK(device.text(SFC_ADM_GET_STATE) == expected);
}

TEST_CASE("GetState tells mode, alarm, certification, and each device by its uid") {
    Administered device("se-gen2-fips");
    const auto has = [&](std::string_view line) {
        return device.text(SFC_ADM_GET_STATE).find(line) != std::string::npos;
    };
    CHECK(has("\nFIPS mode = ON\n"));
    device.scheduler.change_modes(MODE_OPERATIONAL, MODE_ADMIN_ONLY | MODE_FIPS_ERROR);
    CHECK(has("mode      = Administration-Only Mode\n"));
    CHECK(has("\nFIPS mode = ON (error state)\n"));
    device.scheduler.set_modes(MODE_MAINTENANCE);
    CHECK(has("mode      = Maintenance Mode\n"));
    device.scheduler.set_modes(MODE_BOOTLOADER | MODE_CC);
    CHECK(has("mode      = Bootloader Mode\n"));
    CHECK(has("\nCC mode   = ON\n"));
    REQUIRE(device.smos->sensors.set_temperature(71.25));
    CHECK(has("temp      = 71.2 [C]\n"));
    CHECK(has("alarm     = ON\n"));

    const auto uid = device_uid(device.smos->nvram);
    CHECK(*uid == *device_uid(device.smos->nvram));
    Administered other;
    CHECK(*uid != *device_uid(other.smos->nvram));
}

TEST_CASE("batteries, line by line") {
    Administered device;
    CHECK(device.text(SFC_ADM_GET_BATT_STATE) ==
          "Carrier Battery:   ok (3.108 V)\n"
          "External Battery:  ok (3.586 V)\n");
    REQUIRE(device.smos->sensors.shelve(18));
    CHECK(device.text(SFC_ADM_GET_BATT_STATE) ==
          "Carrier Battery:   ok (3.108 V)\n"
          "External Battery:  low (2.000 V)\n");
}

TEST_CASE("model, information and memory") {
    Administered device;
    CHECK(device.text(SFC_ADM_GET_MODEL) == "Se-Series Gen2\n");
    CHECK(device.text(SFC_ADM_GET_INFO).find("MBK (AES)   = none\n") != std::string::npos);
    device.make_mbk();
    CHECK(device.text(SFC_ADM_GET_INFO).find(to_hex(device.mbk.info(kMbkSlotAes)->hash)) !=
          std::string::npos);
    CHECK(device.text(SFC_ADM_MEM_INFO).find("flash used  = ") != std::string::npos);
}

TEST_CASE("the clock is set by an administrator, within its range, and the log says so") {
    Administered device;
    CHECK(code_of(device.adm(SFC_ADM_SET_TIME, {1000000000000})) == E_CMDS_DENIED);
    device.log_on(kSystemAdministrator);
    CHECK(code_of(device.adm(SFC_ADM_SET_TIME, {UINT64_MAX})) == E_OS_RTC_PARAM);
    CHECK(code_of(device.adm(SFC_ADM_SET_TIME, {4102444800000})) == E_OS_RTC_PARAM);
    REQUIRE(device.adm(SFC_ADM_SET_TIME, {1000000000000}));
    const std::uint64_t now = parse("time:u8", *device.adm(SFC_ADM_GET_TIME))->u64("time");
    CHECK(now >= 1000000000000);
    CHECK(now < 1000000060000);
    CHECK(log_text(device, SFC_ADM_GET_AUDIT_LOG).find("[TESTER] clock set, it was 20") != std::string::npos);
}

TEST_CASE("logs come in parts") {
    Administered device;
    for (int i = 0; i < 3000; ++i)
        device.smos->boot_log.add("line " + std::to_string(i) + std::string(90, '.'));
    CHECK(log_text(device, SFC_ADM_GET_BOOT_LOG) == device.smos->boot_log.text());
    CHECK(parse("total:u4 text:*", *device.adm(SFC_ADM_GET_BOOT_LOG, {0xFFFFFFFF}))->text("text").empty());
}

TEST_CASE("the boot log has a bound, whoever writes into it, and room for warnings behind it") {
    Administered device;
    BootLog& log = device.smos->boot_log;
    for (int i = 0; i < 20'000; ++i) log.add("line " + std::to_string(i) + std::string(90, '.'));
    CHECK(log.text().size() <= BootLog::kMost + 100);
    CHECK(log.text().find("line 17.") != std::string::npos);
    CHECK(log.text().ends_with("the boot log is full\n"));
    log.warn("something is wrong");
    CHECK(log.text().ends_with("something is wrong\n"));
    for (int i = 0; i < 20'000; ++i) log.warn("line " + std::to_string(i) + std::string(90, '.'));
    CHECK(log.text().size() <= 2 * BootLog::kMost + 100);
    CHECK(log_text(device, SFC_ADM_GET_BOOT_LOG) == log.text());
    log.clear();
    log.add("anew");
    CHECK(log.text() == "anew\n");
}

TEST_CASE("the audit log is cleared and configured by administrators") {
    Administered device;
    REQUIRE(device.smos->audit_log.write(AUDIT_USER, "something"));
    CHECK(code_of(device.adm(SFC_ADM_CLEAR_AUDIT_LOG)) == E_CMDS_DENIED);
    CHECK(code_of(device.adm(SFC_ADM_SET_AUDIT_CONFIG, {3, 1, 200000, 0})) == E_CMDS_DENIED);
    device.log_on(kSystemAdministrator);
    REQUIRE(device.adm(SFC_ADM_CLEAR_AUDIT_LOG));
    const std::string text = log_text(device, SFC_ADM_GET_AUDIT_LOG);
    CHECK(text.find("something") == std::string::npos);
    CHECK(text.find("[TESTER] audit log cleared") != std::string::npos);
    CHECK(code_of(device.adm(SFC_ADM_SET_AUDIT_CONFIG, {0, 1, 200000, 0})) == E_OS_AUDIT_CFG_RANGE);
    CHECK(code_of(device.adm(SFC_ADM_SET_AUDIT_CONFIG, {3, 2, 200000, 0})) == E_OS_AUDIT_CFG_RANGE);
    REQUIRE(device.adm(SFC_ADM_SET_AUDIT_CONFIG, {5, 0, 5000, 0x73F}));
    CHECK(to_hex(*device.adm(SFC_ADM_GET_AUDIT_CONFIG)) ==
          "00000005"
          "00"
          "00001388"
          "0000073F");
}

TEST_CASE("files are loaded in parts, listed, deleted; the device's own are protected") {
    Administered device;
    const auto load = [&](std::string_view name, std::uint32_t handle, bool last, ByteView data) {
        return device.adm(SFC_ADM_LOAD_FILE, {name, handle, last, data});
    };
    CHECK(code_of(load("a.bin", 0, true, {})) == E_CMDS_DENIED);
    device.log_on(kSystemAdministrator);
    const std::uint32_t handle =
        parse("handle:u4", *load("a.bin", 0, false, as_bytes("one ")))->u32("handle");
    CHECK_FALSE(device.smos->flash.exists("a.bin"));
    CHECK(code_of(load("b.bin", handle, true, as_bytes("two"))) == E_ADM_NO_HANDLE);
    REQUIRE(load("FLASH\\a.bin", handle, true, as_bytes("two")));
    CHECK(*device.smos->flash.read("a.bin") == to_bytes(as_bytes("one two")));
    CHECK(code_of(load("a.bin", handle, true, {})) == E_ADM_NO_HANDLE);

    for (const std::string_view name : {"user.db", "x.db", "init.key", "hsmauth.key"})
        CHECK(code_of(load(name, 0, true, {})) == E_ADM_PERMISSION);
    CHECK(code_of(load("../x", 0, true, {})) == E_OS_FILE_ILL_NAME);
    for (const std::string_view name : {"user.db", "CXIKEY.db", "VMBK1.db", "init.key"})
        CHECK(code_of(device.adm(SFC_ADM_DELETE_FILE, {name})) == E_ADM_PERMISSION);
    CHECK(code_of(device.adm(SFC_ADM_DELETE_FILE, {"none"})) == E_OS_FILE_NO_SUCH_FILE);

    std::string listed;
    const Bytes files = *device.adm(SFC_ADM_LIST_FILES);
    for (ByteView rest = files; !rest.empty();) {
        const auto file = parse_prefix(LAYOUT_FILE, rest);
        REQUIRE(file);
        listed += std::string(file->text("name")) + (file->u8("kind") == 1 ? "* " : " ");
    }
    CHECK(listed == "CXIKEY.db* VMBK1.db* a.bin user.db* ");
    REQUIRE(device.adm(SFC_ADM_DELETE_FILE, {"a.bin"}));
    CHECK_FALSE(device.smos->flash.exists("a.bin"));

    Result<Bytes> part = load("big", 0, false, Bytes(400000));
    for (int i = 0; i < 50 && part; ++i)
        part = load("big", parse("handle:u4", *part)->u32("handle"), false, Bytes(400000));
    CHECK(code_of(part) == E_OS_FILE_NO_SPACE);
}

TEST_CASE("restarts and clear go to the device, the alarm ends when its cause is gone") {
    Administered device;
    CHECK(code_of(device.adm(SFC_ADM_RESTART)) == E_CMDS_SFC_DISABLED);
    std::string calls;
    device.control.boot = [&](BootTarget target) { calls += target == BootTarget::boot_loader ? 'L' : 'S'; };
    device.control.clear = [&]() -> Result<void> {
        calls += 'C';
        return {};
    };
    REQUIRE(device.adm(SFC_ADM_RESTART));
    REQUIRE(device.adm(SFC_ADM_RESET_TO_BL));
    REQUIRE(device.adm(SFC_ADM_START_OS));  // it runs: nothing to do
    device.scheduler.set_modes(MODE_BOOTLOADER);
    REQUIRE(device.adm(SFC_ADM_START_OS));
    CHECK(calls == "SLS");
    device.scheduler.set_modes(MODE_OPERATIONAL);
    device.log_on(kSystemAdministrator);
    CHECK(code_of(device.adm(SFC_ADM_CLEAR)) == E_CMDS_DENIED);
    CHECK(code_of(device.adm(SFC_ADM_RESET_ALARM)) == E_OS_SENS_NO_ALARM);
    device.log_on(0x20000000);
    REQUIRE(device.adm(SFC_ADM_CLEAR));
    CHECK(calls == "SLSC");

    REQUIRE(device.smos->sensors.set_temperature(80));
    device.scheduler.change_modes(0, MODE_ALARM);
    CHECK(code_of(device.adm(SFC_ADM_RESET_ALARM)) == E_OS_SENS_ALARM_PRESENT);
    CHECK(code_of(device.adm(SFC_ADM_BACKUP_OPEN, {"CXIKEY.db"})) == E_CMDS_ALARM);
    CHECK(code_of(device.adm(SFC_ADM_CLEAR)) == E_CMDS_ALARM);
    REQUIRE(device.smos->sensors.set_temperature(30));
    REQUIRE(device.adm(SFC_ADM_RESET_ALARM));
    CHECK((device.scheduler.modes() & MODE_ALARM) == 0);
}

TEST_CASE("self tests pass, and fail once the master key is gone") {
    Administered device("se-gen2-fips");
    CHECK(device.text(SFC_ADM_TEST).find("FAILED") == std::string::npos);
    CHECK((device.scheduler.modes() & MODE_FIPS_ERROR) == 0);
    REQUIRE(device.smos->master_key.erase());
    CHECK(device.text(SFC_ADM_TEST).find("master key      FAILED\n") != std::string::npos);
    CHECK((device.scheduler.modes() & MODE_FIPS_ERROR) != 0);
}

TEST_CASE("modules are listed with their versions") {
    Administered device;
    const Bytes modules = *device.adm(SFC_ADM_LIST_MODULES);
    bool cmds = false;
    for (ByteView rest = modules; !rest.empty();) {
        const auto module = parse_prefix(LAYOUT_MODULE, rest);
        REQUIRE(module);
        CHECK(module->u32("id") < 0x3F0);
        if (module->text("name") == "CMDS") cmds = module->u32("version") == 0x03060402;
    }
    CHECK(cmds);
}

TEST_CASE("whose modules the device takes is no file's to change") {
    const bool certified = GENERATE(false, true);
    Administered device(certified ? "cp5" : "se-gen2");
    device.log_on(kSystemAdministrator);
    const auto load = [&](std::string_view name) {
        return code_of(device.adm(SFC_ADM_LOAD_FILE, {name, 0, 1, as_bytes("another key")}));
    };
    for (const std::string_view own : {"init.key", "hsmauth.key", "mdlsig.key"})
        REQUIRE(device.smos->flash.write(own, as_bytes("its own")));
    for (const std::string_view name :
         {"init.key", "INIT.KEY", "hsmauth.key", "HsmAuth.key", "mdlsig.key", "MDLSIG.KEY", "MdlSig.Key",
          "FLASH\\mdlsig.key", "flash\\MDLSIG.key"}) {
        INFO(name);
        CHECK(load(name) == E_ADM_PERMISSION);
        CHECK(code_of(device.adm(SFC_ADM_DELETE_FILE, {name})) == E_ADM_PERMISSION);
    }
    for (const std::string_view own : {"init.key", "hsmauth.key", "mdlsig.key"})
        CHECK(*device.smos->flash.read(own) == to_bytes(as_bytes("its own")));
    for (const std::string_view name : {"mdlsigalt.key", "MDLSIGALT.KEY", "FLASH\\MdlSigAlt.key"}) {
        INFO(name);
        CHECK(load(name) == (certified ? +E_ADM_ALT_KEY_BARRED : 0u));
    }
}

TEST_CASE("junk is taken under no ending of a module") {
    Administered device;
    device.log_on(kSystemAdministrator);
    const auto load = [&](std::string_view name) {
        return code_of(device.adm(SFC_ADM_LOAD_FILE, {name, 0, 1, as_bytes("no container")}));
    };
    for (const std::string_view name : {"j.mtc", "J.MTC", "j.Mtc", "junk.msc", "JUNK.MSC", "erp.so", "erp.SO",
                                        "erp.out", "erp.v1.OUT", "FLASH\\j.MTC"}) {
        INFO(name);
        CHECK(load(name) == E_ADM_MTC_MAGIC);
    }
    for (const std::string_view name : {"j.lua", "J.LUA"}) {
        INFO(name);
        CHECK(load(name) == E_ADM_MMC_INFO);
    }
    CHECK(device.smos->flash.list().empty());
    for (const std::string_view name : {"notes.txt", "erp.cfg", "ERP.CFG", "erp.toml", "mtc", "so.bin"}) {
        INFO(name);
        CHECK(load(name) == 0);
    }
}

TEST_CASE("CSL commands answer on network appliances only") {
    Administered card;
    for (const std::uint8_t sfc :
         {SFC_ADM_CSL_GET_LOAD, SFC_ADM_CSL_GET_STATUS, SFC_ADM_CSL_GET_CONNECTIONS, SFC_ADM_CSL_GET_VERSION})
        CHECK(code_of(card.adm(sfc)) == E_CMDS_SFC_DISABLED);

    Profile profile = *load_profile("se-gen2");
    profile.network = true;
    Services services{profile,    card.services.smos,     card.databases, card.mbk,
                      card.users, card.services.sessions, card.scheduler};
    card.control.started = monotonic_milliseconds() - (6 * 86400 + 3 * 3600 + 4 * 60 + 5) * 1000LL;
    card.control.connections = [] {
        return std::vector<std::string>{"pid 17", "tcp 127.0.0.1:4711", "tcp 127.0.0.1:4712"};
    };
    const auto text = [&](std::uint8_t sfc) {
        const auto answer = card.scheduler.run(services, card.context, {FC_ADM, sfc, {}});
        REQUIRE(answer);
        return std::string(as_text(*answer));
    };
    CHECK(text(SFC_ADM_CSL_GET_STATUS) ==
          "uptime = 6 days 03:04:05\n"
          "fan speed [rpm] = 5100\n"
          "CPU temperature [C] = 26.0\n"
          "redundant power supply = OK\n");
    CHECK(text(SFC_ADM_CSL_GET_CONNECTIONS) == "1 TCP 127.0.0.1:4711\n2 TCP 127.0.0.1:4712\n");
    CHECK(text(SFC_ADM_CSL_GET_LOAD) == "0.0 %\n");
    CHECK(text(SFC_ADM_CSL_GET_VERSION) == "CSLAN  5.1.0\n");
}
