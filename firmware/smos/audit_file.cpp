#include "firmware/smos/audit_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "firmware/smos/flash/state_folder.h"

namespace cs2sim {

Error audit_error(int host_errno) {
    const Error error = file_error(host_errno);
    return error.code == E_OS_FILE_NO_SPACE ? Error{E_OS_AUDIT_FSFULL} : error;
}

Result<void> AuditFile::open() {
    const bool fresh = ::access(path_.c_str(), F_OK) != 0;
    handle_ = std::make_shared<StateFile>(path_, O_RDWR | O_CREAT | O_APPEND);
    if (!*handle_) return fail(audit_error(errno));
    if (fresh) CS2SIM_TRY(sync_folder(path_.parent_path()));
    struct stat info {};
    if (::fstat(handle_->get(), &info) != 0) return fail(audit_error(errno));
    size_ = static_cast<std::uint64_t>(info.st_size);
    CS2SIM_TRY_LET(all, content());
    const std::size_t end = all.rfind('\n');
    const std::uint64_t whole = end == std::string::npos ? 0 : end + 1;
    if (whole != size_ && ::ftruncate(handle_->get(), static_cast<off_t>(whole)) != 0)
        return fail(audit_error(errno));
    size_ = whole;
    return {};
}

Result<void> AuditFile::append(const std::string& line) {
    if (doubtful_) CS2SIM_TRY(write_anew());
    if (!handle_->write_all(as_bytes(line))) {
        const Error error = audit_error(errno);
        if (::ftruncate(handle_->get(), static_cast<off_t>(size_)) != 0) doubtful_ = true;
        return fail(error);
    }
    size_ += line.size();
    unsynced_ += line;
    return {};
}

Result<std::string> AuditFile::content() const {
    CS2SIM_TRY_LET(all, handle_->content(kLargestAuditFile));
    if (all.size() < size_) return fail(E_OS_FILE_CORR);
    return std::string(as_text(ByteView(all).first(size_)));
}

Result<void> AuditFile::remove() {
    if (::unlink(path_.c_str()) != 0 && errno != ENOENT) return fail(audit_error(errno));
    return {};
}

Result<AuditFile::Sync> AuditFile::begin_sync() {
    if (doubtful_) CS2SIM_TRY(write_anew());
    return Sync{handle_, unsynced_.size()};
}

void AuditFile::end_sync(const Sync& begun, bool durable) {
    if (begun.handle != handle_) return;  // written anew meanwhile
    if (durable)
        unsynced_.erase(0, begun.bytes);
    else
        doubtful_ = true;
}

// Another file, so that every byte of it goes to the disk again.
Result<void> AuditFile::write_anew() {
    CS2SIM_TRY_LET(all, content());
    all.resize(size_ - unsynced_.size());  // this much is on the disk; the rest is known by heart
    all += unsynced_;
    CS2SIM_TRY(write_atomically(path_, as_bytes(all)));
    auto handle = std::make_shared<StateFile>(path_, O_RDWR | O_APPEND);
    if (!*handle) return fail(audit_error(errno));
    handle_ = std::move(handle);
    unsynced_.clear();
    doubtful_ = false;
    return {};
}

}  // namespace cs2sim
