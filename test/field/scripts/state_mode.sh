#!/bin/sh
# As a start-up script waits for a device.
csadm GetState | grep -q '^mode      = Operational Mode$' || exit 1
csadm GetState | grep -Eq '^state     = INITIALIZED \(0x00100004\)$'
