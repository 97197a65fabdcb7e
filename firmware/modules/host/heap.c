/* The module's heap: each block has guards before and behind it and knows where it was allocated; what is
 * freed stays aside for a while, so that a second free and a late write are seen. Damage is told once a
 * block, with the place of its allocation, and survived where that is possible. */
#include <dlfcn.h>
#include <stdio.h>

#include "host.h"

enum { GUARD = 16, FREED_KEPT = 4 << 20, CHECKED_AT_ONCE = 512 };
#define GUARD_BYTE 0xC7
#define FREED_BYTE 0xDD
#define FRESH_BYTE 0xA5 /* memory is not zero, and modules must not rely on it */
#define LIVE 0x4C495645u
#define FREED 0x46524545u

struct block {
    struct block* next;
    struct block* previous;
    const char* file;
    const void* caller;
    const void* freed_by;
    u32 line;
    u32 size;
    u32 type;
    u32 state;
    u32 reported;
    u8 guard[GUARD];
} __attribute__((aligned(16)));

static struct block live = {.next = &live, .previous = &live};
static struct block freed = {.next = &freed, .previous = &freed};
static struct block* next_to_check = &live;
static u32 used_blocks, used_bytes, freed_bytes;

/* Of the address sanitizer, when the process runs with it: guards and freed blocks are its business too. */
static void (*poison)(const volatile void*, size_t);
static void (*unpoison)(const volatile void*, size_t);

void heap_begin(void) {
    *(void**)&poison = dlsym(RTLD_DEFAULT, "__asan_poison_memory_region");
    *(void**)&unpoison = dlsym(RTLD_DEFAULT, "__asan_unpoison_memory_region");
}

static u8* start_of(struct block* block) { return (u8*)(block + 1); }

static void link_before(struct block* list, struct block* block) {
    block->next = list;
    block->previous = list->previous;
    list->previous->next = block;
    list->previous = block;
}

static void unlink_block(struct block* block) {
    if (next_to_check == block) next_to_check = block->next;
    block->previous->next = block->next;
    block->next->previous = block->previous;
}

static void tell(const char* what, const struct block* block, const void* where) {
    char text[400];
    const void* addresses[3] = {block->caller, where, block->freed_by};
    snprintf(text, sizeof text, "%s: block of %u bytes, allocated at %s:%u", what, block->size,
             block->file ? block->file : "(see below)", block->line);
    diagnose(text, addresses, 3);
}

void* heap_new(u32 size, u32 type, const char* file, u32 line, const void* caller) {
    struct block* block;
    if (size > 0x10000000u) return NULL;
    block = malloc(sizeof *block + size + GUARD);
    if (!block) return NULL;
    memset(block, 0, sizeof *block);
    block->file = file;
    block->line = line;
    block->caller = caller;
    block->size = size;
    block->type = type;
    block->state = LIVE;
    memset(block->guard, GUARD_BYTE, GUARD);
    memset(start_of(block), FRESH_BYTE, size);
    memset(start_of(block) + size, GUARD_BYTE, GUARD);
    if (poison) {
        poison(block->guard, GUARD);
        poison(start_of(block) + size, GUARD);
    }
    link_before(&live, block);
    ++used_blocks;
    used_bytes += size;
    return start_of(block);
}

static int all_are(const u8* bytes, u32 length, u8 value) {
    u32 i;
    for (i = 0; i < length; ++i)
        if (bytes[i] != value) return 0;
    return 1;
}

static void check_block(struct block* block, const char* when) {
    char what[120];
    if (block->reported || poison) return;
    if (!all_are(block->guard, GUARD, GUARD_BYTE)) {
        snprintf(what, sizeof what, "heap: written before the start of a block, seen %s", when);
    } else if (!all_are(start_of(block) + block->size, GUARD, GUARD_BYTE)) {
        snprintf(what, sizeof what, "heap: written behind the end of a block, seen %s", when);
    } else {
        return;
    }
    block->reported = 1;
    tell(what, block, NULL);
}

/* A few hundred blocks at a time, so that a large heap does not make every command slow. */
void heap_check(const char* when) {
    u32 left = CHECKED_AT_ONCE;
    struct block* block = next_to_check;
    for (; left != 0 && left > CHECKED_AT_ONCE - used_blocks - 1; --left) {
        if (block != &live) check_block(block, when);
        block = block->next;
    }
    next_to_check = block;
}

void heap_check_beside(u32 length, const char* when) {
    u8* const copy = malloc(length + 1);
    if (!copy) end_process(CS2SIM_END_HEAP, length);
    memcpy(copy, channel->data, length);
    heap_check(when);
    memcpy(channel->data, copy, length);
    explicit_bzero(copy, length);
    free(copy);
}

static struct block* find(struct block* list, const void* start) {
    struct block* block;
    for (block = list->next; block != list; block = block->next)
        if (start_of(block) == start) return block;
    return NULL;
}

u32 heap_room(const void* inside) {
    struct block* block;
    for (block = live.previous; block != &live; block = block->previous) {
        const u8* start = start_of(block);
        if ((const u8*)inside >= start && (const u8*)inside < start + block->size)
            return (u32)(start + block->size - (const u8*)inside);
    }
    return 0;
}

static void forget_oldest_freed(void) {
    while (freed_bytes > FREED_KEPT) {
        struct block* block = freed.next;
        /* The one freed before has left the list. NOLINTNEXTLINE(clang-analyzer-unix.Malloc) */
        unlink_block(block);
        freed_bytes -= block->size;
        if (unpoison) unpoison(block, sizeof *block + block->size + GUARD);
        if (!poison && !all_are(start_of(block), block->size, FREED_BYTE) && !block->reported)
            tell("heap: written after it was freed", block, NULL);
        free(block);
    }
}

/* A pointer is believed only when it is that of a block: what lies before an arbitrary one may not be read.
 * The newest blocks are looked at first, as they are freed first. */
static struct block* find_live(const void* start) {
    struct block* block;
    for (block = live.previous; block != &live; block = block->previous)
        if (start_of(block) == start) return block;
    return NULL;
}

void heap_delete(void* start, const void* caller) {
    struct block* block;
    if (!start) return;
    block = find_live(start);
    if (!block) {
        const void* addresses[1] = {caller};
        struct block* gone = find(&freed, start);
        if (gone)
            tell("heap: freed twice", gone, caller);
        else
            diagnose("heap: a pointer was freed that is not the start of a block", addresses, 1);
        return;
    }
    check_block(block, "when it was freed");
    unlink_block(block);
    --used_blocks;
    used_bytes -= block->size;
    block->state = FREED;
    block->freed_by = caller;
    memset(start, FREED_BYTE, block->size);
    if (poison) poison(start, block->size);
    link_before(&freed, block);
    freed_bytes += block->size;
    forget_oldest_freed();
}

void heap_report_leaks(void) {
    struct block* block;
    u32 told = 0;
    for (block = live.next; block != &live && told < 20; block = block->next, ++told)
        tell("heap: never freed", block, NULL);
    if (block != &live) diagnose("heap: and further blocks that were never freed", NULL, 0);
}

/* --- os_mem --- */

void* sdk_os_mem_new(u32 size, T_OS_MEM_TYPE type) { return heap_new(size, type, NULL, 0, CALLER); }
void* sdk_os_mem_sys_new(u32 size, T_OS_MEM_TYPE type) { return heap_new(size, type, NULL, 0, CALLER); }
void* sdk_os_mem_new_tag(u32 size, T_OS_MEM_TYPE type, const char* file, u32 line) {
    return heap_new(size, type, file, line, CALLER);
}
void sdk_os_mem_del(void* block) { heap_delete(block, CALLER); }
void sdk_os_mem_del_set(void* block, u8 value) {
    const u32 room = block ? heap_room(block) : 0;
    if (room != 0 && find_live(block)) memset(block, value, room);
    heap_delete(block, CALLER);
}

int sdk_os_mem_info(T_OS_MEM_TYPE type, T_OS_MEM_INFO* info) {
    const u32 all = 64u << 20;
    if (type != OS_MEM_TYPE_ID && type != OS_MEM_TYPE_SD) return CODE(E_OS_MEM_BAD_TYPE);
    if (!info) return CODE(E_OS_MEM_BAD_ADDR);
    info->used_blocks = used_blocks;
    info->used_bytes = used_bytes;
    info->free_blocks = 1;
    info->free_bytes = used_bytes < all ? all - used_bytes : 0;
    info->free_largest_area = info->free_bytes;
    return 0;
}

int sdk_os_mem_check(void* memory, u32* size) {
    struct block* block = find_live(memory);
    if (!block) return CODE(E_OS_MEM_BAD_ADDR);
    if (size) *size = block->size;
    if (!all_are(block->guard, GUARD, GUARD_BYTE) ||
        !all_are(start_of(block) + block->size, GUARD, GUARD_BYTE))
        return CODE(E_OS_MEM_CORR);
    return 0;
}

T_OS_MEM_TYPE sdk_os_mem_get_type(void* memory) {
    struct block* block = find_live(memory);
    return block ? (T_OS_MEM_TYPE)block->type : OS_MEM_NUM_MEM_TYPES;
}

int sdk_os_mem_trace(T_OS_MEM_BLOCK* list, u32 room, u32* count) {
    struct block* block;
    u32 n = 0;
    if (!count) return CODE(E_OS_MEM_BAD_ADDR);
    for (block = live.next; block != &live; block = block->next, ++n) {
        if (!list) continue;
        if (n == room) return CODE(E_OS_MEM_BUF_SIZE);
        list[n].tag = LIVE;
        list[n].file = block->file ? block->file : "?";
        list[n].line = block->line;
        list[n].size[0] = list[n].size[1] = block->size;
    }
    *count = n;
    return 0;
}

/* The length decides what may be touched: none for 0, whatever the pointers are. */
void sdk_os_mem_and(const void* a, const void* b, void* to, u32 length) {
    u32 i;
    for (i = 0; i < length; ++i) ((u8*)to)[i] = ((const u8*)a)[i] & ((const u8*)b)[i];
}
void sdk_os_mem_xor(const void* a, const void* b, void* to, u32 length) {
    u32 i;
    for (i = 0; i < length; ++i) ((u8*)to)[i] = ((const u8*)a)[i] ^ ((const u8*)b)[i];
}
int sdk_os_mem_cmp(const void* a, const void* b, u32 length) { return length ? memcmp(a, b, length) : 0; }
void sdk_os_mem_cpy(void* to, const void* from, u32 length) {
    if (length) memmove(to, from, length);
}
void sdk_os_mem_set(void* to, u8 value, u32 length) {
    if (length) memset(to, value, length);
}
int sdk_os_mem_smcp(const void* a, const void* b, u32 l_a, u32 l_b) {
    const int order = sdk_os_mem_cmp(a, b, l_a < l_b ? l_a : l_b);
    return order ? order : (l_a > l_b) - (l_a < l_b);
}
int sdk_os_mem_tst(void* memory, int value, u32 length) { return !all_are(memory, length, (u8)value); }
int sdk_os_mem_cmp_ti(const void* a, const void* b, int length) {
    int i, difference = 0;
    for (i = 0; i < length; ++i) difference |= ((const u8*)a)[i] ^ ((const u8*)b)[i];
    return difference;
}

/* memutil.h: plain functions that a module may link against. */
#define EXPORTED __attribute__((visibility("default")))
EXPORTED void memxor(void* to, const void* from, size_t n);
EXPORTED void xormem(size_t n, const void* a, const void* b, void* to);
EXPORTED int memtst(void* p, int byte, size_t n);
EXPORTED int smemcmp(const void* a, const void* b, u32 l_a, u32 l_b);
void memxor(void* to, const void* from, size_t n) { sdk_os_mem_xor(to, from, to, (u32)n); }
void xormem(size_t n, const void* a, const void* b, void* to) { sdk_os_mem_xor(a, b, to, (u32)n); }
int memtst(void* p, int byte, size_t n) { return sdk_os_mem_tst(p, byte, (u32)n); }
int smemcmp(const void* a, const void* b, u32 l_a, u32 l_b) { return sdk_os_mem_smcp(a, b, l_a, l_b); }
