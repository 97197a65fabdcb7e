#include "firmware/smos/flash/own_files.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <iterator>

#include "firmware/smos/flash/state_file.h"

namespace cs2sim {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kFiles[] = {
    "lock",         "instance.toml", "cs2sim.log",       "ADMIN.key", "keyram",          "nvram.db",
    "nvram.db-wal", "nvram.db-shm",  "nvram.db-journal", "cards",     "cs_pkcs11_R3.cfg"};
// Those above first. All that lies in them is the simulator's.
constexpr std::string_view kFolders[] = {"flash", "flash/files", "flash/db", "audit", "modules"};

// What comes and goes there besides, and what file systems have of their own.
constexpr std::string_view kPassing[] = {"host.sock", "host.sock.lock", "control.sock", "instance.toml.new"};
constexpr std::string_view kOthers[] = {"run.lock", "lost+found"};
constexpr std::string_view kPreload = "preload-";  // a link to a library, of `cs2sim run`

template <typename Names>
bool has(const Names& names, const std::string& name) {
    return std::ranges::find(names, name) != std::end(names);
}

bool is_known(const std::string& name) {
    return is_own_name(name) || has(kOthers, name) || name.starts_with(kPreload);
}

std::optional<std::string> whose(const fs::path& path, uid_t owner) {
    if (owner == ::geteuid()) return std::nullopt;
    return path.string() + " belongs to another user (uid " + std::to_string(owner) + ")";
}

std::optional<std::string> trouble_with(const fs::path& path) {
    struct stat info {};
    if (::lstat(path.c_str(), &info) != 0) return std::nullopt;  // whoever opens it says why
    if (auto words = whose(path, info.st_uid)) return words;
    if (S_ISLNK(info.st_mode)) return path.string() + " is a link; the state lies in its folder itself";
    return std::nullopt;
}

std::optional<std::string> trouble_with_root(const fs::path& root) {
    struct stat link {
    }, folder{};
    if (::lstat(root.c_str(), &link) != 0) return std::nullopt;
    if (S_ISLNK(link.st_mode) && link.st_uid != 0)
        if (auto words = whose(root, link.st_uid)) return words;
    if (::stat(root.c_str(), &folder) != 0) return std::nullopt;
    return whose(root, folder.st_uid);
}

}  // namespace

bool is_own_file(const std::string& name) { return has(kFiles, name); }

bool is_own_name(const std::string& name) {
    return has(kFiles, name) || has(kFolders, name) || has(kPassing, name) || is_unfinished(name);
}

// The user may keep what he likes in the folder, too: the names of ours are exact.
bool is_unfinished(const std::string& name) {
    constexpr std::string_view kBegin = ".tmp";
    if (!name.starts_with(kBegin) || name.size() == kBegin.size()) return false;
    const std::string rest = name.substr(kBegin.size());
    return rest.find_first_not_of("0123456789") == std::string::npos || rest.starts_with("-nvram.db");
}

std::optional<std::string> close_root(const fs::path& root) {
    struct stat info {};
    if (::stat(root.c_str(), &info) != 0 || (info.st_mode & 0777) == 0700) return std::nullopt;
    if (info.st_uid != ::geteuid()) return std::nullopt;  // not_our_own() says it
    const bool shared = (info.st_mode & S_ISVTX) != 0;    // as /tmp, be it empty or not
    if (!shared && std::ranges::all_of(file_names(root), is_known)) {
        if (::chmod(root.c_str(), 0700) == 0) return std::nullopt;
        return root.string() + ": " + std::strerror(errno);
    }
    if ((info.st_mode & 0022) == 0) return std::nullopt;
    return root.string() +
           " holds other things, too, and others may write there; give the state a folder of its own";
}

std::optional<std::string> not_our_own(const fs::path& root) {
    if (auto words = trouble_with_root(root)) return words;
    for (const std::string_view name : kFiles)
        if (auto words = trouble_with(root / name)) return words;
    for (const std::string_view folder : kFolders) {
        if (auto words = trouble_with(root / folder)) return words;
        for (const std::string& name : file_names(root / folder))
            if (auto words = trouble_with(root / folder / name)) return words;
    }
    return std::nullopt;
}

}  // namespace cs2sim
