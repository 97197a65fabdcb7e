#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <limits>

#include "host-lib/files/backup_file.h"
#include "host-lib/files/backup_line.h"
#include "host-lib/files/backup_text.h"
#include "host-lib/files/host_file.h"

namespace cs2sim::host {
namespace {

using namespace backup_text;

bool take(std::string_view& text, std::string_view prefix) {
    if (!text.starts_with(prefix)) return false;
    text.remove_prefix(prefix.size());
    return true;
}

// "8 bytes"
template <class Number>
bool read_count(std::string_view text, Number& out) {
    if (text.ends_with(kBytes)) text.remove_suffix(kBytes.size());
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
    return error == std::errc() && end == text.data() + text.size() && !text.empty();
}

class Reader : public BackupReader {
public:
    explicit Reader(FileDescriptor fd) : lines_(std::move(fd)) {}

    Result<void> scan() {
        CS2SIM_TRY(read_title());
        std::string_view index, entry;
        for (;;) {
            CS2SIM_TRY_LET(more, read_entry(index, entry));
            if (!more) break;
            if (entries_++ == 0) info_.key_length = static_cast<std::uint32_t>(index.size() / 2);
            if (index.size() / 2 != info_.key_length) return fail(E_CSA_BACKUP_KEY_LENGTH);
        }
        CS2SIM_TRY(read_database_block());
        CS2SIM_TRY(read_mbk_block());
        if (!lines_.rewind()) return fail(E_CSA_BACKUP_FILE);
        return read_title();
    }

    const BackupInfo& info() const override { return info_; }
    std::uint64_t entries() const override { return entries_; }

    Result<bool> next(Bytes& key, Bytes& record) override {
        std::string_view index, entry;
        const auto more = read_entry(index, entry);
        if (!more || !*more) return more;
        if (!from_hex(index, key) || !from_hex(entry, record)) return fail(E_CSA_BACKUP_SYNTAX);
        if (key.size() != info_.key_length) return fail(E_CSA_BACKUP_SYNTAX);
        return true;
    }

private:
    // A line that must be there.
    Result<std::string_view> line() {
        CS2SIM_TRY_LET(found, lines_.next());
        if (!found) return fail(E_CSA_BACKUP_SYNTAX);
        return *found;
    }

    Result<void> read_title() {
        CS2SIM_TRY_LET(title, line());
        std::string_view name = title;
        if (!take(name, kTitle)) return fail(E_CSA_BACKUP_SYNTAX);
        name = name.substr(0, name.rfind(kVersionStart));
        const auto last = name.find_last_not_of(' ');
        if (last == std::string_view::npos || name.size() > 256) return fail(E_CSA_BACKUP_SYNTAX);
        info_.database = name.substr(0, last + 1);
        CS2SIM_TRY_LET(warning, line());
        if (warning != kWarning) return fail(E_CSA_BACKUP_SYNTAX);
        return {};
    }

    // False when the entries are over. The index is copied aside, since the next line overwrites it.
    Result<bool> read_entry(std::string_view& index, std::string_view& entry) {
        CS2SIM_TRY_LET(heading, line());
        if (heading == kDatabase) return false;
        if (heading != kIndex) return fail(E_CSA_BACKUP_SYNTAX);
        CS2SIM_TRY_LET(index_line, line());
        const auto semicolon = index_line.find(';');  // behind it: the key in readable form
        if (semicolon == std::string_view::npos || semicolon > index_.size())
            return fail(E_CSA_BACKUP_SYNTAX);
        index = std::string_view(index_.data(), index_line.copy(index_.data(), semicolon));
        CS2SIM_TRY_LET(entry_heading, line());
        if (entry_heading != kEntry) return fail(E_CSA_BACKUP_SYNTAX);
        CS2SIM_TRY_LET(entry_line, line());
        entry = entry_line;
        if (index.empty() || entry.empty() || !is_hex(index) || !is_hex(entry))
            return fail(E_CSA_BACKUP_SYNTAX);
        return true;
    }

    Result<void> read_database_block() {
        const std::uint32_t seen_length = info_.key_length;
        CS2SIM_TRY(read_field(
            kKeyLength, [&](std::string_view text) { return read_count(text, info_.key_length); },
            E_CSA_BACKUP_SYNTAX));
        CS2SIM_TRY(read_field(
            kMaxSize, [&](std::string_view text) { return read_count(text, info_.max_size); },
            E_CSA_BACKUP_SYNTAX));
        if (entries_ != 0 && seen_length != info_.key_length) return fail(E_CSA_BACKUP_KEY_LENGTH);
        return {};
    }

    Result<void> read_mbk_block() {
        CS2SIM_TRY_LET(heading, lines_.next());
        if (!heading) return fail(E_CSA_BACKUP_NO_MBK);
        if (*heading != kMbk) return fail(E_CSA_BACKUP_SYNTAX);
        const auto name = [&](std::string_view text) {
            info_.mbk_name = text;
            return text.size() <= 8;
        };
        const auto type = [&](std::string_view text) {
            const auto* row = std::ranges::find(kTypes, text, &TypeName::name);
            if (row != std::end(kTypes)) info_.mbk_type = row->type;
            return row != std::end(kTypes) || read_count(text, info_.mbk_type);
        };
        const auto hash = [&](std::string_view text) {
            Bytes bytes;
            if (!from_hex(text, bytes) || bytes.size() != info_.mbk_hash.size()) return false;
            std::ranges::copy(bytes, info_.mbk_hash.begin());
            return true;
        };
        CS2SIM_TRY(read_field(kMbkName, name, E_CSA_BACKUP_NO_MBK));
        CS2SIM_TRY(read_field(kMbkType, type, E_CSA_BACKUP_NO_MBK));
        CS2SIM_TRY(read_field(
            kMbkLength, [&](std::string_view text) { return read_count(text, info_.mbk_length); },
            E_CSA_BACKUP_NO_MBK));
        CS2SIM_TRY(read_field(kMbkHash, hash, E_CSA_BACKUP_NO_MBK));
        CS2SIM_TRY_LET(rest, lines_.next());
        if (rest) return fail(E_CSA_BACKUP_SYNTAX);
        return {};
    }

    // `error` when the line is missing, cut or malformed.
    template <class Take>
    Result<void> read_field(std::string_view name, Take&& take_value, std::uint32_t error) {
        CS2SIM_TRY_LET(found, lines_.next());
        if (!found) return fail(error);
        std::string_view value = *found;
        // A name of an MBK may be empty: then the blank behind the colon is gone with the line's end.
        if (!take(value, name) && !take(value, name.substr(0, name.size() - 1))) return fail(error);
        if (!take_value(value)) return fail(error);
        return {};
    }

    LineReader lines_;
    std::array<char, 512> index_{};  // hexadecimal of at most 255 bytes
    BackupInfo info_;
    std::uint64_t entries_ = 0;
};

}  // namespace

Result<std::unique_ptr<BackupReader>> BackupReader::open(const std::filesystem::path& path) {
    FileDescriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    struct stat status {};
    const bool there = fd && ::fstat(fd.get(), &status) == 0;
    if (!there || !S_ISREG(status.st_mode)) {
        note_file_refusal(path, !there ? errno : S_ISDIR(status.st_mode) ? EISDIR : EINVAL);
        return fail(E_CSA_BACKUP_FILE);
    }
    if (status.st_size == 0) return fail(E_CSA_BACKUP_EMPTY);
    auto reader = std::make_unique<Reader>(std::move(fd));
    CS2SIM_TRY(reader->scan());
    return reader;
}

}  // namespace cs2sim::host
