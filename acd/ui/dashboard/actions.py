"""What can be done to a session from the dashboard.

Responsible for turning a key into requests and programs that are run, and for
the words that tell what came of it. It refuses to know widgets. Each action
returns those words, or raises AcdError.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from functools import partial

from acd.agents.catalog import resume_argv
from acd.config import DashboardConfig
from acd.errors import AcdError
from acd.protocol import Delete, Get, History, Ok, Remove, Resurrect, SessionRequest
from acd.sessions.status import CLOSED
from acd.sessions.values import Json
from acd.terminals import jump, terminals
from acd.text import printable
from acd.ui.dashboard.rows import Row

Request = Callable[[SessionRequest], Awaitable[Ok]]


class Actions:
    """The actions, over a connection that answers requests."""

    def __init__(
        self,
        request: Request,
        config: DashboardConfig,
        environ: Mapping[str, str],
        *,
        run: Callable[[terminals.Plan, Mapping[str, str]], None] = terminals.run,
    ):
        self._request = request
        self._config = config
        self._environ = environ
        self._run = run

    async def details(self, row: Row) -> Json:
        """All that the daemon knows about a session."""
        answer: Json = (await self._request(Get(row.id))).json()
        return answer

    async def history(self, session_id: str) -> list[Json]:
        """Its transitions, oldest first."""
        answer: list[Json] = (await self._request(History(session_id))).json()
        return answer

    async def close(self, row: Row) -> str:
        """Closes it, as far as acd is concerned: an agent that runs is left alone."""
        if row.status == CLOSED:
            return f"{row.label} is closed already; d deletes it"
        await self._request(Remove(row.id))
        return f"{row.label} is closed" + ("; r takes it up again" if _resumes(row) else "")

    async def delete(self, row: Row) -> str:
        """Forgets it, with its history."""
        await self._request(Delete(row.id))
        return f"{row.label} is deleted"

    async def jump(self, row: Row) -> str:
        """Brings its terminal to the front."""
        go = partial(jump.go_to, row.session, row.label, self._environ, run=self._run)
        return await asyncio.to_thread(go)

    async def resurrect(self, row: Row) -> str:
        """Takes a closed one up again, in a new window; closes it again if that fails."""
        argv, cwd = self._resumption(row)
        # Chosen before anything is changed: it may not be possible at all.
        plan = self._window(argv, cwd, row.name)
        answer = (await self._request(Resurrect(row.id))).json()
        if (answer["argv"][1:], answer["cwd"]) != (argv[1:], cwd):
            plan = self._window([argv[0], *answer["argv"][1:]], answer["cwd"], row.name)
        try:
            await asyncio.to_thread(self._run, plan, self._environ)
        except AcdError:
            await self._request(Remove(row.id))
            raise
        return f"{row.label} goes on in {plan.where}"

    def _resumption(self, row: Row) -> tuple[list[str], str]:
        if row.status != CLOSED:
            raise AcdError(f"{row.label} is {row.status}: only a closed session can be resurrected")
        if host := row.session.get("host"):
            raise AcdError(f"{row.label} ran on {printable(host)}, not on this machine")
        argv, cwd = _resumes(row), row.session.get("working_dir")
        if argv is None:
            raise AcdError(f"acd does not know how to resume {row.label}")
        if not cwd:
            raise AcdError(f"the directory of {row.label} is not known")
        # The new window's PATH may be another than ours.
        program = shutil.which(argv[0], path=self._environ.get("PATH"))
        if program is None:
            raise AcdError(f"{argv[0]} is not on PATH")
        return [program, *argv[1:]], cwd

    def _window(self, argv: list[str], cwd: str, name: str) -> terminals.Plan:
        plan = terminals.open_window(
            argv,
            cwd,
            name,
            self._environ,
            where=self._config.resurrect_in,
            terminal=self._config.terminal,
            which=lambda program: shutil.which(program, path=self._environ.get("PATH")),
        )
        return replace(plan, hint=plan.hint or "dashboard.resurrect_in says where windows open")


def _resumes(row: Row) -> list[str] | None:
    if row.session.get("superseded_by"):
        return None
    return resume_argv(str(row.session.get("agent_type")), row.session.get("session_id"))
