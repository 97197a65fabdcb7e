#!/bin/sh
temperature=$(csadm GetState | awk -F'[= ]+' '$1 == "temp" { print int($2) }')
[ "$temperature" -gt 0 ] && [ "$temperature" -lt 60 ]
