// Modules in Lua, good and bad ones.
#include <catch2/catch.hpp>
#include <random>

#include "firmware/modules/images/known_modules.h"
#include "firmware/modules/images/script.h"
#include "test/unit/modules/bench.h"

using namespace cs2sim;
using Catch::Contains;

namespace {

constexpr std::uint16_t kDemo = 0x100, kScript = 0x101;
constexpr std::uint8_t kEcho = 0, kPut = 1, kGet = 2, kCount = 3;
constexpr std::uint32_t kUpToUsers = 0x00000002;

void write_script(ModuleBench& bench, const std::string& name, std::string_view text) {
    REQUIRE(bench.smos->flash.write(name, as_bytes(text)));
}

void start_demo(ModuleBench& bench) {
    write_script(bench, "demo.lua",
                 as_text(file_content(std::filesystem::path(CS2SIM_LUA_EXAMPLES) / "demo.lua")));
    bench.restart();
    INFO(bench.boot_log());
    INFO(bench.module_log("demo"));
    REQUIRE(bench.stage("demo") == ModuleStage::ready);
}

// A module "scrp" of two functions, ONE and TWO, whose code begins in line 9.
std::string script(std::string_view code, std::string_view id = "0x101") {
    return "--[[module\n[module]\nname = \"scrp\"\nid = " + std::string(id) +
           "\nversion = \"1.0.0.0\"\n[functions]\n0 = { name = \"ONE\" }\n]]\n" + std::string(code);
}

// What ONE answers when its body is this.
Result<Bytes> run_body(ModuleBench& bench, const std::string& body, ByteView block = {}) {
    write_script(bench, "scrp.lua", script("return { ONE = function(command)\n" + body + "\nend }"));
    bench.restart();
    INFO(bench.boot_log());
    REQUIRE(bench.stage("scrp") == ModuleStage::ready);
    return bench.run(0, block, kScript);
}

std::string text_of(const Result<Bytes>& answer) {
    return answer ? std::string(as_text(*answer)) : hex_code(answer.error().code);
}

void expect_start_to_fail(const std::string& text, const std::string& boot, const std::string& log) {
    ModuleBench bench;
    write_script(bench, "scrp.lua", text);
    bench.restart();
    CHECK_THAT(bench.boot_log(), Contains(boot));
    CHECK_THAT(bench.module_log("scrp"), Contains(log));
    CHECK(bench.stage("scrp") != ModuleStage::ready);
    CHECK(bench.run(0, {}, kScript).error().code == E_CMDS_BAD_FC);
}

}  // namespace

TEST_CASE("A module in Lua does what the same module in C does") {
    ModuleBench bench;
    start_demo(bench);
    CHECK_THAT(bench.boot_log(), Contains("module demo: ready, 1.0.0.0"));
    const Bytes entry = to_bytes(as_bytes("alphabetfirst"));
    CHECK(bench.run(kEcho, entry, kDemo).value() == entry);
    CHECK(bench.run(kPut, entry, kDemo).error().code == 0xB1000001);
    bench.context.users = {{"USR", kUpToUsers, "", {}}};
    CHECK(bench.run(kPut, Bytes(12, 'a'), kDemo));
    CHECK(bench.run(kPut, Bytes(13, 'b'), kDemo));
    CHECK(bench.run(kPut, Bytes(13, 'b'), kDemo).error().code == E_DB_EXISTS);
    CHECK(text_of(bench.run(kGet, Bytes(8, 'b'), kDemo)) == "bbbbb");
    CHECK(bench.run(kGet, Bytes(8, 'c'), kDemo).error().code == E_DB_NOT_FOUND);
    CHECK(bench.run(kCount, {}, kDemo).value() == Bytes{0, 0, 0, 2});
    bench.restart();
    CHECK(bench.run(kCount, {}, kDemo).value() == Bytes{0, 0, 0, 2});
    CHECK(bench.run(4, {}, kDemo).error().code == E_CMDS_BAD_SFC);
    CHECK(bench.run(kGet, Bytes(7, 'b'), kDemo).error().code == E_CMDS_DATA_LEN);
}

TEST_CASE("What a script's header says is known before it runs, and to tools") {
    ModuleBench bench;
    start_demo(bench);
    REQUIRE(bench.scheduler.find("DEMO.PUT"));
    CHECK(bench.scheduler.find("DEMO.PUT")->request.has_secrets());
    const KnownModules known(bench.smos->state.root);
    CHECK_THAT(known.explain("demo").value_or(""),
               Contains("demo 1.0.0.0, demo module") && Contains("DEMO.GET"));
    CHECK_THAT(known.explain("B1000001").value_or(""), Contains("permission denied by demo"));
    REQUIRE(known.find(kDemo, kCount));
    CHECK(known.find(kDemo, kCount)->name == "COUNT");
}

TEST_CASE("A header that says nothing usable is refused, with its line") {
    const auto problem = [](std::string_view text) {
        const auto read = read_script(text, "x.lua");
        return read ? std::string("none") : read.error();
    };
    CHECK_THAT(problem("return {}"), Contains("does not begin with --[[module"));
    CHECK_THAT(problem("--[[module\n[module]\nname = \"x\""), Contains("does not begin with --[[module"));
    CHECK_THAT(problem("--[[module\n[functions]\n]]"), Contains("there is no [module]"));
    CHECK_THAT(problem("--[[module\n[module]\nname = \"x\"\n]]"), Contains("needs name, id and version"));
    CHECK_THAT(problem("--[[module\n[module]\nname = 'x'\nid = \n]]"), Contains("line 4"));
    CHECK_THAT(problem("--[[module\n[module]\nid = 0x10000\n]]"), Contains("module.id is no"));
    CHECK_THAT(problem("--[[module\n[module]\nversion = \"1.0.0\"\n]]"), Contains("module.version is no"));
    CHECK_THAT(problem("--[[module\n[module]\nversion = \"1.0.0.256\"\n]]"),
               Contains("module.version is no"));
    CHECK_THAT(problem("--[[module\n[module]\nname = \"thirteen_long\"\n]]"), Contains("module.name is no"));
    CHECK_THAT(problem("--[[module\n[module]\ncolour = 1\n]]"), Contains("module.colour is no"));
    CHECK_THAT(problem(script("").replace(script("").find("ONE"), 3, "o e")), Contains("functions.0.name"));
    CHECK(problem(script("")) == "none");
    CHECK(module_info_of_file("x.lua", as_bytes("return {}")).error().code == E_ADM_MMC_INFO);
    CHECK(module_info_of_file("x.lua", as_bytes(script("")))->id == kScript);
}

TEST_CASE("Scripts that cannot start are told with their line, and the device starts") {
    const std::string corrupt = "module scrp: start failed with B0000815";
    expect_start_to_fail(script("local x = = 1"), corrupt, "scrp.lua:9: unexpected symbol");
    expect_start_to_fail(script("\nerror('no day for it')"), corrupt, "scrp.lua:10: no day for it");
    expect_start_to_fail(script("return 7"), corrupt, "returns a number, not the table");
    expect_start_to_fail(script("return {}"), corrupt, "returns no function ONE");
    expect_start_to_fail(script("return { ONE = print, THREE = print }"), corrupt, "THREE is no function");
    expect_start_to_fail(script("while true do end"), corrupt, "scrp.lua:9: more instructions than one call");
    expect_start_to_fail(script("error(0xB1010005)"), "start failed with B1010005", "B1010005");
    expect_start_to_fail(script("return { ONE = print }", "0x083"), "start failed with B0830004", "B0830004");
    expect_start_to_fail(script("db_open('CXIKEY', DB_CREAT, 8)"), "start failed with B0880009", "B0880009");
}

TEST_CASE("Chunks of bytecode and files without a header are not started") {
    ModuleBench bench;
    write_script(bench, "junk.lua", "\x1bLua and so on");
    bench.restart();
    CHECK_THAT(bench.boot_log(), Contains("module junk.lua not started: junk.lua does not begin"));
}

TEST_CASE("An error in a script shows its line, is answered by a code, and leaves the module alive") {
    ModuleBench bench;
    CHECK(run_body(bench, "local x\nif #command == 0 then return x.y end\nreturn 'well'").error().code ==
          E_OS_MDL_NOT_AVAILABLE);
    CHECK_THAT(bench.module_log("scrp"), Contains("scrp.lua:11: attempt to index a nil value (local 'x')") &&
                                             Contains("stack traceback"));
    CHECK(text_of(bench.run(0, Bytes{1}, kScript)) == "well");
    CHECK(bench.stage("scrp") == ModuleStage::ready);

    CHECK(run_body(bench, "error(0xB1010007)").error().code == 0xB1010007);
    CHECK(run_body(bench, "error({})").error().code == E_OS_MDL_NOT_AVAILABLE);
    CHECK(run_body(bench, "error()").error().code == E_OS_MDL_NOT_AVAILABLE);
    CHECK(run_body(bench, "error(0)").error().code == E_OS_MDL_NOT_AVAILABLE);
    CHECK(run_body(bench, "error(1 << 32)").error().code == E_OS_MDL_NOT_AVAILABLE);
    CHECK(run_body(bench, "return 5").error().code == E_OS_MDL_NOT_AVAILABLE);
    CHECK_THAT(bench.module_log("scrp"), Contains("ONE answers a number, not a string"));
    CHECK_FALSE(run_body(bench, "local function f() return 1 + f() end f()"));
    CHECK(bench.stage("scrp") == ModuleStage::ready);
    CHECK(text_of(run_body(bench,
                           "local _, code = pcall(db_open, 'none', DB_RDWR)\nreturn ('%X'):format(code)")) ==
          hex_code(E_OS_FILE_NO_SUCH_FILE));
}

TEST_CASE("Endless scripts and those that eat memory are ended, whatever they catch") {
    ModuleBench bench;
    const std::string body =
        GENERATE("while true do end", "while true do pcall(function() while true do end end) end",
                 "repeat xpcall(error, function() while true do end end) until false",
                 "local t = setmetatable({}, { __index = function(t, k) return t[k + 1] end }) while true do "
                 "pcall(function() "
                 "return t[1] end) end");
    INFO(body);
    CHECK(run_body(bench, "if #command == 0 then\n" + body + "\nend\nreturn 'well'").error().code ==
          E_OS_MDL_NOT_AVAILABLE);
    CHECK_THAT(bench.module_log("scrp"), Contains("more instructions than one call may run"));
    CHECK(text_of(bench.run(0, Bytes{1}, kScript)) == "well");

    CHECK(run_body(
              bench,
              "if #command == 0 then\nlocal t = {} while true do t[#t + 1] = ('x'):rep(1 << 20) .. #t end\n"
              "end\nreturn 'well'")
              .error()
              .code == E_OS_MDL_MEM_ALLOC);
    CHECK_THAT(bench.module_log("scrp"), Contains("not enough memory"));
    CHECK(text_of(bench.run(0, Bytes{1}, kScript)) == "well");
    CHECK(run_body(bench, "return ('x'):rep(1 << 40)").error().code != E_OS_MDL_EXIST);
    CHECK(bench.stage("scrp") == ModuleStage::ready);
}

TEST_CASE("A library function that never returns ends the script's process, and Restart brings it back") {
    ModuleBench bench;
    CHECK(run_body(bench, "return (''):rep(1 << 62)").error().code == E_OS_MDL_NOT_AVAILABLE);
    CHECK(bench.stage("scrp") == ModuleStage::failed);
    CHECK_THAT(bench.module_log("scrp"), Contains("FAILED: it did not return, and was ended"));
    bench.restart();
    CHECK(bench.stage("scrp") == ModuleStage::ready);
}

TEST_CASE("Answers of scripts are as long as a command's") {
    ModuleBench bench;
    CHECK(run_body(bench, "return ('x'):rep(200 * 1024)").value().size() == 200 * 1024);
    CHECK(run_body(bench, "return ('x'):rep(256 * 1024 + 1)").error().code == E_CMDS_BAD_SIZE);
    CHECK_THAT(bench.module_log("scrp"), Contains("ONE answers 262145 bytes"));
    CHECK(run_body(bench, "").value().empty());
}

TEST_CASE("Scripts reach no files, processes, debugging, bytecode or random numbers that are none") {
    ModuleBench bench;
    for (const char* name :
         {"io", "os", "package", "debug", "coroutine", "require", "load", "loadstring", "loadfile", "dofile",
          "collectgarbage", "string.dump", "math.random", "math.randomseed"}) {
        INFO(name);
        CHECK(text_of(run_body(bench, "return tostring(" + std::string(name) + ")")) == "nil");
    }
    CHECK(run_body(bench, "io.open('/etc/passwd')").error().code == E_OS_MDL_NOT_AVAILABLE);
    CHECK_THAT(bench.module_log("scrp"), Contains("attempt to index a nil value (global 'io')"));
    CHECK(run_body(bench, "setmetatable({}, { __gc = print })").error().code == E_OS_MDL_NOT_AVAILABLE);
    CHECK(text_of(run_body(bench, "return getmetatable('').__name or 'none'")) == "none");
}

TEST_CASE("Scripts ask for services under the names of the functions in C") {
    Profile profile;
    profile.user_mechanisms = {MECH_RSA_SIGN, MECH_HMAC_PWD};
    ModuleBench bench(profile);
    REQUIRE(bench.services.users.create_factory_user(public_key_der(**generate_rsa(2048))));
    const std::string body = R"(
        assert(hash_sha256("abc"):byte(1) == 0xBA and #hash_sha512("") == 64)
        assert(#hash_hmac(HASH_SHA256, "key", "data") == 32)
        local key, iv = util_get_real_rnd(32), ("\0"):rep(16)
        local sealed = aes_cbc(false, key, iv, ("secret"):rep(8))
        assert(#sealed == 48 and aes_cbc(true, key, iv, sealed) == ("secret"):rep(8))
        assert(aes_ecb(true, key, aes_ecb(false, key, iv)) == iv and #aes_cmac(key, "x") == 16)
        assert(aes_key_wrap(key, true, nil, aes_key_wrap(key, false, nil, iv)) == iv)
        local curve = eca_dp_find_name("NIST-P256")
        local x, y = ecdsa_keygen(curve)
        local r, s = ecdsa_sign(curve, x, hash_sha256("abc"))
        ecdsa_verify(curve, y, r, s, hash_sha256("abc"))
        assert(not pcall(ecdsa_verify, curve, y, r, s, hash_sha256("abd")))
        local p, q, g = dsa_xgen(1024, 160)
        local dx, dy = dsa_xkeygen(p, q, g)
        dsa_xchk(p, q, g, dx, dy)
        local dr, ds = dsa_xsign(p, q, g, dx, hash_sha1("abc"))
        dsa_xverify(p, q, g, dy, dr, ds, hash_sha1("abc"))
        assert(not pcall(dsa_xverify, p, q, g, dy, dr, ds, hash_sha1("abd")))
        local shares = mbk_ks_split(2, 3, key)
        assert(#shares == 96 and mbk_ks_combine("\1\3", shares:sub(1, 32) .. shares:sub(65)) == key)
        assert(util_get_time() > 1600000000)
        os_audit_write(OS_AUDIT_CLASS_ALWAYS, "script writes")
        print("script", "says", 7)
        local name = os_mdl_name_get(0x83)
        assert(name == "CMDS")
        local permission, users = cmds_get_auth_state()
        assert(permission == 2 and #users == 1 and users[1]:find("^USR"))
        assert(not check_permission(0, 2) and check_permission(1, 1))
        cmds_add_user_ex("PETER", 1, CMDS_MECH_HMAC_PWD, 0, "password", "")
        local list = cmds_list_user()
        assert(#list == 2 and list[2].name:find("^PETER") and list[2].perm == 1)
        cmds_del_user("PETER")
        local number, run = cmds_scanf("u2 v1", "\1\2\3abc")
        assert(number == 258 and run == "abc" and load_int2(store_int2(7)) == 7)
        local _, code = pcall(cmds_scanf, "u4", "abc")
        assert(code == E_CMDS_BAD_CMD)
        _, code = pcall(cmds_get_sessionkey)
        assert(code == E_CMDS_SM_ID)
        return "well"
    )";
    bench.context.users = {{"USR", kUpToUsers, "", {}}};
    const auto answer = run_body(bench, body);
    INFO(bench.module_log("scrp"));
    CHECK(text_of(answer) == "well");
    CHECK_THAT(bench.module_log("scrp"), Contains("script says 7"));
    CHECK_THAT(bench.smos->audit_log.text().value(), Contains("script writes"));
}

TEST_CASE("Whatever a script gives to whatever function, it and the simulator live") {
    ModuleBench bench;
    const std::string body = R"(
        local values = { 0, 1, -1, 1 << 31, 1 << 62, 0.5, "", "x", ("x"):rep(70000), ("x"):rep(1 << 20), {}, true, print }
        local state, functions = 12345, {}
        for name, value in pairs(_G) do
            if type(value) == "function" and name ~= "error" then functions[#functions + 1] = value end
        end
        local function any() state = (state * 1103515245 + 12345) % 2147483648 return values[state // 65536 % #values + 1] end
        for round = 1, 30 do
            for _, call in ipairs(functions) do pcall(call, any(), any(), any(), any(), any(), any()) end
        end
        return "well"
    )";
    CHECK(text_of(run_body(bench, body)) == "well");
    CHECK(bench.stage("scrp") == ModuleStage::ready);
}

TEST_CASE("Scripts are asked for consent, replaced by newer ones, and barred by certified firmware") {
    ModuleBench bench;
    write_script(bench, "scrp.lua",
                 script("return { ONE = print, pre_delete = function() error(0xB1010009) end }"));
    bench.restart();
    CHECK(bench.modules.consent(kScript, false).error().code == 0xB1010009);
    CHECK(bench.modules.consent(kScript, true));
    std::string newer = script("return { ONE = function() return 'newer' end }");
    newer.replace(newer.find("1.0.0.0"), 7, "1.0.1.0");
    write_script(bench, "aaaa.lua", newer);
    bench.restart();
    CHECK(text_of(bench.run(0, {}, kScript)) == "newer");

    Profile fips;
    fips.certification = Certification::fips;
    ModuleBench certified(fips);
    write_script(certified, "scrp.lua", script("return { ONE = print }"));
    certified.restart();
    CHECK(certified.run(0, {}, kScript).error().code == E_CMDS_BAD_FC);
    CHECK_THAT(certified.boot_log(), Contains("certified firmware"));
}

TEST_CASE("Damaged scripts are read, and run, without harm to the device") {
    const Bytes demo = file_content(std::filesystem::path(CS2SIM_LUA_EXAMPLES) / "demo.lua");
    std::mt19937 random(20261126);
    const auto damaged = [&](std::size_t from) {
        Bytes text = demo;
        for (unsigned changes = random() % 4 + 1; changes != 0; --changes) {
            const std::size_t at = from + random() % (text.size() - from);
            switch (random() % 3) {
                case 0:
                    text[at] = static_cast<std::uint8_t>(random());
                    break;
                case 1:
                    text.erase(text.begin() + static_cast<std::ptrdiff_t>(at));
                    break;
                default:
                    text.insert(text.begin() + static_cast<std::ptrdiff_t>(at), demo[random() % demo.size()]);
            }
        }
        return text;
    };
    unsigned read = 0;
    for (int i = 0; i < 2000; ++i)
        if (read_script(as_text(damaged(0)), "x.lua")) ++read;
    CHECK(read > 0);
    CHECK(read < 2000);
    ModuleBench bench;
    const std::size_t code = as_text(demo).find("]]") + 2;
    for (int i = 0; i < 30; ++i) {
        write_script(bench, "demo.lua", as_text(damaged(code)));
        bench.restart();
        for (const std::uint8_t sfc : {kEcho, kCount}) (void)bench.run(sfc, {}, kDemo);
        const ModuleStage stage = bench.stage("demo");
        CHECK((stage == ModuleStage::ready || stage == ModuleStage::failed));
        CHECK(bench.run(1, {}, FC_CMDS).error().code != E_OS_MDL_NOT_AVAILABLE);
    }
}
