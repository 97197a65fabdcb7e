// The handlers of the functions of PKCS#11, one a row of cryptoki/functions.inc, and of the vendor's, one a
// row of cs_functions.inc. In every one of them a Result's code is a CKR or a device code (errors.h).
#pragma once

#include "host-lib/pkcs11/library.h"

namespace cs2sim::p11::functions {

#define CS2SIM_P11_FREE(name, area, parameters, arguments) Answer name parameters;
#define CS2SIM_P11_AFTER_LIBRARY(...) (Library & library, __VA_ARGS__)
#define CS2SIM_P11_LIBRARY(name, area, parameters, arguments) Answer name CS2SIM_P11_AFTER_LIBRARY parameters;
#define CS2SIM_P11_SESSION(name, area, parameters, arguments) \
    Answer name CS2SIM_P11_BEHIND(Session& session, parameters);
#define CS2SIM_P11_ROLE CS2SIM_P11_SESSION
#define CS2SIM_P11_3_0
#include "host-lib/pkcs11/cryptoki/functions.inc"
namespace cs {
#include "host-lib/pkcs11/cryptoki/cs_functions.inc"
}
#undef CS2SIM_P11_FREE
#undef CS2SIM_P11_LIBRARY
#undef CS2SIM_P11_SESSION
#undef CS2SIM_P11_ROLE
#undef CS2SIM_P11_3_0

// Which of the two libraries this one is, and its function lists (exports.cpp).
Generation this_generation();
CK_FUNCTION_LIST* list_2_40();
CK_FUNCTION_LIST_3_0* list_3_0();
CS_FUNCTION_LIST* list_cs();

}  // namespace cs2sim::p11::functions
