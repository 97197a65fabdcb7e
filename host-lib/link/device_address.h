// Device specifiers as users write them (device-formats.md, section 1.3).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "firmware/protocol/error.h"

namespace cs2sim::host {

struct DeviceAddress {
    enum class Kind : std::uint8_t { node, tcp, unix_socket } kind = Kind::node;
    std::string place;       // path of the node or socket; host name or IP address
    std::uint16_t port = 0;  // of TCP
};

inline constexpr std::uint16_t kAppliancePort = 288;  // where no port is given

// Surrounding blanks are ignored, prefixes are case-insensitive:
//   /dev/cs2a, PCI:/dev/cs2         the node of that path (a path that is a socket: that socket)
//   PCI:0, PCI:1, …                 /dev/cs2a, /dev/cs2b, … up to PCI:25
//   3001@127.0.0.1, TCP:3001@host   TCP; IPv6 addresses plain or in brackets
//   192.168.0.1, host, TCP:host     TCP, port 288
//   127.0.0.1:3001, [::1]:3001      as 3001@127.0.0.1 (ours: everybody types it)
//   3001                            that port on loopback (ours: never a name for a resolver)
//   unix:PATH                       Unix socket (ours)
// Error: E_CSA_DEVICE_NAME.
Result<DeviceAddress> parse_device_address(std::string_view specifier);

}  // namespace cs2sim::host
