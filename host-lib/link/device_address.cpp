#include "host-lib/link/device_address.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <boost/algorithm/string/predicate.hpp>
#include <boost/algorithm/string/trim.hpp>
#include <charconv>
#include <optional>
#include <utility>

namespace cs2sim::host {
namespace {

// Takes `prefix` off the front, in either case.
bool take_prefix(std::string& text, std::string_view prefix) {
    if (!boost::algorithm::istarts_with(text, prefix)) return false;
    text.erase(0, prefix.size());
    return true;
}

std::optional<unsigned> number(std::string_view digits, unsigned most) {
    unsigned value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (error != std::errc() || end != digits.data() + digits.size() || value > most) return std::nullopt;
    return value;
}

bool is_ipv6(const std::string& text) {
    in6_addr address{};
    const std::string plain = text.substr(0, text.find('%'));  // behind it: the interface
    return inet_pton(AF_INET6, plain.c_str(), &address) == 1;
}

bool is_host_name(std::string_view text) {
    const auto allowed = [](unsigned char c) {
        return std::isalnum(c) != 0 || c == '.' || c == '-' || c == '_';
    };
    return !text.empty() && text.size() <= 253 && text.front() != '-' && std::ranges::all_of(text, allowed);
}

Result<DeviceAddress> node(std::string path) {
    // Without asking whoever serves a node there: it may hang.
    struct statx found {};
    const bool socket = ::statx(AT_FDCWD, path.c_str(), AT_STATX_DONT_SYNC, STATX_TYPE, &found) == 0 &&
                        S_ISSOCK(found.stx_mode);
    const auto kind = socket ? DeviceAddress::Kind::unix_socket : DeviceAddress::Kind::node;
    return DeviceAddress{kind, std::move(path), 0};
}

Result<DeviceAddress> card(const std::string& rest) {
    if (rest.starts_with('/')) return node(rest);
    const auto index = number(rest, 'z' - 'a');
    if (!index) return fail(E_CSA_DEVICE_NAME);
    return node(std::string("/dev/cs2") + static_cast<char>('a' + *index));
}

bool is_digits(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, [](unsigned char c) { return std::isdigit(c) != 0; });
}

// Takes PORT@ off the front, or :PORT off the end, of `rest`; a number alone is a port on loopback.
std::optional<std::string> take_port(std::string& rest) {
    std::string port;
    if (is_digits(rest)) {
        port = std::exchange(rest, "127.0.0.1");
    } else if (const auto at = rest.find('@'); at != std::string::npos) {
        port = rest.substr(0, at);
        rest.erase(0, at + 1);
    } else if (const auto colon = rest.rfind(':');
               colon != std::string::npos && (rest.find(':') == colon || rest[colon - 1] == ']')) {
        port = rest.substr(colon + 1);
        rest.erase(colon);
    } else {
        return std::nullopt;
    }
    return port;
}

Result<DeviceAddress> network(std::string rest) {
    std::uint16_t port = kAppliancePort;
    if (const auto text = take_port(rest)) {
        const auto given = number(*text, 65535);
        if (!given || *given == 0) return fail(E_CSA_DEVICE_NAME);
        port = static_cast<std::uint16_t>(*given);
    }
    if (rest.size() > 2 && rest.front() == '[' && rest.back() == ']') rest = rest.substr(1, rest.size() - 2);
    if ((!is_host_name(rest) || is_digits(rest)) && !is_ipv6(rest)) return fail(E_CSA_DEVICE_NAME);
    return DeviceAddress{DeviceAddress::Kind::tcp, std::move(rest), port};
}

}  // namespace

Result<DeviceAddress> parse_device_address(std::string_view specifier) {
    std::string text(specifier);
    boost::algorithm::trim(text);
    if (text.empty() || text.find('\0') != std::string::npos) return fail(E_CSA_DEVICE_NAME);
    if (text.starts_with('/')) return node(text);
    if (take_prefix(text, "pci:")) return card(text);
    if (take_prefix(text, "unix:")) {
        if (text.empty()) return fail(E_CSA_DEVICE_NAME);
        return DeviceAddress{DeviceAddress::Kind::unix_socket, std::move(text), 0};
    }
    take_prefix(text, "tcp:");
    return network(std::move(text));
}

}  // namespace cs2sim::host
