"""acd's hook: the script that an agent's settings name.

    <absolute python> -I -S <absolute path>/acd_hook.py claude-code|codex  < event.json

It runs acd_hook_event, which stands beside it and does the work. An interpreter
compiles the script that it runs each time, and takes a module's bytecode from
__pycache__, where `acd install` puts it: so this file is short, and the hook
starts as fast as a bare interpreter. Where that bytecode is missing, outdated or
another Python's, the module is compiled each time, and nothing else changes.
"""

import posix
import sys

try:
    sys.dont_write_bytecode = True  # under umask 0 anybody could write into __pycache__
    sys.path.append(__file__.rpartition("/")[0])  # an isolated interpreter leaves it out
    from acd_hook_event import main

    main()
finally:  # whatever went wrong, the agent hears nothing; and skipping the teardown is faster
    posix._exit(0)
