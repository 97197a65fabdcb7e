#include "firmware/modules/images/module_keys.h"

namespace cs2sim {

bool bars_alternative_key(Certification certification) { return certification != Certification::none; }

std::vector<PublicKey> module_keys(const Flash& flash, Certification certification) {
    std::vector<PublicKey> keys;
    for (const std::string_view name : {kModuleKey, kAlternativeModuleKey}) {
        if (name == kAlternativeModuleKey && bars_alternative_key(certification)) continue;
        const auto der = flash.exists(name) ? flash.read(name) : fail(E_OS_FILE_NO_SUCH_FILE);
        auto key = der ? public_key_from_der(*der) : fail(der.error());
        if (key && is_rsa(**key)) keys.push_back(std::move(*key));
    }
    return keys;
}

}  // namespace cs2sim
