# Completion of acd for fish: made by python -m tools.completions

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
            case 'wait --for' 'wait --timeout' 'jump --tmux-client' 'timeline --since' 'timeline --svg' 'bar --template' 'history -n' 'set --cwd' 'set --session-id' 'set --prompt' 'set --meta' 'install --agent'
                set value 1
            case '* -*'
            case ' dashboard' ' list' ' watch' ' wait' ' jump' ' timeline' ' bar' ' statusline' ' get' ' history' ' explain' ' record' ' replay' ' set' ' rm' ' delete' ' resurrect' ' status' ' doctor' ' stop' ' notify' ' daemon' ' config' ' install' ' uninstall' ' completion' 'config init' 'config path' 'config show'
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
complete -c acd -n '__acd_at \'\' 0' -a dashboard -d 'See every session at a glance, live.'
complete -c acd -n '__acd_at \'\' 0' -a list -d 'Show all sessions, those that need you first.'
complete -c acd -n '__acd_at \'\' 0' -a watch -d 'Print a line for each change, as it happens.'
complete -c acd -n '__acd_at \'\' 0' -a wait -d 'Wait until a session needs you, and print which.'
complete -c acd -n '__acd_at \'\' 0' -a jump -d 'Go to the terminal of the session that needs you most.'
complete -c acd -n '__acd_at \'\' 0' -a timeline -d 'Show who worked and who waited for you, and how long.'
complete -c acd -n '__acd_at \'\' 0' -a bar -d 'Print what a status bar shows: tmux, waybar, polybar…'
complete -c acd -n '__acd_at \'\' 0' -a statusline -d 'Claude Code\'s status line: this session, and who else needs you.'
complete -c acd -n '__acd_at \'\' 0' -a get -d 'Print all that is known about a session, as JSON.'
complete -c acd -n '__acd_at \'\' 0' -a history -d 'Show how a session\'s status changed.'
complete -c acd -n '__acd_at \'\' 0' -a explain -d 'Show why a session\'s status is what it is: "why does it say that?"'
complete -c acd -n '__acd_at \'\' 0' -a record -d 'Write the evidence as it arrives into FILE, for a bug report.'
complete -c acd -n '__acd_at \'\' 0' -a replay -d 'Show what acd makes of a recording.'
complete -c acd -n '__acd_at \'\' 0' -a set -d 'Set a session\'s status; the first time creates it.'
complete -c acd -n '__acd_at \'\' 0' -a rm -d 'Close a session; it can still be resurrected for a while.'
complete -c acd -n '__acd_at \'\' 0' -a delete -d 'Forget a session at once.'
complete -c acd -n '__acd_at \'\' 0' -a resurrect -d 'Take a closed session up again, in this terminal.'
complete -c acd -n '__acd_at \'\' 0' -a status -d 'Show how the daemon is, and what is installed.'
complete -c acd -n '__acd_at \'\' 0' -a doctor -d 'Check everything that acd needs, and show what to do.'
complete -c acd -n '__acd_at \'\' 0' -a stop -d 'End the daemon in order; nothing is lost.'
complete -c acd -n '__acd_at \'\' 0' -a notify -d 'Tell you when a session waits for you, as configured.'
complete -c acd -n '__acd_at \'\' 0' -a daemon -d 'Serve in the foreground; services and hooks do it for you.'
complete -c acd -n '__acd_at \'\' 0' -a config -d 'Show the configuration, or begin a file for it.'
complete -c acd -n '__acd_at \'\' 0' -a install -d 'Set up the service and the hooks of this acd, or bring them up to date.'
complete -c acd -n '__acd_at \'\' 0' -a uninstall -d 'Remove acd: hooks, service, the sessions\' state, manual, completions, the program.'
complete -c acd -n '__acd_at \'\' 0' -a completion -d 'Print the completion for a shell.'
complete -c acd -n '__acd_at \'\'' -l version -d 'Show the version and exit.'
complete -c acd -n '__acd_at \'\'' -s h -l help -d 'Show this message and exit.'
complete -c acd -n '__acd_at \'dashboard\'' -l once -d 'End after a jump: for a popup.'
complete -c acd -n '__acd_at \'dashboard\'' -s h -l help -d 'Show this message and exit.'
complete -c acd -n '__acd_at \'list\'' -l json -d 'Print a JSON array, in the same order.'
complete -c acd -n '__acd_at \'list\'' -s h -l help -d 'Show this message and exit.'
complete -c acd -n '__acd_at \'watch\'' -l json -d 'Print a JSON object a line.'
complete -c acd -n '__acd_at \'watch\'' -s h -l help -d 'Show this message and exit.'
complete -c acd -n '__acd_at \'wait\' 0+' -a '(acd completion ids 2>/dev/null)'
complete -c acd -n '__acd_at \'wait\'' -l for -x -a 'question attention working closed' -d 'The statuses to wait for.'
complete -c acd -n '__acd_at \'wait\'' -l timeout -x -d 'Give up then, with exit code 1.'
complete -c acd -n '__acd_at \'wait\'' -l json -d 'Print the session as JSON, one a line.'
complete -c acd -n '__acd_at \'wait\'' -s h -l help -d 'Show this message and exit.'
complete -c acd -n '__acd_at \'jump\' 0' -a '(acd completion ids 2>/dev/null)'
complete -c acd -n '__acd_at \'jump\'' -l tmux-client -x -d 'Where several look at one tmux, who is to go there: in a key binding, \'#{client_name}\'.'
complete -c acd -n '__acd_at \'jump\'' -s h -l help -d 'Show this message and exit.'
complete -c acd -n '__acd_at \'timeline\' 0+' -a '(acd completion ids 2>/dev/null)'
complete -c acd -n '__acd_at \'timeline\'' -l since -x -d 'How far back: 90m, 8h, 1h30m, 2d.'
complete -c acd -n '__acd_at \'timeline\'' -l svg -r -F -d 'Write a picture instead; - is the output.'
complete -c acd -n '__acd_at \'timeline\'' -l json -d 'Print a JSON object.'
complete -c acd -n '__acd_at \'timeline\'' -s h -l help -d 'Show this message and exit.'
complete -c acd -n '__acd_at \'bar\' 0' -a 'tmux waybar polybar i3blocks swiftbar xbar starship zellij plain'
complete -c acd -n '__acd_at \'bar\'' -l follow -d 'Go on, and print it anew whenever it changes.'
complete -c acd -n '__acd_at \'bar\'' -l template -x -d 'A text of your own, with fields.'
complete -c acd -n '__acd_at \'bar\'' -s h -l help -d 'Show this message and exit.'
complete -c acd -n '__acd_at \'statusline\'' -s h -l help -d 'Show this message and exit.'
complete -c acd -n '__acd_at \'get\' 0' -a '(acd completion ids 2>/dev/null)'
complete -c acd -n '__acd_at \'get\'' -s h -l help -d 'Show this message and exit.'
complete -c acd -n '__acd_at \'history\' 0' -a '(acd completion ids 2>/dev/null)'
complete -c acd -n '__acd_at \'history\'' -s n -x -d 'Only the last N changes.'
complete -c acd -n '__acd_at \'history\'' -l json -d 'Print a JSON array.'
complete -c acd -n '__acd_at \'history\'' -s h -l help -d 'Show this message and exit.'
complete -c acd -n '__acd_at \'explain\' 0' -a '(acd completion ids 2>/dev/null)'
complete -c acd -n '__acd_at \'explain\'' -s h -l help -d 'Show this message and exit.'
complete -c acd -n '__acd_at \'record\' 0' -F
complete -c acd -n '__acd_at \'record\'' -s h -l help -d 'Show this message and exit.'
complete -c acd -n '__acd_at \'replay\' 0' -F
complete -c acd -n '__acd_at \'replay\'' -s h -l help -d 'Show this message and exit.'
complete -c acd -n '__acd_at \'set\' 0' -a '(acd completion ids 2>/dev/null)'
complete -c acd -n '__acd_at \'set\' 1' -a 'question attention working closed'
complete -c acd -n '__acd_at \'set\'' -l cwd -x -a '(__fish_complete_directories)' -d 'The directory that it works in.'
complete -c acd -n '__acd_at \'set\'' -l session-id -x -d 'The agent\'s own id, to resume it with.'
complete -c acd -n '__acd_at \'set\'' -l prompt -x -d 'What it asks or last said.'
complete -c acd -n '__acd_at \'set\'' -l meta -x -d 'Further facts; name and agent_type are known.'
complete -c acd -n '__acd_at \'set\'' -s h -l help -d 'Show this message and exit.'
complete -c acd -n '__acd_at \'rm\' 0' -a '(acd completion ids 2>/dev/null)'
complete -c acd -n '__acd_at \'rm\'' -s h -l help -d 'Show this message and exit.'
complete -c acd -n '__acd_at \'delete\' 0' -a '(acd completion ids 2>/dev/null)'
complete -c acd -n '__acd_at \'delete\'' -s h -l help -d 'Show this message and exit.'
complete -c acd -n '__acd_at \'resurrect\' 0' -a '(acd completion ids 2>/dev/null)'
complete -c acd -n '__acd_at \'resurrect\'' -l print -d 'Only show the command for a shell; the session stays closed.'
complete -c acd -n '__acd_at \'resurrect\'' -s h -l help -d 'Show this message and exit.'
complete -c acd -n '__acd_at \'status\'' -s h -l help -d 'Show this message and exit.'
complete -c acd -n '__acd_at \'doctor\'' -s h -l help -d 'Show this message and exit.'
complete -c acd -n '__acd_at \'stop\'' -s h -l help -d 'Show this message and exit.'
complete -c acd -n '__acd_at \'notify\'' -s h -l help -d 'Show this message and exit.'
complete -c acd -n '__acd_at \'daemon\'' -s h -l help -d 'Show this message and exit.'
complete -c acd -n '__acd_at \'config\' 0' -a init -d 'Write a file with every option in it, commented out.'
complete -c acd -n '__acd_at \'config\' 0' -a path -d 'Print where the configuration file is, or would be.'
complete -c acd -n '__acd_at \'config\' 0' -a show -d 'Print every option as it holds, from the file or by default.'
complete -c acd -n '__acd_at \'config\'' -s h -l help -d 'Show this message and exit.'
complete -c acd -n '__acd_at \'config init\'' -s h -l help -d 'Show this message and exit.'
complete -c acd -n '__acd_at \'config path\'' -s h -l help -d 'Show this message and exit.'
complete -c acd -n '__acd_at \'config show\'' -s h -l help -d 'Show this message and exit.'
complete -c acd -n '__acd_at \'install\'' -l hooks-only -d 'Only set up the hooks in the agents\' settings.'
complete -c acd -n '__acd_at \'install\'' -l no-hooks -d 'Set up no hooks.'
complete -c acd -n '__acd_at \'install\'' -l no-service -d 'Set up no service: hooks start the daemon.'
complete -c acd -n '__acd_at \'install\'' -l statusline -d 'Also set acd\'s status line for agents that have none; with --no-hooks too.'
complete -c acd -n '__acd_at \'install\'' -l agent -x -a 'claude-code codex all' -d 'The agent to set up hooks for. Default: each that you have.'
complete -c acd -n '__acd_at \'install\'' -l trust -d 'Trust acd\'s hooks in agents that would ask you to review them.'
complete -c acd -n '__acd_at \'install\'' -l dry-run -d 'Show what would be done, and change nothing.'
complete -c acd -n '__acd_at \'install\'' -s h -l help -d 'Show this message and exit.'
complete -c acd -n '__acd_at \'uninstall\'' -l yes -d 'Do not ask.'
complete -c acd -n '__acd_at \'uninstall\'' -l dry-run -d 'Show what would be done, and change nothing.'
complete -c acd -n '__acd_at \'uninstall\'' -s h -l help -d 'Show this message and exit.'
complete -c acd -n '__acd_at \'completion\' 0' -a 'bash zsh fish'
complete -c acd -n '__acd_at \'completion\'' -s h -l help -d 'Show this message and exit.'
