// What the modules in a state folder say of themselves, for tools that read it without the device.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "firmware/container/container.h"
#include "firmware/modules/images/module_texts.h"

namespace cs2sim {

class KnownModules {
public:
    KnownModules() = default;
    explicit KnownModules(const std::filesystem::path& state);

    // The row of a function by the module's id, or null. It lives as long as this object.
    const FunctionSignature* find(std::uint16_t fc, std::uint8_t sfc) const;
    // What a module's author says about an error, or null.
    const ErrorRow* find_error(std::uint32_t code) const;
    // Words on a code (B1000001), a function (DEMO.PUT, 100.01) or a module (DEMO); nothing when none is of
    // that name.
    std::optional<std::string> explain(std::string_view what) const;

private:
    struct Known {
        ModuleInfo info;
        ModuleTexts texts;
        std::vector<FunctionSignature> rows;  // of all sub-functions
    };
    std::vector<Known> modules_;
};

}  // namespace cs2sim
