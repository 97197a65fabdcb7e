// Files in flash that were verified when they came: what they were then. A digest of each stands in NVRAM,
// which no host reaches by the name of a file, so that a start tells what changed on disk since from what is
// as it was although the key that signed it is gone.
//
// A kill at any instant of a load leaves a file that counts as loaded: that before or that after.
#pragma once

#include <string_view>

#include "firmware/smos/nvram.h"

namespace cs2sim {

class LoadedFiles {
public:
    explicit LoadedFiles(Nvram& nvram) : nvram_(nvram) {}

    // Before a verified file takes the place of what is `lying` there under that name in flash (empty when
    // nothing is), and when it has done so, or lay there when notes began. Errors of both: E_CMDS_NVRAM.
    Result<void> expect(std::string_view name, ByteView content, ByteView lying);
    Result<void> note(std::string_view name, ByteView content);
    Result<void> forget(std::string_view name);  // when it is gone; error: E_CMDS_NVRAM

    // `unknown`: nothing is noted of that name.
    enum class Seen : std::uint8_t { as_loaded, changed, unknown };
    Seen compare(std::string_view name, ByteView content) const;

    // Whether all that came since the device was made is noted, but what nobody verified. State of versions
    // before is not until a start has noted what lay there. Error: E_CMDS_NVRAM.
    bool complete() const;
    Result<void> set_complete();

private:
    Nvram& nvram_;
};

}  // namespace cs2sim
