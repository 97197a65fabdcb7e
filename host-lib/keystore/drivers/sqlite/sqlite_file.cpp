#include "host-lib/keystore/drivers/sqlite/sqlite_file.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <boost/algorithm/string/predicate.hpp>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>

namespace cs2sim::keystore {
namespace {

// linux/magic.h, and the numbers that stand in the file systems' own sources.
constexpr std::uint64_t kNetworkFileSystems[] = {
    0x6969,      // NFS
    0x517B,      // SMB
    0xFF534D42,  // CIFS
    0xFE534D42,  // SMB 2
    0x5346414F,  // AFS
    0x6B414653,  // kAFS
    0x73757245,  // Coda
    0x564C,      // NCP
    0x01021997,  // 9P
    0x00C36400,  // Ceph
    0x0BD00BD0,  // Lustre
    0x01161970,  // GFS 2
    0x7461636F,  // OCFS 2
    0x47504653,  // GPFS
    0x19830326,  // BeeGFS
};

// What these call themselves when they are mounted.
constexpr std::string_view kNetworkFuse[] = {
    "fuse.sshfs",    "fuse.glusterfs",  "fuse.ceph",      "fuse.ceph-fuse",   "fuse.mfs",
    "fuse.rozofs",   "fuse.juicefs",    "fuse.seaweedfs", "fuse.rclone",      "fuse.s3fs",
    "fuse.geesefs",  "fuse.gcsfuse",    "fuse.blobfuse",  "fuse.blobfuse2",   "fuse.curlftpfs",
    "fuse.smbnetfs", "fuse.gvfsd-fuse", "fuse.kio-fuse",  "fuse.vmhgfs-fuse", "fuse.google-drive-ocamlfuse",
};

// Where the table cannot be read or lacks it, SQLite is left to find out.
bool is_network_fuse(const std::string& path) {
    struct ::stat status {};
    std::ifstream table("/proc/self/mountinfo");
    return ::stat(path.c_str(), &status) == 0 && is_network_file_system(mounted_type(table, status.st_dev));
}

bool is_on_network(const std::string& path, std::uint64_t type) {
    if ((type & 0xFFFFFFFF) == FUSE_SUPER_MAGIC) return is_network_fuse(path);
    return is_network_file_system(type);
}

Failure of_errno(const std::string& path, int error) {
    const std::uint32_t code = error == ENOSPC || error == EDQUOT ? E_CSA_STORE_FULL : E_CSA_STORE_CONNECT;
    return {Trouble::refused, code, path + ": " + std::generic_category().message(error)};
}

}  // namespace

bool is_network_file_system(std::uint64_t type) {
    return std::ranges::find(kNetworkFileSystems, type & 0xFFFFFFFF) != std::end(kNetworkFileSystems);
}

Failure no_database(const std::string& path) {
    const bool of_product =
        boost::algorithm::iends_with(path, ".pks") || boost::algorithm::iends_with(path, ".sdb");
    return {Trouble::refused, E_CSA_STORE_CONFIG,
            path + (of_product ? " is the key store file of a real product, which cs2sim cannot read: name "
                                 "another file, and bring the keys by backup and restore"
                               : " is no SQLite database")};
}

bool is_network_file_system(std::string_view mounted_type) {
    return std::ranges::find(kNetworkFuse, mounted_type) != std::end(kNetworkFuse);
}

// "36 35 98:0 /root /mount options [tags…] - type source options": blanks in names are spelled \040.
std::string mounted_type(std::istream& table, ::dev_t device) {
    const std::string wanted = std::to_string(::major(device)) + ":" + std::to_string(::minor(device));
    for (std::string line; std::getline(table, line);) {
        std::istringstream fields(line);
        std::string id, parent, number, type;
        fields >> id >> parent >> number;
        if (number != wanted) continue;
        while (fields >> type && type != "-") {
        }
        if (fields >> type) return type;
    }
    return {};
}

tl::expected<void, Failure> prepare_file(const std::string& path) {
    // What other connections of this process have open must not be opened and closed here: that would take
    // their locks away (sqlite.org/howtocorrupt.html, section 2.2). One that is new nobody has open.
    const int made = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (made >= 0)
        ::close(made);
    else if (errno != EEXIST)
        return tl::unexpected(of_errno(path, errno));
    struct ::stat file {};
    if (::stat(path.c_str(), &file) == 0 && file.st_size == 1)
        return tl::unexpected(no_database(path));  // which SQLite takes for none
    struct ::statfs system {};
    if (::statfs(path.c_str(), &system) != 0) return tl::unexpected(of_errno(path, errno));
    if (is_on_network(path, static_cast<std::uint64_t>(system.f_type))) {
        if (made >= 0) ::unlink(path.c_str());
        return tl::unexpected(Failure{
            Trouble::refused, E_CSA_STORE_CONFIG,
            path + " lies on a network file system, where SQLite's locks do not hold: keep it on a disk of "
                   "this host, or use PostgreSQL to share keys between hosts"});
    }
    return {};
}

}  // namespace cs2sim::keystore
