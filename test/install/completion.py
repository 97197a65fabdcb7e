"""Completion as shells do it, of an installation: what bash and zsh offer, and what stands in bash's line."""
import os
import pty
import re
import select

from checks import check, needed


COMPLETIONS = [  # the line, words that must be offered, a word that must not
    ("csadm Backup", ["BackupDatabase=", "BackupUser="], "RestoreUser="),
    ("csadm KeyType=", ["KeyType=RSA", "KeyType=EC"], "KeyType=DSA"),
    ("csadm Help=MBKL", ["Help=MBKListKeys"], "Help=MBKGenerateKey"),
    ("cxitool Algo=A", ["Algo=AES"], "Algo=RSA"),
    ("p11tool2 ListS", ["ListSlots"], "ListObjects"),
    ("p11tool2 GenerateKey=D", ["GenerateKey=DES2"], "GenerateKey=AES"),
    ("p11tool2 GenerateKeyPair=EC,secp2", ["GenerateKeyPair=EC,secp256r1"], "GenerateKeyPair=EC,brainpoolP256r1"),
    ("cxitool Sign=SHA256,", ["Sign=SHA256,on_hsm", "Sign=SHA256,on_host"], "Sign=SHA256,PSS"),
    ("csadm AddUser=U,2{A=B,C=D},", ["AddUser=U,2{A=B,C=D},hmacpwd"], "AddUser=U,2{A=B,C=D},ask"),
    ("cs2sim st", ["start", "status", "stop"], "fault"),
    ("cs2sim start --pro", ["--profile"], "--state"),
    ("cs2sim start --profile se-", ["se-gen2", "se-gen2-fips"], "cse"),
    ("cs2sim start --shim ", ["cuse", "fuse"], "start"),
    ("cs2sim start --shim=", ["--shim=cuse", "--shim=fuse"], "start"),
    ("cs2sim start --profile=se-", ["--profile=se-gen2", "--profile=se-gen2-fips"], "--profile=cse"),
    ("cs2sim explain B083006", ["B0830063"], "B0830013"),
    ("cs2sim scenario run w", ["wrong-mbk"], "user-locked"),
    ("cs2sim fault add --function CMDS.GET_C", ["CMDS.GET_CHALLENGE"], "CMDS.LOGON"),
    ("cs2sim fault add --do cr", ["crash", "crash-after-commit"], "drop"),
    ("cs2sim battery drain ", ["carrier", "external"], "USB"),
    ("cs2sim run -- cxit", ["cxitool"], "csadm"),
    ("cs2sim scenario run wrong-mbk -- csad", ["csadm"], "cxitool"),
]


def offered_by_bash(there, line):
    script = there.one("share/bash-completion/completions/csadm")
    code = f"""
        source {script}
        COMP_LINE={sh(line)} COMP_POINT={len(line)}
        COMP_WORDS=({line} {"''" if line.endswith(" ") else ""}) COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
        _cs2sim "${{COMP_WORDS[0]}}"
        printf '%s\\n' "${{COMPREPLY[@]}}" """
    typed = line.rsplit(" ", 1)[1]
    kept = typed[:typed.rfind("=") + 1]  # readline puts in what follows the '='
    return [kept + word for word in there.run("bash", "-c", code).stdout.splitlines()]


def offered_by_zsh(there, line):
    script = there.one("share/zsh/*/_cs2sim")
    words = line.split(" ")
    code = f"""
        compadd() {{ [[ $1 == -S ]] && shift 2; shift; print -rl -- "$@" }}
        compset() {{ }}
        _files() {{ print FILES }}
        _normal() {{ (( CURRENT == 1 )) && print -rl -- ${{(k)commands[(I)$words[1]*]}} }}
        _cs2sim() {{ {script.read_text()} }}
        words=({" ".join(map(sh, words))}) CURRENT={len(words)} PREFIX={sh(words[-1])}
        _cs2sim"""
    return there.run(needed("zsh"), "-f", "-c", code).stdout.splitlines()


TYPED = [  # what is typed into a bash with a terminal, and what then stands in its line
    ("csadm Dev=3001@\t\t", "csadm Dev=3001@"),
    ("csadm Dev=3001@lo\t\t", "csadm Dev=3001@lo"),
    ("csadm Dev=3001@lab\t\t", "csadm Dev=3001@lab"),  # no device is called as the file is
    ("cs2sim start --listen 288@\t\t\t", "cs2sim start --listen 288@"),
    ("cs2sim start --listen unix:@abstract\t\t", "cs2sim start --listen unix:@abstract"),
    ("csadm LoadFile=lab@\t\t", "csadm LoadFile=lab@home.key "),
    ("csadm LoadFile=lab\\@\t", "csadm LoadFile=lab@home.key "),
    ("csadm LogonSign=ADMIN,lab@\t\t\t", "csadm LogonSign=ADMIN,lab@home.key "),
    ("csadm LogonSign=ADMIN,two\t", "csadm LogonSign=ADMIN,two\\ words/"),
    ("csadm LoadFile=two\t", "csadm LoadFile=two\\ words/"),
    ("csadm LoadFile=two\\ w\t", "csadm LoadFile=two\\ words/"),
    ("csadm KeyTy\tR\t", "csadm KeyType=RSA "),
    ("p11tool2 GenerateKey=A\t", "p11tool2 GenerateKey=AES "),
    ("p11tool2 GenerateKey=l\t", "p11tool2 GenerateKey=lab\\@home.key "),  # a template file
    ("p11tool2 Login=ADMIN,a\t", "p11tool2 Login=ADMIN,ask "),
    ("p11tool2 Login=ADMIN,t\t", "p11tool2 Login=ADMIN,two\\ words/"),
    ("cs2sim start --prof\tse-gen2-f\t", "cs2sim start --profile se-gen2-fips "),
]


def lines_of_bash(there):
    """What a bash with a terminal makes of each line of TYPED."""
    folder = there.top / "typed"
    (folder / "two words").mkdir(parents=True)
    (folder / "lab@home.key").touch()
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(folder)
        os.execvpe("bash", ["bash", "--norc", "--noprofile", "-i"],
                   {**there.environment, "TERM": "dumb", "INPUTRC": "/dev/null", "PS1": "> "})

    def answered(keys, pattern):
        os.write(terminal, keys.encode())
        shown = ""
        while not re.search(pattern, shown, re.S):
            check(select.select([terminal], [], [], 60)[0], f"bash answers {keys!r}, not only {shown!r}")
            shown += os.read(terminal, 65536).decode()
        return re.search(pattern, shown, re.S)[1]

    answered(f"source {there.one('share/bash-completion/completions/csadm')}; echo sourced-$?\n", r"\n(sourced-0)")
    # Readline takes key after key: then to the line's begin and end, so that it becomes a text that is printed.
    lines = [answered(f"{keys}\x01printf '[%s]\\n' '\x05'\n", r"\n\[([^\n]*)\]\r\n") for keys, _ in TYPED]
    os.write(terminal, b"exit\n")
    os.close(terminal)
    os.waitpid(child, 0)
    return lines


def values_complete(there, _):
    """Whatever words a command's help lists for a value, completion offers each of them."""
    count = 0
    for tool in ("csadm", "cxitool", "p11tool2"):
        for name in there.run(tool, "--complete", "Help=").stdout.split():
            lines = there.run(tool, name).stdout.splitlines()
            # "AddUser=<name>,<permission>[{…}],<mechanism>": what stands before each place and in it; forms are parted by " | ".
            syntax = re.sub(r"\[(?!,)(?!=)[^]]*\]|\s+\(cs2sim's own\)", "", lines[0].strip())
            word, _, value = re.sub(r"\[=(.*)\]$", r"=\1", syntax).partition("=")
            listed = {found[1]: found[2] for found in re.finditer(r"^  (<\w+>)  ([\w-]+(?:,\s+[\w-]+)+)$", "\n".join(lines[1:]), re.M)}
            for form in value.replace(f" | {word}=", " | ").split(" | "):
                before = f"{word}="
                for place in re.split(r"\[?,", re.sub(r"\]\|.*", "", form)):
                    words = [each for part in place.rstrip("].").split("|")
                             for each in re.split(r",\s+", listed.get(re.sub("=.*", "", part), part)) if re.fullmatch(r"[\w-]+", each)]
                    offered = there.run(tool, "--complete", before).stdout.split() if words else []
                    missing = [each for each in words if not {before + each, f"{before}{each}="} & set(offered)]
                    check(not missing, f"{tool} {before} completes to {missing}, as its help says: {offered}")
                    count += len(words)
                    before += f"{words[0] if words else 'x'}{'=1' if '=' in place else ''},"
    check(count > 150, f"help lists {count} words")


def sh(text):
    return "'" + text.replace("'", "'\\''") + "'"


def completion_offers(there, _):
    for offered_by in (offered_by_bash, offered_by_zsh):
        for line, wanted, unwanted in COMPLETIONS:
            words = offered_by(there, line)
            check(set(wanted) <= set(words) and unwanted not in words, f"{offered_by.__name__} of '{line}': {words}")
    files = offered_by_bash(there, f"csadm RestoreDatabase={there.top}/dest")
    check(files == [f"RestoreDatabase={there.top}/destination"], f"files complete behind '=': {files}")
    # With what stands before the ',', at which readline does not break words; a folder goes on.
    files = offered_by_bash(there, f"csadm LogonSign=ADMIN,{there.top}/dest")
    check(files == [f"LogonSign=ADMIN,{there.top}/destination/"], f"files complete behind ',': {files}")
    files = offered_by_bash(there, f"csadm LogonSign=ADMIN,{there.top}/state/ADM")
    check(files == [f"LogonSign=ADMIN,{there.top}/state/ADMIN.key"], f"files complete behind ',': {files}")
    for (keys, wanted), line in zip(TYPED, lines_of_bash(there)):
        check(line == wanted, f"in bash {keys!r} becomes {wanted!r}, not {line!r}")
    loaded = there.run("zsh", "-f", "-c", f"fpath=({there.one('share/zsh/*/_cs2sim').parent} $fpath); autoload -U compinit; "
                       "compinit -D -u; print $_comps[csadm] $_comps[cs2sim] $_comps[p11tool2]").stdout
    check(loaded == "_cs2sim _cs2sim _cs2sim\n", f"zsh finds the completion: {loaded}")
