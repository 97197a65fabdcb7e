#include <catch2/catch.hpp>
#include <fstream>

#include "firmware/crypto/kdf.h"
#include "firmware/modules/crash_report.h"
#include "firmware/modules/images/script.h"
#include "firmware/protocol/channel/secure_channel.h"
#include "test/unit/modules/bench.h"

using namespace cs2sim;
using Catch::Contains;

namespace {

constexpr std::uint8_t kEcho = 0, kPermission = 1, kFirstCheck = 2, kFill = 9, kCount = 10, kTicks = 14,
                       kAbsent = 15, kFirstOfMore = 17, kKeys = 21, kEndOfMore = 27, kUsers = 27,
                       kLoggedOn = 28, kModes = 29, kSessionKey = 30, kErase = 31, kCritical = 32,
                       kFirstOfTheRest = 33, kEndOfTheRest = 35, kOwnSessionKey = 35;

// A function that answers nothing when all is well, or the line that found otherwise.
void check_from_within(ModuleBench& bench, std::uint8_t sfc) {
    const auto answer = bench.run(sfc);
    INFO("sub-function " << int{sfc} << ": " << (answer ? "line" : hex_code(answer.error().code)));
    REQUIRE(answer);
    if (answer->size() == 4) FAIL("test/modules, line " << big_endian(*answer));
    CHECK(answer->empty());
}

std::uint32_t number(const Result<Bytes>& answer) {
    REQUIRE(answer);
    REQUIRE(answer->size() == 4);
    return static_cast<std::uint32_t>(big_endian(*answer));
}

}  // namespace

TEST_CASE("Users' modules of either size of pointers check the SDK from within") {
    const std::string name = GENERATE("prob32", "prob64");
    INFO(name);
    if (!std::filesystem::exists(std::filesystem::path(CS2SIM_TEST_MODULES) / (name + ".so"))) return;
    ModuleBench bench;
    bench.start(name);
    INFO(bench.boot_log());
    INFO(bench.module_log());
    REQUIRE(bench.stage() == ModuleStage::ready);
    CHECK_THAT(bench.boot_log(), Contains("module PROB: ready, 1.0.2.3"));
    for (std::uint8_t sfc = kFirstCheck; sfc < kEndOfMore; ++sfc) {
        if (sfc == kFill || sfc == kCount || (sfc > 12 && sfc < kFirstOfMore)) continue;
        if (sfc == kKeys) continue;  // wants CXI: vdm_test.cpp
        check_from_within(bench, sfc);
    }
    for (std::uint8_t sfc = kFirstOfTheRest; sfc < kEndOfTheRest; ++sfc) check_from_within(bench, sfc);
    CHECK_THAT(bench.module_log(),
               Contains("probe says 00004711") && Contains("eca_point_bl_get is not in this SDK"));
    // Records that are not for good: kCount counts k001, k002 and the passing one, then the first two.
    CHECK(number(bench.run(kCount)) == 3);
    bench.restart();
    CHECK(number(bench.run(kCount)) == 2);
    const std::string audit = bench.smos->audit_log.text().value();
    CHECK_THAT(audit, Contains("[] probe writes 7") && Contains("probe without users"));
}

TEST_CASE("A user's function is a row like any other") {
    ModuleBench bench;
    bench.smos->flash.write("prob64.toml",
                            as_bytes("[functions.0]\nname = \"ECHO\"\npermission = 0x00000001\n"
                                     "[errors]\n0x01 = \"not for you\"\n"));
    bench.smos->flash.write("prob32.toml",
                            as_bytes("[functions.0]\nname = \"ECHO\"\npermission = 0x00000001\n"
                                     "[errors]\n0x01 = \"not for you\"\n"));
    bench.start(sizeof(void*) == 8 ? "prob64" : "prob32");
    CHECK(bench.run(kEcho, Bytes{1, 2}).error().code == E_CMDS_DENIED);
    CHECK(bench.run(kPermission).error().code == 0xB1700001);
    bench.context.users = {{"USR", 0x00000002, "", {}}};
    CHECK(bench.run(kEcho, Bytes{1, 2, 3}).value() == Bytes{1, 2, 3});
    CHECK(bench.run(kEcho).value().empty());
    const Bytes large(200 * 1024, 7);
    CHECK(bench.run(kEcho, large).value() == large);
    CHECK(bench.run(kPermission));
    CHECK(bench.run(kAbsent).error().code == E_CMDS_BAD_SFC);
    CHECK(bench.run(200).error().code == E_CMDS_BAD_SFC);
    REQUIRE(bench.scheduler.find("PROB.ECHO"));
    CHECK(bench.scheduler.find("PROB.SFC_01")->sfc == 1);
}

TEST_CASE("A module asks who is logged on by attributes, sets modes, agrees on keys, erases users") {
    const std::string name = GENERATE("prob32", "prob64");
    INFO(name);
    if (!std::filesystem::exists(std::filesystem::path(CS2SIM_TEST_MODULES) / (name + ".so"))) return;
    Profile profile;
    profile.user_mechanisms = {MECH_RSA_SIGN, MECH_HMAC_PWD};
    ModuleBench bench(profile);
    const auto key = generate_rsa(2048);
    REQUIRE(bench.services.users.create_factory_user(public_key_der(**key)));
    bench.start(name);
    check_from_within(bench, kUsers);
    const std::string anna = bench.services.users.find("ANNA_OF_SLOT_0").value().short_name;
    bench.context.users = {{anna, 0x00000002, "", {}}, {"BERT", 0x00000021, "", {}}};
    check_from_within(bench, kLoggedOn);
    bench.context.users.clear();
    check_from_within(bench, kModes);
    CHECK_THAT(bench.module_log(), Contains("in the PIN pad's menu, which nobody sees: Probe (170.03)"));

    const auto host = KeyAgreement::start(SM_MODE_ECDH);
    const auto answer = bench.run(kSessionKey, host->public_value());
    REQUIRE(answer);
    REQUIRE(answer->size() == 145);
    const ByteView made(*answer);
    SessionTranscript transcript{0x4711, SM_MODE_ECDH,         SM_MECH_AES_CMAC,
                                 {},     host->public_value(), to_bytes(made.subspan(80))};
    std::ranges::copy(made.first(16), transcript.sequence.begin());
    const SecretBytes both =
        derive_key(*host->agree(made.subspan(80)), "cs2sim session key of a module", transcript.encode(), 64);
    CHECK(std::ranges::equal(both, made.subspan(16, 64)));

    CHECK(bench.run(kOwnSessionKey).error().code == E_CMDS_SM_ID);
    const auto shared = host->agree(made.subspan(80));
    const SecureChannel at_host(SecureChannel::Side::host, transcript, *shared);
    Session session(0x4711, nullptr, SecureChannel(SecureChannel::Side::device, transcript, *shared), {});
    const auto own =
        bench.scheduler.run(bench.services, session, {ModuleBench::kProbe, kOwnSessionKey, ByteView()});
    REQUIRE(own);
    if (own->size() == 4) FAIL("probe_users.h, line " << big_endian(*own));
    REQUIRE(own->size() == 33);
    CHECK(own->front() == SM_MECH_AES_CMAC);
    CHECK(std::ranges::equal(ByteView(*own).subspan(1), at_host.exported_key()));

    REQUIRE(bench.run(kErase));
    const auto left = bench.services.users.list().value();
    REQUIRE(left.size() == 1);
    CHECK(left[0].short_name == "ADMIN");
    const std::string audit = bench.smos->audit_log.text().value();
    CHECK_THAT(audit, Contains("users erased by module PROB") && Contains("backup user BERT") &&
                          Contains("restore user BERT"));
}

TEST_CASE("A critical error that a module reports is told, and an alarm where a crash is one") {
    Profile strict;
    strict.module_crash_halts = GENERATE(false, true);
    ModuleBench bench(strict);
    bench.start("newer");
    REQUIRE(bench.run(kCritical));
    CHECK(bench.halted == strict.module_crash_halts);
    for (const std::string& log : {bench.boot_log(), bench.smos->audit_log.text().value()})
        CHECK_THAT(log, Contains("module PROB: critical error B1700099"));
    CHECK(bench.stage() == ModuleStage::ready);
}

TEST_CASE("Records of a module outlive restarts, and are found by who comes later") {
    ModuleBench bench;
    bench.start("newer");
    REQUIRE(bench.run(kFill, big_endian_bytes<4>(1000)));
    CHECK(number(bench.run(kCount)) == 1000);
    bench.restart();
    CHECK(number(bench.run(kCount)) == 1000);
    // Restored behind its back: raw records are secret parts.
    auto database = bench.databases.open("probe.db");
    REQUIRE(database);
    REQUIRE((*database)->insert(as_bytes("zzzzzzzz"), as_bytes("restored")));
    CHECK(number(bench.run(kCount)) == 1001);
}

TEST_CASE("Tasks of a module run between commands") {
    ModuleBench bench;
    bench.start("newer");
    for (int tries = 0; tries < 100 && number(bench.run(kTicks)) < 3; ++tries)
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    CHECK(number(bench.run(kTicks)) == 3);
    CHECK_THAT(bench.module_log(), Contains("background 3"));
}

TEST_CASE("Modules depend on one another by name and least version") {
    ModuleBench bench;
    bench.load("needs");  // AAAA needs PROB, whose file comes behind
    bench.load("newer");
    bench.restart();
    INFO(bench.boot_log());
    CHECK(bench.stage("AAAA") == ModuleStage::ready);
    bench.load("needsnewer");
    bench.restart();
    CHECK(bench.stage("BBBB") == ModuleStage::ready);
    REQUIRE(bench.smos->flash.remove("newer.mtc"));
    bench.load("stays");  // 1.0.2.3
    bench.restart();
    CHECK(bench.stage("AAAA") == ModuleStage::ready);
    CHECK(bench.stage("BBBB") == ModuleStage::failed);
    CHECK_THAT(bench.boot_log(), Contains("module BBBB: PROB is missing"));
    REQUIRE(bench.smos->flash.remove("stays.mtc"));
    bench.restart();
    CHECK(bench.stage("AAAA") == ModuleStage::failed);
    CHECK(bench.run(kEcho, {}, 0x172).error().code == E_CMDS_BAD_FC);
}

TEST_CASE("The newer of two containers runs; consent is asked for before it goes") {
    ModuleBench bench;
    bench.load("stays");
    bench.load("newer");
    bench.restart();
    REQUIRE(bench.modules.list().size() == 1);
    CHECK(bench.modules.list()[0].info.version == 0x01000300);
    CHECK(bench.modules.consent(ModuleBench::kProbe, false));
    REQUIRE(bench.smos->flash.remove("newer.mtc"));
    bench.restart();
    CHECK(bench.modules.consent(ModuleBench::kProbe, false).error().code == 0xB1700077);
    CHECK(bench.modules.consent(ModuleBench::kProbe, true));
    CHECK(bench.modules.consent(0x175, true));
    bench.remove(ModuleBench::kProbe);
    CHECK(bench.run(kEcho).error().code == E_CMDS_BAD_FC);
    CHECK_THAT(bench.module_log(), Contains("probe stops"));
}

TEST_CASE("A container that changed in flash is not started, and says by which code") {
    ModuleBench bench;
    REQUIRE(bench.smos->flash.write("mdlsigalt.key", public_key_der(ModuleBench::signer())));
    bench.load("newer");
    const Bytes whole = bench.smos->flash.read("newer.mtc").value();
    const auto expect_refused = [&](const Bytes& content, std::uint32_t code) {
        REQUIRE(bench.smos->flash.write("newer.mtc", content));
        bench.restart();
        INFO(bench.boot_log());
        CHECK_THAT(bench.boot_log(), Contains("module newer.mtc not started: " + hex_code(code)) &&
                                         !Contains("loaded from flash") && !Contains("ready"));
        CHECK(bench.run(kEcho).error().code == E_CMDS_BAD_FC);
        const auto listed = bench.modules.list();  // as long as there is something to say what it is
        CHECK(std::ranges::all_of(listed, [](const auto& one) { return one.stage == ModuleStage::failed; }));
        return listed.size();
    };
    const std::size_t signature = 24 + static_cast<std::size_t>(big_endian(ByteView(whole).subspan(124, 4)));
    const struct {
        std::size_t at;
        std::uint32_t code;
    } kRows[] = {{0, E_OS_MDL_MTC_INV},
                 {7, E_OS_MDL_MTC_INV},
                 {8, E_OS_MDL_MTC_INV},
                 {24, E_OS_MDL_MMC_INV},
                 {31, E_OS_MDL_MMC_INV},
                 {44, E_OS_MDL_MMC_INV},  // the abbreviation
                 {118, E_OS_MDL_HW_TYPE},
                 {96, E_OS_MDL_CORRUPT},
                 {128 + 5000, E_OS_MDL_CORRUPT},
                 {signature, E_OS_MDL_NO_MTC_SIG},
                 {signature + 20, E_OS_MDL_MSC_VERIFY_FAILED}};
    for (const auto& row : kRows) {
        INFO("byte " << row.at);
        Bytes changed = whole;
        changed[row.at] ^= 0x01;
        CHECK(expect_refused(changed, row.code) == 1);
    }
    CHECK(expect_refused(Bytes(whole.begin(), whole.begin() + 4000), E_OS_MDL_MTC_INV) == 1);
    CHECK(expect_refused({}, E_OS_MDL_MTC_INV) == 0);
    bench.load("newer", kModuleCs5);
    CHECK(expect_refused(bench.smos->flash.read("newer.mtc").value(), E_OS_MDL_HW_TYPE) == 1);
    bench.remove(ModuleBench::kProbe);
    CHECK(bench.modules.list().empty());

    bench.put("newer.mtc", whole);
    bench.restart();
    CHECK(bench.stage() == ModuleStage::ready);
    CHECK(bench.modules.list().size() == 1);
    CHECK_THAT(bench.boot_log(), Contains("loaded from flash: newer.mtc 1.0.3.0"));
    // One whose key is gone since was checked when it came.
    REQUIRE(bench.smos->flash.remove("mdlsigalt.key"));
    bench.restart();
    CHECK(bench.stage() == ModuleStage::ready);
}

TEST_CASE("A container that took another's place on disk is not started, whoever signed it") {
    static const PrivateKey foreign = *generate_rsa(2048);
    const Bytes foreign_container = make_container(ModuleBench::image("stays"), kModuleLinux, *foreign)
                                        .value();  // whose key is not there
    const std::string refused = " not started: " + hex_code(E_OS_MDL_MSC_VERIFY_FAILED);
    ModuleBench bench;
    const auto start_with = [&](const std::string& file, ByteView container) {
        REQUIRE(bench.smos->flash.write(file, container));
        bench.restart();
        INFO(bench.boot_log());
        return bench.boot_log().find("module " + file + refused) == std::string::npos;
    };
    SECTION("whose key is gone") {
        bench.start("newer");
        const Bytes loaded = bench.smos->flash.read("newer.mtc").value();
        REQUIRE(bench.stage() == ModuleStage::ready);
        CHECK_FALSE(start_with("newer.mtc", foreign_container));
        CHECK(bench.run(kEcho).error().code == E_CMDS_BAD_FC);
        CHECK(start_with("newer.mtc", loaded));
        CHECK(bench.stage() == ModuleStage::ready);
        CHECK_FALSE(start_with("another.mtc", foreign_container));
        REQUIRE(bench.smos->flash.remove("another.mtc"));
        REQUIRE(bench.smos->flash.remove("newer.mtc"));
        CHECK_FALSE(start_with("NEWER.MTC", foreign_container));
    }
    SECTION("whose key is there") {
        REQUIRE(bench.smos->flash.write("mdlsigalt.key", public_key_der(*foreign)));
        bench.start("newer");
        CHECK_FALSE(start_with("newer.mtc", foreign_container));
        CHECK(start_with("another.mtc", foreign_container));  // nobody loaded it, but it is signed
    }
    SECTION("in state of a version before") {
        CHECK(start_with("newer.mtc", foreign_container));  // as it did then
        CHECK(start_with("newer.mtc", foreign_container));
        const Bytes newer =
            make_container(ModuleBench::image("newer"), kModuleLinux, ModuleBench::signer()).value();
        CHECK_FALSE(start_with("newer.mtc", newer));
    }
    SECTION("killed within a load") {
        bench.start("newer");
        const Bytes before = bench.smos->flash.read("newer.mtc").value();
        LoadedFiles loaded(bench.smos->nvram);
        // Loads that failed before take nothing from what lies there, and bring nothing.
        REQUIRE(loaded.expect("newer.mtc", as_bytes("what was never written"), before));
        REQUIRE(loaded.expect("newer.mtc", as_bytes("nor was that"), before));
        CHECK(start_with("newer.mtc", before));
        CHECK_FALSE(start_with("newer.mtc", foreign_container));
        REQUIRE(loaded.note("newer.mtc", before));
        REQUIRE(loaded.expect("newer.mtc", foreign_container, before));
        CHECK(start_with("newer.mtc", before));
        CHECK(start_with("newer.mtc", foreign_container));
        REQUIRE(loaded.note("newer.mtc", foreign_container));
        CHECK_FALSE(start_with("newer.mtc", before));
        REQUIRE(loaded.forget("newer.mtc"));
        CHECK_FALSE(start_with("newer.mtc", before));  // unknown now, as is its key
    }
}

TEST_CASE("A file is a module's by its ending, in either case of the letters") {
    for (const std::string_view name : {"a.mtc", "A.MTC", "a.Mtc", "a.msc", "A.MSC", "a.out", "a.OUT", "a.so",
                                        "A.SO", "a.lua", "a.LUA", "a.b.mtc"})
        CHECK(is_module_file(name));
    for (const std::string_view name : {"a.cfg", "mtc", "a.mtc.bak", "a.toml", "a.txt", "lua", "amtc"})
        CHECK_FALSE(is_module_file(name));
    ModuleBench bench;
    bench.load("newer");
    const Bytes container = bench.smos->flash.read("newer.mtc").value();
    REQUIRE(bench.smos->flash.remove("newer.mtc"));
    for (const std::string name : {"NEWER.MTC", "newer.msc"}) {
        INFO(name);
        bench.put(name, container);
        bench.restart();
        CHECK(bench.stage() == ModuleStage::ready);
        CHECK_THAT(bench.boot_log(), Contains("loaded from flash: " + name + " 1.0.3.0"));
        REQUIRE(bench.smos->flash.remove(name));
    }
}

TEST_CASE("A module that fails to start is told, and the device starts") {
    ModuleBench bench;
    bench.load("fails");
    bench.load("taken");
    bench.load("liar");
    bench.load("newer");
    bench.restart();
    const std::string log = bench.boot_log();
    INFO(log);
    CHECK(bench.stage("FAIL") == ModuleStage::failed);
    CHECK_THAT(log, Contains("module FAIL: start failed with 00004711"));
    CHECK(bench.stage("LIAR") == ModuleStage::failed);
    CHECK_THAT(log, Contains("module LIAR: start failed with B1740001"));
    CHECK(bench.stage("TAKE") == ModuleStage::ready);  // without its functions: its framework only tells
    CHECK_THAT(log, Contains("module TAKE: functions not registered: b0830004"));
    CHECK(bench.stage() == ModuleStage::ready);
}

TEST_CASE("Containers for hardware, damaged images and certified firmware: no module is started") {
    ModuleBench bench;
    bench.load("newer", kModuleCs5);
    Bytes broken = ModuleBench::image("stays");
    broken[4] = 9;  // no class of ELF
    static const PrivateKey signer = *generate_rsa(2048);
    REQUIRE(bench.smos->flash.write("broken.mtc", make_container(broken, kModuleLinux, *signer).value()));
    REQUIRE(bench.smos->flash.write("junk.mtc", as_bytes("junk")));
    bench.restart();
    CHECK_THAT(bench.boot_log(), Contains("newer.mtc not started: B0000810") &&
                                     Contains("broken.mtc not started: B0000810") &&
                                     Contains("junk.mtc not started: B000080C"));
    Profile fips;
    fips.certification = Certification::fips;
    ModuleBench certified(fips);
    certified.start("newer");
    CHECK(certified.run(kEcho).error().code == E_CMDS_BAD_FC);
    CHECK_THAT(certified.boot_log(), Contains("certified firmware"));
}

TEST_CASE("A crash's line says file and line, not which of the line's blocks the compiler meant") {
    const ScratchFolder folder;
    const std::filesystem::path image = folder.path() / "erp.so", tool = folder.path() / "addr2line";
    std::ofstream(image) << std::string(64, 'x');
    std::ofstream(tool) << "#!/bin/sh\necho 'erp_work at module.c:34 (discriminator 1)'\n";
    std::filesystem::permissions(tool, std::filesystem::perms::owner_all);
    const std::string before = std::getenv("PATH");
    ::setenv("PATH", (folder.path().string() + ":" + before).c_str(), 1);
    const std::uint64_t address = 0x1011;
    const auto lines = source_lines(image, 0x1000, {&address, 1});
    ::setenv("PATH", before.c_str(), 1);
    REQUIRE(lines.size() == 1);
    CHECK(lines[0] == "erp_work at module.c:34  [erp.so+0x11]");
}
