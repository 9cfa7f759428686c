"""The output of `acd doctor` and `acd status` for a user."""

from __future__ import annotations

from testing.user_home import User


def doctor(user: User, code: int, **environ: str) -> str:
    """The output of `acd doctor`, which has to exit with this code."""
    done = user.acd("doctor", check=False, **environ)
    assert (done.returncode, done.stderr) == (code, ""), done.stdout + done.stderr
    return done.stdout


def status(user: User) -> list[str]:
    """The lines of `acd status`, with one space between columns."""
    shown = user.acd("status", check=False).stdout
    return [" ".join(line.split()) for line in shown.splitlines()]
