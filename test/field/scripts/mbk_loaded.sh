#!/bin/sh
# Is an MBK in slot 3?
csadm MBKListKeys | grep -Eq '^3 +[A-Za-z0-9_-]+ +32 +AES '
