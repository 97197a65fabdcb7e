// Blank-padded text fields and lists of PKCS#11 structures.
#pragma once

#include <algorithm>
#include <cstring>
#include <string_view>

#include "host-lib/pkcs11/errors.h"

namespace cs2sim::p11 {

// Fills a field with text and blanks, cut where it ends between characters of UTF-8.
template <std::size_t Size>
void fill_text(CK_UTF8CHAR (&field)[Size], std::string_view text) {
    std::size_t length = std::min(text.size(), Size);
    while (length < text.size() && length > 0 && (static_cast<unsigned char>(text[length]) & 0xC0) == 0x80)
        --length;
    std::memset(field, ' ', Size);
    std::memcpy(field, text.data(), length);
}

// The text of a blank-padded field.
template <std::size_t Size>
std::string_view text_in(const CK_UTF8CHAR (&field)[Size]) {
    std::string_view text(reinterpret_cast<const char*>(field), Size);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\0')) text.remove_suffix(1);
    return text;
}

// A list as C_GetSlotList gives it: null asks for the count. Error: CKR_BUFFER_TOO_SMALL.
template <class List, class Element>
Answer give_list(const List& list, Element* given, CK_ULONG* count) {
    if (!count) return fail(CKR_ARGUMENTS_BAD);
    const CK_ULONG room = *count;
    *count = list.size();
    if (!given) return {};
    if (room < list.size()) return fail(CKR_BUFFER_TOO_SMALL);
    std::copy(list.begin(), list.end(), given);
    return {};
}

}  // namespace cs2sim::p11
