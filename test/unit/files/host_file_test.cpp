// Files of the host: replaced as a whole, unless they are no files; read whole, unless they are folders.
#include "host-lib/files/host_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <iterator>

#include "test/unit/scratch.h"

using namespace cs2sim;
using namespace cs2sim::host;

namespace {

std::string content_of(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

std::size_t count_in(const std::filesystem::path& folder) {
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(folder), {}));
}

}  // namespace

TEST_CASE("a regular file is replaced whole, through links too, and leaves nothing beside it") {
    const ScratchFolder folder;
    const auto file = folder.path() / "file", link = folder.path() / "link", dangling = folder.path() / "new";
    REQUIRE(replace_host_file(file, as_bytes("one")));
    std::filesystem::create_symlink("file", link);
    REQUIRE(replace_host_file(link, as_bytes("two")));
    CHECK(std::filesystem::is_symlink(link));
    CHECK(content_of(file) == "two");
    std::filesystem::create_symlink("target", dangling);
    REQUIRE(replace_host_file(dangling, as_bytes("three")));
    CHECK(std::filesystem::is_symlink(dangling));
    CHECK(content_of(folder.path() / "target") == "three");
    CHECK(count_in(folder.path()) == 4);
    CHECK_FALSE(replace_host_file(folder.path(), as_bytes("a folder")));
}

TEST_CASE("what is no regular file is written into and stays what it is") {
    const ScratchFolder folder;
    const auto pipe = folder.path() / "pipe", link = folder.path() / "link";
    REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
    std::filesystem::create_symlink(pipe, link);
    const FileDescriptor reader(::open(pipe.c_str(), O_RDONLY | O_NONBLOCK));
    REQUIRE(replace_host_file(link, as_bytes("through")));
    char text[16] = {};
    CHECK(::read(reader.get(), text, sizeof text) == 7);
    CHECK(std::string(text) == "through");
    CHECK(std::filesystem::is_fifo(pipe));
    CHECK(std::filesystem::is_symlink(link));

    std::filesystem::create_symlink("/dev/null", folder.path() / "null");
    REQUIRE(replace_host_file(folder.path() / "null", as_bytes("gone")));
    CHECK(std::filesystem::is_character_file("/dev/null"));
    CHECK_FALSE(replace_host_file("/dev/full", as_bytes("no room")));
}

TEST_CASE("a file that is our own output is written behind what stands there") {
    const ScratchFolder folder;
    const auto file = folder.path() / "output";
    const FileDescriptor output(::open(file.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    const FileDescriptor before(::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0));
    REQUIRE(::dup2(output.get(), STDERR_FILENO) == STDERR_FILENO);
    const bool written = ::write(STDERR_FILENO, "first ", 6) == 6 &&
                         replace_host_file("/dev/stderr", as_bytes("second ")) &&
                         replace_host_file(file, as_bytes("third"));
    ::dup2(before.get(), STDERR_FILENO);
    CHECK(written);
    CHECK(content_of(file) == "first second third");
}

TEST_CASE("the longest name that a folder takes can be written") {
    const ScratchFolder folder;
    const auto file = folder.path() / std::string(255, 'n');
    REQUIRE(replace_host_file(file, as_bytes("long")));
    CHECK(content_of(file) == "long");
}

TEST_CASE("input comes from files and pipes, not from folders") {
    const ScratchFolder folder;
    const auto file = folder.path() / "file";
    REQUIRE(replace_host_file(file, as_bytes("content")));
    CHECK(as_text(read_host_input(file, 7).value()) == "content");
    CHECK_FALSE(read_host_input(file, 6));
    CHECK_FALSE(read_host_input(folder.path(), 100));
    CHECK_FALSE(read_host_input(folder.path() / "none", 100));
    CHECK_FALSE(read_host_input("/dev/zero", 100'000));
    CHECK(read_host_input("/dev/null", 100).value().empty());
    CHECK_FALSE(read_host_input("/proc/version", 10'000).value().empty());  // says that it has no bytes
}

TEST_CASE("a file that cannot be read is not taken for an empty one") {
    for (const auto& read : {read_host_file, read_host_input}) {
        CHECK_FALSE(
            read("/proc/self/mem", 10'000));  // a regular file of no size, whose first page is not mapped
        CHECK(take_file_refusal()->error == EIO);
        CHECK_FALSE(read("/proc/version", 5));
        CHECK(take_file_refusal()->error == EFBIG);
        CHECK_FALSE(read("/proc/version", 10'000).value().empty());
    }
}

TEST_CASE("named pipes and devices are no input: they may never begin, or never end") {
    const ScratchFolder folder;
    const auto pipe = folder.path() / "pipe";
    REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
    CHECK_FALSE(read_host_input(pipe, 100));
    CHECK(take_file_refusal()->error == EINVAL);
    CHECK_FALSE(read_host_input("/dev/zero", std::size_t{4} << 30));
    CHECK(take_file_refusal()->error == EINVAL);
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    REQUIRE(::write(ends[1], "piped", 5) == 5);
    ::close(ends[1]);
    CHECK(as_text(read_host_input("/proc/self/fd/" + std::to_string(ends[0]), 100).value()) == "piped");
    ::close(ends[0]);
}

TEST_CASE("private folders are closed to others whatever the umask, and all of those above that are new") {
    const ScratchFolder folder;
    const mode_t before = ::umask(0);
    const bool made = make_private_folders(folder.path() / "a/b");
    ::umask(before);
    REQUIRE(made);
    for (const char* each : {"a", "a/b"})
        CHECK(std::filesystem::status(folder.path() / each).permissions() ==
              std::filesystem::perms::owner_all);
    CHECK(make_private_folders(folder.path() / "a/b"));
    REQUIRE(replace_host_file(folder.path() / "file", as_bytes("x")));
    CHECK_FALSE(make_private_folders(folder.path() / "file"));
    CHECK_FALSE(make_private_folders(folder.path() / "file/under"));
}
