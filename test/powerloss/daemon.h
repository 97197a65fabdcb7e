// The real daemon as a child of this test, to be killed.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>

namespace cs2sim::powerloss {

struct DiskFaults {
    std::string layer;    // the LD_PRELOAD library; empty: a good disk
    unsigned writes = 0;  // one in so many fails with ENOSPC
    unsigned syncs = 0;   // one in so many fails with EIO
};

class Daemon {
public:
    Daemon(std::string program, std::filesystem::path folder, DiskFaults faults);
    ~Daemon() { kill(); }
    Daemon(const Daemon&) = delete;
    Daemon& operator=(const Daemon&) = delete;

    bool start();  // returns when it answers; the disk is good until spoil_disk()
    void kill();   // SIGKILL, reaped
    bool gone();   // it ended by itself
    void end();    // SIGTERM, reaped
    void spoil_disk() const;

    std::string device() const { return "unix:" + (folder_ / "device").string(); }
    std::filesystem::path state() const { return folder_ / "state"; }
    std::filesystem::path log() const { return folder_ / "daemon.log"; }  // stdout and stderr of all starts
    int ended_with() const { return ended_with_; }  // wait status, once gone() by itself
    std::string admin_key() const { return (state() / "ADMIN.key").string(); }

private:
    [[noreturn]] void become() const;
    std::filesystem::path disk_file() const { return folder_ / "disk"; }

    std::string program_;
    std::filesystem::path folder_;
    DiskFaults faults_;
    pid_t pid_ = -1;
    int ended_with_ = 0;
};

}  // namespace cs2sim::powerloss
