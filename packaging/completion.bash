# Completion for bash: commands and flags as the program itself lists them, so that it is never behind.
_parvis_words() {
    # The first words of the command rows of --help; every --flag that stands at the beginning of a row.
    LC_ALL=C.UTF-8 "${COMP_WORDS[0]}" "$@" --help 2>/dev/null
}

_parvis_choices() {
    # "a b c" when the row of this flag says --flag a|b|c
    _parvis_words "${@:2}" | sed -n "s/^  $1 \([a-z_-]*|[a-z_|-]*\)\( .*\)\{0,1\}$/\1/p" | tr '|' ' '
}

_parvis() {
    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} word help
    local -a command=()
    COMPREPLY=()

    # The command: one or two words in front of the cursor that name one.
    help=$(_parvis_words)
    for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
        case $word in
            -*) break ;;
        esac
        if grep -q "^  ${command[*]:+${command[*]} }$word\( \|$\)" <<<"$help"; then
            command+=("$word")
        else
            break
        fi
    done

    if [[ $previous == --* ]]; then
        COMPREPLY=($(compgen -W "$(_parvis_choices "$previous" "${command[@]}")" -- "$current"))
        [[ ${#COMPREPLY[@]} -gt 0 ]] && return
        case $previous in
            --data | --key-file | --config) COMPREPLY=($(compgen -f -- "$current")) && return ;;
        esac
    fi
    if [[ $current == -* ]]; then
        COMPREPLY=($(compgen -W "$(_parvis_words "${command[@]}" | sed -n 's/^  \(--[a-z-]*\).*/\1/p')" -- "$current"))
    else
        COMPREPLY=($(compgen -W "$(sed -n "s/^  ${command[*]:+${command[*]} }\([a-z][a-z-]*\) .*/\1/p" <<<"$help" | sort -u)" \
            -- "$current"))
    fi
}
complete -o default -F _parvis parvis
