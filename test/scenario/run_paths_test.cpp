// cs2sim run: by which paths a program reaches the simulator, and from which it may be installed.
#include "test/scenario/expect.h"
#include "test/scenario/led_script.h"
#include "test/scenario/simulator.h"

using namespace cs2sim;
using namespace cs2sim::scenario;

namespace {

Outcome run_led(const Folder& folder, std::vector<std::string> options, std::vector<std::string> program,
                std::map<std::string, std::string> environment = {}) {
    std::vector<std::string> words{built_program("cs2sim"), "run", "--state", folder / "state"};
    words.insert(words.end(), options.begin(), options.end());
    words.emplace_back("--");
    words.insert(words.end(), program.begin(), program.end());
    environment.insert({{"CRYPTOSERVER", ""}, {"LD_PRELOAD", ""}});
    return run(words, {folder.path(), environment});
}

// What lets each expression of a file open the device and exchange a frame.
std::string exchanges(const std::string& opened) {
    return "import os; f = " + opened +
           "; os.write(f, bytes.fromhex('9C000009008301000A')); print(os.read(f, 64).hex()[:16])";
}

}  // namespace

TEST_CASE("run: by seccomp the device is the device, however its path is spelt") {
    const Folder folder;
    std::filesystem::create_symlink("/dev/cs2a", folder / "link");
    std::filesystem::create_symlink("link", folder / "link-to-link");
    std::filesystem::create_directory_symlink("/dev", folder / "folder");
    const std::string opened =
        GENERATE("os.open('/dev//cs2a', 2)", "os.open('/dev/./cs2a', 2)", "os.open('//dev/cs2a', 2)",
                 "os.open('/dev/../dev/cs2a', 2)", "os.open('cs2a', 2, dir_fd=os.open('/dev', 0))",
                 "os.chdir('/dev') or os.open('cs2a', 2)", "os.chdir('/') or os.open('dev/cs2a', 2)",
                 "os.open('link', 2)", "os.open('link-to-link', 2)", "os.open('folder/cs2a', 2)");
    const Outcome outcome = run_led(folder, {"--by", "seccomp"}, {"python3", "-c", exchanges(opened)});
    INFO(opened << '\n' << outcome.err);
    CHECK(outcome.out == "9e000008b0830063\n");
}

TEST_CASE("run: by seccomp every call that opens is led") {
    const Folder folder;
    const std::string call =
        GENERATE("creat(b'hsm', 0o600)", "syscall(437, -100, b'hsm', (c_uint64 * 3)(2, 0, 0), 24)");
    const Outcome outcome =
        run_led(folder, {"--by", "seccomp", "--device", folder / "hsm"},
                {"python3", "-c", "from ctypes import *; " + exchanges("CDLL(None)." + call)});
    INFO(call << '\n' << outcome.err);
    CHECK(outcome.out == "9e000008b0830063\n");
    CHECK_FALSE(std::filesystem::exists(folder / "hsm"));
}

TEST_CASE("run: by seccomp what only looks like the device is not") {
    const Folder folder;
    const Outcome outcome =
        run_led(folder, {"--by", "seccomp", "--device", folder / "hsm"},
                {"python3", "-c",
                 "import os\n"
                 "os.mkdir('other'); open('other/hsm', 'w').write('file'); os.symlink('other/hsm', 'link')\n"
                 "os.symlink('loop', 'loop')\n"
                 "for path in 'other/hsm', 'link', 'other/./hsm': assert open(path).read() == 'file'\n"
                 "for path in 'hsm/', 'loop', 'none/hsm':\n"
                 "    try: os.open(path, os.O_RDWR)\n"
                 "    except OSError: print('refused')\n"});
    INFO(outcome.err);
    CHECK(outcome.out == "refused\nrefused\nrefused\n");
}

TEST_CASE("run: the device's path may be relative, and is not empty") {
    const Folder folder;
    const std::string by = GENERATE(from_range(ways_to_lead()));
    for (const std::vector<std::string>& device : {std::vector<std::string>{"--device", "hsm"},
                                                   {"--device=hsm"},
                                                   {"--device", "[hsm]"},
                                                   {"--device=[hsm]"}}) {
        std::vector<std::string> options{"--by", by};
        options.insert(options.end(), device.begin(), device.end());
        const Outcome outcome =
            run_led(folder, options, {"python3", "-c", exchanges("os.open(os.environ['CRYPTOSERVER'], 2)")});
        INFO(outcome.err);
        CHECK(outcome.out == "9e000008b0830063\n");
    }
    const Outcome refused = run_led(folder, {"--by", by, "--device", ""}, {"true"});
    CHECK(refused.status == 2);
    CHECK(refused.err.find("--device") != std::string::npos);
}

TEST_CASE("run: its simulator opens no port, whatever the environment says") {
    const Folder folder;
    const std::string port = std::to_string(free_port());
    const std::string variable = GENERATE("CS2SIM_LISTEN", "SDK_PORT");
    const Outcome outcome =
        run_led(folder, {}, {"sh", "-c", "echo $" + variable + "; " + built_program("cs2sim") + " status"},
                {{variable, port}});
    INFO(outcome.out << outcome.err);
    REQUIRE(outcome.status == 0);
    CHECK(outcome.out.starts_with(port + "\n"));  // the program has its own
    CHECK(outcome.out.find("listen     unix:") != std::string::npos);
    CHECK(outcome.out.find(port, port.size()) == std::string::npos);
}

TEST_CASE("run: a folder whose name has blanks, colons or dollars is as good as another") {
    const Folder folder;
    const std::filesystem::path top = folder / GENERATE("one two", "one:two", "$LIB");
    std::filesystem::create_directories(top / "bin");
    std::filesystem::create_directories(top / "lib");
    for (const char* name : {"cs2sim", "cs2simd", "csadm"})
        std::filesystem::copy_file(built_program(name), top / "bin" / name);
    const std::filesystem::path library = "lib/libcs2sim-preload.so";
    std::filesystem::copy_file(
        std::filesystem::path(built_program("cs2sim")).parent_path().parent_path() / library, top / library);
    for (const std::filesystem::path& runtime : {folder.path(), top}) {
        const Outcome outcome =
            run({top / "bin/cs2sim", "run", "--state", top / "state", "--", top / "bin/csadm", "GetState"},
                {folder.path(), {{"XDG_RUNTIME_DIR", runtime}, {"LD_PRELOAD", ""}}});
        INFO(outcome.out << outcome.err);
        CHECK(outcome.status == 0);
        CHECK(outcome.err.empty());
        CHECK(outcome.out.find("INITIALIZED") != std::string::npos);
    }
}
