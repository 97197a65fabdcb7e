#include "host-lib/files/user_label.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstdio>

#include "firmware/protocol/terminal_text.h"

namespace cs2sim::host {
namespace {

constexpr std::string_view kPlain = "-._/+:()";
constexpr std::string_view kName = "LABEL=";

}  // namespace

std::string encode_label(std::string_view label) {
    std::string text;
    for (const char c : label) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x80 && (std::isalnum(byte) != 0 || kPlain.find(c) != std::string_view::npos)) {
            text += c;
            continue;
        }
        char encoded[4];
        std::snprintf(encoded, sizeof encoded, "%%%02X", byte);
        text += encoded;
    }
    return text;
}

std::string decode_label(std::string_view text) {
    std::string label;
    for (std::size_t i = 0; i < text.size(); ++i) {
        unsigned byte = 0;
        const char* digits = text.data() + i + 1;
        if (text[i] == '%' && i + 2 < text.size() &&
            std::from_chars(digits, digits + 2, byte, 16).ptr == digits + 2) {
            label += static_cast<char>(byte);
            i += 2;
        } else {
            label += text[i];
        }
    }
    return label;
}

std::string shown_label(std::string_view text) {
    std::string label = decode_label(text);
    return is_terminal_text(label) ? label : terminal_text(text);
}

std::string label_in(std::string_view attributes) {
    while (!attributes.empty()) {
        const std::string_view item = attributes.substr(0, attributes.find(','));
        if (item.starts_with(kName)) return decode_label(item.substr(kName.size()));
        attributes.remove_prefix(std::min(item.size() + 1, attributes.size()));
    }
    return {};
}

}  // namespace cs2sim::host
