/* Files of the module in flash, and configuration files. A file is held whole while it is open; what was
 * written is in flash after close or flush. */
#include "host.h"

enum { MOST_OPEN = 16, LONGEST_FILE = CS2SIM_CHANNEL_DATA - 256, MODE = OS_FILE_O_NOP };

struct file {
    int used;
    char name[OS_FILE_PATH_LB_MAX + 1];
    u32 flags;
    u8* bytes;
    u32 length, room, at;
    int changed;
    u32 place;     /* of a search: where it goes on */
    char* pattern; /* of a search */
};
static struct file files[MOST_OPEN];

static struct file* file_of(OS_FILE_HANDLE handle) {
    return handle >= 0 && handle < MOST_OPEN && files[handle].used ? &files[handle] : NULL;
}

static OS_FILE_HANDLE free_place(void) {
    OS_FILE_HANDLE place;
    for (place = 0; place < MOST_OPEN; ++place)
        if (!files[place].used) return place;
    return CODE(E_OS_FILE_HDL_TOOMANY);
}

/* FLASH\ alone is there: of the others nobody says what they hold. */
static const char* plain_name(const char* path) {
    const char* back = path ? strrchr(path, '\\') : NULL;
    if (!path || !*path || strlen(path) > OS_FILE_PATH_LB_MAX) return NULL;
    if (!back) return path;
    return (u32)(back + 1 - path) == sizeof OS_FILE_FLASH - 1 &&
                   strncasecmp(path, OS_FILE_FLASH, sizeof OS_FILE_FLASH - 1) == 0
               ? back + 1
               : NULL;
}

static int read_file(const char* name, u8** bytes, u32* length) {
    struct request request = request_for(SERVICE_file_read);
    struct answer answer;
    const u8* content;
    int code;
    put_text(&request, name);
    code = ask(&request, &answer);
    if (code != 0) return code;
    content = get_rest(&answer, length);
    *bytes = malloc(*length + 1);
    if (!*bytes) return CODE(E_OS_FILE_NO_MEM);
    memcpy(*bytes, content, *length);
    (*bytes)[*length] = 0;
    return 0;
}

static int write_file(struct file* file) {
    struct request request = request_for(SERVICE_file_write);
    int code;
    if (!file->changed) return 0;
    put_text(&request, file->name);
    put_raw(&request, file->bytes, file->length);
    code = ask(&request, NULL);
    if (code == 0) file->changed = 0;
    return code;
}

/* O_CREATE makes it empty, O_CCREATE only when it is not there (our assumption). */
OS_FILE_HANDLE sdk_os_file_open(const char* path, u32 flags) {
    const char* name = plain_name(path);
    const OS_FILE_HANDLE place = free_place();
    struct file* file;
    int code;
    if (!name) return CODE(E_OS_FILE_ILL_NAME);
    if (place < 0) return place;
    file = &files[place];
    memset(file, 0, sizeof *file);
    strcpy(file->name, name);
    file->flags = flags;
    code = (flags & OS_FILE_O_CREATE) ? CODE(E_OS_FILE_NO_SUCH_FILE)
                                      : read_file(name, &file->bytes, &file->length);
    if (code == CODE(E_OS_FILE_NO_SUCH_FILE) && (flags & (OS_FILE_O_CREATE | OS_FILE_O_CCREATE))) {
        file->changed = 1;
        code = write_file(file); /* so that a name that is not the module's is told now */
    }
    if (code != 0) return code;
    file->room = file->length;
    file->used = 1;
    if (flags & OS_FILE_O_APPEND) file->at = file->length;
    return place;
}

int sdk_os_file_read(OS_FILE_HANDLE handle, void* to, u32 length) {
    struct file* file = file_of(handle);
    if (!file || file->pattern) return CODE(E_OS_FILE_HANDLE);
    if ((file->flags & MODE) == OS_FILE_O_WR_ONLY) return CODE(E_OS_FILE_NOT_OPEN);
    if (!to && length) return CODE(E_OS_FILE_ILL_PARAM);
    if (length > file->length - file->at) length = file->length - file->at;
    if (length) memcpy(to, file->bytes + file->at, length);
    file->at += length;
    return (int)length;
}

int sdk_os_file_write(OS_FILE_HANDLE handle, const void* from, u32 length) {
    struct file* file = file_of(handle);
    if (!file || file->pattern) return CODE(E_OS_FILE_HANDLE);
    if ((file->flags & MODE) != OS_FILE_O_WR_ONLY && (file->flags & MODE) != OS_FILE_O_RDWR)
        return CODE(E_OS_FILE_NOT_OPEN);
    if (!from && length) return CODE(E_OS_FILE_ILL_PARAM);
    if (length > LONGEST_FILE - file->at) return CODE(E_OS_FILE_NO_SPACE);
    if (file->at + length > file->room) {
        u8* more = realloc(file->bytes, 2 * (file->at + length));
        if (!more) return CODE(E_OS_FILE_NO_MEM);
        file->bytes = more;
        file->room = 2 * (file->at + length);
    }
    if (length) memcpy(file->bytes + file->at, from, length);
    file->at += length;
    if (file->at > file->length) file->length = file->at;
    file->changed = 1;
    return (int)length;
}

int sdk_os_file_flush(OS_FILE_HANDLE handle) {
    struct file* file = file_of(handle);
    return file && !file->pattern ? write_file(file) : CODE(E_OS_FILE_HANDLE);
}
int sdk_os_file_close(OS_FILE_HANDLE handle) {
    struct file* file = file_of(handle);
    const int code = file && !file->pattern ? write_file(file) : CODE(E_OS_FILE_HANDLE);
    if (!file || file->pattern) return code;
    free(file->bytes);
    file->used = 0;
    return code;
}
int sdk_os_file_pos(OS_FILE_HANDLE handle, u32 at) {
    struct file* file = file_of(handle);
    if (!file) return CODE(E_OS_FILE_HANDLE);
    if (at > file->length) return CODE(E_OS_FILE_ILL_POS);
    file->at = at;
    return 0;
}
int sdk_os_file_pos_relativ(OS_FILE_HANDLE handle, int by) {
    const struct file* file = file_of(handle);
    if (!file) return CODE(E_OS_FILE_HANDLE);
    if (by < 0 && (u32)-by > file->at) return CODE(E_OS_FILE_ILL_POS);
    return sdk_os_file_pos(handle, file->at + (u32)by);
}
int sdk_os_file_length(OS_FILE_HANDLE handle) {
    const struct file* file = file_of(handle);
    return file ? (int)file->length : CODE(E_OS_FILE_HANDLE);
}

int sdk_os_file_access(const char* path, u32 mode) {
    const char* name = plain_name(path);
    u8* bytes = NULL;
    u32 length;
    int code;
    (void)mode; /* all are 0 */
    if (!name) return CODE(E_OS_FILE_ILL_NAME);
    code = read_file(name, &bytes, &length);
    free(bytes);
    return code;
}
int sdk_os_file_unlink(const char* path) {
    struct request request = request_for(SERVICE_file_remove);
    const char* name = plain_name(path);
    if (!name) return CODE(E_OS_FILE_ILL_NAME);
    put_text(&request, name);
    return ask(&request, NULL);
}
int sdk_os_file_rename(const char* from, char* to) {
    const OS_FILE_HANDLE source = sdk_os_file_open(from, OS_FILE_O_RD_ONLY);
    const char* name = plain_name(to);
    int code;
    if (source < 0) return source;
    if (!name || sdk_os_file_access(to, OS_FILE_EXIST) == 0) {
        sdk_os_file_close(source);
        return name ? CODE(E_OS_FILE_EXIST) : CODE(E_OS_FILE_ILL_NAME);
    }
    strcpy(files[source].name, name);
    files[source].changed = 1;
    code = sdk_os_file_close(source);
    return code ? code : sdk_os_file_unlink(from);
}

/* --- searching: the module's own files --- */

static int next_file(struct file* search, T_OS_FILE_INFO* info) {
    for (;;) {
        struct request request = request_for(SERVICE_file_list);
        struct answer answer;
        char name[OS_FILE_PATH_LB_MAX + 1];
        const u8* bytes;
        u32 length;
        int code;
        put_number(&request, search->place++, 4);
        code = ask(&request, &answer);
        if (code != 0) return code;
        bytes = get_bytes(&answer, 2, &length);
        if (length >= sizeof name) continue;
        memcpy(name, bytes, length);
        name[length] = 0;
        if (sdk_os_str_match((u8*)name, (u8*)search->pattern) != 0) continue;
        memset(info, 0, sizeof *info);
        info->size = get_number(&answer, 4);
        memcpy(info->name, name, length < sizeof info->name ? length : sizeof info->name - 1);
        return 0;
    }
}

void sdk_os_file_find_close(OS_FILE_HANDLE handle) {
    struct file* search = file_of(handle);
    if (!search || !search->pattern) return;
    free(search->pattern);
    search->used = 0;
}
OS_FILE_HANDLE sdk_os_file_find_first(const char* path, T_OS_FILE_INFO* info) {
    const char* name = plain_name(path);
    const OS_FILE_HANDLE place = free_place();
    int code;
    if (!name || !info) return CODE(E_OS_FILE_ILL_NAME);
    if (place < 0) return place;
    memset(&files[place], 0, sizeof files[place]);
    files[place].pattern = strdup(name);
    if (!files[place].pattern) return CODE(E_OS_FILE_NO_MEM);
    files[place].used = 1;
    code = next_file(&files[place], info);
    if (code == 0) return place;
    sdk_os_file_find_close(place);
    return code;
}
int sdk_os_file_find_next(OS_FILE_HANDLE handle, T_OS_FILE_INFO* info) {
    struct file* search = file_of(handle);
    if (!search || !search->pattern || !info) return CODE(E_OS_FILE_HANDLE);
    return next_file(search, info);
}

/* --- configuration files: `[section]`, `key = value`, comments behind # and ; at the beginning of a line ---
 */

struct item {
    char *section, *key, *value; /* section NULL: in front of the first one */
};
struct configuration {
    u32 magic;
    u8* text;
    struct item* items;
    u32 count, next;
};
#define CONFIGURATION 0x434F4E46u

static char* trimmed(char* text) {
    char* end = text + strlen(text);
    while (*text == ' ' || *text == '\t') ++text;
    while (end > text && strchr(" \t\r", end[-1])) *--end = 0;
    return text;
}

static int read_line(struct configuration* configuration, char* line, char** section) {
    char* equals;
    line = trimmed(line);
    if (!*line || *line == '#' || *line == ';') return 0;
    if (*line == '[') {
        char* end = strchr(line, ']');
        if (!end) return CODE(E_OS_CFG_BAD);
        *end = 0;
        *section = trimmed(line + 1);
        return 0;
    }
    equals = strchr(line, '=');
    if (!equals) return CODE(E_OS_CFG_BAD);
    *equals = 0;
    configuration->items[configuration->count++] =
        (struct item){*section, trimmed(line), trimmed(equals + 1)};
    return 0;
}

static int read_configuration(struct configuration* configuration) {
    char *section = NULL, *line = (char*)configuration->text;
    u32 lines = 1;
    char* at;
    for (at = line; *at; ++at) lines += *at == '\n';
    configuration->items = calloc(lines, sizeof *configuration->items);
    if (!configuration->items) return CODE(E_OS_CFG_MALLOC);
    while (line) {
        char* end = strchr(line, '\n');
        int code;
        if (end) *end++ = 0;
        code = read_line(configuration, line, &section);
        if (code != 0) return code;
        line = end;
    }
    return 0;
}

static struct configuration* configuration_of(OS_CFG_HANDLE handle) {
    struct configuration* configuration = handle;
    return configuration && configuration->magic == CONFIGURATION ? configuration : NULL;
}

int sdk_os_cfg_close(OS_CFG_HANDLE handle) {
    struct configuration* configuration = configuration_of(handle);
    if (!configuration) return CODE(E_OS_CFG_INVALID_HDL);
    configuration->magic = 0;
    free(configuration->items);
    free(configuration->text);
    free(configuration);
    return 0;
}
int sdk_os_cfg_open(const char* path, OS_CFG_HANDLE* handle) {
    const char* name = plain_name(path);
    struct configuration* configuration;
    u32 length;
    int code;
    if (!name || !handle) return CODE(E_OS_CFG_INVALID_PARAM);
    *handle = OS_CFG_INVALID_HANDLE;
    configuration = calloc(1, sizeof *configuration);
    if (!configuration) return CODE(E_OS_CFG_MALLOC);
    configuration->magic = CONFIGURATION;
    code = read_file(name, &configuration->text, &length);
    if (code == 0) code = read_configuration(configuration);
    if (code != 0) {
        sdk_os_cfg_close(configuration);
        return code;
    }
    *handle = configuration;
    return 0;
}

static int same_section(const char* a, const char* b) { return a && b ? strcasecmp(a, b) == 0 : a == b; }

int sdk_os_cfg_get_value(OS_CFG_HANDLE handle, const char* section, const char* key, u8** value,
                         u32* l_value) {
    const struct configuration* configuration = configuration_of(handle);
    u32 i, seen = section == OS_CFG_GLOBAL_SECT;
    if (!configuration) return CODE(E_OS_CFG_INVALID_HDL);
    if (!key) return CODE(E_OS_CFG_INVALID_PARAM);
    for (i = 0; i < configuration->count; ++i) {
        const struct item* item = &configuration->items[i];
        if (!same_section(item->section, section)) continue;
        seen = 1;
        if (strcasecmp(item->key, key) != 0) continue;
        if (value) *value = (u8*)item->value;
        if (l_value) *l_value = (u32)strlen(item->value);
        return 0;
    }
    return seen ? CODE(E_OS_CFG_ITEM_NOT_FOUND) : CODE(E_OS_CFG_SECT_NOT_FOUND);
}

int sdk_os_cfg_find(OS_CFG_HANDLE handle, u32 flags, const char* section, u8** key, u32* l_key, u8** value,
                    u32* l_value) {
    struct configuration* configuration = configuration_of(handle);
    if (!configuration) return CODE(E_OS_CFG_INVALID_HDL);
    if (flags > OS_CFG_FIND_NEXT) return CODE(E_OS_CFG_INVALID_PARAM);
    if (flags == OS_CFG_FIND_FIRST) configuration->next = 0;
    while (configuration->next < configuration->count) {
        const struct item* item = &configuration->items[configuration->next++];
        if (!same_section(item->section, section)) continue;
        if (key) *key = (u8*)item->key;
        if (l_key) *l_key = (u32)strlen(item->key);
        if (value) *value = (u8*)item->value;
        if (l_value) *l_value = (u32)strlen(item->value);
        return 0;
    }
    return CODE(E_OS_CFG_ITEM_NOT_FOUND);
}
