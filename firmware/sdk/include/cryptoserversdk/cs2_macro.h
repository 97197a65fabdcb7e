/* cryptoserversdk/cs2_macro.h: byte order, array length, alignment
 *
 * Part of cs2sim's SDK, an independent rewrite for modules that run in the simulator. Names, numbers and slots:
 * firmware/protocol/reference/sdk-facts.md, section 3.
 * Made by make_headers.py; change the tables there. */
#ifndef CRYPTOSERVERSDK_CS2_MACRO_H
#define CRYPTOSERVERSDK_CS2_MACRO_H

#define CS2_ENDIAN_SWAP_U32(a) ((((unsigned int)(a) & 0xFF000000u) >> 24) | (((unsigned int)(a) & 0x00FF0000u) >> 8) | (((unsigned int)(a) & 0x0000FF00u) << 8) | (((unsigned int)(a) & 0x000000FFu) << 24))
#define CS2_ENDIAN_SWAP_U16(a) ((unsigned short)((((unsigned short)(a) & 0xFF00u) >> 8) | (((unsigned short)(a) & 0x00FFu) << 8)))
#define CS2_U32_TO_BIG_ENDIAN(a) CS2_ENDIAN_SWAP_U32(a)
#define CS2_BIG_ENDIAN_TO_U32(a) CS2_ENDIAN_SWAP_U32(a)
#define CS2_U16_TO_BIG_ENDIAN(a) CS2_ENDIAN_SWAP_U16(a)
#define CS2_BIG_ENDIAN_TO_U16(a) CS2_ENDIAN_SWAP_U16(a)
#define CS2_U32_TO_LITTLE_ENDIAN(a) ((unsigned int)(a))
#define CS2_LITTLE_ENDIAN_TO_U32(a) ((unsigned int)(a))
#define CS2_U16_TO_LITTLE_ENDIAN(a) ((unsigned short)(a))
#define CS2_LITTLE_ENDIAN_TO_U16(a) ((unsigned short)(a))
#define CS2_ARRAY_LEN(a) (sizeof(a) / sizeof(*(a)))
#define CS2_ALIGN(x,y) (((x) + ((y) - 1)) & ~((y) - 1))

#endif
