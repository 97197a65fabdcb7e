/* Vendor-defined mechanisms: callbacks of the module, called when CXI is asked for one of their kind. */
#include "vdm.h"

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

/* --- what a callback writes into: a block with a guard behind it --- */

struct output {
    u8* bytes;
    u32 room;
};

static int open_output(struct output* output, u32 room) {
    output->room = room;
    output->bytes = malloc(room + GUARD);
    if (!output->bytes) return CODE(E_CXI_MALLOC);
    memset(output->bytes + room, GUARD_BYTE, GUARD);
    return 0;
}
static void close_output(struct output* output) {
    if (output->bytes) explicit_bzero(output->bytes, output->room);
    free(output->bytes);
}

/* A callback may have replaced the buffer, or written behind it, whatever its length says. */
static int check_output(const struct output* output, const T_VDM_BUF* said) {
    u32 i;
    if (said->pBuf != output->bytes || said->len > output->room) return CODE(E_CXI_VDM_CB_DATA_INCONSISTENT);
    for (i = 0; i < GUARD; ++i)
        if (output->bytes[output->room + i] != GUARD_BYTE) return CODE(E_CXI_VDM_CB_DATA_INCONSISTENT);
    return 0;
}

/* --- a job: what the simulator sends; the bytes lie in a copy, since callbacks ask for services --- */

struct job {
    u8* copy;
    u32 mechanism;
    struct vdm_key key, second;
    const u8 *parameter, *signature, *data;
    u32 l_parameter, l_signature, l_data;
};

static int take_job(struct job* job) {
    struct answer call;
    const u8 *key, *second;
    const u32 length = channel->length;
    u32 l_key, l_second;
    int code;
    memset(job, 0, sizeof *job);
    job->copy = malloc(length + 1);
    if (!job->copy) return CODE(E_CXI_MALLOC);
    memcpy(job->copy, channel->data, length);
    call.at = job->copy;
    call.left = length;
    job->mechanism = get_number(&call, 4);
    key = get_bytes(&call, 4, &l_key);
    second = get_bytes(&call, 4, &l_second);
    job->parameter = get_bytes(&call, 4, &job->l_parameter);
    job->signature = get_bytes(&call, 4, &job->l_signature);
    job->data = get_rest(&call, &job->l_data);
    code = take_key(&job->key, key, l_key);
    return code ? code : take_key(&job->second, second, l_second);
}

static void put_down_job(struct job* job, u32 length) {
    put_down_key(&job->key);
    put_down_key(&job->second);
    if (job->copy) explicit_bzero(job->copy, length);
    free(job->copy);
}

#define BUFFER(of, name) \
    { (T_VDM_PTR)(uintptr_t)(of)->name, (of)->l_##name }

/* --- callbacks that work with a key, or with none --- */

static int run_callback(const struct vdmCallback* callback, struct job* job, T_VDM_BUF* result) {
    const T_VDM_MECH mechanism = {job->mechanism, BUFFER(job, parameter)};
    const T_VDM_BUF in = BUFFER(job, data), signature = BUFFER(job, signature), no_state = {NULL, 0};
    T_VDM_BUF state = {NULL, 0};
    T_VDM_KEY key, second;
    int code = 0;
    describe_key(&job->key, NULL, NULL, &key);
    describe_key(&job->second, NULL, NULL, &second);
    switch (callback->fctType) {
        case VDM_FCT_ENCRYPT:
        case VDM_FCT_DECRYPT:
            code = callback->cbFct.Encrypt(&mechanism, WHOLE, &key, &in, &no_state, result, &state);
            break;
        case VDM_FCT_SIGN:
            code = callback->cbFct.Sign(&mechanism, WHOLE, &key, &in, &no_state, result);
            break;
        case VDM_FCT_VERIFY:
            result->len = 0;
            code = callback->cbFct.Verify(&mechanism, WHOLE, &key, &in, &signature, &no_state, &state);
            break;
        case VDM_FCT_DIGEST:
            code = callback->cbFct.Digest(&mechanism, WHOLE, &in, &no_state, result);
            break;
        case VDM_FCT_WRAP:
            code = callback->cbFct.Wrap(&mechanism, &key, &second, result);
            break;
        case VDM_FCT_DELKEY:
            result->len = 0;
            code = callback->cbFct.DelKey(&key);
            break;
        default:
            return CODE(E_CXI_VDM_MECH_NOT_HANDLED);
    }
    if (code == 0 && (state.pBuf != NULL || state.len != 0)) return CODE(E_CXI_VDM_CB_STATE_INVALID);
    return code;
}

static int run_work(const struct vdmCallback* callback, struct job* job, u32* length) {
    const int silent = callback->fctType == VDM_FCT_VERIFY || callback->fctType == VDM_FCT_DELKEY;
    struct output output;
    int code = open_output(&output, job->l_data + ROOM);
    if (code == 0) {
        T_VDM_BUF result = {output.bytes, output.room};
        code = run_callback(callback, job, &result);
        if (code == 0) code = check_output(&output, &result);
        if (code == 0 && result.len == 0 && !silent) code = CODE(E_CXI_VDM_CB_BUF_LEN_ZERO);
        if (code == 0 && result.len > CS2SIM_CHANNEL_DATA) code = CODE(E_CXI_VDM_CB_DATA_INCONSISTENT);
        if (code == 0) memcpy(channel->data, output.bytes, *length = result.len);
    }
    close_output(&output);
    return code;
}

/* --- callbacks that make a key: they fill the token's and the public data's buffer --- */

static int make_key(const struct vdmCallback* callback, struct job* job, const struct output* token,
                    const struct output* open, T_VDM_BUF* made, T_VDM_BUF* public_data) {
    const T_VDM_MECH mechanism = {job->mechanism, BUFFER(job, parameter)};
    const T_VDM_BUF in = BUFFER(job, data);
    T_VDM_KEY working, fresh;
    int code;
    describe_key(&job->key, NULL, NULL, &working);
    describe_key(callback->fctType == VDM_FCT_GENKEY ? &job->key : &job->second, made, public_data, &fresh);
    if (callback->fctType == VDM_FCT_GENKEY)
        code = callback->cbFct.GenKey(&mechanism, &fresh);
    else if (callback->fctType == VDM_FCT_DERIVE)
        code = callback->cbFct.Derive(&mechanism, &working, &fresh);
    else
        code = callback->cbFct.Unwrap(&mechanism, &working, &in, &fresh);
    if (code != 0) return code;
    made->len = fresh.priv_token.len;
    public_data->len = fresh.pub_data.len;
    code = check_output(token, &fresh.priv_token);
    return code ? code : check_output(open, &fresh.pub_data);
}

static int run_maker(const struct vdmCallback* callback, struct job* job, u32* length) {
    struct output token = {NULL, 0}, open = {NULL, 0};
    int code = open_output(&token, ROOM);
    if (code == 0) code = open_output(&open, ROOM);
    if (code == 0) {
        T_VDM_BUF made = {token.bytes, token.room}, public_data = {open.bytes, open.room};
        code = make_key(callback, job, &token, &open, &made, &public_data);
        /* a length that nobody set is that of nothing (our assumption) */
        if (public_data.len == open.room) public_data.len = 0;
        if (code == 0 && (made.len == 0 || made.len == token.room)) code = CODE(E_CXI_VDM_CB_BUF_LEN_ZERO);
        if (code == 0) {
            store_int4(made.len, channel->data);
            memcpy(channel->data + 4, token.bytes, made.len);
            memcpy(channel->data + 4 + made.len, open.bytes, public_data.len);
            *length = 4 + made.len + public_data.len;
        }
    }
    close_output(&token);
    close_output(&open);
    return code;
}

void run_mechanism(void) {
    const u32 place = channel->number, l_copy = channel->length;
    u32 length = 0;
    struct job job;
    int code = place < registered ? 0 : CODE(E_CXI_VDM_CB_NOT_REGISTERED);
    if (code == 0) {
        const T_VDM_FCT_TYPE kind = callbacks[place].fctType;
        code = take_job(&job);
        if (code == 0)
            code = kind == VDM_FCT_GENKEY || kind == VDM_FCT_DERIVE || kind == VDM_FCT_UWRAP
                       ? run_maker(&callbacks[place], &job, &length)
                       : run_work(&callbacks[place], &job, &length);
        put_down_job(&job, l_copy);
    }
    forget_pages();
    heap_check_beside(code == 0 ? length : 0, "after a mechanism");
    answer_call(code, code == 0 ? length : 0);
}
