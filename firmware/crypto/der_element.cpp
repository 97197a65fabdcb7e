#include "firmware/crypto/der_element.h"

#include <openssl/asn1.h>
#include <openssl/objects.h>

#include "firmware/crypto/openssl.h"

namespace cs2sim {

Result<DerElement> take_element(ByteView& rest) {
    const unsigned char* at = rest.data();
    long length = 0;
    int tag = 0, of_class = 0;
    const int form = ASN1_get_object(&at, &length, &tag, &of_class, static_cast<long>(rest.size()));
    const bool indefinite = (form & 1) != 0, broken = (form & 0x80) != 0;
    if (broken || indefinite || length < 0) return fail(E_ASN1_DECODE_ERR);
    const bool universal = of_class == V_ASN1_UNIVERSAL, context = of_class == V_ASN1_CONTEXT_SPECIFIC;
    const bool constructed = (form & V_ASN1_CONSTRUCTED) != 0;
    const bool list = tag == V_ASN1_SEQUENCE || tag == V_ASN1_SET;
    if (universal ? constructed != list : !context || !constructed) return fail(E_ASN1_DECODE_ERR);
    const auto header = static_cast<std::size_t>(at - rest.data());
    const ByteView whole = rest.first(header + static_cast<std::size_t>(length));
    rest = rest.subspan(whole.size());
    return DerElement{universal ? tag : kContextTag + tag, whole.subspan(header), whole};
}

Result<DerElement> take_element(ByteView& rest, int tag) {
    ByteView behind = rest;
    CS2SIM_TRY_LET(element, take_element(behind));
    if (element.tag != tag) return fail(E_ASN1_DECODE_ERR);
    rest = behind;
    return element;
}

Result<int> take_object(ByteView& rest) {
    CS2SIM_TRY_LET(element, take_element(rest, V_ASN1_OBJECT));
    const unsigned char* at = element.whole.data();
    const Handle<ASN1_OBJECT> object(d2i_ASN1_OBJECT(nullptr, &at, static_cast<long>(element.whole.size())));
    return object ? OBJ_obj2nid(object.get()) : NID_undef;
}

}  // namespace cs2sim
