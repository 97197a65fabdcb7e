// What is driver/preload's alone. Everything else that a node does is tested with the other kinds.
#include <sys/stat.h>
#include <sys/syscall.h>

#include <cstdio>
#include <cstdlib>

#include "test/device/node_calls.h"

using namespace cs2sim;
using namespace cs2sim::test;

TEST_CASE("preload: the path is a character device, as long as the simulator is there") {
    if (!has(Kind::preload)) return;
    Rig rig(Kind::preload);
    struct stat found {};
    REQUIRE(stat(rig.path().c_str(), &found) == 0);
    CHECK(S_ISCHR(found.st_mode));
    const Line line = rig.connect();
    REQUIRE(fstat(line.fd(), &found) == 0);
    CHECK(S_ISCHR(found.st_mode));
    CHECK(access(rig.path().c_str(), R_OK | W_OK) == 0);
    rig.listener().stop();
    CHECK(stat(rig.path().c_str(), &found) != 0);
    CHECK(rig.try_connect() == -ENOENT);
}

TEST_CASE("preload: the exchange in one call is not known, and callers write and read") {
    if (!has(Kind::preload)) return;
    Rig rig(Kind::preload);
    const Line line = rig.connect();
    const Window window;
    CHECK(window.share(line) == ENOTTY);
    SmallExchange argument{};
    CHECK(ioctl_error(line, kExchangeSmall, reinterpret_cast<long>(&argument)) == ENOTTY);
    CHECK(line.ask(command(kEcho)) == answer_frame({}));
}

TEST_CASE("preload: descriptors that were closed unseen are no sessions any more") {
    if (!has(Kind::preload)) return;
    Rig rig(Kind::preload);
    Line line = rig.connect();
    const int number = line.fd();
    REQUIRE(syscall(SYS_close, number) == 0);
    int ends[2];
    REQUIRE(pipe(ends) == 0);
    REQUIRE(ends[0] == number);  // the lowest that is free
    REQUIRE(write(ends[1], "x", 1) == 1);
    char byte = 0;
    CHECK(read(ends[0], &byte, 1) == 1);  // a session would say ENODATA
    close(ends[1]);
    line = Line(-1);
}

TEST_CASE("preload: stdio opens it too, and programs that are run inherit it") {
    if (!has(Kind::preload)) return;
    Rig rig(Kind::preload);
    std::FILE* file = std::fopen(rig.path().c_str(), "r+");
    REQUIRE(file != nullptr);
    const Line line(dup(fileno(file)));
    CHECK(line.ask(command(kEcho)) == answer_frame({}));
    std::fclose(file);
    CHECK(line.ask(command(kEcho)) == answer_frame({}));
    const std::string shell = "exec 3<>" + rig.path() +
                              "; exec python3 -c 'import os; os.write(3, bytes.fromhex(\"9C000007012300\")); "
                              "exit(0 if os.read(3, 99).hex() == \"9a000004\" else 1)'";
    CHECK(std::system(shell.c_str()) == 0);
}
