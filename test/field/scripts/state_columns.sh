#!/bin/sh
# Every line but the first, empty one has its equals sign in column 11.
csadm GetState | awk 'NR == 1 { if ($0 != "") exit 1; next } substr($0, 11, 1) != "=" { bad = 1 } END { exit bad }'
