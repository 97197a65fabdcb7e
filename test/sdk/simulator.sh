# What these tests share; sourced by them, which have set `bin`, the folder of the programs. A folder of their own, a state
# in it, and a socket for the simulator that start_simulator starts; all goes with the test, and the processes in `beside`.
PATH=$bin:$PATH
export PATH
folder=$(mktemp -d)
CS2SIM_STATE=$folder/state
export CS2SIM_STATE CRYPTOSERVER="unix:$folder/test.socket"
beside=
# shellcheck disable=SC2086
trap '[ -z "$beside" ] || kill $beside 2>/dev/null || true; cs2sim stop >/dev/null 2>&1 || true; rm -rf "$folder"' EXIT

# Modules of today are of 32 bit, where there is a process for them.
if [ -x "$bin/cs2sim-module32" ] || [ -x "$bin/../libexec/cs2sim/cs2sim-module32" ]; then bits=32; else bits=64; fi

start_simulator() { # start_simulator OPTIONS…
    mkdir -p "$CS2SIM_STATE"
    chmod 700 "$CS2SIM_STATE"
    cs2sim start --no-device --listen "unix:$folder/test.socket" --pid-file "$folder/pid" "$@" >/dev/null
    admin=ADMIN,$CS2SIM_STATE/ADMIN.key
}
expect() { # expect WHAT GOT WANTED
    [ "$2" = "$3" ] || { echo "FAILED: $1: '$2', not '$3'" >&2; exit 1; }
    echo "passed: $1"
}
expect_in() { # expect_in WHAT WORDS TEXT
    case $3 in *"$2"*) echo "passed: $1" ;; *) echo "FAILED: $1: no '$2' in: $3" >&2; exit 1 ;; esac
}
trace_services() { # trace_services OPTIONS…: in the background, to trace.log, from now on
    cs2sim trace --services "$@" >trace.log 2>trace.err &
    tracing=$!
    i=0
    until grep -q listening trace.err || [ $i -gt 100 ]; do
        i=$((i + 1))
        sleep 0.1
    done
}
module_beneath() { # module_beneath PID: the process of a module beneath the simulator's
    for status in /proc/[0-9]*/status; do
        if grep -q "^Name:.*cs2sim-module" "$status" 2>/dev/null && grep -q "^PPid:[[:space:]]*$1$" "$status" 2>/dev/null; then
            basename "$(dirname "$status")"
        fi
    done
}
