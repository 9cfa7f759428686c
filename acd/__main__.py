"""The program's edge: dispatches, and turns errors into text and exit codes.

`acd daemon` goes its own way, without the command line's imports (click takes
15 ms and 5 MB): it is what a service manager or a hook starts while somebody
waits. So do a status bar's look and a status line, which run every few seconds,
and what a shell completes an id with.
"""

from __future__ import annotations

import os
import sys
from typing import NoReturn

from acd.errors import AcdError
from acd.text import printable


def main() -> int:
    """The `acd` program; returns its exit code."""
    try:
        if sys.argv[1:] == ["daemon"]:
            if sys.getfilesystemencoding() != "utf-8":
                _restart_in_utf8_mode()
            from acd.daemon.daemon import main as daemon_main

            return daemon_main()
        if sys.argv[1:2] == ["bar"]:
            from acd.cli import fast_bar

            if fast_bar.is_fast(sys.argv[1:]):
                return fast_bar.main(sys.argv[1:])
        if sys.argv[1:] == ["statusline"]:
            from acd.cli.fast_statusline import main as statusline_main

            return statusline_main()
        if sys.argv[1:] == ["completion", "ids"]:
            from acd.cli.fast_session_ids import main as session_ids_main

            return session_ids_main()
        from acd.cli.main import main as cli_main

        return cli_main()
    except AcdError as error:
        print(f"acd: {printable(error.message)}", file=sys.stderr)
        if error.hint:
            print(f"     {printable(error.hint)}", file=sys.stderr)
        return error.exit_code


def _restart_in_utf8_mode() -> NoReturn:
    """Executes this program again with paths encoded as UTF-8, whatever the locale.

    The paths that agents send are UTF-8, and Python encodes paths by the locale
    (PEP 540). The process and its descriptors stay the same, so that a socket
    that was handed over is still ours (sd_listen_fds(3)).
    """
    arguments = [sys.executable, "-X", "utf8", *sys.orig_argv[1:]]
    os.execv(sys.executable, arguments)  # noqa: S606 - this program


if __name__ == "__main__":
    sys.exit(main())
