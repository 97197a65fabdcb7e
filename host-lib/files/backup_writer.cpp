#include "host-lib/files/backup_file.h"
#include "host-lib/files/backup_text.h"
#include "host-lib/files/host_file.h"

namespace cs2sim::host {
namespace {

using namespace backup_text;

constexpr std::size_t kBuffer = 1 << 16;

// The search key as operators read it: "(ADMIN   )".
std::string readable(ByteView key) {
    std::string text;
    for (const std::uint8_t byte : key) {
        const bool printable = byte >= ' ' && byte < 0x7F;
        text += printable ? static_cast<char>(byte) : byte == 0 ? ' ' : '.';
    }
    return text;
}

class Writer : public BackupWriter {
public:
    Writer(const std::filesystem::path& target, BackupInfo info) : file_(target), info_(std::move(info)) {
        put(kTitle).put(info_.database).put(kVersion).end_line();
        put(kWarning).end_line().end_line().end_line();
    }

    bool begun() { return flush(); }

    Result<void> add(ByteView key, ByteView sealed_record) override {
        put(kIndex).end_line();
        put(to_hex(key)).put("; (").put(readable(key)).put(") ").end_line();
        put(kEntry).end_line();
        put(to_hex(sealed_record)).end_line().end_line();
        has_entries_ = true;
        if (text_.size() >= kBuffer && !flush()) return fail(E_CSA_BACKUP_WRITE);
        return {};
    }

    // Three empty lines before the tail, and no line end behind it (device-formats.md, section 3).
    Result<void> commit() override {
        end_line();
        if (has_entries_) end_line();
        put(kDatabase).end_line();
        put(kKeyLength).put(std::to_string(info_.key_length)).put(kBytes).end_line();
        put(kMaxSize).put(std::to_string(info_.max_size)).put(kBytes).end_line().end_line().end_line();
        put(kMbk).end_line();
        put(kMbkName).put(info_.mbk_name).end_line();
        put(kMbkType).put(type_name()).end_line();
        put(kMbkLength).put(std::to_string(info_.mbk_length)).put(kBytes).end_line();
        put(kMbkHash).put(to_hex(info_.mbk_hash));
        if (!flush() || !file_.commit()) return fail(E_CSA_BACKUP_WRITE);
        return {};
    }

private:
    Writer& put(std::string_view text) {
        text_ += text;
        return *this;
    }
    Writer& end_line() { return put("\n"); }

    bool flush() {
        const bool written = file_.write(as_bytes(text_));
        text_.clear();
        return written;
    }

    std::string type_name() const {
        for (const TypeName& row : kTypes)
            if (row.type == info_.mbk_type) return std::string(row.name);
        return std::to_string(info_.mbk_type);
    }

    NewFile file_;
    BackupInfo info_;
    std::string text_;
    bool has_entries_ = false;
};

}  // namespace

Result<std::unique_ptr<BackupWriter>> BackupWriter::create(const std::filesystem::path& target,
                                                           const BackupInfo& info) {
    auto writer = std::make_unique<Writer>(target, info);
    if (!writer->begun()) return fail(E_CSA_BACKUP_WRITE);
    return writer;
}

}  // namespace cs2sim::host
