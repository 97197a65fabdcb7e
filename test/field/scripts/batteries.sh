#!/bin/sh
# Both batteries, their voltages.
csadm GetBattState | grep -Eq '^Carrier Battery: +ok \([0-9.]+ V\)$' &&
    csadm GetBattState | awk -F'[()]' '/^External Battery:/ { split($2, v, " "); exit v[1] < 2.5 }'
