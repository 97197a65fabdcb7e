// Virtual smartcards and their reader on the host: one folder holds both.
//
//   FOLDER/cards/NAME.card     a card: RSA logon key and MBK shares under its PIN, tries left
//   FOLDER/readers/USB0        a reader: the cards in it, first the one that is used next
//
// The folder is named by CS2SIM_CARDS, else it is <state>/cards of the simulator's default state
// (default_card_folder). Changes are made under a lock: several programs may share one reader.
//
// Queue: every use of a KEYSPEC ":cs2:…" (a logon, a token for AddUser, a share) takes the card in front and,
// when others wait behind it, ejects it afterwards; the last one stays in. PIN: "#PIN" of the
// KEYSPEC; else the one that `insert` was told is typed at the pad; else the terminal is asked.
//
// Codes of use: E_PP_NO_CARD (reader empty and nobody at the terminal to insert one), E_PP_BAD_TYPE (card
// type or reader unknown), E_SC_NOPEN_OR_UNKNOWN (another user's card and nobody at the terminal to change
// it), E_PP_KEY_TIMEOUT (no PIN and nobody there), E_SC_INVALID_PIN (wrong PIN), E_SC_APDU_VERPWD (blocked
// after three wrong PINs, also for the right one), E_SC_NO_RECORD (no logon key on the card), E_MBK_SC_EMPTY
// (no share).
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "firmware/crypto/pkey.h"
#include "firmware/crypto/secret.h"
#include "firmware/protocol/error.h"
#include "host-lib/cards/key_source.h"
#include "host-lib/files/key_share.h"
#include "host-lib/files/key_spec.h"

namespace cs2sim::host {

inline constexpr std::string_view kDefaultPin = "123456";
inline constexpr std::string_view kDefaultReader = "USB0";
inline constexpr unsigned kPinTries = 3;

// CS2SIM_CARDS, or "cards" in the state folder that cs2sim uses where none is given ($SDK_PATH,
// $XDG_STATE_HOME/cs2sim, ~/.local/state/cs2sim, /var/lib/cs2sim).
std::filesystem::path default_card_folder();

struct CardStatus {
    std::string name;
    std::string owner;                // user to whom it belongs; empty: any user may log on with it
    std::string reader;               // in which it is, empty when in none
    unsigned position = 0;            // 1 = the card that is used next, 0 when in no reader
    unsigned tries_left = kPinTries;  // 0: blocked
    bool has_key = false;
    unsigned shares = 0;
};

// The cabinet of cards and its readers, for `cs2sim card …`.
class CardBox {
public:
    // The folder is made when the first card is.
    explicit CardBox(std::filesystem::path folder = default_card_folder());

    // `card new NAME`: a card with a fresh RSA key of 2048 bits, for `user` alone when one is named. PINs are
    // 4 to 12 characters. Errors: E_CSA_PARAM (name not of letters, digits, '_', '-', '.', or over 32),
    // E_SIM_CARD (exists), E_SC_BAD_PIN_LEN, E_CSA_KEY_WRITE.
    Result<void> make(std::string_view name, std::string_view user = {}, std::string_view pin = kDefaultPin);

    // `card insert A` and `card insert --queue A,B`: puts the cards into the reader in that order, in place
    // of those in it. `pin` is what is typed at the pad; none: the terminal is asked at each use. A name may
    // bring a PIN of its own, "A:111111". Errors: E_SIM_CARD (no such card), E_CSA_PARAM, E_CSA_KEY_WRITE.
    Result<void> insert(const std::vector<std::string>& names,
                        const std::optional<std::string>& pin = std::string(kDefaultPin),
                        std::string_view reader = kDefaultReader);

    // `card remove`: empties the reader. An empty reader is no error.
    Result<void> remove(std::string_view reader = kDefaultReader);

    // `card list`, by name.
    std::vector<CardStatus> list() const;

    // `card delete NAME`: throws a card away, out of its reader too. Error: E_SIM_CARD.
    Result<void> destroy(std::string_view name);

private:
    std::filesystem::path folder_;
};

class CardFile;  // card_file.h

// The card of a KEYSPEC, for key_source.h, key_file.h and key_share.h. Precondition: spec.card.
// Errors: E_PP_BAD_TYPE; of the functions the codes above.
class CardReader {
public:
    static Result<CardReader> open(const KeySpec& spec, const Terminal& terminal,
                                   std::filesystem::path folder = default_card_folder());

    Result<Bytes> sign(std::string_view user, ByteView message);
    Result<Bytes> public_key();  // SubjectPublicKeyInfo; needs no PIN
    Result<void> store_key(const EVP_PKEY& key, std::string_view owner);
    Result<KeyShare> load_share();
    Result<void> store_share(const KeyShare& share);
    Result<void> change_pin(ByteView new_pin);
    // How many cards are in the reader, one behind the other.
    std::size_t cards() const;
    const std::string& name() const { return reader_; }

private:
    CardReader(std::filesystem::path folder, std::string reader, std::optional<SecretBytes> pin,
               Terminal terminal);
    Result<CardFile> card_for(std::string_view user) const;
    Result<SecretBytes> pin_for(const CardFile& card) const;
    Result<void> with_card(std::string_view user,
                           const std::function<Result<void>(CardFile&, ByteView pin)>& work);
    void take_next() const;

    std::filesystem::path folder_;
    std::string reader_;
    std::optional<SecretBytes> pin_;
    Terminal terminal_;
};

}  // namespace cs2sim::host
