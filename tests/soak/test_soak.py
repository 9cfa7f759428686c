"""A few seconds of checks.soak."""

from __future__ import annotations

import subprocess
import sys

from testing.checkout import CHECKOUT


def test_a_few_seconds_of_all_clients_lose_nothing() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "checks.soak", "--minutes", "0.08"],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "lost   0\nfaults 0\n" in done.stdout
