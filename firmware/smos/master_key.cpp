#include "firmware/smos/master_key.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <mutex>

#include "firmware/crypto/digest.h"
#include "firmware/crypto/kdf.h"
#include "firmware/crypto/random.h"
#include "firmware/smos/state_file.h"

namespace cs2sim {
namespace {

// The file: magic 8 | key 32 | first 8 bytes of SHA-256 over both. An erased key RAM holds the magic and
// zeros.
constexpr std::string_view kMagic = "CS2KEYR1";
constexpr std::size_t kKeySize = 32;
constexpr std::size_t kCheckSize = 8;
constexpr std::size_t kFileSize = 8 + kKeySize + kCheckSize;

bool erased(ByteView content) {
    return content.size() >= kMagic.size() && as_text(content.first(kMagic.size())) == kMagic &&
           std::ranges::all_of(content.subspan(kMagic.size()), [](std::uint8_t byte) { return byte == 0; });
}

Bytes check_of(ByteView key) {
    Bytes check = digest("SHA256", {as_bytes(kMagic), key});
    check.resize(kCheckSize);
    return check;
}

// Replaces the file, then overwrites what it held before: a key that is gone must not stay on the disk.
Result<void> replace(const std::filesystem::path& file, ByteView content) {
    const StateFile before(file, O_WRONLY);
    CS2SIM_TRY(write_atomically(file, content));
    if (before) {
        const std::array<std::uint8_t, kFileSize> zeros{};
        if (!before.write_all(zeros) || !before.sync()) return fail(file_error(errno));
    }
    return {};
}

}  // namespace

MasterKey::MasterKey(std::filesystem::path file) : file_(std::move(file)) {}

Result<void> MasterKey::load_or_create() {
    StateFile file(file_, O_RDWR);
    if (!file && errno == ENOENT) return regenerate();
    if (!file && errno == EMFILE) return fail(file_error(errno));
    if (!file) return fail(E_OS_CRYPT_MK_CORR);

    SecretBytes content(kFileSize + 1);
    const ssize_t size = ::pread(file.get(), content.data(), content.size(), 0);
    const ByteView all = ByteView(content).first(size < 0 ? 0 : static_cast<std::size_t>(size));
    const std::unique_lock lock(mutex_);
    open_ = std::move(file);
    key_.clear();
    if (erased(all)) return {};
    if (all.size() != kFileSize || as_text(all.first(kMagic.size())) != kMagic)
        return fail(E_OS_CRYPT_MK_CORR);
    const ByteView key = all.subspan(kMagic.size(), kKeySize);
    if (!equal_in_constant_time(check_of(key), all.last(kCheckSize))) return fail(E_OS_CRYPT_MK_CORR);
    key_ = to_secret(key);
    return {};
}

Result<SecretBytes> MasterKey::derive(std::string_view purpose) const {
    const std::shared_lock lock(mutex_);
    if (key_.empty()) return fail(E_OS_CRYPT_NO_MK);
    return derive_key(key_, "cs2sim device master key", as_bytes(purpose), kKeySize);
}

bool MasterKey::present() const {
    const std::shared_lock lock(mutex_);
    return !key_.empty();
}

// In place: an erasure must need no room on the disk. It is one write, so no kill comes in between.
Result<void> MasterKey::erase() {
    {
        const std::unique_lock lock(mutex_);
        key_ = {};
    }
    for (const auto& then : when_lost_) then();
    const std::unique_lock lock(mutex_);
    std::array<std::uint8_t, kFileSize> content{};
    std::ranges::copy(kMagic, content.begin());
    if (!open_) open_ = StateFile(file_, O_RDWR | O_CREAT);
    const auto size = static_cast<ssize_t>(content.size());
    if (!open_ || ::pwrite(open_.get(), content.data(), content.size(), 0) != size || !open_.sync())
        return fail(file_error(errno));
    return {};
}

bool MasterKey::exists() const { return ::access(file_.c_str(), F_OK) == 0; }

Result<void> MasterKey::regenerate() {
    for (const auto& then : when_lost_) then();
    const std::unique_lock lock(mutex_);
    SecretBytes key = random_secret(kKeySize);
    SecretBytes content = to_secret(as_bytes(kMagic));
    content.reserve(kFileSize);
    content.insert(content.end(), key.begin(), key.end());
    const Bytes check = check_of(key);
    content.insert(content.end(), check.begin(), check.end());
    CS2SIM_TRY(replace(file_, content));
    open_ = StateFile(file_, O_RDWR);
    key_ = std::move(key);
    return {};
}

}  // namespace cs2sim
