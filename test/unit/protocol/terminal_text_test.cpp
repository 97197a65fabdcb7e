#include "firmware/protocol/terminal_text.h"

#include <catch2/catch.hpp>

using namespace cs2sim;

TEST_CASE("text that others chose neither steers a terminal nor turns a line round") {
    const auto stays = [](const char* text) {
        INFO(text);
        CHECK(terminal_text(text) == text);
        CHECK(is_terminal_text(text));
    };
    for (const char* text : {"", "key 1", "Schl\xC3\xBCssel", "\xE9t\xE9", "\xE9\x8D\xB5", "\xF0\x9F\x94\x91",
                             "\xC3", "\xE2\xC3\xBC"})
        stays(text);
    CHECK(terminal_text("a\x1B[2J\n\x7F") == "a?[2J??");
    CHECK(terminal_text("\xC2\x9B"
                        "31m\x9B") == "??31m?");
    CHECK(terminal_text("a\xE2\x80\xAE"
                        "b\xE2\x81\xA6"
                        "c\xE2\x80\x8F") == "a???b???c???");
    CHECK(terminal_text("a\xE2\x80\xA8"
                        "b\xEF\xBB\xBF\xD8\x9C") == "a???b?????");
    CHECK(terminal_text("\xF3\xA0\x81\x81") == "????");
    CHECK(terminal_text("\xE0\x82\x9B") == "???");  // too long for what it says
    CHECK(terminal_text(std::string("\0a", 2)) == "?a");
    // What is left of a mark that is cut is none.
    CHECK(is_terminal_text(terminal_text("\xE2\x80")));
    CHECK_FALSE(is_terminal_text("\xE2\x80\xAE"));
}

TEST_CASE("texts of several lines keep these and their tabs, and nothing else that steers a terminal") {
    for (const char* text : {"", "one\ntwo\n", "a\tb\r\nc\r\n", "\xC3\xA4\n"})
        CHECK(terminal_lines(text) == text);
    CHECK(terminal_lines("a\rb\n\x1B]0;x\x07\n") == "a?b\n?]0;x?\n");
    CHECK(terminal_lines("a\r\r\n\r") == "a?\r\n?");
    CHECK(terminal_lines("a\n\xC2\x9B"
                         "31m\xE2\x80\xAE") == "a\n??31m???");
    CHECK(terminal_lines(std::string("a\n\0b", 4)) == "a\n?b");
}
