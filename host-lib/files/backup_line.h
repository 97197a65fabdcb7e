// Lines of a text file with bounded memory, for backup_file.h.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "firmware/protocol/error.h"
#include "host-lib/files/file_descriptor.h"

namespace cs2sim::host {

class LineReader {
public:
    static constexpr std::size_t kMostLine = 1 << 20;

    explicit LineReader(FileDescriptor fd) : fd_(std::move(fd)) {}

    // The next line that is not blank, without line end and blanks at its end; valid until the next call.
    // Nothing at the end of the file. Errors: E_CSA_BACKUP_FILE (reading failed), E_CSA_BACKUP_SYNTAX (longer
    // than kMostLine).
    Result<std::optional<std::string_view>> next();

    bool rewind();

private:
    Result<std::optional<std::string_view>> line();
    Result<bool> fill();  // false at the end of the file

    FileDescriptor fd_;
    std::vector<char> buffer_ = std::vector<char>(1 << 16);
    std::size_t begin_ = 0;  // unread bytes are begin_ … end_
    std::size_t end_ = 0;
};

}  // namespace cs2sim::host
