// A file system of a few megabytes that fills up, for tests of full disks.
#pragma once

#include "test/keystore/postgres.h"

namespace cs2sim::keystore {

// A tmpfs of the server's user in a mount namespace of its own, which that user reaches through /proc.
class SmallDisk {
public:
    explicit SmallDisk(std::size_t bytes);
    const std::filesystem::path& path() const { return path_; }
    // Takes all that is left, and gives it back.
    void fill() const;
    void empty() const;

private:
    scenario::Folder folder_;
    PlainProcess holder_;
    std::filesystem::path path_;
};

}  // namespace cs2sim::keystore
