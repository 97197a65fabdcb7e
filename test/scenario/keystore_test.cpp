// Keys outside the device, by the tools: two simulators, one MBK, one database.
#include <sys/stat.h>

#include "host-lib/keystore/key_store.h"
#include "test/keystore/postgres.h"
#include "test/scenario/expect.h"
#include "test/scenario/simulator.h"

using namespace cs2sim;
using namespace cs2sim::scenario;

namespace {

constexpr const char* kClerk = "CLERK,clerks-secret";

void add_clerk(const Operator& user) {
    user.admin_does({"AddUser=CLERK,00000022{CXI_GROUP=Prod*},hmacpwd,clerks-secret"});
}

// cs2sim keystore VERB …, with the clerk logged on at this simulator.
Outcome store_command(const Simulator& simulator, std::vector<std::string> arguments, bool logged_on = true) {
    arguments.insert(arguments.begin(), "keystore");
    if (logged_on) arguments.insert(arguments.end(), {"--logon-pass", kClerk});
    return simulator.steer(std::move(arguments));
}

std::string keystore_does(const Simulator& simulator, std::vector<std::string> arguments,
                          bool logged_on = true) {
    const Outcome outcome = store_command(simulator, std::move(arguments), logged_on);
    INFO(outcome.out << outcome.err);
    REQUIRE(outcome.status == 0);
    return outcome.out;
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

struct Pair {
    Simulator one, two;
    Operator a{one, Way::mount}, b{two, Way::mount};

    Pair() {
        a.make_mbk();
        b.import_mbk_of(a);
        add_clerk(a);
        add_clerk(b);
        require_success(
            a.tool("cxitool", {std::string("LogonPass=") + kClerk, "Group=ProdA", "Name=k1",
                               "Curve=NIST-P256", "GenerateKey=EC", "ExportKey=k1.pem", "Name=k2",
                               "GenerateKey=AES,256", "Group=ProdB", "Name=k1", "GenerateKey=AES,128"}));
    }
};

}  // namespace

TEST_CASE("keys go from a device into a store, are checked and sealed anew, and come out of another device") {
    const Pair pair;
    const std::string store =
        GENERATE(true, false) ? pair.a.file("keys.db").string() : keystore::postgres().new_store("rotated");
    CHECK(has(keystore_does(pair.one, {"copy", "device", store, "--group", "Prod*"}),
              "3 keys seen: 3 copied, 0 left"));
    CHECK(has(keystore_does(pair.one, {"copy", "device", store, "--group", "Prod*"}), "0 copied, 3 left"));
    CHECK(has(keystore_does(pair.two, {"check", store}), "3 keys seen: 3 good"));
    CHECK(has(keystore_does(pair.two, {"stats", store}, false), "3 in 2 groups"));
    // A path that was misspelt is no store without keys.
    const std::string misspelt = pair.a.file("kyes.db").string();
    for (const std::vector<std::string>& words :
         std::vector<std::vector<std::string>>{{"stats", misspelt},
                                               {"migrate", misspelt},
                                               {"check", misspelt},
                                               {"recrypt", misspelt},
                                               {"copy", misspelt, "device"},
                                               {"copy", misspelt, pair.a.file("target.db").string()}}) {
        std::vector<std::string> all{"keystore"};
        all.insert(all.end(), words.begin(), words.end());
        const Outcome absent = pair.a.tool("cs2sim", all);
        CHECK(absent.status == 1);
        CHECK(has(absent.err, "kyes.db is not there"));
        CHECK(!std::filesystem::exists(misspelt));
    }

    // Another MBK in the second device: the old one opens from slot 1.
    const Simulator elsewhere;
    const Operator c(elsewhere, Way::mount);
    c.make_mbk();
    pair.b.import_mbk_of(c);
    const Outcome closed = store_command(pair.two, {"check", store});
    CHECK(closed.status == 1);
    CHECK(has(closed.err, "group ProdA, name k1, specifier 0: B0680080"));
    pair.b.admin_does(
        {"Key=" + pair.a.file("s1.key").string() + "#one," + pair.a.file("s2.key").string() + "#two",
         "MBKImportKey=1"});
    CHECK(has(keystore_does(pair.two, {"recrypt", store, "--group", "ProdB"}), "1 keys seen: 1 sealed anew"));
    CHECK(has(keystore_does(pair.two, {"recrypt", store}), "2 keys seen: 2 sealed anew"));
    CHECK(has(keystore_does(pair.two, {"recrypt", store}), "0 keys seen"));
    pair.b.admin_does({"MBKDeleteKey=1"});
    CHECK(has(keystore_does(pair.two, {"check", store}), "3 keys seen: 3 good"));
    CHECK(store_command(pair.one, {"check", store}).status == 1);

    CHECK(has(keystore_does(pair.two, {"copy", store, "device", "--move"}), "3 keys seen: 3 copied"));
    CHECK(has(keystore_does(pair.two, {"stats", store}, false), "0 in 0 groups"));
    // In one transaction: each by itself waits for the disk each time.
    const auto opened = keystore::open_key_store(keystore::parse_key_store_url(store).value()).value();
    const auto gone = opened->audit(3).value();
    REQUIRE(gone.size() == 3);
    for (const keystore::AuditRow& row : gone) CHECK(row.act == "delete");
    for (const keystore::AuditRow& row : gone) CHECK(row.operation == gone.front().operation);
    require_success(pair.b.tool(
        "cxitool", {std::string("LogonPass=") + kClerk, "Group=ProdA", "Name=k1", "ExportKey=k1.pem"}));
    CHECK(read_file(pair.a.file("k1.pem")) == read_file(pair.b.file("k1.pem")));
}

TEST_CASE("rows that were tampered with are found by check") {
    const Pair pair;
    const std::string url = keystore::postgres().new_store("tampered");
    const auto sql = [](const std::string& statement) { keystore::postgres().sql("tampered", statement); };
    const auto restored = [&] {
        sql("delete from cs2sim_key");
        keystore_does(pair.one, {"copy", "device", url, "--group", "Prod*"});
    };
    const auto finds = [&](const std::string& statement, int bad) {
        INFO(statement);
        restored();
        sql(statement);
        const Outcome outcome = store_command(pair.one, {"check", url});
        CHECK(outcome.status == 1);
        CHECK(has(outcome.out, std::to_string(bad) + " bad"));
    };
    finds("update cs2sim_key set grp = 'ProdC' where name = 'k2'", 1);
    finds("update cs2sim_key set name = 'k9' where name = 'k2'", 1);
    finds("update cs2sim_key set spec = 9 where name = 'k2'", 1);
    finds("update cs2sim_key set label = 'other' where name = 'k2'", 1);
    finds("update cs2sim_key set id = 'other' where name = 'k2'", 1);
    finds("update cs2sim_key set class = 3 where name = 'k2'", 1);
    finds("update cs2sim_key set private = false where name = 'k2'", 1);
    finds("update cs2sim_key set blob = substr(blob, 1, length(blob) - 1) where name = 'k2'", 1);
    finds(
        "update cs2sim_key set blob = set_byte(blob, length(blob) / 2, get_byte(blob, length(blob) / 2) # 1)",
        3);
    finds(
        "update cs2sim_key set blob = (select blob from cs2sim_key where grp = 'ProdB') where grp = 'ProdA'",
        2);
}

TEST_CASE("check tells rows that are no keys from those that nobody logged on may see") {
    const Pair pair;
    const std::string store = pair.a.file("keys.db").string();
    keystore_does(pair.one, {"copy", "device", store, "--group", "Prod*"});
    const Outcome unseen = store_command(pair.one, {"check", store}, false);
    CHECK(unseen.status == 1);
    CHECK(has(unseen.out, "3 keys seen: 0 good, 0 left as they are, 0 bad, 3 of groups that"));
    CHECK(has(unseen.err, "B0680001"));
    const std::string script =
        "import sqlite3, sys\nd = sqlite3.connect(sys.argv[1])\nfor i in range(700): d.execute(\"insert into "
        "cs2sim_key select ?, name, spec, ver, mbk, class, key_type, label, id, private, blob, "
        "randomblob(16), "
        "created, changed, host from cs2sim_key where grp='ProdB'\", ('A\\x1b%0300d' % i,))\nd.commit()\n";
    require_success(run({"/usr/bin/env", "python3", "-c", script, store}));
    const Outcome bad = store_command(pair.one, {"check", store});
    CHECK(bad.status == 1);
    CHECK(has(bad.out, "703 keys seen: 3 good, 0 left as they are, 700 bad, 0 of groups"));
    CHECK(has(bad.err, "group A%1B000"));
    CHECK_FALSE(has(bad.err, "\x1B"));
    const Outcome moved = store_command(pair.one, {"copy", store, pair.a.file("to.db").string()});
    CHECK(moved.status == 1);
    CHECK(has(moved.out, "703 keys seen: 3 copied, 0 left as they are, 700 bad"));
    const Outcome no_key =
        pair.one.steer({"keystore", "check", store, "--logon", "CLERK,/no/such.key#S3cret"});
    CHECK(no_key.status == 1);
    CHECK(has(no_key.err, "/no/such.key"));
    CHECK_FALSE(has(no_key.err, "S3cret"));
}

TEST_CASE("a dump that is restored elsewhere works with the same MBK and with no other") {
    const Pair pair;
    const Simulator foreign;
    const Operator other(foreign, Way::mount);
    other.make_mbk();
    add_clerk(other);
    std::string store, restored;
    SECTION("pg_dump") {
        keystore::Postgres& server = keystore::postgres();
        store = server.new_store("dumped");
        keystore_does(pair.one, {"copy", "device", store, "--group", "Prod*"});
        const auto call = [&](const char* program, std::vector<std::string> words) {
            std::vector<std::string> all = {
                keystore::program_of_postgres(program), "-h", server.folder(), "-p",
                std::to_string(server.port()),          "-U", "owner"};
            all.insert(all.end(), words.begin(), words.end());
            require_success(run(all));
        };
        const std::string dump = pair.a.file("dump.sql");
        call("pg_dump", {"-f", dump, "dumped"});
        server.sql("postgres", "create database elsewhere");
        call("psql", {"-X", "-q", "-v", "ON_ERROR_STOP=1", "-f", dump, "elsewhere"});
        restored = server.connection("elsewhere");
    }
    SECTION("SQLite's backup") {
        store = pair.a.file("keys.db").string();
        restored = pair.a.file("copy.db").string();
        keystore_does(pair.one, {"copy", "device", store, "--group", "Prod*"});
        require_success(run({"/usr/bin/env", "sqlite3", store, ".backup " + restored}));
    }
    CHECK(has(keystore_does(pair.two, {"check", restored}), "3 keys seen: 3 good"));
    const Outcome refused = store_command(foreign, {"check", restored});
    CHECK(refused.status == 1);
    CHECK(has(refused.out, "3 keys seen: 0 good, 0 left as they are, 3 bad"));
    CHECK(has(refused.err, "group ProdA, name k1, specifier 0: B0680080"));
}

namespace {

constexpr int kMany = 400;  // more than six commands of the device take

void make_many(const Pair& pair, const std::vector<std::string>& where) {
    std::vector<std::string> words = {std::string("LogonPass=") + kClerk};
    words.insert(words.end(), where.begin(), where.end());
    words.push_back("Group=ProdA");
    for (int i = 0; i < kMany; ++i) {
        words.push_back("Name=many" + std::to_string(i));
        words.push_back("GenerateKey=AES,128");
    }
    require_success(pair.a.tool("cxitool", words));
}

// Ctrl-C to a command whose effect has begun to show in `stats`, and the device slow enough that it is not
// over.
std::string interrupted(const Simulator& simulator, const std::string& function, const std::string& command,
                        const std::string& store, const std::string& mark) {
    simulator.steered({"fault", "add", "--function", function, "--times", "0", "--do", "delay=100"});
    const std::string program = built_program("cs2sim");
    const Outcome outcome =
        run({"/usr/bin/env", "CS2SIM_STATE=" + simulator.state().string(), "sh", "-uc",
             program + " keystore " + command + " --logon-pass " + kClerk + " & work=$!\nuntil " + program +
                 " keystore stats " + store + " | grep -q '" + mark +
                 "'; do sleep 0.02; done\nkill -INT $work; wait $work; echo status $?"});
    simulator.steered({"fault", "clear"});
    INFO(outcome.out << outcome.err);
    CHECK(has(outcome.out, "status 1\n"));
    CHECK(has(outcome.err, "stopped; the same command goes on"));
    return outcome.out;
}

std::uint64_t number_before(const std::string& text, const std::string& words) {
    const std::size_t end = text.find(words);
    INFO(text);
    REQUIRE(end != std::string::npos);
    const std::size_t begin = text.find_last_not_of("0123456789", end - 1) + 1;
    return std::stoull(text.substr(begin, end - begin));
}

}  // namespace

TEST_CASE("a rotation that is stopped goes on where it was, 64 keys a command") {
    const Pair pair;
    const std::string store = pair.a.file("keys.db").string();
    make_many(pair, {"KeyStore=" + store});
    pair.a.admin_does({"Key=n1.key#one,n2.key#two", "MBKGenerateKey=AES,32,2,2,NEXT"});
    pair.a.admin_does(
        {"Key=s1.key#one,s2.key#two", "MBKImportKey=1", "Key=n1.key#one,n2.key#two", "MBKImportKey=3"});
    const std::string hashes = interrupted(pair.one, "CXI.EXTERNAL_RESEAL", "recrypt " + store, store,
                                           "^MBK.* \\(64\\|128\\|192\\|256\\|320\\|384\\) keys");
    CHECK(has(hashes, "from MBK "));
    CHECK(has(hashes, "to MBK "));
    const std::uint64_t first = number_before(hashes, " sealed anew");
    CHECK(first >= 64);
    CHECK(first < kMany);
    CHECK(number_before(keystore_does(pair.one, {"recrypt", store}), " sealed anew") == kMany - first);
    CHECK(has(keystore_does(pair.one, {"recrypt", store}), "0 keys seen"));
    CHECK(has(keystore_does(pair.one, {"check", store}), std::to_string(kMany) + " good"));
    const std::string calls = pair.one.steered({"stats"});
    INFO(calls);
    CHECK(has(calls, "EXTERNAL_RESEAL"));
}

TEST_CASE("a move out of the device that is stopped goes on where it was, counted, its source untouched") {
    const Pair pair;
    const std::string store = pair.a.file("keys.db").string();
    make_many(pair, {});
    const std::uint64_t all = kMany + 2;  // with those of Pair
    const std::string copy = "copy device " + store + " --group ProdA";
    const std::string out = interrupted(pair.one, "CXI.KEY_BACKUP", copy, store, "^keys *[1-9]");
    const std::uint64_t first = number_before(out, " copied");
    CHECK(first >= 64);
    CHECK(first < all);
    const std::string rest = keystore_does(pair.one, {"copy", "device", store, "--group", "ProdA"});
    CHECK(number_before(rest, " copied") == all - first);
    CHECK(number_before(rest, " left") == first);
    CHECK(has(keystore_does(pair.two, {"check", store}), std::to_string(all) + " good"));
    const auto inside = [&] {
        return pair.a.tool("cxitool", {std::string("LogonPass=") + kClerk, "Group=ProdA", "ListKeys"}).out;
    };
    CHECK(has(inside(), "many0 "));
    CHECK(has(inside(), "many399 "));
    // Asked for, they go, those that a copy brought over before too; and back into the other device.
    const std::string moved =
        keystore_does(pair.one, {"copy", "device", store, "--group", "ProdA", "--move"});
    CHECK(number_before(moved, " left") == all);
    CHECK_FALSE(has(inside(), "many0 "));
    for (const char* move : {"", "--move"}) {
        std::vector<std::string> back = {"copy", store, "device", "--group", "ProdA"};
        if (*move != 0) back.push_back(move);
        const std::string done = keystore_does(pair.two, back);
        CHECK(number_before(done, *move != 0 ? " left" : " copied") == all);
    }
    CHECK(has(keystore_does(pair.two, {"stats", store}, false), "keys     0 in 0"));
    // One of the same name that is another key moves nowhere.
    for (const std::string& where : {"KeyStore=" + store, std::string()}) {
        std::vector<std::string> make = {std::string("LogonPass=") + kClerk};
        if (!where.empty()) make.push_back(where);
        make.insert(make.end(), {"Group=ProdC", "Name=same", "GenerateKey=AES,128"});
        require_success(pair.a.tool("cxitool", make));
    }
    const std::string other = pair.a.file("other.db").string();
    require_success(pair.a.tool("cxitool", {std::string("LogonPass=") + kClerk, "KeyStore=" + other,
                                            "Group=ProdC", "Name=same", "GenerateKey=AES,128"}));
    for (const auto& [from, to] :
         {std::pair{std::string("device"), store}, {store, std::string("device")}, {store, other}})
        for (const bool move : {false, true}) {
            std::vector<std::string> copy = {"copy", from, to, "--group", "ProdC"};
            if (move) copy.push_back("--move");
            const Outcome refused = store_command(pair.one, copy);
            INFO(refused.out << refused.err);
            CHECK(refused.status == 1);
            CHECK(has(refused.out, "1 keys seen: 0 copied, 0 left as they are, 1 bad"));
            CHECK(has(refused.err, "group ProdC, name same, specifier 0: B0880005"));
        }
    CHECK(has(keystore_does(pair.two, {"stats", store}, false), "keys     1 in 1"));
    require_success(
        pair.a.tool("cxitool", {std::string("LogonPass=") + kClerk, "Group=ProdC", "Name=same", "KeyInfo"}));
}

TEST_CASE("governance files are kept, signed, verified and put back") {
    const Simulator simulator;
    const Operator user(simulator, Way::mount);
    const auto file = [&](const char* name) { return user.file(name).string(); };
    write_file(user.file("p11.cfg"),
               "[KeyStorage]\nKeyStorageConfig = \"host=db password=hidden user=lab\"\n# a comment\n"
               "InitTokenAs = ADMIN,/path/ADMIN.key#hidden\nInitTokenAs = \"ADMIN,ADMIN.key #hidden\"\n"
               "InitTokenAs = ADMIN,hidden#1\nInitTokenAs = \"ADMIN,hidden\"\n"
               "InitTokenAs = ADMIN,/path/ADMIN.key,hidden\nInitTokenAs = ADMIN,:cs2:cjo:USB0\n"
               "passwd=hidden\npass=hidden\nLogonPass=CLERK,hidden\nlast = 1 # comment\n"
               "password='hidden" +
                   std::string(20000, 'a') + "'\n");
    write_file(user.file("own.msc"), "a module");
    const std::string key = simulator.admin_key();
    const auto governance = [&](std::vector<std::string> arguments) {
        arguments.insert(arguments.begin(), "governance");
        arguments.insert(arguments.end(), {"--key", key});
        return simulator.steer(std::move(arguments));
    };
    require_success(
        governance({"backup", file("kept"), "--audit", "--share", "s1.key", "--file",
                    "pkcs11-configuration=" + file("p11.cfg"), "--file", "module=" + file("own.msc")}));
    CHECK(governance({"backup", file("kept"), "--audit"}).status == 1);  // not empty
    const Outcome verified = governance({"verify", file("kept")});
    require_success(verified);
    CHECK(has(verified.out, "audit-log"));
    CHECK(read_file(user.file("kept") / "1-p11.cfg") ==
          "[KeyStorage]\nKeyStorageConfig = \"host=db password=*** user=lab\"\n# a comment\n"
          "InitTokenAs = ADMIN,/path/ADMIN.key#***\nInitTokenAs = \"ADMIN,ADMIN.key #***\"\n"
          "InitTokenAs = ADMIN,***\nInitTokenAs = \"ADMIN,***\"\n"
          "InitTokenAs = ADMIN,/path/ADMIN.key,***\nInitTokenAs = ADMIN,:cs2:cjo:USB0\n"
          "passwd=***\npass=***\nLogonPass=***\nlast = 1 # comment\npassword=***\n");

    write_file(user.file("own.msc"), "changed since");
    std::filesystem::remove(user.file("p11.cfg"));
    const Outcome restored = governance({"restore", file("kept")});
    require_success(restored);
    CHECK(has(restored.out, "2 files restored"));
    CHECK(has(restored.out, "s1.key"));
    CHECK(read_file(user.file("own.msc")) == "a module");
    CHECK(has(read_file(user.file("p11.cfg")), "password=***"));

    // All or none: what stands in the way of one keeps the other as it is.
    std::filesystem::remove(user.file("own.msc"));
    std::filesystem::create_directory(user.file("own.msc"));
    write_file(user.file("p11.cfg"), "mine");
    CHECK(has(governance({"restore", file("kept")}).err, "nothing was changed"));
    CHECK(read_file(user.file("p11.cfg")) == "mine");
    std::filesystem::remove(user.file("own.msc"));
    // With an administrator's log-on the device has its settings back as well; one file that cannot take its
    // place keeps all as it was.
    const std::string logon = "ADMIN," + key;
    const auto audit = [&] { return user.admin_does({"GetAuditConfig"}); };
    const std::string settings = audit();
    user.admin_does({"SetAuditConfig=Files=7,Size=54321"});
    const std::string others = audit();
    CHECK(others != settings);
    write_file(user.file("p11.cfg"), "mine");
    std::filesystem::remove(user.file("own.msc"));
    std::filesystem::create_directories(user.file("own.msc") / "in the way");
    const Outcome partial = governance({"restore", file("kept"), "--logon", logon});
    CHECK(partial.status == 1);
    CHECK(has(partial.err, "nothing was changed"));
    CHECK(read_file(user.file("p11.cfg")) == "mine");
    CHECK(audit() == others);
    std::filesystem::remove_all(user.file("own.msc"));
    const Outcome whole = governance({"restore", file("kept"), "--logon", logon});
    require_success(whole);
    CHECK(has(whole.out, "the audit's configuration is set"));
    CHECK_FALSE(has(whole.out, "SetAuditConfig"));
    CHECK(audit() == settings);

    // What cannot be kept meanwhile, or is no file, is not replaced at all.
    std::filesystem::remove(user.file("own.msc"));
    REQUIRE(::mkfifo(file("own.msc").c_str(), 0600) == 0);
    CHECK(has(governance({"restore", file("kept")}).err, "no regular file; nothing was changed"));
    std::filesystem::remove(user.file("own.msc"));
    write_file(user.file("own.msc"), "");
    std::filesystem::resize_file(user.file("own.msc"), 70'000'000);
    CHECK(has(governance({"restore", file("kept")}).err, "nothing was changed"));
    CHECK(std::filesystem::file_size(user.file("own.msc")) == 70'000'000);
    // A folder of something else stays as it is.
    std::filesystem::create_directory(user.file("others"));
    write_file(user.file("others") / "f", "");
    const auto mode_of = [&] { return std::filesystem::status(user.file("others")).permissions(); };
    const auto before = mode_of();
    CHECK(governance({"backup", file("others"), "--file", "profile=" + file("p11.cfg")}).status == 1);
    CHECK(mode_of() == before);
    // Names steer no terminal.
    const std::string odd = user.file("a\x1B[31m").string();
    write_file(odd, "x");
    require_success(governance({"backup", file("odd"), "--file", "profile=" + odd}));
    const Outcome listed = governance({"verify", file("odd")});
    require_success(listed);
    CHECK(!has(listed.out, "\x1B"));
    CHECK(!has(user.csadm({"No\x1B[31mSuch"}).err, "\x1B"));

    const std::string kept = read_file(user.file("kept") / "2-own.msc");
    write_file(user.file("own.msc"), "mine");
    write_file(user.file("kept") / "2-own.msc", kept + " ");
    CHECK(governance({"verify", file("kept")}).status == 1);
    CHECK(governance({"restore", file("kept")}).status == 1);
    CHECK(read_file(user.file("own.msc")) == "mine");
    write_file(user.file("kept") / "2-own.msc", kept);
    // Another user's word about an earlier restore, which names files to delete.
    const auto journal = user.file(".cs2sim-restore");
    write_file(user.file("victim"), "x");
    write_file(journal, "[[target]]\npath = '" + file("victim") + "'\nwas_there = false\n");
    std::filesystem::permissions(journal, std::filesystem::perms{0666});
    const Outcome planted = governance({"restore", file("kept")});
    CHECK(planted.status == 1);
    CHECK(has(planted.err, ".cs2sim-restore is not yours, or others may write it"));
    CHECK(std::filesystem::exists(user.file("victim")));
    std::filesystem::remove(journal);
    write_file(user.file("kept") / "foreign", "x");
    CHECK(has(governance({"verify", file("kept")}).err, "not in the manifest"));
    std::filesystem::remove(user.file("kept") / "foreign");
    require_success(governance({"verify", file("kept")}));
    const std::string manifest = read_file(user.file("kept") / "manifest.toml");
    write_file(user.file("kept") / "manifest.toml", manifest + "\n");
    CHECK(has(governance({"verify", file("kept")}).err, "not signed by this key"));
}
