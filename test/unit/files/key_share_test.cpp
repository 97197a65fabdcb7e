// Share files against vectors of openssl and python (test/vectors/make_key_files.py).
#include "host-lib/cards/share_source.h"

#include "firmware/crypto/digest.h"
#include "host-lib/files/host_file.h"
#include "test/places.h"
#include "test/unit/scratch.h"

using namespace cs2sim;
using namespace cs2sim::host;

namespace {

const std::filesystem::path kVectors = source_folder() / "test/vectors/key_files";
const std::string kPassword = "correct horse #1";

std::string text_of(const char* name) {
    const auto text = read_host_file(kVectors / name, 1 << 16);
    REQUIRE(text);
    return std::string(as_text(*text));
}

}  // namespace

TEST_CASE("share files load, with and without password") {
    const auto clear = load_share((kVectors / "share.clear.key").string());
    REQUIRE(code_of(clear) == 0);
    CHECK(to_bytes(clear->share) == sha256(as_bytes("a share for a test")));
    const ShareInfo info = share_info(*clear);
    CHECK(info.name == "ERPSIMMB");
    CHECK(info.type == 6);
    CHECK(to_hex(info.time) == "231126130500");
    CHECK(info.key_length == 32);
    CHECK(to_hex(info.hash) == "65DBDAE426E6E916");
    CHECK(info.k == 2);
    CHECK(info.x == 3);

    const std::string path = kVectors / "share.protected.key";
    const auto hidden = load_share(path + "#" + kPassword);
    REQUIRE(code_of(hidden) == 0);
    CHECK(hidden->share == clear->share);
    CHECK(hidden->info == clear->info);
    CHECK(code_of(load_share(path)) == E_CSA_SHARE_PASSWORD);
    CHECK(code_of(load_share("/nonexistent")) == E_CSA_SHARE_OPEN);
    const auto wrong = load_share(path + "#wrong");  // no check value: the device finds out
    REQUIRE(code_of(wrong) == 0);
    CHECK(wrong->share != clear->share);
}

TEST_CASE("share files are written byte for byte as the vendor's tool does") {
    const auto share = load_share((kVectors / "share.clear.key").string());
    REQUIRE(share);
    CHECK(as_text(format_share_text(*share, std::nullopt)) == text_of("share.clear.key"));
    CHECK(as_text(format_share_text(*share, to_secret(as_bytes(kPassword)))) ==
          text_of("share.protected.key"));

    const ScratchFolder folder;
    const std::string file = folder.path() / "s.key";
    REQUIRE(code_of(save_share(file + "#pw", *share)) == 0);
    CHECK(load_share(file + "#pw")->share == share->share);
    CHECK(code_of(save_share("/nonexistent/s.key", *share)) == E_CSA_KEY_WRITE);
}

TEST_CASE("malformed shares are refused") {
    const std::string good = text_of("share.clear.key");
    const auto with = [&](const std::string& from, const std::string& to) {
        std::string text = good;
        text.replace(text.find(from), from.size(), to);
        return code_of(parse_share_text(as_bytes(text), to_secret(as_bytes("x"))));
    };
    CHECK(with("# Key Share", "# key share") == 0);
    CHECK(with("# Key Share", "# RSA key") == E_CSA_SHARE_FORMAT);
    CHECK(with("INFO=45", "INFO=") == E_CSA_SHARE_FORMAT);
    CHECK(with("INFO=45", "INFO=4x") == E_CSA_SHARE_FORMAT);
    CHECK(with("KEY=", "KEY=00") == E_CSA_SHARE_FORMAT);
    CHECK(with("KEY=", "KEY=!00") == E_CSA_SHARE_FORMAT);
    CHECK(with("KEY=", "KEY=!") == 0);
    CHECK(with("KEY=", "KEX=") == E_CSA_SHARE_FORMAT);
    CHECK(code_of(parse_share_text({}, {})) == E_CSA_SHARE_FORMAT);
    for (std::size_t size = 0; size + 1 < good.size(); ++size)
        CHECK(code_of(parse_share_text(as_bytes(good).first(size), {})) == E_CSA_SHARE_FORMAT);
}
