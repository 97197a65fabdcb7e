#include "tools/csadm/user_file.h"

#include "host-lib/files/host_file.h"

namespace cs2sim::tools {
namespace {

constexpr std::string_view kHeader = "# User Backup\n";
constexpr std::string_view kRecord = "\nRECORD=";
constexpr std::size_t kLargest = 256 * 1024;

}  // namespace

Result<void> write_user_file(const std::filesystem::path& path, std::string_view name, ByteView record) {
    std::string text(kHeader);
    text.append("NAME=").append(name).append(kRecord).append(to_hex(record)).append("\n");
    if (!host::replace_host_file(path, as_bytes(text))) return fail(E_CSA_BACKUP_WRITE);
    return {};
}

Result<Bytes> read_user_file(const std::filesystem::path& path) {
    const auto content = host::read_host_file(path, kLargest);
    if (!content) return fail(E_CSA_BACKUP_FILE);
    std::string_view text = as_text(*content);
    const std::size_t at = text.find(kRecord);
    if (!text.starts_with(kHeader) || at == std::string_view::npos) return fail(E_CSA_USER_BACKUP);
    text.remove_prefix(at + kRecord.size());
    Bytes record;
    if (!from_hex(text.substr(0, text.find_first_of("\r\n")), record)) return fail(E_CSA_USER_BACKUP);
    return record;
}

}  // namespace cs2sim::tools
