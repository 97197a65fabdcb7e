// One file of the audit log.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "firmware/smos/state_file.h"

namespace cs2sim {

// After a sync that failed the kernel takes what it could not write for written: another sync would find
// nothing to do and report success. The file keeps what is not known to be on the disk, and is written anew
// before anything else happens with it.
class AuditFile {
public:
    AuditFile(std::filesystem::path path, std::uint64_t number) : path_(std::move(path)), number_(number) {}

    Result<void> open();  // makes it when absent; a torn last line is cut off
    std::uint64_t number() const { return number_; }
    std::uint64_t size() const { return size_; }

    // Appends a line; a failure takes back what a full disk let through of it.
    Result<void> append(const std::string& line);
    Result<std::string> content() const;
    Result<void> remove();

    // Makes it durable: begin() under the log's lock, sync() outside, end() under it again.
    struct Sync {
        std::shared_ptr<StateFile> handle;
        std::size_t bytes = 0;  // not yet durable when it began
    };
    Result<Sync> begin_sync();
    static bool sync(const Sync& begun) { return begun.handle->sync(); }
    void end_sync(const Sync& begun, bool durable);

private:
    Result<void> write_anew();

    const std::filesystem::path path_;
    const std::uint64_t number_;
    std::shared_ptr<StateFile> handle_;
    std::uint64_t size_ = 0;
    std::string unsynced_;  // the end of the file, perhaps not on the disk yet
    bool doubtful_ = false;
};

// E_OS_AUDIT_FSFULL, else those of file_error().
Error audit_error(int host_errno);

}  // namespace cs2sim
