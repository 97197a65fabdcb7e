#include "host-lib/link/apart.h"

#include <future>
#include <system_error>
#include <thread>

namespace cs2sim::host {
namespace {

// The transport keeps the time itself where it can; this long afterwards it is given up.
constexpr Milliseconds kGrace{300};

class Apart final : public Transport {
public:
    explicit Apart(std::unique_ptr<Transport> transport) : transport_(std::move(transport)) {}

    Result<ByteView> exchange(ByteView head, ByteView body, Milliseconds timeout) override {
        if (!transport_) return fail(E_CSA_CLOSED);
        Bytes frame = to_bytes(head);
        append(frame, body);
        std::promise<Result<Bytes>> promise;
        auto answered = promise.get_future();
        try {
            std::thread([transport = transport_, frame = std::move(frame), timeout,
                         promise = std::move(promise)]() mutable {
                promise.set_value(transport->exchange(frame, timeout));
            }).detach();
        } catch (const std::system_error&) {
            return fail(E_CSA_NO_MEM);
        }
        if (answered.wait_for(timeout + kGrace) != std::future_status::ready) {
            transport_.reset();
            return fail(E_CSA_TIMEOUT);
        }
        auto answer = answered.get();
        if (!answer) return fail(answer.error());
        answer_ = std::move(*answer);
        return answer_;
    }

    int descriptor() const override { return transport_ ? transport_->descriptor() : -1; }

private:
    std::shared_ptr<Transport> transport_;  // null when it was given up; shared with a thread that is held
    Bytes answer_;
};

}  // namespace

std::unique_ptr<Transport> apart(std::unique_ptr<Transport> transport) {
    return std::make_unique<Apart>(std::move(transport));
}

}  // namespace cs2sim::host
