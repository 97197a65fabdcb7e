// Exchanges made by a thread of their own, so that time-outs hold whatever becomes of the other side.
//
// The kernel lets nobody out of a call to a device node that the node's daemon does not answer (it is stopped
// by a signal, say), and so no time-out ends it. For programs that people type; a thread costs each exchange
// some ten microseconds, which libraries do without.
#pragma once

#include "host-lib/link/device.h"
#include "host-lib/link/transport.h"

namespace cs2sim::host {

// The same transport, whose exchanges end with E_CSA_TIMEOUT soon after their time is up even where the
// system holds them. What is still held then is left behind, with the transport, and ends with the process at
// the latest.
std::unique_ptr<Transport> apart(std::unique_ptr<Transport> transport);

// As Device::open(), of a node by such a transport.
Result<std::unique_ptr<Device>> open_apart(std::string_view specifier, Timeouts timeouts = {});

}  // namespace cs2sim::host
