#include "firmware/smos/loaded_files.h"

#include <algorithm>
#include <string>

#include "firmware/crypto/digest.h"

namespace cs2sim {
namespace {

constexpr std::string_view kComplete = "loaded.complete";  // NVRAM
constexpr std::size_t kDigest = 32;

std::string setting_of(std::string_view name) { return "loaded." + std::string(name); }

bool lists(ByteView digests, ByteView digest) {
    for (; digests.size() >= kDigest; digests = digests.subspan(kDigest))
        if (std::ranges::equal(digests.first(kDigest), digest)) return true;
    return false;
}

}  // namespace

// The digests of what lies there and of what is to come: a note has two of them until the new one is there.
// Of loads that failed before it keeps none.
Result<void> LoadedFiles::expect(std::string_view name, ByteView content, ByteView lying) {
    const std::string setting = setting_of(name);
    Bytes digests = sha256(lying);
    if (!lists(nvram_.bytes(setting), digests)) digests.clear();
    append(digests, sha256(content));
    return nvram_.set_bytes(setting, digests);
}

Result<void> LoadedFiles::note(std::string_view name, ByteView content) {
    return nvram_.set_bytes(setting_of(name), sha256(content));
}

Result<void> LoadedFiles::forget(std::string_view name) {
    const std::string setting = setting_of(name);
    return nvram_.bytes(setting).empty() ? Result<void>() : nvram_.set_bytes(setting, {});
}

LoadedFiles::Seen LoadedFiles::compare(std::string_view name, ByteView content) const {
    const Bytes digests = nvram_.bytes(setting_of(name));
    if (digests.empty()) return Seen::unknown;
    return lists(digests, sha256(content)) ? Seen::as_loaded : Seen::changed;
}

bool LoadedFiles::complete() const { return nvram_.number(kComplete).value_or(0) != 0; }

Result<void> LoadedFiles::set_complete() { return nvram_.set_number(kComplete, 1); }

}  // namespace cs2sim
