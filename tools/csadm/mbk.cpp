// Master backup keys and their shares in key files or on smartcards.
#include <algorithm>
#include <filesystem>

#include "host-lib/cards/share_source.h"
#include "host-lib/files/host_file.h"
#include "tools/csadm/commands.h"
#include "tools/session/arguments.h"
#include "tools/session/output.h"
#include "tools/session/terminal.h"

namespace cs2sim::tools {
namespace {

constexpr std::uint8_t kTypeAes = 0x02;  // MBK_INFO_TYPE_AES (firmware-facts.md, section 5)
constexpr std::uint32_t kSlotAes = 3;
constexpr std::uint32_t kReplace = 0x2;  // MBK_FLG_OW

// Members of Key=.
Result<std::vector<std::string>> share_specs(const ToolSession& session) {
    const auto keys = session.parameter("Key");
    if (keys) return split_list(*keys);
    return misused(session, "Key=<share>[#<password>],... must stand to the left");
}

// The places to which the shares of a new MBK go. Files take their names together, so that a failure leaves
// no partial set and older files as they were. The device keeps no copy of shares: whether the files can be
// written shows before it is asked for any.
class ShareSet {
public:
    explicit ShareSet(const host::Terminal& terminal) : terminal_(terminal) {}

    // Errors: E_CSA_PARAM (no place, or a file named twice), E_CSA_KEY_WRITE, those of asking a password.
    Result<void> prepare(const std::vector<std::string>& specs) {
        for (const std::string& text : specs) {
            CS2SIM_TRY_LET(spec, host::parse_key_spec(text));
            Place place{text, std::move(spec), nullptr};
            if (!place.spec.card) CS2SIM_TRY(prepare_file(place));
            places_.push_back(std::move(place));
        }
        return {};
    }

    // Files that store() will replace.
    std::vector<std::string> files_there() const {
        std::vector<std::string> there;
        std::error_code ignored;
        for (const Place& place : places_)
            if (place.file && std::filesystem::exists(place.spec.place, ignored))
                there.push_back(place.spec.place);
        return there;
    }

    // Precondition: as many shares as places. Errors: E_CSA_KEY_WRITE, those of smartcards.
    Result<void> store(const std::vector<host::KeyShare>& shares) {
        for (std::size_t i = 0; i < shares.size(); ++i) {
            const Place& place = places_[i];
            if (place.spec.card) {
                CS2SIM_TRY(host::save_share(place.text, shares[i], terminal_));
            } else if (!place.file->write(host::format_share_text(shares[i], place.spec.password))) {
                return fail(E_CSA_KEY_WRITE);
            }
        }
        for (auto place = places_.begin(); place != places_.end(); ++place) {
            if (!place->file || place->file->commit()) continue;
            std::error_code ignored;
            for (auto done = places_.begin(); done != place; ++done)
                if (done->file) std::filesystem::remove(done->spec.place, ignored);
            return fail(E_CSA_KEY_WRITE);
        }
        return {};
    }

private:
    struct Place {
        std::string text;  // as given
        host::KeySpec spec;
        std::unique_ptr<host::NewFile> file;  // null for a smartcard
    };

    Result<void> prepare_file(Place& place) {
        for (const Place& other : places_)
            if (other.spec.place == place.spec.place) return fail(E_CSA_PARAM);
        if (place.spec.ask) {
            CS2SIM_TRY_LET(password, ask_new_secret(terminal_));
            place.spec.password = std::move(password);
        }
        place.file = std::make_unique<host::NewFile>(place.spec.place);
        if (!place.file->write({})) return fail(E_CSA_KEY_WRITE);
        return {};
    }

    const host::Terminal& terminal_;
    std::vector<Place> places_;
};

Result<std::vector<host::KeyShare>> parse_shares(ByteView rest) {
    std::vector<host::KeyShare> shares;
    while (!rest.empty()) {
        const auto block = parse_prefix(LAYOUT_MBK_SHARE, rest);
        if (!block) return fail(E_CSA_PROTOCOL);
        host::KeyShare& share = shares.emplace_back();
        std::ranges::copy(block->bytes("info"), share.info.begin());
        share.share = to_secret(block->bytes("share"));
    }
    return shares;
}

struct MbkKeyRow {
    std::string name;
    std::uint8_t length;
    std::string algorithm;
    std::uint8_t k;
    std::string generated;  // "2026/04/27 19:21:50"
    std::string hash;       // 32 hexadecimal capitals

    static MbkKeyRow of(const Block& info) {
        const std::string t = to_hex(info.bytes("time"));  // BCD yymmddhhmmss
        return {shown_name(info.bytes("name")),
                info.u8("length"),
                (info.u8("type") & kTypeAes) != 0 ? "AES" : "DES",
                info.u8("k"),
                "20" + t.substr(0, 2) + "/" + t.substr(2, 2) + "/" + t.substr(4, 2) + " " + t.substr(6, 2) +
                    ":" + t.substr(8, 2) + ":" + t.substr(10, 2),
                to_hex(info.bytes("hash"))};
    }
};

Result<std::vector<std::pair<std::uint32_t, MbkKeyRow>>> resident_keys(ToolSession& session) {
    CS2SIM_TRY_LET(answer, session.execute(FC_MBK, SFC_MBK_LIST_KEYS));
    std::vector<std::pair<std::uint32_t, MbkKeyRow>> keys;
    ByteView rest = answer.block.bytes("keys");
    while (!rest.empty()) {
        const auto slot = parse_prefix(LAYOUT_MBK_SLOT, rest);
        if (!slot) return fail(E_CSA_PROTOCOL);
        const auto info = parse(LAYOUT_MBK_KEY_INFO, slot->bytes("info"));
        if (!info) return fail(E_CSA_PROTOCOL);
        keys.emplace_back(slot->u32("slot"), MbkKeyRow::of(*info));
    }
    return keys;
}

// Does the device still have the MBK that it was made with? Whoever may not ask is told nothing.
Result<bool> has_factory_key(ToolSession& session) {
    CS2SIM_TRY_LET(keys, resident_keys(session));
    return std::ranges::any_of(
        keys, [](const auto& key) { return key.first == kSlotAes && key.second.name == "AUTO-GEN"; });
}

void note_replaced(const ToolSession& session) {
    session.note("the factory's MBK (AUTO-GEN) is replaced; what was sealed under it no longer opens");
}

Result<void> generate(ToolSession& session, const std::string& value) {
    const auto fields = split_list(value, 5);
    if (fields.size() != 5) return fail(E_CSA_ARGUMENTS);
    constexpr std::string_view kTypes[] = {"AES", "DES"};
    if (!same_word(fields[0], kTypes[0]) && !same_word(fields[0], kTypes[1]))
        return refuse_word(session, "MBKGenerateKey", fields[0], kTypes);
    const std::uint8_t type = same_word(fields[0], kTypes[0]) ? kTypeAes : 0;
    CS2SIM_TRY_LET(length, number_in(session, "<bytes> of MBKGenerateKey", fields[1], 0, UINT8_MAX));
    CS2SIM_TRY_LET(n, number_in(session, "<n> of MBKGenerateKey", fields[2], 0, UINT8_MAX));
    CS2SIM_TRY_LET(k, number_in(session, "<k> of MBKGenerateKey", fields[3], 0, UINT8_MAX));
    if (fields[4].size() > 8) {
        session.note("the name of an MBK has at most 8 characters");
        return fail(E_CSA_LENGTH);
    }

    CS2SIM_TRY_LET(specs, share_specs(session));
    if (specs.size() != n) {
        session.note("Key= must name as many places as there are shares");
        return fail(E_CSA_KEY_PARTS);
    }
    if (const auto cards = host::expect_cards(specs); !cards) {
        session.note("each share needs a card of its own in the reader: cs2sim card insert A B ...");
        return fail(cards.error());
    }
    ShareSet places(session.terminal());
    CS2SIM_TRY(places.prepare(specs));
    const std::vector<std::string> replaced = places.files_there();
    CS2SIM_TRY_LET(replaces, has_factory_key(session));
    CS2SIM_TRY_LET(answer, session.execute(FC_MBK, SFC_MBK_GENERATE, {type, length, n, k, fields[4]}));
    const auto shares = parse_shares(answer.block.bytes("shares"));
    const bool loaded = answer.block.u8("loaded") != 0;
    cleanse(answer.bytes.data(), answer.bytes.size());
    CS2SIM_TRY(shares);
    if (shares->size() != n) return fail(E_CSA_PROTOCOL);
    CS2SIM_TRY(places.store(*shares));
    for (const std::string& file : replaced)
        session.note_to_watcher(file + " is replaced; what it held is gone");
    if (loaded && replaces) note_replaced(session);
    if (!loaded) session.note("the slot holds another MBK; MBKImportKey= replaces it by the new one");
    return {};
}

Result<void> import_key(ToolSession& session, const std::string& value) {
    CS2SIM_TRY_LET(
        slot, value.empty() ? Result<std::uint32_t>(kSlotAes) : number_in(session, "MBKImportKey", value));
    CS2SIM_TRY_LET(specs, share_specs(session));
    SecretBytes shares;
    for (const std::string& spec : specs) {
        CS2SIM_TRY_LET(share, host::load_share(spec, session.terminal()));
        CS2SIM_TRY_LET(block, compose(LAYOUT_MBK_SHARE, {share.info, ByteView(share.share)}));
        shares.insert(shares.end(), block.begin(), block.end());
        cleanse(block.data(), block.size());
    }
    CS2SIM_TRY_LET(replaces, has_factory_key(session));
    CS2SIM_TRY(session.execute(FC_MBK, SFC_MBK_IMPORT, {slot, kReplace, ByteView(shares)}));
    if (replaces && slot == kSlotAes) note_replaced(session);
    return {};
}

// Columns: device-formats.md, section 2.
Result<void> list_keys(ToolSession& session, const std::string&) {
    CS2SIM_TRY_LET(keys, resident_keys(session));
    CS2SIM_TRY_LET(forms, output_forms(session));
    print("slot name     len algo type   k  generation date      key check value\n%s\n",
          std::string(87, '-').c_str());
    for (const auto& [slot, key] : keys) {
        const std::string hash = (forms & kFormHashCapitals) != 0 ? key.hash : lower_case(key.hash);
        print("%-4u %-8s %-3u %-4s %-6s %-2u %-20s %s:%s\n", slot, key.name.c_str(), key.length,
              key.algorithm.c_str(), "SHARE", key.k, key.generated.c_str(), hash.substr(0, 16).c_str(),
              hash.substr(16).c_str());
    }
    return {};
}

// Only the temporary slot: an MBK that seals is replaced, never taken away.
Result<void> delete_key(ToolSession& session, const std::string& value) {
    CS2SIM_TRY_LET(slot, number_in(session, "MBKDeleteKey", value));
    CS2SIM_TRY(session.execute(FC_MBK, SFC_MBK_DELETE, {slot}));
    return {};
}

constexpr Command kCommands[] = {
    {"MBKGenerateKey", "MBKGenKey", Takes::value, "MBKGenerateKey=AES,32,<n>,<k>,<name>",
     "makes an MBK and writes its n shares, of which k recover it, to the places of Key=",
     "Example: Key=s1.key#one,s2.key#two,s3.key#three MBKGenerateKey=AES,32,3,2,MYMBK\n"
     "An empty slot 3 takes the key at once; else the shares await MBKImportKey.\n",
     generate},
    {"MBKImportKey", "", Takes::maybe, "MBKImportKey[=<slot>]",
     "puts shares of Key= together and imports the MBK (slot 3 for AES)",
     "Example: Key=s1.key#one,s3.key#three MBKImportKey=3\n"
     "Exactly as many shares as are needed must be named. A key in the slot is replaced.\n"
     "MBKImportKey=1 fills the temporary slot: what an older MBK sealed still opens beside slot 3's.\n",
     import_key},
    {"MBKDeleteKey", "", Takes::value, "MBKDeleteKey=1", "clears the temporary MBK's slot",
     "Example: MBKDeleteKey=1, once everything is sealed under the MBK of slot 3.\n", delete_key},
    {"MBKListKeys", "", Takes::nothing, "MBKListKeys", "lists the MBKs with name and ISO hash", "",
     list_keys},
};

}  // namespace

const std::span<const Command> kMbkCommands = kCommands;

}  // namespace cs2sim::tools
