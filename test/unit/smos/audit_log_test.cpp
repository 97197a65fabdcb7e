#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cerrno>
#include <fstream>
#include <thread>

#include "firmware/protocol/time_text.h"
#include "firmware/smos/smos.h"
#include "test/unit/scratch_smos.h"

using namespace cs2sim;
namespace fs = std::filesystem;

namespace {

struct LoggingDevice : ScratchSmos {
    AuditLog& log() { return smos->audit_log; }
    std::string text() {
        const auto all = log().text();
        REQUIRE(all);
        return *all;
    }
};

std::size_t lines(const std::string& text) {
    return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

}  // namespace

TEST_CASE("lines carry date and time, oldest first, and outlive the process") {
    LoggingDevice device;
    REQUIRE(device.smos->clock.set(1000000000000));
    REQUIRE(device.log().write(AUDIT_USER, "user added: A"));
    device.restart();
    REQUIRE(device.log().write(AUDIT_USER, "user added: B"));
    const std::string text = device.text();
    CHECK(text.starts_with("2001-09-09 01:46:4"));
    CHECK(text.find("user added: A\n2001") == 20);
    CHECK(text.ends_with("user added: B\n"));
}

TEST_CASE("classes that are off are not written") {
    LoggingDevice device;
    REQUIRE(device.log().write(AUDIT_AUTH_SUCCESS, "off by default"));
    REQUIRE(device.log().write(AUDIT_KEY, "off by default"));
    CHECK(device.text().empty());
    AuditConfig config;
    config.classes |= AUDIT_AUTH_SUCCESS;
    REQUIRE(device.log().set_config(config));
    REQUIRE(device.log().write(AUDIT_AUTH_SUCCESS, "now on"));
    CHECK(lines(device.text()) == 1);
}

TEST_CASE("nothing in a line can pass for another line or steer a terminal, and none is endless") {
    LoggingDevice device;
    REQUIRE(device.log().write(AUDIT_USER, "a\nb\r\x1b[2J\x7f\x9b\xff"));
    CHECK(device.text().ends_with(" a?b??[2J???\n"));
    REQUIRE(device.log().write(AUDIT_USER, std::string(5000, 'x')));
    CHECK(device.text().ends_with(" " + std::string(1000, 'x') + "\n"));
}

TEST_CASE("rotation keeps the newest files within the limits") {
    LoggingDevice device;
    REQUIRE(device.log().set_config({2, true, 1000, 0x7F00073F}));
    for (int i = 0; i < 100; ++i) REQUIRE(device.log().write(AUDIT_USER, "line " + std::to_string(i)));
    std::string text = device.text();
    CHECK(text.size() <= 2000);
    CHECK(text.size() > 1000);
    CHECK(text.ends_with("line 99\n"));
    device.restart();
    CHECK(device.text() == text);
    const auto last_lines = [&] {
        return "line 99\n" + date_and_time(device.smos->clock.milliseconds()) + " after restart\n";
    };
    const std::string at_least = last_lines();
    REQUIRE(device.log().write(AUDIT_USER, "after restart"));
    const std::string at_most = last_lines();
    const std::string written = device.text();
    CHECK((written.ends_with(at_least) || written.ends_with(at_most)));  // a second may have begun
}

TEST_CASE("without rotation a full log refuses") {
    LoggingDevice device;
    REQUIRE(device.log().set_config({1, false, 1000, 0x7F00073F}));
    std::uint32_t code = 0;
    for (int i = 0; i < 100 && code == 0; ++i)
        code = code_of(device.log().write(AUDIT_USER, "line " + std::to_string(i)));
    CHECK(code == E_OS_AUDIT_FULL);
    REQUIRE(device.log().clear());
    CHECK(device.text().empty());
    CHECK(device.log().write(AUDIT_USER, "room again"));
}

TEST_CASE("settings out of range are refused and change nothing") {
    LoggingDevice device;
    for (const AuditConfig& bad :
         {AuditConfig{0, true, 200000, 1}, AuditConfig{11, true, 200000, 1}, AuditConfig{3, true, 999, 1},
          AuditConfig{3, true, 1000001, 1}, AuditConfig{3, true, 200000, 0x800},
          AuditConfig{3, true, 200000, 0x80000000}})
        CHECK(code_of(device.log().set_config(bad)) == E_OS_AUDIT_CFG_RANGE);
    CHECK(device.log().config().files == 3);
    CHECK(device.log().config().classes == 0x7F00073F);
}

TEST_CASE("a torn last line is dropped and does not grow into the next") {
    LoggingDevice device;
    REQUIRE(device.log().write(AUDIT_USER, "whole"));
    const std::string before = device.text();
    device.smos.reset();
    std::ofstream(device.scratch.path() / "audit" / "audit.1", std::ios::app) << "2026-01-01 to";
    device.smos = std::move(*Smos::open(device.scratch.path()));
    CHECK(device.text() == before);
    REQUIRE(device.log().write(AUDIT_USER, "next"));
    CHECK(device.text().starts_with(before));
    CHECK(lines(device.text()) == 2);
}

TEST_CASE("threads that write together lose no line") {
    LoggingDevice device;
    std::vector<std::thread> threads;
    for (int t = 0; t < 8; ++t)
        threads.emplace_back([&, t] {
            for (int i = 0; i < 50; ++i)
                if (!device.log().write(AUDIT_USER, "thread " + std::to_string(t))) std::abort();
        });
    for (std::thread& thread : threads) thread.join();
    CHECK(lines(device.text()) == 400);
    device.restart();
    CHECK(lines(device.text()) == 400);
}

namespace {

bool syncs_fail = false;

}  // namespace

// As a disk that fails: the kernel gives up the pages, and takes them for written ever after.
extern "C" int fdatasync(int descriptor) {
    if (!syncs_fail) return static_cast<int>(::syscall(SYS_fdatasync, descriptor));
    errno = EIO;
    return -1;
}

TEST_CASE("a line whose sync failed is written anew before another is called durable") {
    LoggingDevice device;
    REQUIRE(device.log().write(AUDIT_USER, "first"));
    const fs::path file = device.scratch.path() / "audit" / "audit.1";
    struct stat before {};
    REQUIRE(::stat(file.c_str(), &before) == 0);
    syncs_fail = true;
    CHECK(code_of(device.log().write(AUDIT_USER, "second")) == E_OS_FILE_CORR);
    CHECK(code_of(device.log().write(AUDIT_USER, "third")) == E_OS_FILE_CORR);  // the retry fails too
    syncs_fail = false;
    REQUIRE(device.log().write(AUDIT_USER, "fourth"));
    struct stat after {};
    REQUIRE(::stat(file.c_str(), &after) == 0);
    CHECK(after.st_ino != before.st_ino);  // all of its bytes have gone to the disk, as another file's
    const std::string text = device.text();
    for (const char* line : {"first\n", "second\n", "fourth\n"}) CHECK(text.find(line) != std::string::npos);
    device.restart();
    CHECK(device.text() == text);
}

TEST_CASE("without a descriptor left the log is read and written, and grows where it cannot rotate") {
    LoggingDevice device;
    REQUIRE(device.log().set_config({3, true, 1000, 0x7F00073F}));
    REQUIRE(device.log().write(AUDIT_USER, "before"));
    rlimit limit{};
    REQUIRE(::getrlimit(RLIMIT_NOFILE, &limit) == 0);
    const rlimit none{3, limit.rlim_max};
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &none) == 0);
    std::uint32_t code = 0;
    for (int i = 0; i < 50 && code == 0; ++i)
        code = code_of(device.log().write(AUDIT_USER, "line " + std::to_string(i)));
    const auto text = device.log().text();
    const bool erased = device.smos->master_key.erase().has_value();
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &limit) == 0);
    CHECK(code == 0);
    CHECK(erased);
    REQUIRE(text);
    CHECK(lines(*text) == 51);
    CHECK(text->starts_with(date_and_time(device.smos->clock.milliseconds()).substr(0, 10)));
}
