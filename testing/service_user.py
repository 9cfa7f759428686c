"""A user of a real `systemd --user`, with an acd that is ready to be installed."""

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
"""The marks of a module with tests of such a user."""


class ServiceUser(AcdUser):
    """The test user, with the Python of an acd."""

    program: Path

    def run_acd(
        self, *arguments: str, check: bool = True, environment: Mapping[str, str] | None = None
    ) -> str:
        """Returns what `acd ARGUMENTS` prints."""
        # Not bin/acd: pip's script does not work in every path.
        command = (str(self.program), "-m", "acd", *arguments)
        return self.run(*command, check=check, environment=environment).stdout
