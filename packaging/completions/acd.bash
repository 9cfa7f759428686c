# Completion of acd for bash: made by python -m tools.completions
# shellcheck shell=bash

# What may follow COMMAND: sets commands, options, arguments, and repeats (of the last).
_acd_words() {
    case $1 in
    '') commands='dashboard list watch wait jump timeline bar statusline get history explain record replay set rm delete resurrect status doctor stop notify daemon config install uninstall completion' options='--version -h --help' arguments=() repeats=0 ;;
    'dashboard') commands='' options='--once -h --help' arguments=() repeats=0 ;;
    'list') commands='' options='--json -h --help' arguments=() repeats=0 ;;
    'watch') commands='' options='--json -h --help' arguments=() repeats=0 ;;
    'wait') commands='' options='--for --timeout --json -h --help' arguments=('@session') repeats=1 ;;
    'jump') commands='' options='--tmux-client -h --help' arguments=('@session') repeats=0 ;;
    'timeline') commands='' options='--since --svg --json -h --help' arguments=('@session') repeats=1 ;;
    'bar') commands='' options='--follow --template -h --help' arguments=('tmux waybar polybar i3blocks swiftbar xbar starship zellij plain') repeats=0 ;;
    'statusline') commands='' options='-h --help' arguments=() repeats=0 ;;
    'get') commands='' options='-h --help' arguments=('@session') repeats=0 ;;
    'history') commands='' options='-n --json -h --help' arguments=('@session') repeats=0 ;;
    'explain') commands='' options='-h --help' arguments=('@session') repeats=0 ;;
    'record') commands='' options='-h --help' arguments=('@file') repeats=0 ;;
    'replay') commands='' options='-h --help' arguments=('@file') repeats=0 ;;
    'set') commands='' options='--cwd --session-id --prompt --meta -h --help' arguments=('@session' 'question attention working closed') repeats=0 ;;
    'rm') commands='' options='-h --help' arguments=('@session') repeats=0 ;;
    'delete') commands='' options='-h --help' arguments=('@session') repeats=0 ;;
    'resurrect') commands='' options='--print -h --help' arguments=('@session') repeats=0 ;;
    'status') commands='' options='-h --help' arguments=() repeats=0 ;;
    'doctor') commands='' options='-h --help' arguments=() repeats=0 ;;
    'stop') commands='' options='-h --help' arguments=() repeats=0 ;;
    'notify') commands='' options='-h --help' arguments=() repeats=0 ;;
    'daemon') commands='' options='-h --help' arguments=() repeats=0 ;;
    'config') commands='init path show' options='-h --help' arguments=() repeats=0 ;;
    'config init') commands='' options='-h --help' arguments=() repeats=0 ;;
    'config path') commands='' options='-h --help' arguments=() repeats=0 ;;
    'config show') commands='' options='-h --help' arguments=() repeats=0 ;;
    'install') commands='' options='--hooks-only --no-hooks --no-service --statusline --agent --trust --dry-run -h --help' arguments=() repeats=0 ;;
    'uninstall') commands='' options='--yes --dry-run -h --help' arguments=() repeats=0 ;;
    'completion') commands='' options='-h --help' arguments=('bash zsh fish') repeats=0 ;;
    esac
}

# What an option of a command takes: sets kind, to nothing if it takes nothing.
_acd_value() {
    kind=''
    case $1 in
    'wait --for') kind='question attention working closed' ;;
    'wait --timeout') kind='@text' ;;
    'jump --tmux-client') kind='@text' ;;
    'timeline --since') kind='@text' ;;
    'timeline --svg') kind='@file' ;;
    'bar --template') kind='@text' ;;
    'history -n') kind='@text' ;;
    'set --cwd') kind='@directory' ;;
    'set --session-id') kind='@text' ;;
    'set --prompt') kind='@text' ;;
    'set --meta') kind='@text' ;;
    'install --agent') kind='claude-code codex all' ;;
    esac
}

# Nothing of a session's id may reach the shell as anything but text.
_acd_sessions() {
    local id rest quoted
    while IFS=$'\t' read -r id rest; do
        case $id in
        *[:=]*) ;; # readline would take it for several words
        "$current"*)
            printf -v quoted %q "$id"
            COMPREPLY+=("$quoted")
            ;;
        esac
    done < <(command acd completion ids 2>/dev/null)
}

_acd_paths() {
    local path
    compopt -o filenames 2>/dev/null # bash 3.2 has none
    while IFS= read -r path; do
        COMPREPLY+=("$path")
    done < <(compgen "$1" -- "$current")
}

_acd() {
    local IFS=$' \t\n' current=${COMP_WORDS[COMP_CWORD]}
    local commands options arguments repeats kind='' command='' place=0 word i
    COMPREPLY=()
    for ((i = 1; i < COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        # --option=value comes as three words.
        [ "$word" != = ] || continue
        if [ -n "$kind" ]; then
            kind=''
            continue
        fi
        case $word in
        -*) _acd_value "$command $word" ;;
        *)
            _acd_words "$command"
            case " $commands " in
            *" $word "*) command=${command:+$command }$word ;;
            *) place=$((place + 1)) ;;
            esac
            ;;
        esac
    done
    [ "$current" != = ] || current=''
    _acd_words "$command"
    if [ -z "$kind" ]; then
        case $current in
        -*) kind=$options ;;
        *)
            kind=$commands
            [ ${#arguments[@]} -eq 0 ] || kind=${arguments[place]-}
            # The last one may come again and again.
            [ -n "$kind" ] || [ "$repeats" != 1 ] || kind=${arguments[${#arguments[@]} - 1]}
            ;;
        esac
    fi
    case $kind in
    '' | @text) ;;
    @session) _acd_sessions ;;
    @file) _acd_paths -f ;;
    @directory) _acd_paths -d ;;
    *)
        while IFS= read -r word; do
            COMPREPLY+=("$word")
        done < <(compgen -W "$kind" -- "$current")
        ;;
    esac
}

complete -F _acd acd
