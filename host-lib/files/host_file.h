// Files of the host: read whole with a limit, or replaced as a whole.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "firmware/crypto/secret.h"
#include "host-lib/files/file_descriptor.h"

namespace cs2sim::host {

// Which file was refused last on this thread, and the system's error number, for the words that a tool adds
// to a code: as errno, it is good until the next call. Taken once.
struct FileRefusal {
    std::string path;
    int error;
};
std::optional<FileRefusal> take_file_refusal();
void note_file_refusal(const std::filesystem::path& path, int error);

// The content of a regular file; nothing when it cannot be read, is no regular file or is over `most` bytes.
std::optional<SecretBytes> read_host_file(const std::filesystem::path& path, std::size_t most);

// The same for what an operator names as input: pipes that a shell made and terminals are read to their end
// as well. Named pipes, which may never be written to, and devices, which may never end, are refused.
std::optional<SecretBytes> read_host_input(const std::filesystem::path& path, std::size_t most);

// A folder and those above it, each that is made closed to others whatever the umask. False: errno says why.
bool make_private_folders(const std::filesystem::path& folder);

// Where a chain of links leads, even if nothing is there yet.
std::filesystem::path behind_links(std::filesystem::path target);

// A new file that takes its name when it is complete: until commit() it has none, or where the file system
// wants one it is a temporary one beside the target, and dropped before that it leaves nothing behind. False
// means that the folder or the disk refused. A link stays, and what it leads to is replaced. What is there
// and no regular file (a terminal, a pipe, /dev/null), or is where our own output goes, is written straight
// into and never replaced.
class NewFile {
public:
    explicit NewFile(std::filesystem::path target, mode_t mode = 0600);
    ~NewFile();
    NewFile(const NewFile&) = delete;
    NewFile& operator=(const NewFile&) = delete;

    bool write(ByteView bytes);  // appends
    bool commit();               // durable when it returns true

private:
    bool open_temporary(mode_t mode);
    bool link_temporary();

    std::filesystem::path target_;
    std::filesystem::path temporary_;  // empty when there is none
    bool nameless_ = false;            // the file has no name yet
    FileDescriptor fd_;
};

// Both steps at once.
bool replace_host_file(const std::filesystem::path& path, ByteView content, mode_t mode = 0600);

}  // namespace cs2sim::host
