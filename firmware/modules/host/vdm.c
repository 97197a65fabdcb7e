/* Vendor-defined mechanisms: callbacks of the module, called when CXI is asked for one of their kind. */
#include "host.h"

#include <cryptoserversdk/cxi_vdm.h>

enum {
    MOST_CALLBACKS = 32,
    ROOM = 64 * 1024, /* of a result, beyond the length of the data (our assumption) */
    GUARD = 16,
    GUARD_BYTE = 0xA5,
    WHOLE = CXI_FLAG_CRYPT_INIT | CXI_FLAG_CRYPT_FINAL
};

static struct vdmCallback callbacks[MOST_CALLBACKS];
static u32 registered;

int sdk_cxi_int_register_vdm(T_CXI_VDM_CB* callback, char priority) {
    struct request request = request_for(SERVICE_vdm_register);
    int code;
    if (!callback || !callback->cbFct.Encrypt) return CODE(E_CXI_INVALID_PARAM_VAL);
    if (registered == MOST_CALLBACKS) return CODE(E_CXI_MALLOC);
    put_number(&request, (u32)callback->fctType, 1);
    put_number(&request, (u8)priority, 1);
    code = ask(&request, NULL);
    if (code == 0) callbacks[registered++] = *callback;
    return code;
}

/* What the simulator sends; the bytes lie in a copy, since callbacks ask for services. */
struct job {
    u8* copy;
    u32 mechanism, type, bits;
    const u8 *key, *public_data, *parameter, *signature, *data;
    u32 l_key, l_public_data, l_parameter, l_signature, l_data;
};

static int take_job(struct job* job) {
    struct answer call;
    const u32 length = channel->length;
    job->copy = malloc(length + 1);
    if (!job->copy) return CODE(E_CXI_MALLOC);
    memcpy(job->copy, channel->data, length);
    call.at = job->copy;
    call.left = length;
    job->mechanism = get_number(&call, 4);
    job->type = get_number(&call, 1);
    job->bits = get_number(&call, 4);
    job->key = get_bytes(&call, 4, &job->l_key);
    job->public_data = get_bytes(&call, 4, &job->l_public_data);
    job->parameter = get_bytes(&call, 4, &job->l_parameter);
    job->signature = get_bytes(&call, 4, &job->l_signature);
    job->data = get_rest(&call, &job->l_data);
    return 0;
}

#define BUFFER(of, name) \
    { (T_VDM_PTR)(uintptr_t)(of)->name, (of)->l_##name }

/* Prepared keys serve both directions here. */
struct prepared {
    AES_KEY for_aes;
    VDES_KEY for_des;
};

static int run_callback(const struct vdmCallback* callback, const struct job* job, const T_VDM_KEY* key,
                        T_VDM_BUF* result) {
    const T_VDM_MECH mechanism = {job->mechanism, BUFFER(job, parameter)};
    const T_VDM_BUF in = BUFFER(job, data);
    const T_VDM_BUF signature = BUFFER(job, signature);
    const T_VDM_BUF no_state = {NULL, 0};
    T_VDM_BUF state = {NULL, 0};
    int code;
    switch (callback->fctType) {
        case VDM_FCT_ENCRYPT:
        case VDM_FCT_DECRYPT:
            code = callback->cbFct.Encrypt(&mechanism, WHOLE, key, &in, &no_state, result, &state);
            break;
        case VDM_FCT_SIGN:
            code = callback->cbFct.Sign(&mechanism, WHOLE, key, &in, &no_state, result);
            break;
        case VDM_FCT_VERIFY:
            result->len = 0;
            code = callback->cbFct.Verify(&mechanism, WHOLE, key, &in, &signature, &no_state, &state);
            break;
        default:
            return CODE(E_CXI_VDM_MECH_NOT_HANDLED);
    }
    if (code == 0 && (state.pBuf != NULL || state.len != 0)) return CODE(E_CXI_VDM_CB_STATE_INVALID);
    return code;
}

/* A callback may have replaced the buffer, or written behind it, whatever its length says. */
static int check_result(const T_VDM_BUF* result, const u8* buffer, u32 room, T_VDM_FCT_TYPE kind) {
    u32 i;
    if (result->pBuf != buffer || result->len > room) return CODE(E_CXI_VDM_CB_DATA_INCONSISTENT);
    for (i = 0; i < GUARD; ++i)
        if (buffer[room + i] != GUARD_BYTE) return CODE(E_CXI_VDM_CB_DATA_INCONSISTENT);
    return result->len == 0 && kind != VDM_FCT_VERIFY ? CODE(E_CXI_VDM_CB_BUF_LEN_ZERO) : 0;
}

static int run_job(const struct vdmCallback* callback, const struct job* job, u32* length) {
    const u32 room = job->l_data + ROOM;
    u8* buffer = malloc(room + GUARD);
    struct prepared* prepared = calloc(1, sizeof *prepared);
    int code = CODE(E_CXI_MALLOC);
    if (buffer && prepared) {
        const int is_aes = job->type == VDM_TYPE_AES, is_des = job->type == VDM_TYPE_DES;
        const T_VDM_BUF none = {NULL, 0};
        T_VDM_BUF result = {buffer, room};
        /* the pointers of DES stand where those of AES do */
        void* const ready = is_aes ? (void*)&prepared->for_aes : is_des ? (void*)&prepared->for_des : NULL;
        const T_VDM_KEY key = {.type = (T_VDM_TYPE)job->type,
                               .size = job->bits,
                               .comp = {.AES = {ready, ready}},
                               .pub_token = none,
                               .priv_token = BUFFER(job, key),
                               .pub_data = BUFFER(job, public_data)};
        if (is_aes) sdk_aes_pkey((int)job->l_key, (u8*)(uintptr_t)job->key, AES_ENC, &prepared->for_aes);
        if (is_des) sdk_vdes_pkey((int)job->l_key, (u8*)(uintptr_t)job->key, &prepared->for_des);
        memset(buffer + room, GUARD_BYTE, GUARD);
        code = run_callback(callback, job, &key, &result);
        if (code == 0) code = check_result(&result, buffer, room, callback->fctType);
        if (code == 0) memcpy(channel->data, buffer, *length = result.len);
        explicit_bzero(prepared, sizeof *prepared);
        explicit_bzero(buffer, room);
    }
    free(prepared);
    free(buffer);
    return code;
}

void run_mechanism(void) {
    const u32 place = channel->number, l_copy = channel->length;
    u32 length = 0;
    struct job job;
    int code = place < registered ? take_job(&job) : CODE(E_CXI_VDM_CB_NOT_REGISTERED);
    if (code == 0) {
        code = run_job(&callbacks[place], &job, &length);
        explicit_bzero(job.copy, l_copy);
        free(job.copy);
    }
    forget_pages();
    heap_check("after a mechanism");
    answer_call(code, code == 0 ? length : 0);
}
