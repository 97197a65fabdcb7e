#include "host-lib/pkcs11/config.h"

#include <algorithm>
#include <boost/algorithm/string/case_conv.hpp>
#include <boost/algorithm/string/predicate.hpp>
#include <boost/algorithm/string/trim.hpp>
#include <charconv>
#include <cstdlib>
#include <functional>
#include <sstream>

#include "host-lib/files/host_file.h"
#include "host-lib/pkcs11/cryptoki/cryptoki.h"

namespace cs2sim::p11 {
namespace {

constexpr std::size_t kMostBytes = 1 << 20;
constexpr unsigned kMostSlots = 1000;

using Words = std::vector<std::string>;

// The line without its comment, which a '#' outside quotes begins.
std::string without_comment(const std::string& line) {
    bool quoted = false;
    for (std::size_t i = 0; i < line.size(); ++i) {
        if (line[i] == '"') quoted = !quoted;
        if (line[i] == '#' && !quoted) return line.substr(0, i);
        if (line[i] == ';' && !quoted && line.find_first_not_of(" \t") == i) return {};
    }
    return line;
}

std::string unquoted(std::string value) {
    boost::algorithm::trim(value);
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"')
        return value.substr(1, value.size() - 2);
    return value;
}

Words words_of(const std::string& value) {
    std::string inner = value;
    if (inner.size() >= 2 && inner.front() == '{' && inner.back() == '}')
        inner = inner.substr(1, inner.size() - 2);
    std::istringstream stream(inner);
    Words words;
    for (std::string word; stream >> word;) words.push_back(unquoted(word));
    return words;
}

template <class Number>
bool take_number(const std::string& value, Number& number, std::uint64_t most) {
    std::uint64_t parsed = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), parsed);
    if (error != std::errc() || end != value.data() + value.size() || parsed > most) return false;
    number = static_cast<Number>(parsed);
    return true;
}

bool take_size(std::string value, std::uint64_t& size) {
    boost::algorithm::to_lower(value);
    std::uint64_t unit = 1;
    for (const auto& [suffix, factor] :
         {std::pair{"kb", 1ull << 10}, std::pair{"mb", 1ull << 20}, std::pair{"gb", 1ull << 30}})
        if (value.ends_with(suffix)) {
            unit = factor;
            value.resize(value.size() - 2);
            boost::algorithm::trim(value);
        }
    std::uint64_t plain = 0;
    if (!take_number(value, plain, 1ull << 30)) return false;
    size = plain * unit;
    return true;
}

bool take_flag(std::string value, bool& flag) {
    boost::algorithm::to_lower(value);
    const bool on = value == "true" || value == "yes" || value == "1" || value == "on";
    const bool off = value == "false" || value == "no" || value == "0" || value == "off";
    if (on || off) flag = on;
    return on || off;
}

template <class Duration>
bool take_time(const std::string& value, Duration& time) {
    std::uint64_t count = 0;
    if (!take_number(value, count, 1u << 30)) return false;
    time = Duration(static_cast<std::int64_t>(count));
    return true;
}

template <class Value, class Take>
auto maybe(Take take) {
    return [take](const std::string& value, std::optional<Value>& given) {
        Value taken{};
        if (!take(value, taken)) return false;
        given = std::move(taken);
        return true;
    };
}

bool take_text(const std::string& value, std::string& text) {
    text = value;
    return true;
}

using Setter = std::function<bool(Config&, const std::string&)>;

template <class Member, class Take>
Setter into(Member member, Take take) {
    return [=](Config& config, const std::string& value) { return take(value, config.*member); };
}

bool add_devices(Config& config, const std::string& value) {
    Words devices = words_of(value);
    if (devices.empty()) return false;
    config.device_groups.push_back(std::move(devices));
    return true;
}

// Keys of [KeyStorage], which [Slot] may have too; `key` in lower case.
bool set_key_storage(KeyStorageSettings& storage, const std::string& key, const std::string& value) {
    constexpr unsigned kMostConnections = 64, kMostTries = 1000;
    if (key == "keystoragetype") return take_text(value, storage.type);
    if (key == "keystorageconfig") return take_text(value, storage.config);
    if (key == "keystoragereconnect") return take_number(value, storage.reconnect, kMostTries);
    if (key == "keystoragepool")
        return take_number(value, storage.pool, kMostConnections) && storage.pool != 0;
    return key == "keystorageoffline" && take_time(value, storage.offline);
}

const std::map<std::string, Setter>& setters() {
    static const auto* const all = [] {
        const auto count = [](std::uint64_t most) {
            return [most](const std::string& value, unsigned& number) {
                return take_number(value, number, most);
            };
        };
        const auto time = [](const std::string& value, auto& duration) { return take_time(value, duration); };
        return new std::map<std::string, Setter>{
            {"logpath", into(&Config::log_path, take_text)},
            {"logging", into(&Config::logging, count(5))},
            {"logsize", into(&Config::log_size, take_size)},
            {"keysexternal", into(&Config::keys_external, take_flag)},
            {"keystore", into(&Config::key_store, take_text)},
            {"slotmultisession", into(&Config::slot_multi_session, take_flag)},
            {"slotcount", into(&Config::slot_count, count(kMostSlots))},
            {"keepleadzeros", into(&Config::keep_lead_zeros, take_flag)},
            {"fallbackinterval", into(&Config::fallback_interval, time)},
            {"keepalive", into(&Config::keep_alive, take_flag)},
            {"keepaliveinterval",
             [](Config& config, const std::string& value) {
                 constexpr std::chrono::milliseconds kLeast{100};
                 std::chrono::milliseconds interval{};
                 if (!take_time(value, interval) || interval < kLeast) return false;
                 config.keep_alive_interval = interval;
                 return true;
             }},
            {"connectiontimeout", into(&Config::connection_timeout, time)},
            {"commandtimeout", into(&Config::command_timeout, time)},
            {"device", add_devices},
            {"devices", add_devices},
            {"objectcache",
             [count](Config& config, const std::string& value) {
                 unsigned most = 0;
                 if (!count(10'000'000)(value, most) || most == 0) return false;
                 config.object_cache = most;
                 return true;
             }},
            {"forceoslocking", into(&Config::force_os_locking, take_flag)},
            {"custommechanisms",
             [](Config& config, const std::string& value) {
                 config.custom_mechanisms = words_of(value);
                 return true;
             }},
            {"inittokenas", into(&Config::init_token_as, take_text)},
            {"manufacturer", into(&Config::manufacturer, maybe<std::string>(take_text))},
            {"description", into(&Config::description, take_text)},
            {"model", into(&Config::model, maybe<std::string>(take_text))},
            {"tokenlabel", into(&Config::token_label, maybe<std::string>(take_text))},
            {"initialpins", into(&Config::initial_pins, maybe<bool>(take_flag))},
            {"minpin", into(&Config::min_pin, maybe<unsigned>(count(255)))},
            {"clusternames", into(&Config::cluster_names, maybe<bool>(take_flag))},
            {"attributes",
             [](Config& config, const std::string& value) {
                 config.all_attributes = value == "all";
                 return value == "all" || value == "r2";
             }},
        };
    }();
    return *all;
}

bool set_in_slot(SlotConfig& slot, const std::string& key, const std::string& value) {
    const std::string name = boost::algorithm::to_lower_copy(key);
    if (KeyStorageSettings none; set_key_storage(none, name, value)) {
        slot.key_storage[name] = value;
        return true;
    }
    if (boost::algorithm::iequals(key, "KeysExternal")) {
        bool external = false;
        if (!take_flag(value, external)) return false;
        slot.keys_external = external;
        return true;
    }
    const std::size_t equals = value.find('=');
    if (equals == std::string::npos) return false;
    slot.logons[key] = value;
    return true;
}

// The slot of the section [Slot] that the reader is in.
struct Place {
    bool slot_section = false;
    std::optional<unsigned> slot;
};

bool set(Config& config, Place& place, const std::string& key, const std::string& value) {
    if (boost::algorithm::iequals(key, "SlotNumber")) {
        unsigned number = 0;
        if (!take_number(value, number, kMostSlots)) return false;
        place.slot = number;
        config.slots[number];
        return true;
    }
    if (place.slot_section && place.slot && set_in_slot(config.slots[*place.slot], key, value)) return true;
    const std::string name = boost::algorithm::to_lower_copy(key);
    if (set_key_storage(config.key_storage, name, value)) return true;
    const auto found = setters().find(name);
    return found != setters().end() && found->second(config, value);
}

std::vector<std::string> default_places(const std::string& name) {
    std::vector<std::string> places = {name};
    if (const char* home = std::getenv("HOME")) places.push_back(std::string(home) + "/.cs2sim/" + name);
    places.push_back("/etc/cs2sim/" + name);
    places.push_back("/etc/utimaco/" + name);  // where users' files are (pkcs11-facts.md, section 1)
    return places;
}

}  // namespace

bool Config::keys_are_external(unsigned slot) const {
    const auto own = slots.find(slot);
    return own != slots.end() && own->second.keys_external ? *own->second.keys_external : keys_external;
}

KeyStorageSettings Config::key_storage_of(unsigned slot) const {
    KeyStorageSettings settings = key_storage;
    if (settings.config.empty()) settings.config = key_store;
    if (const auto own = slots.find(slot); own != slots.end())
        for (const auto& [key, value] : own->second.key_storage) (void)set_key_storage(settings, key, value);
    return settings;
}

Config read_config(std::string_view text, Generation generation) {
    Config config;
    config.description =
        generation == Generation::r3 ? "cs2sim PKCS#11 Library R3" : "cs2sim PKCS#11 Library R2";
    Place place;
    std::istringstream lines{std::string(text)};
    for (std::string raw; std::getline(lines, raw);) {
        std::string line = without_comment(raw);
        boost::algorithm::trim(line);
        if (line.empty()) continue;
        if (line.front() == '[') {
            const std::string section = line.substr(1, line.find(']') - 1);
            place = {boost::algorithm::iequals(section, "Slot"), std::nullopt};
            continue;
        }
        const std::size_t equals = line.find('=');
        std::string key = line.substr(0, equals);
        boost::algorithm::trim(key);
        const std::string value = equals == std::string::npos ? "" : unquoted(line.substr(equals + 1));
        if (equals == std::string::npos || !set(config, place, key, value)) config.unknown.push_back(key);
    }
    if (config.device_groups.empty()) {
        const char* device = std::getenv("CRYPTOSERVER");
        if (device && *device) config.device_groups.push_back({device});
    }
    return config;
}

Result<Config> load_config(Generation generation) {
    const bool r3 = generation == Generation::r3;
    const char* named = std::getenv(r3 ? "CS_PKCS11_R3_CFG" : "CS_PKCS11_R2_CFG");
    std::vector<std::string> places;
    if (named && *named)
        places.push_back(named);
    else
        places = default_places(r3 ? "cs_pkcs11_R3.cfg" : "cs_pkcs11_R2.cfg");
    for (const std::string& path : places) {
        const auto text = host::read_host_file(path, kMostBytes);
        if (!text) continue;
        Config config = read_config(as_text(*text), generation);
        config.path = path;
        return config;
    }
    if (named && *named) return fail(CKR_FUNCTION_FAILED);
    return read_config({}, generation);
}

}  // namespace cs2sim::p11
