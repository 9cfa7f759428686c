"""Subscribes to the sessions and notifies the user, as the policy decides.

A decision is saved before it is carried out, so that no notification is repeated after a crash.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Final

from acd import paths
from acd.client.subscription import subscribe_passively
from acd.config import NotifyConfig
from acd.errors import AcdError
from acd.notify import command
from acd.notify.desktop import Desktop, desktop
from acd.notify.focus import FocusProbe
from acd.notify.notification import Handle, notification
from acd.notify.policy import NotificationPolicy, NotificationRules
from acd.notify.state import NotifierState, locked_state
from acd.sessions.status import CLOSED
from acd.sessions.values import Json
from acd.terminals.jump import jump_to
from acd.terminals.plan import run_plan
from acd.text import one_line

JUMP_SECONDS: Final = 2.0
"""The time limit of one program of a jump. Other notifications wait meanwhile."""


def rules(config: NotifyConfig, environ: Mapping[str, str]) -> NotificationRules:
    """The configured rules, with `~` replaced by the home directory."""
    home = paths.home(environ)
    quiet = (
        str(home / each.removeprefix("~").lstrip("/")) if each.split("/")[0] == "~" else each
        for each in config.quiet_in
    )
    return NotificationRules(
        config.on, config.grace_seconds, config.after_seconds, tuple(quiet), config.seen_seconds
    )


def notify(environ: Mapping[str, str], config: NotifyConfig) -> Iterator[AcdError]:
    """Notifies the user as configured; yields the errors of failed notifications.

    It subscribes as a passive client, and never ends by itself. Raises AcdError and
    UnsafeSocket when it cannot begin.
    """
    shown_on = desktop(environ, sound=config.sound) if config.desktop else None
    with locked_state(paths.socket_path(environ)) as state:
        notifier = _Notifier(environ, config, state, shown_on)
        for mirror, changes in subscribe_passively(
            environ, wake_at=lambda: notifier.policy.next_due, wake_fd=notifier.fileno
        ):
            if notifier.is_new:
                yield from notifier.begin(mirror.sessions)
            for change in changes:
                yield from notifier.update(change.session_id, change.after)
            yield from notifier.send_due()
            yield from notifier.follow_clicks(mirror.sessions)


class _Notifier:
    """Carries out what the policy decides. Its generators yield the errors of what failed."""

    def __init__(
        self,
        environ: Mapping[str, str],
        config: NotifyConfig,
        state: NotifierState,
        shown_on: Desktop | None,
    ):
        saved = state.read()
        self.policy = NotificationPolicy(rules(config, environ), saved.get("waits"))
        self.is_new = True
        self._environ = environ
        # A click comes from the desktop, not from the pane in which this process may run.
        self._outside_tmux = {**environ, "TMUX": "", "TMUX_PANE": ""}
        self._command = config.command
        self._command_when_over = config.command_when_over
        self._state = state
        self._desktop = shown_on
        self._shown = _handles(saved.get("shown"))

    def begin(self, sessions: Mapping[str, Json]) -> Iterator[AcdError]:
        """Takes in all sessions; withdraws what is over since the last run."""
        self.is_new = False
        for session_id in self.policy.update_all(sessions, time.monotonic()):
            yield from self._withdraw(session_id, sessions.get(session_id))
        if self._desktop is not None and self._shown:
            yield from _errors(self._desktop.listen)

    def update(self, session_id: str, session: Json | None) -> Iterator[AcdError]:
        """Takes in a session that has changed; None: it was removed."""
        if self.policy.update(session_id, session, time.monotonic()):
            yield from self._withdraw(session_id, session)

    def send_due(self) -> Iterator[AcdError]:
        """Saves the decisions, then sends the notifications that are due."""
        due = self.policy.take_due(time.monotonic(), FocusProbe(self._environ).reports)
        if self.policy.is_changed:
            yield from _errors(self._save)
        for session in due:
            if self._desktop is not None:
                yield from _errors(self._show, self._desktop, session)
            if self._command:
                yield from _errors(command.run, self._command, "waiting", session, self._environ)
        if self._desktop is not None and not self._shown:
            # Clicks on other programs' notifications would wake this process.
            self._desktop.close()

    def fileno(self) -> int | None:
        """A descriptor that is readable after a click; None while no click can come."""
        return None if self._desktop is None else self._desktop.fileno()

    def follow_clicks(self, sessions: Mapping[str, Json]) -> Iterator[AcdError]:
        """Jumps to the terminal of each session whose notification was clicked."""
        if self._desktop is None:
            return
        try:
            clicked = self._desktop.take_clicks()
        except AcdError as error:
            yield error
            return
        for session_id, handle in self._shown.items():
            if handle in clicked:
                yield from _errors(self._jump, session_id, sessions.get(session_id))

    def _jump(self, session_id: str, session: Json | None) -> None:
        if session is None:
            raise AcdError(f"{session_id[:8]}: the session was removed")
        run = partial(run_plan, seconds=JUMP_SECONDS)
        jump_to(session, one_line(session["display_name"]), self._outside_tmux, run=run)

    def _show(self, shown_on: Desktop, session: Json) -> None:
        handle = shown_on.show(notification(session))
        if handle is not None:
            self._shown[session["id"]] = handle
            self._save()

    def _withdraw(self, session_id: str, session: Json | None) -> Iterator[AcdError]:
        """Ends a notification. `session` is its present state, None if it was removed."""
        handle = self._shown.pop(session_id, None)
        if handle is not None and self._desktop is not None:
            yield from _errors(self._desktop.withdraw, handle)
        if self._command and self._command_when_over:
            now = session or _removed(session_id)
            yield from _errors(command.run, self._command, "over", now, self._environ)

    def _save(self) -> None:
        self._state.write({"waits": self.policy.dump(), "shown": self._shown})


def _errors(act: Callable[..., None], *arguments: object) -> Iterator[AcdError]:
    """Calls the function; yields the error that it raises."""
    try:
        act(*arguments)
    except AcdError as error:
        yield error


def _removed(session_id: str) -> Json:
    """What remains known of a removed session."""
    return {"id": session_id, "status": CLOSED, "display_name": session_id[:8]}


def _handles(saved: object) -> dict[str, Handle]:
    """The valid handles of a saved state, by session id."""
    if not isinstance(saved, dict):
        return {}
    return {
        session_id: handle
        for session_id, handle in saved.items()
        if isinstance(handle, list)
        and len(handle) == 2
        and isinstance(handle[0], str)
        and isinstance(handle[1], int)
    }
