#include "firmware/smos/audit_log.h"

#include <algorithm>
#include <cerrno>
#include <charconv>

#include "firmware/protocol/time_text.h"
#include "firmware/smos/audit_file.h"
#include "firmware/smos/clock.h"
#include "firmware/smos/flash/state_file.h"
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

}  // namespace

std::string audit_name(std::string_view name) {
    constexpr std::size_t kShown = 31;
    std::string text(name.substr(0, kShown));
    if (name.size() > kShown) text += "... (" + std::to_string(name.size()) + " characters)";
    return text;
}

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
    CS2SIM_TRY_LET(line, append(audit_class, text));
    return make_durable(line);
}

Result<void> AuditLog::note(std::uint32_t audit_class, std::string_view text) {
    CS2SIM_TRY(append(audit_class, text));
    return {};
}

Result<void> AuditLog::append_line(const std::string& line) {
    CS2SIM_TRY(ready());
    const AuditConfig limits = config();
    const std::uint64_t size = files_.back()->size();
    if (size != 0 && size + line.size() > limits.size) CS2SIM_TRY(rotate(limits));
    return files_.back()->append(line);
}

Result<void> AuditLog::rotate(const AuditConfig& limits) {
    if (!limits.rotate && files_.size() >= limits.files) return fail(E_OS_AUDIT_FULL);
    AuditFile& full = *files_.back();
    CS2SIM_TRY_LET(begun, full.begin_sync());
    const bool durable = AuditFile::sync(begun);
    const int why = errno;
    full.end_sync(begun, durable);
    if (!durable) return fail(audit_error(why));

    auto next = std::make_shared<AuditFile>(path_of(full.number() + 1), full.number() + 1);
    if (const auto opened = next->open(); !opened) {
        // Without a descriptor for another file this one grows: no line is lost for that.
        if (opened.error().code == E_OS_FILE_HDL_TOOMANY) return {};
        return opened;
    }
    files_.push_back(std::move(next));
    while (files_.size() > limits.files) {
        CS2SIM_TRY(files_.front()->remove());
        files_.erase(files_.begin());
    }
    return {};
}

Result<void> AuditLog::make_durable(std::uint64_t line) {
    const std::lock_guard sync_lock(sync_mutex_);
    if (synced_ >= line) return {};
    std::shared_ptr<AuditFile> file;
    AuditFile::Sync begun;
    std::uint64_t upto = 0;
    {
        const std::lock_guard lock(mutex_);
        CS2SIM_TRY(ready());
        file = files_.back();
        CS2SIM_TRY_LET(started, file->begin_sync());
        begun = started;
        upto = appended_;
    }
    const bool durable = AuditFile::sync(begun);
    const int why = errno;
    const std::lock_guard lock(mutex_);
    file->end_sync(begun, durable);
    if (!durable) return fail(audit_error(why));
    synced_ = upto;
    return {};
}

Result<void> AuditLog::ready() {
    if (!files_.empty()) return {};
    std::vector<std::uint64_t> all = numbers();
    if (all.empty()) all.push_back(1);
    std::vector<std::shared_ptr<AuditFile>> files;
    for (const std::uint64_t number : all) {
        files.push_back(std::make_shared<AuditFile>(path_of(number), number));
        CS2SIM_TRY(files.back()->open());
    }
    files_ = std::move(files);
    return {};
}

std::vector<std::uint64_t> AuditLog::numbers() const {
    std::vector<std::uint64_t> all;
    for (const std::string& name : file_names(folder_)) {
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

Result<std::string> AuditLog::text() {
    const std::lock_guard lock(mutex_);
    CS2SIM_TRY(ready());
    std::string all;
    for (const auto& file : files_) {
        CS2SIM_TRY_LET(content, file->content());
        all += content;
    }
    return all;
}

Result<void> AuditLog::clear() {
    const std::lock_guard lock(mutex_);
    CS2SIM_TRY(ready());
    const std::uint64_t number = files_.back()->number() + 1;
    auto next = std::make_shared<AuditFile>(path_of(number), number);
    CS2SIM_TRY(next->open());
    for (const auto& file : files_) CS2SIM_TRY(file->remove());
    files_ = {std::move(next)};
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
