"""The launchd job: its property list, and the calls that load and unload it.

launchctl is a stand-in that records its calls and which job is loaded. It shows
the calls, not what launchd does.
"""

from __future__ import annotations

import plistlib
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from acd.errors import AcdError
from acd.install.launchd import LABEL, Launchd, LaunchdService

Check = Callable[[Any], bool]

# The used part of launchd.plist(5).
SOCKET: Mapping[str, Check] = {
    "SockPathName": lambda value: isinstance(value, str) and value.startswith("/"),
    "SockPathMode": lambda value: type(value) is int and value == 0o600,
    "SockType": lambda value: value == "stream",
}
JOB: Mapping[str, Check] = {
    "Label": lambda value: value == LABEL,
    "ProgramArguments": lambda value: (
        all(isinstance(each, str) for each in value) and value[0].startswith("/")
    ),
    "Sockets": lambda value: list(value) == ["acd"] and problems(value["acd"], SOCKET) == [],
    "Umask": lambda value: type(value) is int and value == 0o077,
    "ThrottleInterval": lambda value: type(value) is int and value > 0,
    "ProcessType": lambda value: value in {"Background", "Standard", "Adaptive", "Interactive"},
    "StandardErrorPath": lambda value: isinstance(value, str) and value.startswith("/"),
}


def problems(value: dict[str, Any], schema: Mapping[str, Check]) -> list[str]:
    """The keys that are unknown, missing or wrong."""
    wrong = [key for key in value.keys() & schema.keys() if not schema[key](value[key])]
    return sorted((value.keys() ^ schema.keys()) | set(wrong))


def strictly(content: bytes) -> Any:
    """Returns the list's value; AssertionError for mistakes that plistlib accepts."""
    root = ET.fromstring(content)
    assert root.tag == "plist"
    assert root.attrib == {"version": "1.0"}
    for element in root.iter():
        if len(element):
            texts = [element.text, *(child.tail for child in element)]
            assert not "".join(filter(None, texts)).strip(), "stray text"
        if element.tag == "dict":
            assert [child.tag == "key" for child in element] == [True, False] * (len(element) // 2)
            keys = [child.text for child in element[::2]]
            assert len(keys) == len(set(keys)), "a key twice"
        if element.tag == "integer":
            assert re.fullmatch(r"0|-?[1-9][0-9]*", element.text or ""), "not decimal"
    return plistlib.loads(content)


LAUNCHCTL = r"""#!/bin/sh
echo "$*" >>"$HOME/calls"
case "$1 $2" in
    "print gui/"*/local.acd | "print user/"*/local.acd) [ -e "$HOME/loaded" ] ;;
    "print gui/"*) [ ! -e "$HOME/remote" ] ;;
    "print user/"*) ;;
    "bootstrap "*)
        [ ! -e "$HOME/loaded" ] || { echo "Bootstrap failed: 5: Input/output error" >&2; exit 5; }
        [ -e "$3" ] && touch "$HOME/loaded" ;;
    "bootout "*) [ -e "$HOME/loaded" ] && rm "$HOME/loaded" ;;
    "kill SIGTERM") [ -e "$HOME/loaded" ] ;;
    *) exit 64 ;;
esac
"""


@pytest.fixture
def environ(own_home: Path, tmp_path: Path) -> dict[str, str]:
    """A user's environment with the stand-in on PATH."""
    program = tmp_path / "bin/launchctl"
    program.parent.mkdir()
    program.write_text(LAUNCHCTL)
    program.chmod(0o755)
    path = f"{program.parent}:/usr/bin:/bin"
    return {"HOME": str(own_home), "PATH": path, "XDG_RUNTIME_DIR": str(tmp_path)}


def calls(environ: Mapping[str, str]) -> list[str]:
    """Returns the calls of launchctl since the last one, without `print`."""
    log = Path(environ["HOME"], "calls")
    lines = log.read_text().splitlines()
    log.unlink()
    return [line for line in lines if not line.startswith("print ")]


def service(environ: Mapping[str, str], python: str = "/opt/acd/bin/python") -> LaunchdService:
    return LaunchdService(environ, Launchd(environ), Path(python))


def install(environ: Mapping[str, str]) -> None:
    for step in service(environ).plan(notify=False).steps:
        step.execute()


def test_the_property_list_is_valid_and_complete(environ: dict[str, str]) -> None:
    job = strictly(service(environ).rendered())
    assert problems(job, JOB) == []
    assert job["ProgramArguments"] == ["/opt/acd/bin/python", "-I", "-m", "acd", "daemon"]
    home = environ["HOME"]
    assert job["Sockets"]["acd"]["SockPathName"] == f"{home}/Library/Caches/acd/acd.sock"


@pytest.mark.parametrize(
    "damage",
    [
        ("<key>Label</key>", "<key>Label</key><string>x</string><key>Label</key>"),
        ("<integer>384</integer>", "<integer>0600</integer>"),
        ("<key>Umask</key>", "?<key>Umask</key>"),
        ("<key>Umask</key>", "<key>UMask</key>"),
        ("<integer>63</integer>", "<string>63</string>"),
        ("<integer>384</integer>", "<integer>600</integer>"),
        ("<string>/opt/python</string>", "<string>python</string>"),
    ],
)
def test_the_check_would_find_a_mistake(environ: dict[str, str], damage: tuple[str, str]) -> None:
    content = service(environ, "/opt/python").rendered().decode()
    damaged = content.replace(*damage, 1)
    assert damaged != content
    try:
        assert problems(strictly(damaged.encode()), JOB) == []
    except AssertionError:
        return
    pytest.fail("it was not found")


def test_a_path_is_escaped_for_xml(environ: dict[str, str]) -> None:
    path = "/opt/a & b/<c>/python"
    assert strictly(service(environ, path).rendered())["ProgramArguments"][0] == path


def test_the_first_install_loads_the_job(environ: dict[str, str]) -> None:
    install(environ)
    plist = service(environ).plist
    domain = Launchd(environ).domain
    assert plist.read_bytes() == service(environ).rendered()
    assert f"bootstrap {domain} {plist}" in calls(environ)
    # launchd does not make the socket's directory.
    directory = Path(environ["HOME"], "Library/Caches/acd")
    assert directory.stat().st_mode & 0o777 == 0o700


def test_an_upgrade_ends_the_daemon_and_leaves_the_socket(environ: dict[str, str]) -> None:
    install(environ)
    calls(environ)
    install(environ)
    assert calls(environ) == [f"kill SIGTERM {Launchd(environ).domain}/{LABEL}"]


def test_another_list_is_loaded_in_place_of_the_old_one(environ: dict[str, str]) -> None:
    install(environ)
    calls(environ)
    plist = service(environ).plist
    plist.write_bytes(plist.read_bytes().replace(b"/opt/acd", b"/opt/old"))
    install(environ)
    domain = Launchd(environ).domain
    assert calls(environ) == [f"bootout {domain}/{LABEL}", f"bootstrap {domain} {plist}"]


def test_a_user_who_is_only_logged_in_remotely_gets_the_job_too(environ: dict[str, str]) -> None:
    Path(environ["HOME"], "remote").touch()
    domain = Launchd(environ).domain
    assert domain is not None
    assert domain.startswith("user/")
    install(environ)
    assert f"bootstrap {domain} {service(environ).plist}" in calls(environ)


def test_a_job_that_cannot_be_loaded_is_an_error_with_launchctls_message(
    environ: dict[str, str],
) -> None:
    program = Path(environ["PATH"].partition(":")[0], "launchctl")
    program.write_text(LAUNCHCTL.replace("bootout ", "bootout-not"))
    Path(environ["HOME"], "loaded").touch()
    with pytest.raises(AcdError, match="5: Input/output error") as caught:
        install(environ)
    assert caught.value.hint is not None


def test_uninstall_unloads_the_job_and_removes_its_files(environ: dict[str, str]) -> None:
    install(environ)
    calls(environ)
    log = service(environ).log
    log.parent.mkdir(parents=True)
    log.touch()
    for step in service(environ).remove():
        step.execute()
    assert calls(environ) == [f"bootout {Launchd(environ).domain}/{LABEL}"]
    assert not service(environ).plist.exists()
    assert not log.exists()
    assert service(environ).remove() == []


def test_without_launchctl_there_is_no_launchd(tmp_path: Path) -> None:
    assert Launchd({"PATH": str(tmp_path), "HOME": str(tmp_path)}).domain is None
