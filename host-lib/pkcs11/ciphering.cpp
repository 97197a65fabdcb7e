#include "host-lib/pkcs11/ciphering.h"

#include <algorithm>

#include "host-lib/pkcs11/library.h"

namespace cs2sim::p11 {
namespace {

bool whole_only(const Operation& operation) { return operation.prepared->row->work != Work::cipher; }
bool is_rsa(const Operation& operation) { return operation.prepared->row->keys == KeyKind::rsa; }
bool is_bare_rsa(const Operation& operation) {
    return is_rsa(operation) && operation.prepared->cxi == CXI_MECH_PAD_NONE;
}
std::uint32_t chain_of(const Operation& operation) { return operation.prepared->cxi & CXI_MECH_CHAIN_MASK; }
bool pads(const Operation& operation) {
    return (operation.prepared->cxi & CXI_MECH_PAD_MASK) != CXI_MECH_PAD_NONE;
}

// Whole blocks only.
bool is_block_mode(const Operation& operation) {
    return chain_of(operation) == CXI_MECH_CHAIN_ECB || chain_of(operation) == CXI_MECH_CHAIN_CBC;
}

// Bytes that have come out when `fed` went in, before the end.
std::size_t output_of(const Operation& operation, Direction direction, std::uint64_t fed) {
    const std::size_t block = key_bytes(*operation.key), tag = operation.prepared->tag_length;
    if (direction == Direction::decrypt && tag != 0) return fed > tag ? fed - tag : 0;
    if (!is_block_mode(operation)) return fed;
    const std::uint64_t blocks = fed - fed % block;
    if (direction == Direction::decrypt && pads(operation)) return blocks >= block ? blocks - block : 0;
    return blocks;
}

std::size_t key_wrap_size(const Operation& operation, Direction direction, std::size_t length) {
    if (direction == Direction::decrypt) return length > 8 ? length - 8 : length;
    return (pads(operation) ? (length + 7) / 8 * 8 : length) + 8;
}

// The ephemeral point, the text, the MAC.
OutputSize ecies_size(const Operation& operation, Direction direction, std::size_t length) {
    const std::size_t around = 1 + 2 * key_bytes(*operation.key) + operation.prepared->tag_length;
    const bool padded = operation.prepared->row->type != CKM_CS_ECDSA_ECIES_XOR;
    if (direction == Direction::decrypt) return {length > around ? length - around : 0, !padded};
    return {around + (padded ? (length / 16 + 1) * 16 : length), true};
}

std::uint32_t direction_bits(Direction direction) {
    return direction == Direction::encrypt ? CXI_MECH_MODE_ENCRYPT : CXI_MECH_MODE_DECRYPT;
}

Answer check_counter(const Operation& operation, std::size_t more) {
    const std::uint64_t most = operation.prepared->most_blocks;
    if (most != 0 && (operation.fed + more + 15) / 16 > most) return fail(CKR_DATA_LEN_RANGE);
    return {};
}

// One command of a chain, or the only one.
Answer command(Session& session, Operation& operation, Direction direction, std::uint32_t flags,
               ByteView data, SecretBytes& out) {
    const bool first = (flags & CXI_FLAG_CRYPT_INIT) != 0;
    if (!first && operation.generation != session.channel().generation()) return fail(E_CSA_CLOSED);
    CS2SIM_TRY_LET(
        answer, session.execute(FC_CXI, SFC_CXI_CRYPT,
                                {flags, operation.prepared->cxi | direction_bits(direction), operation.chain,
                                 first ? ByteView(operation.key->reference) : ByteView(),
                                 first ? ByteView(operation.prepared->parameter) : ByteView(), data},
                                first ? Effect::none : Effect::chained));
    operation.chain = answer.block.u32("state");
    operation.generation = session.channel().generation();
    const ByteView made = answer.block.bytes("data");
    out.insert(out.end(), made.begin(), made.end());
    cleanse(answer.bytes.data(), answer.bytes.size());
    return {};
}

// Data of any length in commands of a chain; `last` ends it.
Answer pass(Session& session, Operation& operation, Direction direction, ByteView data, bool last,
            SecretBytes& out) {
    CS2SIM_TRY(check_counter(operation, data.size()));
    operation.fed += data.size();
    do {
        const ByteView part = data.first(std::min(data.size(), CXI_MOST_DATA));
        data = data.subspan(part.size());
        std::uint32_t flags = operation.chain == 0 ? +CXI_FLAG_CRYPT_INIT : 0u;
        if (last && data.empty()) flags |= CXI_FLAG_CRYPT_FINAL;
        CS2SIM_TRY(command(session, operation, direction, flags, part, out));
    } while (!data.empty());
    return {};
}

SecretBytes padded_to_modulus(const Operation& operation, ByteView data) {
    SecretBytes padded(key_bytes(*operation.key) - data.size());
    padded.insert(padded.end(), data.begin(), data.end());
    return padded;
}

}  // namespace

OutputSize whole_size(const Operation& operation, Direction direction, std::size_t length) {
    const std::size_t tag = operation.prepared->tag_length;
    if (is_rsa(operation)) return {key_bytes(*operation.key), direction == Direction::encrypt};
    if (operation.prepared->row->work == Work::vendor) return {length + kVendorRoom, false};
    if (operation.prepared->row->work == Work::ecies) return ecies_size(operation, direction, length);
    if (chain_of(operation) == CXI_MECH_CHAIN_KEY_WRAP)
        return {key_wrap_size(operation, direction, length), direction == Direction::encrypt};
    if (direction == Direction::decrypt)
        return {tag != 0 ? (length > tag ? length - tag : 0) : length, !pads(operation)};
    if (pads(operation)) {
        const std::size_t block = key_bytes(*operation.key);
        return {(length / block + 1) * block, true};
    }
    return {length + tag, true};
}

OutputSize update_size(const Operation& operation, Direction direction, std::size_t length) {
    if (whole_only(operation)) return {0, true};
    return {output_of(operation, direction, operation.fed + length) -
                output_of(operation, direction, operation.fed),
            true};
}

OutputSize final_size(const Operation& operation, Direction direction) {
    if (whole_only(operation)) return whole_size(operation, direction, operation.held.size());
    if (direction == Direction::encrypt)
        return {pads(operation) ? key_bytes(*operation.key) : operation.prepared->tag_length, true};
    return {pads(operation) ? key_bytes(*operation.key) : 0, !pads(operation)};
}

Result<SecretBytes> cipher_whole(Session& session, Operation& operation, Direction direction, ByteView data) {
    SecretBytes out;
    SecretBytes padded;
    if (is_rsa(operation)) {
        if (data.size() > key_bytes(*operation.key))
            return fail(direction == Direction::encrypt ? CKR_DATA_LEN_RANGE : CKR_ENCRYPTED_DATA_LEN_RANGE);
        if (is_bare_rsa(operation)) {
            padded = padded_to_modulus(operation, data);
            data = padded;
        }
    }
    const auto announced = operation.prepared->whole_length;
    if (announced && direction == Direction::encrypt && *announced != data.size())
        return fail(CKR_DATA_LEN_RANGE);
    if (whole_only(operation) && data.size() > CXI_MOST_DATA) return fail(CKR_DATA_LEN_RANGE);
    CS2SIM_TRY(pass(session, operation, direction, data, true, out));
    const bool keep = session.library.config.keep_lead_zeros;
    if (is_bare_rsa(operation) && direction == Direction::decrypt && !keep)
        out.erase(out.begin(), std::ranges::find_if(out, [](std::uint8_t byte) { return byte != 0; }));
    return out;
}

Result<SecretBytes> cipher_update(Session& session, Operation& operation, Direction direction,
                                  ByteView data) {
    SecretBytes out;
    if (whole_only(operation)) {
        if (operation.held.size() + data.size() > CXI_MOST_DATA) return fail(CKR_DATA_LEN_RANGE);
        operation.held.insert(operation.held.end(), data.begin(), data.end());
        return out;
    }
    if (!data.empty()) CS2SIM_TRY(pass(session, operation, direction, data, false, out));
    return out;
}

Result<SecretBytes> cipher_final(Session& session, Operation& operation, Direction direction) {
    if (whole_only(operation))
        return cipher_whole(session, operation, direction, SecretBytes(operation.held));
    SecretBytes out;
    CS2SIM_TRY(pass(session, operation, direction, {}, true, out));
    return out;
}

}  // namespace cs2sim::p11
