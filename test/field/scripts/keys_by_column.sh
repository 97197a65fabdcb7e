#!/bin/sh
# The keys of a group, their names by awk.
names=$(cxitool "$CLERK" Group=FIELD ListKeys | awk '/^[0-9]/ { print $6 }' | sort | tr '\n' ' ')
[ "$names" = 'one two ' ]
