#!/bin/sh
# As a monitoring plugin looks for an alarm.
alarm=$(csadm getstate | awk '/^alarm/ { print $3 }')
[ "$alarm" = OFF ]
