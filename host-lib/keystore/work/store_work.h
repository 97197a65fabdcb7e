// Work on whole stores with a device: checking every row, sealing anew under a new MBK, moving keys between a
// store and CXIKEY.db or another store. All of it may be stopped at any instant and repeated: what is done
// already costs a look. Nothing here holds a lock; other programs go on meanwhile.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "firmware/protocol/cxi/property_list.h"
#include "host-lib/keystore/key_store.h"
#include "host-lib/link/device.h"

namespace cs2sim::keystore {

// One command on the device: host::Device::execute, or what has a session of its own.
using Execute = std::function<Result<host::Answer>(std::uint16_t fc, std::uint8_t sfc,
                                                   std::initializer_list<Value> values)>;
Execute executed_by(host::Device& device);  // which must outlive it

struct Watch {
    // After each batch: rows seen so far. False stops the work, which returns what it did until then.
    std::function<bool(std::uint64_t rows)> progress;
    // A row or key that is bad, or could not be taken along: which, and the device's or the store's code.
    std::function<void(const KeyIndex& index, std::uint32_t code)> bad;
};

struct Counts {
    std::uint64_t seen = 0;
    std::uint64_t done = 0;     // good, sealed anew, copied
    std::uint64_t present = 0;  // there was nothing to do: at its place already, changed or deleted meanwhile
    std::uint64_t bad = 0;      // among them rows that are no keys: E_CSA_STORE_FAILED
    std::uint64_t denied = 0;   // E_CXI_PERMISSION_DENIED: of groups that the users logged on may not see
    bool stopped = false;
    std::map<MbkHash, std::uint64_t> by_mbk;  // of recrypt_keys(): what sealed those keys, as rows say
};

// What a row says of the key in it: a key as KEY_BACKUP or KEY_GENERATE with CXI_FLAG_KEY_EXTERNAL gave it,
// with its properties. Error: E_CXI_KEY_BLOB_FORMAT.
Result<StoredKey> row_of(ByteView blob, const PropertyList& properties);

// Opens every row on the device (64 in a command) and compares group, name, specifier, label, id, class and
// type with what the seal confirms. A row that differs counts as E_CXI_KEY_BLOB_FORMAT. Errors: those of the
// store, and of the connection to the device.
Result<Counts> check_keys(KeyStore& store, const Execute& execute, const Filter& filter, const Watch& watch);

// The MBK in the device's slot 3. Error: E_MBK_SLOT_EMPTY.
Result<MbkHash> current_mbk(const Execute& execute);

// Seals every row anew that is not sealed under the MBK of slot 3, 64 in a command, 64 to 500 in a
// transaction. The device opens them by slot 1 (csadm MBKImportKey=1). `pattern`: groups, with * and ?;
// empty: all. Errors as above.
Result<Counts> recrypt_keys(KeyStore& store, const Execute& execute, const std::string& pattern,
                            const Watch& watch);

// Copies what the filter lets through. What has its place already stays; another key there, of the same name,
// is told as E_DB_EXISTS (between stores where both are under one MBK, else nobody knows). With `move` each
// key is deleted at its source once that very blob is in `to`; one that was there before stays at both.
Result<Counts> copy_keys(KeyStore& from, KeyStore& to, const Filter& filter, bool move, const Watch& watch);
// The same between CXIKEY.db and a store, by groups with * and ? (empty: all). Keys that may not be backed up
// are bad. With `move`, what an earlier copy brought over goes from its source, too, when it is that very key
// (name, date, what tells its value).
Result<Counts> copy_from_device(const Execute& execute, KeyStore& to, const std::string& pattern, bool move,
                                const Watch& watch);
Result<Counts> copy_to_device(KeyStore& from, const Execute& execute, const std::string& pattern, bool move,
                              const Watch& watch);

}  // namespace cs2sim::keystore
