#include "host-lib/cards/card.h"

#include <algorithm>
#include <boost/algorithm/string/case_conv.hpp>
#include <boost/algorithm/string/predicate.hpp>
#include <cstdlib>

#include "host-lib/cards/card_file.h"
#include "host-lib/files/host_file.h"

namespace cs2sim::host {
namespace {

constexpr unsigned kCardKeyBits = 2048;
constexpr int kMostChanges = 5;  // so often the operator is asked for another card

Result<std::string> reader_name(std::string_view port) {
    const auto slash = port.rfind('/');  // "/dev/ttyUSB0" is the reader ttyUSB0
    if (slash != std::string_view::npos) port.remove_prefix(slash + 1);
    std::string name = boost::algorithm::to_upper_copy(std::string(port));
    const bool good =
        is_card_name(name) && std::ranges::all_of(name, [](unsigned char c) { return std::isalnum(c); });
    if (!good) return fail(E_PP_BAD_TYPE);
    return name;
}

std::vector<std::string> names_in(const std::filesystem::path& folder, std::string_view extension) {
    std::vector<std::string> names;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(folder, error))
        if (entry.path().extension() == extension) names.push_back(entry.path().stem().string());
    std::ranges::sort(names);
    return names;
}

// What the operator is told when the card in the reader does not serve.
std::string change_request(std::string_view user, const std::string& reader) {
    std::string text = "Please insert ";
    text += user.empty() ? "a smartcard" : "the smartcard of " + std::string(user);
    return text + " into reader " + reader;
}

}  // namespace

std::filesystem::path default_card_folder() {
    if (const char* named = std::getenv("CS2SIM_CARDS"); named && *named) return named;
    // As tools/cs2sim chooses the state folder where it is given none.
    const auto under = [](const char* variable, const char* rest) -> std::optional<std::filesystem::path> {
        const char* value = std::getenv(variable);
        if (!value || !*value) return std::nullopt;
        return std::filesystem::path(value) / rest;
    };
    if (const auto folder = under("CS2SIM_STATE", "cards")) return *folder;
    if (const auto folder = under("SDK_PATH", "cards")) return *folder;
    if (const auto folder = under("XDG_STATE_HOME", "cs2sim/cards")) return *folder;
    if (const auto folder = under("HOME", ".local/state/cs2sim/cards")) return *folder;
    return "/var/lib/cs2sim/cards";
}

CardBox::CardBox(std::filesystem::path folder) : folder_(std::move(folder)) {}

Result<void> CardBox::make(std::string_view name, std::string_view user, std::string_view pin) {
    if (!is_card_name(name) || user.find_first_of("\r\n") != std::string_view::npos) return fail(E_CSA_PARAM);
    if (!is_pin(as_bytes(pin))) return fail(E_SC_BAD_PIN_LEN);
    CardFile card = CardFile::blank(name, user, as_bytes(pin));
    CS2SIM_TRY_LET(key, generate_rsa(kCardKeyBits));
    CS2SIM_TRY(card.set_key(*key, user, as_bytes(pin)));

    if (!make_private_folders(folder_ / "cards")) return fail(E_CSA_KEY_WRITE);
    const CardLock lock(folder_);
    if (CardFile::load(folder_, name)) return fail(E_SIM_CARD);
    return card.store(folder_);
}

Result<void> CardBox::insert(const std::vector<std::string>& names, const std::optional<std::string>& pin,
                             std::string_view reader) {
    const auto into = reader_name(reader);
    if (!into || names.empty() || names.size() > kMostQueued) return fail(E_CSA_PARAM);
    if (pin && !is_pin(as_bytes(*pin))) return fail(E_CSA_PARAM);
    const CardLock lock(folder_);
    ReaderFile inside{{}, pin, {}};
    for (const std::string& text : names) {
        const std::size_t colon = text.find(':');
        const std::string name = text.substr(0, colon);
        CS2SIM_TRY(CardFile::load(folder_, name));
        inside.cards.push_back(name);
        if (colon == std::string::npos) continue;
        const std::string own = text.substr(colon + 1);
        if (!is_pin(as_bytes(own))) return fail(E_CSA_PARAM);
        inside.pins[name] = own;
    }
    return inside.store(folder_, *into);
}

Result<void> CardBox::remove(std::string_view reader) {
    const auto from = reader_name(reader);
    if (!from) return fail(E_CSA_PARAM);
    const CardLock lock(folder_);
    if (ReaderFile::load(folder_, *from).cards.empty()) return {};
    return ReaderFile{}.store(folder_, *from);
}

std::vector<CardStatus> CardBox::list() const {
    const CardLock lock(folder_);
    std::vector<CardStatus> cards;
    for (const std::string& name : names_in(folder_ / "cards", ".card")) {
        const auto card = CardFile::load(folder_, name);
        if (!card) continue;
        cards.push_back(
            {name, card->user(), {}, 0, card->tries_left(), card->has_key(), card->has_share() ? 1U : 0U});
    }
    for (const std::string& reader : names_in(folder_ / "readers", "")) {
        const auto inside = ReaderFile::load(folder_, reader).cards;
        for (CardStatus& card : cards) {
            const auto at = std::ranges::find(inside, card.name);
            if (at == inside.end()) continue;
            card.reader = reader;
            card.position = static_cast<unsigned>(at - inside.begin()) + 1;
        }
    }
    return cards;
}

Result<void> CardBox::destroy(std::string_view name) {
    const CardLock lock(folder_);
    CS2SIM_TRY_LET(card, CardFile::load(folder_, name));
    for (const std::string& reader : names_in(folder_ / "readers", "")) {
        ReaderFile inside = ReaderFile::load(folder_, reader);
        if (std::erase(inside.cards, name) != 0) CS2SIM_TRY(inside.store(folder_, reader));
    }
    return card.erase(folder_);
}

CardReader::CardReader(std::filesystem::path folder, std::string reader, std::optional<SecretBytes> pin,
                       Terminal terminal)
    : folder_(std::move(folder)),
      reader_(std::move(reader)),
      pin_(std::move(pin)),
      terminal_(std::move(terminal)) {}

Result<CardReader> CardReader::open(const KeySpec& spec, const Terminal& terminal,
                                    std::filesystem::path folder) {
    // ":cs2:cjo:USB0": card type, reader type, port; the port may be left out.
    std::string_view rest = spec.place;
    if (!boost::algorithm::istarts_with(rest, ":cs2:")) return fail(E_PP_BAD_TYPE);
    rest.remove_prefix(5);
    const auto colon = rest.find(':');
    if (rest.substr(0, colon).empty()) return fail(E_PP_BAD_TYPE);
    CS2SIM_TRY_LET(reader,
                   reader_name(colon == std::string_view::npos ? kDefaultReader : rest.substr(colon + 1)));
    return CardReader(std::move(folder), std::move(reader), spec.password, terminal);
}

// The card in front, after the operator has changed it when it does not serve. Errors: E_PP_NO_CARD,
// E_SC_NOPEN_OR_UNKNOWN.
Result<CardFile> CardReader::card_for(std::string_view user) const {
    for (int changes = 0;; ++changes) {
        std::uint32_t problem = E_PP_NO_CARD;
        {
            const CardLock lock(folder_);
            const ReaderFile inside = ReaderFile::load(folder_, reader_);
            if (!inside.cards.empty()) {
                auto card = CardFile::load(folder_, inside.cards.front());
                const bool fits = card && (user.empty() || card->user().empty() || card->user() == user);
                if (fits) return card;
                problem = E_SC_NOPEN_OR_UNKNOWN;
            }
        }
        const bool changed =
            changes < kMostChanges && terminal_.confirm && terminal_.confirm(change_request(user, reader_));
        if (!changed) return fail(problem);
    }
}

Result<SecretBytes> CardReader::pin_for(const CardFile& card) const {
    if (pin_) return *pin_;
    const ReaderFile inside = ReaderFile::load(folder_, reader_);
    if (const auto own = inside.pins.find(card.name()); own != inside.pins.end())
        return to_secret(as_bytes(own->second));
    if (inside.pin) return to_secret(as_bytes(*inside.pin));
    if (!terminal_.ask_secret) return fail(E_PP_KEY_TIMEOUT);
    auto asked = terminal_.ask_secret("PIN of smartcard " + card.name() + ": ");
    if (!asked) return fail(E_PP_KEY_TIMEOUT);
    return asked;
}

void CardReader::take_next() const {
    ReaderFile inside = ReaderFile::load(folder_, reader_);
    if (inside.cards.size() < 2) return;
    inside.cards.erase(inside.cards.begin());
    (void)inside.store(folder_, reader_);  // a read-only folder keeps its first card
}

// Runs `work` on the card after its PIN was checked, stores the card and moves the queue on.
Result<void> CardReader::with_card(std::string_view user,
                                   const std::function<Result<void>(CardFile&, ByteView pin)>& work) {
    CS2SIM_TRY_LET(chosen, card_for(user));
    if (chosen.tries_left() == 0) return fail(E_SC_APDU_VERPWD);
    const auto pin = pin_for(chosen);  // may wait for the operator: not under the lock
    CS2SIM_TRY(pin);

    const CardLock lock(folder_);
    auto card = CardFile::load(folder_, chosen.name());
    if (!card) return fail(E_PP_NO_CARD);
    const unsigned before = card->tries_left();
    if (before == 0) return fail(E_SC_APDU_VERPWD);
    if (!card->check_pin(*pin)) {
        CS2SIM_TRY(card->store(folder_));
        return fail(E_SC_INVALID_PIN);
    }
    CardFile worked = *card;
    CS2SIM_TRY(work(worked, *pin));
    if (before != worked.tries_left() || !(worked == *card)) CS2SIM_TRY(worked.store(folder_));
    take_next();
    return {};
}

Result<Bytes> CardReader::sign(std::string_view user, ByteView message) {
    Bytes signature;
    CS2SIM_TRY(with_card(user, [&](CardFile& card, ByteView pin) -> Result<void> {
        CS2SIM_TRY_LET(key, card.key(pin));
        CS2SIM_TRY_LET(made, sign_sha256(*key, message));
        signature = std::move(made);
        return {};
    }));
    return signature;
}

Result<Bytes> CardReader::public_key() {
    CS2SIM_TRY_LET(card, card_for({}));
    auto key = card.public_key();
    const CardLock lock(folder_);
    if (key) take_next();
    return key;
}

Result<void> CardReader::store_key(const EVP_PKEY& key, std::string_view owner) {
    return with_card({}, [&](CardFile& card, ByteView pin) { return card.set_key(key, owner, pin); });
}

Result<KeyShare> CardReader::load_share() {
    KeyShare share;
    CS2SIM_TRY(with_card({}, [&](CardFile& card, ByteView pin) -> Result<void> {
        CS2SIM_TRY_LET(found, card.share(pin));
        share = std::move(found);
        return {};
    }));
    return share;
}

Result<void> CardReader::store_share(const KeyShare& share) {
    return with_card({}, [&](CardFile& card, ByteView pin) -> Result<void> {
        card.set_share(share, pin);
        return {};
    });
}

std::size_t CardReader::cards() const {
    const CardLock lock(folder_);
    return ReaderFile::load(folder_, reader_).cards.size();
}

Result<void> CardReader::change_pin(ByteView new_pin) {
    if (!is_pin(new_pin)) return fail(E_SC_BAD_PIN_LEN);
    return with_card({}, [&](CardFile& card, ByteView pin) { return card.change_pin(pin, new_pin); });
}

}  // namespace cs2sim::host
