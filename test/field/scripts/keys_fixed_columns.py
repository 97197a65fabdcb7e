#!/usr/bin/env python3
"""The columns of ListKeys as they stand."""
import os
import subprocess

lines = subprocess.run(["cxitool", os.environ["CLERK"], "Group=FIELD", "ListKeys"], check=True,
                       capture_output=True, text=True).stdout.splitlines()
assert lines[0] == "" and lines[2] == "-" * 86, lines
starts = {word: lines[1].index(word) for word in ("idx", "algo", "size", "type", "group", "name", "spec")}
assert list(starts.values()) == [0, 4, 10, 15, 24, 49, 82], starts
keys = [[line[4:10].strip(), int(line[10:15]), line[15:24].strip(), line[24:49].strip(), line[49:82].strip(),
         int(line[82:])] for line in lines[3:]]
assert keys == [["AES", 256, "sec", "FIELD", "one", 0], ["RSA", 2048, "prv", "FIELD", "two", 0]], keys
