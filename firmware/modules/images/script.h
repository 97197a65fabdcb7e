// Modules in Lua: what a script says of itself in a comment at its very beginning, before any of it runs.
//
//   --[[module
//   [module]
//   name = "demo"                     # abbreviation, up to 12 letters, digits, _ and -
//   id = 0x100                        # function code
//   version = "1.0.0.0"
//   title = "keeps secrets"           # optional, up to 32 characters
//
//   [functions.1]                     # and [errors], as in NAME.toml (module_texts.h)
//   name = "PUT"
//   ]]
//
// OUR ASSUMPTION, all of it: nothing public says how the real device knows its scripts.
#pragma once

#include <string>
#include <string_view>

#include "firmware/container/container.h"
#include "firmware/modules/images/module_texts.h"

namespace cs2sim {

bool is_script(std::string_view file_name);  // NAME.lua, in either case of the letters

struct ModuleScript {
    ModuleInfo info;
    ModuleTexts texts;
};

// `name` is for messages. Error: words for the log, with the script's line.
tl::expected<ModuleScript, std::string> read_script(std::string_view text, std::string_view name);

// The script in an image of a container. Error: E_ADM_MMC_INFO when it is none, or says something else of
// itself than `info`.
Result<ModuleScript> script_in_image(ByteView image, const ModuleInfo& info);

// What a file in flash says of its module: a container, or a script. Error: E_ADM_MMC_INFO when it is
// neither, or says nothing usable.
Result<ModuleInfo> module_info_of_file(std::string_view file_name, ByteView content);
// Whether a file of that name in flash must be a module's: NAME.mtc, .msc, .out and .so, which are
// containers, and NAME.lua; in either case of the letters.
bool is_module_file(std::string_view file_name);

}  // namespace cs2sim
