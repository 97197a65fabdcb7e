// Calls of one module's functions by another: by way of the simulator, which knows who waits for whom.
#include "firmware/cmds/scheduler.h"
#include "firmware/modules/modules.h"
#include "firmware/modules/service.h"

namespace cs2sim::services {
namespace {

constexpr unsigned kDeepest = 16;  // calls of modules within one another

class Depth {
public:
    Depth() { ++depth_; }
    ~Depth() { --depth_; }
    Depth(const Depth&) = delete;
    Depth& operator=(const Depth&) = delete;
    bool is_too_deep() const { return depth_ > kDeepest; }

private:
    static thread_local unsigned depth_;
};
thread_local unsigned Depth::depth_ = 0;

}  // namespace

// The arguments go through unread, from one hostile process to another: each checks what it reads.
Result<Bytes> module_call(ServiceCall& call) {
    UserModule* const other = call.modules.find(call.request.text("name"));
    const std::uint8_t place = call.request.u8("slot");
    if (!other || other == &call.module || !other->process) return fail(E_OS_MDL_NOT_FOUND);
    if (!other->texts.has_slot(place)) return fail(E_OS_MDL_NOT_SUPP);
    if (other->stage != ModuleStage::ready) return fail(E_OS_MDL_NOT_AVAILABLE);
    const Depth depth;
    if (depth.is_too_deep()) return fail(E_OS_MDL_NOT_AVAILABLE);
    Call* const command = call.module.command();
    Bytes data;
    append_big_endian(data, command ? command->auth_state() : 0, 4);  // never what the caller says it is
    append(data, call.request.bytes("arguments"));
    const std::int64_t began = monotonic_milliseconds();
    auto answer = other->call(CS2SIM_CALL_FUNCTION, place, data, command);
    call.module.spent_elsewhere(monotonic_milliseconds() - began);
    cleanse(data.data(), data.size());
    return answer;
}

}  // namespace cs2sim::services
