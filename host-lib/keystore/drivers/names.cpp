#include "host-lib/keystore/drivers/names.h"

#include <boost/locale/utf.hpp>

#include "host-lib/keystore/key_store.h"

namespace cs2sim::keystore {
namespace {

bool is_utf8(std::string_view text) {
    using Utf8 = boost::locale::utf::utf_traits<char>;
    for (auto at = text.begin(); at != text.end();) {
        const auto point = Utf8::decode(at, text.end());
        if (point == boost::locale::utf::illegal || point == boost::locale::utf::incomplete || point == 0)
            return false;
    }
    return true;
}

}  // namespace

bool is_name(std::string_view text) { return text.size() <= kLongestName && is_utf8(text); }

}  // namespace cs2sim::keystore
