#!/bin/sh
# A module and its version.
csadm ListFirmware | awk '$2 == "CMDS" && $3 ~ /^[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+$/ { found = 1 } END { exit !found }'
