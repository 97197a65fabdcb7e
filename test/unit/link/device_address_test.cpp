#include "host-lib/link/device_address.h"

#include "test/unit/scratch.h"

using namespace cs2sim;
using namespace cs2sim::host;
using Kind = DeviceAddress::Kind;

namespace {

void check(std::string_view text, Kind kind, const std::string& place, int port = 0) {
    CAPTURE(text);
    const auto address = parse_device_address(text);
    REQUIRE(code_of(address) == 0);
    CHECK(address->kind == kind);
    CHECK(address->place == place);
    CHECK(address->port == port);
}

}  // namespace

TEST_CASE("device specifiers (device-formats.md, section 1.3)") {
    check("/dev/cs2a", Kind::node, "/dev/cs2a");
    check(" /dev/cs2.0 ", Kind::node, "/dev/cs2.0");
    check("PCI:0", Kind::node, "/dev/cs2a");
    check("pci:1", Kind::node, "/dev/cs2b");
    check("PCI:25", Kind::node, "/dev/cs2z");
    check("PCI:/dev/cs2", Kind::node, "/dev/cs2");
    check("3001@127.0.0.1", Kind::tcp, "127.0.0.1", 3001);
    check("TCP:3001@host", Kind::tcp, "host", 3001);
    check("tcp:192.168.0.1", Kind::tcp, "192.168.0.1", 288);
    check("192.168.0.1", Kind::tcp, "192.168.0.1", 288);
    check("my-host.example", Kind::tcp, "my-host.example", 288);
    check("3001@::1", Kind::tcp, "::1", 3001);
    check("3001@[fe80::1%eth0]", Kind::tcp, "fe80::1%eth0", 3001);
    check("127.0.0.1:3001", Kind::tcp, "127.0.0.1", 3001);
    check("TCP:host:3001", Kind::tcp, "host", 3001);
    check("[::1]:3001", Kind::tcp, "::1", 3001);
    check("32016", Kind::tcp, "127.0.0.1", 32016);
    check("tcp:3001", Kind::tcp, "127.0.0.1", 3001);
    check("unix:/run/x.sock", Kind::unix_socket, "/run/x.sock");
}

TEST_CASE("device specifiers that mean nothing") {
    for (const char* text : {"",      "   ",    "PCI:",       "PCI:26",   "PCI:-1", "PCI:x",      "unix:",
                             "@host", "0@host", "65536@host", "x@host",   "3001@",  "3001@@host", "host:0",
                             "host:", ":3001",  "host:x",     "1:2:3",    "0",      "99999",      "3001@3001",
                             "a b",   "-host",  "TCP:",       "3001@[::1"}) {
        CAPTURE(text);
        CHECK(code_of(parse_device_address(text)) == E_CSA_DEVICE_NAME);
    }
    CHECK(code_of(parse_device_address(std::string_view("/dev/a\0b", 8))) == E_CSA_DEVICE_NAME);
    CHECK(code_of(parse_device_address(std::string(5000, 'h'))) == E_CSA_DEVICE_NAME);
}
