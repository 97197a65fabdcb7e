#include "host-lib/host_file.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <string>

namespace cs2sim::host {
namespace {

bool write_all(int fd, ByteView rest) {
    while (!rest.empty()) {
        const ssize_t written = ::write(fd, rest.data(), rest.size());
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return false;
        rest = rest.subspan(static_cast<std::size_t>(written));
    }
    return true;
}

std::filesystem::path folder_of(const std::filesystem::path& target) {
    return target.has_parent_path() ? target.parent_path() : ".";
}

}  // namespace

std::optional<SecretBytes> read_host_file(const std::filesystem::path& path, std::size_t most) {
    // Non-blocking, so that a FIFO of that name cannot hang us.
    const FileDescriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    struct stat status {};
    if (!fd || ::fstat(fd.get(), &status) != 0 || !S_ISREG(status.st_mode)) return std::nullopt;
    if (static_cast<std::size_t>(status.st_size) > most) return std::nullopt;

    SecretBytes content(static_cast<std::size_t>(status.st_size));
    std::size_t filled = 0;
    while (filled < content.size()) {
        const ssize_t got = ::read(fd.get(), content.data() + filled, content.size() - filled);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return std::nullopt;
        if (got == 0) break;  // it became shorter
        filled += static_cast<std::size_t>(got);
    }
    content.resize(filled);
    return content;
}

NewFile::NewFile(std::filesystem::path target, mode_t mode) : target_(std::move(target)) {
    // A link stays a link: what it points to is replaced.
    std::error_code error;
    if (auto real = std::filesystem::canonical(target_, error); !error) target_ = std::move(real);
    if (std::filesystem::is_directory(target_, error)) return;
    static std::atomic<unsigned> count{0};
    const std::string start = "." + target_.filename().string() + "." + std::to_string(::getpid()) + ".";
    do {
        temporary_ = folder_of(target_) / (start + std::to_string(++count));
        fd_ = FileDescriptor(::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode));
    } while (!fd_ && errno == EEXIST);
    if (!fd_) temporary_.clear();
}

NewFile::~NewFile() {
    if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

bool NewFile::write(ByteView bytes) { return fd_ && write_all(fd_.get(), bytes); }

bool NewFile::commit() {
    if (!fd_ || ::fsync(fd_.get()) != 0) return false;
    if (::rename(temporary_.c_str(), target_.c_str()) != 0) return false;
    temporary_.clear();
    // The new name on disk as well, where the folder can be opened and synchronised.
    const FileDescriptor folder(::open(folder_of(target_).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (folder) ::fsync(folder.get());
    return true;
}

bool replace_host_file(const std::filesystem::path& path, ByteView content, mode_t mode) {
    NewFile file(path, mode);
    return file.write(content) && file.commit();
}

}  // namespace cs2sim::host
