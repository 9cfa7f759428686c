"""The meanings of the events of Tinker, an agent that exists in the tests only."""

from __future__ import annotations

from typing import Final

from acd.agents.agent import Agent
from acd.sessions.fields import by_field, long_text
from acd.sessions.signals import Signal

AGENT: Final = Agent(
    name="tinker",
    title="Tinker",
    events={
        "UserPromptSubmit": Signal("PROMPTED"),
        "PermissionRequest": Signal("ASKED"),
        "Stop": Signal("TURN_ENDED"),
        "SessionEnd": Signal("ENDED"),
    },
    kind=by_field({"PermissionRequest": "tool_name"}),
    text=lambda event, payload: long_text(payload, "message"),
    resume=("tinker", "resume"),
    installer="acd.agents.tinker.installer:INSTALLER",
    observer="acd.agents.tinker.observer:TinkerObserver",
    observations={"rest": "IDLE"},
)
