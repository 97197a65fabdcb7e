// A real device behind a Unix socket and a TCP port, in this process.
#pragma once

#include "driver/listener.h"
#include "firmware/crypto/pkey.h"
#include "firmware/device/device.h"
#include "firmware/faults/rules/rule.h"
#include "firmware/protocol/frame.h"
#include "firmware/protocol/functions.h"
#include "host-lib/cards/key_tasks.h"
#include "host-lib/files/key_file.h"
#include "host-lib/link/device.h"
#include "test/unit/scratch.h"

namespace cs2sim {

class RunningDevice {
public:
    explicit RunningDevice(const std::string& profile = "se-gen2") {
        auto admin = generate_rsa(2048);
        REQUIRE(admin);
        REQUIRE(host::write_key_file(admin_key(), **admin, "ADMIN", std::nullopt));
        auto booted = SimulatedDevice::boot(
            {folder_.path() / "state", *load_profile(profile), public_key_der(**admin)});
        REQUIRE(code_of(booted) == 0);
        device_ = std::move(*booted);
        start();
    }
    ~RunningDevice() { stop(); }

    void start() {
        const auto answerer = [this](std::string peer) {
            return device_->converse(Reach::host, std::move(peer));
        };
        auto unix_socket = listen_unix(folder_.path() / "device.sock", answerer);
        REQUIRE(unix_socket);
        unix_ = std::move(*unix_socket);
        auto tcp = listen_tcp("0@127.0.0.1", answerer);
        REQUIRE(tcp);
        tcp_ = std::move(*tcp);
    }
    void stop() {
        unix_.reset();
        tcp_.reset();
    }

    // Lets the next command of that function lose its connection in place of its answer.
    void lose_answer_of(const std::string& function) {
        FaultRule rule;
        rule.function = function;
        rule.action = FaultAction::close;
        rule.times = 1;
        arm(rule);
    }
    // Lets the next command of that function answer an error.
    void fail_next(const std::string& function, std::uint32_t code) {
        FaultRule rule;
        rule.function = function;
        rule.code = code;
        rule.times = 1;
        arm(rule);
    }
    void arm(const FaultRule& rule) {
        const Bytes answer = control(SFC_SIM_FAULT_ADD, encode_rule(rule).value());
        REQUIRE(parse(find_function(FC_SIM, SFC_SIM_FAULT_ADD)->answer, answer)->u32("id") != 0);
    }
    // How often that function was called since the device was started.
    std::uint64_t calls_of(const std::string& name) {
        const FunctionSignature* const function = find_function(name);
        const Bytes answer = control(SFC_SIM_FUNCTION_COUNTS, {});
        const auto block = parse(find_function(FC_SIM, SFC_SIM_FUNCTION_COUNTS)->answer, answer);
        for (ByteView rest = block->bytes("counts"); !rest.empty();) {
            const auto row = parse_prefix(LAYOUT_FUNCTION_COUNTS, rest);
            REQUIRE(row);
            if (row->u16("fc") == function->fc && row->u8("sfc") == function->sfc) return row->u64("calls");
        }
        return 0;
    }

    std::string socket() const { return "unix:" + (folder_.path() / "device.sock").string(); }
    std::string port() const { return tcp_->address(); }
    std::string admin_key() const { return folder_.path() / "ADMIN.key"; }
    const std::filesystem::path& folder() const { return folder_.path(); }

private:
    Bytes control(std::uint8_t sfc, ByteView block) {
        const Reply reply =
            device_->converse(Reach::control, "test")->transact(request_frame(FC_SIM, sfc, block));
        const auto answer = parse_answer(reply.frame);
        REQUIRE(answer);
        return to_bytes(*answer);
    }

    ScratchFolder folder_;
    std::unique_ptr<SimulatedDevice> device_;
    std::unique_ptr<Listener> unix_;
    std::unique_ptr<Listener> tcp_;
};

}  // namespace cs2sim
