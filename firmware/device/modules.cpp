#include "firmware/device/modules.h"

#include "firmware/adm/adm.h"
#include "firmware/cmds/cmds.h"
#include "firmware/cxi/cxi.h"
#include "firmware/sim/sim.h"
#include "firmware/trace/trace.h"

namespace cs2sim {

std::vector<Module> all_modules() {
    return {transport_module(), cmds_module(), adm_module(), mbk_module(),
            db_test_module(),   cxi_module(),  sim_module(), trace_module()};
}

}  // namespace cs2sim
