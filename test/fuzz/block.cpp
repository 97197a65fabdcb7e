// The block codec: every layout of the catalogue against any bytes.
#include "firmware/wire/block.h"
#include "firmware/wire/functions.h"

using namespace cs2sim;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const auto rows = function_catalogue();
    const auto& row = rows[data[0] % rows.size()];
    const ByteView block(data + 1, size - 1);
    for (std::string_view layout : {row.request, row.answer}) {
        const auto parsed = parse(layout, block);
        if (!parsed) continue;
        std::size_t bytes = 0;
        for (const Block::Field& field : parsed->fields()) bytes += field.bytes.size();
        if (bytes > block.size()) __builtin_trap();
    }
    return 0;
}
