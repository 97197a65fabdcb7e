#!/bin/sh
# One simulator, as bl_sim5 starts it.
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd) || exit 1
exec "$here/bl_sim5" -h -o "$@"
