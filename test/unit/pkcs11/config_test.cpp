// The configuration file as users write it (reference/pkcs11-facts.md, section 1).
#include <catch2/catch.hpp>

#include <cstdlib>

#include "host-lib/pkcs11/config.h"
#include "host-lib/pkcs11/cryptoki/cryptoki.h"
#include "test/unit/scratch.h"

using namespace cs2sim::p11;

TEST_CASE("keys in any section, comments behind values, quotes, lists, sizes and flags in any case") {
    const Config config = read_config(R"(
KeepAlive = TRUE
[Global]
Logpath = /var/log  #/pkcs11
  Logging = 3
Logsize = 20 MB
# CommandTimeout = 1
SlotMultiSession = False
SlotCount = 4
[CryptoServer]
Device = { 192.168.0.2 288@192.168.0.3 3001@127.0.0.1 }
ConnectionTimeout = 3000
CommandTimeout = 70000
NoSuchKey = 1
[CryptoServer]
Device = "3002@127.0.0.1"
[Slot]
SlotNumber = 2
KeysExternal = true
USR_0000 = "RSASign=usr.key"
[HSMCluster]
FallbackInterval = 60
)",
                                      Generation::r3);
    CHECK(config.keep_alive);
    CHECK(config.log_path == "/var/log");
    CHECK(config.logging == 3);
    CHECK(config.log_size == 20u << 20);
    CHECK(!config.slot_multi_session);
    CHECK(config.slot_count == 4);
    REQUIRE(config.device_groups.size() == 2);
    CHECK(config.device_groups[0] ==
          std::vector<std::string>{"192.168.0.2", "288@192.168.0.3", "3001@127.0.0.1"});
    CHECK(config.device_groups[1] == std::vector<std::string>{"3002@127.0.0.1"});
    CHECK(config.connection_timeout.count() == 3000);
    CHECK(config.command_timeout.count() == 70000);
    CHECK(config.fallback_interval.count() == 60);
    CHECK(!config.keys_external);
    CHECK(config.slots.at(2).keys_external == true);
    CHECK(config.slots.at(2).logons.at("USR_0000") == "RSASign=usr.key");
    CHECK(config.unknown == std::vector<std::string>{"NoSuchKey"});
}

TEST_CASE("bad values leave the default and are told") {
    const Config config =
        read_config("SlotCount = many\nLogging = -1\nKeepAlive = perhaps\nnonsense\n", Generation::r2);
    CHECK(config.slot_count == 10);
    CHECK(config.logging == 0);
    CHECK(!config.keep_alive);
    CHECK(config.unknown == std::vector<std::string>{"SlotCount", "Logging", "KeepAlive", "nonsense"});
}

TEST_CASE("where external keys go: for all slots, and otherwise for one") {
    const Config config = read_config(
        "[Global]\nKeysExternal = false\n[KeyStorage]\nKeyStorageType = odbc\nKeyStorageConfig = "
        "\"DSN=keys;UID=me\"\n"
        "KeyStorageReconnect = 7\nKeyStoragePool = 2\nKeyStorageOffline = 0\n"
        "[Slot]\nSlotNumber = 2\nKeysExternal = true\nKeyStorageType = Legacy\nKeyStorageConfig = "
        "/var/P11.pks\n",
        Generation::r3);
    CHECK(config.unknown.empty());
    CHECK_FALSE(config.keys_are_external(0));
    CHECK(config.keys_are_external(2));
    const KeyStorageSettings all = config.key_storage_of(0), one = config.key_storage_of(2);
    CHECK(all.type == "odbc");
    CHECK(all.config == "DSN=keys;UID=me");
    CHECK(all.reconnect == 7);
    CHECK(all.pool == 2);
    CHECK(all.offline == std::chrono::seconds(0));
    CHECK(one.type == "Legacy");
    CHECK(one.config == "/var/P11.pks");
    CHECK(one.reconnect == 7);
    const Config legacy = read_config("KeyStore = /var/P11.sdb\nKeysExternal = TRUE\n", Generation::r3);
    CHECK(legacy.keys_are_external(9));
    CHECK(legacy.key_storage_of(9).config == "/var/P11.sdb");
    CHECK(legacy.key_storage_of(9).type == "Legacy");
    CHECK(read_config("KeyStoragePool = 0\nKeyStorageReconnect = many\n", Generation::r3).unknown.size() ==
          2);
}

TEST_CASE("a configuration that is named and cannot be read is no empty one") {
    const char* const before = std::getenv("CS_PKCS11_R3_CFG");
    const std::string kept = before ? before : "";
    for (const char* file : {"/proc/self/mem", "/dev/zero", "/proc", "/proc/none"}) {
        INFO(file);
        ::setenv("CS_PKCS11_R3_CFG", file, 1);
        CHECK(cs2sim::code_of(load_config(Generation::r3)) == CKR_FUNCTION_FAILED);
    }
    if (before)
        ::setenv("CS_PKCS11_R3_CFG", kept.c_str(), 1);
    else
        ::unsetenv("CS_PKCS11_R3_CFG");
}
