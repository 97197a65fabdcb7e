#!/usr/bin/env python3
"""The table of firmware/sdk/README.md that says which functions of the SDK are there.

    list_functions.py REPOSITORY HOST           prints it, of the program HOST (cs2sim-module64)
    list_functions.py REPOSITORY HOST --check   compares it with the page
"""
import re
import subprocess
import sys
from pathlib import Path

repository, host = map(Path, sys.argv[1:3])
PAGE = repository / 'firmware/sdk/README.md'


def there():
    symbols = subprocess.run(['nm', host], check=True, capture_output=True, text=True).stdout
    return set(re.findall(r' [Tt] sdk_(\w+)$', symbols, re.M))


def short(name, table):
    """db_open in db's row is open; aes itself stays."""
    for prefix in (table + '_', table.removeprefix('os_') + '_'):
        if name.startswith(prefix):
            return name[len(prefix):]
    return name


def main():
    have = there()
    slots = {}
    text = ''.join(file.read_text() for file in sorted((repository / 'firmware/modules/host').glob('*_slots.inc')))
    for table, name in re.findall(r'^SLOT\((\w+), \w+, \d+, (\w+), \w+\)', text, re.M):
        slots.setdefault(table, []).append(name)
    lines = []
    for table, names in slots.items():
        present = [short(name, table) for name in names if name in have]
        if present:
            lines.append(f'| {table} ({len(present)} of {len(names)}) | {" ".join(present)} |')
    if '--check' not in sys.argv:
        print('\n'.join(lines))
        return
    page = PAGE.read_text()
    missing = [line for line in lines if line not in page]
    if missing:
        sys.exit('firmware/sdk/README.md lacks these rows (list_functions.py prints them all):\n' + '\n'.join(missing))


if __name__ == '__main__':
    main()
