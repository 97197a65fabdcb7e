// Bad input: the exact error, nothing changed on the device, no partial file left.
#include <fstream>

#include "test/bad_input.h"
#include "test/scenario/backup_text.h"
#include "test/scenario/expect.h"
#include "test/scenario/simulator.h"

using namespace cs2sim;
using namespace cs2sim::scenario;

namespace {

// A device with an MBK and two users, and its good backup of user.db.
struct Prepared {
    Simulator simulator;
    Operator user;
    std::string users;
    std::string backup;

    explicit Prepared(Way way) : user(simulator, way) {
        user.make_mbk();
        user.admin_does({"AddUser=CLERK,00000002,hmacpwd,clerks-secret"});
        require_success(user.csadm({"LogonPass=CLERK,clerks-secret"}));  // from now on Z[n] is shown
        user.admin_does({"BackupDatabase=user.db", "AddUser=LATER,00000002,hmacpwd,laters-secret"});
        users = user.users();
        backup = read_file(user.file("user.db"));
    }

    // Restoring `text` must fail so and change nothing.
    void refuses(const std::string& text, std::uint32_t code) const {
        test::bad_input("backup files, forged or damaged");
        write_file(user.file("forged.db"), text);
        require_error(user.as_admin({"RestoreDatabase=forged.db"}), code);
        CHECK(user.users() == users);
        require_error(user.csadm({"LogonPass=CLERK,other-secret"}), E_CMDS_AUTH_FAILED);
        require_success(user.csadm({"LogonPass=CLERK,clerks-secret"}));
        CHECK(user.users() == users);
    }
};

std::string replaced(std::string text, const std::string& what, const std::string& by) {
    const std::size_t at = text.find(what);
    INFO("looking for " << what);
    REQUIRE(at != std::string::npos);
    return text.replace(at, what.size(), by);
}

}  // namespace

TEST_CASE("bad input: names of databases") {
    const Simulator simulator;
    const Operator user(simulator, GENERATE(Way::mount, Way::tcp));
    user.make_mbk();
    const auto before = names_in(user.folder());
    const auto refused = [&](const std::string& name, std::uint32_t code) {
        INFO(name);
        require_error(user.as_admin({"BackupDatabase=" + name}), code);
        CHECK(names_in(user.folder()) == before);
    };
    refused("nothing.db", E_OS_FILE_NO_SUCH_FILE);
    refused("USER.DB", E_OS_FILE_NO_SUCH_FILE);
    refused(std::string(1000, 'a'), E_OS_FILE_ILL_NAME);
    refused(std::string(996, 'a') + ".db", E_OS_FILE_ILL_NAME);
    refused("../user.db", E_OS_FILE_ILL_NAME);
    refused("/etc/passwd", E_OS_FILE_ILL_NAME);
    refused("flash/user.db", E_OS_FILE_ILL_NAME);
    refused("..", E_OS_FILE_ILL_NAME);
    refused("", E_OS_FILE_ILL_NAME);
    refused("user.db\n", E_OS_FILE_ILL_NAME);
    refused(std::string(70000, 'a'), E_CSA_LENGTH);
    refused("VMBK1.db", E_ADM_MBK_DB_OUT);
    refused("FLASH\\VMBK1.db", E_ADM_MBK_DB_OUT);

    require_error(user.as_admin({"RestoreDatabase=nothing.db"}), E_CSA_BACKUP_FILE);
    require_error(user.as_admin({"RestoreDatabase=" + user.folder().string()}), E_CSA_BACKUP_FILE);
    require_success(user.as_admin({"BackupDatabase=FLASH\\user.db"}));
    CHECK(std::filesystem::exists(user.file("user.db")));
}

TEST_CASE("bad input: files that are no whole backup") {
    const Prepared prepared(GENERATE(Way::mount, Way::tcp));
    prepared.refuses("", E_CSA_BACKUP_EMPTY);
    prepared.refuses("\n", E_CSA_BACKUP_SYNTAX);
    prepared.refuses("hello\n", E_CSA_BACKUP_SYNTAX);
    prepared.refuses(std::string(100000, '\0'), E_CSA_BACKUP_SYNTAX);
    prepared.refuses(std::string(3 * 1024 * 1024, 'A'), E_CSA_BACKUP_SYNTAX);
    const std::string& good = prepared.backup;
    prepared.refuses(replaced(good, "DB Entry\n", "DB Entry\nXY"), E_CSA_BACKUP_SYNTAX);
    prepared.refuses(replaced(good, "DB Entry\n", "DB Entry\n0"), E_CSA_BACKUP_SYNTAX);
    prepared.refuses(replaced(good, "DB Index\n", "DB Index\n00"), E_CSA_BACKUP_KEY_LENGTH);
    prepared.refuses(replaced(good, "8 bytes", "9 bytes"), E_CSA_BACKUP_KEY_LENGTH);
    prepared.refuses(replaced(good, "8 bytes", "99999999999999999999 bytes"), E_CSA_BACKUP_SYNTAX);
    prepared.refuses(good.substr(0, good.find("About Master")), E_CSA_BACKUP_NO_MBK);
    prepared.refuses(replaced(good, "MBK ISO Hash: ", "MBK ISO Hash: 00"), E_CSA_BACKUP_NO_MBK);
}

TEST_CASE("bad input: a file cut off anywhere") {
    const Prepared prepared(Way::mount);
    const std::string& good = prepared.backup;
    // Where the tail begins to be the database's, and where the MBK's heading is whole.
    const std::size_t tail = good.find("Additional Database Information\n");
    const std::size_t mbk = good.find("MBK Key Name");
    for (std::size_t size = 0; size + 1 < good.size(); size += good.size() / 60 + 1) {
        INFO(size << " of " << good.size() << " bytes");
        write_file(prepared.user.file("forged.db"), good.substr(0, size));
        const Outcome outcome = prepared.user.as_admin({"RestoreDatabase=forged.db"});
        if (size < tail || size >= mbk) {
            const std::uint32_t early = size == 0 ? E_CSA_BACKUP_EMPTY : E_CSA_BACKUP_SYNTAX;
            require_error(outcome, size < tail ? early : +E_CSA_BACKUP_NO_MBK);
        } else {  // a number may end early
            const bool no_mbk = outcome.err.ends_with(describe(E_CSA_BACKUP_NO_MBK));
            require_error(outcome, no_mbk ? E_CSA_BACKUP_NO_MBK : E_CSA_BACKUP_SYNTAX);
        }
        CHECK(prepared.user.users() == prepared.users);
    }
}

TEST_CASE("bad input: entries changed, moved, foreign or doubled") {
    const Prepared prepared(GENERATE(Way::mount, Way::tcp));
    const BackupText good(prepared.backup);

    SECTION("edited hexadecimal") {
        const std::size_t last = BackupText(good).entry("CLERK").record.size() - 1;
        for (const std::size_t at : {std::size_t{0}, std::size_t{21}, last}) {
            BackupText text = good;
            char& digit = text.entry("CLERK").record.at(at);
            digit = digit == 'F' ? '0' : 'F';
            prepared.refuses(text.text(), E_ADM_BACKUP_MAC);
        }
    }
    SECTION("shortened entry") {
        BackupText text = good;
        text.entry("CLERK").record.resize(2);
        prepared.refuses(text.text(), E_ADM_BACKUP_MAC);
    }
    SECTION("entry moved to another index") {
        BackupText text = good;
        std::swap(text.entry("CLERK").record, text.entry("ADMIN").record);
        prepared.refuses(text.text(), E_ADM_BACKUP_INDEX);
        text = good;
        text.entry("CLERK").index = "4C41544552000000; (LATER   ) ";
        prepared.refuses(text.text(), E_ADM_BACKUP_INDEX);
    }
    SECTION("the bad entry is the last: the good ones before it are not applied either") {
        BackupText text = good;
        std::erase_if(text.entries,
                      [](const auto& entry) { return entry.index.find("ADMIN") != std::string::npos; });
        text.entries.push_back({"5A5A000000000000; (ZZ      ) ", good.entries[0].record});
        prepared.user.admin_does({"DeleteUser=CLERK"});
        const std::string before = prepared.user.users();
        write_file(prepared.user.file("forged.db"), text.text());
        require_error(prepared.user.as_admin({"RestoreDatabase=forged.db"}), E_ADM_BACKUP_INDEX);
        CHECK(prepared.user.users() == before);
    }
    SECTION("duplicate entries") {
        BackupText text = good;
        text.entries.push_back(text.entry("CLERK"));
        prepared.refuses(text.text(), E_DB_EXISTS);
    }
    SECTION("entry of another database") {
        BackupText text = good;
        text.head = replaced(text.head, "user.db", "CXIKEY.db");
        prepared.refuses(text.text(), E_ADM_DATA_LEN);  // another length of search keys
    }
    SECTION("another MBK is stated") {
        BackupText text = good;
        char& digit = text.tail.at(text.tail.find("ISO Hash: ") + 10);
        digit = digit == '0' ? '1' : '0';
        prepared.refuses(text.text(), E_ADM_BACKUP_MAC);
    }
    SECTION("another database is named") {
        BackupText text = good;
        text.head = replaced(text.head, "user.db", "nothing.db");
        prepared.refuses(text.text(), E_ADM_BACKUP_MAC);
        CHECK(prepared.user.admin_does({"ListFiles"}).find("nothing.db") == std::string::npos);
        text.head = replaced(text.head, "nothing.db", "VMBK1.db");
        prepared.refuses(text.text(), E_ADM_MBK_DB_IN);
        text.head = replaced(text.head, "VMBK1.db", "../user.db");
        prepared.refuses(text.text(), E_OS_FILE_ILL_NAME);
    }
    SECTION("line ends of another system are no harm") {
        std::string text;
        for (const char c : good.text()) text += c == '\n' ? "\r\n" : std::string(1, c);
        write_file(prepared.user.file("forged.db"), text);
        prepared.user.admin_does({"RestoreDatabase=forged.db"});
    }
}

TEST_CASE("bad input: a file of 1 GB costs neither memory nor hours") {
    const Prepared prepared(Way::tcp);
    const auto path = prepared.user.file("forged.db");
    constexpr std::uintmax_t kGigabyte = 1ULL << 30;
    constexpr long kMemory = 64 * 1024;  // KiB

    SECTION("of zeros") {
        write_file(path, prepared.backup);
        std::filesystem::resize_file(path, kGigabyte);
        const Outcome outcome = prepared.user.as_admin({"RestoreDatabase=forged.db"});
        require_error(outcome, E_CSA_BACKUP_SYNTAX);
        CHECK(outcome.peak_kilobytes < kMemory);
    }
    SECTION("of forged entries") {
        const BackupText good(prepared.backup);
        {
            std::ofstream out(path, std::ios::binary);
            out << good.head;
            const std::string record(200000, 'A');
            for (std::uintmax_t i = 0, size = 0; size < kGigabyte; ++i, size += record.size() + 60) {
                char index[32];
                std::snprintf(index, sizeof index, "%016llX", static_cast<unsigned long long>(i + 1));
                out << "DB Index\n" << index << "; (        ) \nDB Entry\n" << record << "\n\n";
            }
            out << good.tail;
            REQUIRE(out.good());
        }
        const Outcome outcome = prepared.user.as_admin({"RestoreDatabase=forged.db"});
        require_error(outcome, E_ADM_BACKUP_MAC);
        CHECK(outcome.peak_kilobytes < kMemory);
    }
    CHECK(prepared.user.users() == prepared.users);
}

TEST_CASE("bad input: a backup that cannot be written leaves nothing behind") {
    Prepared prepared(GENERATE(Way::mount, Way::tcp));
    Operator& user = prepared.user;

    SECTION("a folder where the file should be") {
        std::filesystem::remove(user.file("user.db"));
        std::filesystem::create_directory(user.file("user.db"));
        const auto before = names_in(user.folder());
        require_error(user.as_admin({"BackupDatabase=user.db"}), E_CSA_BACKUP_WRITE);
        CHECK(names_in(user.folder()) == before);
        CHECK(names_in(user.file("user.db")).empty());
    }
    SECTION("a folder in which nobody can write") {
        user.options.folder = "/proc";
        const Outcome outcome = user.as_admin({"BackupDatabase=user.db", "BackupDatabase=CXIKEY.db"});
        require_error(outcome, E_CSA_BACKUP_WRITE);
        CHECK(outcome.out.empty());
    }
    SECTION("a refused backup leaves an older file as it was") {
        require_error(user.csadm({"BackupDatabase=user.db"}), E_CMDS_DENIED);
        CHECK(read_file(user.file("user.db")) == prepared.backup);
    }
    CHECK(user.users() == prepared.users);
}

TEST_CASE("bad input: shares of an MBK that cannot all be written leave none, and the slot as it was") {
    const Simulator simulator;
    const Operator user(simulator, GENERATE(Way::mount, Way::tcp));
    const std::string empty = user.admin_does({"MBKListKeys"});
    const auto refused = [&](const std::string& keys, const std::string& what, std::uint32_t code) {
        INFO(keys << " " << what);
        require_error(user.as_admin({"Key=" + keys, "MBKGenerateKey=" + what}), code);
        CHECK(names_in(user.folder()).empty());
        CHECK(user.admin_does({"MBKListKeys"}) == empty);
    };
    refused("a.key,nowhere/b.key", "AES,32,2,2,NAME", E_CSA_KEY_WRITE);
    refused("a.key,a.key", "AES,32,2,2,NAME", E_CSA_PARAM);
    refused("a.key", "AES,32,2,2,NAME", E_CSA_KEY_PARTS);
    refused("a.key,b.key", "AES,32,2,3,NAME", E_MBK_SHARE_CNT);
    refused("a.key,b.key", "AES,16,2,2,NAME", E_MBK_KEY_LB);
    refused("a.key,b.key", "AES,32,2,2,", E_MBK_KEY_NAME);
    refused("a.key,b.key", "DES,16,2,2,NAME", E_MBK_KEY_TYPE);
    require_error(user.csadm({"Key=a.key,b.key", "MBKGenerateKey=AES,32,2,2,NAME"}), E_CMDS_DENIED);
    CHECK(names_in(user.folder()).empty());
}

TEST_CASE("bad input: shares that do not make up the MBK are refused") {
    const Simulator simulator;
    const Operator user(simulator, GENERATE(Way::mount, Way::tcp));
    user.admin_does({"Key=a1.key#x,a2.key,a3.key", "MBKGenerateKey=AES,32,3,2,FIRST", "Key=b1.key,b2.key",
                     "MBKGenerateKey=AES,32,2,2,SECOND"});
    const std::string loaded = user.admin_does({"MBKListKeys"});
    CHECK(loaded.find("FIRST") != std::string::npos);
    const auto refused = [&](const std::string& keys, const std::string& slot, std::uint32_t code) {
        INFO(keys);
        require_error(user.as_admin({"Key=" + keys, "MBKImportKey=" + slot}), code);
        CHECK(user.admin_does({"MBKListKeys"}) == loaded);
    };
    refused("a1.key", "3", E_CSA_SHARE_PASSWORD);
    refused("a1.key#wrong,a2.key", "3", E_MBK_ISO_HASH_FAIL);
    refused("a2.key", "3", E_MBK_SHARE_CNT);
    refused("a2.key,a2.key", "3", E_MBK_KEY_ID_SAME);
    refused("a2.key,b1.key", "3", E_MBK_IG_KEY_NAME_NM);
    refused("a2.key,a3.key", "0", E_MBK_KEY_TYPE);
    refused("a2.key,a3.key", "4", E_MBK_KEY_NO);
    refused("nowhere.key,a3.key", "3", E_CSA_SHARE_OPEN);
    write_file(user.file("odd.key"), "# Key Share\nINFO=00\nKEY=00\n");
    refused("odd.key,a3.key", "3", E_CSA_SHARE_FORMAT);

    CHECK(user.admin_does({"Key=b1.key,b2.key", "MBKImportKey=3", "MBKListKeys"}).find("SECOND") !=
          std::string::npos);
    CHECK(user.admin_does({"Key=a1.key#x,a3.key", "MBKImportKey=3", "MBKListKeys"}).find("FIRST") !=
          std::string::npos);
}
