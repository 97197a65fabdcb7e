#!/bin/sh
# Permission where the heading stands, one further right.
csadm ListUsers | awk 'NR == 1 { at = index($0, "Permission") + 1; next }
                       substr($0, at, 8) !~ /^[0-9A-F]+$/ { bad = 1 } END { exit bad || NR < 2 }'
