// cs2sim module new|run|sdk|flags|client-flags: firmware modules of users' own.
#include <unistd.h>
#include <csignal>

#include <algorithm>
#include <atomic>
#include <cctype>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <sstream>
#include <thread>

#include "firmware/modules/images/module_image.h"
#include "firmware/modules/images/script.h"
#include "host-lib/files/host_file.h"
#include "tools/control/control.h"
#include "tools/control/program.h"
#include "tools/cs2sim/commands.h"
#include "tools/cs2sim/sdk_folder.h"
#include "tools/instance/instance.h"

namespace cs2sim {
namespace {

namespace fs = std::filesystem;

constexpr int kTrouble = 1;

// Where it is installed, or where it was built: beside this program's folder.
fs::path found_beside(std::initializer_list<const char*> places) {
    const fs::path own = fs::path(own_path()).parent_path();
    for (const char* place : places)
        if (fs::path path = (own / place).lexically_normal(); fs::exists(path)) return path;
    return {};
}

fs::path sdk_headers() {
    const fs::path headers =
        found_beside({"../include/cryptoserversdk", "../../../firmware/sdk/include/cryptoserversdk"});
    return headers.parent_path();
}

int show_flags() {
    const fs::path headers = sdk_headers();
    if (headers.empty()) {
        std::cerr << "cs2sim: the SDK's headers are not installed\n";
        return kTrouble;
    }
    std::cout << "-DCS2_SDK -DOS_SMOS -I" << headers.string() << '\n';
    return 0;
}

// Who links a sanitized library must be sanitized as well.
#ifdef CS2SIM_SANITIZER
constexpr std::string_view kSanitizer = " -fsanitize=" CS2SIM_SANITIZER;
#else
constexpr std::string_view kSanitizer = "";
#endif

int show_client_flags() {
    const fs::path own =
        found_beside({"../include/csxapi/csxapi.h", "../../../host-lib/include/csxapi/csxapi.h"});
    const fs::path library = found_beside({"../lib/libcsxapi.so", "../lib/x86_64-linux-gnu/libcsxapi.so",
                                           "../lib/aarch64-linux-gnu/libcsxapi.so"});
    if (own.empty() || library.empty()) {
        std::cerr << "cs2sim: the host library for programs (csxapi) is not installed\n";
        return kTrouble;
    }
    std::cout << "-I" << own.parent_path().parent_path().string();
    if (const fs::path made = found_beside({"../tools/install/include"}); !made.empty())
        std::cout << " -I" << made.string();
    const std::string folder = library.parent_path().string();
    std::cout << " -L" << folder << " -Wl,-rpath," << folder << " -lcsxapi" << kSanitizer << "\n";
    return 0;
}

// --- new ---

struct NewModule {
    std::string name;
    std::string id = "0x100";
    bool lua = false;
};

bool is_name(const std::string& name) {
    const auto fits = [](unsigned char c) { return std::islower(c) != 0 || std::isdigit(c) != 0; };
    return name.size() >= 2 && name.size() <= 11 && std::islower(static_cast<unsigned char>(name[0])) != 0 &&
           std::ranges::all_of(name, fits);
}

std::string replaced(std::string text, const std::string& mark, const std::string& word) {
    for (std::size_t at = 0; (at = text.find(mark, at)) != std::string::npos; at += word.size())
        text.replace(at, mark.size(), word);
    return text;
}

std::string filled_in(std::string text, const std::string& name, unsigned id) {
    std::string upper = name;
    std::ranges::transform(upper, upper.begin(),
                           [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    char number[16], hex[16];
    std::snprintf(number, sizeof number, "0x%03X", id);
    std::snprintf(hex, sizeof hex, "%03X", id);
    const std::pair<std::string, std::string> words[] = {
        {"@NAME@", name}, {"@UPPER@", upper}, {"@ID@", number}, {"@HEX@", hex}};
    for (const auto& [mark, word] : words) text = replaced(std::move(text), mark, word);
    return text;
}

// The script is the demonstration, under another name.
bool write_script(const NewModule& wanted, unsigned id) {
    const fs::path from =
        found_beside({"../share/cs2sim/lua/demo.lua", "../../../firmware/sdk/lua/demo.lua"});
    std::ifstream in(from);
    std::string text(std::istreambuf_iterator<char>(in), {});
    if (text.empty()) return false;
    char number[16], code[16];
    std::snprintf(number, sizeof number, "0x%03X", id);
    std::snprintf(code, sizeof code, "0xB%03X", id);
    for (const auto& [mark, word] :
         {std::pair<std::string, std::string>{"demo", wanted.name}, {"0x100", number}, {"0xB100", code}})
        text = replaced(std::move(text), mark, word);
    return static_cast<bool>(std::ofstream(fs::path(wanted.name) / (wanted.name + ".lua")) << text);
}

int make_new(const NewModule& wanted) {
    constexpr unsigned kFirst = 0x100, kLast = 0x17F;  // users' own
    unsigned id = 0;
    std::istringstream(wanted.id) >> std::hex >> id;
    if (!is_name(wanted.name) || id < kFirst || id > kLast) {
        std::cerr << "cs2sim: a module's name has 2 to 11 small letters and digits, its id lies from 0x100 "
                     "to 0x17F\n";
        return 2;
    }
    const fs::path from = found_beside({"../share/cs2sim/module-template", "../../../firmware/sdk/template"});
    if (from.empty() || fs::exists(wanted.name)) {
        std::cerr << "cs2sim: "
                  << (from.empty() ? "the template is not installed" : wanted.name + " is there already")
                  << '\n';
        return kTrouble;
    }
    for (const auto& entry : fs::recursive_directory_iterator(from)) {
        if (!entry.is_regular_file() || entry.path().filename().string().starts_with('.')) continue;
        const std::string part = entry.path().filename().string();
        if (wanted.lua && (part == "module.c" || part == "module.toml")) continue;
        std::ifstream in(entry.path());
        const std::string text(std::istreambuf_iterator<char>(in), {});
        fs::path to = wanted.name / fs::relative(entry.path(), from);
        if (to.filename() == "module.toml") to.replace_filename(wanted.name + ".toml");
        fs::create_directories(to.parent_path());
        std::ofstream(to) << filled_in(text, wanted.name, id);
        fs::permissions(to, entry.status().permissions());
    }
    if (wanted.lua && !write_script(wanted, id)) {
        std::cerr << "cs2sim: the demonstration in Lua is not installed\n";
        return kTrouble;
    }
    std::cout << "made " << wanted.name << "; next: cd " << wanted.name << " && make test\n";
    return 0;
}

// --- run ---

struct RunModule {
    std::string file;
    bool gdb = false;
    unsigned gdbserver = 0;
    std::string wrap;
    bool asan = false;
    bool services = false;
    std::vector<std::string> devices, listen;  // of a simulator that is started for the module
    bool no_device = false;
};

std::vector<std::string> words_of(const std::string& text) {
    std::istringstream in(text);
    return {std::istream_iterator<std::string>(in), {}};
}

std::string library_of_asan(unsigned bits) {
    const std::string question = "gcc -m" + std::to_string(bits) + " -print-file-name=libasan.so";
    std::unique_ptr<FILE, int (*)(FILE*)> answer(::popen(question.c_str(), "r"), ::pclose);
    char line[4096] = "";
    if (answer && std::fgets(line, sizeof line, answer.get())) line[std::strcspn(line, "\n")] = 0;
    return line;
}

constexpr unsigned kDebuggerPort = 2345;

std::vector<std::string> wrap_of(const RunModule& run, unsigned bits) {
    if (run.gdb || run.gdbserver != 0)
        return {"gdbserver", "--once",
                "127.0.0.1:" + std::to_string(run.gdb ? kDebuggerPort : run.gdbserver)};
    if (run.asan)
        return {"env", "LD_PRELOAD=" + library_of_asan(bits),
                "ASAN_OPTIONS=detect_leaks=0:handle_segv=0:handle_abort=0"};
    return words_of(run.wrap);
}

// How the simulator for the module is started; what is not said is as `cs2sim start` has it.
std::vector<std::string> start_words(const fs::path& state, const RunModule& run) {
    std::vector<std::string> words{own_path(), "start", "--state", state.string()};
    for (const std::string& device : run.devices) words.insert(words.end(), {"--device", device});
    for (const std::string& place : run.listen) words.insert(words.end(), {"--listen", place});
    if (run.no_device) words.emplace_back("--no-device");
    return words;
}

volatile std::sig_atomic_t ended = 0;
void end(int) { ended = 1; }

// The start may take as long as it likes: a debugger holds the module until its user has come.
Result<void> restart_device(host::Device& device) {
    const auto done = device.execute(FC_ADM, SFC_ADM_RESTART);
    if (!done && done.error().code != E_CSA_TIMEOUT) return tl::unexpected(done.error());
    return {};
}

// What the module writes goes on to standard output.
void show_log(const fs::path& log, std::streamoff& shown) {
    std::ifstream in(log);
    in.seekg(shown);
    std::string line;
    while (std::getline(in, line)) {
        std::cout << line << std::endl;
        shown += static_cast<std::streamoff>(line.size()) + 1;
    }
}

// Has the device load the file whenever it has changed, and shows what the module writes, until somebody ends
// it. The status with which the program ends.
int keep_loaded(const std::string& state_name, const fs::path& file, const fs::path& log) {
    std::error_code failed;
    std::streamoff shown =
        fs::exists(log, failed) ? static_cast<std::streamoff>(fs::file_size(log, failed)) : 0;
    fs::file_time_type loaded{};
    while (ended == 0) {
        const fs::file_time_type changed = fs::last_write_time(file, failed);
        if (!failed && changed != loaded) {
            loaded = changed;
            std::cout << "cs2sim: " << (shown == 0 ? "loading " : "loading anew ") << file.string()
                      << std::endl;
            if (const int status = with_control(state_name, restart_device); status != 0) return status;
        }
        show_log(log, shown);
        ::usleep(200'000);
    }
    return 0;
}

int run_module(const std::string& state_name, const RunModule& run) {
    const fs::path state = state_folder(state_name);
    const fs::path folder = state / "modules";
    std::error_code failed;
    const fs::path file = fs::canonical(run.file, failed);
    const auto content = host::read_host_file(file, kLargestModule);
    const Bytes image = content ? Bytes(content->begin(), content->end()) : Bytes();
    const auto info = module_info_of_file(file.string(), image);
    if (failed || !content || !info) {
        std::cerr << "cs2sim: " << run.file << " is no firmware module\n";
        return kTrouble;
    }
    const unsigned bits = image.size() > 4 && image[4] == 2 ? 64 : 32;
    const bool started = !InstanceLock::holder(state);
    if (!started && (run.no_device || !run.devices.empty() || !run.listen.empty())) {
        std::cerr << "cs2sim: an instance runs on " << state.string()
                  << " already: --device, --no-device and --listen are for one that is started\n";
        return 2;
    }
    if (started && run_program(start_words(state, run), false) != 0) return kTrouble;
    if (const auto noted = write_developed(folder, DevelopedModule{file, wrap_of(run, bits), run.services});
        !noted)
        return kTrouble;
    for (const int ending : {SIGINT, SIGTERM, SIGHUP, SIGPIPE})  // also when nobody reads on
        std::signal(ending, end);
    if (run.gdb) std::cout << "gdb " << file.string() << " -ex 'target remote :" << kDebuggerPort << "'\n";
    int status = keep_loaded(state_name, file, folder / ("module-" + info->abbreviation + ".log"));
    (void)write_developed(folder, std::nullopt);
    if (started)
        run_program({own_path(), "stop", "--state", state.string()}, true);
    else if (status == 0)
        status = with_control(state_name, restart_device);
    return status;
}

}  // namespace

void add_module_commands(CLI::App& app, CommandLine& line) {
    CLI::App* group = app.add_subcommand("module", "firmware modules of your own");
    group->require_subcommand(1);

    const auto wanted = std::make_shared<NewModule>();
    CLI::App* made = group->add_subcommand("new", "makes a module with its client and its test: make test");
    made->add_option("name", wanted->name, "2 to 11 small letters and digits")->required();
    made->add_option("--id", wanted->id, "function code, 0x100 to 0x17F");
    made->add_flag("--lua", wanted->lua, "the module is a script");
    made->callback([&line, wanted] { line.exit_status = make_new(*wanted); });

    const auto run = std::make_shared<RunModule>();
    CLI::App* ran = with_state(
        group->add_subcommand("run", "runs a module from its file, anew when that changes, until Ctrl-C"),
        line);
    ran->add_option("file", run->file, "NAME.so, NAME.toml beside it; or NAME.lua")->required();
    CLI::Option* gdb = ran->add_flag("--gdb", run->gdb, "waits for a debugger, and prints its command");
    CLI::Option* server = ran->add_option("--gdbserver", run->gdbserver, "the same, on this port");
    CLI::Option* wrap =
        ran->add_option("--wrap", run->wrap, "a command in front of the module's process (\"valgrind\")");
    CLI::Option* asan = ran->add_flag("--asan", run->asan, "for a module built with -fsanitize=address");
    CLI::Option* device =
        ran->add_option("--device", run->devices, "device node of a simulator that is started")
            ->allow_extra_args(false);  // one each time: the file may follow
    ran->add_flag("--no-device", run->no_device, "none, sockets only")->excludes(device);
    ran->add_option("--listen", run->listen, "where it listens, as for `cs2sim start`")
        ->allow_extra_args(false);
    ran->add_flag("--services", run->services, "shows each service that the module asks for, with its time");
    for (CLI::Option* one : {gdb, server, wrap, asan})
        for (CLI::Option* other : {gdb, server, wrap, asan})
            if (one != other) one->excludes(other);
    ran->callback([&line, run] { line.exit_status = run_module(line.state, *run); });

    const auto folder = std::make_shared<std::string>();
    CLI::App* sdk = group->add_subcommand("sdk", "makes the folder that build scripts of modules expect");
    sdk->add_option("folder", *folder, "gets simulator/bin, simulator/devices, simulator/keys")->required();
    sdk->callback([&line, folder] { line.exit_status = make_sdk_folder(*folder); });

    group->add_subcommand("flags", "prints the compiler's flags for modules")->callback([&line] {
        line.exit_status = show_flags();
    });
    group->add_subcommand("client-flags", "prints the compiler's flags for host programs")->callback([&line] {
        line.exit_status = show_client_flags();
    });
}

}  // namespace cs2sim
