// The exported functions C_… and CS_…, and the lists of them. Compiled once for each library.
#include "host-lib/pkcs11/call_trace.h"
#include "host-lib/pkcs11/entry.h"
#include "host-lib/pkcs11/handlers.h"

using namespace cs2sim::p11;

#define CS2SIM_P11_ROW(name, area, role) \
    static constexpr FunctionRow row { name, AREA_##area, role }
#define CS2SIM_P11_AFTER(...) (library, __VA_ARGS__)
// The arguments of trace_call(), of a function without and with a session.
#define CS2SIM_P11_TRACED(...) (library.log, row.name, #__VA_ARGS__, __VA_ARGS__)
#define CS2SIM_P11_TRACED_SESSION(...) \
    (session.library.log, row.name, "session" #__VA_ARGS__, handle __VA_ARGS__)

// `prefix`: C_ or CS_; `space`: where the handlers are.
#define CS2SIM_P11_EXPORT_FREE(prefix, space, name, area, parameters, arguments) \
    CS2SIM_P11_EXPORT prefix##name parameters {                                  \
        CS2SIM_P11_ROW(#prefix #name, area, false);                              \
        return call_free(row, [&] { return space::name arguments; });            \
    }
#define CS2SIM_P11_EXPORT_SESSION(prefix, space, name, area, role, parameters, arguments)    \
    CS2SIM_P11_EXPORT prefix##name CS2SIM_P11_BEHIND(CK_SESSION_HANDLE handle, parameters) { \
        CS2SIM_P11_ROW(#prefix #name, area, role);                                           \
        return call_session(row, handle, [&](Session& session) {                             \
            trace_call CS2SIM_P11_TRACED_SESSION arguments;                                  \
            return space::name CS2SIM_P11_BEHIND(session, arguments);                        \
        });                                                                                  \
    }

#define CS2SIM_P11_FREE(name, area, parameters, arguments) \
    CS2SIM_P11_EXPORT_FREE(C_, functions, name, area, parameters, arguments)
#define CS2SIM_P11_LIBRARY(name, area, parameters, arguments)  \
    CS2SIM_P11_EXPORT C_##name parameters {                    \
        CS2SIM_P11_ROW("C_" #name, area, false);               \
        return call_library(row, [&](Library& library) {       \
            trace_call CS2SIM_P11_TRACED arguments;            \
            return functions::name CS2SIM_P11_AFTER arguments; \
        });                                                    \
    }
#define CS2SIM_P11_SESSION(name, area, parameters, arguments) \
    CS2SIM_P11_EXPORT_SESSION(C_, functions, name, area, false, parameters, arguments)
#define CS2SIM_P11_ROLE(name, area, parameters, arguments) \
    CS2SIM_P11_EXPORT_SESSION(C_, functions, name, area, true, parameters, arguments)
#define CS2SIM_P11_3_0
#include "host-lib/pkcs11/cryptoki/functions.inc"
#undef CS2SIM_P11_FREE
#undef CS2SIM_P11_SESSION
#undef CS2SIM_P11_ROLE
#define CS2SIM_P11_FREE(name, area, parameters, arguments) \
    CS2SIM_P11_EXPORT_FREE(CS_, functions::cs, name, area, parameters, arguments)
#define CS2SIM_P11_SESSION(name, area, parameters, arguments) \
    CS2SIM_P11_EXPORT_SESSION(CS_, functions::cs, name, area, false, parameters, arguments)
#define CS2SIM_P11_ROLE(name, area, parameters, arguments) \
    CS2SIM_P11_EXPORT_SESSION(CS_, functions::cs, name, area, true, parameters, arguments)
#include "host-lib/pkcs11/cryptoki/cs_functions.inc"
#undef CS2SIM_P11_FREE
#undef CS2SIM_P11_LIBRARY
#undef CS2SIM_P11_SESSION
#undef CS2SIM_P11_ROLE
#undef CS2SIM_P11_3_0

#define CS2SIM_P11_FREE(name, area, parameters, arguments) C_##name,
#define CS2SIM_P11_LIBRARY CS2SIM_P11_FREE
#define CS2SIM_P11_SESSION CS2SIM_P11_FREE
#define CS2SIM_P11_ROLE CS2SIM_P11_FREE

namespace {

constinit CK_FUNCTION_LIST_3_0 whole_list = {
    {3, 0},
#define CS2SIM_P11_3_0
#include "host-lib/pkcs11/cryptoki/functions.inc"
#undef CS2SIM_P11_3_0
};

constinit CK_FUNCTION_LIST front_list = {
    {2, 40},
#define CS2SIM_P11_3_0 \
    }                  \
    ;                  \
    [[maybe_unused]] CK_FUNCTION_LIST_REST rest_of_list = {
#include "host-lib/pkcs11/cryptoki/functions.inc"
#undef CS2SIM_P11_3_0
};

#undef CS2SIM_P11_FREE
#define CS2SIM_P11_FREE(name, area, parameters, arguments) CS_##name,
constinit CS_FUNCTION_LIST cs_list = {
    {1, 0},
#include "host-lib/pkcs11/cryptoki/cs_functions.inc"
};

}  // namespace

namespace cs2sim::p11::functions {

Generation this_generation() { return CS2SIM_P11_GENERATION; }
CK_FUNCTION_LIST* list_2_40() { return &front_list; }
CK_FUNCTION_LIST_3_0* list_3_0() { return &whole_list; }
CS_FUNCTION_LIST* list_cs() { return &cs_list; }

}  // namespace cs2sim::p11::functions
