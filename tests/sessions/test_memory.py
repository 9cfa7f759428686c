"""The memory of sessions in Python."""

from __future__ import annotations

import gc
import json
import tracemalloc

from acd.sessions.metadata import parse_metadata
from acd.sessions.store import Store
from acd.sessions.values import EVIDENCE_LENGTH
from testing.event_scenes import StoreScene

SESSIONS = 100
TRANSITIONS = 10
MEGABYTE = 1_000_000


def traced_bytes(scene: StoreScene, *, by_hooks: bool) -> int:
    """Bytes of the store after each session had its transitions."""
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    for number in range(SESSIONS):
        # New strings, as from the wire.
        session = f"{number:08x}-46d4-422f-b05e-700a25951c93"
        directory = f"/home/somebody/projects/number-{number}"
        meta = {"pid": 1000 + number, "config_dir": f"/home/somebody/.claude-{number}"}
        terminal = {"TMUX": f"/tmp/tmux-1000/default,{number},0", "TMUX_PANE": f"%{number}"}
        for turn in range(TRANSITIONS + 1):
            scene.wait(1)
            label = ("Stop", "UserPromptSubmit")[turn % 2]
            if by_hooks:
                fresh = json.loads(json.dumps(meta | terminal))
                message = f"{turn} " + "word " * 40
                scene.hook(
                    label, session, meta=fresh, cwd=directory, last_assistant_message=message
                )
            else:
                text = json.dumps({"working_dir": directory, "session_id": session, "turn": turn})
                status = ("attention", "working")[turn % 2]
                scene.store.set(session, status, parse_metadata(text), scene.now)  # type: ignore[arg-type]
    gc.collect()  # also empties the interpreter's free lists of tuples, 0.2 to 0.5 MB here
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return after - before


def check_history(store: Store) -> None:
    assert len(store.sessions) == SESSIONS
    assert all(len(session.history or ()) == TRANSITIONS for session in store.list_all())


def test_a_hundred_sessions_with_ten_transitions_each_take_less_than_a_megabyte() -> None:
    scene = StoreScene()
    assert 10_000 < traced_bytes(scene, by_hooks=False) < MEGABYTE
    check_history(scene.store)


def test_sessions_of_hooks_take_less_than_a_megabyte_with_their_evidence() -> None:
    scene = StoreScene()
    assert 10_000 < traced_bytes(scene, by_hooks=True) < MEGABYTE
    check_history(scene.store)
    assert all(
        len(session.evidence_log or ()) == min(TRANSITIONS + 1, EVIDENCE_LENGTH)
        for session in scene.store.list_all()
    )
