#include <algorithm>

#include "firmware/protocol/cxi/sealed_key.h"
#include "host-lib/keystore/work/store_work.h"
#include "host-lib/pkcs11/cryptoki/key_types.h"

namespace cs2sim::keystore {
Result<StoredKey> row_of(ByteView blob, const PropertyList& properties) {
    CS2SIM_TRY_LET(sealed, parse_sealed_key(blob));
    StoredKey key;
    key.index = {std::string(sealed.group), std::string(sealed.name), sealed.spec};
    std::ranges::copy(sealed.mbk_hash, key.mbk.begin());
    key.key_class = static_cast<std::uint32_t>(p11::class_of(properties));
    const bool is_key = key.key_class != CKO_DATA && key.key_class != CKO_CERTIFICATE;
    if (is_key) key.key_type = static_cast<std::uint32_t>(p11::key_type_of(properties));
    key.label = to_bytes(properties.bytes(CXI_PROP_KEY_LABEL));
    key.id = to_bytes(properties.bytes(CXI_PROP_ID));
    key.is_private = properties.flag_or(CXI_PROP_PRIVATE, true);
    key.blob = to_bytes(blob);
    return key;
}

}  // namespace cs2sim::keystore
