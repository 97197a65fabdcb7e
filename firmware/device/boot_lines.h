// What the boot log says of a start (device-formats.md, section 5: the kinds of lines; the words are ours).
#pragma once

#include "firmware/adm/adm.h"
#include "firmware/profile/profile.h"
#include "firmware/smos/smos.h"

namespace cs2sim {

// Adds the lines of a start, of the operating system and the modules that it loads, or of the boot loader
// alone.
void log_start(Smos& smos, const Profile& profile, BootTarget target);

// Adds one line, "yy.mm.dd hh:mm:ss text".
void log_boot_line(Smos& smos, const std::string& text);

}  // namespace cs2sim
