#compdef cs2sim csadm cxitool p11tool2
# zsh completion of cs2sim, csadm, cxitool and p11tool2: the programs themselves say how a word can go on.
local -i mark=${words[(i)--]}
if [[ ${words[1]:t} == cs2sim ]] && (( mark < CURRENT )); then  # behind it stand a program and its own words
    shift mark words
    (( CURRENT -= mark ))
    _normal
    return
fi
local program=$words[1] typed=$PREFIX
local -a found open whole
if [[ ${program:t} == cs2sim ]]; then
    found=("${(@f)$($program complete -- "${(@)words[2,CURRENT-1]}" "$typed" 2>/dev/null)}")
else
    found=("${(@f)$($program --complete "$typed" 2>/dev/null)}")
fi
found=(${found:#})
if (( ! $#found )); then
    compset -P '*[=,]'
    _files
    return
fi
if [[ $found[-1] == '<file>' ]]; then  # files may stand there too
    found[-1]=()
    compadd -- $found
    compset -P '*[=,]'
    _files
    return
fi
open=(${(M)found:#*=})   # a value follows at once
whole=(${found:#*=})
(( ! $#open )) || compadd -S '' -- $open
(( ! $#whole )) || compadd -- $whole
