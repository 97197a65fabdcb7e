#!/usr/bin/env python3
"""The check value of the MBK, to compare it with that of another device."""
import re
import subprocess

lines = subprocess.run(["csadm", "MBKListKeys"], check=True, capture_output=True, text=True).stdout.splitlines()
assert lines[0] == "slot name     len algo type   k  generation date      key check value", lines
assert lines[1] == "-" * 87, lines
slot, name, length, algo, kind, k, date, time, value = lines[2].split()
assert (slot, length, algo, kind) == ("3", "32", "AES", "SHARE"), lines
assert re.fullmatch(r"\d{4}/\d\d/\d\d", date) and re.fullmatch(r"\d\d:\d\d:\d\d", time), lines
assert re.fullmatch(r"[0-9a-fA-F]{16}:[0-9a-fA-F]{16}", value), lines
