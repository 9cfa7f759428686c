"""Tools that run at the same time, some of which ask for a permission."""

from __future__ import annotations

from testing.e2e.agent import PERMISSION_DIALOG, ClaudeTui

READ_DIALOG = "Read(/etc/hostname)"
OTHER_DIALOG = "Read(/etc/passwd)"


def test_a_tool_that_ends_beside_an_open_question_leaves_it_one(agent: ClaudeTui) -> None:
    """The end of a parallel tool leaves an open permission request a `question`."""
    # Right after its start the client runs such a tool without a dialog (measured on 2.1.329).
    agent.greet()
    with agent.home.gate() as gate:
        agent.prompt("SIDEBYSIDE")
        gate.wait_reached()
        agent.expect("question", since=agent.sees(READ_DIALOG), via=("working",))
        gate.open()
        agent.expect_still("question")
    agent.api.hold("AFTER_TOOL")
    agent.expect("working", since=agent.answer(READ_DIALOG, "Enter"))
    answer = agent.api.take("AFTER_TOOL")
    answer.release()
    agent.expect("attention", since=answer.wait_answered())


def test_of_two_questions_at_once_the_second_is_one_when_the_first_is_answered(
    agent: ClaudeTui,
) -> None:
    """With two permission requests, the session is `question` until both are answered."""
    agent.api.hold("AFTER_TOOL")
    agent.prompt("BOTHASK")
    agent.expect("question", since=agent.sees(PERMISSION_DIALOG), via=("working",))
    dialogs = [READ_DIALOG, OTHER_DIALOG]
    dialogs.sort(key=lambda dialog: dialog not in agent.terminal.screen())
    agent.answer(dialogs[0], "Enter")
    agent.sees(dialogs[1])
    agent.expect_still("question")
    agent.expect("working", since=agent.answer(dialogs[1], "Enter"))
    answer = agent.api.take("AFTER_TOOL")
    answer.release()
    agent.expect("attention", since=answer.wait_answered())
