#!/usr/bin/env python3
"""Writes slots.inc: every slot of the SDK's tables, from the tables of sdk-facts.md, section 3.

    make_slots.py REPOSITORY FILE

The file stands in the repository, so that it can be read; a test writes it anew and compares.
"""
import re
import sys
from pathlib import Path

repository = Path(sys.argv[1])
sys.path.insert(0, str(repository / 'firmware/sdk'))
from make_headers import SECTIONS, read_headers  # noqa: E402

HEAD = '''// Every slot of the SDK's tables: SLOT(header, TABLE, place, name, kind). Kind says what a function that is not there
// answers: code (E_OS_MDL_NOT_SUPP), null, zero, or nothing at all (none).
// Made by make_slots.py of firmware/protocol/reference/sdk-facts.md, section 3.
'''


def kind(name, result):
    if result == 'void':
        return 'none'
    if '*' in result or result == 'T_OS_MDL_HDL':
        return 'null'
    return 'code' if result in ('i32', 'OS_FILE_HANDLE') else 'zero'


def main():
    lines = [HEAD.rstrip()]
    facts = (repository / 'firmware/protocol/reference/sdk-facts.md').read_text()
    for header in read_headers(facts):
        if not header.slots:
            continue
        upper = header.name.upper()
        lines.append(f'\n#ifdef TABLE\nTABLE({"OS" if header.name in SECTIONS else "MODULE"}, '
                     f'{header.name}, {upper}, {max(s[0] for s in header.slots) + 1})\n#endif')
        rows = []
        for slot, name, result, _ in sorted(header.slots):
            bare = re.sub(r'\W+', '_', name.strip('()'))
            if result == 'ptr':
                continue
            rows.append(f'SLOT({header.name}, {upper}, {slot}, {bare}, {kind(bare, result)})')
        lines.append('#ifdef SLOT\n' + '\n'.join(rows) + '\n#endif')
    Path(sys.argv[2]).write_text('\n'.join(lines) + '\n')


if __name__ == '__main__':
    main()
