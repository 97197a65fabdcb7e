/* Texts: os_str, os_log, the printing functions of CMDS, the audit log. */
#include <stdio.h>

#include "host.h"

enum { LONGEST_LINE = 4096 };

/* The characters written, never more than fit; a format without conversions is a text like any other. No
 * format is an empty text: what vsnprintf does then differs between C libraries. */
int format_text(char* buffer, u32 room, const char* format, va_list arguments) {
    int length;
    if (room == 0) return 0;
    length = format ? vsnprintf(buffer, room, format, arguments) : -1;
    if (length < 0) buffer[length = 0] = 0;
    return length < (int)room ? length : (int)room - 1;
}

static void print_line(const char* text) {
    struct request request = request_for(SERVICE_log_print);
    put_raw(&request, text, (u32)strlen(text));
    ask(&request, NULL);
}

static void print_formatted(const char* format, va_list arguments) {
    char text[LONGEST_LINE];
    format_text(text, sizeof text, format, arguments);
    print_line(text);
}

static void print_bytes(const char* title, const void* data, int length) {
    char text[LONGEST_LINE];
    int at = snprintf(text, sizeof text, "%s", title ? title : ""), i;
    for (i = 0; i < length && at < (int)sizeof text - 4; ++i)
        at += snprintf(text + at, sizeof text - (size_t)at, " %02x", ((const u8*)data)[i]);
    print_line(text);
}

void diagnose(const char* text, const void* const* addresses, u32 count) {
    struct request request = request_for(SERVICE_diagnose);
    u32 i;
    put_text(&request, text);
    for (i = 0; i < count; ++i) {
        if (!addresses[i]) continue;
        put_number(&request, (u32)((unsigned long long)(uintptr_t)addresses[i] >> 32), 4);
        put_number(&request, (u32)(uintptr_t)addresses[i], 4);
    }
    ask(&request, NULL);
}

/* --- os_log, CMDS --- */

void sdk_os_log_print(u8* format, ...) {
    va_list arguments;
    va_start(arguments, format);
    print_formatted((const char*)format, arguments);
    va_end(arguments);
}
void sdk_os_log_xprint(char* title, void* data, int length) { print_bytes(title, data, length); }

int sdk_os_log_entry_write(const u8 creator, const u8 type, const int reason, const char* text,
                           const u32 length, const void* data) {
    struct request request = request_for(SERVICE_log_entry);
    (void)creator;
    put_number(&request, type, 1);
    put_number(&request, (u32)reason, 4);
    put_text(&request, text);
    put_raw(&request, data, length);
    return ask(&request, NULL);
}

void sdk_os_log_get_boot(u8** log, u32* length) {
    struct request request = request_for(SERVICE_boot_log);
    struct answer answer;
    const u8* text;
    u8* copy;
    u32 l_text;
    if (!log || !length) return;
    *log = NULL;
    *length = 0;
    if (ask(&request, &answer) != 0) return;
    text = get_rest(&answer, &l_text);
    copy = heap_new(l_text + 1, OS_MEM_TYPE_SD, NULL, 0, CALLER);
    if (!copy) return;
    memcpy(copy, text, l_text);
    copy[l_text] = 0;
    *length = l_text;
    *log = copy;
}

void sdk_cmds_print(u8* format, ...) {
    va_list arguments;
    va_start(arguments, format);
    print_formatted((const char*)format, arguments);
    va_end(arguments);
}
void sdk_cmds_vprint(u8* format, va_list arguments) { print_formatted((const char*)format, arguments); }
void sdk_cmds_xprint(char* title, void* data, int length) { print_bytes(title, data, length); }

/* --- the audit log --- */

static int audit(u32 classes, int with_users, const char* format, va_list arguments) {
    char text[LONGEST_LINE];
    struct request request = request_for(SERVICE_audit_write);
    int length;
    if (!format) return CODE(E_OS_AUDIT_PARAM);
    length = format_text(text, sizeof text, format, arguments);
    put_number(&request, classes, 4);
    put_number(&request, (u32)with_users, 1);
    put_raw(&request, text, (u32)length);
    return ask(&request, NULL);
}

int sdk_os_audit_write(u32 classes, u8* format, ...) {
    va_list arguments;
    int code;
    va_start(arguments, format);
    code = audit(classes, 0, (const char*)format, arguments);
    va_end(arguments);
    return code;
}

int sdk_os_audit_write_ex(u32 classes, u32 l_info, u8* info, u8* format, va_list arguments) {
    (void)l_info;
    (void)info;
    return audit(classes, 0, (const char*)format, arguments);
}

/* Known code gives the class as the number of its bit (24), not as a mask: numbers under 32 are taken so,
 * which no mask of a class of a module's own is (OS_AUDIT_CLASS_CUSTOM_MASK). */
int sdk_cmds_audit_write(u32 class_or_bit, T_CMDS_HANDLE* handle, u8* format, ...) {
    va_list arguments;
    int code;
    va_start(arguments, format);
    code = audit(class_or_bit < 32 ? 1u << class_or_bit : class_or_bit, handle != NULL, (const char*)format,
                 arguments);
    va_end(arguments);
    return code;
}

/* --- os_str --- */

char* sdk_os_str_cat(char* to, const char* from) { return strcat(to, from); }
char* sdk_os_str_chr(const char* text, char c) { return strchr(text, c); }
int sdk_os_str_cmp(const char* a, const char* b) { return strcmp(a, b); }
void sdk_os_str_cpy(char* to, const char* from) { strcpy(to, from); }
u32 sdk_os_str_len(const char* text) { return (u32)strlen(text); }
char* sdk_os_str_nchr(const char* text, char c, u32 length) { return memchr(text, c, strnlen(text, length)); }
int sdk_os_str_ncmp(const char* a, const char* b, u32 length) { return strncmp(a, b, length); }
void sdk_os_str_ncpy(char* to, const char* from, u32 length) {
    u32 i;
    for (i = 0; i < length && from[i] != 0; ++i) to[i] = from[i];
    for (; i < length; ++i) to[i] = 0;
}
char* sdk_os_str_nstr(const char* text, const char* wanted, u32 length) {
    const size_t l_wanted = strlen(wanted);
    const size_t l_text = strnlen(text, length);
    size_t at;
    for (at = 0; at + l_wanted <= l_text; ++at)
        if (memcmp(text + at, wanted, l_wanted) == 0) return (char*)(uintptr_t)(text + at);
    return NULL;
}
char* sdk_os_str_rchr(const char* text, char c) { return strrchr(text, c); }
char* sdk_os_str_str(const char* text, const char* wanted) { return strstr(text, wanted); }

/* `*` any run of characters, `?` any one; 0 when it fits (our assumption). */
int sdk_os_str_match(u8* text, u8* pattern) {
    const u8 *star = NULL, *mark = NULL;
    while (*text) {
        if (*pattern == '*') {
            star = pattern++;
            mark = text;
        } else if (*pattern == '?' || *pattern == *text) {
            ++pattern;
            ++text;
        } else if (star) {
            pattern = (u8*)(uintptr_t)(star + 1);
            text = (u8*)(uintptr_t)(++mark);
        } else {
            return 1;
        }
    }
    while (*pattern == '*') ++pattern;
    return *pattern != 0;
}

int sdk_os_str_snprintf(u8* buffer, u32 room, char* format, ...) {
    va_list arguments;
    int length;
    va_start(arguments, format);
    length = format_text((char*)buffer, room, format, arguments);
    va_end(arguments);
    return length;
}

void sdk_os_str_vcprintf(T_PUTCC* put, u8* format, va_list arguments) {
    char text[LONGEST_LINE];
    const int length = format_text(text, sizeof text, (const char*)format, arguments);
    int i;
    for (i = 0; i < length; ++i) put(text[i]);
}

/* Cuts the buffer at each separator; the list of the parts is one block of the heap, to be freed by the
 * caller. */
int sdk_os_str_split(u8* buffer, u32 length, char separator, u32* count, u8*** values) {
    u32 i, parts = 1, next = 1;
    for (i = 0; i < length; ++i) parts += buffer[i] == (u8)separator;
    *values = heap_new(parts * (u32)sizeof(u8*), OS_MEM_TYPE_SD, NULL, 0, CALLER);
    if (!*values) return CODE(E_OS_STR_MALLOC);
    (*values)[0] = buffer;
    for (i = 0; i < length; ++i) {
        if (buffer[i] != (u8)separator) continue;
        buffer[i] = 0;
        (*values)[next++] = buffer + i + 1;
    }
    *count = parts;
    return 0;
}
