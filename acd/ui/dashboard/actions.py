"""The actions on a session: requests to the daemon and programs to run."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from functools import partial

from acd.agents.catalog import session_resume_argv
from acd.config import DashboardConfig
from acd.errors import AcdError
from acd.protocol import Close, Delete, Get, Ok, Resurrect, SessionRequest
from acd.sessions.status import CLOSED
from acd.sessions.values import Json
from acd.terminals.jump import jump_to
from acd.terminals.plan import TerminalPlan, run_plan
from acd.terminals.window import window_plan
from acd.text import printable
from acd.ui.dashboard.session_row import SessionRow

SendRequest = Callable[[SessionRequest], Awaitable[Ok]]


class Actions:
    """The actions over a connection.

    `request` sends a request and returns the daemon's reply. The actions that change
    something return a message for the user; all raise AcdError with the reason of a failure.
    """

    def __init__(
        self,
        request: SendRequest,
        config: DashboardConfig,
        environ: Mapping[str, str],
        *,
        run: Callable[[TerminalPlan, Mapping[str, str]], None] = run_plan,
    ):
        self._request = request
        self._config = config
        self._environ = environ
        self._run = run

    async def details(self, row: SessionRow) -> Json:
        """The session as GET returns it."""
        reply: Json = (await self._request(Get(row.id))).json()
        return reply

    async def close(self, row: SessionRow) -> str:
        """Closes the session in acd. Its agent continues to run."""
        if row.status == CLOSED:
            return f"{row.label} is closed already; d deletes it"
        await self._request(Close(row.id))
        hint = "; r resurrects it" if session_resume_argv(row.session) else ""
        return f"{row.label} is closed{hint}"

    async def delete(self, row: SessionRow) -> str:
        """Deletes the session and its history."""
        await self._request(Delete(row.id))
        return f"{row.label} is deleted"

    async def jump(self, row: SessionRow) -> str:
        """Focuses the session's terminal."""
        go_to = partial(jump_to, row.session, row.label, self._environ, run=self._run)
        return await asyncio.to_thread(go_to)

    async def resurrect(self, row: SessionRow) -> str:
        """Resumes a closed session in a new window. If no window opens, closes it again."""
        argv, cwd = self._resume_command(row)
        # Planned before the session changes: it may turn out to be impossible.
        plan = self._window(argv, cwd, row.name)
        reply = (await self._request(Resurrect(row.id))).json()
        if (reply["argv"][1:], reply["cwd"]) != (argv[1:], cwd):
            plan = self._window([argv[0], *reply["argv"][1:]], reply["cwd"], row.name)
        try:
            await asyncio.to_thread(self._run, plan, self._environ)
        except AcdError:
            await self._request(Close(row.id))
            raise
        return f"{row.label} is resumed in {plan.where}"

    def _resume_command(self, row: SessionRow) -> tuple[list[str], str]:
        """The argument list, with an absolute program, and the working directory."""
        if row.status != CLOSED:
            raise AcdError(f"{row.label} is {row.status}: only a closed session can be resurrected")
        if host := row.session.get("host"):
            raise AcdError(f"{row.label} ran on {printable(host)}, not on this machine")
        argv, cwd = session_resume_argv(row.session), row.session.get("working_dir")
        if argv is None:
            raise AcdError(f"acd cannot resume {row.label}")
        if not cwd:
            raise AcdError(f"the working directory of {row.label} is not known")
        # The PATH of the new window may be different.
        program = shutil.which(argv[0], path=self._environ.get("PATH"))
        if program is None:
            raise AcdError(f"{argv[0]} is not on PATH")
        return [program, *argv[1:]], cwd

    def _window(self, argv: list[str], cwd: str, name: str) -> TerminalPlan:
        plan = window_plan(
            argv,
            cwd,
            name,
            self._environ,
            where=self._config.resurrect_in,
            terminal=self._config.terminal,
            which=lambda program: shutil.which(program, path=self._environ.get("PATH")),
        )
        return replace(plan, hint=plan.hint or "dashboard.resurrect_in selects where windows open")
