#include "host-lib/cards/key_source.h"

#include "firmware/protocol/mechanisms.h"
#include "host-lib/cards/card.h"
#include "host-lib/files/key_file.h"

namespace cs2sim::host {
namespace {

class KeyFileSource : public KeySource {
public:
    explicit KeyFileSource(KeyFile file) : file_(std::move(file)) {}

    std::optional<std::uint8_t> mechanism() const override {
        return is_rsa(*file_.key) ? MECH_RSA_SIGN : MECH_ECDSA;
    }
    Result<Bytes> sign(std::string_view, ByteView message) override {
        if (!file_.has_private) return fail(E_CSA_KEY_TYPE);
        return sign_sha256(*file_.key, message);
    }
    Result<SecretBytes> password() override { return fail(E_CSA_KEY_TYPE); }
    Result<SecretBytes> token() override { return to_secret(public_key_der(*file_.key)); }

private:
    KeyFile file_;
};

class CardSource : public KeySource {
public:
    explicit CardSource(CardReader reader) : reader_(std::move(reader)) {}

    std::optional<std::uint8_t> mechanism() const override { return MECH_RSA_SC; }
    Result<Bytes> sign(std::string_view user, ByteView message) override {
        return reader_.sign(user, message);
    }
    Result<SecretBytes> password() override { return fail(E_CSA_KEY_TYPE); }
    Result<SecretBytes> token() override {
        CS2SIM_TRY_LET(key, reader_.public_key());
        return to_secret(key);
    }

private:
    CardReader reader_;
};

class PasswordSource : public KeySource {
public:
    explicit PasswordSource(SecretBytes password) : password_(std::move(password)) {}

    std::optional<std::uint8_t> mechanism() const override { return std::nullopt; }
    Result<Bytes> sign(std::string_view, ByteView) override { return fail(E_CSA_KEY_TYPE); }
    Result<SecretBytes> password() override { return password_; }
    Result<SecretBytes> token() override { return password_; }

private:
    SecretBytes password_;
};

}  // namespace

Result<std::unique_ptr<KeySource>> open_key_source(std::string_view key_spec, const Terminal& terminal,
                                                   KeyPart part) {
    CS2SIM_TRY_LET(spec, parse_key_spec(key_spec));
    return open_key_source(spec, terminal, part);
}

Result<std::unique_ptr<KeySource>> open_key_source(const KeySpec& spec, const Terminal& terminal,
                                                   KeyPart part) {
    if (spec.card) {
        CS2SIM_TRY_LET(reader, CardReader::open(spec, terminal));
        return std::make_unique<CardSource>(std::move(reader));
    }
    CS2SIM_TRY_LET(file, read_key_file(spec, terminal, part));
    return std::make_unique<KeyFileSource>(std::move(file));
}

Result<std::unique_ptr<KeySource>> open_password(std::string_view password, const Terminal& terminal,
                                                 const std::string& prompt) {
    if (password != "ask") return password_source(as_bytes(password));
    CS2SIM_TRY_LET(asked, ask_secret(terminal, prompt));
    return std::make_unique<PasswordSource>(std::move(asked));
}

std::unique_ptr<KeySource> password_source(ByteView password) {
    return std::make_unique<PasswordSource>(to_secret(password));
}

}  // namespace cs2sim::host
