#!/usr/bin/env python3
"""Writes the SDK's C headers from the tables of firmware/protocol/reference (sdk-facts.md section 3, firmware-facts.md
section 4) and of firmware/protocol/errors.inc.

    make_headers.py REPOSITORY FOLDER

The headers stand in the repository, so that they can be read; a test writes them anew and compares.
"""
import re
import sys
import textwrap
from pathlib import Path

SHORT = {'u8': 'unsigned char', 'u16': 'unsigned short', 'u32': 'unsigned int', 'i32': 'int'}
FRAMEWORK = 'module_init_1.5.c'

# OS sections: header, field of T_OS_TABLE_PUB.
SECTIONS = {'os_' + name: 'p_os_' + name for name in
            'mdl file mem str log audit crypt sema tmr cfg link task'.split()}
SECTIONS |= {'os_rtc': 'p_os_rtc', 'os_sens': 'p_os_sens'}

# Headers whose error codes go by another prefix in errors.inc; the others go by the header's own name.
ERRORS = {'cmds', 'db', 'mbk', 'cxi', 'util', 'aes', 'hash', 'ecdsa', 'eca', 'asn1', 'vrsa', 'pp', 'os'}

HEAD = '''/* cryptoserversdk/{name}.h: {what}
 *
 * Part of cs2sim's SDK, an independent rewrite for modules that run in the simulator. Names, numbers and slots:
 * {source}.
 * Made by make_headers.py; change the tables there. */
#ifndef CRYPTOSERVERSDK_{guard}_H
#define CRYPTOSERVERSDK_{guard}_H
'''

WHAT = {
    'stype': 'storage classes that module sources write', 'cs2_macro': 'byte order, array length, alignment',
    'os': "the operating system's table of sections", 'os_mdl': 'linking of modules and their states',
    'os_file': 'files of the device', 'os_mem': 'memory with types and tags', 'os_str': 'strings',
    'os_log': 'boot log and debug output', 'os_audit': 'audit log', 'os_crypt': 'random numbers and digests of the OS',
    'os_sema': 'semaphores', 'os_tmr': 'timers', 'os_cfg': 'configuration files', 'os_link': 'linked lists',
    'os_task': 'tasks', 'module_1.5': 'the module framework', 'load_store': 'big-endian numbers in memory',
    'memutil': 'memory operations', 'cmds': 'command scheduler: functions, users, permissions',
    'util': 'time and random numbers', 'db': 'databases', 'aes': 'AES', 'hash': 'digests, HMAC, key derivation',
    'vdes': 'DES', 'mbk': 'master backup keys', 'eca': 'elliptic curve arithmetic', 'ecdsa': 'ECDSA, ECDH, ECIES, EdDSA',
    'asn1': 'ASN.1', 'vrsa': 'RSA', 'cxi_defs': "CXI's constants", 'cxi': 'keys of CXI', 'adm': 'administration',
    'pp': 'PIN pad', 'lna': 'long number arithmetic', 'dsa': 'DSA and DH',
    'cxi_vdm': 'vendor-defined mechanisms of CXI and PKCS#11', 'os_rtc': 'real-time clock', 'os_sens': 'sensors',
}

# What a macro's function does here where the tables know no more than its name and types.
NOTES = {
    'cmds_login_user': 'Logons beyond a session are retired: E_CMDS_STATIC_LOGIN for a user that there is, '
                       'E_CMDS_NO_USER for others. So cmds_logoff_user has nobody to log off: E_CMDS_LOGOFF_FAILED.',
    'cmds_get_sessionkey': 'Mechanism (CMDS_MECH_SM_*) and key of the session in which the command came, 32 bytes that '
                           'both of its ends have and that seal no message (assumption); key NULL: its length alone. '
                           'E_CMDS_SM_ID: it came in none. E_CMDS_BUFF_SIZE, E_CMDS_INVAL.',
    'cmds_signed_cfg_open': 'Not offered: nothing public says what such a file is called or how it is signed. Answers '
                            'E_OS_FILE_NO_SUCH_FILE and OS_CFG_INVALID_HANDLE, as on a device that has none.',
    'cxi_int_cxidb_alloc': 'From here to cxi_int_key_split: not offered. They take structures that no public header '
                           'lays out, or answer in numbers that nothing public gives; each answers '
                           'E_CXI_NOT_SUPPORTED, or NULL.',
}


class Header:
    def __init__(self, name):
        self.name = name
        self.includes = []
        self.items = []  # ('constant', name, value) | ('type', name, kind, content)
        self.slots = []  # (slot, name, result, parameters)


def cells(line):
    return [c.replace('\\|', '|') for c in re.split(r'(?<!\\)\|', line)[1:-1]]


def read_headers(facts):
    section = facts[facts.index('\n## 3. Headers'):facts.index('\n## 4. ')]
    headers = []
    for chunk in section.split('\n### ')[1:]:
        lines = chunk.split('\n')
        header = Header(lines[0].strip()[:-2])
        table = None
        for line in lines[1:]:
            if line.startswith('includes: '):
                header.includes = [w for w in line[10:].split() if w != 'none']
            elif re.match(r'\|(constant|type|slot)\|', line):
                table = cells(line)[0]
            elif line.startswith('|-'):
                continue
            elif line.startswith('|'):
                row = cells(line)
                if table == 'slot':
                    header.slots.append((int(row[0]), *row[1:]))
                else:
                    header.items.append((table, *row))
            elif line.strip():
                table = None
        headers.append(header)
    return headers


def c_type(text):
    text = re.sub(r'\b(u8|u16|u32|i32)\b', lambda m: SHORT[m.group(0)], text)
    return re.sub(r'\s*\*', '*', text)


def wrap(text, width=110):
    lead = text[:len(text) - len(text.lstrip())]
    indent = lead + '        '
    out, line = [], ''
    for word in text.split():
        word = lead + word if not line and not out else word
        if line and len(line) + 1 + len(word) > width:
            out.append(line)
            line = indent + word
        else:
            line = line + ' ' + word if line else word
    return '\n'.join(out + [line])


def constant(name, value):
    value = re.sub(r'\b(u8|u16|u32|i32)\b', lambda m: SHORT[m.group(0)], value)
    return f'#define {name} {value}'.rstrip()


def structure(content, indent='    '):
    depth, out, word = 0, [], ''
    for c in content:
        word += c
        depth += {'{': 1, '}': -1}.get(c, 0)
        if c == ';' and depth == 0:
            out.append(word.strip())
            word = ''
    if word.strip():
        out.append(word.strip() + ';')
    return '\n'.join(wrap(indent + c_type(field)) for field in out)


def type_text(name, kind, content):
    if kind == 'alias':
        return f'typedef {c_type(content)} {name};'
    if kind == 'opaque':
        return f'typedef struct {name}_ {name};'
    if kind in ('struct', 'union'):
        return f'typedef {kind} {{\n{structure(content)}\n}} {name};'
    if kind == 'tagged':
        return f'struct {name} {{\n{structure(content)}\n}};'
    if kind == 'enum':
        return 'typedef enum {\n' + ',\n'.join('    ' + e.strip() for e in content.split(',')) + f'\n}} {name};'
    match = re.match(r'(.*?) \((.*)\)$', content)
    if kind == 'function':
        return wrap(f'typedef {c_type(match[1])} {name}({c_type(match[2])});')
    if kind == 'pointer':
        return wrap(f'typedef {c_type(match[1])} (*{name})({c_type(match[2])});')
    if kind == 'prototype':
        return wrap(f'{c_type(match[1])} {name}({c_type(match[2])});')
    if kind == 'extern':
        return f'extern {content} {name};'
    raise ValueError(kind)


def distinct(parameters):
    """Parameter names are only hints; C wants them distinct."""
    seen, out = set(), []
    for parameter in parameters.split(', '):
        parameter = re.sub(r"\b(?=\d\w*$)", "p_", parameter) if re.search(r"[ *]\d\w*$", parameter) else parameter
        name = re.search(r'\w+$', parameter)
        bare = parameter.split()[-1] if ' ' in parameter.strip() else None
        if name and bare and bare == name[0]:
            while bare in seen:
                bare += '_'
            seen.add(bare)
            parameter = parameter[:name.start()] + bare
        out.append(parameter)
    return ', '.join(out)


def member(name, result, parameters):
    if result == 'ptr':
        return f'    const void* _{name};'
    return wrap(f'    {c_type(result)} (*_{name})({c_type(distinct(parameters)) or "void"});')


COMMON = ['    void* p_data;',
          '    int (*start)(T_OS_MDL_HDL smos, void* file, void* coff_mem);',
          '    int (*stop)(void);',
          '    int (*pre_replace)(void);',
          '    int (*pre_delete)(void);']
RESERVED = '    const void* reserved{};'
MODULE_INFO = '    const void* p_module_info;'


def note(name):
    if name not in NOTES:
        return ''
    return textwrap.fill(f'/* {NOTES[name]} */', 110, subsequent_indent=' * ') + '\n'


def table_text(header):
    upper = header.name.upper()
    table = f'T_{upper}_TABLE_PUB'
    section = SECTIONS.get(header.name)
    lines = []
    slots = {row[0]: row for row in header.slots}
    count = 0
    if not section:
        lines += COMMON + [RESERVED.format('')]
        if header.name != 'mbk':
            lines.append(MODULE_INFO)
        count = 6 if header.name == 'mbk' else 7
    for slot in range(count, max(slots) + 1):
        if slot not in slots:
            lines.append(RESERVED.format(slot))
            continue
        _, name, result, parameters = slots[slot]
        bare = re.sub(r'\W+', '_', name.strip('()'))
        lines.append(MODULE_INFO if name == '(module info)' else member(bare, result, parameters))
    text = f'typedef struct {{\n' + '\n'.join(lines) + f'\n}} {table};\n\n'
    base = f'(({table}*)P_{upper})'
    if section:
        base = f'(({table}*)((T_OS_TABLE_PUB*)P_SMOS)->{section})'
    else:
        text += f'extern T_OS_MDL_HDL P_{upper};\n\n'
    macros = [note(name) + f'#define {name} ({base}->_{name})'
              for _, name, _, _ in header.slots if not name.startswith('(')]
    return text + '\n'.join(macros)


def error_texts(repository, header):
    upper = header.name.upper()
    if header.name not in ERRORS:
        return ''
    rows = re.findall(rf'CS2SIM_ERROR\((0x[0-9A-F]+), {upper}, (\w+), "([^"]*)"\)',
                      (repository / 'firmware/protocol/errors.inc').read_text())
    return '\n'.join(f'#define E_{upper}_{name} {code}u /* {text} */' for code, name, text in rows)


def special(name):
    """What sdk-facts.md describes in prose."""
    if name == 'load_store':
        out = []
        for n in range(1, 5):
            body = ''.join(f'    to[{i}] = (unsigned char)(value >> {8 * (n - 1 - i)});\n' for i in range(n))
            out.append(f'static inline void store_int{n}(unsigned int value, unsigned char* to) {{\n{body}}}')
        for n in range(1, 5):
            value = ' | '.join(f'(unsigned int)from[{i}] << {8 * (n - 1 - i)}' for i in range(n))
            out.append(f'static inline unsigned int load_int{n}(const unsigned char* from) {{\n    return {value};\n}}')
        out.append('/* A number of 1 to 4 bytes; 0 for another length. */\n'
                   'static inline unsigned int load_int(const unsigned char* from, int length) {\n'
                   '    unsigned int value = 0;\n    int i;\n    if (length < 1 || length > 4) return 0;\n'
                   '    for (i = 0; i < length; ++i) value = value << 8 | from[i];\n    return value;\n}')
        out.append('\n'.join(f'#define _{f}({a}) {f}({a})' for f, a in
                             [('load_int2', 'from'), ('load_int4', 'from'), ('store_int2', 'value, to'),
                              ('store_int4', 'value, to')]))
        return '\n\n'.join(out)
    if name == 'memutil':
        return ('void memxor(void* to, const void* from, size_t n);\n'
                'void xormem(size_t n, const void* a, const void* b, void* to);\n'
                'int memtst(void* p, int byte, size_t n);\n'
                'int smemcmp(const void* a, const void* b, unsigned int l_a, unsigned int l_b);')
    if name == 'os_mem':
        return ('#ifdef MEM_TRACE\n#undef os_mem_new\n'
                '#define os_mem_new(size, type) os_mem_new_tag(size, type, __FILE__, __LINE__)\n#endif')
    return ''


def cxi_constants(facts):
    """firmware-facts.md, section 4: headings name a prefix in backquotes, then NAME=value pairs."""
    section = facts[facts.index('\n## 4. CXI constants'):facts.index('\n## 5. ')]
    lines, prefix = [], None
    mask_of = {}
    for line in section.split('\n')[2:]:
        if not line.startswith('  '):
            for whole, value in re.findall(r'`(CXI_\w+)`=(0x[0-9A-F]+|\d+)', line):
                lines.append((whole, value))
            heading = re.search(r'`(CXI_\w+_)`(?: \(mask ([0-9A-F]+)[;)])?', line)
            other = re.match(r'Other `(CXI_\w+_)`', line)
            if heading or other:
                prefix = (other or heading)[1]
                if heading and heading[2]:
                    mask_of[prefix] = heading[2]
            if re.match(r'(Random|Domain|Flags)', line) and '`:' not in line and ':' in line:
                for name, value in re.findall(r'\b([A-Z_]+)=(\d+)', line.split(':', 1)[1]):
                    if heading:
                        lines.append((heading[1] + name, value))
            continue
        text = re.sub(r'\([^)]*\)', '', line)
        for name, value in re.findall(r'\b([A-Z][A-Z0-9_]*)=(0x[0-9A-F]+|\d+)', text):
            lines.append((prefix + name, value))
    for prefix, mask in mask_of.items():
        lines.append((prefix + 'MASK', '0x%08X' % int(mask, 16)))
    seen, out = {}, []
    for name, value in lines:
        if seen.get(name) == int(value, 0):
            continue
        if name in seen:
            raise ValueError(f'{name} has two values')
        seen[name] = int(value, 0)
        out.append(f'#define {name} {value}' + ('u' if value.startswith('0x') else ''))
    return '\n'.join(out)


def header_text(header, repository, firmware_facts):
    source = 'firmware/protocol/reference/sdk-facts.md, section 3'
    guard = re.sub(r'\W', '_', header.name).upper()
    parts = [HEAD.format(name=header.name, what=WHAT[header.name], guard=guard, source=source).rstrip()]
    includes = [f'#include {w}' if w.startswith('<') else f'#include "{w}"' for w in header.includes]
    if includes:
        parts.append('\n'.join(includes))
    if header.name == 'cxi_defs':
        parts.append(cxi_constants(firmware_facts))
    run = []
    for item in header.items:
        if item[0] == 'constant':
            run.append(constant(item[1], item[2]))
        else:
            if run:
                parts.append('\n'.join(run))
                run = []
            parts.append(type_text(item[1], item[2], item[3]))
    if run:
        parts.append('\n'.join(run))
    if header.slots:
        parts.append(table_text(header))
    for extra in (special(header.name), error_texts(repository, header)):
        if extra:
            parts.append(extra)
    return '\n\n'.join(parts) + '\n\n#endif\n'


def main():
    repository, folder = Path(sys.argv[1]), Path(sys.argv[2])
    reference = repository / 'firmware/protocol/reference'
    firmware_facts = (reference / 'firmware-facts.md').read_text()
    folder.mkdir(parents=True, exist_ok=True)
    for header in read_headers((reference / 'sdk-facts.md').read_text()):
        (folder / f'{header.name}.h').write_text(header_text(header, repository, firmware_facts))


if __name__ == '__main__':
    main()
