// Vendor-defined mechanisms: modules register callbacks, CXI has them called.
#include <algorithm>

#include "firmware/crypto/secret.h"
#include "firmware/modules/modules.h"
#include "firmware/modules/service.h"

namespace cs2sim {
namespace {

constexpr std::size_t kMostCallbacks = 32;
constexpr std::uint32_t kLastKind = 9;  // VDM_FCT_DELKEY

}  // namespace

Result<void> Modules::mechanism_registered(UserModule& module, std::uint8_t kind, std::int8_t priority) {
    const std::lock_guard lock(mutex_);
    if (module.vendor_callbacks.size() == kMostCallbacks) return fail(E_CXI_MALLOC);
    module.vendor_callbacks.push_back({kind, priority});
    return {};
}

// The highest priority is asked first, of equal ones the module that was started first (OUR ASSUMPTION).
Result<Bytes> Modules::run_mechanism(Call& command, const VendorJob& job) {
    struct Candidate {
        UserModule* module;
        std::uint32_t place;
        std::int8_t priority;
    };
    std::vector<Candidate> candidates;
    {
        const std::lock_guard lock(mutex_);
        for (const auto& module : modules_)
            for (std::uint32_t place = 0; place < module->vendor_callbacks.size(); ++place)
                if (const auto& one = module->vendor_callbacks[place];
                    one.kind == static_cast<std::uint8_t>(job.work))
                    candidates.push_back({module.get(), place, one.priority});
    }
    if (candidates.empty()) return fail(E_CXI_VDM_CB_NOT_REGISTERED);
    std::ranges::stable_sort(candidates, std::ranges::greater{}, &Candidate::priority);
    static constexpr Layout kJob(
        "mechanism:u4 key_type:u1 bits:u4 key!:v4 public_data:v4 parameter:v4 signature:v4 data!:*");
    CS2SIM_TRY_LET(block, compose(kJob, {job.mechanism, job.key_type, job.bits, job.key, job.public_data,
                                         job.parameter, job.signature, job.data}));
    Result<Bytes> answer = fail(E_CXI_VDM_MECH_NOT_HANDLED);
    for (const Candidate& one : candidates) {
        answer = one.module->call(CS2SIM_CALL_MECHANISM, one.place, block, &command);
        if (answer || answer.error().code != E_CXI_VDM_MECH_NOT_HANDLED) break;
    }
    cleanse(block.data(), block.size());
    return answer;
}

namespace services {

Result<Bytes> vdm_register(ServiceCall& call) {
    const std::uint8_t kind = call.request.u8("kind");
    if (kind > kLastKind) return fail(E_CXI_INVALID_PARAM_VAL);
    CS2SIM_TRY(call.modules.mechanism_registered(call.module, kind,
                                                 static_cast<std::int8_t>(call.request.u8("priority"))));
    return call.answer({});
}

}  // namespace services
}  // namespace cs2sim
