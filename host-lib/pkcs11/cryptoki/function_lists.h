// Prototypes and lists of the functions, made of functions.inc and cs_functions.inc: the one place that has
// them. Included by cryptoki.h only.
#pragma once

#ifndef CS2SIM_P11_LIST_TYPES
#error "include cryptoki.h"
#endif

// The parameters of a function with a session: its handle, and then the rest, which begins with a comma.
#define CS2SIM_P11_REST(...) __VA_ARGS__
#define CS2SIM_P11_BEHIND(first, rest) (first CS2SIM_P11_REST rest)
#define CS2SIM_P11_WITH_HANDLE(rest) CS2SIM_P11_BEHIND(CK_SESSION_HANDLE session, rest)

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
#undef CS2SIM_P11_SESSION

// The vendor's functions and their list. Their names and order: pkcs11-facts.md, section 6; their parameters
// and the list are OUR ASSUMPTION.
#define CS2SIM_P11_FREE(name, area, parameters, arguments) CK_RV(*CS_##name) parameters;
#define CS2SIM_P11_SESSION(name, area, rest, arguments) CK_RV(*CS_##name) CS2SIM_P11_WITH_HANDLE(rest);
struct CS_FUNCTION_LIST {
    CK_VERSION version;
#include "host-lib/pkcs11/cryptoki/cs_functions.inc"
};
#undef CS2SIM_P11_FREE
#undef CS2SIM_P11_SESSION

// The functions that the libraries export.
#define CS2SIM_P11_EXPORT extern "C" [[gnu::visibility("default")]] CK_RV
#define CS2SIM_P11_FREE(name, area, parameters, arguments) CS2SIM_P11_EXPORT C_##name parameters;
#define CS2SIM_P11_SESSION(name, area, rest, arguments) \
    CS2SIM_P11_EXPORT C_##name CS2SIM_P11_WITH_HANDLE(rest);
#define CS2SIM_P11_3_0
#include "host-lib/pkcs11/cryptoki/functions.inc"
#undef CS2SIM_P11_3_0
#undef CS2SIM_P11_FREE
#undef CS2SIM_P11_SESSION
#define CS2SIM_P11_FREE(name, area, parameters, arguments) CS2SIM_P11_EXPORT CS_##name parameters;
#define CS2SIM_P11_SESSION(name, area, rest, arguments) \
    CS2SIM_P11_EXPORT CS_##name CS2SIM_P11_WITH_HANDLE(rest);
#include "host-lib/pkcs11/cryptoki/cs_functions.inc"
#undef CS2SIM_P11_FREE
#undef CS2SIM_P11_LIBRARY
#undef CS2SIM_P11_SESSION
#undef CS2SIM_P11_ROLE
