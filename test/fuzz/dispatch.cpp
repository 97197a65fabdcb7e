// Every module's dispatch, with an administrator and a cryptographic user logged on in a session, and the
// control connection for the simulator's own module. An input is a row of commands: [module 1][SFC 1][length
// 2][block]. A command that ends the session or changes the device as a whole is run too: a fresh device
// follows.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "firmware/crypto/pkey.h"
#include "firmware/device/device.h"
#include "firmware/faults/rules/rule.h"
#include "firmware/protocol/block.h"
#include "firmware/protocol/functions.h"
#include "host-lib/link/secure_session.h"

using namespace cs2sim;

namespace {

namespace fs = std::filesystem;

constexpr std::uint16_t kModules[] = {FC_SMOS, FC_CMDS, FC_ADM, FC_DB, FC_MBK, FC_CXI, FC_SIM};
constexpr int kMostCommands = 12;
constexpr int kInputsOfOneDevice = 500;  // databases grow, and with them the time of a command

constexpr FunctionId kUpsetting[] = {
    {FC_CMDS, SFC_CMDS_LOGOFF},       {FC_CMDS, SFC_CMDS_CLOSE_SESSION},    {FC_CMDS, SFC_CMDS_DELETE_USER},
    {FC_CMDS, SFC_CMDS_CHANGE_USER},  {FC_CMDS, SFC_CMDS_SET_ADMIN_MODE},   {FC_ADM, SFC_ADM_RESTART},
    {FC_CMDS, SFC_CMDS_RESTORE_USER}, {FC_CMDS, SFC_CMDS_SET_STARTUP_MODE}, {FC_ADM, SFC_ADM_RESET_TO_BL},
    {FC_ADM, SFC_ADM_CLEAR},          {FC_ADM, SFC_ADM_START_OS},           {FC_ADM, SFC_ADM_RESTORE_COMMIT},
};

template <class T>
T must(Result<T> result, const char* what) {
    if (result) return std::move(*result);
    std::fprintf(stderr, "%s: %08X\n", what, static_cast<unsigned>(result.error().code));
    std::abort();
}

class InProcess final : public host::Transport {
public:
    explicit InProcess(std::unique_ptr<Conversation> conversation) : conversation_(std::move(conversation)) {}
    Result<ByteView> exchange(ByteView head, ByteView body, host::Milliseconds) override {
        Bytes frame = to_bytes(head);
        append(frame, body);
        Reply reply = conversation_->transact(frame);
        if (reply.action != Reply::Action::send) return fail(E_CSA_CLOSED);
        answer_ = std::move(reply.frame);
        return answer_;
    }

private:
    std::unique_ptr<Conversation> conversation_;
    Bytes answer_;
};

// Keeps the key in memory; the one in host-lib reads a file.
class AdminKey final : public host::KeySource {
public:
    std::optional<std::uint8_t> mechanism() const override { return std::uint8_t{0}; }
    Result<Bytes> sign(std::string_view, ByteView message) override { return sign_sha256(*key_, message); }
    Result<SecretBytes> password() override { return fail(E_CSA_KEY_TYPE); }
    Result<SecretBytes> token() override { return to_secret(public_key_der(*key_)); }

private:
    PrivateKey key_ = must(generate_rsa(2048), "key");
};

class Fixture {
public:
    Fixture() {
        // Memory for a disk: the fuzzer measures code, not fsync.
        std::string pattern = "/dev/shm/cs2sim-fuzz-XXXXXX";
        if (::mkdtemp(pattern.data()) == nullptr) std::abort();
        folder_ = pattern;
        boot(folder_ / "prepared");
        must(execute(FC_CMDS, SFC_CMDS_ADD_USER,
                     compose(find_function(FC_CMDS, SFC_CMDS_ADD_USER)->request,
                             {"CRYPTO", 2u, 4, 0, "CXI_GROUP=*", "password"})
                         .value()),
             "add user");
        must(
            execute(FC_MBK, SFC_MBK_GENERATE,
                    compose(find_function(FC_MBK, SFC_MBK_GENERATE)->request, {2, 32, 2, 2, "FUZZ"}).value()),
            "MBK");
        stop();
        renew();
    }
    ~Fixture() {
        stop();
        fs::remove_all(folder_);
    }

    // A fresh copy of the prepared device, both users logged on.
    void renew() {
        stop();
        fs::remove_all(folder_ / "used");
        fs::copy(folder_ / "prepared", folder_ / "used", fs::copy_options::recursive);
        boot(folder_ / "used");
        const auto password = host::password_source(as_bytes("password"));
        if (!session_->logon(*host_, "CRYPTO", *password)) std::abort();
    }

    Result<Bytes> execute(std::uint16_t fc, std::uint8_t sfc, ByteView block) {
        return session_->execute(*host_, fc, sfc, block);
    }
    Result<Bytes> control(std::uint8_t sfc, ByteView block) { return control_->execute(FC_SIM, sfc, block); }

private:
    std::unique_ptr<host::Connection> connect(Reach reach) {
        return std::make_unique<host::Connection>(
            std::make_unique<InProcess>(device_->converse(reach, "fuzz")), host::Milliseconds(0));
    }
    void boot(const fs::path& state) {
        static AdminKey admin;
        const SecretBytes key = must(admin.token(), "token");
        Profile profile = load_profile("se-gen2-lan").value();  // answers the CSL functions too
        device_ =
            must(SimulatedDevice::boot({state, std::move(profile), Bytes(key.begin(), key.end())}), "boot");
        host_ = connect(Reach::host);
        control_ = connect(Reach::control);
        session_ = must(host::SecureSession::open(*host_), "session");
        if (!session_->logon(*host_, "ADMIN", admin)) std::abort();
    }
    void stop() {
        session_.reset();
        control_.reset();
        host_.reset();
        device_.reset();
    }

    fs::path folder_;
    std::unique_ptr<SimulatedDevice> device_;
    std::unique_ptr<host::Connection> host_;
    std::unique_ptr<host::Connection> control_;
    std::unique_ptr<host::SecureSession> session_;
};

// A rule that kills this process, or lets it sleep.
bool is_no_rule_for_us(std::uint8_t sfc, ByteView block) {
    if (sfc != SFC_SIM_FAULT_ADD) return false;
    const auto rule = decode_rule(block);
    if (!rule) return false;
    switch (rule->action) {
        case FaultAction::delay:
        case FaultAction::delay_exponential:
        case FaultAction::delay_normal:
        case FaultAction::crash:
        case FaultAction::crash_before_commit:
        case FaultAction::crash_after_commit:
            return true;
        default:
            return false;
    }
}

// Runs the commands of one input. True: the next one wants a fresh device.
bool run(Fixture& fixture, ByteView rest) {
    bool upset = false;
    for (int commands = 0; commands < kMostCommands && rest.size() >= 4; ++commands) {
        const std::uint16_t fc = kModules[rest[0] % std::size(kModules)];
        const std::uint8_t sfc = rest[1];
        const std::size_t length = std::min<std::size_t>(rest[2] << 8 | rest[3], rest.size() - 4);
        const ByteView block = rest.subspan(4, length);
        rest = rest.subspan(4 + length);
        if (fc == FC_SIM) {
            if (is_no_rule_for_us(sfc, block)) continue;
            (void)fixture.control(sfc, block);
            upset = true;
            continue;
        }
        const auto answer = fixture.execute(fc, sfc, block);
        if (!upset && !answer && answer.error().code >> 24 == 0xB9)
            std::abort();  // the device did not answer, or oddly
        upset = upset || std::ranges::find(kUpsetting, FunctionId{fc, sfc}) != std::end(kUpsetting);
    }
    return upset;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static Fixture fixture;
    static int inputs = 0;
    if (run(fixture, {data, size}) || ++inputs >= kInputsOfOneDevice) {
        fixture.renew();
        inputs = 0;
    }
    return 0;
}
