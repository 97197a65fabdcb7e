#include "host-lib/link/device.h"

#include "firmware/protocol/functions.h"
#include "host-lib/cards/key_source.h"
#include "host-lib/link/apart.h"
#include "host-lib/link/device_address.h"
#include "host-lib/link/device_connection.h"
#include "host-lib/link/secure_session.h"

namespace cs2sim::host {
namespace {

class OpenDevice final : public Device {
public:
    OpenDevice(std::string_view specifier, std::unique_ptr<Transport> transport, Timeouts timeouts)
        : specifier_(specifier), connection_(std::move(transport), timeouts.command) {}

    // The device ends the session by itself when the connection goes; saying so is a courtesy, not worth a
    // wait.
    ~OpenDevice() override {
        connection_.set_timeout(std::min(connection_.timeout(), Milliseconds(1000)));
        (void)logoff();
    }

    const std::string& specifier() const override { return specifier_; }
    int descriptor() const override { return connection_.descriptor(); }
    void set_command_timeout(Milliseconds timeout) override { connection_.set_timeout(timeout); }
    void set_challenge_length(std::uint16_t length) override { challenge_length_ = length; }

    Result<void> logon(std::string_view user, KeySource& key) override {
        if (!session_) {
            CS2SIM_TRY_LET(opened, SecureSession::open(connection_));
            session_ = std::move(opened);
        }
        return session_->logon(connection_, user, key, challenge_length_);
    }

    Result<void> logoff() override {
        if (!session_) return {};
        const std::unique_ptr<SecureSession> ended = std::move(session_);
        return ended->close(connection_);
    }

    Result<Bytes> execute_block(std::uint16_t fc, std::uint8_t sfc, ByteView block) override {
        if (session_) return session_->execute(connection_, fc, sfc, block);
        return connection_.execute(fc, sfc, block);
    }

private:
    std::string specifier_;
    DeviceConnection connection_;
    std::unique_ptr<SecureSession> session_;
    std::uint16_t challenge_length_ = SecureSession::kChallengeLength;
};

Result<std::unique_ptr<Device>> open_device(std::string_view specifier, Timeouts timeouts, bool nodes_apart) {
    CS2SIM_TRY_LET(address, parse_device_address(specifier));
    CS2SIM_TRY_LET(transport, connect_transport(address, timeouts.connect));
    if (nodes_apart && address.kind == DeviceAddress::Kind::node) transport = apart(std::move(transport));
    return std::make_unique<OpenDevice>(specifier, std::move(transport), timeouts);
}

}  // namespace

Result<std::unique_ptr<Device>> Device::open(std::string_view specifier, Timeouts timeouts) {
    return open_device(specifier, timeouts, false);
}

Result<std::unique_ptr<Device>> open_apart(std::string_view specifier, Timeouts timeouts) {
    return open_device(specifier, timeouts, true);
}

Result<Answer> Device::execute(std::uint16_t fc, std::uint8_t sfc, std::initializer_list<Value> values) {
    const FunctionSignature* function = find_function(fc, sfc);
    auto block = compose(function->request, values);
    if (!block) return fail(E_CSA_PARAM);
    auto bytes = execute_block(fc, sfc, *block);
    cleanse(block->data(), block->size());
    CS2SIM_TRY(bytes);
    Answer answer{std::move(*bytes), {}};
    auto parsed = parse(function->answer, answer.bytes);
    if (!parsed) return fail(E_CSA_PROTOCOL);
    answer.block = std::move(*parsed);
    return answer;
}

}  // namespace cs2sim::host
