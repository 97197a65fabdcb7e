// What a module brings: its functions with their handlers, its state, and where they are not in the catalogue
// of firmware/protocol, its rows. What a function demands of a caller is data of its row (functions.inc); the
// scheduler enforces it in one place, `cs2sim explain` prints it.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "firmware/protocol/block.h"
#include "firmware/protocol/functions.h"

namespace cs2sim {

class Call;
using Handler = Result<Bytes> (*)(Call&);

struct Function {
    std::uint8_t sfc;
    Handler handler;
};

// What a module keeps on a device, whatever its type; whoever names another type gets nothing.
class ModuleState {
public:
    ModuleState() = default;
    template <class T>
    explicit ModuleState(T& owned_elsewhere)
        : tag_(&kTag<T>), state_(std::shared_ptr<void>(), &owned_elsewhere) {}
    template <class T>
    explicit ModuleState(std::shared_ptr<T> owned) : tag_(&kTag<T>), state_(std::move(owned)) {}

    template <class T>
    T* get() const {
        return tag_ == &kTag<T> ? static_cast<T*>(state_.get()) : nullptr;
    }

private:
    template <class T>
    static inline const char kTag = 0;
    const char* tag_ = nullptr;
    std::shared_ptr<void> state_;
};

struct Module {
    std::uint16_t fc;
    std::span<const Function> functions;
    ModuleState state{};
    // Rows of its functions where the catalogue has none: a module that is loaded at run time. They must live
    // as long as the module is published. Its error codes are not published: a device answers codes, and
    // whoever turns them into words reads the module's file (KnownModules), as the tables of this house
    // (errors.inc, advice.inc).
    std::span<const FunctionSignature> rows{};
};

}  // namespace cs2sim
