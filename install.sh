#!/bin/sh
# Installs, upgrades or removes acd for the user who runs it.
#
# The program is a virtual environment: $XDG_DATA_HOME/acd/venv is a symbolic link to
# venv-XXXXXX beside it. A new version is built in another directory and tested; then
# the link is replaced atomically, so that each start of acd gets one whole version.
# `acd install` sets up services and hooks.
set -eu

usage() {
    cat <<'END'
Usage: ./install.sh [options]

Installs acd for you alone, without root; run it again to upgrade.

  --agent NAME   the agent to set up hooks for, or all; may be repeated
                 (default: each that you have)
  --trust        trust acd's hooks in agents that would ask you to review them
  --statusline   also set acd's status line for Claude Code, if it has none;
                 with --no-hooks too
  --no-hooks     set up no hooks
  --no-service   set up no systemd or launchd service: hooks start the daemon
  --dry-run      print what would be done, and change nothing
  --uninstall    remove acd: service, hooks and program
  --help         print this help
END
}

say() { printf '%s\n' "$*"; }
warn() { printf '%s\n' "$*" >&2; }
fail() {
    printf 'install.sh: %s\n' "$1" >&2
    shift
    for line; do printf '  %s\n' "$line" >&2; done
    exit 1
}

# -------------------------------------------------------------------- arguments

wrong_usage() {
    warn "install.sh: $1"
    [ $# -eq 1 ] || warn "  $2"
    usage >&2
    exit 2
}

# The arguments of `acd install` stay in "$@": each argument is read and moved to the end.
uninstall='' dry_run='' no_hooks='' about_hooks='' agents='' left=$#
while [ "$left" -gt 0 ]; do
    argument=$1
    shift
    left=$((left - 1))
    case $argument in
    --uninstall) uninstall=1 ;;
    --dry-run) dry_run=1 ;;
    --no-hooks) no_hooks=1 && set -- "$@" "$argument" ;;
    --trust) about_hooks=--trust && set -- "$@" "$argument" ;;
    --no-service | --statusline) set -- "$@" "$argument" ;;
    --agent)
        [ "$left" -gt 0 ] || wrong_usage '--agent needs a name'
        case $1 in '' | *[!a-z0-9-]*) wrong_usage "unknown agent '$1'" ;; esac
        agents="$agents $1"
        set -- "$@" --agent "$1"
        shift
        left=$((left - 1))
        about_hooks=--agent
        ;;
    --help | -h) usage && exit 0 ;;
    *) wrong_usage "unknown option '$argument'" ;;
    esac
done
[ -z "$no_hooks" ] || [ -z "$about_hooks" ] ||
    wrong_usage "$about_hooks applies to hooks, which --no-hooks leaves unchanged"

case ${HOME:-} in
/*) ;;
*) fail "HOME is not set to an absolute path, and acd is installed below it" ;;
esac
if [ "$(id -u)" = 0 ] && [ "${SUDO_USER:-root}" != root ]; then
    fail "run this without sudo: acd is installed for one user, and under sudo that would be root"
fi

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P)
[ -f "$here/pyproject.toml" ] && [ -d "$here/acd" ] ||
    fail "this script installs the checkout that contains it, and $here is not one" \
        "clone the repository and run install.sh there"
# An agent is a folder with an events module (acd/agents/catalog.py).
known=
for module in "$here"/acd/agents/*/events.py; do
    folder=$(basename "$(dirname "$module")")
    known="$known$(echo "$folder" | tr _ -), "
done
for name in $agents; do
    case ", ${known}all, " in
    *", $name, "*) ;;
    *) wrong_usage "unknown agent '$name'" "it must be one of ${known}all" ;;
    esac
done

# XDG Base Directory Specification: a relative path is invalid and ignored.
case ${XDG_DATA_HOME:-} in /*) data=$XDG_DATA_HOME/acd ;; *) data=$HOME/.local/share/acd ;; esac
bin=$HOME/.local/bin
system=$(uname -s)

# ------------------------------------------------------- packages of each system

# Prints the distribution's family: the first known name in ID and ID_LIKE.
distribution() {
    [ "$system" != Darwin ] || { echo macos && return; }
    # shellcheck disable=SC1091  # os-release(5): assignments in shell syntax
    names=$( (. /etc/os-release 2>/dev/null && echo "${ID:-} ${ID_LIKE:-}") || :)
    for name in $names; do
        case $name in
        debian | ubuntu) echo debian && return ;;
        fedora | rhel | centos) echo fedora && return ;;
        arch) echo arch && return ;;
        suse | opensuse*) echo suse && return ;;
        alpine) echo alpine && return ;;
        esac
    done
    echo unknown
}

# how_to_get python|venv|systemd: prints the command that installs the missing packages.
how_to_get() {
    case $1:$(distribution) in
    python:debian) echo "sudo apt install python3 python3-venv    (older releases: python3.11-venv)" ;;
    python:fedora) echo "sudo dnf install python3    (RHEL 8 and 9: python3.12)" ;;
    python:arch) echo "sudo pacman -S python" ;;
    python:suse) echo "sudo zypper install python312" ;;
    python:alpine) echo "sudo apk add python3" ;;
    python:macos) echo "brew install python" ;;
    venv:debian) echo "sudo apt install python$lacks_venv-venv" ;;
    venv:*) echo "the modules venv and ensurepip of Python $lacks_venv" ;;
    systemd:debian) echo "sudo apt install libsystemd-dev pkg-config gcc python3-dev" ;;
    systemd:fedora) echo "sudo dnf install systemd-devel pkgconf-pkg-config gcc python3-devel" ;;
    systemd:arch) echo "sudo pacman -S --needed systemd-libs pkgconf gcc" ;;
    systemd:suse) echo "sudo zypper install systemd-devel pkgconf gcc python3-devel" ;;
    systemd:*) echo "the headers of libsystemd and of Python, pkg-config, a C compiler" ;;
    *) echo "CPython 3.11 or newer" ;;
    esac
}

# ------------------------------------------------------------------- the interpreter

# Exit status 3: no CPython that acd can use; 4, with "venv": it cannot make virtual
# environments. In a virtual environment it prints the interpreter that made it: the
# environment may be removed.
probe='
import sys
if sys.version_info < (3, 11) or sys.implementation.name != "cpython":
    sys.exit(3)
if "venv" in sys.argv:
    try:
        import venv
        from ensurepip import bootstrap
    except ImportError:
        print("%d.%d" % sys.version_info[:2])
        sys.exit(4)
print(getattr(sys, "_base_executable", None) or sys.executable)
'

# find_python [venv]: sets $python to a real interpreter. A shim of pyenv, asdf or mise
# is resolved, because its target changes with the working directory.
find_python() {
    lacks_venv=''
    for candidate in python3 python3.14 python3.13 python3.12 python3.11 \
        /usr/bin/python3 /usr/local/bin/python3 /opt/homebrew/bin/python3; do
        path=$(command -v "$candidate") || continue
        # macOS's own may only open a dialog that offers developer tools.
        [ "$system:$path" != Darwin:/usr/bin/python3 ] || continue
        status=0
        answer=$("$path" -I -c "$probe" "$@" </dev/null 2>/dev/null) || status=$?
        case $status in
        0) [ ! -x "$answer" ] || { python=$answer && return; } ;;
        4) lacks_venv=${lacks_venv:-$answer} ;;
        esac
    done
    [ -z "$lacks_venv" ] ||
        fail "Python $lacks_venv is installed, but it cannot make virtual environments. Install:" \
            "$(how_to_get venv)"
    fail "no Python 3.11 or newer on PATH. Install:" "$(how_to_get python)"
}

# -------------------------------------------------------------------------- helpers

log='' lock='' unfinished=''
cleanup() {
    [ -z "$unfinished" ] || rm -rf -- "$unfinished"
    [ -z "$log" ] || rm -f -- "$log"
    [ -z "$lock" ] || rm -f -- "$lock"
    rmdir -- "$data" 2>/dev/null || : # only if nothing else is in it
}
trap cleanup EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# quietly WHAT COMMAND...: prints the command's output only if it fails.
quietly() {
    what=$1
    shift
    "$@" </dev/null >"$log" 2>&1 && return
    warn "install.sh: $what failed; nothing was changed. The end of its output:"
    tail -n 20 "$log" | sed 's/^/  /' >&2
    exit 1
}

# One install at a time: two would remove each other's unfinished directories.
take_lock() {
    if holder=$(readlink "$data/install.lock"); then
        ! kill -0 "$holder" 2>/dev/null ||
            fail "another install.sh is running (process $holder)" \
                "if that is another program, remove $data/install.lock"
        rm -f "$data/install.lock"
    fi
    ln -s "$$" "$data/install.lock" || fail "cannot write in $data"
    lock=$data/install.lock
}

point_venv_at() {
    rm -f "$data/venv.new"
    ln -s "$1" "$data/venv.new"
    # rename(2): mv would move the new link into the old link's target.
    "$python" -c 'import os, sys; os.replace(*sys.argv[1:])' "$data/venv.new" "$data/venv"
}

# Whether a process uses this version: it loads modules while it runs.
in_use() {
    if [ -d /proc/self ]; then
        # The pattern comes from stdin: on a command line it would match itself.
        # shellcheck disable=SC2062  # these are file names
        printf '%s/bin/\n' "$1" | grep -qsF -f - /proc/[0-9]*/cmdline
    else
        # shellcheck disable=SC2009  # pgrep -f would need the path as a pattern
        ps -A -o command= | grep -F "$1/bin/" | grep -qvF 'grep -F'
    fi
}

# remove_old_versions CURRENT: keeps those that still run, until the next upgrade.
remove_old_versions() {
    for old in "$data"/venv-*; do
        [ -d "$old" ] && [ "${old##*/}" != "$1" ] || continue
        in_use "$old" || rm -rf -- "$old"
    done
}

# Whether an installed acd runs.
works() { "$data/venv/bin/acd" --version >/dev/null 2>&1; }

link_program() {
    if [ ! -e "$bin/acd" ] || [ "$(readlink "$bin/acd")" = "$data/venv/bin/acd" ]; then
        mkdir -p "$bin"
        ln -sf "$data/venv/bin/acd" "$bin/acd"
    else
        warn "Note: $bin/acd is not acd's and was kept; acd is $data/venv/bin/acd"
        return
    fi
    case :$PATH: in
    *":$bin:"*) ;;
    *) warn "Note: $bin is not on your PATH; add it in your shell's startup file:" \
        "export PATH=\"\$HOME/.local/bin:\$PATH\"" ;;
    esac
}

# -------------------------------------------------------------------------- install

# The build imports modules of the checkout, and would write their bytecode there.
pip_install() { PYTHONDONTWRITEBYTECODE=1 "$unfinished/bin/python" -m pip install "$@"; }

# systemd-python adds fields to journal messages, and is built from source; without it
# acd logs the same messages as plain text.
install_systemd_python() {
    [ "$system" = Linux ] && command -v systemctl >/dev/null || return 0
    pip_install 'systemd-python>=235' </dev/null >"$log" 2>&1 ||
        warn "Note: systemd-python could not be built, so the journal has no fields (all else works)." \
            "To have it, run this and then install.sh again: $(how_to_get systemd)"
}

# "$@": the arguments of `acd install`.
install_acd() {
    find_python venv
    if [ -n "$dry_run" ]; then
        say "would make a virtual environment in $data with $python"
        say "would install acd and its dashboard into it from $here, with pip"
        say "would point $data/venv at it, and $bin/acd at its program"
        say "would run acd install${*:+ $*}"
        # acd prints its own steps.
        ! works || "$data/venv/bin/acd" install --dry-run "$@"
        return
    fi
    previous=$(readlink "$data/venv" || :)
    if [ -z "$previous" ] && [ -e "$data/venv" ]; then
        fail "$data/venv was not made by install.sh" "move it away and run this again"
    fi
    mkdir -p "$data" || fail "cannot make $data"
    take_lock
    log=$(mktemp)

    say "Installing acd in $data ..."
    unfinished=$(mktemp -d "$data/venv-XXXXXX")
    quietly "making a virtual environment with $python" "$python" -m venv "$unfinished"
    quietly "installing acd with pip" pip_install "${here}[dashboard,notify]"
    install_systemd_python
    quietly "the test of the new acd" "$unfinished/bin/acd" --version
    version=$(cat "$log")

    point_venv_at "${unfinished##*/}"
    new=$unfinished unfinished=''
    if ! "$data/venv/bin/acd" install "$@"; then
        if [ -d "$data/${previous:-none}" ]; then
            point_venv_at "$previous"
            unfinished=$new
            "$data/venv/bin/acd" install "$@" >"$log" 2>&1 || :
            fail "the upgrade was not made; the earlier version is back in its place"
        fi
        link_program
        fail "$version is in $data/venv, but it is not set up" \
            "correct the error above, then run: \"$data/venv/bin/acd\" install${*:+ $*}"
    fi
    link_program
    remove_old_versions "${new##*/}"
    say "Installed $version."
}

# ------------------------------------------------------------------------ uninstall

uninstall_acd() {
    if works; then
        set -- "$data/venv/bin/acd" uninstall --yes
    else
        # The installed acd is missing or broken: use the checkout. -B: write no bytecode there.
        find_python
        set -- env PYTHONPATH="$here" "$python" -B -m acd.install
    fi
    if [ -n "$dry_run" ]; then
        say "would run $*"
        ! works || "$data/venv/bin/acd" uninstall --dry-run
        return
    fi
    [ ! -d "$data" ] || take_lock
    "$@" || fail "acd is not removed completely" \
        "correct the error above, then run this again"
    cleanup
    [ ! -d "$data" ] || warn "Note: $data holds other files and was kept."
    say "acd is removed."
}

# ------------------------------------------------------------------------------ main

# Another Python's settings must not reach the one in the virtual environment.
unset PYTHONHOME PYTHONPATH __PYVENV_LAUNCHER__
export PIP_USER=no PIP_NO_INPUT=1 PIP_DISABLE_PIP_VERSION_CHECK=1

if [ -n "$uninstall" ]; then
    uninstall_acd
else
    install_acd "$@"
fi
