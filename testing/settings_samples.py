"""Settings files as users have them, to the byte."""

from __future__ import annotations

from typing import Final

PLAIN: Final = b"""{
  "model": "opus",
  "permissions": {
    "allow": ["Bash(npm run test:*)", "WebFetch(domain:docs.rs)"],
    "deny": []
  }
}
"""

ACCEPTED: Final[dict[str, bytes]] = {
    "plain": PLAIN,
    "foreign hooks on the same events": b"""{
  "hooks": {
    "PreToolUse": [
      {
        "matcher": "Bash",
        "hooks": [
          {
            "type": "command",
            "command": "~/.claude/guard.sh",
            "timeout": 10
          }
        ]
      },
      { "matcher": "Edit|Write", "hooks": [{ "type": "prompt", "prompt": "ok? $ARGUMENTS" }] }
    ],
    "Stop": [
      {
        "hooks": [
          {
            "type": "command",
            "command": "afplay /System/Library/Sounds/Glass.aiff"
          }
        ]
      }
    ],
    "InstructionsLoaded": [
      {
        "hooks": []
      }
    ]
  },
  "statusLine": {
    "type": "command",
    "command": "~/.claude/statusline.sh",
    "padding": 0
  }
}
""",
    "tabs": b"""{
\t"model": "opus",
\t"hooks": {
\t\t"Stop": [
\t\t\t{ "hooks": [ { "type": "command", "command": "notify-send done" } ] }
\t\t]
\t}
}
""",
    "4 spaces": PLAIN.replace(b"  ", b"    "),
    "no final newline": PLAIN.rstrip(b"\n"),
    "CRLF": PLAIN.replace(b"\n", b"\r\n"),
    "unicode": '{\n  "language": "日本語",\n  "spinner": "\\u2713 ✓ 🎉 \\ud83c\\udf89",\n'
    '  "hooks": {"Stop": [{"hooks": [{"type": "command", "command": "echo ü"}]}]}\n}\n'.encode(),
    "byte order mark": b"\xef\xbb\xbf" + PLAIN,
    "byte order mark and CRLF": b"\xef\xbb\xbf" + PLAIN.replace(b"\n", b"\r\n"),
    "one line": b'{"model":"opus","env":{"A":"1"}}',
    "one line with blanks": b'{"model": "opus", "env": {"A": "1"}}\n',
    "one line with hooks": b'{"hooks":{"Stop":[{"hooks":[{"type":"command","command":"x"}]}]}}',
    "brackets hugged": b"""{
  "hooks": {
    "Stop": [{
      "hooks": [{
        "type": "command",
        "command": "x"
      }]
    }]
  }
}
""",
    "commas first": b"""{
  "model": "opus"
, "env": { "A": "1" }
, "hooks": { "Stop": [ ] }
}
""",
    "blank lines and trailing blanks": b'\n\n{\n\n  "model": "opus" ,\n\n\n  "env": {}  \n}  \n\n',
    "empty object": b"{}",
    "empty object and newline": b"{}\n",
    "empty object over two lines": b"{\n}\n",
    "empty hooks": b'{\n  "model": "opus",\n  "hooks": {}\n}\n',
    "empty event": b'{\n  "hooks": {\n    "Stop": [],\n    "PreToolUse": [ ]\n  }\n}\n',
    "empty group": b'{\n  "hooks": {\n    "Stop": [\n      { "hooks": [] }\n    ]\n  }\n}\n',
    "nothing": b"",
    "a newline": b"\n",
    "a byte order mark and no more": b"\xef\xbb\xbf",
    "numbers that a re-dump would change": b'{"a": 1.0, "b": 1e400, "c": 12345678901234567890}\n',
    "the same key twice elsewhere": b'{"env": {"A": "1", "A": "2"}, "model": "x", "model": "y"}\n',
    "an agent's hook of the same file name": b'{"hooks": {"Stop": [{"hooks": [{"type": "command",'
    b' "command": "python3 /opt/acd_hook.py codex"}]}]}}\n',
    "groups of unknown shape": b'{"hooks": {"Stop": [1, null, {"hooks": 5}, {}], "Other": 7}}\n',
}
"""Accepted: acd's hooks are added, and removed again without a trace."""

REFUSED: Final[dict[str, tuple[bytes, str]]] = {
    "a comment": (b'{\n  // mine\n  "model": "opus"\n}\n', "line 2, column 3: a comment"),
    "a block comment": (b'{\n  "model": /* mine */ "opus"\n}\n', "line 2, column 12: a comment"),
    "a comma too many": (
        b'{\n  "model": "opus",\n}\n',
        "line 3, column 1: a comma with nothing after",
    ),
    "a comma missing": (b'{\n  "a": 1\n  "b": 2\n}\n', "line 3, column 3: '\"' where a comma or }"),
    "cut off": (
        b'{\n  "hooks": {\n    "Stop": [',
        "line 3, column 14: the file ends where a value",
    ),
    "cut off in a string": (b'{"model": "op', "line 1, column 11: a string that is not closed"),
    "two values": (b"{}\n{}\n", "line 2, column 1: '{' where the end of the file"),
    "no JSON": (b"model = opus\n", "line 1, column 1: 'model' where a value"),
    "conflict marks": (b'{\n<<<<<<< HEAD\n  "a": 1\n', "line 2, column 1: '<' where a key"),
    "single quotes": (b"{'model': 'opus'}", "line 1, column 2: a single quote"),
    "a line break in a string": (
        b'{"a": "x\ny"}',
        "line 1, column 7: a string that is not closed or",
    ),
    "a list": (b"[]\n", "line 1, column 1: the settings must be an object"),
    "a number that is none": (b'{"a": NaN}', "line 1, column 7: 'NaN' where a value"),
    "hooks as a list": (b'{"hooks": []}', 'line 1, column 11: "hooks" must be an object'),
    "hooks as null": (b'{"hooks": null}', 'line 1, column 11: "hooks" must be an object'),
    "an event as an object": (
        b'{"hooks": {\n  "Stop": {}}}',
        'line 2, column 11: "hooks": "Stop" must be a list',
    ),
    "hooks twice": (
        b'{\n"hooks": {},\n"hooks": {}}',
        'line 3, column 1: "hooks" is here for the second',
    ),
    "an event twice": (
        b'{"hooks": {"Stop": [], "\\u0053top": []}}',
        'line 1, column 24: "Stop" is here for the second',
    ),
    "a group's hooks twice": (
        b'{"hooks": {"Stop": [{"hooks": [], "hooks": []}]}}',
        'line 1, column 35: "hooks" is here for the second',
    ),
    "Latin-1": (b'{\n  "language": "fran\xe7ais"}', "line 2, column 20: not UTF-8"),
    "UTF-16": ('{"model": "opus"}'.encode("utf-16"), "line 1, column 1: not UTF-8"),
    "nested without end": (b'{"a": ' + b"[" * 100_000, "line 1, column 206: nested too deeply"),
}
"""Refused, each with its error; the file stays as it is."""
