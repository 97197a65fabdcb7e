#include "firmware/crypto/key_outline.h"

#include <openssl/asn1.h>
#include <openssl/evp.h>

#include <algorithm>
#include <bit>

#include "firmware/crypto/der_element.h"

namespace cs2sim {
namespace {

constexpr int kTypes[] = {EVP_PKEY_RSA,    EVP_PKEY_DSA,  EVP_PKEY_DH,      EVP_PKEY_DHX,  EVP_PKEY_EC,
                          EVP_PKEY_X25519, EVP_PKEY_X448, EVP_PKEY_ED25519, EVP_PKEY_ED448};

unsigned bits_of(ByteView number) {
    const auto first = std::ranges::find_if(number, [](std::uint8_t byte) { return byte != 0; });
    if (first == number.end()) return 0;
    const auto bytes = static_cast<std::size_t>(number.end() - first);
    return static_cast<unsigned>(bytes * 8 - static_cast<std::size_t>(std::countl_zero(*first)));
}

enum class Besides { numbers_alone, anything };

// The numbers of a list; the first of them is the modulus unless one is known.
Result<void> read_numbers(KeyOutline& outline, ByteView list, Besides besides) {
    while (!list.empty()) {
        CS2SIM_TRY_LET(element, take_element(list));
        if (element.tag != V_ASN1_INTEGER && besides == Besides::numbers_alone)
            return fail(E_ASN1_DECODE_ERR);
        if (element.tag != V_ASN1_INTEGER) continue;
        const unsigned bits = bits_of(element.content);
        if (outline.bits == 0)
            outline.bits = bits;
        else
            outline.longest = std::max(outline.longest, bits);
    }
    return {};
}

// A curve by its numbers instead of its name: a point is multiplied by as many bits as order and cofactor
// have together.
Result<void> check_own_curve(ByteView parameters) {
    constexpr std::size_t kLongestCurve = 1024, kLongestNumber = 80;  // bytes
    CS2SIM_TRY_LET(curve, take_element(parameters, V_ASN1_SEQUENCE));
    if (curve.whole.size() > kLongestCurve) return fail(E_ASN1_DECODE_ERR);
    for (ByteView parts = curve.content; !parts.empty();) {
        CS2SIM_TRY_LET(part, take_element(parts));
        if (part.tag == V_ASN1_INTEGER && part.content.size() > kLongestNumber)
            return fail(E_ASN1_DECODE_ERR);
    }
    return {};
}

// Its type, and the numbers of its group.
Result<KeyOutline> read_algorithm(ByteView& rest) {
    CS2SIM_TRY_LET(algorithm, take_element(rest, V_ASN1_SEQUENCE));
    ByteView parts = algorithm.content;
    CS2SIM_TRY_LET(type, take_object(parts));
    KeyOutline outline;
    outline.type = type;
    if (std::ranges::find(kTypes, outline.type) == std::end(kTypes)) return fail(E_ASN1_DECODE_ERR);
    if (outline.type == EVP_PKEY_EC && !take_element(parts, V_ASN1_OBJECT))
        CS2SIM_TRY(check_own_curve(parts));
    if (!outline.is_dsa() && !outline.is_dh()) return outline;
    CS2SIM_TRY_LET(group, take_element(parts, V_ASN1_SEQUENCE));
    CS2SIM_TRY(read_numbers(outline, group.content, Besides::anything));
    return outline;
}

// The key's own numbers. `version`: whether a list begins with one.
Result<void> read_key(KeyOutline& outline, ByteView key, bool version) {
    if (!outline.is_sized()) return {};
    if (!outline.is_rsa()) return read_numbers(outline, key, Besides::numbers_alone);
    CS2SIM_TRY_LET(list, take_element(key, V_ASN1_SEQUENCE));
    ByteView numbers = list.content;
    if (version) {
        // RFC 8017, A.1.2: not 0 means more primes than two, as long as the sender likes.
        CS2SIM_TRY_LET(kind, take_element(numbers, V_ASN1_INTEGER));
        if (bits_of(kind.content) != 0) return fail(E_ASN1_DECODE_ERR);
    }
    return read_numbers(outline, numbers, Besides::numbers_alone);
}

Result<ByteView> outer_list(ByteView der) {
    if (der.empty() || der.size() > kLongestKeyDer) return fail(E_ASN1_DECODE_ERR);
    CS2SIM_TRY_LET(outer, take_element(der, V_ASN1_SEQUENCE));
    if (!der.empty()) return fail(E_ASN1_DECODE_ERR);
    return outer.content;
}

}  // namespace

bool KeyOutline::is_rsa() const { return type == EVP_PKEY_RSA; }
bool KeyOutline::is_dsa() const { return type == EVP_PKEY_DSA; }
bool KeyOutline::is_dh() const { return type == EVP_PKEY_DH || type == EVP_PKEY_DHX; }

Result<KeyOutline> public_key_outline(ByteView der) {
    CS2SIM_TRY_LET(rest, outer_list(der));
    CS2SIM_TRY_LET(outline, read_algorithm(rest));
    CS2SIM_TRY_LET(key, take_element(rest, V_ASN1_BIT_STRING));
    if (key.content.empty()) return fail(E_ASN1_DECODE_ERR);
    CS2SIM_TRY(read_key(outline, key.content.subspan(1), false));  // behind the number of unused bits
    return outline;
}

Result<KeyOutline> private_key_outline(ByteView der) {
    CS2SIM_TRY_LET(rest, outer_list(der));
    CS2SIM_TRY(take_element(rest, V_ASN1_INTEGER));
    CS2SIM_TRY_LET(outline, read_algorithm(rest));
    CS2SIM_TRY_LET(key, take_element(rest, V_ASN1_OCTET_STRING));
    CS2SIM_TRY(read_key(outline, key.content, true));
    return outline;
}

}  // namespace cs2sim
