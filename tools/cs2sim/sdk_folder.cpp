// cs2sim module sdk FOLDER: the folder that build scripts of modules expect (sdk-facts.md, section 2).
#include "tools/cs2sim/sdk_folder.h"

#include <cerrno>
#include <iostream>

#include "firmware/smos/flash/state_folder.h"
#include "host-lib/files/host_file.h"
#include "host-lib/files/key_file.h"
#include "tools/control/program.h"
#include "tools/instance/instance.h"

namespace cs2sim {
namespace {

namespace fs = std::filesystem;

constexpr unsigned kAdministratorBits = 2048, kSignatureBits = 4096;

// Both keys, and what the simulator needs to know of them: it makes its administrator of the one, and takes
// containers that the other has signed.
Result<void> make_keys(const fs::path& simulator) {
    const fs::path keys = simulator / "keys";
    const fs::path devices = simulator / "devices";
    CS2SIM_TRY_LET(admin, generate_rsa(kAdministratorBits));
    for (const fs::path& file : {keys / "admin_logon.key", admin_key_file(devices)})
        CS2SIM_TRY(host::write_key_file(file, *admin, "ADMIN", std::nullopt));
    CS2SIM_TRY_LET(signer, generate_rsa(kSignatureBits));
    CS2SIM_TRY(host::write_key_file(keys / "firmware_sign.key", *signer, "firmware", std::nullopt));
    const std::string own = own_path(), state = devices.string();
    if (run_program(
            {own, "start", "--state", state, "--no-device", "--listen", "unix:" + state + "/first.socket"},
            true) != 0)
        return fail(E_CSA_KEY_WRITE);
    run_program({own, "stop", "--state", state}, true);
    const Bytes der = public_key_der(*signer);
    if (!host::replace_host_file(StateFolder{devices}.files() / "mdlsig.key", der))
        return fail(E_CSA_KEY_WRITE);
    return {};
}

}  // namespace

int make_sdk_folder(const std::string& folder) {
    const fs::path simulator = fs::absolute(folder) / "simulator";
    const fs::path own = fs::path(own_path()).parent_path();
    std::error_code failed;
    if (fs::exists(simulator, failed)) {
        std::cerr << "cs2sim: " << simulator.string() << " is there already\n";
        return 1;
    }
    for (const char* part : {"bin", "devices", "keys"})
        if (!host::make_private_folders(simulator / part)) failed.assign(errno, std::generic_category());
    for (const char* program : {"bl_sim5", "csadm", "cs2sim"})
        fs::create_symlink(own / program, simulator / "bin" / program, failed);
    const auto done = failed ? Result<void>(fail(E_CSA_KEY_WRITE)) : make_keys(simulator);
    if (!done) {
        std::cerr << describe(done.error().code);
        return 1;
    }
    std::cout << "made " << simulator.string() << "; its simulator: " << (simulator / "bin/bl_sim5").string()
              << " -h -o -d " << (simulator / "devices").string() << '\n';
    return 0;
}

}  // namespace cs2sim
