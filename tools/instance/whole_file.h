// fcntl(2)'s locks of a whole file and of a byte: how instances keep what is theirs.
#pragma once

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

namespace cs2sim {

// A request for one of `type` (F_RDLCK, F_WRLCK, F_UNLCK).
inline struct flock whole_file(short type) {
    struct flock lock {};
    lock.l_type = type;
    lock.l_whence = SEEK_SET;
    return lock;
}

// The same for one byte of it.
inline struct flock byte_of_file(short type, off_t byte) {
    struct flock lock = whole_file(type);
    lock.l_start = byte;
    lock.l_len = 1;
    return lock;
}

// Whether the open file is still the one that others find: a lock of another one keeps nobody away.
inline bool is_in_place(int descriptor, const std::filesystem::path& file) {
    struct stat held {
    }, found{};
    return ::fstat(descriptor, &held) == 0 && ::lstat(file.c_str(), &found) == 0 &&
           held.st_dev == found.st_dev && held.st_ino == found.st_ino;
}

}  // namespace cs2sim
