/* PP: a device to which no PIN pad is connected. It cannot be opened, and nothing can be done with what is
 * not open. */
#include "host.h"

static int not_open(void) { return CODE(E_PP_NOT_OPEN); }

int sdk_pp_open(void) { return CODE(E_PP_READER_NOT_CONNECTED); }
void sdk_pp_close(void) {}
int sdk_pp_set_type(int type, int port) {
    (void)port;
    return type >= PP_TYPE_SAFEPAD && type <= PP_TYPE_CYBERJACK_ONE ? 0 : CODE(E_PP_BAD_TYPE);
}

#define ABSENT(name, parameters) \
    int sdk_pp_##name parameters { return not_open(); }
ABSENT(display, (int x, int y, int mode, char* text))
ABSENT(getkey, (int mode, char* key))
ABSENT(getstr, (int x, int y, int least, int most, int mode, char* text, int* length))
ABSENT(gethexdata, (int x, int y, int least, int most, int mode, u8* bytes))
ABSENT(output, (const char* text))
ABSENT(request, (const char* text, u32 timeout))
ABSENT(input, (const char* text, u32 flags, u32 timeout, u32 room, u8* input, u32* l_input))
ABSENT(card_apdu, (int l_command, u8* command, int* l_answer, u8* answer, u32* status))
ABSENT(card_reset, (u8 * answer, int* l_answer))
ABSENT(card_unload, (void))
ABSENT(slot_stat, (u32 * state))
ABSENT(pin_verify, (u32 timeout, u32 l_apdu, u8* apdu, u32 at, u32 l_pin, u8* pin, u32* status))
ABSENT(pin_change,
       (u32 timeout, u32 l_apdu, u8* apdu, u32 at, u32 l_old, u8* old, u32 l_new, u8* new_, u32* status))
