// Searching for objects: those of sessions here, those of the token page by page on the device.
#pragma once

#include "host-lib/pkcs11/session.h"
#include "host-lib/pkcs11/templates.h"

namespace cs2sim::p11 {

struct Search {
    Template wanted;
    std::vector<CK_OBJECT_HANDLE> ready;  // found and not yet told
    std::size_t told = 0;                 // of these
    bool found_any = false;               // told ever
    bool failed = false;  // a page could not be had: the next C_FindObjectsInit takes its place
    Bytes filter;         // as KEY_LIST takes it
    Bytes cursor;
    bool more = false;  // there may be further pages
    bool device_done = false;
    std::optional<keystore::KeyIndex> stored_after;  // in the slot's key store, which comes behind the device
};

// Begins one. Errors: the device's.
Result<Search> begin_search(Session& session, Template wanted);
// Up to `most` further handles.
Result<std::vector<CK_OBJECT_HANDLE>> next_found(Session& session, Search& search, std::size_t most);

}  // namespace cs2sim::p11
