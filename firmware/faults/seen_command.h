// What a fault rule can look at of a command.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "firmware/cmds/call.h"

namespace cs2sim {

struct SeenCommand {
    std::uint16_t fc = 0;
    std::uint8_t sfc = 0;
    std::uint32_t session = 0;            // 0 outside of any
    std::vector<std::string_view> users;  // logged on, or logging on
    std::string_view connection;
    std::string database;        // that it names or that its module works on
    std::vector<ByteView> keys;  // search keys that it names
};

// The views live as long as the call. Precondition: the context's mutex is held.
SeenCommand look_at(const Call& call, std::string_view connection);

// The database on which every function of that row works, or empty: it names one itself, or none.
std::string_view fixed_database(const FunctionSignature& function);
bool names_database(const FunctionSignature& function);

// "ADM.RESTORE_WRITE 008744 handle=1 entries=0008…": function, FC and SFC, and the block by its layout; bytes
// in hexadecimal, secret fields masked, cut off after some hundred bytes.
std::string masked_frame(const Call& call);

// A record's search key without its filling of zeros.
ByteView without_filling(ByteView key);

}  // namespace cs2sim
