// Keys that live in a key store, sealed under the MBK (KeyStore=URL): the same commands as for keys of the
// device.
#pragma once

#include "host-lib/keystore/key_store.h"
#include "tools/cxitool/selection.h"

namespace cs2sim::tools {

bool in_key_store(const ToolSession& session);  // KeyStore= is given and not empty

// As selected() and opened() for keys of the device. A row that the device does not open is named on stderr
// and left out; one that is opened alone gives its error: E_CXI_KEY_BLOB_FORMAT, _MAC, E_CXI_BB_WRONG_MBK.
// Errors besides: the store's.
Result<std::vector<PropertyList>> selected_in_store(ToolSession& session);
Result<Bytes> opened_in_store(ToolSession& session);

// Gives a key without name and specifier the next one of its group, as the device does for its own. Error:
// E_CSA_SYNTAX for one without a group, which has no place in a store.
Result<void> number_in_store(ToolSession& session, PropertyList& key);

// Keeps a key that the device sealed. One of that name is only replaced with Overwrite=1: E_DB_EXISTS.
Result<void> keep_in_store(ToolSession& session, ByteView reference);
// The same with the content of a .kbk file; gives what it is called. Errors: the device's.
Result<std::string> import_into_store(ToolSession& session, ByteView blob);

Result<Bytes> blob_in_store(ToolSession& session, const PropertyList& key);
Result<void> erase_from_store(ToolSession& session, const PropertyList& key);

}  // namespace cs2sim::tools
