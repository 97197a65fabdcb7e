#!/bin/sh
# Group and label of a key, by the colon.
info=$(cxitool "$CLERK" Group=FIELD Name=one KeyInfo) || exit 1
group=$(printf '%s\n' "$info" | awk -F' *: ' '$1 == "Group" { print $2 }')
label=$(printf '%s\n' "$info" | sed -n 's/^Label         : //p')
[ "$group" = FIELD ] && [ "$label" = 'first key' ]
