"""A user of a real `systemd --user`, for whom an acd lies ready to be installed.

Responsible for running that acd. It refuses to know what is installed.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from testing.system.acd_user import AcdUser
from testing.system.user_manager import why_unavailable

NEEDS_MANAGER = [
    pytest.mark.system,
    pytest.mark.timeout(300),
    pytest.mark.skipif(why_unavailable() is not None, reason=str(why_unavailable())),
]
"""What a module of their tests is marked with."""


class ServiceUser(AcdUser):
    """The test user, for whom an acd lies ready."""

    program: Path

    def run_acd(
        self, *arguments: str, check: bool = True, environment: Mapping[str, str] | None = None
    ) -> str:
        """What `acd ARGUMENTS` prints."""
        # Not bin/acd: what pip makes of it does not stand every path.
        command = (str(self.program), "-m", "acd", *arguments)
        return self.run(*command, check=check, environment=environment).stdout
