#!/usr/bin/env python3
"""Compares the SDK's headers with the tables of firmware/protocol/reference, by the compiler's own word.

    check_headers.py REPOSITORY COMPILER [-m32 …]

Reads the tables by itself, writes a C file that states each constant's value, each slot's place and type, and each
structure's fields, and compiles it with the warnings that public modules are built with. Then compiles each header
alone. Prints what it compared; exits 1 when the compiler contradicts, or when the tables hold less than they did.
"""
import re
import subprocess
import sys
import tempfile
from pathlib import Path

WARNINGS = ('-Werror -Wall -Wextra -Wpedantic -Wfloat-equal -Winit-self -Wshadow -Wswitch-default -Wundef '
            '-Wno-unused-parameter -Wno-pointer-sign -DOS_SMOS -DCS2_SDK').split()
C_TYPES = {'u8': 'unsigned char', 'u16': 'unsigned short', 'u32': 'unsigned int', 'i32': 'int'}
OS_SECTION = re.compile(r'os_(?!crypt$)?\w+')


def spelt(text):
    for short, whole in C_TYPES.items():
        text = re.sub(rf'\b{short}\b', whole, text)
    return text


def types_of(parameters):
    """The parameter list without names (C compares function types without them)."""
    if not parameters:
        return 'void'
    out = []
    for parameter in parameters.split(','):
        words = parameter.replace('*', ' * ').split()
        is_name = (len(words) > 1 and re.match(r'\w+$', words[-1])
                   and words[-1] not in ('const', 'char', 'int', 'void')
                   and not (words[0] in ('const', 'struct', 'unsigned') and len(words) == 2))
        out.append(spelt(' '.join(words[:-1] if is_name else words)))
    return ', '.join(out)


class Statements:
    def __init__(self):
        self.lines, self.counts = [], {'constants': 0, 'slots': 0, 'fields': 0, 'sizes': 0}

    def state(self, kind, condition, words):
        self.counts[kind] += 1
        self.lines.append(f'_Static_assert({condition}, "{words}");')

    def constant(self, name, value):
        if '(' in name or not re.match(r'(0x[0-9a-fA-F]+|\d+|-1)$', value):
            return
        self.state('constants', f'({name}) == {value}' + ('u' if value.startswith('0x') else ''), name)

    def slot(self, header, slot, name, result, parameters):
        table = f'T_{header.upper()}_TABLE_PUB'
        if name == '(module info)':
            name = 'p_module_info'
            member = name
        else:
            member = '_' + name.strip('()')
        self.state('slots', f'offsetof({table}, {member}) == {slot} * sizeof(void*)', f'{header} {name}: place')
        if result == 'ptr':
            return
        pointer = f'{spelt(result)} (*)({types_of(parameters)})'
        self.state('slots', f'__builtin_types_compatible_p(__typeof__((({table}*)0)->{member}), {pointer})',
                   f'{header} {name}: type')
        if not name.startswith('('):
            self.state('slots', f'__builtin_types_compatible_p(__typeof__({name}), {pointer})', f'{name}: macro')

    def structure(self, name, content):
        if '{' in content:
            return
        fields = [f.strip() for f in content.split(';')]
        mirror = 'struct mirror_' + name
        self.lines.append(mirror + ' { ' + ' '.join(spelt(f) + ';' for f in fields) + ' };')
        self.state('sizes', f'sizeof({name}) == sizeof({mirror})', f'{name}: size')
        for field in fields:
            pointer = re.search(r'\(\*(\w+)\)', field)
            names = [pointer[1]] if pointer else [re.sub(r'\[.*', '', part).split()[-1].strip('* ')
                                                  for part in re.sub(r'\[[^]]*\]', '', field).split(',')]
            for one in names:
                self.state('fields', f'offsetof({name}, {one}) == offsetof({mirror}, {one})', f'{name}.{one}: place')
                self.state('fields', f'sizeof((({name}*)0)->{one}) == sizeof((({mirror}*)0)->{one})',
                           f'{name}.{one}: size')


def read(facts, statements):
    headers = []
    for line in facts[facts.index('\n## 3. Headers'):facts.index('\n## 4. ')].split('\n'):
        if line.startswith('### '):
            headers.append(line[4:].strip())
            header = headers[-1][:-2]
        if line.startswith('|constant|') or line.startswith('|type|') or line.startswith('|slot|'):
            kind = line.split('|')[1]
        elif line.startswith('|') and not line.startswith('|-'):
            row = [c.replace('\\|', '|') for c in re.split(r'(?<!\\)\|', line)[1:-1]]
            if kind == 'constant':
                statements.constant(*row)
            elif kind == 'slot':
                statements.slot(header, *row)
            elif row[1] == 'struct':
                statements.structure(row[0], row[2])
    return headers


def read_cxi(facts, statements):
    """Numbers that section 4 of firmware-facts.md gives for some names, taken one by one."""
    for name, number in {'CXI_PROP_KEY_GROUP': 1, 'CXI_PROP_KEY_EC_PUBKEY': 31, 'CXI_PROP_PUBLIC_VDM_DATA': 89,
                         'CXI_PROP_CFG_AUTH_KEYM': 94, 'CXI_PROP_FIPS_KEY_USAGE_PADDING': 109,
                         'CXI_KEY_ALGO_ECDH': 6, 'CXI_KEY_EXPORT_DENY_BACKUP': 0x10000,
                         'CXI_KEY_USAGE_UNWRAP': 0x80, 'CXI_KEY_TYPE_CONFIG': 0x30, 'CXI_MECH_KDF_TLS12_PRF': 0xD0000000,
                         'CXI_MECH_MODE_MAC_SINGLE': 0x04000000, 'CXI_MECH_CHAIN_CCM': 0x00800000,
                         'CXI_MECH_PAD_KWP': 0x9000, 'CXI_MECH_HASH_ALGO_SHA3_512': 0xB0,
                         'CXI_MECH_FORMAT_KEEP_LEAD_ZERO': 0x800, 'CXI_FLAG_CRYPT_FINAL': 0x200,
                         'CXI_MECH_RND_PSEUDO': 1, 'CXI_MECH_KEYGEN_HYBRID': 6, 'CXI_SFC_KEY_UNWRAP': 30,
                         'CXI_SFC_P11_PERMISSIONS': 42, 'CXI_MECH_PARAM_IV_GENERATE': 1}.items():
        if name.rsplit('_', 1)[-1] not in facts:
            raise SystemExit(f'{name} is not in firmware-facts.md')
        statements.constant(name, hex(number))


def compile_text(compiler, words, include, text, what):
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / 'statements.c'
        source.write_text(text)
        run = subprocess.run([*compiler, *words, *WARNINGS, f'-I{include}', '-fsyntax-only', str(source)],
                             capture_output=True, text=True)
        if run.returncode != 0:
            sys.exit(f'{what}:\n{run.stderr}')


def main():
    repository, words = Path(sys.argv[1]), sys.argv[3:]
    compiler = sys.argv[2].split()
    reference = repository / 'firmware/protocol/reference'
    include = repository / 'firmware/sdk/include'
    statements = Statements()
    headers = read((reference / 'sdk-facts.md').read_text(), statements)
    read_cxi((reference / 'firmware-facts.md').read_text(), statements)
    statements.state('sizes', 'sizeof(T_MODULE_INFO) == 60', 'module info')
    statements.state('sizes', 'E_DB_NOT_FOUND == 0xB0880004u', 'error codes')
    text = '#include <stddef.h>\n' + ''.join(f'#include <cryptoserversdk/{h}>\n' for h in headers)
    text += '\n'.join(statements.lines) + '\n'
    compile_text(compiler, words, include, text, 'headers and tables differ')
    for header in headers:
        alone = f'#include <cryptoserversdk/{header}>\ntypedef int alone;\n'
        compile_text(compiler, words, include, alone, header)
    print(f'{len(headers)} headers;', ', '.join(f'{n} {kind}' for kind, n in statements.counts.items()))
    least = {'constants': 440, 'slots': 1000, 'fields': 200, 'sizes': 30}
    if any(statements.counts[kind] < n for kind, n in least.items()):
        sys.exit('the tables hold less than they did')


if __name__ == '__main__':
    main()
