// How much a key does at a time. Some ways of working are thousands of times slower than others, and whoever
// sends the data chooses the way: what takes long goes in portions, between which the device asks whether
// anybody still waits, and a caller without logon gets one portion a command at most.
#pragma once

#include "firmware/cxi/keys/key_object.h"
#include "firmware/cxi/work/mechanism.h"
#include "firmware/protocol/abandonment.h"

namespace cs2sim {

// Bytes of data that `mechanism` works off in a few milliseconds with a key of this algorithm
// (CXI_KEY_ALGO_…); a multiple of every cipher's block.
std::size_t portion_of(std::uint32_t algorithm, Mechanism mechanism);

// Whether a key is short enough for callers without logon: private ones of RSA, DSA and DH up to 2048 bits.
// It holds for open keys that the host keeps, and for those of groups where CFG_AUTH_USER asks for nobody.
bool works_without_logon(const LoadedKey& key);

// What a caller without logon may let a key do in one command: that of works_without_logon(), one portion of
// data, PRF output of a few kilobytes, and RSA with an exponent as FIPS 186-5 has it. Error:
// E_CXI_PERMISSION_DENIED.
Result<void> bound_open_work(const LoadedKey& key, Mechanism mechanism, ByteView parameter,
                             std::size_t bytes);

// Calls `step` with one portion of `data` after the other, of `size` bytes at most. Errors: those of `step`;
// E_OS_PCI_CANCEL when nobody waits any more. `abandonment` may be null.
template <class Step>
Result<void> in_portions(ByteView data, std::size_t size, const Abandonment* abandonment, Step step) {
    while (!data.empty()) {
        if (abandonment) CS2SIM_TRY(abandonment->check());
        const ByteView portion = data.first(std::min(size, data.size()));
        CS2SIM_TRY(step(portion));
        data = data.subspan(portion.size());
    }
    return {};
}

}  // namespace cs2sim
