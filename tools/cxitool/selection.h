// Which keys a command is about (Group=, Name=, Spec=), and the properties that others parameters state.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "firmware/protocol/cxi/property_list.h"
#include "tools/session/session.h"

namespace cs2sim::tools {

// One key of a listing: GROUP, NAME, ALGO, SIZE, SPEC, TYPE.
std::string algorithm_name(std::uint32_t algorithm);
std::string type_name(std::uint32_t type);

std::vector<std::string_view> key_type_words();  // of Type= (keys.cpp)

// GROUP, NAME and SPEC as given. Error: E_CSA_SYNTAX.
Result<PropertyList> named(const ToolSession& session);

// All keys that match Group=, Name= (patterns) and Spec=, sorted by group, name and specifier. Keys that
// nobody may see are not among them. Error: E_DB_NOT_FOUND when there is none and a name was given.
Result<std::vector<PropertyList>> selected(ToolSession& session);

// How messages name this key of a listing.
std::string title_of(const PropertyList& key);

// Do the names say which key? Keys made through PKCS#11 have no name: group and specifier alone name them.
bool names_one_key(const PropertyList& names);
// E_CSA_SYNTAX, with a line that says so, when they do not.
Result<void> expect_one_key(const ToolSession& session, const PropertyList& names);

// KeyFile= is for InitializeKey and AuthorizeKey: everything else refuses it with a line that says what the
// external keys of earlier versions are called now, unless one of these has used it (kServedKeyFile). Error:
// E_CSA_SYNTAX.
inline constexpr std::string_view kServedKeyFile = "KeyFile that has served";
Result<void> refuse_authorisation_key(ToolSession& session);

// ExternalKey=, the file of an external key; nothing when it is empty.
std::optional<std::string> key_file(const ToolSession& session);

// The one key of Group=, Name=, Spec=. Errors: E_CSA_SYNTAX without Name= or Group= and Spec=, the device's.
Result<Bytes> opened(ToolSession& session);

Result<PropertyList> properties_of(ToolSession& session, ByteView key);

// Files of keys. Errors: E_CSA_KEY_OPEN; E_CSA_KEY_WRITE.
Result<SecretBytes> read_whole(const std::string& path);
Result<void> write_whole(const std::string& path, ByteView content);  // mode 0600

// Files of anything else: what is signed, signatures, requests. Error: E_CSA_PARAM.
Result<SecretBytes> read_data(const std::string& path);
Result<void> write_data(const std::string& path, ByteView content);  // mode 0600

// What a file holds of a key (CXI_KEY_TYPE_*), as KEY_IMPORT takes it: PEM taken apart, anything else as it
// is. Error: E_CSA_KEY_FORMAT.
Result<SecretBytes> material_of(const SecretBytes& content, std::uint32_t type);

bool is_set(const ToolSession& session, std::string_view parameter);  // Overwrite=1, yes, true

}  // namespace cs2sim::tools
