// fcntl(2)'s lock of a whole file: how instances keep what is theirs.
#pragma once

#include <fcntl.h>
#include <unistd.h>

namespace cs2sim {

// A request for one of `type` (F_RDLCK, F_WRLCK, F_UNLCK).
inline struct flock whole_file(short type) {
    struct flock lock {};
    lock.l_type = type;
    lock.l_whence = SEEK_SET;
    return lock;
}

}  // namespace cs2sim
