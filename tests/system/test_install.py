"""install.sh, run by an unprivileged user on a machine with systemd."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from testing.system.acd_user import CHECKOUT, DATA, AcdUser
from testing.system.installation import SETTINGS, Installation
from testing.system.user_manager import HOME

pytestmark = [pytest.mark.system, pytest.mark.timeout(1200)]

# An unreachable package index: as without a network, but without a timeout.
NO_INDEX = {
    "PIP_CONFIG_FILE": "/dev/null",
    "PIP_INDEX_URL": "http://127.0.0.1:9/",
    "PIP_FIND_LINKS": "",
    "PIP_RETRIES": "0",
    "PIP_NO_CACHE_DIR": "1",
}


def program(user: AcdUser) -> str:
    """The target of the venv link."""
    return str((user.home / DATA.relative_to(HOME) / "venv").readlink())


def settings(user: AcdUser) -> str:
    return (user.home / ".claude/settings.json").read_bytes().decode()


def test_a_new_user_gets_a_program_in_a_few_lines(installation: Installation) -> None:
    assert "Installed acd " in installation.output
    assert len(installation.output.splitlines()) <= 12, installation.output
    assert installation.errors == ""


def test_the_checkout_is_left_as_it_was(installation: Installation) -> None:
    def checkout(files: dict[str, str]) -> dict[str, str]:
        return {path: state for path, state in files.items() if path.startswith("acd/")}

    assert checkout(installation.files_after) == checkout(installation.files_before)


def test_the_link_leads_through_the_venv_link_to_the_program(installation: Installation) -> None:
    files = installation.files_after
    assert files[".local/bin/acd"] == f"-> {DATA}/venv/bin/acd"
    target = files[".local/share/acd/venv"].removeprefix("-> ")
    assert f".local/share/acd/{target}/bin/acd" in files


def test_the_hooks_are_added_and_what_was_in_the_settings_stays(user: AcdUser) -> None:
    merged = json.loads(settings(user))
    before = json.loads(SETTINGS)
    assert merged["hooks"]["Stop"][0] == before["hooks"]["Stop"][0]
    assert {key: merged[key] for key in before if key != "hooks"} == {
        key: before[key] for key in before if key != "hooks"
    }
    assert str(DATA / "acd_hook.py") in settings(user)


def test_a_dry_run_changes_nothing_and_names_the_steps(new_user: AcdUser) -> None:
    before = new_user.files()
    done = new_user.install("--dry-run")
    assert new_user.files() == before
    for step in (f"{DATA}/venv", "pip", f"{HOME}/.local/bin/acd", "acd install"):
        assert step in done.stdout


def test_options_about_hooks_and_service_are_passed_on(new_user: AcdUser) -> None:
    options = ("--agent", "codex", "--trust", "--no-service", "--agent", "all", "--statusline")
    done = new_user.install("--dry-run", *options)
    assert f"would run acd install {' '.join(options)}\n" in done.stdout


@pytest.mark.parametrize(
    "options, error",
    [
        (("--hook",), "unknown option '--hook'"),
        (("--agent",), "--agent needs a name"),
        (("--agent", "claude"), "unknown agent 'claude'"),
        (("--trust", "--no-hooks"), "--trust applies to hooks, which --no-hooks leaves unchanged"),
    ],
)
def test_wrong_options_are_refused_with_the_usage(
    new_user: AcdUser, options: tuple[str, ...], error: str
) -> None:
    done = new_user.install(*options, check=False)
    assert done.returncode == 2
    assert f"install.sh: {error}\n" in done.stderr
    assert "Usage: ./install.sh" in done.stderr


def test_sudo_is_refused_before_anything_is_done(new_user: AcdUser) -> None:
    before = new_user.files()
    # sudo sets this to the caller.
    done = new_user.root(
        "env", f"HOME={HOME}", "SUDO_USER=acdtest", str(CHECKOUT / "install.sh"), check=False
    )
    assert done.returncode == 1
    assert "without sudo" in done.stderr
    assert new_user.files() == before


def test_the_interpreter_behind_a_shim_is_used(new_user: AcdUser) -> None:
    new_user.write("shims/python3", '#!/bin/sh\nexec /usr/bin/python3 "$@"\n')
    new_user.run("chmod", "+x", "shims/python3")
    done = new_user.install("--dry-run", environment={"PATH": f"{HOME}/shims:/usr/bin:/bin"})
    assert "with /usr/bin/python3" in done.stdout
    assert "shims" not in done.stdout


def test_a_shim_without_an_interpreter_is_skipped(new_user: AcdUser) -> None:
    new_user.write("shims/python3", "#!/bin/sh\nexit 127\n")
    new_user.run("chmod", "+x", "shims/python3")
    done = new_user.install("--dry-run", environment={"PATH": f"{HOME}/shims:/usr/bin:/bin"})
    assert "with /usr/bin/python3" in done.stdout


def test_the_interpreter_behind_an_active_virtual_environment_is_used(new_user: AcdUser) -> None:
    new_user.run("/usr/bin/python3", "-m", "venv", "--without-pip", "mine")
    done = new_user.install("--dry-run", environment={"PATH": f"{HOME}/mine/bin:/usr/bin:/bin"})
    assert "with /usr/bin/python3" in done.stdout


def test_without_ensurepip_it_names_the_package_that_is_missing(new_user: AcdUser) -> None:
    # The machine's Python, as without python3-venv.
    where = new_user.run(
        "/usr/bin/python3", "-c", "import ensurepip; print(ensurepip.__path__[0])"
    ).stdout.strip()
    new_user.root("mount", "-t", "tmpfs", "tmpfs", where)
    version = new_user.run(
        "/usr/bin/python3", "-c", "import sys; print('%d.%d' % sys.version_info[:2])"
    ).stdout.strip()
    os_release = new_user.home.parent / "os-release"
    os_release.touch()
    new_user.root("mount", "--bind", "/home/os-release", "/etc/os-release")
    for name, advice in (
        ("debian", f"sudo apt install python{version}-venv"),
        ("pop\nID_LIKE='ubuntu debian'", f"sudo apt install python{version}-venv"),
        ("void", f"the modules venv and ensurepip of Python {version}"),
    ):
        os_release.write_text(f"ID={name}\n")
        done = new_user.install(check=False)
        assert done.returncode == 1
        assert advice in done.stderr
    assert not (new_user.home / ".local").exists()


def test_without_any_python_it_prints_what_to_install(new_user: AcdUser) -> None:
    for name in ("python3", "python3.11"):
        if Path("/usr/bin", name).exists():
            new_user.root("mount", "--bind", "/bin/false", f"/usr/bin/{name}")
    done = new_user.install(check=False)
    assert done.returncode == 1
    assert "no Python 3.11 or newer" in done.stderr
    assert not (new_user.home / ".local").exists()


def test_when_the_packages_cannot_be_fetched_nothing_is_left(new_user: AcdUser) -> None:
    done = new_user.install(check=False, environment=NO_INDEX)
    assert done.returncode == 1
    assert "installing acd with pip failed" in done.stderr
    assert "127.0.0.1:9" in done.stderr
    assert not (new_user.home / DATA.relative_to(HOME)).exists()


def test_a_data_directory_that_cannot_be_written_is_reported(new_user: AcdUser) -> None:
    done = new_user.install(check=False, environment={"XDG_DATA_HOME": "/usr/share"})
    assert done.returncode == 1
    assert "cannot make /usr/share/acd" in done.stderr


def test_a_directory_missing_on_path_is_reported(user: AcdUser) -> None:
    done = user.install(environment={"PATH": "/usr/local/bin:/usr/bin:/bin"})
    assert f"{HOME}/.local/bin is not on your PATH" in done.stderr


def test_a_foreign_acd_is_left_alone(new_user: AcdUser) -> None:
    new_user.write(".local/bin/acd", "#!/bin/sh\necho mine\n")
    before = new_user.files()[".local/bin/acd"]
    done = new_user.install()
    assert new_user.files()[".local/bin/acd"] == before
    assert f"{HOME}/.local/bin/acd is not acd's" in done.stderr


def test_without_the_headers_of_systemd_all_works_and_a_line_reports_it(new_user: AcdUser) -> None:
    where = new_user.run("pkg-config", "--variable=pcfiledir", "libsystemd").stdout.strip()
    new_user.root("mount", "--bind", "/dev/null", f"{where}/libsystemd.pc")
    done = new_user.install()
    [line] = [line for line in done.stderr.splitlines() if "systemd-python" in line]
    assert "libsystemd-dev" in line
    assert new_user.request("SET one working") == ["OK"]
    assert new_user.daemon_state() == "active"


def test_without_hooks_the_settings_are_not_touched(new_user: AcdUser) -> None:
    new_user.install("--no-hooks")
    assert settings(new_user) == SETTINGS
    assert new_user.request("SET one working") == ["OK"]


def test_without_a_service_the_first_command_starts_the_daemon(new_user: AcdUser) -> None:
    new_user.install("--no-service")
    assert "acd.service" not in new_user.systemctl("list-unit-files", "--no-legend")
    new_user.acd("set", "one", "working")
    assert new_user.sessions()["one"]["status"] == "working"


def test_paths_may_have_blanks_and_brackets(new_user: AcdUser) -> None:
    new_user.run("mv", "acd", "acd [50% mine]")
    data = f"{HOME}/its own 'data'"
    new_user.run(f"{HOME}/acd [50% mine]/install.sh", environment={"XDG_DATA_HOME": data})
    new_user.acd("set", "one", "working")
    assert new_user.daemon_state() == "active"
    command = new_user.root("cat", f"/proc/{new_user.daemon_pid()}/cmdline").stdout
    assert command.startswith(f"{data}/acd/venv/bin/python")


def test_no_line_is_refused_or_lost_while_an_upgrade_is_made(user: AcdUser) -> None:
    before = program(user)
    with user.popen("python3", "-I", str(CHECKOUT / "testing/system/steady_client.py")) as client:
        assert client.stdout is not None
        assert client.stdout.readline() == "sending\n"
        old_daemon = user.daemon_pid()
        user.install()
        left, errors = client.communicate("", timeout=60)
    assert (client.returncode, errors) == (0, "")
    statuses = {name: session["status"] for name, session in user.sessions().items()}
    assert statuses.items() >= json.loads(left).items()
    assert program(user) != before
    assert user.daemon_pid() != old_daemon
    assert not (user.home / DATA.relative_to(HOME) / before).exists()


def test_a_program_that_runs_through_an_upgrade_keeps_its_version_and_works(user: AcdUser) -> None:
    before = program(user)
    with user.popen("acd", "watch") as watch:
        assert watch.stdout is not None
        user.await_subscriber()
        user.install()
        assert (user.home / DATA.relative_to(HOME) / before).is_dir()
        user.request("SET one working")
        # The first line is the session of `acd install`'s test.
        assert any("one" in line for line in watch.stdout)
        user.run("pkill", "-f", "acd watch")


def test_a_service_that_an_upgrade_left_alone_runs_the_new_version(user: AcdUser) -> None:
    user.request("SET one working")
    user.install("--no-service")
    assert user.sessions()["one"]["status"] == "working"
    assert user.unit("acd.service", "ActiveState") == "active"
    command = user.root("cat", f"/proc/{user.daemon_pid()}/cmdline").stdout
    assert command.startswith(f"{DATA}/venv/bin/python")


def test_an_upgrade_without_a_network_leaves_the_working_one(user: AcdUser) -> None:
    before = user.files()
    assert user.install(check=False, environment=NO_INDEX).returncode == 1
    assert user.files() == before
    assert user.request("PING") == ["OK"]


def test_an_upgrade_that_cannot_be_set_up_is_taken_back(user: AcdUser) -> None:
    before = program(user)
    user.write(".claude/settings.json", '{"hooks": ')
    done = user.install(check=False)
    assert done.returncode == 1
    assert "settings.json" in done.stderr
    assert "the earlier version is back in its place" in done.stderr
    assert settings(user) == '{"hooks": '
    assert program(user) == before
    assert [path.name for path in (user.home / DATA.relative_to(HOME)).glob("venv-*")] == [before]
    assert user.request("SET one working") == ["OK"]


def test_a_second_install_at_the_same_time_is_refused(user: AcdUser) -> None:
    holder = user.popen("sh", "-c", "echo $$; exec cat")
    try:
        lock = user.home / ".local/share/acd/install.lock"
        assert holder.stdout is not None
        pid = holder.stdout.readline().strip()
        lock.symlink_to(pid)
        done = user.install(check=False)
        assert done.returncode == 1
        assert f"another install.sh is running (process {pid})" in done.stderr
    finally:
        holder.communicate("")
    # The process ended without its cleanup.
    user.install()
    assert not lock.is_symlink()


@pytest.mark.parametrize("damage", ["none", "program gone", "interpreter gone"])
def test_uninstall_leaves_everything_as_it_was(
    installation: Installation, user: AcdUser, damage: str
) -> None:
    user.request("SET one working")
    data = user.home / DATA.relative_to(HOME)
    match damage:
        case "program gone":
            user.run("rm", "-rf", str(DATA / program(user)))
        case "interpreter gone":
            (data / "venv/bin/python").unlink()
            (data / "venv/bin/python").symlink_to("/usr/bin/python3.0")
    done = user.install("--uninstall")
    assert settings(user) == SETTINGS
    left = user.files()
    assert {path: left.get(path) for path in installation.files_before} == installation.files_before
    assert [path for path in left.keys() - installation.files_before.keys() if "acd" in path] == []
    assert "acd" not in user.systemctl("list-unit-files", "--no-legend")
    assert user.run("pgrep", "-f", "acd daemon", check=False).stdout == ""
    assert "acd is removed" in done.stdout


def test_uninstall_as_a_dry_run_changes_nothing(user: AcdUser) -> None:
    before = user.files()
    done = user.install("--uninstall", "--dry-run")
    assert user.files() == before
    assert "acd uninstall" in done.stdout


def test_uninstall_where_nothing_is_installed_is_no_error(new_user: AcdUser) -> None:
    before = new_user.files()
    new_user.install("--uninstall")
    assert new_user.files() == before
