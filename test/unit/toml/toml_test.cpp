// Hostile TOML: words for the operator, whatever the file holds.
#include "firmware/toml/toml.h"

#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <random>

#include "test/bad_input.h"
#include "test/unit/scratch.h"

using namespace cs2sim;

namespace {

std::string problem_of(std::string_view text) {
    test::bad_input("TOML documents");
    const auto table = parse_toml(text, "mine.toml");
    return table ? "" : table.error();
}

std::string repeated(std::string_view piece, int times) {
    std::string text;
    for (int i = 0; i < times; ++i) text += piece;
    return text;
}

// Each breaks what toml++ asserts or relies on, nests deeply, or is plainly wrong.
const std::string kBad[] = {
    "[[[",
    "[[[a]]]",
    "[[ [a]]",
    "[.]",
    "[",
    "[[",
    "[]",
    "[a.]",
    "a",
    "a=",
    "a=[",
    "a={",
    "a='",
    "a=\"\\",
    "a=\"\\uD800\"",
    "a=\"\"\"\\",
    "a=1__2",
    "a=0x",
    "a=1979-",
    "a=99999999999999999999",
    "a=1\na=2",
    "[a]\n[a]",
    "a=[1]\n[[a]]",
    "a={b=1}\n[a.c]",
    std::string("a=\0", 3),
    "\xff\xfe",
    "a=\"\xc3",
    "a=\"\xed\xa0\x80\"",
    "a=1 \xc3\xa7",  // ç: toml++ relies on it that no such letter comes where a blank may
    "a=" + repeated("[", 100000),
    "a=" + repeated("{a=", 100000),
    repeated("a.", 100000) + "a=1",
    "[" + repeated("a.", 100000) + "a]",
    "a=" + repeated("[{" + repeated("b.", 199) + "b=\n", 100),
};

}  // namespace

TEST_CASE("what is no TOML is refused in words") {
    for (const std::string& text : kBad) {
        const std::string shown = text.substr(0, 40);
        CAPTURE(shown);
        CHECK(problem_of(text).starts_with("mine.toml: "));
    }
}

TEST_CASE("what is TOML is read") {
    const auto table = parse_toml("a.b = 1\n[[c]]\nd = ['x', {e = true}]\n", "mine.toml");
    REQUIRE(table);
    CHECK((*table)["a"]["b"] == 1);
    CHECK((*table)["c"][0]["d"][1]["e"] == true);
}

TEST_CASE("letters beyond ASCII are no blanks between values") {
    int blanks = 0;
    for (unsigned letter = 0xA0; letter < 0xD800; ++letter) {
        const std::string utf8 = letter < 0x800 ? std::string{static_cast<char>(0xC0 | letter >> 6),
                                                              static_cast<char>(0x80 | (letter & 0x3F))}
                                                : std::string{static_cast<char>(0xE0 | letter >> 12),
                                                              static_cast<char>(0x80 | (letter >> 6 & 0x3F)),
                                                              static_cast<char>(0x80 | (letter & 0x3F))};
        if (parse_toml("a = 1 " + utf8, "mine.toml")) ++blanks;
    }
    CHECK(blanks < 30);  // the blanks and ends of lines of Unicode
}

TEST_CASE("random pieces of TOML end in a document or in words") {
    constexpr std::string_view kPieces[] = {
        "[",    "[",      "]",  "]",   "{",          "}",        "=",   ".",   ",",     "a",      "b",
        "\"",   "\"\"\"", "'",  "'''", "\n",         "\\",       "u",   "0",   "1",     "_",      "-",
        "+",    "e",      "x",  ":",   "T",          "Z",        "#",   "inf", "nan",   "true",   "\xff",
        "\xc3", " ",      "\t", "\r",  "1979-05-27", "07:32:00", "a=1", "[a]", "[[a]]", "={a=1}", "=[1,2]"};
    std::mt19937 random(1);
    int read = 0;
    for (int i = 0; i < 20000; ++i) {
        std::string text;
        for (auto pieces = 1 + random() % 24; pieces > 0; --pieces)
            text += kPieces[random() % std::size(kPieces)];
        if (problem_of(text).empty()) ++read;
    }
    CHECK(read > 0);
    CHECK(read < 20000);
}

TEST_CASE("files that are no files, or too long") {
    const ScratchFolder folder;
    const std::string path = folder.path() / "a.toml";
    CHECK(parse_toml_file(path).error() == path + ": cannot be read");
    CHECK(parse_toml_file(folder.path()).error() == folder.path().string() + ": is a folder");
    const std::string pipe = folder.path() / "pipe";
    REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
    CHECK(parse_toml_file(pipe).error() == pipe + ": is a named pipe");
    // Devices are not begun with: they may never end.
    for (const std::string device : {"/dev/zero", "/dev/urandom"})
        CHECK(read_text(device).error() == device + ": is a device or a socket, no file");
    CHECK(read_text("/dev/null").value().empty());
    CHECK(read_text("/proc/self/mem").error() == "/proc/self/mem: cannot be read");
    std::ofstream(path) << "a = 1\n" << std::string(kLongestToml - 6, '\n');
    CHECK(parse_toml_file(path));
    std::ofstream(path, std::ios::app) << '\n';
    CHECK_FALSE(parse_toml_file(path));
    CHECK(parse_toml_file(path, kLongestToml + 1));
}
