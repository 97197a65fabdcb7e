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

// Every layout of services.inc, for the check of names (firmware/protocol/field_names.h).
inline constexpr std::string_view kServiceLayouts =
#define CS2SIM_SERVICE(name, request, answer) " " request " " answer
#include "firmware/modules/images/services.inc"
#undef CS2SIM_SERVICE
    " ";

// A block whose layout stands in services.inc: a name that no row there has does not compile.
class ServiceBlock : public Block {
public:
    using NumberName = FieldName<true, kServiceLayouts>;
    using BytesName = FieldName<false, kServiceLayouts>;
    explicit ServiceBlock(Block&& block) : Block(std::move(block)) {}
    template <class Number>
    Number as(NumberName name) const {
        return static_cast<Number>(number(name.text()));
    }
    std::uint8_t u8(NumberName name) const { return as<std::uint8_t>(name); }
    std::uint16_t u16(NumberName name) const { return as<std::uint16_t>(name); }
    std::uint32_t u32(NumberName name) const { return as<std::uint32_t>(name); }
    ByteView bytes(BytesName name) const { return content(name.text()); }
    std::string_view text(BytesName name) const { return as_text(bytes(name)); }
};

class ServiceCall {
public:
    ServiceCall(Modules& modules_, UserModule& module_, Services& device_, const ServiceRow& row_,
                const ServiceBlock& block)
        : modules(modules_), module(module_), device(device_), row(row_), request(block) {}

    Modules& modules;
    UserModule& module;
    Services& device;
    const ServiceRow& row;
    const ServiceBlock& request;  // hostile, but for its shape

    ModuleHoldings& holdings() const { return module.holdings; }
    // For what takes long: over when the caller of the command has gone, when the module's time is up
    // (watchdog, start, stop, Restart), when its process has ended.
    const Abandonment* abandonment() const { return &abandonment_; }
    Result<Bytes> answer(std::initializer_list<Value> values) const;

private:
    bool is_over() const;

    const Abandonment abandonment_{[this] { return is_over(); }};
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
#include "firmware/modules/images/services.inc"
#undef CS2SIM_SERVICE

// OpenSSL's name of a digest that the SDK numbers (HASH_SHA256, …), or null.
const char* digest_name(std::uint32_t algorithm);
// The numbers of an RSA key as the services of RSA have them. Error: E_VRSA_MISS_COMP.
Result<SecretBytes> rsa_numbers(const EVP_PKEY& key, bool is_public);
// The key that the numbers make. Errors: E_VRSA_MISS_COMP, E_VRSA_BAD_KEY, E_VRSA_MOD_TOO_SMALL,
// E_VRSA_KEYT_LEN.
Result<PrivateKey> rsa_key(ByteView numbers, bool& is_private);
// The secret number of a key, `size` bytes or more. Error: E_CXI_KEY_MISSING_COMP.
Result<SecretBytes> private_number(const EVP_PKEY& key, std::size_t size);
// Of a key of a curve, as long as the order.
Result<SecretBytes> ec_secret(const EVP_PKEY& key);
}  // namespace services

}  // namespace cs2sim
