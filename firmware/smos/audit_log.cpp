#include "firmware/smos/audit_log.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <fstream>
#include <sstream>

#include "firmware/smos/clock.h"
#include "firmware/smos/host_file.h"
#include "firmware/smos/nvram.h"

namespace cs2sim {
namespace {

constexpr std::string_view kStem = "audit.";
constexpr std::size_t kLongestText = 1000;
constexpr std::uint32_t kKnownClasses = AUDIT_CUSTOM_MASK | 0x7FF;

std::string printable(std::string_view text) {
    std::string clean(text.substr(0, kLongestText));
    for (char& c : clean)
        if (c < 0x20 || c > 0x7E) c = '?';
    return clean;
}

std::string content_of(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream content;
    content << file.rdbuf();
    return std::move(content).str();
}

std::uint64_t whole_lines(std::string_view content) {
    const std::size_t end = content.rfind('\n');
    return end == std::string_view::npos ? 0 : end + 1;
}

Error audit_error() { return {errno == ENOSPC || errno == EDQUOT ? E_OS_AUDIT_FSFULL : E_OS_FILE_CORR}; }

}  // namespace

struct AuditLog::File {
    HostFile handle;
    std::uint64_t number = 0;
    std::uint64_t size = 0;
};

AuditLog::AuditLog(std::filesystem::path folder, Clock& clock, Nvram& nvram)
    : folder_(std::move(folder)), clock_(clock), nvram_(nvram) {}

AuditLog::~AuditLog() = default;

Result<std::uint64_t> AuditLog::append(std::uint32_t audit_class, std::string_view text) {
    const std::lock_guard lock(mutex_);
    if ((config().classes & audit_class) == 0) return 0;
    CS2SIM_TRY(append_line(date_and_time(clock_.milliseconds()) + " " + printable(text) + "\n"));
    return ++appended_;
}

Result<void> AuditLog::write(std::uint32_t audit_class, std::string_view text) {
    const auto line = append(audit_class, text);
    if (!line) return fail(line.error());
    return make_durable(*line);
}

Result<void> AuditLog::note(std::uint32_t audit_class, std::string_view text) {
    const auto line = append(audit_class, text);
    if (!line) return fail(line.error());
    return {};
}

Result<void> AuditLog::append_line(const std::string& line) {
    CS2SIM_TRY(ready());
    const AuditConfig limits = config();
    if (current_->size != 0 && current_->size + line.size() > limits.size) {
        if (!limits.rotate && numbers().size() >= limits.files) return fail(E_OS_AUDIT_FULL);
        if (!current_->handle.sync()) return fail(audit_error());
        CS2SIM_TRY(start_file(current_->number + 1));
        const std::vector<std::uint64_t> all = numbers();
        for (std::size_t i = 0; i + limits.files < all.size(); ++i) ::unlink(path_of(all[i]).c_str());
    }
    if (!current_->handle.write_all(as_bytes(line))) {
        const Error error = audit_error();
        // Takes back what a full disk let through of the line.
        if (::ftruncate(current_->handle.get(), static_cast<off_t>(current_->size)) != 0) current_.reset();
        return fail(error);
    }
    current_->size += line.size();
    return {};
}

Result<void> AuditLog::make_durable(std::uint64_t line) {
    const std::lock_guard sync_lock(sync_mutex_);
    if (synced_ >= line) return {};
    std::shared_ptr<File> file;
    std::uint64_t upto = 0;
    {
        const std::lock_guard lock(mutex_);
        file = current_;
        upto = appended_;
    }
    if (file && !file->handle.sync()) return fail(audit_error());
    synced_ = upto;
    return {};
}

Result<void> AuditLog::ready() {
    if (current_) return {};
    const std::vector<std::uint64_t> all = numbers();
    CS2SIM_TRY(start_file(all.empty() ? 1 : all.back()));
    const std::string content = content_of(path_of(current_->number));
    current_->size = whole_lines(content);
    if (current_->size != content.size() &&
        ::ftruncate(current_->handle.get(), static_cast<off_t>(current_->size)) != 0) {
        current_.reset();
        return fail(audit_error());
    }
    return {};
}

Result<void> AuditLog::start_file(std::uint64_t number) {
    auto file = std::make_shared<File>();
    const bool fresh = ::access(path_of(number).c_str(), F_OK) != 0;
    file->handle = HostFile(path_of(number), O_WRONLY | O_CREAT | O_APPEND);
    file->number = number;
    if (!file->handle) return fail(audit_error());
    if (fresh) CS2SIM_TRY(sync_folder(folder_));
    current_ = std::move(file);
    return {};
}

std::vector<std::uint64_t> AuditLog::numbers() const {
    std::vector<std::uint64_t> all;
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator(folder_, ignored)) {
        const std::string name = entry.path().filename().string();
        std::uint64_t number = 0;
        if (!name.starts_with(kStem)) continue;
        const auto parsed = std::from_chars(name.data() + kStem.size(), name.data() + name.size(), number);
        if (parsed.ec == std::errc() && parsed.ptr == name.data() + name.size()) all.push_back(number);
    }
    std::ranges::sort(all);
    return all;
}

std::filesystem::path AuditLog::path_of(std::uint64_t number) const {
    return folder_ / (std::string(kStem) + std::to_string(number));
}

std::string AuditLog::text() const {
    const std::lock_guard lock(mutex_);
    std::string all;
    for (const std::uint64_t number : numbers()) {
        const std::string content = content_of(path_of(number));
        all.append(content, 0, whole_lines(content));
    }
    return all;
}

Result<void> AuditLog::clear() {
    const std::lock_guard lock(mutex_);
    const std::vector<std::uint64_t> all = numbers();
    CS2SIM_TRY(start_file(all.empty() ? 1 : all.back() + 1));
    for (const std::uint64_t number : all) ::unlink(path_of(number).c_str());
    return sync_folder(folder_);
}

AuditConfig AuditLog::config() const {
    AuditConfig config;
    config.files = static_cast<std::uint32_t>(nvram_.number("audit.files").value_or(config.files));
    config.rotate = nvram_.number("audit.rotate").value_or(config.rotate) != 0;
    config.size = static_cast<std::uint32_t>(nvram_.number("audit.size").value_or(config.size));
    config.classes = static_cast<std::uint32_t>(nvram_.number("audit.classes").value_or(config.classes));
    return config;
}

Result<void> AuditLog::set_config(const AuditConfig& config) {
    if (config.files < 1 || config.files > 10 || config.size < 1000 || config.size > 1000000 ||
        (config.classes & ~kKnownClasses) != 0)
        return fail(E_OS_AUDIT_CFG_RANGE);
    const std::lock_guard lock(mutex_);
    CS2SIM_TRY(nvram_.set_number("audit.files", config.files));
    CS2SIM_TRY(nvram_.set_number("audit.rotate", config.rotate ? 1 : 0));
    CS2SIM_TRY(nvram_.set_number("audit.size", config.size));
    return nvram_.set_number("audit.classes", config.classes);
}

}  // namespace cs2sim
