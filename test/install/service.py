"""Checks of what is installed for systemd: that the service is locked in, that firmware modules run in it all the same, and that
service and socket agree on where an instance answers."""
import os
import re
import subprocess
import time

from checks import check, needed, run

# By these the process of a firmware module locks itself in (firmware/modules/host/sandbox.c, reading.c): where one is refused it
# ends, or goes on less locked in.
MODULES_CALL = {"capset", "close_range", "landlock_add_rule", "landlock_create_ruleset", "landlock_restrict_self", "memfd_create",
                "prctl", "prlimit64", "sendfile"}
# By these its simulator starts and ends it, and gives a socket to a group.
SIMULATOR_CALLS = {"clone3", "execve", "wait4", "kill", "pidfd_open", "setpgid", "chown", "fchown", "chmod", "fchmod"}
REFUSED = {"mount", "ptrace", "bpf", "setuid"}


def calls_of(group):
    """The names of the system calls of a group."""
    words = (line.strip() for line in run("systemd-analyze", "syscall-filter", group).stdout.splitlines()[1:])
    return set().union(*(calls_of(word) if word[0] == "@" else {word} for word in words if word and word[0] != "#"))


def settings(unit, name):
    return re.findall(rf"^{name}=(.*)$", unit.read_text(), re.M)


def allowed_calls(unit):
    allowed = calls_of("@default")
    for setting in settings(unit, "SystemCallFilter"):
        named = set().union(*(calls_of(word) if word[0] == "@" else {word} for word in setting.removeprefix("~").split()))
        allowed = allowed - named if setting.startswith("~") else allowed | named
    return allowed


def units(there):
    return [there.one(f"lib/systemd/system/cs2sim@.{kind}") for kind in ("service", "socket")]


def modules_run_in_the_unit(there, _):
    needed("systemd-analyze")
    unit = units(there)[0]
    allowed = allowed_calls(unit)
    check(MODULES_CALL | SIMULATOR_CALLS <= allowed,
          f"the unit's filter refuses what modules need: {sorted((MODULES_CALL | SIMULATOR_CALLS) - allowed)}")
    check(not REFUSED & allowed, f"the unit's filter allows {sorted(REFUSED & allowed)}")
    architectures = {word for line in settings(unit, "SystemCallArchitectures") for word in line.split()}
    check({"native", "x86"} <= architectures, f"modules may be of 64 and of 32 bit: {architectures}")


def units_are_lawful(there, _):
    copies = []
    for unit in units(there):
        copies.append(there.top / unit.name.replace("@", "@pair"))
        copies[-1].write_text(re.sub('^ExecStart="[^"]*"', "ExecStart=/bin/true", unit.read_text(), flags=re.M))
    verified = run("systemd-analyze", "verify", "--man=no", *copies)
    check("cs2sim@pair" not in verified.stderr, f"service and socket are lawful: {verified.stderr}")


def settings_for_the_program(service, folder):
    """What the service's unit gives to cs2sim, with `folder` in place of the instance's."""
    words = " ".join(settings(service, "Environment")).replace("/run/cs2sim/%i", str(folder))
    return dict(re.findall(r"(CS2SIM_LISTEN|CS2SIM_SOCKET_MODE)=([^ \"]*)", words))


def service_and_socket_agree(there, _):
    """One way in each, for the same people: where systemd calls, or where the service's unit says."""
    service, called = units(there)
    folder = there.top / "run"
    folder.mkdir()
    given = settings_for_the_program(service, folder)
    check(len(given) == 2, f"the service's unit says where and for whom: {given}")
    state, way = there.top / "agrees", folder / "called"
    check(settings(called, "SocketMode") == [given["CS2SIM_SOCKET_MODE"]], "socket and service are for the same people")

    words = [needed("systemd-socket-activate"), "-l", way, *(f"-E{name}" for name in {**there.environment, **given}),
             there.bin / "cs2sim", "start", "--foreground", "--no-device", "--state", state]
    systemd = subprocess.Popen(words, env={**os.environ, **there.environment, **given}, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, text=True)
    try:
        line = systemd.stdout.readline()
        check("Listening on" in line, f"systemd-socket-activate: {line}")
        shown = there.run("csadm", f"Dev=unix:{way}", "GetState").stdout
        check("INITIALIZED" in shown, f"who connects starts the instance: {shown}")
        for _ in range(500):  # it answers before its record is there
            if (state / "instance.toml").exists():
                break
            time.sleep(0.01)
        listens = re.findall(r"^listen +(.*)$", there.run("cs2sim", "status", "--state", state).stdout, re.M)
        check(listens == [f"unix:{way}"], f"it answers where systemd calls, and nowhere else: {listens}")
    finally:
        systemd.terminate()
        systemd.communicate()

    there.run("cs2sim", "start", "--no-device", "--state", state, env=given)
    mode = (folder / "socket").stat().st_mode & 0o777
    there.run("cs2sim", "stop", "--state", state)
    check(f"0{mode:o}" == given["CS2SIM_SOCKET_MODE"], f"the service's own socket is for its group: {mode:o}")


SERVICE_CHECKS = [modules_run_in_the_unit, units_are_lawful, service_and_socket_agree]
