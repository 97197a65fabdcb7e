#!/usr/bin/env python3
"""Writes every slot of the SDK's tables, from the tables of sdk-facts.md, section 3: slots.inc, and a file each kind
of table, which it includes.

    make_slots.py REPOSITORY FOLDER

The files stand in the repository, so that they can be read; a test writes them anew and compares.
"""
import re
import sys
from pathlib import Path

repository = Path(sys.argv[1])
sys.path.insert(0, str(repository / 'firmware/sdk'))
from make_headers import SECTIONS, read_headers  # noqa: E402

HEAD = '''// Every slot of the SDK's tables: SLOT(header, TABLE, place, name, kind). Kind says what a function that is not there
// answers: code (of its module, slots.c), null, zero, or nothing at all (none). TABLE(owner, header, TABLE, slots).
// Made by make_slots.py of firmware/protocol/reference/sdk-facts.md, section 3.
'''
PART_HEAD = '// Slots of {tables}: part of slots.inc. Made by make_slots.py.\n'

KINDS = {'system': list(SECTIONS), 'device': 'cmds util db mbk adm pp'.split(), 'keys': ['cxi'],
         'symmetric': 'aes hash vdes'.split(), 'asymmetric': 'eca ecdsa asn1 vrsa lna dsa'.split()}


def kind(name, result):
    if result == 'void':
        return 'none'
    if '*' in result or result == 'T_OS_MDL_HDL':
        return 'null'
    return 'code' if result in ('i32', 'OS_FILE_HANDLE') else 'zero'


def table(header):
    upper = header.name.upper()
    owner = 'OS' if header.name in SECTIONS else 'MODULE'
    rows = []
    for slot, name, result, _ in sorted(header.slots):
        bare = re.sub(r'\W+', '_', name.strip('()'))
        if result == 'ptr':
            continue
        rows.append(f'SLOT({header.name}, {upper}, {slot}, {bare}, {kind(bare, result)})')
    return (f'\n#ifdef TABLE\nTABLE({owner}, {header.name}, {upper}, {max(s[0] for s in header.slots) + 1})\n#endif\n'
            '#ifdef SLOT\n' + '\n'.join(rows) + '\n#endif\n')


def main():
    folder = Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    facts = (repository / 'firmware/protocol/reference/sdk-facts.md').read_text()
    tables = {header.name: table(header) for header in read_headers(facts) if header.slots}
    for group, names in KINDS.items():
        have = [name for name in names if name in tables]
        text = PART_HEAD.format(tables=', '.join(have)) + ''.join(tables.pop(name) for name in have)
        (folder / f'{group}_slots.inc').write_text(text)
    if tables:
        sys.exit(f'in no file: {", ".join(tables)}')
    includes = ''.join(f'#include "{group}_slots.inc"\n' for group in KINDS)
    (folder / 'slots.inc').write_text(HEAD + '\n' + includes)


if __name__ == '__main__':
    main()
