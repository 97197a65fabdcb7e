#include "host-lib/files/backup_line.h"

#include <cerrno>
#include <cstring>

namespace cs2sim::host {

Result<bool> LineReader::fill() {
    if (begin_ > 0) {
        std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
        end_ -= begin_;
        begin_ = 0;
    }
    if (end_ > kMostLine) return fail(E_CSA_BACKUP_SYNTAX);
    if (end_ == buffer_.size()) buffer_.resize(buffer_.size() * 2);
    for (;;) {
        const ssize_t got = ::read(fd_.get(), buffer_.data() + end_, buffer_.size() - end_);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return fail(E_CSA_BACKUP_FILE);
        end_ += static_cast<std::size_t>(got);
        return got > 0;
    }
}

Result<std::optional<std::string_view>> LineReader::line() {
    std::size_t searched = 0;
    for (;;) {
        const char* start = buffer_.data() + begin_;
        const std::size_t size = end_ - begin_;
        if (const void* found = std::memchr(start + searched, '\n', size - searched)) {
            const auto length = static_cast<std::size_t>(static_cast<const char*>(found) - start);
            begin_ += length + 1;
            return std::string_view(start, length);
        }
        searched = size;
        CS2SIM_TRY_LET(more, fill());
        if (more) continue;
        if (size == 0) return std::nullopt;
        begin_ = end_;
        return std::string_view(buffer_.data(), size);  // the last line, without line end
    }
}

Result<std::optional<std::string_view>> LineReader::next() {
    for (;;) {
        auto found = line();
        if (!found || !*found) return found;
        const auto last = (*found)->find_last_not_of(" \t\r");
        if (last != std::string_view::npos) return (*found)->substr(0, last + 1);
    }
}

bool LineReader::rewind() {
    begin_ = end_ = 0;
    return ::lseek(fd_.get(), 0, SEEK_SET) == 0;
}

}  // namespace cs2sim::host
