"""Makes the shells' completions: `python -m tools.completions`.

Responsible for writing each command's words down in each shell's language, so
that a TAB runs nothing of acd's, except to complete a session's id. The same
texts are what `acd completion` prints. tests/test_completions.py holds them
current.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from tools.command_table import Argument, Command, Kind, Option, acd

DIRECTORY = Path(__file__).parent.parent / "packaging/completions"

_SESSIONS = "acd completion ids"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", r"'\''") + "'"


# --- bash: also the 3.2 of macOS, so neither mapfile nor associative arrays ---

_BASH = r"""# Completion of acd for bash: made by python -m tools.completions
# shellcheck shell=bash

# What may follow COMMAND: sets commands, options, arguments, and repeats (of the last).
_acd_words() {
    case $1 in
@WORDS@
    esac
}

# What an option of a command takes: sets kind, to nothing if it takes nothing.
_acd_value() {
    kind=''
    case $1 in
@VALUES@
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
    done < <(command @SESSIONS@ 2>/dev/null)
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
"""


def bash(program: Command) -> str:
    """The script for bash."""
    words, values = [], []
    for command in program.walk():
        options = " ".join(name for option in command.options for name in option.names)
        below = " ".join(each.path[-1] for each in command.commands)
        arguments = " ".join(_quoted(_bash_kind(each.kind)) for each in command.arguments)
        repeats = int(any(each.repeats for each in command.arguments))
        words.append(
            f"    {_quoted(command.name)}) commands={_quoted(below)} options={_quoted(options)}"
            f" arguments=({arguments}) repeats={repeats} ;;"
        )
        for option in command.options:
            if option.takes_value:
                patterns = " | ".join(_quoted(f"{command.name} {name}") for name in option.names)
                values.append(f"    {patterns}) kind={_quoted(_bash_kind(option.kind))} ;;")
    return (
        _BASH.replace("@WORDS@", "\n".join(words))
        .replace("@VALUES@", "\n".join(values))
        .replace("@SESSIONS@", _SESSIONS)
    )


def _bash_kind(kind: Kind) -> str:
    return f"@{kind}" if isinstance(kind, str) else " ".join(kind)


# --- zsh ----------------------------------------------------------------------

_ZSH = r"""#compdef acd
# Completion of acd for zsh: made by python -m tools.completions

_acd_sessions() {
    local -a ids shown
    local id rest
    while IFS=$'\t' read -r id rest; do
        ids+=("$id")
        shown+=("$id  $rest")
    done < <(command @SESSIONS@ 2>/dev/null)
    (( $#ids )) && compadd -l -d shown -a ids
}

@FUNCTIONS@
# Found by its name in a directory of $fpath, or read by `source`.
if [[ $funcstack[1] == _acd ]]; then
    _acd "$@"
else
    compdef _acd acd
fi
"""

_ZSH_GROUP = r"""{function}() {{
    local curcontext=$curcontext state line
    typeset -A opt_args
    _arguments -C \
        {options} \
        '1: :->command' '*:: :->rest' && return
    case $state in
    command)
        local -a commands=(
{commands}
        )
        _describe -t commands command commands
        ;;
    rest)
        case $line[1] in
{cases}
        esac
        ;;
    esac
}}
"""


def zsh(program: Command) -> str:
    """The script for zsh."""
    functions = [_zsh_function(command) for command in reversed(list(program.walk()))]
    return _ZSH.replace("@FUNCTIONS@", "\n".join(functions)).replace("@SESSIONS@", _SESSIONS)


def _zsh_name(command: Command) -> str:
    return "_acd" + "".join(f"_{word}" for word in command.path)


def _zsh_function(command: Command) -> str:
    options = [_zsh_option(option) for option in command.options]
    if not command.commands:
        arguments = [_zsh_argument(each) for each in command.arguments]
        specs = " \\\n        ".join(options + arguments)
        return f"{_zsh_name(command)}() {{\n    _arguments \\\n        {specs}\n}}\n"
    return _ZSH_GROUP.format(
        function=_zsh_name(command),
        options=" \\\n        ".join(options),
        commands="\n".join(
            f"            {_quoted(f'{each.path[-1]}:{each.summary}')}" for each in command.commands
        ),
        cases="\n".join(
            f"        {each.path[-1]}) {_zsh_name(each)} ;;" for each in command.commands
        ),
    )


def _zsh_text(text: str) -> str:
    """In a description: what would end it is escaped."""
    for character in "\\[]:":
        text = text.replace(character, f"\\{character}")
    return text


def _zsh_option(option: Option) -> str:
    said = f"[{_zsh_text(option.help)}]"
    value = f":{_zsh_text(option.metavar)}:{_zsh_kind(option.kind)}" if option.metavar else ""
    if len(option.names) == 1:
        return _quoted(f"{option.names[0]}{said}{value}")
    names = " ".join(option.names)
    return f"'({names})'{{{','.join(option.names)}}}{_quoted(said + value)}"


def _zsh_argument(argument: Argument) -> str:
    place = "*" if argument.repeats else ""
    return _quoted(f"{place}:{_zsh_text(argument.metavar.strip('[].'))}:{_zsh_kind(argument.kind)}")


def _zsh_kind(kind: Kind) -> str:
    if isinstance(kind, str):
        return {
            "session": "_acd_sessions",
            "file": "_files",
            "directory": "_files -/",
            "text": " ",
        }[kind]
    return f"({' '.join(kind)})"


# --- fish ---------------------------------------------------------------------

_FISH = r"""# Completion of acd for fish: made by python -m tools.completions

# Whether the words before the cursor are COMMAND, with PLACE arguments behind it
# (+: so many or more), if that is asked.
function __acd_at
    set -l command
    set -l place 0
    set -l value
    set -l words (commandline -opc)
    set -e words[1]
    for word in $words
        if set -q value[1]
            set -e value
            continue
        end
        switch "$command $word"
            case @VALUED@
                set value 1
            case '* -*'
            case @COMMANDS@
                set command (string trim -- "$command $word")
            case '*'
                set place (math $place + 1)
        end
    end
    test "$command" = "$argv[1]"; or return
    switch "$argv[2]"
        case ''
            return 0
        case '*+'
            test $place -ge (string trim -c + -- $argv[2])
        case '*'
            test $place -eq $argv[2]
    end
end

complete -c acd -f
@LINES@
"""


def fish(program: Command) -> str:
    """The script for fish."""
    lines, valued, commands = [], [], []
    for command in program.walk():
        here = f"__acd_at {_fish_quoted(command.name)}"
        for below in command.commands:
            commands.append(_fish_quoted(f"{command.name} {below.path[-1]}"))
            lines.append(
                f"complete -c acd -n {_fish_quoted(here + ' 0')} -a {below.path[-1]}"
                f" -d {_fish_quoted(below.summary)}"
            )
        for place, argument in enumerate(command.arguments):
            if wanted := _fish_kind(argument.kind):
                where = f"{here} {place}{'+' if argument.repeats else ''}"
                lines.append(f"complete -c acd -n {_fish_quoted(where)} {wanted}")
        for option in command.options:
            if option.takes_value:
                valued += [_fish_quoted(f"{command.name} {name}") for name in option.names]
            names = " ".join(_fish_option(name) for name in option.names)
            only = "-r" if option.kind == "file" else "-x"
            value = f" {only} {_fish_kind(option.kind)}".rstrip() if option.takes_value else ""
            lines.append(
                f"complete -c acd -n {_fish_quoted(here)} {names}{value}"
                f" -d {_fish_quoted(option.help)}"
            )
    return (
        _FISH.replace("@LINES@", "\n".join(lines))
        .replace("@VALUED@", " ".join(valued))
        .replace("@COMMANDS@", " ".join(commands))
    )


def _fish_quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _fish_option(name: str) -> str:
    return f"-l {name[2:]}" if name.startswith("--") else f"-s {name[1:]}"


def _fish_kind(kind: Kind) -> str:
    if isinstance(kind, str):
        return {
            # fish shows what follows a tab as a description, and takes neither as code.
            "session": f"-a '({_SESSIONS} 2>/dev/null)'",
            "file": "-F",
            "directory": "-a '(__fish_complete_directories)'",
            "text": "",
        }[kind]
    return f"-a {_fish_quoted(' '.join(kind))}"


SHELLS: Final[Mapping[str, tuple[str, Callable[[Command], str]]]] = {
    "bash": ("acd.bash", bash),
    "zsh": ("_acd", zsh),
    "fish": ("acd.fish", fish),
}
"""Shell to the file's name there, and what makes it."""


def main() -> int:
    program = acd()
    DIRECTORY.mkdir(parents=True, exist_ok=True)
    for name, make in SHELLS.values():
        path, text = DIRECTORY / name, make(program)
        if not path.exists() or path.read_text("utf-8") != text:
            path.write_text(text, "utf-8")
            print(f"written: packaging/completions/{name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
