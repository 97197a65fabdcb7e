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
    elif ((at == COMP_CWORD)); then
        COMPREPLY=($(compgen -c -- "${COMP_WORDS[COMP_CWORD]}"))
    else
        COMPREPLY=($(compgen -f -- "${COMP_WORDS[COMP_CWORD]}"))
        compopt -o filenames 2>/dev/null
    fi
    return 0
}
_cs2sim() {
    if [ "${1##*/}" = cs2sim ] && _cs2sim_program; then return; fi
    local line=${COMP_LINE:0:COMP_POINT} typed found
    typed=${line##* }
    if [ "${1##*/}" = cs2sim ]; then
        local words=("${COMP_WORDS[@]:1:COMP_CWORD-1}")
        found=$("$1" complete -- "${words[@]}" "$typed" 2>/dev/null)
    else
        found=$("$1" --complete "$typed" 2>/dev/null)
    fi
    # Readline puts in what follows the last character at which it breaks words; a file's name may begin at a ',' as well.
    local broken=${typed%"${typed##*[=:@]}"}
    local prefix=${typed%"${typed##*[=:@,]}"}
    local IFS=$'\n'
    if [ -n "$found" ]; then
        COMPREPLY=($found)
        COMPREPLY=("${COMPREPLY[@]#"$broken"}")
    elif [ "$prefix" = "$broken" ]; then
        COMPREPLY=($(compgen -f -- "${typed#"$prefix"}"))
        compopt -o filenames 2>/dev/null
    else
        local file
        COMPREPLY=()
        for file in $(compgen -f -- "${typed#"$prefix"}"); do
            [ ! -d "$file" ] || file=$file/
            COMPREPLY+=("${prefix#"$broken"}$file")
        done
        [ ${#COMPREPLY[@]} -ne 1 ] || [ "${COMPREPLY[0]%/}" = "${COMPREPLY[0]}" ] || compopt -o nospace 2>/dev/null
    fi
    [ ${#COMPREPLY[@]} -ne 1 ] || [ "${COMPREPLY[0]%=}" = "${COMPREPLY[0]}" ] || compopt -o nospace 2>/dev/null
}
complete -F _cs2sim cs2sim csadm cxitool p11tool2
