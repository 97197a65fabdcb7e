// Frames, functions, arguments.
#include "firmware/smos/smos.h"
#include "test/unit/cmds/provocation.h"

namespace cs2sim {
namespace {

constexpr Provocation kProvocations[] = {
    {E_CMDS_BAD_FC,
     [] {
         Simulated device;
         return code_of(Caller(device).plain(0x123, 0, ByteView()));
     }},
    {E_CMDS_BAD_SFC,
     [] {
         Simulated device;
         return code_of(Caller(device).plain(FC_CMDS, 0xEE, ByteView()));
     }},
    {E_CMDS_BAD_TAG,
     [] {
         Simulated device;
         Bytes frame = request_frame(FC_CMDS, SFC_CMDS_ECHO, {});
         frame[0] = kAnswerTag;
         return code_of(Caller(device).frame(frame));
     }},
    {E_CMDS_BAD_CMD,
     [] {
         Simulated device;
         return code_of(Caller(device).frame(hex_bytes("9C0000060083")));
     }},
    {E_CMDS_DATA_LEN,
     [] {
         Simulated device;
         return code_of(Caller(device).plain(FC_CMDS, SFC_CMDS_GET_CHALLENGE, hex_bytes("001000")));
     }},
    {E_CMDS_INVAL,
     [] {  // a session inside a session
         Simulated device;
         Caller caller(device);
         REQUIRE(caller.open_session());
         return code_of(caller.cmds(SFC_CMDS_OPEN_SESSION, {SM_MODE_ECDH, SM_MECH_AES_GCM, ByteView()}));
     }},
    {E_CMDS_BAD_SIZE,
     [] {  // a list of search keys that no frame can hold
         Simulated device;
         Caller admin(device);
         admin.as_admin();
         REQUIRE(admin.call(FC_DB, SFC_DB_TEST_CREATE, {"LONG.db", 255, 100000}));
         for (int batch = 0; batch < 3; ++batch) {
             Bytes entries;
             for (int i = 0; i < 700; ++i) {
                 Bytes key = to_bytes(as_bytes(std::to_string(10000 + batch * 700 + i)));
                 key.resize(255);
                 compose_into(entries, LAYOUT_DB_ENTRY, {key, Bytes()});
             }
             REQUIRE(admin.call(FC_DB, SFC_DB_TEST_INSERT, {"LONG.db", entries}));
         }
         return code_of(admin.call(FC_ADM, SFC_ADM_LIST_ENTRIES, {"LONG.db"}));
     }},
    {E_CMDS_SFC_DISABLED,
     [] {
         Profile profile = profile_named("se-gen2");
         profile.disabled_functions = {{FC_CMDS, SFC_CMDS_LIST_USERS}};
         Simulated device(profile);
         return code_of(Caller(device).cmds(SFC_CMDS_LIST_USERS, {""}));
     }},
    {E_CMDS_BAD_MODE,
     [] {
         Simulated device;
         return code_of(Caller(device).as_admin().cmds(SFC_CMDS_SET_ADMIN_MODE, {2}));
     }},
};

}  // namespace

std::span<const Provocation> frame_provocations() { return kProvocations; }

}  // namespace cs2sim
