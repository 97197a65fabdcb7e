#include "firmware/smos/smos.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace cs2sim {
namespace {

Result<void> make_folder(const std::filesystem::path& folder) {
    if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) {
        if (errno == ENOENT || errno == ENOTDIR) return fail(E_OS_FILE_NO_SUCH_PATH);
        return fail(errno == EACCES || errno == EPERM || errno == EROFS ? E_OS_FILE_RDONLY : E_OS_FILE_CORR);
    }
    struct stat info {};
    if (::stat(folder.c_str(), &info) != 0 || !S_ISDIR(info.st_mode)) return fail(E_OS_FILE_NO_SUCH_PATH);
    if (::access(folder.c_str(), R_OK | W_OK | X_OK) != 0) return fail(E_OS_FILE_RDONLY);
    return {};
}

// Whatever was being written when the last run was killed bears a name that begins so.
void remove_unfinished(const std::filesystem::path& folder, std::string_view prefix) {
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator(folder, ignored)) {
        std::error_code gone;
        if (entry.path().filename().string().starts_with(prefix)) std::filesystem::remove(entry.path(), gone);
    }
}

// The last run may have been killed between a cause of an alarm, the alarm itself and the erasure that it
// means.
Result<void> complete_alarm(Smos& smos) {
    CS2SIM_TRY(smos.sensors.notice_causes());
    if (smos.sensors.alarm() == Alarm::off || !smos.master_key.present()) return {};
    return smos.master_key.erase();
}

}  // namespace

Smos::Smos(const std::filesystem::path& folder)
    : flash(folder / "flash"),
      nvram(folder / "nvram.db"),
      master_key(folder / "keyram"),
      clock(nvram),
      sensors(nvram),
      audit_log(folder / "audit", clock, nvram) {}

Result<std::unique_ptr<Smos>> Smos::open(const std::filesystem::path& folder) {
    CS2SIM_TRY(make_folder(folder));
    CS2SIM_TRY(make_folder(folder / "flash"));
    CS2SIM_TRY(make_folder(folder / "audit"));
    remove_unfinished(folder, ".tmp");  // the state folder is the user's too
    remove_unfinished(folder / "flash", ".");

    auto smos = std::make_unique<Smos>(folder);
    if (!smos->nvram.open()) return fail(E_OS_FILE_CORR);
    CS2SIM_TRY(smos->master_key.load_or_create());
    CS2SIM_TRY(complete_alarm(*smos));
    return smos;
}

}  // namespace cs2sim
