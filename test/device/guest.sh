# What run-in-uml and run-in-qemu share; to be sourced. Both end with the status of the program in the guest, or with
#   70 = the guest kernel died, 71 = it cannot be had, 72 = it did not end in time
# and say which in words.

no_guest() { # reason
    echo "NO GUEST: $1"
    echo "CUSE is tested in a guest kernel of Debian's; tools/install-packages installs what is missing."
    exit 71
}

# Downloads packages and unpacks them, not installed, into a folder that replaces what was there.
unpack_packages() { # folder, package…
    unpack_to=$1
    shift
    command -v dpkg >/dev/null && command -v apt-get >/dev/null || no_guest "this is no Debian system"
    rm -rf "$unpack_to.new"
    mkdir -p "$unpack_to.new"
    (
        cd "$unpack_to.new"
        for package; do
            apt-get download -q "$package" >download.log 2>&1 ||
                { apt-get update -q && apt-get download -q "$package"; } >download.log 2>&1 ||
                no_guest "package $package cannot be downloaded: $(grep -m1 ^E: download.log || echo no reason given)"
            dpkg -x "$package"_*.deb root
        done
    ) || exit $?
    rm -rf "$unpack_to"
    mv "$unpack_to.new/root" "$unpack_to"
    rm -rf "$unpack_to.new"
}

# The first of these files that is there.
first_of() {
    for file; do
        [ ! -e "$file" ] || { echo "$file"; return 0; }
    done
    return 1
}

# The verdict from the files `output`, `status` and `console` of the present folder.
verdict() { # guest, exit status of its process under timeout, program
    [ ! -f output ] || cat output
    if [ -s status ]; then
        status=$(cat status)
        [ "$status" = 0 ] || echo "FAILED: under $1 $3 ended with status $status"
        exit "$status"
    fi
    echo "the guest's console:"
    tail -n 30 console
    case $2 in
    124 | 137)
        echo "NOT ENDED: $3 did not end in time under $1"
        exit 72
        ;;
    esac
    reason=$(grep -m 1 -e 'Kernel panic' console || true)
    where=$(grep -o -m 1 -e 'put_fp_registers' console || true)
    echo "THE GUEST KERNEL DIED, no verdict on $3: ${reason:-its process ended with status $2}${where:+, in $where}"
    exit 70
}
