"""The entry point: dispatches to a command, and prints errors.

Four commands run without the imports of the command line (click takes 15 ms and
5 MB): `acd daemon`, for which a client waits, `acd bar` and `acd statusline`,
which run every few seconds, and the completion of ids.
"""

from __future__ import annotations

import os
import sys
from typing import NoReturn

from acd.errors import EXIT_BROKEN_PIPE, EXIT_UNREACHABLE, AcdError, OutputClosed, UnsafeSocket
from acd.text import error_text


def main() -> int:
    """The `acd` program; returns its exit code."""
    is_daemon = sys.argv[1:] == ["daemon"]
    try:
        if is_daemon:
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
    except OutputClosed:
        return EXIT_BROKEN_PIPE
    except AcdError as error:
        print(error_text(error), file=sys.stderr)
        # To a client an unsafe socket means that no daemon can be reached.
        is_unreachable = isinstance(error, UnsafeSocket) and not is_daemon
        return EXIT_UNREACHABLE if is_unreachable else error.exit_code


def _restart_in_utf8_mode() -> NoReturn:
    """Executes this program again in UTF-8 mode (PEP 540).

    Agents send paths in UTF-8, and Python encodes paths by the locale otherwise.
    The process and its descriptors stay the same, so an inherited socket stays
    valid (sd_listen_fds(3)).
    """
    arguments = [sys.executable, "-X", "utf8", *sys.orig_argv[1:]]
    os.execv(sys.executable, arguments)  # noqa: S606 - this program


if __name__ == "__main__":
    sys.exit(main())
