// cs2sim run -- ./app: a program bound to the device's path, where there can be no node.
#include <unistd.h>

#include <elf.h>
#include <array>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <sstream>

#include "tools/control/attended_child.h"
#include "tools/control/program.h"
#include "tools/cs2sim/commands.h"
#include "tools/cs2sim/shared_simulator.h"
#include "tools/cs2sim/supervisor.h"
#include "tools/instance/instance.h"

namespace cs2sim {
namespace {

namespace fs = std::filesystem;

constexpr int kNoSimulator = 125;  // as of `timeout` and `env`: trouble of our own

// What tells our library where to lead the program; the first one is for runs within this run.
constexpr const char* kLibrary = "CS2SIM_PRELOAD_LIBRARY";
constexpr const char* kDevice = "CS2SIM_PRELOAD_DEVICE";
constexpr const char* kSocket = "CS2SIM_PRELOAD_SOCKET";

struct RunArguments {
    std::string device = "/dev/cs2a";
    std::string by = "auto";
    std::vector<std::string> program;
};

fs::path found_in_path(const std::string& program) {
    if (program.find('/') != std::string::npos) return program;
    const char* path = std::getenv("PATH");
    std::istringstream folders(path ? path : "/usr/bin:/bin");
    for (std::string folder; std::getline(folders, folder, ':');)
        if (fs::path file = fs::path(folder) / program; ::access(file.c_str(), X_OK) == 0) return file;
    return program;
}

// How a program can be led. "both": by the kernel, since nothing can be preloaded into what names no
// interpreter, and by our library in its children, which may be linked dynamically. "seccomp": it is for 32
// bits, which our library is not, so that the loader would complain. Scripts are run by a shell that is
// neither.
std::string way_for(const fs::path& program) {
    std::ifstream file(program, std::ios::binary);
    Elf64_Ehdr head{};
    file.read(reinterpret_cast<char*>(&head), sizeof head);
    if (!file || std::memcmp(head.e_ident, ELFMAG, SELFMAG) != 0) return "preload";
    if (head.e_ident[EI_CLASS] != ELFCLASS64) return "seccomp";
    for (unsigned i = 0; i < head.e_phnum; ++i) {
        Elf64_Phdr segment{};
        file.seekg(static_cast<std::streamoff>(head.e_phoff + std::uint64_t{i} * head.e_phentsize));
        file.read(reinterpret_cast<char*>(&segment), sizeof segment);
        if (!file || segment.p_type == PT_INTERP) return "preload";
    }
    return "both";
}

// Beside this program, in a build or an installation.
fs::path preload_library() {
    constexpr std::string_view kName = "libcs2sim-preload.so";
    const fs::path top = fs::path(own_path()).parent_path().parent_path();
    for (const fs::path& folder : {top / CS2SIM_LIBDIR / "cs2sim", top / "lib"})
        if (fs::exists(folder / kName)) return folder / kName;
    return {};
}

// Where the loader takes LD_PRELOAD apart, or puts something in.
bool is_one_word(const fs::path& path) { return path.native().find_first_of(" :$") == std::string::npos; }

// Links to what is no more.
void sweep(const fs::path& folder) {
    std::error_code error;
    for (const fs::directory_entry& entry : fs::directory_iterator(folder, error))
        if (entry.path().filename().string().starts_with("preload-") && entry.is_symlink(error) &&
            !entry.exists(error))
            fs::remove(entry.path(), error);
}

// A link to the library whose path is one word: in the user's runtime folder, where it stays for the next
// time. Empty: there can be none.
fs::path one_word_for(const fs::path& library, const fs::path& state) {
    const char* runtime = std::getenv("XDG_RUNTIME_DIR");
    const std::string name = "preload-" + std::to_string(std::hash<std::string>()(library.string())) + ".so";
    for (const fs::path& folder : {fs::path(runtime ? runtime : "") / "cs2sim",
                                   fs::path("/tmp/cs2sim-" + std::to_string(::getuid())), state}) {
        if (!folder.is_absolute() || !is_one_word(folder) || !make_own_folder(folder)) continue;
        fs::path link = folder / name;
        std::error_code error;
        if (fs::read_symlink(link, error) == library) return link;
        sweep(folder);
        const fs::path made = link.string() + "." + std::to_string(::getpid());
        fs::create_symlink(library, made, error);
        fs::rename(made, link, error);  // whoever found it there has it on
        if (fs::read_symlink(link, error) == library) return link;
    }
    return {};
}

// LD_PRELOAD without the library that a run around this one put there.
std::string preloaded_by_others() {
    const char* before = std::getenv("LD_PRELOAD");
    const char* ours = std::getenv(kLibrary);
    std::istringstream words(before ? before : "");
    std::string others;
    for (std::string word; std::getline(words, word, ':');)
        if (!ours || word != ours) others += (others.empty() ? "" : ":") + word;
    return others;
}

// A run around this one leads nothing that this one is to lead.
void preload_nothing() {
    const std::string others = preloaded_by_others();
    others.empty() ? ::unsetenv("LD_PRELOAD") : ::setenv("LD_PRELOAD", others.c_str(), 1);
    for (const char* variable : {kLibrary, kDevice, kSocket}) ::unsetenv(variable);
}

// Has the loader put our library into the program and its children. False, said: it is not there.
bool preload_for(const RunArguments& arguments, const fs::path& state) {
    fs::path library = preload_library();
    if (library.empty()) {
        std::cerr << "cs2sim: libcs2sim-preload.so is not where this program is installed\n";
        return false;
    }
    if (!is_one_word(library)) library = one_word_for(library, state);
    if (library.empty()) {
        std::cerr << "cs2sim: the loader takes no path with a blank, ':' or '$' in it: "
                  << preload_library().string()
                  << ", and no folder for a link to it was found (XDG_RUNTIME_DIR, /tmp)\n";
        return false;
    }
    const std::string others = preloaded_by_others();
    ::setenv("LD_PRELOAD", (library.string() + (others.empty() ? "" : ":") + others).c_str(), 1);
    ::setenv(kLibrary, library.c_str(), 1);
    ::setenv(kDevice, arguments.device.c_str(), 1);
    ::setenv(kSocket, host_socket(state).c_str(), 1);
    return true;
}

// Its exit status, when it and its descendants, but for daemons, have ended.
int run_preloaded(const std::vector<std::string>& program) {
    AttendedChild child(AttendedChild::Until::session_ends);
    const pid_t forked = child.fork();
    if (forked < 0) return kNoSimulator;
    if (forked == 0) become(program);
    return child.wait();
}

int run(const RunArguments& arguments, const fs::path& state) {
    SharedSimulator simulator(state);
    if (!simulator.there()) return kNoSimulator;
    ::setenv("CRYPTOSERVER", arguments.device.c_str(), 1);
    ::setenv("CS2SIM_STATE", state.c_str(), 1);
    const std::string by =
        arguments.by == "auto" ? way_for(found_in_path(arguments.program[0])) : arguments.by;
    if (by == "seccomp") preload_nothing();
    if (by != "seccomp" && !preload_for(arguments, state)) return kNoSimulator;
    return by == "preload" ? run_preloaded(arguments.program)
                           : run_supervised(arguments.program, arguments.device, state);
}

}  // namespace

void add_run_command(CLI::App& app, CommandLine& line) {
    const auto arguments = std::make_shared<RunArguments>();
    CLI::App* command = with_state(
        app.add_subcommand(
            "run",
            "run a program whose device path is led to the simulator, without FUSE and root; starts "
            "a simulator for that time when none runs"),
        line);
    command->add_option("--device", arguments->device, "the path that the program opens (/dev/cs2a)")
        ->check(not_empty());
    command
        ->add_option("--by", arguments->by,
                     "how: auto takes preload, both for a program that is linked statically, and seccomp for "
                     "one of 32 "
                     "bits; both is for scripts and test runners that start static programs too; seccomp "
                     "sees no stat of the path, by which csadm and cxitool look for the node")
        ->check(CLI::IsMember(std::vector<std::string>{"auto", "preload", "seccomp", "both"}));
    command->add_option("program", arguments->program, "and its arguments, behind --")->required();
    command->callback([&line, arguments] {
        arguments->device = fs::absolute(arguments->device).lexically_normal();
        line.exit_status = run(*arguments, state_folder(line.state));
    });
}

}  // namespace cs2sim
