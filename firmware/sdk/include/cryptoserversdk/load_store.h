/* cryptoserversdk/load_store.h: big-endian numbers in memory
 *
 * Part of cs2sim's SDK, an independent rewrite for modules that run in the simulator. Names, numbers and slots:
 * firmware/protocol/reference/sdk-facts.md, section 3.
 * Made by make_headers.py; change the tables there. */
#ifndef CRYPTOSERVERSDK_LOAD_STORE_H
#define CRYPTOSERVERSDK_LOAD_STORE_H

static inline void store_int1(unsigned int value, unsigned char* to) {
    to[0] = (unsigned char)(value >> 0);
}

static inline void store_int2(unsigned int value, unsigned char* to) {
    to[0] = (unsigned char)(value >> 8);
    to[1] = (unsigned char)(value >> 0);
}

static inline void store_int3(unsigned int value, unsigned char* to) {
    to[0] = (unsigned char)(value >> 16);
    to[1] = (unsigned char)(value >> 8);
    to[2] = (unsigned char)(value >> 0);
}

static inline void store_int4(unsigned int value, unsigned char* to) {
    to[0] = (unsigned char)(value >> 24);
    to[1] = (unsigned char)(value >> 16);
    to[2] = (unsigned char)(value >> 8);
    to[3] = (unsigned char)(value >> 0);
}

static inline unsigned int load_int1(const unsigned char* from) {
    return (unsigned int)from[0] << 0;
}

static inline unsigned int load_int2(const unsigned char* from) {
    return (unsigned int)from[0] << 8 | (unsigned int)from[1] << 0;
}

static inline unsigned int load_int3(const unsigned char* from) {
    return (unsigned int)from[0] << 16 | (unsigned int)from[1] << 8 | (unsigned int)from[2] << 0;
}

static inline unsigned int load_int4(const unsigned char* from) {
    return (unsigned int)from[0] << 24 | (unsigned int)from[1] << 16 | (unsigned int)from[2] << 8 | (unsigned int)from[3] << 0;
}

/* A number of 1 to 4 bytes; 0 for another length. */
static inline unsigned int load_int(const unsigned char* from, int length) {
    unsigned int value = 0;
    int i;
    if (length < 1 || length > 4) return 0;
    for (i = 0; i < length; ++i) value = value << 8 | from[i];
    return value;
}

#define _load_int2(from) load_int2(from)
#define _load_int4(from) load_int4(from)
#define _store_int2(value, to) store_int2(value, to)
#define _store_int4(value, to) store_int4(value, to)

#endif
