#include "tools/session/card_reader.h"

#include <cstdlib>

#include "host-lib/link/device_address.h"
#include "tools/instance/instance.h"

namespace cs2sim::tools {
namespace {

bool environment_tells() {
    for (const char* name : {"CS2SIM_CARDS", "CS2SIM_STATE", "SDK_PATH"})
        if (const char* value = std::getenv(name); value && *value) return true;
    return false;
}

// A path that is a socket may be written with unix: or without.
bool same_place(const host::DeviceAddress& one, const host::DeviceAddress& other) {
    using Kind = host::DeviceAddress::Kind;
    const bool paths = one.kind != Kind::tcp && other.kind != Kind::tcp;
    return (paths || one.kind == other.kind) && one.place == other.place && one.port == other.port;
}

bool is_reached_by(const std::filesystem::path& state, const host::DeviceAddress& address) {
    const auto is_that = [&](const std::string& way) {
        const auto known = host::parse_device_address(way);
        return known && same_place(*known, address);
    };
    if (is_that("unix:" + host_socket(state).string())) return true;
    const auto record = read_record(state);
    if (!record) return false;
    for (const auto* ways : {&record->devices, &record->listen})
        for (const std::string& way : *ways)
            if (is_that(way)) return true;
    return false;
}

}  // namespace

bool names_a_card(std::string_view word) {
    return word.find("=:") != std::string_view::npos || word.find(",:") != std::string_view::npos ||
           word.find(", :") != std::string_view::npos;
}

void use_reader_of(std::string_view specifier) {
    if (environment_tells()) return;
    const auto address = host::parse_device_address(specifier);
    if (!address) return;
    for (const std::filesystem::path& state : running_instances()) {
        if (!is_reached_by(state, *address)) continue;
        ::setenv("CS2SIM_CARDS", (state / "cards").c_str(), 1);
        return;
    }
}

}  // namespace cs2sim::tools
