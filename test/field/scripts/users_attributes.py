#!/usr/bin/env python3
"""Users of a PKCS#11 slot by their attributes."""
import re
import subprocess

subprocess.run(["csadm", "LogonSign=ADMIN," + __import__("os").environ["ADMIN_KEY"],
                "AddUser=USR_0007,00000002{CXI_GROUP=SLOT_0007},hmacpwd,users-secret"], check=True)
text = subprocess.run(["csadm", "ListUsers"], check=True, capture_output=True, text=True).stdout
row = re.compile(r"^(\S+)\s+([0-9A-F]{8})\s{4}(RSA sign|ECDSA sign|HMAC passwd|SHA1 passwd)\s*"
                 r"(?:Z\[(\d+)\])?(?:I\[(\d)\])?(?:A\[([^\]]*)\])?", re.M)
users = {name: (permission, attributes) for name, permission, _, _, _, attributes in row.findall(text)}
assert users["USR_0007"] == ("00000002", "CXI_GROUP=SLOT_0007"), text
assert users["ADMIN"][0] == "22000000", text
