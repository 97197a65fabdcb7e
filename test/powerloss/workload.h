// What clients do while the power goes, and what must be true of it afterwards.
//
// Each workload works on things of its own. An operation that was answered as done is done; one that was
// answered with an error, or not at all, is wholly done or wholly not.
#pragma once

#include <atomic>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "host-lib/link/device.h"

namespace cs2sim::powerloss {

struct Tally {
    std::atomic<std::uint64_t> done{0};    // operations answered as done
    std::atomic<std::uint64_t> open{0};    // answered with an error, or never
    std::atomic<std::uint64_t> losses{0};  // broken promises
};

class Workload {
public:
    virtual ~Workload() = default;
    virtual std::string name() const = 0;

    // Once, on the fresh device. False: this build's device cannot do it.
    virtual bool prepare(host::Device& device) = 0;
    // One operation; false when the device is gone or answers an error.
    virtual bool work(host::Device& device) = 0;
    // After a restart: everything promised is there. Prints every loss, and takes over what was open.
    virtual bool verify(host::Device& device, Tally& tally) = 0;

    std::atomic<std::uint64_t> done{0};  // operations of this one
};

// Users added and deleted; entries of a database inserted in batches; whole databases restored; MBKs
// imported.
std::vector<std::unique_ptr<Workload>> all_workloads();

}  // namespace cs2sim::powerloss
