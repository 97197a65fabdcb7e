// What is noted of the bytes of wrapped keys: as which kinds of key they were wrapped, what each of these may
// do, and the guards of all of them.
#pragma once

#include "firmware/cxi/policy.h"

namespace cs2sim {

class Cxi;

// What either of two keys with the same bytes may do: one that `had` been wrapped and one that is wrapped
// `now`. But guards are the strictest of both (export policy, SENSITIVE, EXTRACTABLE, WRAP_WITH_TRUSTED,
// made_in): they were set for the bytes, and a key that was wrapped before would else lose them when it is
// wrapped again. Both come back into the homes of both; with WRAP_WITH_TRUSTED that is new into those alone
// where it was set.
KeyPolicy either(const KeyPolicy& had, const KeyPolicy& now);

// Whether keys of these policies are of one kind: a key of curves signs or agrees, whichever it is said to be
// for.
bool same_kind(const KeyPolicy& one, const KeyPolicy& other);

// One each kind. Guards are those of the bytes: the same in all of them.
using NotedPolicies = std::vector<KeyPolicy>;

// The policy of that kind, or null.
const KeyPolicy* find_kind(const NotedPolicies& noted, const KeyPolicy& of);

// A key of that policy is wrapped now: its kind may do what either() says, and all kinds have the guards that
// any had. Error: E_DB_NO_SPACE when these are too many kinds.
Result<void> note_wrapped(NotedPolicies& noted, const KeyPolicy& policy);

// As a note. One policy stands there as encode_policy() makes it, which is the form before. Errors: as there.
Result<Bytes> encode_policies(const NotedPolicies& noted);
NotedPolicies decode_policies(ByteView note);  // none for an empty note

// What is wrapped may come back as what it was at most: the device keeps for each kind of key that these
// bytes were wrapped as the widest policy, and for all kinds the strictest guards and the groups that they
// left, as the usual formats have no room for one. Errors: the database's, E_DB_NO_SPACE.
Result<void> note_policy(Cxi& cxi, const LoadedKey& key);

// The other way: bytes that were wrapped here stay of a kind of key that they were, by the bytes as they came
// and by what was made of them. Of others only what the mechanism proves to be whole may be had in clear.
// `open`: the key becomes an open object. Errors: E_CXI_KEY_TYPE, E_CXI_KEY_EXPORT_DENIED,
// Act::plain_import; the database's.
Result<void> bind_policy(Cxi& cxi, KeyObject& key, bool open, ByteView came, bool authenticated);

}  // namespace cs2sim
