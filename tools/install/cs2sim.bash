# bash completion of cs2sim, csadm, cxitool and p11tool2: the programs themselves say how a word can go on.
# Behind "--" stand a program and its own words: whoever knows how these go on is asked. Fails where there is no "--".
_cs2sim_program() {
    local at IFS=$'\n'
    for ((at = 1; at < COMP_CWORD; at++)); do
        [ "${COMP_WORDS[at]}" != -- ] || break
    done
    ((at++ < COMP_CWORD)) || return 1
    if declare -F _command_offset >/dev/null; then # bash-completion's
        IFS=$' \t\n'
        _command_offset "$at"
        return 0
    fi
    local - # a file may be called "a*"
    set -f
    if ((at == COMP_CWORD)); then
        COMPREPLY=($(compgen -c -- "${COMP_WORDS[COMP_CWORD]}"))
    else
        COMPREPLY=($(compgen -f -- "${COMP_WORDS[COMP_CWORD]}"))
        compopt -o filenames 2>/dev/null
    fi
    return 0
}
# Adds the files that `typed` may go on with behind `prefix`: where readline, told of "filenames", would write its own
# '\' before an '@' and a ','.
_cs2sim_files() {
    local file
    for file in $(compgen -f -- "${typed#"$prefix"}"); do
        [ ! -d "$file" ] || file=$file/
        printf -v file '%s%q' "$prefix" "$file"
        [ "${file:0:${#broken}}" != "$broken" ] || COMPREPLY+=("${file:${#broken}}")
    done
    [ ${#COMPREPLY[@]} -ne 1 ] || [ "${COMPREPLY[0]%/}" = "${COMPREPLY[0]}" ] || compopt -o nospace 2>/dev/null
}
_cs2sim() {
    if [ "${1##*/}" = cs2sim ] && _cs2sim_program; then return; fi
    local -
    set -f
    local line=${COMP_LINE:0:COMP_POINT} typed found files_too=
    typed=${line##* }
    while line=${line%"$typed"} && [ "${line%'\ '}" != "$line" ]; do # a blank that belongs to a file's name
        line=${line%' '} typed="${line##* } $typed"
    done
    if [ "${1##*/}" = cs2sim ]; then
        local words=("${COMP_WORDS[@]:1:COMP_CWORD-1}")
        found=$("$1" complete -- "${words[@]}" "$typed" 2>/dev/null)
    else
        found=$("$1" --complete "$typed" 2>/dev/null)
    fi
    # Readline puts in what follows the last '=' or ':', but keeps no '@': what is put in has it again. The name of a
    # file has any '@', and may begin at a ',' as well. What stands behind a '\' breaks nothing.
    local bare=${typed//\\?/__} broken prefix
    broken=${bare##*[=:@]} prefix=${bare##*[=:,]}
    broken=${typed:0:${#typed}-${#broken}} prefix=${typed:0:${#typed}-${#prefix}}
    broken=${broken%@}
    local IFS=$'\n'
    COMPREPLY=()
    if [ -n "$found" ]; then
        COMPREPLY=($found)
        [ "${COMPREPLY[-1]}" = '<file>' ] && files_too=1 && unset 'COMPREPLY[-1]'
        COMPREPLY=("${COMPREPLY[@]#"$broken"}")
        [ -z "$files_too" ] || _cs2sim_files
    elif [ "$prefix" = "$broken" ] && [ "${typed%@*}" = "$typed" ]; then
        COMPREPLY=($(compgen -f -- "${typed#"$prefix"}"))
        [ ${#COMPREPLY[@]} -eq 0 ] || compopt -o filenames 2>/dev/null
    else
        _cs2sim_files
    fi
    [ ${#COMPREPLY[@]} -ne 1 ] || [ "${COMPREPLY[0]%=}" = "${COMPREPLY[0]}" ] || compopt -o nospace 2>/dev/null
}
complete -F _cs2sim cs2sim csadm cxitool p11tool2
