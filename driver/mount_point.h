// The place of a device node in the file system: claimed before a mount, left clean behind it.
#pragma once

#include <sys/types.h>

#include <string>

#include "driver/listener.h"

namespace cs2sim {

class MountPoint {
public:
    // Makes `path` an empty regular file that nothing is mounted on. The mount of a killed instance (every
    // access says ENOTCONN) is taken away; a mount that answers, a device, a folder or a file with content is
    // refused.
    static Opened<MountPoint> claim(const std::string& path);

    MountPoint(MountPoint&& other) noexcept;
    MountPoint(const MountPoint&) = delete;
    MountPoint& operator=(const MountPoint&) = delete;
    MountPoint& operator=(MountPoint&&) = delete;
    ~MountPoint() { remove_if_made(); }

    const std::string& path() const { return path_; }
    void remove_if_made();

private:
    MountPoint(std::string path, bool made) : path_(std::move(path)), made_(made) {}

    std::string path_;
    bool made_;  // by us, or by an instance that was killed
};

// The id of `name`, or this process's own group when empty.
Opened<gid_t> group_id(const std::string& name);

}  // namespace cs2sim
