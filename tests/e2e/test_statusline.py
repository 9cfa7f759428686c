"""acd's status line in the real client's window."""

from __future__ import annotations

from acd.agents.claude_code import status_line
from acd.install.hook_command import guarded_command, real_python
from testing.checkout import CHECKOUT
from testing.e2e.agent import ClaudeTestbed
from testing.support import LineClient


def test_the_status_line_shows_which_other_sessions_need_the_user_and_sends_the_usage(
    testbed: ClaudeTestbed,
) -> None:
    """The status line shows the other sessions that need the user, and sends the usage."""
    settings = testbed.home.config_dir / "settings.json"
    command = guarded_command(real_python(), CHECKOUT / "hooks/acd_statusline.py")
    settings.write_text(status_line.merge(settings.read_text(), command))
    with testbed.interactive() as agent, LineClient(testbed.home.socket) as client:
        agent.expect("attention", since=agent.started)
        client.ask('SET other question {"name": "api", "prompt": "Bash: make"}')
        agent.greet()
        agent.sees("▲ api: Bash: make")
        agent.sees("% context · $")  # shown after the model's first answer
        used = client.get(agent.session)["api_usage"]
        assert used["model"]
        assert used["input_tokens"] >= 0
        assert used["cost_usd"] >= 0
