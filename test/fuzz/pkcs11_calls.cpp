// Sequences of PKCS#11 calls (test/hostile/pkcs11_calls.h) against a device in this process.
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "driver/listener.h"
#include "firmware/crypto/pkey.h"
#include "firmware/device/device.h"
#include "host-lib/cards/key_source.h"
#include "host-lib/files/key_file.h"
#include "host-lib/link/device.h"
#include "test/hostile/pkcs11_calls.h"

using namespace cs2sim;

namespace {

namespace fs = std::filesystem;
constexpr int kInputsOfOneDevice = 300;  // databases grow, and with them the time of a command

template <class T>
T must(tl::expected<T, Error> result, const char* what) {
    if (result) return std::move(*result);
    std::fprintf(stderr, "%s: %08X\n", what, static_cast<unsigned>(result.error().code));
    std::abort();
}

class Fixture {
public:
    Fixture() {
        std::string pattern = "/dev/shm/cs2sim-fuzz-XXXXXX";  // memory for a disk
        if (::mkdtemp(pattern.data()) == nullptr) std::abort();
        folder_ = pattern;
        const PrivateKey admin = must(generate_rsa(2048), "key");
        if (!host::write_key_file(folder_ / "ADMIN.key", *admin, "ADMIN", std::nullopt)) std::abort();
        admin_ = public_key_der(*admin);
        boot();
    }
    ~Fixture() {
        C_Finalize(nullptr);
        fs::remove_all(folder_);
    }
    void renew() {
        C_Finalize(nullptr);
        listener_.reset();
        device_.reset();
        fs::remove_all(folder_ / "state");
        boot();
    }

private:
    void boot() {
        device_ = must(SimulatedDevice::boot({folder_ / "state", load_profile("se-gen2").value(), admin_}), "boot");
        auto listener = listen_unix(folder_ / "socket", [this](std::string peer) {
            return device_->converse(Reach::host, std::move(peer));
        });
        if (!listener) std::abort();
        listener_ = std::move(*listener);
        make_users();
        const fs::path config = folder_ / "p11.cfg";
        std::ofstream(config) << "SlotCount = 2\nSlotMultiSession = false\nDevice = " << address() << "\n";
        ::setenv("CS_PKCS11_R3_CFG", config.c_str(), 1);
        if (C_Initialize(nullptr) != CKR_OK) std::abort();
    }
    void make_users() {
        auto device = must(host::Device::open(address()), "open");
        auto key = must(host::open_key_source((folder_ / "ADMIN.key").string()), "key file");
        if (!device->logon("ADMIN", *key)) std::abort();
        (void)must(device->execute(FC_CMDS, SFC_CMDS_ADD_USER,
                                   {"USR_0000", 2u, 4, 0, "CXI_GROUP=SLOT_0000", "123456"}),
                   "add user");
        auto own = must(host::Device::open(address()), "open");
        const auto pin = host::password_source(as_bytes("123456"));
        if (!own->logon("USR_0000", *pin)) std::abort();
        (void)must(own->execute(FC_CMDS, SFC_CMDS_CHANGE_USER, {"USR_0000", "123456"}), "change user");
    }
    std::string address() const { return "unix:" + (folder_ / "socket").string(); }

    fs::path folder_;
    Bytes admin_;
    std::unique_ptr<SimulatedDevice> device_;
    std::unique_ptr<Listener> listener_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static Fixture fixture;
    static int inputs = 0;
    test::HostileCalls({data, size}).run();
    if (++inputs % kInputsOfOneDevice == 0) fixture.renew();
    return 0;
}
