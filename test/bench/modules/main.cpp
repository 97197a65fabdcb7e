// What a command of a user's module costs above one of the simulator's own: bench_module [MODULE.so]
//
// At the scheduler's door, without transport. Beside it the limit: the same bytes answered by a function that
// is called in this process.
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "firmware/cmds/cmds.h"
#include "firmware/cmds/hsm_auth_key.h"
#include "firmware/cmds/scheduler.h"
#include "firmware/cmds/sessions.h"
#include "firmware/cmds/users.h"
#include "firmware/modules/images/module_image.h"
#include "firmware/modules/modules.h"

using namespace cs2sim;

namespace {

constexpr std::uint16_t kProbe = 0x170;
constexpr std::uint8_t kEcho = 0, kFill = 9, kCount = 10, kServices = 11;

// Median of single runs, in microseconds.
template <class Work>
double median(int times, Work work) {
    std::vector<double> taken;
    for (int i = 0; i < times; ++i) {
        const auto begin = std::chrono::steady_clock::now();
        work();
        taken.push_back(
            std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - begin).count());
    }
    std::ranges::nth_element(taken, taken.begin() + times / 2);
    return taken[static_cast<std::size_t>(times / 2)];
}

void print(const char* what, double value, double limit) {
    if (limit > 0)
        std::printf("%-64s %10.1f us  (at most %.0f: %s)\n", what, value, limit,
                    value <= limit ? "yes" : "NO");
    else
        std::printf("%-64s %10.1f us\n", what, value);
}

int sum_of(const std::uint8_t* block, std::size_t size, Bytes& answer) {
    answer.assign(block, block + size);
    return 0;
}

}  // namespace

int main(int count, char** words) {
    const std::filesystem::path folder =
        std::filesystem::temp_directory_path() / ("bench_module." + std::to_string(::getpid()));
    std::filesystem::path image = std::filesystem::path(CS2SIM_TEST_MODULES) / "prob32.so";
    if (count > 1) image = words[1];
    if (!std::filesystem::exists(image)) image.replace_filename("prob64.so");
    std::filesystem::create_directories(folder);
    {
        const Profile profile;
        auto smos = *Smos::open(folder);
        DatabaseStore databases(*smos);
        MbkStore mbk(*smos, databases);
        Users users(*smos, databases, profile);
        Sessions sessions(profile);
        Scheduler scheduler;
        Services services{profile, *smos, databases, mbk, users, sessions, scheduler};
        HsmAuthKey auth_key(*smos);
        if (!scheduler.publish(cmds_module(auth_key))) return 1;
        Modules modules(services, {.say = [](const std::string& line) { std::printf("%s\n", line.c_str()); },
                                   .alone = [](const std::function<void()>& work) { work(); },
                                   .halt = [] {}});
        if (!write_developed(folder / "modules", DevelopedModule{image, {}, false})) return 1;
        modules.start();
        Context context;
        const auto run = [&](std::uint16_t fc, std::uint8_t sfc, ByteView block) {
            const auto answer = scheduler.run(services, context, {fc, sfc, block});
            if (!answer) {
                std::fprintf(stderr, "%03X.%02X: %08X\n", fc, sfc, answer.error().code);
                std::exit(1);
            }
        };
        const Bytes block(16, 1);
        const double bare = median(10000, [&] {
            Bytes answer;
            sum_of(block.data(), block.size(), answer);
        });
        const double own = median(10000, [&] { run(FC_CMDS, SFC_CMDS_ECHO, block); });
        const double theirs = median(10000, [&] { run(kProbe, kEcho, block); });
        print("a function called in a bare process", bare, 0);
        print("the simulator's own echo", own, 0);
        print("a module's echo", theirs, 0);
        print("a module's echo above the simulator's own", theirs - own, 30);
        run(kProbe, kFill, big_endian_bytes<4>(1000));
        print("db_find over 1,000 records, in one command", median(50, [&] { run(kProbe, kCount, {}); }),
              3000);
        print("a command with 15 services", median(1000, [&] { run(kProbe, kServices, {}); }), 300);
        modules.stop();
    }
    std::filesystem::remove_all(folder);
}
