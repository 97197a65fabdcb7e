#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <fstream>
#include <iterator>

#include "firmware/protocol/time_text.h"
#include "firmware/smos/smos.h"
#include "test/unit/scratch.h"

using namespace cs2sim;
namespace fs = std::filesystem;

namespace {

std::unique_ptr<Smos> open_smos(const fs::path& folder) {
    auto smos = Smos::open(folder);
    REQUIRE(smos);
    return std::move(*smos);
}

void put(const fs::path& file, std::string_view text) {
    std::ofstream(file, std::ios::binary).write(text.data(), static_cast<std::streamsize>(text.size()));
}

}  // namespace

TEST_CASE("a state folder is made, private, and found again") {
    ScratchFolder scratch;
    const fs::path state = scratch.path() / "state";
    Bytes derived;
    {
        const auto smos = open_smos(state);
        derived = to_bytes(*smos->master_key.derive("x"));
        CHECK(derived.size() == 32);
        CHECK(to_bytes(*smos->master_key.derive("y")) != derived);
    }
    CHECK(to_bytes(*open_smos(state)->master_key.derive("x")) == derived);
    struct stat info {};
    REQUIRE(::stat((state / "keyram").c_str(), &info) == 0);
    CHECK((info.st_mode & 0777) == 0600);
    REQUIRE(::stat(state.c_str(), &info) == 0);
    CHECK((info.st_mode & 0777) == 0700);
}

TEST_CASE("a state folder that cannot be had says why") {
    ScratchFolder scratch;
    CHECK(code_of(Smos::open(scratch.path() / "no" / "such")) == E_OS_FILE_NO_SUCH_PATH);
    put(scratch.path() / "file", "x");
    CHECK(code_of(Smos::open(scratch.path() / "file")) == E_OS_FILE_NO_SUCH_PATH);
    CHECK(code_of(Smos::open(scratch.path() / "file" / "below")) == E_OS_FILE_NO_SUCH_PATH);
    CHECK(code_of(Smos::open("/proc/cs2sim-state")) != 0);

    open_smos(scratch.path() / "state");
    put(scratch.path() / "state" / "nvram.db",
        "this is not a database, not at all, but long enough to be read");
    CHECK(code_of(Smos::open(scratch.path() / "state")) == E_OS_FILE_CORR);
}

TEST_CASE("a master key that was damaged, erased or replaced") {
    ScratchFolder scratch;
    const fs::path file = scratch.path() / "keyram";
    MasterKey key(file);
    REQUIRE(key.load_or_create());
    const Bytes before = to_bytes(*key.derive("x"));

    SECTION("damaged") {
        std::fstream keyram(file, std::ios::in | std::ios::out | std::ios::binary);
        keyram.seekp(20);
        keyram.put('\x55');
        keyram.put('\x55');
        keyram.close();
        CHECK(code_of(MasterKey(file).load_or_create()) == E_OS_CRYPT_MK_CORR);
        put(file, "");
        CHECK(code_of(MasterKey(file).load_or_create()) == E_OS_CRYPT_MK_CORR);
    }
    SECTION("erased stays erased") {
        REQUIRE(key.erase());
        CHECK_FALSE(key.present());
        CHECK(code_of(key.derive("x")) == E_OS_CRYPT_NO_MK);
        MasterKey again(file);
        REQUIRE(again.load_or_create());
        CHECK_FALSE(again.present());
    }
    SECTION("regenerated") {
        REQUIRE(key.regenerate());
        const Bytes after = to_bytes(*key.derive("x"));
        CHECK(after != before);
        MasterKey again(file);
        REQUIRE(again.load_or_create());
        CHECK(to_bytes(*again.derive("x")) == after);
    }
    SECTION("an erased key is off the disk, not only unlinked") {
        fs::create_hard_link(file, scratch.path() / "witness");
        REQUIRE(key.erase());
        std::ifstream witness(scratch.path() / "witness", std::ios::binary);
        const std::string content((std::istreambuf_iterator<char>(witness)), {});
        CHECK(content == "CS2KEYR1" + std::string(40, '\0'));
    }
}

TEST_CASE("names of files") {
    CHECK(*Flash::plain_name("FLASH\\CXIKEY.db") == "CXIKEY.db");
    CHECK(*Flash::plain_name("flash\\user.db") == "user.db");
    CHECK(*Flash::plain_name("user.db") == "user.db");
    CHECK(*Flash::plain_name(std::string(31, 'a')) == std::string(31, 'a'));
    for (const std::string& bad :
         {std::string(), std::string("FLASH\\"), std::string(32, 'a'), std::string(1000, 'a'),
          std::string("../x"), std::string(".."), std::string("a/b"), std::string("a\\b"),
          std::string(".hidden"), std::string("nul\0l", 5), std::string("a b"),
          std::string("FLASH\\FLASH\\x")})
        CHECK(code_of(Flash::plain_name(bad)) == E_OS_FILE_ILL_NAME);
}

TEST_CASE("flash files are written whole, listed by name, and gone when removed") {
    ScratchFolder scratch;
    const auto smos = open_smos(scratch.path() / "state");
    Flash& flash = smos->flash;
    REQUIRE(flash.write("b.txt", as_bytes("two")));
    REQUIRE(flash.write("a.txt", as_bytes("")));
    REQUIRE(flash.write("b.txt", as_bytes("three")));
    CHECK(*flash.read("b.txt") == to_bytes(as_bytes("three")));
    CHECK(flash.read("a.txt")->empty());
    const auto files = flash.list();
    REQUIRE(files.size() == 2);
    CHECK(files[0].name == "a.txt");
    CHECK(files[1].size == 5);
    CHECK(code_of(flash.read("c.txt")) == E_OS_FILE_NO_SUCH_FILE);
    CHECK(code_of(flash.remove("c.txt")) == E_OS_FILE_NO_SUCH_FILE);
    REQUIRE(flash.remove("a.txt"));
    CHECK_FALSE(flash.exists("a.txt"));
}

TEST_CASE("what a kill left half-written is swept away at the next start") {
    ScratchFolder scratch;
    open_smos(scratch.path() / "state");
    const fs::path file = scratch.path() / "state" / "flash" / "files" / ".b.txt.tmp7";
    const fs::path master_key = scratch.path() / "state" / ".tmp7";
    for (const fs::path& unfinished : {file, master_key}) put(unfinished, "half");
    open_smos(scratch.path() / "state");
    for (const fs::path& unfinished : {file, master_key}) CHECK_FALSE(fs::exists(unfinished));
}

TEST_CASE("settings outlive the process") {
    ScratchFolder scratch;
    {
        const auto smos = open_smos(scratch.path());
        CHECK_FALSE(smos->nvram.number("a"));
        REQUIRE(smos->nvram.set_number("a", -5));
        REQUIRE(smos->nvram.set_number("a", INT64_MAX));
        CHECK(smos->nvram.bytes("a").empty());
        REQUIRE(smos->nvram.set_bytes("a", Bytes{1}));
        REQUIRE(smos->nvram.set_bytes("a", Bytes{2, 0, 3}));
        REQUIRE(smos->nvram.set_bytes("gone", Bytes{4}));
        REQUIRE(smos->nvram.set_bytes("gone", {}));
        REQUIRE(smos->nvram.set_bytes("never there", {}));
        CHECK(smos->nvram.bytes("gone").empty());
        REQUIRE(smos->clock.set(1000000000000));
    }
    const auto smos = open_smos(scratch.path());
    CHECK(smos->nvram.number("a") == INT64_MAX);
    CHECK(smos->nvram.bytes("a") == Bytes{2, 0, 3});
    CHECK(smos->nvram.bytes("gone").empty());
    CHECK(smos->clock.milliseconds() >= 1000000000000);
    CHECK(smos->clock.milliseconds() < 1000000060000);
    CHECK(code_of(smos->clock.set(-1)) == E_OS_RTC_PARAM);
    CHECK(code_of(smos->clock.set(4102444800000)) == E_OS_RTC_PARAM);
    CHECK(smos->clock.set(4102444799999));
    CHECK(date_and_time(1000000000000) == "2001-09-09 01:46:40");
}

TEST_CASE("batteries: the external one drains first, after two years both are empty (guide G20)") {
    ScratchFolder scratch;
    const auto smos = open_smos(scratch.path());
    Sensors& sensors = smos->sensors;
    CHECK(sensors.carrier_battery().volts == Approx(3.108));
    CHECK(sensors.external_battery().volts == Approx(3.586));
    CHECK(code_of(sensors.reset_alarm()) == E_OS_SENS_NO_ALARM);

    CHECK_FALSE(*sensors.shelve(17));
    CHECK_FALSE(sensors.external_battery().low);
    CHECK_FALSE(*sensors.shelve(1));
    CHECK(sensors.external_battery().low);
    CHECK_FALSE(sensors.carrier_battery().low);
    CHECK_FALSE(*sensors.shelve(5));
    CHECK(sensors.alarm() == Alarm::off);
    CHECK(*sensors.shelve(1));
    CHECK(sensors.alarm() == Alarm::batteries);
    CHECK(*sensors.shelve(UINT_MAX));

    CHECK(code_of(sensors.reset_alarm()) == E_OS_SENS_ALARM_PRESENT);
    REQUIRE(sensors.replace_batteries());
    CHECK(sensors.reset_alarm());
    CHECK(sensors.alarm() == Alarm::off);
    CHECK_FALSE(*sensors.drain(Battery::carrier));
    CHECK(*sensors.drain(Battery::external));
}

TEST_CASE("temperature outside its range raises an alarm that stays until it is comfortable again") {
    ScratchFolder scratch;
    const auto smos = open_smos(scratch.path());
    CHECK(smos->sensors.temperature() == Approx(30.0));
    REQUIRE(smos->sensors.set_temperature(65.9));
    CHECK(smos->sensors.alarm() == Alarm::off);
    REQUIRE(smos->sensors.set_temperature(70));
    CHECK(smos->sensors.alarm() == Alarm::temperature);
    CHECK(code_of(smos->sensors.reset_alarm()) == E_OS_SENS_ALARM_PRESENT);
    REQUIRE(smos->sensors.set_temperature(25.5));
    CHECK(smos->sensors.temperature() == Approx(25.5));
    CHECK(smos->sensors.reset_alarm());
    CHECK(code_of(smos->sensors.set_temperature(NAN)) == E_OS_SENS_PARAM);
    CHECK(code_of(smos->sensors.set_temperature(201)) == E_OS_SENS_PARAM);
}

TEST_CASE("a start makes up for an alarm whose erasure a kill prevented") {
    ScratchFolder scratch;
    {
        const auto smos = open_smos(scratch.path());
        REQUIRE(smos->master_key.present());
        SECTION("raised, not erased") { REQUIRE(smos->sensors.raise_alarm(Alarm::tamper)); }
        SECTION("batteries empty, not raised") {
            REQUIRE(smos->nvram.set_number("battery.carrier", 6));
            REQUIRE(smos->nvram.set_number("battery.external", 18));
        }
        SECTION("too hot, not raised") { REQUIRE(smos->nvram.set_number("sensor.centidegrees", 9000)); }
    }
    for (int start = 0; start < 2; ++start) {
        const auto smos = open_smos(scratch.path());
        CHECK(smos->sensors.alarm() != Alarm::off);
        CHECK(code_of(smos->master_key.derive("x")) == E_OS_CRYPT_NO_MK);
    }
}
