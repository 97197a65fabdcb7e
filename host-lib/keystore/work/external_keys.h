// The device's commands on many external keys, as the work on stores uses them.
#pragma once

#include "host-lib/keystore/work/store_work.h"

namespace cs2sim::keystore {

// What a row needs: GROUP, NAME, SPEC, LABEL, ID, TYPE, ALGO and the like, as a list of property ids.
Bytes properties_of_rows();

struct Opened {
    // Of this key; 0: it opened, and its row says what it is. E_CXI_KEY_BLOB_FORMAT: the row stands
    // elsewhere, or its label, id, class, type, PRIVATE or MBK are others than those that the seal confirms.
    std::uint32_t code = 0;
    PropertyList properties;
};
// In the order of the blobs, of which there are at most CXI_MOST_EXTERNAL. `also`: ids of further properties
// that are wanted.
Result<std::vector<Opened>> open_keys(const Execute& execute, const std::vector<StoredKey>& keys,
                                      ByteView also = {});

// Whether two sealings are of one key: as to group, name, specifier, class, label, id, date and what tells
// its value (public part, check value, content). False also when there is nothing that tells it.
Result<bool> are_of_one_key(const Execute& execute, const StoredKey& one, const StoredKey& other);

struct Resealed {
    std::uint32_t code = 0;
    Bytes blob;
};
Result<std::vector<Resealed>> reseal_keys(const Execute& execute, const std::vector<StoredKey>& keys);

// The first `count` of the keys whose blobs fit one command together: at least one.
std::size_t fit_one_command(const std::vector<StoredKey>& keys, std::size_t from);

}  // namespace cs2sim::keystore
