#!/usr/bin/env python3
"""The order of the lines, and one row a connection."""
import os
import re
import subprocess


def csadm(command):
    return subprocess.run(["csadm", "Dev=" + os.environ["APPLIANCE"], command], check=True, capture_output=True,
                          text=True).stdout


names = [line.split(" = ")[0] for line in csadm("CSLGetStatus").splitlines()]
assert names == ["uptime", "fan speed [rpm]", "CPU temperature [C]", "redundant power supply"], names
assert re.fullmatch(r"\d+\.\d %\n", csadm("CSLGetLoad"))
assert all(re.match(r"\d+ TCP ", line) for line in csadm("CSLGetConnections").splitlines())
assert csadm("CSLGetVersion") == "CSLAN  5.1.0\n"
