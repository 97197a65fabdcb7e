#include "test/bench/main/swtpm.h"

namespace cs2sim::bench {

// TPM 2.0 Library, Part 3: tag 8001, size, command code (Startup 144, GetRandom 17B), parameter.
const Bytes kGetRandom{0x80, 0x01, 0, 0, 0, 12, 0, 0, 0x01, 0x7B, 0, 32};
static const Bytes kStartup{0x80, 0x01, 0, 0, 0, 12, 0, 0, 0x01, 0x44, 0, 0};
constexpr std::size_t kStartupAnswer = 10;

pid_t launch_swtpm(const std::filesystem::path& folder, const std::filesystem::path& socket) {
    return launch({"swtpm", "socket", "--tpm2", "--tpmstate", "dir=" + folder.string(), "--server",
                   "type=unixio,path=" + socket.string(), "--flags", "not-need-init"});
}

void startup_swtpm(Connection& connection) { connection.exchange(kStartup, kStartupAnswer); }

void prepare_swtpm(const std::filesystem::path& folder) {
    std::filesystem::create_directories(folder);
    const auto socket = folder / "socket";
    const pid_t tpm = launch_swtpm(folder, socket);
    {
        Connection connection(socket.string());
        startup_swtpm(connection);
    }
    end(tpm);
}

}  // namespace cs2sim::bench
