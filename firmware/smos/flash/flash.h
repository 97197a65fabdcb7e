// Flash: the device's persistent files, one flat folder. Databases lie elsewhere (smos/flash/state_folder.h):
// no name of a file can meet theirs.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "firmware/protocol/bytes.h"
#include "firmware/protocol/error.h"

namespace cs2sim {

struct FileInfo {
    std::string name;
    std::uint64_t size = 0;
};

struct FlashSpace {
    std::uint64_t used = 0;  // by the files of list()
    std::uint64_t free = 0;  // on the host's file system; 0 when it does not tell
};

class Flash {
public:
    // What files on their way into flash may take together, finished or not.
    static constexpr std::size_t kLargestFile = 16 * 1024 * 1024;
    static constexpr std::size_t kMostUnfinished = 4 * kLargestFile;

    explicit Flash(std::filesystem::path folder);

    // The plain name behind an optional "FLASH\" prefix (either case; device-formats.md, section 1.1).
    // Error: E_OS_FILE_ILL_NAME when empty, over 31 characters, or with any character outside
    // letters, digits, '_', '-' and '.', or with a leading '.'.
    static Result<std::string> plain_name(std::string_view name);

    // `name` in all of these is a plain name. Errors: E_OS_FILE_NO_SUCH_FILE, E_OS_FILE_NO_SPACE,
    // E_OS_FILE_CORR (host I/O failed; to be read, no regular file or one over kLargestFile).
    Result<Bytes> read(std::string_view name) const;
    Result<void> write(std::string_view name, ByteView content);  // atomically, durable when it returns
    Result<void> remove(std::string_view name);
    bool exists(std::string_view name) const;
    std::vector<FileInfo> list() const;  // by name

    FlashSpace space() const;

    std::filesystem::path path_of(std::string_view name) const;

private:
    friend class UnfinishedFile;
    std::filesystem::path folder_;
    std::shared_ptr<std::atomic<std::size_t>> unfinished_ = std::make_shared<std::atomic<std::size_t>>(0);
};

// A file on its way into flash, in parts. Dropped unfinished, it leaves no trace.
class UnfinishedFile {
public:
    UnfinishedFile(Flash& flash, std::string name);
    ~UnfinishedFile();
    UnfinishedFile(const UnfinishedFile&) = delete;
    UnfinishedFile& operator=(const UnfinishedFile&) = delete;

    const std::string& name() const { return name_; }
    // E_OS_FILE_NO_SPACE over Flash::kLargestFile, or when all unfinished files together would take more than
    // Flash::kMostUnfinished.
    Result<void> append(ByteView part);
    ByteView content() const { return content_; }  // what has come so far
    Result<void> finish();                         // errors: those of Flash::write()

private:
    Flash& flash_;
    const std::shared_ptr<std::atomic<std::size_t>> unfinished_;
    const std::string name_;
    Bytes content_;
};

}  // namespace cs2sim
