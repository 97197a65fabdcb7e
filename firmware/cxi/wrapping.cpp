#include "firmware/cxi/wrapping.h"

#include <algorithm>

#include "firmware/cxi/cxi.h"
#include "firmware/protocol/block.h"
#include "firmware/protocol/functions.h"

namespace cs2sim {
namespace {

// What keys lose when they come into a group that has it off, and what they were never under when they come
// from there.
constexpr bool Restrictions::*kKept[] = {&Restrictions::wrap_policy, &Restrictions::secure_derivation,
                                         &Restrictions::secure_import};

bool is_local(const KeyObject& key) { return key.properties.flag_or(CXI_PROP_LOCAL, false); }

// The value of a key that came in, or was made of others, may be one that somebody chose, and anybody
// encrypts to a public key. In certified modes what could be had in clear counts as well, and so do keys of
// another group, whose security officer may let them out, and whatever no such mode made: other modes have
// too many ways to tell a key for their traces to be listed.
bool may_be_known(const Move& move) {
    const LoadedKey& wrapping = move.wrapping;
    if (wrapping.pkey && move.use != USE_WRAP) return true;
    if (!is_certified(move.modes)) return !is_local(wrapping.object);
    if (wrapping.object.group() != move.group || wrapping.object.made_in() == 0) return true;
    return wrapping.pkey ? !is_local(wrapping.object) : !is_unknown_outside(wrapping.object);
}

// A key that both handles keys and encrypts or decrypts makes chosen keys, or tells keys.
Result<void> apply_wrap_policy(const Move& move, const Restrictions& set, bool trusted) {
    const KeyObject& wrapping = move.wrapping.object;
    if (!set.wrap_policy) return {};
    if (wrapping.is_public() && !trusted) return fail(E_CXI_SECURE_PUBLIC_WRAPPING);
    CS2SIM_TRY(approve_purpose(0, set, usage_of(wrapping.properties)));
    if (move.mechanism.is_vendor()) return {};
    return approve_wrap_mechanism(move.use, wrapping.algorithm() == CXI_KEY_ALGO_RSA, move.mechanism.value);
}

// Whether one group has a setting that the other lacks.
bool gains(const CxiConfig& had, const CxiConfig& has) {
    bool gained = (has.check_validity && !had.check_validity) || !permits(had.plain, has.plain);
    for (const auto setting : kKept) gained |= has.restrictions.*setting && !(had.restrictions.*setting);
    return gained;
}

}  // namespace

bool makes_iv(ByteView parameter) {
    const auto given = parse(LAYOUT_CXI_CRYPT_PARAMETER, parameter);
    const auto framed = parse(LAYOUT_CXI_FRAME_PARAMETER, parameter);
    return (given && given->u8("source") == CXI_IV_GENERATE) ||
           (framed && framed->u8("source") == CXI_IV_GENERATE);
}

bool has_short_tag(const LoadedKey& wrapping, Mechanism mechanism, ByteView parameter) {
    constexpr unsigned kShortest = 96;
    if (wrapping.pkey || mechanism.is_vendor() || !mechanism.is_tagged()) return false;
    const auto given = parse(LAYOUT_CXI_CRYPT_PARAMETER, parameter);
    const unsigned bits = given ? given->u16("tagbits") : 0;
    return bits != 0 && bits < kShortest;
}

bool is_authenticated(const LoadedKey& wrapping, Mechanism mechanism, ByteView parameter) {
    if (mechanism.is_vendor()) return false;  // its other bits are whatever the caller likes
    if (wrapping.pkey) return mechanism.pad() == CXI_MECH_PAD_OAEP;
    if (mechanism.chain() == CXI_MECH_CHAIN_KEY_WRAP) return true;
    return mechanism.is_tagged() && !has_short_tag(wrapping, mechanism, parameter);
}

bool is_trusted_for(const LoadedKey& wrapping, std::string_view group) {
    return wrapping.object.group() == group && wrapping.object.properties.flag_or(CXI_PROP_TRUSTED, false);
}

Result<void> approve_passage(const CxiCall& call, std::string_view from, std::string_view to) {
    if (from == to) return {};
    CS2SIM_TRY_LET(had, call.cxi.config(from));
    CS2SIM_TRY_LET(has, call.cxi.config(to));
    bool loses = had.check_validity && !has.check_validity;
    for (const auto setting : kKept) loses |= had.restrictions.*setting && !(has.restrictions.*setting);
    if (loses) return fail(E_CXI_PERMISSION_DENIED);
    CS2SIM_TRY_LET(in_clear, call.has(RIGHT_PLAIN, to));
    return in_clear ? call.require(RIGHT_PLAIN, from) : Result<void>();
}

bool departs(const LoadedKey& key, const Destination& to) {
    const bool was_open = key.external && are_open(key.object.properties);
    return !key.object.is_public() && (key.object.group() != to.group || (to.open && !was_open));
}

Result<void> approve_departure(const CxiCall& call, const LoadedKey& key, const Destination& to,
                               Carries carries) {
    const KeyObject& object = key.object;
    const PropertyList& properties = object.properties;
    if (!departs(key, to)) return {};
    CS2SIM_TRY_LET(uses, call.has(RIGHT_USE, key));
    if (!uses) return fail(E_CXI_PERMISSION_DENIED);
    const bool is_key = object.type() < CXI_KEY_TYPE_DATA;
    const bool whole = carries == Carries::bytes && (is_key || object.group() != to.group);
    if (whole && (object.export_policy() & CXI_KEY_EXPORT_ALLOW) == 0) return fail(E_CXI_KEY_EXPORT_DENIED);
    if (is_key) {
        const bool stays =
            whole ? stays_in_group(properties) : properties.flag_or(CXI_PROP_WRAP_WITH_TRUSTED, false);
        if (stays) return fail(E_CXI_KEY_EXPORT_DENIED);
        if (whole || object.group() != to.group)
            CS2SIM_TRY(approve_act(call.cxi.modes_for(object), Act::plain_export));
    }
    return approve_passage(call, object.group(), to.group);
}

Result<bool> comes_from_outside(const CxiCall& call, const LoadedKey& source, const Destination& to) {
    const std::string_view from = source.object.group();
    const bool was_open = source.external && are_open(source.object.properties);
    const bool is_nobodys = was_open && !to.open;
    if (from == to.group && !is_nobodys) return false;
    if (is_nobodys && is_certified(call.cxi.modes())) return true;
    CS2SIM_TRY_LET(had, call.cxi.config(from));
    CS2SIM_TRY_LET(has, call.cxi.config(to.group));
    if (is_nobodys) had = CxiConfig{};
    if (gains(had, has)) return true;
    CS2SIM_TRY_LET(in_clear, call.has(RIGHT_PLAIN, from));
    CS2SIM_TRY_LET(here, call.has(RIGHT_PLAIN, to.group));
    return in_clear && !here;
}

Result<bool> approve_entry(const CxiCall& call, const LoadedKey& source, const Destination& to,
                           std::uint32_t type, PropertyList& properties) {
    CS2SIM_TRY_LET(enters, comes_from_outside(call, source, to));
    if (!enters || type >= CXI_KEY_TYPE_DATA) return false;
    if (type == CXI_KEY_TYPE_PUBLIC) return true;
    CS2SIM_TRY(call.require(RIGHT_PLAIN, to.group));
    CS2SIM_TRY_LET(settings, call.cxi.config(to.group));
    CS2SIM_TRY(restrict_import(properties, settings.restrictions, type == CXI_KEY_TYPE_SECRET));
    return true;
}

Result<void> inherit_mode(const CxiCall& call, std::uint16_t made_in, PropertyList& properties) {
    keep_to_mode(properties, made_in);
    if (made_in == 0) return {};
    return call.require(RIGHT_MANAGE, properties.text(CXI_PROP_KEY_GROUP));
}

void forget_origin(KeyObject& key) {
    for (const std::uint32_t history :
         {CXI_PROP_LOCAL, CXI_PROP_ALWAYS_SENSITIVE, CXI_PROP_NEVER_EXTRACTABLE})
        if (key.properties.has(history)) key.properties.set_flag(history, false);
}

Result<void> approve_move(const CxiCall& call, const Move& move) {
    const KeyObject& wrapping = move.wrapping.object;
    const bool wraps = move.use == USE_WRAP;
    // An open object is nobody's: whoever holds it encrypts and decrypts with it.
    if (!move.open) CS2SIM_TRY(call.require(RIGHT_USE, wrapping.group()));
    CS2SIM_TRY(
        approve_passage(call, wraps ? move.group : wrapping.group(), wraps ? wrapping.group() : move.group));

    const bool trusted = is_trusted_for(move.wrapping, move.group);
    const bool known = !trusted && may_be_known(move);
    if (known) CS2SIM_TRY(approve_act(move.modes, wraps ? Act::plain_export : Act::plain_import));
    CS2SIM_TRY_LET(of_wrapping, call.cxi.config(wrapping.group()));
    CS2SIM_TRY_LET(of_moved, call.cxi.config(move.group));
    const Restrictions set = strictest(of_wrapping.restrictions, of_moved.restrictions);
    CS2SIM_TRY(apply_wrap_policy(move, set, trusted));
    if (set.secure_import && wraps && !trusted && !is_local(wrapping)) return fail(E_CXI_SECURE_PROP_WRAP);
    // In clear, but for the look of it. What the caller, or another user, could have in clear there, the
    // caller must be allowed to have here, and what they chose where a setting of this group does not hold,
    // to bring.
    const bool foreign = wrapping.group() != move.group;
    CS2SIM_TRY_LET(brought, wraps || trusted
                                ? Result<bool>(false)
                                : comes_from_outside(call, move.wrapping, {move.group, move.open}));
    return known || foreign || brought ? call.require(RIGHT_PLAIN, move.group) : Result<void>();
}

}  // namespace cs2sim
