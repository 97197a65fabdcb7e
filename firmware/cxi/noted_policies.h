// What is noted of the bytes of wrapped keys: as which kinds of key they were wrapped, what each of these may
// do, and the guards of all of them.
#pragma once

#include "firmware/cxi/policy.h"

namespace cs2sim {

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

}  // namespace cs2sim
