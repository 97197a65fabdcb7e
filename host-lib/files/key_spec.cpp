#include "host-lib/files/key_spec.h"

#include <boost/algorithm/string/trim.hpp>

namespace cs2sim::host {

Result<SecretBytes> ask_secret(const Terminal& terminal, const std::string& prompt) {
    if (!terminal.ask_secret) return fail(E_CSA_KEY_PASSWORD);
    return terminal.ask_secret(prompt);
}

Result<KeySpec> parse_key_spec(std::string_view text) {
    KeySpec spec;
    const auto hash = text.find('#');
    spec.place = boost::algorithm::trim_copy(std::string(text.substr(0, hash)));
    if (spec.place.empty() || spec.place.find('\0') != std::string::npos) return fail(E_CSA_PARAM);
    if (hash != std::string_view::npos) {
        const std::string_view password = text.substr(hash + 1);
        if (password == "ask")
            spec.ask = true;
        else
            spec.password = to_secret(as_bytes(password));
    }
    spec.card = spec.place.front() == ':';
    return spec;
}

}  // namespace cs2sim::host
