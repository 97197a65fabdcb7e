#include "tools/cs2sim/governance_restore.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <set>
#include <sstream>

#include "firmware/toml/toml.h"
#include "host-lib/files/host_file.h"

namespace cs2sim::governance {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kStem = ".cs2sim-restore";

fs::path folder_of(const fs::path& target) { return target.has_parent_path() ? target.parent_path() : "."; }
fs::path journal_in(const fs::path& folder) { return folder / kStem; }
fs::path ended_in(const fs::path& folder) { return folder / (std::string(kStem) + ".done"); }

tl::unexpected<std::string> refused(const fs::path& path, int error) {
    return tl::unexpected(path.string() + ": " + std::strerror(error));
}

bool sync_path(const fs::path& path) {
    const host::FileDescriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    return fd && ::fsync(fd.get()) == 0;
}

bool is_there(const fs::path& path) {
    struct stat status {};
    return ::lstat(path.c_str(), &status) == 0;
}

bool is_own(int fd) {
    struct stat status {};
    return ::fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && status.st_uid == ::geteuid() &&
           (status.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

// A second name for what stands there; a copy where the file system has no second names.
bool keep(const fs::path& target, const fs::path& before) {
    if (::link(target.c_str(), before.c_str()) == 0) return true;
    std::error_code error;
    return fs::copy_file(target, before, error) && !error && sync_path(before);
}

bool write_durably(int fd, ByteView content) {
    while (!content.empty()) {
        const ssize_t written = ::write(fd, content.data(), content.size());
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return false;
        content = content.subspan(static_cast<std::size_t>(written));
    }
    return ::fsync(fd) == 0;
}

}  // namespace

struct Replacement::Target {
    fs::path path;
    bool was_there = false;
    fs::path fresh, before;

    Target(fs::path where, bool there, std::size_t number) : path(std::move(where)), was_there(there) {
        const std::string stem = std::string(kStem) + "." + std::to_string(number);
        fresh = folder_of(path) / (stem + ".new");
        before = folder_of(path) / (stem + ".before");
    }

    // Back to what was, from wherever it had come to; again and again if that is killed too.
    tl::expected<void, std::string> take_back() const {
        if (was_there && is_there(before) && ::rename(before.c_str(), path.c_str()) != 0)
            return refused(path, errno);
        ::unlink(before.c_str());  // two names of one file are both left by rename()
        const bool placed = !was_there && !is_there(fresh);
        if (placed && ::unlink(path.c_str()) != 0 && errno != ENOENT) return refused(path, errno);
        ::unlink(fresh.c_str());
        return {};
    }
};

// Locked as long as it is open: who finds it locked leaves it alone.
struct Replacement::Journal {
    fs::path folder;
    host::FileDescriptor fd;
    std::vector<Target> targets;
    bool placed = false;

    void sync_folders() const {
        std::set<fs::path> folders{folder};
        for (const Target& target : targets) folders.insert(folder_of(target.path));
        for (const fs::path& each : folders) (void)sync_path(each);
    }

    std::string text() const {
        toml::array rows;
        for (const Target& target : targets)
            rows.push_back(toml::table{{"path", target.path.string()}, {"was_there", target.was_there}});
        std::ostringstream out;
        out << "# A restore of cs2sim governance is at work here, or was killed; the next one ends it.\n"
            << toml::table{{"target", std::move(rows)}} << '\n';
        return out.str();
    }

    // The journal goes last: until then the same can be done again.
    tl::expected<void, std::string> take_back() const {
        for (const Target& target : targets) CS2SIM_TRY(target.take_back());
        sync_folders();
        ::unlink(journal_in(folder).c_str());
        sync_folders();
        return {};
    }

    void end() const {
        for (const Target& target : targets) ::unlink(target.before.c_str());
        ::unlink(ended_in(folder).c_str());
        sync_folders();
    }
};

Replacement::Replacement(std::unique_ptr<Journal> journal) : journal_(std::move(journal)) {}

Replacement::~Replacement() {
    if (!journal_->placed) (void)journal_->take_back();
}

tl::expected<std::unique_ptr<Replacement>, std::string> Replacement::begin(
    const std::vector<fs::path>& targets) {
    auto journal = std::make_unique<Journal>();
    for (const fs::path& named : targets) {
        const fs::path path = host::behind_links(named);
        journal->targets.emplace_back(path, is_there(path), journal->targets.size() + 1);
    }
    journal->folder = folder_of(journal->targets.front().path);
    const fs::path file = journal_in(journal->folder);
    journal->fd = host::FileDescriptor(::open(file.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!journal->fd) return refused(targets.front(), errno);
    const std::string text = journal->text();
    if (::flock(journal->fd.get(), LOCK_EX | LOCK_NB) != 0 ||
        !write_durably(journal->fd.get(), as_bytes(text))) {
        const int error = errno;
        ::unlink(file.c_str());
        return refused(file, error);
    }
    journal->sync_folders();
    return std::unique_ptr<Replacement>(new Replacement(std::move(journal)));
}

tl::expected<void, std::string> Replacement::write(std::size_t number, ByteView content, std::uint32_t mode) {
    const Target& target = journal_->targets[number];
    const host::FileDescriptor fd(
        ::open(target.fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!fd || !write_durably(fd.get(), content) || ::fchmod(fd.get(), mode) != 0)
        return refused(target.path, errno);
    return {};
}

tl::expected<void, std::string> Replacement::place() {
    for (const Target& target : journal_->targets)
        if (target.was_there && !keep(target.path, target.before)) return refused(target.path, errno);
    journal_->sync_folders();
    for (const Target& target : journal_->targets)
        if (::rename(target.fresh.c_str(), target.path.c_str()) != 0) return refused(target.path, errno);
    journal_->sync_folders();
    if (::rename(journal_in(journal_->folder).c_str(), ended_in(journal_->folder).c_str()) != 0)
        return refused(journal_in(journal_->folder), errno);
    journal_->placed = true;
    journal_->sync_folders();
    journal_->end();
    return {};
}

tl::expected<std::string, std::string> end_earlier_restore(const fs::path& target) {
    const fs::path folder = folder_of(host::behind_links(target));
    const bool done = is_there(ended_in(folder));
    const fs::path file = done ? ended_in(folder) : journal_in(folder);
    if (!is_there(file)) return std::string();
    Replacement::Journal journal;
    journal.folder = folder;
    journal.fd = host::FileDescriptor(::open(file.c_str(), O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK));
    if (!journal.fd) return refused(file, errno);
    // It names files that are renamed and deleted.
    if (!is_own(journal.fd.get()))
        return tl::unexpected(file.string() +
                              " is not yours, or others may write it: look at it and delete it");
    if (::flock(journal.fd.get(), LOCK_EX | LOCK_NB) != 0)
        return tl::unexpected(file.string() + ": another restore is at work");
    const auto table = parse_toml_file(file.string());
    // Cut off: nothing was written then but a part of the journal itself.
    const toml::array* rows = table ? (*table)["target"].as_array() : nullptr;
    for (std::size_t i = 0; rows && i < rows->size(); ++i) {
        const toml::table* row = (*rows)[i].as_table();
        const auto path = row ? (*row)["path"].value<std::string>() : std::nullopt;
        if (path) journal.targets.emplace_back(*path, (*row)["was_there"].value_or(true), i + 1);
    }
    if (done) {
        journal.end();
        return "a restore that was stopped at its end in " + folder.string() + " is complete";
    }
    CS2SIM_TRY(journal.take_back());
    return "a restore that was stopped in " + folder.string() +
           " is taken back: its files are as they were before it (the device's audit configuration may be "
           "set)";
}

}  // namespace cs2sim::governance
