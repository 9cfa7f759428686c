"""Hypothesis strategies for settings texts, and the hooks that tests put into them."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from typing import Any, Final

from hypothesis import strategies as st

AGENT_NAME: Final = "claude-code"

BLANK = st.text(" \t\r\n", max_size=3)
SEPARATORS = (",", ", ", " , ", ",\n", ",\r\n\t", ",\n\n  ")


def handler(
    python: str = "/usr/bin/python3.11", hook: str = "/data/acd/acd_hook.py"
) -> dict[str, Any]:
    """Returns one of acd's hook entries."""
    words = ("exec", python, "-I", "-S", hook, AGENT_NAME)
    return {"type": "command", "command": shlex.join(words), "async": True, "timeout": 5}


WANTED: Final[Mapping[str, dict[str, Any]]] = {
    "SessionStart": handler(),
    "PreToolUse": handler(),
    "Stop": {key: value for key, value in handler().items() if key != "async"},
}
OTHER_HANDLER: Final = {"type": "command", "command": "notify-send 'acd_hook.py' done"}


@st.composite
def rendered(draw: st.DrawFn, value: object) -> str:
    """The value as a JSON text with blanks wherever JSON allows them."""

    def blank() -> str:
        return draw(BLANK)

    def items(parts: list[str], opening: str, closing: str) -> str:
        if not parts:
            return opening + blank() + closing
        text = opening + blank() + parts[0]
        for part in parts[1:]:
            text += draw(st.sampled_from(SEPARATORS)) + part
        return text + blank() + closing

    def render(value: object) -> str:
        if isinstance(value, dict):
            members = [
                json.dumps(key, ensure_ascii=draw(st.booleans()))
                + blank()
                + ":"
                + blank()
                + render(each)
                for key, each in value.items()
            ]
            return items(members, "{", "}")
        if isinstance(value, list):
            return items([render(each) for each in value], "[", "]")
        return json.dumps(value, ensure_ascii=draw(st.booleans()))

    return render(value)


SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=6),
)
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=6,
)
FOREIGN_GROUPS = st.lists(
    st.one_of(
        st.fixed_dictionaries(
            {"hooks": st.lists(st.just(OTHER_HANDLER), max_size=2)},
            optional={"matcher": st.text(max_size=3)},
        ),
        ANYTHING,
    ),
    max_size=3,
)
HOOKS = st.dictionaries(
    st.sampled_from([*WANTED, "Notification", "FutureEvent", "ü"]), FOREIGN_GROUPS, max_size=4
)


@st.composite
def settings_texts(draw: st.DrawFn) -> str:
    """A text that merge() accepts and that holds no hook of acd's."""
    if draw(st.integers(0, 9)) == 0:
        return draw(st.sampled_from(["", "\ufeff"])) + draw(BLANK)
    value = draw(
        st.dictionaries(
            st.text(max_size=5).filter(lambda key: key != "hooks"), ANYTHING, max_size=4
        )
    )
    if draw(st.booleans()):
        value["hooks"] = draw(HOOKS)
        names = draw(st.permutations(list(value)))
        value = {name: value[name] for name in names}
    style = draw(st.sampled_from(["any", "  ", "\t", "    ", "compact", "line"]))
    if style == "any":
        text = draw(rendered(value))
    elif style in {"compact", "line"}:
        separators = (",", ":") if style == "compact" else (", ", ": ")
        text = json.dumps(value, separators=separators, ensure_ascii=False)
    else:
        text = json.dumps(value, indent=style, ensure_ascii=False)
    newline = draw(st.sampled_from(["\n", "\r\n"]))
    ending = draw(st.sampled_from(["", "\n"]))
    return draw(st.sampled_from(["", "\ufeff"])) + (text + ending).replace("\n", newline)
