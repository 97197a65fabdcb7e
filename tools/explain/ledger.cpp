#include "tools/explain/ledger.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <string_view>

#include "firmware/profile/profile.h"
#include "firmware/profile/profile_text.h"
#include "firmware/protocol/error.h"
#include "firmware/protocol/functions.h"

namespace cs2sim {
namespace {

constexpr std::string_view kOurs = "ours";

std::vector<LedgerRow> functions() {
    std::vector<LedgerRow> rows;
    for (const FunctionSignature& function : function_catalogue()) {
        LedgerRow row{"function", std::string(function.module) + "." + std::string(function.name),
                      function.provenance == Provenance::known, std::string(kOurs),
                      "programs that compose the command themselves"};
        if (row.known) row.source = "device-formats.md, section 1.1";
        if (function.provenance == Provenance::encoding_assumed)
            row.source = "number: firmware-facts.md, sections 4 and 5; encoding ours";
        rows.push_back(std::move(row));
    }
    return rows;
}

struct KnownLayout {
    std::string_view name;
    std::string_view source;
};
constexpr KnownLayout kKnownLayouts[] = {
    {"MBK_KEY_INFO", "firmware-facts.md, section 5"},
    {"SHARE_INFO", "device-formats.md, section 3"},
};

std::vector<LedgerRow> layouts() {
    constexpr std::string_view kNames[] = {
#define CS2SIM_LAYOUT(name, layout) #name,
#include "firmware/protocol/layouts.inc"
#undef CS2SIM_LAYOUT
    };
    std::vector<LedgerRow> rows;
    for (const std::string_view name : kNames) {
        const auto* known = std::ranges::find(kKnownLayouts, name, &KnownLayout::name);
        const bool found = known != std::end(kKnownLayouts);
        rows.push_back({"layout", std::string(name), found, std::string(found ? known->source : kOurs),
                        "programs that read lists and records themselves"});
    }
    return rows;
}

// Fields of a module container (firmware/container): sdk-facts.md, section 9, decoded from a published one;
// what it marks [I] is assumed.
struct ContainerRow {
    std::string_view field;
    bool known;
    std::string_view source;
};
constexpr std::string_view kDecoded = "sdk-facts.md, section 9";
constexpr ContainerRow kContainerRows[] = {
    {"MTCH_LENGTH_AND_OFFSET", true, kDecoded},
    {"MTCH_WORD_01000000", true, kDecoded},
    {"MTCH_WORD_01020100", false, "value: sdk-facts.md, section 9; that it names hash and signature is ours"},
    {"MTCH_WORD_ZERO", false,
     "value: sdk-facts.md, section 9; that a signature of the MTC goes there is ours"},
    {"MMCH_LENGTH", true, kDecoded},
    {"MMCH_WORD_01010000", true, kDecoded},
    {"MMCH_MODULE_INFO", true, kDecoded},
    {"MMCH_HASH", true, kDecoded},
    {"MMCH_TYPE_CS5", true, kDecoded},
    {"MMCH_TYPE_C50", false, kOurs},
    {"MMCH_TYPE_LINUX", false, "constants: sdk-facts.md, section 9; that simulators use them is ours"},
    {"IMAGE_FILL", false, "up to a multiple of 8: ours, from one file of sdk-facts.md, section 9"},
    {"SIGNATURE_BLOCK", true, kDecoded},
    {"SIGNATURE_RSA_SHA512", true, kDecoded},
    {"SIGNATURE_KEY_ID", true, kDecoded},
    {"FILE_FILL", true, kDecoded},
};

std::vector<LedgerRow> containers() {
    std::vector<LedgerRow> rows;
    for (const ContainerRow& row : kContainerRows)
        rows.push_back({"layout", "MTC." + std::string(row.field), row.known, std::string(row.source),
                        "who loads a container of another maker, or ours elsewhere"});
    return rows;
}

// The numbers 30 to 39 of ADM are known for containers as a whole, 1 to 10 of the key store for that; which
// is which is not.
bool is_one_of_ten(std::uint32_t code) {
    const bool container = code >= 0xB0870030 && code <= 0xB0870039;
    const bool key_store = code >= E_CSA_STORE_CONNECT && code <= E_CSA_STORE_FAILED;
    return container || key_store;
}

constexpr std::uint32_t kUnsettled[] = {
#define CS2SIM_UNSETTLED(code) E_##code,
#include "tools/explain/unsettled_codes.inc"
#undef CS2SIM_UNSETTLED
};

LedgerRow row_of(const ErrorRow& error) {
    const bool host_side = error.module == "ADM" || error.code >> 24 == 0xB9 || error.module == "P11" ||
                           error.module == "PIN" || error.module == "NTP";
    LedgerRow row{
        "code", hex_code(error.code), !error.assumed, std::string(kOurs),
        "scripts and programs that look for " + std::string(error.module) + "." + std::string(error.name)};
    if (row.known) row.source = host_side ? "error-numbers.md" : "firmware-facts.md, section 2";
    if (is_one_of_ten(error.code)) {
        row.known = false;
        row.source = "range: error-numbers.md; which of the ten it is ours";
    }
    if (std::ranges::find(kUnsettled, error.code) != std::end(kUnsettled)) {
        row.known = false;
        row.source = "number: error-numbers.md; what exactly it stands for is ours";
    }
    return row;
}

std::vector<LedgerRow> codes() {
    std::vector<LedgerRow> rows;
    for (const ErrorRow& error : error_table()) rows.push_back(row_of(error));
    for (const ErrorRange& range : error_ranges()) {
        LedgerRow row = row_of(range.row);
        row.id += "-" + hex_code(range.last);
        rows.push_back(std::move(row));
    }
    return rows;
}

struct ProfileSource {
    std::string_view key;
    std::string_view source;
    std::string_view only;  // in profiles whose names begin so; elsewhere the value is assumed
};
constexpr ProfileSource kProfileSources[] = {
    {"model", "guide.md, G18; device-formats.md, section 2", ""},
    {"certification", "guide.md, G14 and G18", ""},
    {"network", "guide.md, G18", ""},
    {"bootloader_version", "device-formats.md, section 2", "se-gen2"},
    {"hardware_version", "device-formats.md, section 2", "se-gen2"},
    {"user_mechanisms", "firmware-facts.md, section 3", "se-gen2"},
    {"factory_mbk", "device-formats.md, section 2", ""},
    {"key_authorisation", "device-formats.md, section 4", ""},
    {"hash_capitals", "device-formats.md, section 2", ""},
    {"show_initial", "device-formats.md, section 2", ""},
};

std::string_view trimmed(std::string_view text) {
    while (text.starts_with(' ')) text.remove_prefix(1);
    while (text.ends_with(' ')) text.remove_suffix(1);
    return text;
}

// "key = value  # comment"; a comment that says "assumption" makes the value one. What a profile leaves out
// is as assumed.
std::vector<LedgerRow> profile_values(const std::string& profile, std::string_view text) {
    std::vector<LedgerRow> rows;
    std::vector<std::string_view> left_out = profile_keys();
    const std::string reach = "whoever runs the profile " + profile;
    while (!text.empty()) {
        const std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(text.size(), line.size() + 1));
        const std::size_t equals = line.find('=');
        if (line.starts_with('#') || equals == std::string_view::npos) continue;
        const std::string_view key = trimmed(line.substr(0, equals));
        const auto* source = std::ranges::find(kProfileSources, key, &ProfileSource::key);
        const bool marked = line.find("assumption") != std::string_view::npos;
        const bool known =
            !marked && source != std::end(kProfileSources) && profile.starts_with(source->only);
        rows.push_back({"profile", profile + "." + std::string(key), known,
                        std::string(known ? source->source : kOurs), reach});
        std::erase(left_out, key);
    }
    for (const std::string_view key : left_out)
        rows.push_back({"profile", profile + "." + std::string(key), false, "the default, ours", reach});
    return rows;
}

std::vector<LedgerRow> texts() {
    constexpr bool known = true;
    constexpr bool assumed = false;
    return {
#define CS2SIM_TEXT(tool, command, status, source, reach) {"text", #tool "." #command, status, source, reach},
#include "firmware/protocol/output_texts.inc"
#undef CS2SIM_TEXT
    };
}

std::vector<LedgerRow> sdk_functions() {
    constexpr bool known = true;
    constexpr bool assumed = false;
    return {
#define CS2SIM_SDK(functions, status, source, reach) {"sdk", #functions, status, source, reach},
#include "firmware/protocol/sdk_functions.inc"
#undef CS2SIM_SDK
    };
}

void append(std::vector<LedgerRow>& rows, std::vector<LedgerRow> more) {
    rows.insert(rows.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

}  // namespace

std::vector<LedgerRow> ledger() {
    std::vector<LedgerRow> rows = functions();
    append(rows, layouts());
    append(rows, containers());
    append(rows, codes());
    for (const std::string& profile : built_in_profiles())
        append(rows, profile_values(profile, built_in_profile_text(profile)));
    append(rows, texts());
    append(rows, sdk_functions());
    return rows;
}

std::string ledger_text(const std::vector<LedgerRow>& rows) {
    std::string text;
    for (const LedgerRow& row : rows) {
        std::array<char, 160> columns{};
        std::snprintf(columns.data(), columns.size(), "%-9s %-34s %-8s ", row.kind.c_str(), row.id.c_str(),
                      row.known ? "known" : "assumed");
        text += columns.data() + row.source + "; " + row.reach + "\n";
    }
    return text;
}

std::string ledger_sums(const std::vector<LedgerRow>& rows) {
    std::string text = "| kind | known | assumed |\n|---|---|---|\n";
    std::vector<std::string> kinds;
    for (const LedgerRow& row : rows)
        if (std::ranges::find(kinds, row.kind) == kinds.end()) kinds.push_back(row.kind);
    const auto count = [&](const std::string& kind, bool known) {
        return std::to_string(std::ranges::count_if(rows, [&](const LedgerRow& row) {
            return (kind == "all" || row.kind == kind) && row.known == known;
        }));
    };
    kinds.emplace_back("all");
    for (const std::string& kind : kinds)
        text += "| " + kind + " | " + count(kind, true) + " | " + count(kind, false) + " |\n";
    return text;
}

}  // namespace cs2sim
