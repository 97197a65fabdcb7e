// The two function lists, made of functions.inc. Included by cryptoki.h only.
#pragma once

#ifndef CS2SIM_P11_LIST_TYPES
#error "include cryptoki.h"
#endif

// The parameters of a function with a session: its handle, and then the rest, which begins with a comma.
#define CS2SIM_P11_REST(...) __VA_ARGS__
#define CS2SIM_P11_WITH_HANDLE(rest) (CK_SESSION_HANDLE session CS2SIM_P11_REST rest)

#define CS2SIM_P11_FREE(name, area, parameters, arguments) CK_RV(*C_##name) parameters;
#define CS2SIM_P11_LIBRARY CS2SIM_P11_FREE
#define CS2SIM_P11_SESSION(name, area, rest, arguments) CK_RV(*C_##name) CS2SIM_P11_WITH_HANDLE(rest);
#define CS2SIM_P11_ROLE CS2SIM_P11_SESSION

struct CK_FUNCTION_LIST_3_0 {
    CK_VERSION version;
#define CS2SIM_P11_3_0
#include "host-lib/pkcs11/cryptoki/functions.inc"
#undef CS2SIM_P11_3_0
};

// The first members are the same: a list of 2.40 is the front part of one of 3.0.
struct CK_FUNCTION_LIST {
    CK_VERSION version;
#define CS2SIM_P11_3_0 \
    }                  \
    ;                  \
    struct CK_FUNCTION_LIST_REST {
#include "host-lib/pkcs11/cryptoki/functions.inc"
#undef CS2SIM_P11_3_0
};

#undef CS2SIM_P11_FREE
#undef CS2SIM_P11_LIBRARY
#undef CS2SIM_P11_SESSION
#undef CS2SIM_P11_ROLE
