#!/bin/sh
# Permission and mechanism by awk's columns.
csadm ListUsers | awk 'NR > 1 && $1 == "ADMIN" && $2 == "22000000" && $3 " " $4 == "RSA sign" { found = 1 }
                       END { exit !found }'
