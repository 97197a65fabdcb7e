#include "firmware/smos/loaded_files.h"

#include <algorithm>
#include <string>

#include "firmware/crypto/digest.h"

namespace cs2sim {
namespace {

constexpr std::string_view kComplete = "loaded.complete";  // NVRAM
constexpr std::size_t kDigest = 32;

std::string setting_of(std::string_view name) { return "loaded." + std::string(name); }

}  // namespace

// The digests of what lies there and of what is to come: a note has two of them until the new one is there.
// Of loads that failed before it keeps none.
Result<void> LoadedFiles::expect(std::string_view name, ByteView content, ByteView lying) {
    Bytes digests;
    if (compare(name, lying) == Seen::as_loaded) digests = sha256(lying);
    append(digests, sha256(content));
    return nvram_.set_bytes(setting_of(name), digests);
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
    const Bytes now = sha256(content);
    for (ByteView rest = digests; rest.size() >= kDigest; rest = rest.subspan(kDigest))
        if (std::ranges::equal(rest.first(kDigest), now)) return Seen::as_loaded;
    return Seen::changed;
}

bool LoadedFiles::complete() const { return nvram_.number(kComplete).value_or(0) != 0; }

Result<void> LoadedFiles::set_complete() { return nvram_.set_number(kComplete, 1); }

}  // namespace cs2sim
