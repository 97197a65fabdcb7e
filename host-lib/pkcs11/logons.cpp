#include "host-lib/pkcs11/logons.h"

#include <sys/stat.h>

#include <algorithm>

namespace cs2sim::p11 {
namespace {

bool is_file(const std::string& path) {
    struct stat status {};
    return ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode);
}

}  // namespace

Logon::Logon(std::string user, ByteView password) : user_(std::move(user)), secret_(password) {}

Result<std::shared_ptr<Logon>> Logon::generic(std::string user, ByteView secret) {
    auto logon = std::make_shared<Logon>(std::move(user), secret);
    const std::string_view text = as_text(secret);
    const std::string place(text.substr(0, text.find('#')));
    if (!text.starts_with(":cs2:") && !is_file(place)) return logon;
    CS2SIM_TRY_LET(key, host::open_key_source(text));
    logon->key_ = std::move(key);
    logon->secret_ = LockedSecret();
    return logon;
}

bool Logon::is_refusal(std::uint32_t code) {
    return code == E_CMDS_AUTH_FAILED || code == E_CMDS_AUTH_FAIL_CNT_EXCEEDED || code == E_CMDS_NO_USER ||
           code == E_CMDS_BAD_MECH;
}

Logons::State Logons::state() const {
    const std::lock_guard lock(mutex_);
    return state_;
}

void Logons::add(std::shared_ptr<Logon> logon) {
    const std::lock_guard lock(mutex_);
    std::erase_if(state_.users, [&](const auto& on) { return on->user() == logon->user(); });
    state_.users.push_back(std::move(logon));
}

void Logons::clear() {
    const std::lock_guard lock(mutex_);
    ++state_.epoch;
    state_.users.clear();
}

std::uint64_t Logons::epoch() const {
    const std::lock_guard lock(mutex_);
    return state_.epoch;
}

bool Logons::refused() const {
    const std::lock_guard lock(mutex_);
    return std::ranges::any_of(state_.users, [](const auto& user) { return user->refused() != 0; });
}

bool Logons::empty() const {
    const std::lock_guard lock(mutex_);
    return state_.users.empty();
}

}  // namespace cs2sim::p11
