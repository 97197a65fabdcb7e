// The block codec: every layout of the catalogue, of list elements and of records against any bytes. An input
// is [module 1][SFC 1][block], the modules as in dispatch.cpp; beyond them stand the layouts of layouts.inc.
#include "firmware/protocol/block.h"
#include "firmware/protocol/functions.h"

using namespace cs2sim;

namespace {

constexpr std::uint16_t kModules[] = {FC_SMOS, FC_CMDS, FC_ADM, FC_DB, FC_MBK, FC_CXI, FC_SIM};
constexpr const Layout* kLayouts[] = {
#define CS2SIM_LAYOUT(name, layout) &LAYOUT_##name,
#include "firmware/protocol/layouts.inc"
#undef CS2SIM_LAYOUT
};

void must_hold(const Result<Block>& parsed, ByteView block) {
    if (!parsed) return;
    std::size_t bytes = 0;
    for (const Block::Field& field : parsed->fields()) bytes += field.bytes.size();
    if (bytes > block.size()) __builtin_trap();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) return 0;
    const ByteView block(data + 2, size - 2);
    if (data[0] < std::size(kModules)) {
        const FunctionSignature* row = find_function(kModules[data[0]], data[1]);
        if (!row) return 0;
        must_hold(parse(row->request, block), block);
        must_hold(parse(row->answer, block), block);
        return 0;
    }
    const Layout& layout = *kLayouts[data[1] % std::size(kLayouts)];
    must_hold(parse(layout, block), block);
    for (ByteView rest = block; !rest.empty();) {
        const std::size_t before = rest.size();
        must_hold(parse_prefix(layout, rest), block);
        if (rest.size() >= before) break;
    }
    return 0;
}
