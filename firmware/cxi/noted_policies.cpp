#include "firmware/cxi/noted_policies.h"

#include <algorithm>

#include "firmware/cxi/cxi.h"
#include "firmware/protocol/block.h"
#include "firmware/protocol/functions.h"

namespace cs2sim {
namespace {

// Where one policy would begin with an algorithm.
constexpr std::uint32_t kSeveral = 0xFFFFFFFF;
// There are 8 but for those of users' modules.
constexpr std::size_t kMostKinds = 16;

template <class T>
void add_to(std::vector<T>& list, const T& value) {
    if (std::ranges::find(list, value) == list.end()) list.push_back(value);
}

// What the note says the bytes were, with the limits that they had. A key comes back into a group that it
// left where TRUSTED keys of that group guard it: its security officer has no say in another, nor over who
// holds an open object.
Result<void> bind_noted(std::uint16_t modes, KeyObject& key, bool open, const NotedPolicies& noted) {
    const KeyPolicy* bound = find_kind(noted, policy_of(key));
    if (!bound) return fail(E_CXI_KEY_TYPE);
    const std::vector<Bytes>& homes = bound->homes;
    const bool elsewhere =
        !homes.empty() && std::ranges::find(homes, group_prefix(key.group())) == homes.end();
    if (bound->wrap_with_trusted && (elsewhere || open)) return fail(E_CXI_KEY_EXPORT_DENIED);
    if (elsewhere) CS2SIM_TRY(approve_act(modes | bound->made_in, Act::plain_import));
    narrow_all(key.properties, *bound);
    return {};
}

}  // namespace

KeyPolicy either(const KeyPolicy& had, const KeyPolicy& now) {
    KeyPolicy both = had;
    both.export_policy = narrower_export(had.export_policy, now.export_policy);
    both.usage |= now.usage;
    both.sensitive = had.sensitive || now.sensitive;
    both.extractable = had.extractable && now.extractable;
    both.wrap_with_trusted = had.wrap_with_trusted || now.wrap_with_trusted;
    if (!now.mechanisms) both.mechanisms.reset();
    for (const std::uint32_t mechanism : now.mechanisms.value_or(std::vector<std::uint32_t>()))
        if (both.mechanisms) add_to(*both.mechanisms, mechanism);
    both.expires = had.expires && now.expires ? std::max(had.expires, now.expires) : std::nullopt;
    if (now.wrap_with_trusted && !had.wrap_with_trusted)
        both.homes = now.homes;
    else if (had.homes.empty() || now.homes.empty())
        both.homes.clear();
    else
        for (const Bytes& home : now.homes) add_to(both.homes, home);
    both.made_in = static_cast<std::uint16_t>(had.made_in | now.made_in);
    return both;
}

bool same_kind(const KeyPolicy& one, const KeyPolicy& other) {
    const auto curve = [](std::uint32_t algorithm) {
        return algorithm == CXI_KEY_ALGO_EC || algorithm == CXI_KEY_ALGO_ECDH;
    };
    return one.type == other.type &&
           (one.algorithm == other.algorithm || (curve(one.algorithm) && curve(other.algorithm)));
}

const KeyPolicy* find_kind(const NotedPolicies& noted, const KeyPolicy& of) {
    const auto found =
        std::ranges::find_if(noted, [&](const KeyPolicy& each) { return same_kind(each, of); });
    return found == noted.end() ? nullptr : &*found;
}

Result<void> note_wrapped(NotedPolicies& noted, const KeyPolicy& policy) {
    const KeyPolicy guards = noted.empty() ? policy : either(noted.front(), policy);
    const auto own =
        std::ranges::find_if(noted, [&](const KeyPolicy& each) { return same_kind(each, policy); });
    if (own != noted.end())
        *own = either(*own, policy);
    else if (noted.size() < kMostKinds)
        noted.push_back(policy);
    else
        return fail(E_DB_NO_SPACE);
    for (KeyPolicy& each : noted) {
        each.export_policy = guards.export_policy;
        each.sensitive = guards.sensitive;
        each.extractable = guards.extractable;
        each.wrap_with_trusted = guards.wrap_with_trusted;
        each.homes = guards.homes;
        each.made_in = guards.made_in;
    }
    return {};
}

Result<Bytes> encode_policies(const NotedPolicies& noted) {
    if (noted.empty()) return Bytes();
    if (noted.size() == 1) return encode_policy(noted.front());
    Bytes policies;
    for (const KeyPolicy& each : noted) {
        CS2SIM_TRY_LET(encoded, encode_policy(each));
        CS2SIM_TRY(compose_into(policies, LAYOUT_CXI_KEY_POLICY_ENTRY, {encoded}));
    }
    return compose(LAYOUT_CXI_KEY_POLICIES, {kSeveral, policies});
}

NotedPolicies decode_policies(ByteView note) {
    if (note.empty()) return {};
    const auto several = parse(LAYOUT_CXI_KEY_POLICIES, note);
    if (!several || several->u32("form") != kSeveral) return {decode_policy(note)};
    NotedPolicies noted;
    ByteView rest = several->bytes("policies");
    while (!rest.empty()) {
        const auto entry = parse_prefix(LAYOUT_CXI_KEY_POLICY_ENTRY, rest);
        if (!entry) break;
        noted.push_back(decode_policy(entry->bytes("policy")));
    }
    return noted;
}

Result<void> note_policy(Cxi& cxi, const LoadedKey& key) {
    CS2SIM_TRY(cxi.keys.keep_roles(key));
    CS2SIM_TRY_LET(known, cxi.keys.policies(key));
    KeyPolicy policy = policy_of(key.object);
    policy.homes = {group_prefix(key.object.group())};
    const auto with_this = [&](ByteView note) -> Result<Bytes> {
        NotedPolicies noted = decode_policies(note);
        CS2SIM_TRY(note_wrapped(noted, policy));
        return encode_policies(noted);
    };
    bool differs = false;
    for (const Bytes& note : known) {
        CS2SIM_TRY_LET(after, with_this(note));
        differs |= after != note;
    }
    if (!differs) return {};
    return cxi.keys.change_policies(key, with_this);
}

Result<void> bind_policy(Cxi& cxi, KeyObject& key, bool open, ByteView came, bool authenticated) {
    CS2SIM_TRY_LET(loaded, load_key(key));
    CS2SIM_TRY_LET(policies, cxi.keys.policies(loaded, came));
    bool known = false;
    for (const Bytes& note : policies) {
        if (note.empty()) continue;
        known = true;
        const NotedPolicies noted = decode_policies(note);
        CS2SIM_TRY(bind_noted(cxi.modes(), key, open, noted));
        CS2SIM_TRY(cxi.keep_holders(loaded, noted.front().homes, key.group()));
    }
    if (known || authenticated) return {};
    KeyPolicy bound = policy_of(key);
    bound.export_policy &= ~std::uint32_t{CXI_KEY_EXPORT_ALLOW_PLAIN};
    bound.sensitive = true;
    narrow_all(key.properties, bound);
    return {};
}

}  // namespace cs2sim
