// Backup files: whatever stands in one, reading ends with an error or with whole entries.
#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include "host-lib/files/backup_file.h"

using namespace cs2sim;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const std::string path = "/dev/shm/cs2sim-fuzz-backup-" + std::to_string(::getpid());
    std::ofstream(path, std::ios::binary)
        .write(reinterpret_cast<const char*>(data), static_cast<std::streamsize>(size));
    const auto reader = host::BackupReader::open(path);
    if (!reader) return 0;
    Bytes key, record;
    std::size_t entries = 0;
    for (auto more = (*reader)->next(key, record); more && *more; more = (*reader)->next(key, record))
        if (++entries > size) std::abort();
    return 0;
}
