#!/bin/sh
# cs_multi.sh N [-d FOLDER]
#
# Starts N simulators in the foreground, as bl_sim5 starts one: on SDK_PORT and every second port after it. A signal (INT,
# TERM, HUP) ends them all; ends with the status of one that failed.
#
# N            how many
# -d FOLDER    their state folders are FOLDER/1, FOLDER/2 and so on
# --help       this text
#
# SDK_PORT     port of the first (3001)
# SDK_INSTANCE_PATH, SDK_PATH_DEVICES, SDK_PATH
#              the folder without -d, the first that is given; without any ~/.local/state/cs2sim-multi
# CS2SIM_LISTEN
#              any: they listen on all addresses; other places for one simulator alone
# CS2SIM_PROFILE
#              profile of the devices (se-gen2)
set -u
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd) || exit 1
if [ "${1:-}" = --help ]; then # the head of this file, which is its page of the manual, too
    sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$0"
    exit 0
fi
count=${1:-}
case $count in
'' | 0 | *[!0-9]*)
    echo "usage: $(basename "$0") N [-d FOLDER]; $(basename "$0") --help says more" >&2
    exit 2
    ;;
esac
shift
folder=
if [ $# -eq 2 ] && [ "$1" = -d ]; then
    folder=$2
elif [ $# -ne 0 ]; then
    echo "usage: $(basename "$0") N [-d FOLDER]; $(basename "$0") --help says more" >&2
    exit 2
fi
case ${CS2SIM_LISTEN:-any} in
any) ;;
*)
    [ "$count" -eq 1 ] || {
        echo "$(basename "$0"): CS2SIM_LISTEN names one place for $count simulators; any listens on SDK_PORT and every second port after it" >&2
        exit 2
    }
    ;;
esac
folder=${folder:-${SDK_INSTANCE_PATH:-${SDK_PATH_DEVICES:-${SDK_PATH:-${XDG_STATE_HOME:-$HOME/.local/state}/cs2sim-multi}}}}
first=${SDK_PORT:-3001}

children=
end_all() {
    for child in $children; do kill "$child" 2>/dev/null; done
    wait
}
trap 'end_all; exit 0' INT TERM HUP

number=1
while [ "$number" -le "$count" ]; do
    mkdir -p "$folder/$number" || exit 1
    SDK_PORT=$((first + 2 * (number - 1))) "$here/bl_sim5" -h -o -d "$folder/$number" &
    children="$children $!"
    number=$((number + 1))
done
status=0
for child in $children; do
    wait "$child" || status=$?
done
exit "$status"
