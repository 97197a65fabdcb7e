/* A C program with external keys in a store. 0, or the line that failed. */
#include "csxapi_client.h"

#include <csxapi/csxapi.h>
#include <stddef.h>
#include <string.h>

#define CHECK(condition)                   \
    do {                                   \
        if (!(condition)) return __LINE__; \
    } while (0)

static int walk(int store) {
    cs_keystore_filter labelled = {0};
    cs_keystore_key* key = NULL;
    unsigned int found = 0, spec = 0;
    labelled.group = "G";
    labelled.label = (const unsigned char*)"two";
    labelled.l_label = 3;
    while (cs_keystore_find(store, CS_KEYSTORE_GREATER, "G", "", spec, &labelled, &key) == 0) {
        spec = key->spec;
        ++found;
        cs_keystore_free_key(key);
    }
    CHECK(key == NULL && found == 1 && spec == 2);
    return 0;
}

int keystore_client(const char* url) {
    static const unsigned char blob[] = {0x4B, 0, 1, 2};
    cs_keystore_key key = {0};
    cs_keystore_key* found = NULL;
    int store = -1;
    unsigned int first = 0;

    CHECK(cs_keystore_open(NULL, &store) == (int)CSA_ERR_PARAM && store == -1);
    CHECK(cs_keystore_open(url, NULL) == (int)CSA_ERR_PARAM);
    CHECK(cs_keystore_open(url, &store) == 0);
    CHECK(cs_keystore_reserve_specs(store, "G", 2, &first) == 0 && first == 1);
    strcpy(key.group, "G");
    key.spec = first;
    key.is_private = 1;
    key.blob = blob;
    key.l_blob = sizeof blob;
    key.label = (const unsigned char*)"one";
    key.l_label = 3;
    CHECK(cs_keystore_insert(store, &key) == 0);
    CHECK(cs_keystore_insert(store, &key) == (int)CSA_ERR_STORE_EXISTS);
    key.spec = 2;
    key.label = (const unsigned char*)"two";
    CHECK(cs_keystore_insert(store, &key) == 0);
    CHECK(walk(store) == 0);
    CHECK(cs_keystore_find(store, CS_KEYSTORE_EQUAL, "G", "", 1, NULL, &found) == 0);
    CHECK(found->version == 1 && found->l_blob == sizeof blob && memcmp(found->blob, blob, sizeof blob) == 0);
    CHECK(cs_keystore_update(store, found, 2) == (int)CSA_ERR_STORE_CHANGED);
    CHECK(cs_keystore_update(store, found, 1) == 0);
    cs_keystore_free_key(found);
    CHECK(cs_keystore_delete(store, "G", "", 1, 1) == (int)CSA_ERR_STORE_CHANGED);
    CHECK(cs_keystore_delete(store, "G", "", 1, 0) == 0);
    CHECK(cs_keystore_find(store, CS_KEYSTORE_EQUAL, "G", "", 1, NULL, &found) ==
          (int)CSA_ERR_STORE_NOT_FOUND);
    CHECK(found == NULL);
    CHECK(cs_keystore_find(store, 3, "G", "", 1, NULL, &found) == (int)CSA_ERR_PARAM);
    memset(key.name, 'x', sizeof key.name); /* no end */
    CHECK(cs_keystore_insert(store, &key) == (int)CSA_ERR_PARAM);
    cs_keystore_free_key(NULL);
    CHECK(cs_keystore_close(store) == 0);
    CHECK(cs_keystore_close(store) == (int)CSA_ERR_HANDLE);
    CHECK(cs_keystore_insert(store, &key) == (int)CSA_ERR_HANDLE);
    return 0;
}
