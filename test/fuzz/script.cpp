// Scripts of users: what stands at their head, and the run of what follows in the interpreter's sandbox.
// Services answer with a code.
#include "firmware/modules/images/script.h"

#include <cstdint>

extern "C" int cs2sim_fuzz_run_script(const char* text, std::size_t length);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    (void)cs2sim::read_script(text, "fuzz.lua");
    (void)cs2sim::ModuleTexts::read(text, "fuzz.toml", "fuzz", 0x100);
    (void)cs2sim_fuzz_run_script(text.data(), text.size());
    return 0;
}
