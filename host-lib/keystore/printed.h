// What stores, their rows and configuration files say, in a form that may be printed or kept.
#pragma once

#include <string>
#include <string_view>

#include "host-lib/keystore/key_store.h"

namespace cs2sim::keystore {

// A line of a configuration file, or a connection string, with `***` in place of what is secret: the value of
// each setting whose name ends in one of a table (password, pwd, pin, passphrase and the like), in any case
// (libpq's quotes, ODBC's braces), and the password of a URL (user:secret@). Where it is open how far a value
// goes, too much is masked rather than too little. Takes time in proportion to the length.
std::string mask_passwords(std::string_view line);

// For a terminal or a log: control characters and '%' as %XX, the rest as it is.
std::string printable(std::string_view text);

// "group G, name N, specifier 1", printable.
std::string title(const KeyIndex& index);

}  // namespace cs2sim::keystore
