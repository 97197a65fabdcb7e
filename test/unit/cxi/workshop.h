// One good command for each function of CXI, which tests spoil in one thing to meet one error.
#pragma once

#include <span>

#include "firmware/crypto/finite_field.h"
#include "test/unit/cxi/properties.h"

namespace cs2sim::test {

// A command by the names of its fields.
class Command {
public:
    explicit Command(const FunctionSignature& function) : function_(&function) {}

    Command& set(std::string_view field, std::uint64_t number);
    Command& set(std::string_view field, ByteView bytes);
    Command& set(std::string_view field, const PropertyList& list) { return set(field, list.encode()); }
    bool has(std::string_view field) const {
        return function_->request.find(field) != function_->request.size();
    }
    ByteView bytes(std::string_view field) const;

    const FunctionSignature& function() const { return *function_; }
    // The field with the template of what is made, changed, listed or opened.
    std::string_view of_template() const;
    // The field with the key that works; in commands that move keys, the wrapping one.
    std::string_view of_worker() const { return has("wrapping") ? "wrapping" : "key"; }

    // The template with another property, or without one.
    Command& with(std::uint32_t property, ByteView value);
    Command& with(std::uint32_t property, std::uint32_t number) {
        return with(property, big_endian_bytes<4>(number));
    }
    Command& without(std::uint32_t property);

    Bytes block() const;

private:
    struct Field {
        std::uint64_t number = 0;
        Bytes bytes;
    };
    const FunctionSignature* function_;
    std::map<std::string, Field, std::less<>> fields_;
};

// A device with keys of group G, whose user and security officer is logged on.
class Workshop {
public:
    explicit Workshop(const Profile& profile = {});

    // "CXI.SIGN". Precondition: not KEY_AUTHORIZE, whose handle comes of another command.
    Command good(std::string_view function);
    Result<Bytes> run(const Command& command) {
        return bench.run_block(command.function().sfc, command.block());
    }

    void enter(std::uint16_t modes) { bench.set_modes(MODE_OPERATIONAL | modes); }
    void log_on_elsewhere() { bench.log_on(0x00000002, "CXI_GROUP=OTHER"); }
    void fill_handles();
    void replace_mbk();  // by another one
    void damage_mbk();   // its record, which the device has to read anew

    // A new key of group G, made in operational mode whichever holds; `more` goes into its template.
    Bytes aes(const PropertyList& more = {}, std::uint32_t flags = 0, std::uint32_t bits = 256);
    Bytes des(const PropertyList& more = {});
    Bytes curve(std::string_view name, const PropertyList& more = {}, std::uint32_t flags = 0);
    Bytes rsa(std::uint32_t bits, const PropertyList& more = {}, std::uint32_t flags = 0);
    Bytes secret(std::uint32_t algorithm, ByteView value, const PropertyList& more = {});
    // Of the kind that does the work of the command.
    Bytes like_worker(const Command& command, const PropertyList& more, std::uint32_t flags = 0);
    Bytes trusted(Bytes key);
    // One that the MBK sealed, of a key object that is as it is told.
    Bytes sealed(const KeyObject& object) { return external(bench.cxi.external.seal.seal(object).value()); }
    static Bytes external(ByteView blob);
    void store(std::string_view name, ByteView record);  // whatever it is, under that name

    CxiBench bench;
    Bytes worker, moved, signer, bound;    // AES, AES, curve, AES with a KAK
    Bytes wrapped, gone, outside, config;  // `moved` under `worker`; a backup; an external key; settings of G

private:
    Bytes made_before(std::uint8_t sfc, std::initializer_list<Value> values);
    std::string next_name() { return "made" + std::to_string(++made_); }
    void make_users();

    int made_ = 0;
    bool has_users_ = false;
};

const DomainParameters& dsa_group();  // 1024 and 160 bits
const PrivateKey& kak();              // RSA, 2048 bits
Bytes krad_of(const EVP_PKEY& key);

struct SpoiltRow {
    std::string_view functions;  // "CXI.SIGN CXI.VERIFY"
    std::uint32_t code;
    void (*spoil)(Workshop&, Command&);
};

// Spoils the good command of each function of each row and compares the code.
void provoke(std::span<const SpoiltRow> rows);

}  // namespace cs2sim::test
