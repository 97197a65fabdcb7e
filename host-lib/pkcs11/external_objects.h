// Token objects that live in a key store: found, made, looked after. A row is opened by the device before
// anybody gets a handle of it, and once more when somebody changed it.
#pragma once

#include "host-lib/keystore/work/store_work.h"
#include "host-lib/pkcs11/key_commands.h"
#include "host-lib/pkcs11/library.h"

namespace cs2sim::p11 {

// The object of a handle as it is now: one in a key store that another host changed is read again, and one on
// the device whose properties are older than a second. `unknown`: the error when there is none, or no longer
// any. Errors besides: the store's and the device's, when the object lives there; E_CXI_KEY_BLOB_FORMAT,
// _MAC, E_CXI_BB_WRONG_MBK for a row that is not what the device sealed.
Result<SharedObject> object_in_use(Session& session, CK_OBJECT_HANDLE handle, CK_RV unknown);

// The store of the session's slot; null when new token objects go into the device. Errors: those of
// ExternalStore::store().
Result<keystore::KeyStore*> key_store_of(Session& session);

// Keeps keys that the device sealed, all of them or none, and gives them handles. Error: E_DB_EXISTS.
Result<std::vector<SharedObject>> keep_in_store(Session& session, std::vector<Made> made);

// Replaces an object's blob by one that a command made of it. Error: E_CSA_STORE_CHANGED when another host
// was quicker; the next use reads what it made.
Answer change_in_store(Session& session, const Object& object, Bytes reference, PropertyList properties);

// Error: E_DB_NOT_FOUND when somebody else came first.
Answer remove_from_store(Session& session, const Object& object);

// One page of the slot's objects in the store, those that the device opens; the others are named in the log.
struct StoredPage {
    std::vector<Object> objects;
    std::optional<keystore::KeyIndex> after;  // for the next page
    bool more = false;
    std::uint32_t offline_by = 0;  // not 0: the store is away by this code, and these are what is open
};
Result<StoredPage> list_stored(Session& session, const keystore::Filter& filter,
                               const std::optional<keystore::KeyIndex>& after);

// What the device is asked through a session.
keystore::Execute executed_by(Session& session);

}  // namespace cs2sim::p11
