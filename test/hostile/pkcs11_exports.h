// The functions of the PKCS#11 library, where it is linked in.
#pragma once

#include "host-lib/pkcs11/cryptoki/cryptoki.h"

extern "C" {
#define CS2SIM_P11_FREE(name, area, parameters, arguments) CK_RV C_##name parameters;
#define CS2SIM_P11_LIBRARY CS2SIM_P11_FREE
#define CS2SIM_P11_REST(...) __VA_ARGS__
#define CS2SIM_P11_HANDLE(rest) (CK_SESSION_HANDLE session CS2SIM_P11_REST rest)
#define CS2SIM_P11_SESSION(name, area, rest, arguments) CK_RV C_##name CS2SIM_P11_HANDLE(rest);
#define CS2SIM_P11_ROLE CS2SIM_P11_SESSION
#define CS2SIM_P11_3_0
#include "host-lib/pkcs11/cryptoki/functions.inc"
#undef CS2SIM_P11_FREE
#undef CS2SIM_P11_LIBRARY
#undef CS2SIM_P11_SESSION
#undef CS2SIM_P11_ROLE
#undef CS2SIM_P11_3_0
}
