"""Follows the sessions, and tells the user of their waits.

Responsible for the order: what was decided is remembered before anybody is
told, so that nobody is told twice; and for going where a click leads. It
refuses to know the rules (waits.py) and how anything is shown.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Final, NoReturn

from acd import paths
from acd.client.subscription import subscribe_passively
from acd.config import NotifyConfig
from acd.errors import AcdError
from acd.notify import command
from acd.notify.desktop import Desktop, Handle, desktop
from acd.notify.focus import FocusProbe
from acd.notify.memory import Memory, memory
from acd.notify.message import message
from acd.notify.policy import NotificationPolicy, Rules
from acd.sessions.status import CLOSED
from acd.sessions.values import Json
from acd.terminals import terminals
from acd.terminals.jump import go_to
from acd.text import one_line

JUMP_SECONDS: Final = 2.0
"""For one program of a jump. They take milliseconds, and other notifications wait meanwhile."""


def rules(config: NotifyConfig, environ: Mapping[str, str]) -> Rules:
    """The configuration's rules, with `~` as the home directory."""
    home = paths.home(environ)
    quiet = (
        str(home / each.removeprefix("~").lstrip("/")) if each.split("/")[0] == "~" else each
        for each in config.quiet_in
    )
    return Rules(
        config.on, config.grace_seconds, config.after_seconds, tuple(quiet), config.seen_seconds
    )


def notify(
    environ: Mapping[str, str], config: NotifyConfig, complain: Callable[[AcdError], None]
) -> NoReturn:
    """Tells of waits as configured, until it is ended; what fails is told to `complain`.

    It neither starts the daemon nor keeps it. Raises AcdError, UnsafeSocket.
    """
    shown_on = desktop(environ, sound=config.sound) if config.desktop else None
    with memory(paths.socket_path(environ)) as kept:
        teller = _Teller(environ, config, kept, shown_on, complain)
        for picture, differences in subscribe_passively(
            environ, wake_at=lambda: teller.waits.next_due, wake_fd=teller.clicks
        ):
            if teller.is_new:
                teller.begin(picture.sessions)
            for difference in differences:
                teller.see(difference.session_id, difference.after)
            teller.tell()
            teller.go(picture.sessions)
    raise AssertionError("it never ends by itself")


class _Teller:
    """Carries out what is decided."""

    def __init__(
        self,
        environ: Mapping[str, str],
        config: NotifyConfig,
        kept: Memory,
        shown_on: Desktop | None,
        complain: Callable[[AcdError], None],
    ):
        remembered = kept.read()
        self.waits = NotificationPolicy(rules(config, environ), remembered.get("waits"))
        self.is_new = True
        self._environ = environ
        # A click comes from the desktop, not from a pane in which this may run.
        self._from_desktop = {**environ, "TMUX": "", "TMUX_PANE": ""}
        self._command = config.command
        self._tells_end = config.command_when_over
        self._kept = kept
        self._desktop = shown_on
        self._complain = complain
        self._shown = _handles(remembered.get("shown"))

    def begin(self, sessions: Mapping[str, Json]) -> None:
        """All sessions as they are; what is over since the last time is taken back."""
        self.is_new = False
        for session_id in self.waits.see_all(sessions, time.monotonic()):
            self._end(session_id, sessions.get(session_id))
        if self._desktop is not None and self._shown:
            self._try(self._desktop.listen)

    def see(self, session_id: str, session: Json | None) -> None:
        """One that has changed."""
        if self.waits.see(session_id, session, time.monotonic()):
            self._end(session_id, session)

    def tell(self) -> None:
        """Tells of what is due, and remembers."""
        due = self.waits.due(time.monotonic(), FocusProbe(self._environ).looks)
        if self.waits.is_changed:
            self._remember()
        for session in due:
            if self._desktop is not None:
                self._try(self._show, self._desktop, session)
            if self._command:
                self._try(command.run, self._command, "waiting", session, self._environ)
        if self._desktop is not None and not self._shown:
            # Clicks on what others show would wake us.
            self._desktop.close()

    def clicks(self) -> int | None:
        """Where there is something to read when a notification was clicked; None: nowhere."""
        return None if self._desktop is None else self._desktop.fileno()

    def go(self, sessions: Mapping[str, Json]) -> None:
        """Goes to the terminal of each session whose notification was clicked."""
        if self._desktop is None:
            return
        try:
            clicked = self._desktop.clicked()
        except AcdError as error:
            self._complain(error)
            return
        for session_id, handle in self._shown.items():
            if handle in clicked:
                self._try(self._jump, session_id, sessions.get(session_id))

    def _jump(self, session_id: str, session: Json | None) -> None:
        if session is None:
            raise AcdError(f"{session_id[:8]}: it is gone")
        run = partial(terminals.run, seconds=JUMP_SECONDS)
        go_to(session, one_line(session["display_name"]), self._from_desktop, run=run)

    def _show(self, shown_on: Desktop, session: Json) -> None:
        handle = shown_on.show(message(session))
        if handle is not None:
            self._shown[session["id"]] = handle
            self._remember()

    def _end(self, session_id: str, session: Json | None) -> None:
        """A wait that was told of is over; `session` is as it is now, None if it is no more."""
        handle = self._shown.pop(session_id, None)
        if handle is not None and self._desktop is not None:
            self._try(self._desktop.withdraw, handle)
        if self._command and self._tells_end:
            now = session or _gone(session_id)
            self._try(command.run, self._command, "over", now, self._environ)

    def _remember(self) -> None:
        value = {"waits": self.waits.record(), "shown": self._shown}
        self._try(self._kept.write, value)

    def _try(self, act: Callable[..., None], *arguments: object) -> None:
        try:
            act(*arguments)
        except AcdError as error:
            self._complain(error)


def _gone(session_id: str) -> Json:
    """What there is to say of a session that is no more."""
    return {"id": session_id, "status": CLOSED, "display_name": session_id[:8]}


def _handles(remembered: object) -> dict[str, Handle]:
    if not isinstance(remembered, dict):
        return {}
    return {
        session_id: handle
        for session_id, handle in remembered.items()
        if isinstance(handle, list)
        and len(handle) == 2
        and isinstance(handle[0], str)
        and isinstance(handle[1], int)
    }
