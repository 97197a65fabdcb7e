// Whether a path that another process opens is the device's, however it is spelt.
#pragma once

#include <filesystem>

namespace cs2sim {

class DeviceName {
public:
    // Absolute.
    explicit DeviceName(const std::filesystem::path& device);

    enum class Answer { it_is, it_is_not, unknown };
    // Of an absolute path, by its words and by what the kernel knows without asking a file system: one may be
    // served by the very process that asks, which waits for us.
    Answer at_once(const std::filesystem::path& path) const;
    // The same with links and ".." followed, for as long as file systems take.
    bool is(std::filesystem::path path) const;

private:
    std::filesystem::path named_;
    std::filesystem::path resolved_;  // the folder's links followed
};

}  // namespace cs2sim
