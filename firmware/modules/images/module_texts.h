// What a module's author says about it in NAME.toml beside NAME.mtc: names of its functions, layouts of their
// blocks, permissions, texts of its errors.
//
//   [functions.5]                     # by sub-function code
//   name = "INSERT"
//   request = "key:b8 value:*"        # protocol/layout.h; shown by traces, and checked before the handler
//   runs answer = "*" permission = 0x00000002           # demanded before the handler runs, beside what it
//   checks itself
//
//   [slots.7]                         # of its table, for calls by other modules: slot_parameters.h
//
//   [errors]
//   0x01 = "permission denied"        # B<module id>0001
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "firmware/modules/images/slot_parameters.h"
#include "firmware/protocol/error.h"
#include "firmware/protocol/functions.h"

namespace cs2sim {

// Owns its texts: rows view them. Copies share.
class ModuleTexts {
public:
    ModuleTexts() = default;
    // Without a text: names like SFC_05, blocks as they come. A table [module], which is a script's
    // (script.h), is left to others. Error: words for the log, with the line.
    static tl::expected<ModuleTexts, std::string> read(std::string_view toml, std::string_view name,
                                                       std::string_view module, std::uint16_t id);

    // The row of a sub-function of `fc`.
    FunctionSignature row(std::uint16_t fc, std::uint8_t sfc) const;
    std::span<const ErrorRow> errors() const;
    // What others may call, by their places.
    const std::vector<ModuleSlot>& slots() const;
    bool has_slot(std::uint8_t place) const;

private:
    struct Content;
    std::shared_ptr<Content> content_;
    friend struct ModuleTextsReader;
};

// Whether its author has named it.
bool is_described(const FunctionSignature& row);

// Texts of a module that has no file of its own.
ModuleTexts default_texts(std::string_view module, std::uint16_t id);

}  // namespace cs2sim
