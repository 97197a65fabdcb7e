#include "tools/session/ending.h"

#include <system_error>

#include "host-lib/files/host_file.h"

namespace cs2sim::tools {
namespace {

bool is_of_files(std::uint32_t code) {
    switch (code) {
        case E_CSA_KEY_OPEN:
        case E_CSA_KEY_WRITE:
        case E_CSA_SHARE_OPEN:
        case E_CSA_BACKUP_FILE:
        case E_CSA_BACKUP_WRITE:
        case E_CSA_DEVICE_KEYS:
        case E_CSA_PARAM:  // files that no number of the field is about: modules, configurations, logs
            return true;
        default:
            return false;
    }
}

}  // namespace

bool no_device(Error error) {
    switch (error.code) {
        case E_CSA_DEVICE_NAME:
        case E_CSA_ADDRESS:
        case E_CSA_UNKNOWN_HOST:
        case E_CSA_NO_NODE:
        case E_CSA_CLOSED:
        case E_CSA_TIMEOUT:
            return true;
        default:
            return error.code >= E_CSA_NODE_OPEN && error.code <= with_errno(E_CSA_IOCTL, 0xFFF);
    }
}

bool is_misused(Error error) { return error.code == E_CSA_SYNTAX || error.code == E_CSA_ARGUMENTS; }

ExitStatus exit_status(Error error) {
    for (const std::uint32_t wrong_words :
         {E_CSA_COMMAND, E_CSA_LENGTH, E_CSA_SYNTAX, E_CSA_ARGUMENTS, E_CSA_DEVICE_NAME, E_CSA_ADDRESS})
        if (error.code == wrong_words) return kCalledWrongly;
    return no_device(error) ? kNoDevice : kRefused;
}

std::string refused_file(Error error) {
    const auto refusal = host::take_file_refusal();
    if (!refusal || !is_of_files(error.code)) return {};
    return refusal->path + ": " + std::generic_category().message(refusal->error);
}

}  // namespace cs2sim::tools
