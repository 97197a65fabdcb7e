// The file of an SQLite store: made with the owner's permissions, and on no network.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <istream>
#include <string>
#include <string_view>

#include "host-lib/keystore/drivers/connection.h"

namespace cs2sim::keystore {

// By statfs(2)'s f_type. SQLite's write-ahead log needs memory shared by all that have the file open
// (sqlite.org/wal.html), which two hosts do not have.
bool is_network_file_system(std::uint64_t type);
// Of FUSE, whose f_type says no more: by the type that stands in the table of mounts ("fuse.sshfs").
bool is_network_file_system(std::string_view mounted_type);
// The type of the file system of this device in a table like /proc/self/mountinfo (proc(5)); empty when the
// table does not have it.
std::string mounted_type(std::istream& table, ::dev_t device);

// What is said of a file in which SQLite finds no database, such as a real product's .pks.
Failure no_database(const std::string& path);

// Makes the file with mode 0600 when it is not there. Refused with E_CSA_STORE_CONFIG on a network file
// system and for a file of one byte; E_CSA_STORE_CONNECT when it cannot be made; E_CSA_STORE_FULL.
tl::expected<void, Failure> prepare_file(const std::string& path);

}  // namespace cs2sim::keystore
