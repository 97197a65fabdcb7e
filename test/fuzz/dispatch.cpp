// Every module's dispatch, with the factory administrator and a cryptographic user logged on in a session. An
// input is a row of commands: [catalogue row 1][block length 2][block]. Commands that would end the session
// or the device's identity are left out, else the fuzzer would spend its time in logons.
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "driver/listener.h"
#include "firmware/crypto/pkey.h"
#include "firmware/device/device.h"
#include "host-lib/device.h"
#include "host-lib/key_file.h"
#include "host-lib/key_source.h"

using namespace cs2sim;

namespace {

namespace fs = std::filesystem;

template <class T>
T must(Result<T> result, const char* what) {
    if (result) return std::move(*result);
    std::fprintf(stderr, "%s: %08X\n", what, static_cast<unsigned>(result.error().code));
    std::abort();
}

struct Fixture {
    std::unique_ptr<Device> device;
    std::unique_ptr<Listener> listener;
    std::unique_ptr<host::Device> host;
    std::string socket;
    std::string key_file;

    Fixture() {
        // Memory for a disk: the fuzzer measures code, not fsync.
        std::string pattern = "/dev/shm/cs2sim-fuzz-XXXXXX";
        const fs::path folder = ::mkdtemp(pattern.data());
        socket = (folder / "socket").string();
        key_file = (folder / "ADMIN.key").string();
        const auto key = must(generate_rsa(2048), "key");
        if (!host::write_key_file(key_file, *key, "ADMIN", std::nullopt)) std::abort();
        device = must(Device::boot({folder / "state", load_profile("se-gen2").value(), public_key_der(*key)}),
                      "boot");
        listener = listen_unix(socket, [this](std::string peer) {
                       return device->converse(Reach::host, std::move(peer));
                   }).value();
        log_on();
        (void)host->execute(FC_CMDS, SFC_CMDS_ADD_USER, {"CRYPTO", 2, 4, 0, "", "password"});
        auto password = host::password_source(as_bytes("password"));
        (void)host->logon("CRYPTO", *password);
        (void)host->execute(FC_MBK, SFC_MBK_GENERATE, {2, 32, 2, 2, "FUZZ"});
    }

    void log_on() {
        host.reset();
        host = must(host::Device::open("unix:" + socket), "open");
        const auto key = must(host::open_key_source(key_file), "key file");
        if (!host->logon("ADMIN", *key)) std::abort();
    }
};

bool left_out(const FunctionSignature& row) {
    if (row.fc == FC_CMDS)
        return row.sfc == SFC_CMDS_LOGOFF || row.sfc == SFC_CMDS_CLOSE_SESSION ||
               row.sfc == SFC_CMDS_DELETE_USER || row.sfc == SFC_CMDS_CHANGE_USER ||
               row.sfc == SFC_CMDS_SET_ADMIN_MODE || row.sfc == SFC_CMDS_SET_MAX_AUTH_FAILS;
    if (row.fc == FC_ADM)
        return row.sfc == SFC_ADM_RESTART || row.sfc == SFC_ADM_RESET_TO_BL || row.sfc == SFC_ADM_CLEAR ||
               row.sfc == SFC_ADM_START_OS;
    return false;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static Fixture fixture;
    const auto rows = function_catalogue();
    ByteView rest(data, size);
    for (int commands = 0; commands < 8 && rest.size() >= 3; ++commands) {
        const auto& row = rows[rest[0] % rows.size()];
        const std::size_t length = std::min<std::size_t>(rest[1] << 8 | rest[2], rest.size() - 3);
        const ByteView block = rest.subspan(3, length);
        rest = rest.subspan(3 + length);
        if (left_out(row)) continue;
        const auto answer = fixture.host->execute_block(row.fc, row.sfc, block);
        if (!answer && answer.error().code >> 24 == 0xB9)
            std::abort();  // the device did not answer, or oddly
    }
    return 0;
}
