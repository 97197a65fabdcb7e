/* CXI's internal interface: keys by their numbers. Values of properties are as commands of CXI have them,
 * numbers in four bytes with the most significant first (our assumption). */
#include "host.h"

enum { MOST_PARTS = 8, MOST_PROPERTIES = 64 };

/* Where a part stands in T_CXI_KEY_COMP. */
struct member {
    u32 which;
    u8** bytes;
    u32* length;
};

/* The members of a key's algorithm; 0: one that is not known here. */
static u32 members_of(T_CXI_KEY_COMP* key, struct member* out) {
    T_CXI_RSA_COMP* rsa = &key->u.rsa;
    T_CXI_ECC_COMP* ecc = &key->u.ecc;
    T_CXI_DSA_COMP* dsa = &key->u.dsa;
    const struct member of_rsa[] = {
        {VRSA_KC_EXP, &rsa->p_exp, &rsa->l_exp}, {VRSA_KC_MOD, &rsa->p_mod, &rsa->l_mod},
        {VRSA_KC_P, &rsa->p_p, &rsa->l_p},       {VRSA_KC_Q, &rsa->p_q, &rsa->l_q},
        {VRSA_KC_DP, &rsa->p_dp, &rsa->l_dp},    {VRSA_KC_DQ, &rsa->p_dq, &rsa->l_dq},
        {VRSA_KC_U, &rsa->p_u, &rsa->l_u},       {VRSA_KC_EXP2, &rsa->p_exp2, &rsa->l_exp2}};
    const struct member of_ecc[] = {
        {1, &ecc->p_curve, &ecc->l_curve}, {2, &ecc->p_pub, &ecc->l_pub}, {3, &ecc->p_sec, &ecc->l_sec}};
    const struct member of_dsa[] = {{1, &dsa->p_p, &dsa->l_p},
                                    {2, &dsa->p_q, &dsa->l_q},
                                    {3, &dsa->p_g, &dsa->l_g},
                                    {4, &dsa->p_pub, &dsa->l_pub},
                                    {5, &dsa->p_sec, &dsa->l_sec}};
    const struct member of_secret[] = {{1, &key->u.sym.p_val, &key->u.sym.l_val}};
    switch (key->algo) {
        case CXI_KEY_ALGO_RSA:
            memcpy(out, of_rsa, sizeof of_rsa);
            return sizeof of_rsa / sizeof of_rsa[0];
        case CXI_KEY_ALGO_ECDSA:
            memcpy(out, of_ecc, sizeof of_ecc);
            return sizeof of_ecc / sizeof of_ecc[0];
        case CXI_KEY_ALGO_DSA:
            memcpy(out, of_dsa, sizeof of_dsa);
            return sizeof of_dsa / sizeof of_dsa[0];
        case CXI_KEY_ALGO_RAW:
        case CXI_KEY_ALGO_DES:
        case CXI_KEY_ALGO_AES:
            memcpy(out, of_secret, sizeof of_secret);
            return 1;
        default:
            return 0;
    }
}

int sdk_cxi_int_free_key_comp(T_CXI_KEY_COMP* key) {
    struct member members[MOST_PARTS];
    u32 count, i;
    if (!key) return CODE(E_CXI_INVALID_IN_PARAM);
    count = members_of(key, members);
    for (i = 0; i < count; ++i) {
        if (*members[i].bytes) sdk_os_mem_del_set(*members[i].bytes, 0);
        *members[i].bytes = NULL;
        *members[i].length = 0;
    }
    return count ? 0 : CODE(E_CXI_KEY_INVALID_ALGO);
}

/* The length of what put_properties() writes, or more than any can be. */
static u32 size_of_properties(const T_CXI_PROP* table, u32 count) {
    u32 size = 0, i;
    if (count > MOST_PROPERTIES || (count != 0 && !table)) return CS2SIM_CHANNEL_DATA;
    for (i = 0; i < count; ++i) {
        if (table[i].l_value > CS2SIM_CHANNEL_DATA / 2 || (table[i].l_value && !table[i].p_value))
            return CS2SIM_CHANNEL_DATA;
        size += 8 + table[i].l_value;
        if (size > CS2SIM_CHANNEL_DATA / 2) return CS2SIM_CHANNEL_DATA;
    }
    return size;
}
static void put_properties(struct request* request, const T_CXI_PROP* table, u32 count) {
    u32 i;
    put_number(request, size_of_properties(table, count), 4);
    for (i = 0; i < count; ++i) {
        put_number(request, table[i].prop, 4);
        put_bytes(request, 4, table[i].p_value, table[i].l_value);
    }
}

int sdk_cxi_int_key_import_ex(u32 flags, T_CXI_PROP* table, u32 count, T_CXI_KEY_COMP* key, u8** object,
                              u32* l_object) {
    struct request request = request_for(SERVICE_cxi_import);
    struct member members[MOST_PARTS];
    struct answer answer;
    const u8* made;
    u32 parts, size = 0, i;
    int code;
    if (!key || size_of_properties(table, count) == CS2SIM_CHANNEL_DATA) return CODE(E_CXI_INVALID_IN_PARAM);
    parts = members_of(key, members);
    if (parts == 0) return CODE(E_CXI_KEY_INVALID_ALGO);
    for (i = 0; i < parts; ++i) {
        if (*members[i].length > 0xFFFF) return CODE(E_CXI_KEY_INVALID_COMP);
        if (*members[i].bytes && *members[i].length) size += 3 + *members[i].length;
    }
    put_number(&request, flags, 4);
    put_number(&request, key->algo, 4);
    put_properties(&request, table, count);
    put_number(&request, size, 4);
    for (i = 0; i < parts; ++i) {
        if (!*members[i].bytes || !*members[i].length) continue;
        put_number(&request, members[i].which, 1);
        put_bytes(&request, 2, *members[i].bytes, *members[i].length);
    }
    code = ask(&request, &answer);
    if (code != 0 || !object) return code;
    made = get_rest(&answer, &size);
    *object = heap_new(size, OS_MEM_TYPE_SD, NULL, 0, CALLER);
    if (!*object) return CODE(E_CXI_MALLOC);
    memcpy(*object, made, size);
    if (l_object) *l_object = size;
    return 0;
}

static int take_parts(T_CXI_KEY_COMP* key, const u8* list, u32 left, const void* caller) {
    struct member members[MOST_PARTS];
    struct answer parts = {list, left};
    const u32 count = members_of(key, members);
    while (parts.left != 0) {
        const u32 which = get_number(&parts, 1);
        u32 length, i;
        const u8* bytes = get_bytes(&parts, 2, &length);
        for (i = 0; i < count; ++i) {
            if (members[i].which != which) continue;
            *members[i].bytes = heap_new(length, OS_MEM_TYPE_SECURE, NULL, 0, caller);
            if (!*members[i].bytes) return CODE(E_CXI_MALLOC);
            memcpy(*members[i].bytes, bytes, *members[i].length = length);
        }
    }
    return 0;
}

/* The caller's table gets a block for each value that it asks for. */
static int take_properties(T_CXI_PROP* table, u32 count, const u8* list, u32 left, const void* caller) {
    struct answer properties = {list, left};
    while (properties.left != 0) {
        const u32 id = get_number(&properties, 4);
        u32 length, i;
        const u8* value = get_bytes(&properties, 4, &length);
        for (i = 0; i < count; ++i) {
            if (table[i].prop != id) continue;
            table[i].p_value = heap_new(length, OS_MEM_TYPE_SD, NULL, 0, caller);
            if (!table[i].p_value) return CODE(E_CXI_MALLOC);
            memcpy(table[i].p_value, value, table[i].l_value = length);
        }
    }
    return 0;
}

int sdk_cxi_int_key_export_ex(u32 flags, u8* object, u32 l_object, T_CXI_PROP* names, u32 l_names,
                              T_CXI_PROP* table, u32 count, T_CXI_KEY_COMP* key) {
    struct request request = request_for(SERVICE_cxi_export);
    struct answer answer;
    const u8 *parts, *properties;
    u8* copy;
    u32 l_parts, l_properties, i;
    int code;
    (void)flags;
    if (!key || count > MOST_PROPERTIES || (count && !table) || (!object && !l_names) ||
        size_of_properties(names, l_names) == CS2SIM_CHANNEL_DATA)
        return CODE(E_CXI_INVALID_IN_PARAM);
    put_bytes(&request, 4, object, object ? l_object : 0);
    put_properties(&request, names, l_names);
    put_number(&request, 4 * count, 2);
    for (i = 0; i < count; ++i) put_number(&request, table[i].prop, 4);
    code = ask(&request, &answer);
    if (code != 0) return code;
    memset(key, 0, sizeof *key);
    key->algo = get_number(&answer, 4);
    parts = get_bytes(&answer, 4, &l_parts);
    properties = get_bytes(&answer, 4, &l_properties);
    copy = malloc(l_parts + l_properties + 1); /* the log may want the channel when memory is short */
    if (!copy) return CODE(E_CXI_MALLOC);
    memcpy(copy, parts, l_parts);
    memcpy(copy + l_parts, properties, l_properties);
    code = take_parts(key, copy, l_parts, CALLER);
    if (code == 0) code = take_properties(table, count, copy + l_parts, l_properties, CALLER);
    explicit_bzero(copy, l_parts);
    free(copy);
    if (code != 0) sdk_cxi_int_free_key_comp(key);
    return code;
}

/* The older two know keys by their properties alone. Of the export, those with a value say which key it is,
 * those without are asked for (our assumption). */
int sdk_cxi_int_key_import(u32 flags, T_CXI_PROP* table, u32 count, T_CXI_KEY_COMP* key) {
    return sdk_cxi_int_key_import_ex(flags, table, count, key, NULL, NULL);
}
int sdk_cxi_int_key_export(u32 flags, T_CXI_PROP* table, u32 count, T_CXI_KEY_COMP* key) {
    T_CXI_PROP names[MOST_PROPERTIES], asked[MOST_PROPERTIES];
    u32 l_names = 0, l_asked = 0, i;
    int code;
    if (!table || count > MOST_PROPERTIES) return CODE(E_CXI_INVALID_IN_PARAM);
    for (i = 0; i < count; ++i) {
        if (table[i].p_value)
            names[l_names++] = table[i];
        else
            asked[l_asked++] = table[i];
    }
    code = sdk_cxi_int_key_export_ex(flags, NULL, 0, names, l_names, asked, l_asked, key);
    for (i = 0, l_asked = 0; code == 0 && i < count; ++i)
        if (!table[i].p_value) table[i] = asked[l_asked++];
    return code;
}
