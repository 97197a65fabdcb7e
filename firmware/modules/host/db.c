/* DB: databases of the module. A search reads a page of records ahead, which holds until the command ends or
 * the module changes the database; pointers to a record are good until the next call on it. */
#include "host.h"

enum { MOST_OPEN = 32, PAGE = 64 * 1024, LONGEST_KEY = 255, FIRST_PAGE = 1 };

struct DB_ {
    u32 magic;
    u32 handle;
    DB_INFO info;
    u8* page;      /* records: key, then lengths and parts, as they came */
    u32 page_size; /* bytes */
    u32 page_at;   /* of the record behind the one found last */
    int only;      /* which kinds of records the page has */
    int ordered;   /* the page continues behind the key found last */
    u8 last_key[LONGEST_KEY];
    void* record; /* the parts found last, the secret one aligned */
};
#define OPEN_DATABASE 0x44424F50u

static DB databases[MOST_OPEN];

static int is_open(const DB* db) {
    return db >= databases && db < databases + MOST_OPEN && db->magic == OPEN_DATABASE;
}

static void forget_page(DB* db) {
    free(db->page);
    db->page = NULL;
    db->ordered = 0;
}

void forget_pages(void) {
    if (is_command_open()) return; /* its handler may still look at them */
    u32 i;
    for (i = 0; i < MOST_OPEN; ++i)
        if (databases[i].magic == OPEN_DATABASE) forget_page(&databases[i]);
}

int sdk_db_open(const char* name, int mode, const DB_INFO* info, DB** out) {
    struct request request = request_for(SERVICE_db_open);
    struct answer answer;
    DB* db = databases;
    int code;
    if (!name || !out) return CODE(E_DB_BAD_PARAM);
    if (info && info->tag != DB_INFO_TAG) return CODE(E_DB_BAD_INFO);
    while (db < databases + MOST_OPEN && db->magic == OPEN_DATABASE) ++db;
    if (db == databases + MOST_OPEN) return CODE(E_DB_NO_MEM);
    put_text(&request, name);
    put_number(&request, (u32)mode, 4);
    put_number(&request, info != NULL, 1);
    put_number(&request, info ? (u32)info->keylen : 0, 4);
    put_number(&request, info ? (u32)info->maxsize : 0, 4);
    code = ask(&request, &answer);
    if (code != 0) return code;
    memset(db, 0, sizeof *db);
    db->magic = OPEN_DATABASE;
    db->handle = get_number(&answer, 4);
    db->info.tag = DB_INFO_TAG;
    db->info.keylen = (int)get_number(&answer, 4);
    db->info.maxsize = (int)get_number(&answer, 4);
    *out = db;
    return 0;
}

int sdk_db_open_ex(const char* name, int mode, const DB_INFO* info, DB** out, void* unused,
                   void* unused_too) {
    if (unused || unused_too) return CODE(E_DB_BAD_PARAM); /* what they are is not known */
    return sdk_db_open(name, mode, info, out);
}

int sdk_db_close(DB* db) {
    struct request request = request_for(SERVICE_db_close);
    if (!is_open(db)) return CODE(E_DB_BAD_HANDLE);
    put_number(&request, db->handle, 4);
    forget_page(db);
    free(db->record);
    db->magic = 0;
    return ask(&request, NULL);
}

int sdk_db_drop(const char* name) {
    struct request request = request_for(SERVICE_db_drop);
    if (!name) return CODE(E_DB_BAD_NAME);
    put_text(&request, name);
    return ask(&request, NULL);
}

static int fetch(DB* db, u32 mode, const void* key, u32 limit) {
    struct request request = request_for(SERVICE_db_find);
    struct answer answer;
    const u8* entries;
    u32 length;
    int code;
    put_number(&request, db->handle, 4);
    put_number(&request, mode, 4);
    put_number(&request, limit, 4);
    put_bytes(&request, 2, key, (u32)db->info.keylen);
    code = ask(&request, &answer);
    forget_page(db);
    if (code != 0) return code;
    entries = get_rest(&answer, &length);
    db->page = malloc(length + 1);
    if (!db->page) return CODE(E_DB_NO_MEM);
    memcpy(db->page, entries, length);
    db->page_size = length;
    db->page_at = 0;
    return 0;
}

/* Takes the next record of the page. The secret part begins the block, so that structures are read in place.
 */
static int take(DB* db, void* key, u32* l_public, void** public, u32* l_secret, void** secret) {
    struct answer page = {db->page + db->page_at, db->page_size - db->page_at};
    u32 l_key, l_pub, l_sec;
    const u8* found = get_bytes(&page, 2, &l_key);
    const u8* pub = get_bytes(&page, 4, &l_pub);
    const u8* sec = get_bytes(&page, 4, &l_sec);
    u8* record = malloc(l_sec + 16 + l_pub);
    if (!record) return CODE(E_DB_NO_MEM);
    memcpy(record, sec, l_sec);
    memcpy(record + ((l_sec + 15) & ~15u), pub, l_pub);
    free(db->record);
    db->record = record;
    memcpy(key, found, l_key);
    memcpy(db->last_key, found, l_key);
    db->page_at = db->page_size - page.left;
    db->ordered = 1;
    if (l_public) *l_public = l_pub;
    if (public) *public = record + ((l_sec + 15) & ~15u);
    if (l_secret) *l_secret = l_sec;
    if (secret) *secret = record;
    return 0;
}

/* The first search brings one record, the next a page: who looks up one pays for one. */
int sdk_db_find(DB* db, int mode, void* key, u32* l_public, void** public, u32* l_secret, void** secret) {
    const int how = mode & 0xF, only = mode & (DB_ONLY_VOLATILE | DB_ONLY_PERMANENT);
    int code, goes_on;
    if (!is_open(db)) return CODE(E_DB_BAD_HANDLE);
    if (!key || how > DB_GREATER) return CODE(E_DB_BAD_PARAM);
    goes_on = how == DB_GREATER && db->ordered && db->only == only &&
              memcmp(key, db->last_key, (size_t)db->info.keylen) == 0;
    if (!goes_on || !db->page || db->page_at == db->page_size) {
        code = fetch(db, (u32)(how | only), key, goes_on ? PAGE : FIRST_PAGE);
        if (code != 0) return code;
    }
    db->only = only;
    return take(db, key, l_public, public, l_secret, secret);
}

enum { REPLACE = 1, PASSING = 2 };

static int put(DB* db, int how, const void* key, u32 l_public, const void* public, u32 l_secret,
               const void* secret) {
    struct request request = request_for(how == PASSING ? SERVICE_db_put_volatile : SERVICE_db_put);
    if (!is_open(db)) return CODE(E_DB_BAD_HANDLE);
    if (!key || (!public && l_public) || (!secret && l_secret)) return CODE(E_DB_BAD_PARAM);
    if (l_public > CS2SIM_CHANNEL_DATA / 2 || l_secret > CS2SIM_CHANNEL_DATA / 2) return CODE(E_DB_LENGTH);
    put_number(&request, db->handle, 4);
    if (how != PASSING) put_number(&request, how == REPLACE, 1);
    put_bytes(&request, 2, key, (u32)db->info.keylen);
    put_bytes(&request, 4, public, l_public);
    put_bytes(&request, 4, secret, l_secret);
    forget_page(db);
    return ask(&request, NULL);
}

int sdk_db_insert(DB* db, const void* key, u32 l_public, const void* public, u32 l_secret,
                  const void* secret) {
    return put(db, 0, key, l_public, public, l_secret, secret);
}
int sdk_db_update(DB* db, const void* key, u32 l_public, const void* public, u32 l_secret,
                  const void* secret) {
    return put(db, REPLACE, key, l_public, public, l_secret, secret);
}
int sdk_db_insert2(DB* db, int flags, const void* key, u32 l_public, const void* public, u32 l_secret,
                   const void* secret) {
    if (flags != DB_PERMANENT && flags != DB_VOLATILE) return CODE(E_DB_BAD_PARAM);
    return put(db, flags == DB_VOLATILE ? PASSING : 0, key, l_public, public, l_secret, secret);
}

int sdk_db_delete(DB* db, const void* key) {
    struct request request = request_for(SERVICE_db_delete);
    if (!is_open(db)) return CODE(E_DB_BAD_HANDLE);
    if (!key) return CODE(E_DB_BAD_PARAM);
    put_number(&request, db->handle, 4);
    put_bytes(&request, 2, key, (u32)db->info.keylen);
    forget_page(db);
    return ask(&request, NULL);
}

int sdk_db_release(DB* db, const void* key, int mode) {
    (void)key; /* nothing stays locked: calls of a module come one at a time */
    (void)mode;
    return is_open(db) ? 0 : CODE(E_DB_BAD_HANDLE);
}
int sdk_db_suspend(DB* db, int mode) {
    (void)mode;
    return is_open(db) ? 0 : CODE(E_DB_BAD_HANDLE);
}
int sdk_db_get_info(DB* db, DB_INFO* info) {
    if (!is_open(db)) return CODE(E_DB_BAD_HANDLE);
    if (!info) return CODE(E_DB_BAD_PARAM);
    *info = db->info;
    return 0;
}
