"""Each directive of the unit's sandbox that forbids an action of an ordinary program.

Directives against actions that need root anyway (set the clock, load a module, read the
kernel's log, real-time priority) are left out: without them these actions fail, too.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator

import pytest

from testing.system.acd_user import CHECKOUT, AcdUser
from testing.system.sandbox_attempts import ATTEMPTS

UNIT = "packaging/systemd/acd.service"


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.fixture(scope="module")
def program() -> Iterator[AcdUser]:
    with AcdUser() as user:
        user.clone()
        user.systemctl("daemon-reload")
        user.run("mkdir", "-p", "-m", "700", "/run/user/4242/acd")
        yield user


def attempts(user: AcdUser, port: int, *properties: str) -> dict[str, bool | str]:
    """The results of sandbox_attempts.py in a service with these properties."""
    chosen = [word for each in properties for word in ("-p", each)]
    probe = f"{CHECKOUT}/testing/system/sandbox_attempts.py"
    # -I -B: Python itself writes nothing.
    command = ["/usr/bin/python3", "-I", "-B", probe, str(port)]
    done = user.run("systemd-run", "--user", "--pipe", "--wait", "--quiet", *chosen, *command)
    outcomes: dict[str, bool | str] = json.loads(done.stdout)
    return outcomes


@pytest.fixture(scope="module")
def outside(program: AcdUser, port: int) -> dict[str, bool | str]:
    return attempts(program, port)


def test_every_attempt_succeeds_outside_of_the_sandbox(outside: dict[str, bool | str]) -> None:
    assert {what: outcome for what, outcome in outside.items() if outcome is not True} == {}


@pytest.mark.parametrize("directive", ATTEMPTS)
def test_a_line_of_the_sandbox_forbids_its_attempt(
    directive: str, program: AcdUser, port: int
) -> None:
    # File system and device lines are ignored in a user's manager without PrivateUsers=.
    # Without an error number a filtered call ends the program.
    basis = ("PrivateUsers=yes", "SystemCallErrorNumber=EPERM")
    outcomes = attempts(program, port, *basis, directive)
    assert outcomes[directive] is not True


@pytest.mark.parametrize("directive", ATTEMPTS)
def test_the_unit_has_the_line(directive: str, program: AcdUser) -> None:
    unit = program.run("cat", f"{CHECKOUT}/{UNIT}").stdout
    assert directive in unit.splitlines()
