#!/bin/sh
# A plugin that warns of load, heat and power: OK on an idle simulator.
load=$(csadm Dev="$APPLIANCE" CSLGetLoad | sed 's/ *%$//')
status=$(csadm Dev="$APPLIANCE" CSLGetStatus)
days=$(echo "$status" | awk '/^uptime = / { print $3 }')
heat=$(echo "$status" | awk -F' = ' '/^CPU temperature/ { print int($2) }')
fan=$(echo "$status" | awk -F' = ' '/^fan speed/ { print $2 }')
echo "$status" | grep -q '^redundant power supply = OK$' || exit 2
[ "$(echo "$load" | cut -d. -f1)" -lt 80 ] && [ "$heat" -lt 60 ] && [ "$fan" -gt 1000 ] && [ "$days" -ge 0 ]
