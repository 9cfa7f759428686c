"""acd's hook: the script that an agent's settings name.

    <absolute python> -I -S <absolute path>/acd_hook.py claude-code|codex  < event.json

It runs acd_hook_event, which is in the same directory. An interpreter compiles its
script at each start, and loads a module's bytecode from __pycache__, where
`acd install` puts it: this file is short so that the hook starts as fast as a bare
interpreter. If the bytecode is missing, outdated or another Python's, the module is
compiled at each start.
"""

import posix
import sys

try:
    sys.dont_write_bytecode = True  # under umask 0, __pycache__ would be writable by all
    sys.path.append(__file__.rpartition("/")[0])  # -I leaves it out
    from acd_hook_event import main

    main()
finally:  # no output, status 0, and no teardown, which takes time
    posix._exit(0)
