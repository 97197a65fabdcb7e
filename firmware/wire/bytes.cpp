#include "firmware/wire/bytes.h"

#include <boost/algorithm/hex.hpp>

namespace cs2sim {

std::string to_hex(ByteView bytes) {
    std::string text;
    text.reserve(bytes.size() * 2);
    boost::algorithm::hex(bytes.begin(), bytes.end(), std::back_inserter(text));
    return text;
}

bool from_hex(std::string_view text, Bytes& out) {
    Bytes bytes;
    bytes.reserve(text.size() / 2);
    try {
        boost::algorithm::unhex(text.begin(), text.end(), std::back_inserter(bytes));
    } catch (const boost::algorithm::hex_decode_error&) {
        return false;
    }
    out = std::move(bytes);
    return true;
}

}  // namespace cs2sim
