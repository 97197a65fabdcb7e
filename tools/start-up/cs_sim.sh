#!/bin/sh
# cs_sim.sh [-d FOLDER]
#
# Starts one simulator in the foreground, as `bl_sim5 -h -o` does, whose options and variables it takes: bl_sim5(1).
#
# -d FOLDER    state folder, made when it is not there
# --help       this text
#
# SDK_PORT     port (3001)
# CS2SIM_LISTEN, CS2SIM_PROFILE, SDK_PATH and others
#              as of bl_sim5
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd) || exit 1
if [ "${1:-}" = --help ]; then # the head of this file, which is its page of the manual, too
    sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$0"
    exit 0
fi
exec "$here/bl_sim5" -h -o "$@"
