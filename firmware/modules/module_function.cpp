#include "firmware/modules/module_function.h"

#include "firmware/modules/user_module.h"

namespace cs2sim {
namespace {

// The block as it came: its fields one after the other.
void append_block(Bytes& out, const Layout& layout, const Block& block) {
    const Layout::Field* described = layout.begin();
    for (const Block::Field& field : block.fields()) {
        if (field.is_number)
            append_big_endian(out, field.number, described->width);
        else if (described->kind == 'v')
            append_big_endian(out, field.bytes.size(), described->width);
        append(out, field.bytes);
        ++described;
    }
}

}  // namespace

Result<Bytes> run_module_function(Call& call) {
    Bytes data;
    append_big_endian(data, call.auth_state(), 4);
    append_big_endian(data, call.function.fc, 2);
    append_big_endian(data, call.function.sfc, 1);
    append_block(data, call.function.request, call.request);
    return call.state<UserModule>().call(CS2SIM_CALL_COMMAND, 0, data, &call);
}

}  // namespace cs2sim
