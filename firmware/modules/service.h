// The services that a module's process may ask for (services.inc): one function each, found by the row's
// place. To hand them to modules in another language, a process speaks the channel (channel.h) and reads the
// same rows.
#pragma once

#include <span>
#include <string_view>

#include "firmware/cmds/call.h"
#include "firmware/modules/user_module.h"

namespace cs2sim {

struct ServiceRow;

class ServiceCall {
public:
    ServiceCall(Modules& modules_, UserModule& module_, Services& device_, const ServiceRow& row_,
                const Block& block)
        : modules(modules_), module(module_), device(device_), row(row_), request(block) {}

    Modules& modules;
    UserModule& module;
    Services& device;
    const ServiceRow& row;
    const Block& request;  // hostile, but for its shape

    ModuleHoldings& holdings() const { return module.holdings; }
    Result<Bytes> answer(std::initializer_list<Value> values) const;
};

using ServiceFunction = Result<Bytes> (*)(ServiceCall&);

struct ServiceRow {
    std::string_view name;
    Layout request;
    Layout answer;
    ServiceFunction function;
};

std::span<const ServiceRow> service_table();

namespace services {
#define CS2SIM_SERVICE(name, request, answer) Result<Bytes> name(ServiceCall& call);
#include "firmware/modules/services.inc"
#undef CS2SIM_SERVICE

// OpenSSL's name of a digest that the SDK numbers (HASH_SHA256, …), or null.
const char* digest_name(std::uint32_t algorithm);
// The numbers of an RSA key as the services of RSA have them. Error: E_VRSA_MISS_COMP.
Result<SecretBytes> rsa_numbers(const EVP_PKEY& key, bool is_public);
}  // namespace services

}  // namespace cs2sim
