#!/usr/bin/env python3
"""All modules have started."""
import re
import subprocess

text = subprocess.run(["csadm", "ListModulesActive"], check=True, capture_output=True, text=True).stdout
rows = re.findall(r"^([0-9A-F]+)\s+([A-Z0-9]+)\s+(\d+\.\d+\.\d+\.\d+)\s+(\S+)$", text, re.M)
assert len(rows) > 15, text
assert {"CMDS", "ADM", "DB", "MBK", "CXI"} <= {row[1] for row in rows}, text
assert all(row[3] == "INIT_OK" for row in rows), text
