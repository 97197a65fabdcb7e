#!/usr/bin/env python3
"""The identity of a unit, from the hexadecimal and from the letters beside it."""
import re
import subprocess

state = subprocess.run(["csadm", "GetState"], check=True, capture_output=True, text=True).stdout
assert state.startswith("\nmode "), state
rows = dict(re.findall(r"^(uid|adm[123])\s+= ((?:[0-9a-f]{8} ?){2} *(?:[0-9a-f]{8} ?){0,2}) *\|", state, re.M))
letters = dict(re.findall(r"^(uid|adm[123]) .*\|(.{16})\|$", state, re.M))
assert set(rows) == set(letters) == {"uid", "adm1", "adm2", "adm3"}, state
for name, text in rows.items():
    decoded = bytes.fromhex(text.replace(" ", "")).replace(b"\0", b" ").decode()
    assert letters[name].rstrip() == decoded.rstrip(), (name, letters[name], decoded)
