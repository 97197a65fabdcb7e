#include "firmware/smos/flash/state_folder.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "firmware/smos/flash/boot_log.h"
#include "firmware/smos/flash/fault_points.h"
#include "firmware/smos/flash/own_files.h"
#include "firmware/smos/flash/state_file.h"

namespace cs2sim {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kDatabase = ".db";
constexpr std::string_view kSharedIndex = "-shm";  // SQLite makes it anew
constexpr std::array<std::string_view, 3> kSides = {"-wal", "-journal", kSharedIndex};
constexpr std::string_view kRescued = ".host-";  // a file whose name the new folders need, on its way

Result<void> refuse(BootLog& boot_log, const fs::path& path, std::string_view why, std::uint32_t code) {
    boot_log.warn(path.string() + ": " + std::string(why));
    return fail(code);
}

std::uint32_t code_of_folder(int host_errno) {
    if (host_errno == ENOENT || host_errno == ENOTDIR) return E_OS_FILE_NO_SUCH_PATH;
    return file_error(host_errno).code;
}

// The host's errno, or 0 when it is there.
int make_folder(const fs::path& folder) {
    if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) return errno;
    struct stat info {};
    if (::stat(folder.c_str(), &info) != 0) return errno;
    return S_ISDIR(info.st_mode) ? 0 : ENOTDIR;
}

// Closed to other users, whatever the umask.
int make_own_folder(const fs::path& folder) {
    if (const int error = make_folder(folder); error != 0) return error;
    const bool closed = ::chmod(folder.c_str(), 0700) == 0;
    return closed && ::access(folder.c_str(), R_OK | W_OK | X_OK) == 0 ? 0 : errno;
}

// In words: a folder of something else in the place of one that a new device's files go to, whose files would
// be taken for the device's. Databases and the initial key are in flash/ itself where an earlier version kept
// them.
std::optional<std::string> in_the_way(const StateFolder& state) {
    if (fs::exists(state.nvram()) || fs::exists(state.key_ram())) return std::nullopt;
    const auto refused = [&](const fs::path& file) {
        return file.string() + " is no simulator's, and would become this one's";
    };
    const std::vector<std::string> flash = file_names(state.root / "flash");
    const auto is_earlier = [](const std::string& name) {
        return name.find(kDatabase) != std::string::npos || name == "init.key";
    };
    for (const std::string& name : flash)
        if (name != "files" && name != "db" && std::ranges::none_of(flash, is_earlier))
            return refused(state.root / "flash" / name);
    for (const std::string& name : file_names(state.audit()))
        if (!name.starts_with("audit.") && !is_unfinished(name)) return refused(state.audit() / name);
    return std::nullopt;
}

Result<void> make_root(const fs::path& root, BootLog& boot_log) {
    int error = make_folder(root);
    const auto words = error == 0 ? close_root(root) : std::nullopt;
    if (error == 0 && ::access(root.c_str(), R_OK | W_OK | X_OK) != 0) error = errno;
    if (error != 0) return refuse(boot_log, root, std::strerror(error), code_of_folder(error));
    // Now others can put nothing there any more.
    for (const auto& wrong : {words, not_our_own(root), in_the_way({root})}) {
        if (!wrong) continue;
        boot_log.warn(*wrong);
        return fail(E_OS_FILE_CORR);
    }
    return {};
}

Result<void> make_below(const fs::path& folder, BootLog& boot_log) {
    const int error = make_own_folder(folder);
    return error == 0 ? Result<void>()
                      : refuse(boot_log, folder, std::strerror(error), code_of_folder(error));
}

std::vector<std::string> regular_files(const fs::path& folder) {
    std::vector<std::string> names = file_names(folder);
    std::erase_if(names, [&](const std::string& name) {
        std::error_code gone;
        return !fs::is_regular_file(folder / name, gone);
    });
    std::ranges::sort(names);
    return names;
}

void remove_files(const fs::path& folder, bool (*is_meant)(const std::string&)) {
    for (const std::string& name : regular_files(folder))
        if (is_meant(name)) ::unlink((folder / name).c_str());
}

// What is read and written later must not keep the device waiting then: a named pipe would, and a file much
// longer than the log makes them.
Result<void> expect_log(const fs::path& folder, std::string_view stem, BootLog& boot_log) {
    for (const std::string& name : file_names(folder)) {
        if (!name.starts_with(stem)) continue;
        const fs::path file = folder / name;
        std::error_code gone;
        if (!fs::is_regular_file(file, gone))
            return refuse(boot_log, file, "is no regular file", E_OS_FILE_CORR);
        if (fs::file_size(file, gone) > kLargestAuditFile)
            return refuse(boot_log, file,
                          "is larger than " + std::to_string(kLargestAuditFile) +
                              " bytes, which no file of an audit log gets",
                          E_OS_FILE_CORR);
    }
    return {};
}

// Earlier versions left some of them readable for others. What a link leads to is not the device's.
void close_to_others(const fs::path& folder, bool (*is_meant)(const std::string&)) {
    for (const std::string& name : regular_files(folder)) {
        if (!is_meant(name)) continue;
        const fs::path file = folder / name;
        struct stat info {};
        if (::lstat(file.c_str(), &info) == 0 && S_ISREG(info.st_mode) && (info.st_mode & 0077) != 0)
            ::chmod(file.c_str(), 0600);
    }
}

// "user.db" for "user.db-wal"; nothing when the name is not that of a side file.
std::string database_beside(std::string_view name) {
    for (const std::string_view side : kSides) {
        if (!name.ends_with(side)) continue;
        const std::string_view stem = name.substr(0, name.size() - side.size());
        if (stem.ends_with(kDatabase)) return std::string(stem);
    }
    return {};
}

// Moves what earlier versions kept side by side in flash/ to its folders. Each step is one rename(), and what
// is left in flash/ says what is still to do.
class Move {
public:
    Move(const StateFolder& state, BootLog& boot_log)
        : flash_(state.root / "flash"), state_(state), boot_log_(boot_log) {}

    // Files named like the new folders make room for them.
    Result<void> make_room() {
        std::error_code ignored;
        const bool moved_before =
            fs::is_directory(state_.files(), ignored) || fs::is_directory(state_.databases(), ignored);
        for (const fs::path& folder : {state_.files(), state_.databases()}) {
            std::error_code absent;
            const std::string name = folder.filename().string();
            if (!fs::is_regular_file(folder, absent)) continue;
            CS2SIM_TRY(rename(name, flash_ / rescued(name)));
            if (!moved_before) continue;  // an earlier version's, which had files of any name there
            boot_log_.warn(folder.string() +
                           ": is a file, not the folder of that name; it is kept as the file " + name +
                           " of the device, and a new folder takes its place");
        }
        return {};
    }

    Result<void> run() {
        std::vector<std::string>
            databases;  // move last: while one is here, its side files are known for what they are
        for (const std::string& name : regular_files(flash_)) {
            if (name.starts_with('.') && !name.starts_with(kRescued))
                ::unlink((flash_ / name).c_str());  // what a killed run left half-written
            else if (name.starts_with(kRescued))
                CS2SIM_TRY(rename(name, state_.files() / name.substr(kRescued.size())));
            else if (name.ends_with(kDatabase))
                databases.push_back(name);
            else
                CS2SIM_TRY(move_file(name));
        }
        for (const std::string& name : databases) CS2SIM_TRY(rename(name, state_.databases() / name));
        if (!moved_) return {};
        for (const fs::path& folder : {state_.databases(), state_.files(), flash_})
            CS2SIM_TRY(sync_folder(folder));
        return {};
    }

private:
    static std::string rescued(const std::string& name) { return std::string(kRescued) + name; }

    Result<void> move_file(const std::string& name) {
        const std::string database = database_beside(name);
        const bool side =
            !database.empty() && (fs::exists(flash_ / database) || fs::exists(state_.databases() / database));
        if (!side) return rename(name, state_.files() / name);
        if (!name.ends_with(kSharedIndex)) return rename(name, state_.databases() / name);
        ::unlink((flash_ / name).c_str());
        return {};
    }

    Result<void> rename(const std::string& name, const fs::path& to) {
        CS2SIM_TRY(fault_point(FaultPoint::state_move, name));
        const fs::path from = flash_ / name;
        if (fs::exists(to))
            return refuse(boot_log_, from,
                          "lies there and at " + to.string() +
                              " (has an older version run on this state?); take one of the two away",
                          E_OS_FILE_EXIST);
        if (std::rename(from.c_str(), to.c_str()) != 0)
            return refuse(boot_log_, from, std::strerror(errno), file_error(errno).code);
        moved_ = true;
        return {};
    }

    const fs::path flash_;
    const StateFolder& state_;
    BootLog& boot_log_;
    bool moved_ = false;
};

}  // namespace

Result<void> prepare_state_folder(const StateFolder& state, BootLog& boot_log) {
    CS2SIM_TRY(make_root(state.root, boot_log));
    CS2SIM_TRY(make_below(state.root / "flash", boot_log));
    Move move(state, boot_log);
    CS2SIM_TRY(move.make_room());
    for (const fs::path& folder : {state.files(), state.databases(), state.audit()})
        CS2SIM_TRY(make_below(folder, boot_log));
    CS2SIM_TRY(move.run());
    CS2SIM_TRY(expect_log(state.audit(), "audit.", boot_log));
    remove_files(state.root, is_unfinished);
    const auto anything = [](const std::string&) { return true; };
    for (const fs::path& folder : {state.files(), state.databases()})
        remove_files(folder, [](const std::string& name) { return name.starts_with('.'); });
    close_to_others(state.root, is_own_file);
    for (const fs::path& folder : {state.files(), state.databases(), state.audit()})
        close_to_others(folder, anything);
    return {};
}

}  // namespace cs2sim
