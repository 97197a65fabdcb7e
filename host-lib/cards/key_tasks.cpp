#include "host-lib/cards/key_tasks.h"

#include <charconv>

#include "host-lib/cards/card.h"
#include "host-lib/files/key_file.h"

namespace cs2sim::host {
namespace {

constexpr unsigned kDefaultRsaBits = 2048;
constexpr std::string_view kDefaultCurve = "brainpoolP320t1";

Result<unsigned> rsa_bits(std::string_view text) {
    if (text.empty()) return kDefaultRsaBits;
    unsigned bits = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), bits);
    const bool whole = error == std::errc() && end == text.data() + text.size();
    if (!whole || bits < 1024 || bits > 8192 || bits % 8 != 0) return fail(E_CSA_KEY_LENGTH);
    return bits;
}

// The password under which a new file is written; asked for twice.
Result<std::optional<SecretBytes>> new_password(const KeySpec& spec, const Terminal& terminal) {
    if (!spec.ask) return spec.password;
    CS2SIM_TRY_LET(asked, ask_secret(terminal, "New password of " + spec.place + ": "));
    CS2SIM_TRY_LET(again, ask_secret(terminal, "New password of " + spec.place + " again: "));
    if (!equal_in_constant_time(asked, again)) return fail(E_PP_PIN_REPETITION);
    return std::optional<SecretBytes>(std::move(asked));
}

Result<void> store_key(const KeySpec& spec, const EVP_PKEY& key, std::string_view owner,
                       const Terminal& terminal) {
    if (spec.card) {
        CS2SIM_TRY_LET(reader, CardReader::open(spec, terminal));
        return reader.store_key(key, owner);
    }
    CS2SIM_TRY_LET(password, new_password(spec, terminal));
    return write_key_file(spec.place, key, owner, password);
}

}  // namespace

Result<GeneratedKey> generate_key(KeyFileKind kind, std::string_view key_spec, std::string_view size_or_curve,
                                  std::string_view owner, const Terminal& terminal) {
    CS2SIM_TRY_LET(spec, parse_key_spec(key_spec));
    GeneratedKey made{kind, 0, {}};
    Result<PrivateKey> key = fail(E_CSA_PARAM);
    if (kind == KeyFileKind::rsa) {
        CS2SIM_TRY_LET(bits, rsa_bits(size_or_curve));
        key = generate_rsa(bits);
    } else {
        made.curve = size_or_curve.empty() ? kDefaultCurve : size_or_curve;
        key = generate_ec(made.curve);
    }
    CS2SIM_TRY(key);
    made.bits = key_bits(**key);
    CS2SIM_TRY(store_key(spec, **key, owner, terminal));
    return made;
}

Result<void> copy_key(std::string_view from_spec, std::string_view to_spec, const Terminal& terminal) {
    const auto from = parse_key_spec(from_spec);
    const auto to = parse_key_spec(to_spec);
    if (!from || !to) return fail(E_CSA_PARAM);
    if (from->card) return fail(E_SC_DENIED);
    CS2SIM_TRY_LET(file, read_key_file(*from, terminal));
    return store_key(*to, *file.key, file.owner, terminal);
}

Result<void> save_public_key(std::string_view from_spec, std::string_view to_path, const Terminal& terminal) {
    CS2SIM_TRY_LET(from, parse_key_spec(from_spec));
    if (!from.card) {
        CS2SIM_TRY_LET(file, read_key_file(from, terminal, KeyPart::public_only));
        return write_key_file(to_path, *file.key, file.owner, std::nullopt, false);
    }
    CS2SIM_TRY_LET(reader, CardReader::open(from, terminal));
    CS2SIM_TRY_LET(der, reader.public_key());
    const auto key = public_key_from_der(der);
    if (!key) return fail(E_CSA_KEY_FORMAT);
    return write_key_file(to_path, **key, {}, std::nullopt, false);
}

Result<void> change_key_password(std::string_view key_spec, ByteView new_password, const Terminal& terminal) {
    CS2SIM_TRY_LET(spec, parse_key_spec(key_spec));
    if (spec.card) {
        CS2SIM_TRY_LET(reader, CardReader::open(spec, terminal));
        return reader.change_pin(new_password);
    }
    CS2SIM_TRY_LET(file, read_key_file(spec, terminal));
    std::optional<SecretBytes> password;
    if (!new_password.empty()) password = to_secret(new_password);
    return write_key_file(spec.place, *file.key, file.owner, password);
}

}  // namespace cs2sim::host
