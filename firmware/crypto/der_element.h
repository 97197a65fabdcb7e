// The elements of DER, one after the other, as they stand: views of the bytes, of which nothing is copied.
#pragma once

#include "firmware/protocol/bytes.h"
#include "firmware/protocol/error.h"

namespace cs2sim {

struct DerElement {
    // OpenSSL's V_ASN1_…, or kContextTag and the number of a context's own, which stands around another.
    int tag = 0;
    ByteView content;
    ByteView whole;  // with tag and length
};
inline constexpr int kContextTag = 0x10000;

// Takes the next element off `rest`, whose bytes the element views. Error: E_ASN1_DECODE_ERR for what is cut
// or no DER (lengths that are not given, strings in parts: X.690, section 10), and for another tag than
// `tag`; `rest` is as it was then. Any thread.
Result<DerElement> take_element(ByteView& rest);
Result<DerElement> take_element(ByteView& rest, int tag);

// The same of an object identifier: OpenSSL's number for it, NID_undef when it knows none.
Result<int> take_object(ByteView& rest);

}  // namespace cs2sim
