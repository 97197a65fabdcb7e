#include "firmware/modules/device_command.h"

#include "firmware/cmds/scheduler.h"

namespace cs2sim {

Result<Bytes> device_command(const ServiceCall& call, const DeviceUser& user, std::uint16_t fc,
                             std::uint8_t sfc, std::initializer_list<Value> values) {
    CS2SIM_TRY_LET(block, compose(find_function(fc, sfc)->request, values));
    Context inside;
    inside.users = {{std::string(user.name), user.permission, std::string(user.attributes), {}}};
    auto answer = call.device.scheduler.run(call.device, inside, {fc, sfc, block});
    cleanse(block.data(), block.size());
    return answer;
}

}  // namespace cs2sim
