// The file that names a simulator's process for the scripts of an operator (--pid-file).
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>
#include <tl/expected.hpp>
#include <utility>

#include "host-lib/files/file_descriptor.h"

namespace cs2sim {

// Holds this process's number until the object ends, and is locked so long: a second instance that is given
// the same file finds it taken. At the end it goes, unless somebody has put another in its place.
class PidFile {
public:
    // Takes the place of a file that is empty or holds the number of an instance that is gone. Anything else
    // that is there stays, and is not even opened where it is no file. Error: words for the operator.
    static tl::expected<PidFile, std::string> make(const std::filesystem::path& file);

    // What would keep make() from it, in words. A file of the process `leaving` is no obstacle: it ends
    // first.
    static std::optional<std::string> obstacle(const std::filesystem::path& file, pid_t leaving);

    PidFile(PidFile&& other) noexcept = default;
    PidFile& operator=(PidFile&&) = delete;
    ~PidFile();

private:
    static tl::expected<PidFile, std::string> write_in_place(const std::filesystem::path& file);
    PidFile(std::filesystem::path file, host::FileDescriptor descriptor)
        : file_(std::move(file)), descriptor_(std::move(descriptor)) {}
    std::filesystem::path file_;
    host::FileDescriptor descriptor_;
};

}  // namespace cs2sim
