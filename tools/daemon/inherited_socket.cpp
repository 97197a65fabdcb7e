#include "tools/daemon/inherited_socket.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <string_view>

namespace cs2sim {
namespace {

constexpr std::string_view kUnix = "unix:";

int number_of(const std::string& descriptor) {
    int number = -1;
    const char* end = descriptor.data() + descriptor.size();
    const auto parsed = std::from_chars(descriptor.data(), end, number);
    return parsed.ec == std::errc() && parsed.ptr == end ? number : -1;
}

}  // namespace

bool is_inherited_socket(const std::string& descriptor) {
    const int number = number_of(descriptor);
    int listening = 0;
    socklen_t size = sizeof listening;
    return number >= 3 && ::getsockopt(number, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) == 0 &&
           listening != 0;
}

std::optional<std::string> inherited_unix_name(const std::string& descriptor) {
    sockaddr_un address{};
    socklen_t size = sizeof address;
    if (::getsockname(number_of(descriptor), reinterpret_cast<sockaddr*>(&address), &size) != 0 ||
        address.sun_family != AF_UNIX)
        return std::nullopt;
    const std::size_t head = offsetof(sockaddr_un, sun_path);
    std::string name(address.sun_path,
                     std::min<std::size_t>(size, sizeof address) - std::min<std::size_t>(size, head));
    if (name.starts_with('\0'))
        name[0] = '@';
    else
        name.resize(std::min(name.size(), name.find('\0')));
    std::ranges::replace_if(
        name, [](char c) { return c < ' ' || c > '~'; }, '?');
    return std::string(kUnix) + name;
}

bool is_abstract(const std::string& name) { return name.starts_with(std::string(kUnix) + "@"); }

}  // namespace cs2sim
