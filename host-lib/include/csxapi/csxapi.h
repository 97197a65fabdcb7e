/* csxapi: the host library as a C interface (libcsxapi). Names and parameter orders are those that public
 * clients use; the numbers of the constants are this project's own choice. Independent simulator software.
 *
 * Every function returns 0 or an error code: the device's own (B0xxxxxx) passed through unchanged, or one of
 * the host library (B9xxxxxx; cs_error_text gives the words). All functions may be called from several
 * threads; calls on one handle run one after the other. NULL where a pointer is needed is answered with an
 * error, never a crash.
 */
#ifndef CSXAPI_CSXAPI_H
#define CSXAPI_CSXAPI_H

#ifdef __cplusplus
extern "C" {
#endif

/* Host-library errors that callers meet most. */
#define CSA_ERR_DEVICE_NAME 0xB9010002u
#define CSA_ERR_ADDRESS 0xB9010003u
#define CSA_ERR_UNKNOWN_HOST 0xB9010004u
#define CSA_ERR_CLOSED 0xB9010005u
#define CSA_ERR_TIMEOUT 0xB9010007u
#define CSA_ERR_NO_NODE 0xB901000Eu
#define CSA_ERR_BUSY 0xB9011010u
#define CSA_ERR_SESSION 0xB9000605u
/* Numbers of this project's own. */
#define CSA_ERR_PARAM 0xB9010F01u
#define CSA_ERR_PROTOCOL 0xB9010F02u
#define CSA_ERR_HANDLE 0xB9010F03u
#define CSA_ERR_NO_MEM 0xB9010F04u

/* Failures of the system: errno stands in the low 12 bits, 0xB901306F is ECONNREFUSED of connect(). */
#define CSA_ERR_NODE_OPEN 0xB9011000u
#define CSA_ERR_SOCKET 0xB9012000u
#define CSA_ERR_CONNECT 0xB9013000u
#define CSA_ERR_POLL 0xB9014000u
#define CSA_ERR_READ 0xB9015000u
#define CSA_ERR_WRITE 0xB9016000u
#define CSA_ERR_IOCTL 0xB9017000u
#define CSA_ERR_IS(error, kind) (((error) & ~0xFFFu) == (kind))

/* Mechanisms of cs_prepare_auth. AUTO takes the one that the user is registered with. */
#define CSA_AUTH_MECH_RSA_SIGN 0
#define CSA_AUTH_MECH_CLR_PWD 1
#define CSA_AUTH_MECH_SHA1_PWD 2
#define CSA_AUTH_MECH_RSA_SC 3
#define CSA_AUTH_MECH_HMAC_PWD 4
#define CSA_AUTH_MECH_ECDSA 5
#define CSA_AUTH_MECH_AUTO (-1)

/* Connects. `device`: /dev/cs2a, PCI:0, 3001@127.0.0.1, TCP:3001@host, host, unix:PATH; NULL takes the
 * environment variable CRYPTOSERVER. Time-outs in milliseconds, 0 = default (5000, 60000). `handle` gets a
 * number from 0 up, or -1 on error. */
int cs_open_connection(const char* device, unsigned int connect_timeout, unsigned int command_timeout,
                       int* handle);
int cs_close_connection(int handle);

/* Reads the key or password of one user for a later cs_get_sessionkey_ex; nothing is sent yet. `key_spec`
 * NULL: `password` is the user's password; else it is a key file or smartcard and `password` its passphrase
 * or PIN (NULL when it has none). `in_context` NULL begins a new context; one from an earlier call gets the
 * user added, and `*out_context` is the same pointer. On error `in_context` stays valid and unchanged, and
 * `*out_context` is `in_context`. */
int cs_prepare_auth(int handle, int mechanism, const unsigned char* user, unsigned int l_user,
                    const unsigned char* key_spec, const unsigned char* password, unsigned int l_password,
                    void* in_context, void** out_context);

/* Opens the secure session of the context when it has none, and logs the prepared users on in their order.
 * Wrong credentials show here. */
int cs_get_sessionkey_ex(int handle, void* context);

/* Logs off, ends the session and frees the context. NULL is no error. */
int cs_end_session(int handle, void* context);

/* Runs one command; `context` NULL: without logon. `*answer` is made by the library and is given back with
 * cs_free_answ; NULL when the answer is empty or an error is returned. `answer` and `l_answer` may be NULL
 * when the answer does not matter. */
int cs_exec_command(int handle, void* context, unsigned int fc, unsigned int sfc,
                    const unsigned char* command, unsigned int l_command, unsigned char** answer,
                    unsigned int* l_answer);
void cs_free_answ(unsigned char* answer);

/* One line about an error code, never NULL; static memory. */
const char* cs_error_text(unsigned int code);

/* A group of devices (fewer than 10) behind one handle: commands go to the first that answers; when it fails
 * the next takes over and the library logs on there again. A command whose answer was lost is sent to the
 * next one only when it does no more twice than once; the others end with the error of the connection (a key
 * may have been made or not), and so does what goes on with a handle. A device that refuses a user is not
 * asked again before the next logon or logoff. Handles of clusters and of connections are apart.
 */
int cs_cluster_open(const char** devices, int count, unsigned int connect_timeout,
                    unsigned int command_timeout, int* handle);
int cs_cluster_close(int handle);
int cs_cluster_logon(int handle, const unsigned char* user, unsigned int l_user,
                     const unsigned char* key_spec, const unsigned char* password, unsigned int l_password);
int cs_cluster_logoff(int handle);
/* After a fail-over the first device is tried again when `seconds` have passed; 0 = never. Default 0. */
int cs_cluster_set_fallback_interval(int handle, unsigned int seconds);
int cs_cluster_exec(int handle, unsigned int fc, unsigned int sfc, const unsigned char* command,
                    unsigned int l_command, unsigned char** answer, unsigned int* l_answer);
/* Name of the device in use; NULL for an unknown handle. Valid until the next call on the handle. */
const char* cs_cluster_get_current_device(int handle);

/* External keys in a database, for programs that make keys with CXI_FLAG_KEY_EXTERNAL
 * (host-lib/keystore/README.md). Everything here is this project's own: what the real library offers is only
 * known in outline.
 *
 * A key is told by its group, name ("" for none) and specifier. Blobs are sealed under the device's MBK;
 * label, id, class and type stand beside them in clear, so that keys are found by them. */
#define CSA_ERR_STORE_NOT_FOUND 0xB0880004u
#define CSA_ERR_STORE_EXISTS 0xB0880005u
#define CSA_ERR_STORE_CONNECT 0xB90E0001u
#define CSA_ERR_STORE_LOGON 0xB90E0002u
#define CSA_ERR_STORE_TLS 0xB90E0003u
#define CSA_ERR_STORE_CONFIG 0xB90E0004u
#define CSA_ERR_STORE_SCHEMA 0xB90E0005u
#define CSA_ERR_STORE_READ_ONLY 0xB90E0006u
#define CSA_ERR_STORE_FULL 0xB90E0007u
#define CSA_ERR_STORE_TIMEOUT 0xB90E0008u
#define CSA_ERR_STORE_CHANGED 0xB90E0009u
#define CSA_ERR_STORE_FAILED 0xB90E000Au

typedef struct cs_keystore_key {
    char group[256]; /* ended by a zero byte, as name is */
    char name[256];
    unsigned int spec;
    unsigned long long version; /* set by the store; 1 when inserted, one more with each update */
    unsigned char mbk[16];      /* hash of the MBK that the blob is sealed under */
    unsigned int key_class;     /* CKO_ and CKK_ numbers */
    unsigned int key_type;
    int is_private;
    const unsigned char* label;
    unsigned int l_label;
    const unsigned char* id;
    unsigned int l_id;
    const unsigned char* blob;
    unsigned int l_blob;
} cs_keystore_key;

/* What a key must be like to be found: NULL or 0 in `use_` stands for "whatever it is". */
typedef struct cs_keystore_filter {
    const char* group;
    const char* name;
    const unsigned char* label;
    unsigned int l_label;
    const unsigned char* id;
    unsigned int l_id;
    int use_class;
    unsigned int key_class;
} cs_keystore_filter;

#define CS_KEYSTORE_EQUAL 0
#define CS_KEYSTORE_GTEQ 1
#define CS_KEYSTORE_GREATER 2

/* `url`: postgresql://…, libpq's words, odbc:CONNECTION-STRING, sqlite:PATH, or a path. Connects when first
 * needed. */
int cs_keystore_open(const char* url, int* handle);
int cs_keystore_close(int handle);
/* The key of the index, or the first at or behind it that `filter` (may be NULL) lets through: with GREATER
 * from one key to the next all are walked through. `*key` gets bytes of the library's, given back with
 * cs_keystore_free_key. */
int cs_keystore_find(int handle, int match, const char* group, const char* name, unsigned int spec,
                     const cs_keystore_filter* filter, cs_keystore_key** key);
void cs_keystore_free_key(cs_keystore_key* key);
int cs_keystore_insert(int handle, const cs_keystore_key* key);
/* Replaces all but the index, when the version is still `version`. */
int cs_keystore_update(int handle, const cs_keystore_key* key, unsigned long long version);
/* `version` 0: whatever it is. */
int cs_keystore_delete(int handle, const char* group, const char* name, unsigned int spec,
                       unsigned long long version);
/* The first of `count` specifiers of the group that nobody else gets. */
int cs_keystore_reserve_specs(int handle, const char* group, unsigned int count, unsigned int* first);

#ifdef __cplusplus
}
#endif

#endif
