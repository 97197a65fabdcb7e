// Files of the state folder that are none, or far too large: refused or told at once, never waited for.
#include <fcntl.h>
#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <fstream>

#include "firmware/smos/flash/state_file.h"
#include "firmware/smos/smos.h"
#include "test/unit/scratch.h"

using namespace cs2sim;
namespace fs = std::filesystem;

TEST_CASE("a file of an audit log that no log makes so large ends the start, and its name is told") {
    const ScratchFolder folder;
    REQUIRE(Smos::open(folder.path()));
    const StateFolder state{folder.path()};
    std::ofstream(state.audit() / "audit.1") << "a line\n";
    fs::resize_file(state.audit() / "audit.1", std::uintmax_t{20} << 30);  // holes: it takes no room
    std::vector<std::string> warnings;
    CHECK(code_of(Smos::open(folder.path(), [&](std::string_view line) { warnings.emplace_back(line); })) ==
          E_OS_FILE_CORR);
    REQUIRE(warnings.size() == 1);
    CHECK(warnings[0].find("audit.1: is larger than 2097152 bytes") != std::string::npos);
    fs::resize_file(state.audit() / "audit.1", 7);
    CHECK(Smos::open(folder.path()));
}

TEST_CASE("flash gives what is a regular file of some megabytes, and waits for nothing else") {
    const ScratchFolder folder;
    Flash flash(folder.path());
    REQUIRE(::mkfifo((folder.path() / "pipe").c_str(), 0600) == 0);
    fs::create_directory(folder.path() / "folder");
    std::ofstream(folder.path() / "large") << "x";
    fs::resize_file(folder.path() / "large", Flash::kLargestFile);
    CHECK(flash.read("large")->size() == Flash::kLargestFile);
    fs::resize_file(folder.path() / "large", std::uintmax_t{20} << 30);
    for (const std::string name : {"pipe", "folder", "large"})
        CHECK(code_of(flash.read(name)) == E_OS_FILE_CORR);
    CHECK_FALSE(StateFile(folder.path() / "pipe", O_WRONLY));  // which a writer would wait at
}

TEST_CASE("what a link in the state folder leads to keeps its mode") {
    const ScratchFolder folder, elsewhere;
    REQUIRE(Smos::open(folder.path()));
    const fs::path file = elsewhere.path() / "of others";
    std::ofstream(file) << "x";
    fs::permissions(file, fs::perms{0644});
    for (const fs::path& place : {StateFolder{folder.path()}.audit(), StateFolder{folder.path()}.files()}) {
        fs::create_symlink(file, place / "linked");
        (void)Smos::open(folder.path());
        CHECK(fs::status(file).permissions() == fs::perms{0644});
    }
}
