"""The sessions of a working morning, for pictures and for tests that look at the screen.

Responsible for one scene that has something of everything.
"""

from __future__ import annotations

from tests.dashboard.stage import Stage

HOME = "/home/dev"


def morning(stage: Stage) -> None:
    """Seven sessions: two need you, three work, two have closed."""
    src = f"{HOME}/src"
    told = [
        (70, "web", "working", {"working_dir": f"{src}/web-frontend"}),
        (64, "api", "working", {"working_dir": f"{src}/shop/api"}),
        (58, "docs", "working", {"working_dir": f"{src}/docs"}),
        (55, "old", "working", {"working_dir": f"{src}/scratch", "session_id": "old"}),
        (52, "api", "question", {"prompt": "Bash: alembic upgrade head"}),
        (49, "api", "working", {}),
        (47, "web", "attention", {"prompt": "All 212 tests pass; the form validates on blur."}),
        (40, "infra", "working", {"working_dir": f"{src}/infra"}),
        (38, "web", "working", {}),
        (36, "docs", "attention", {"prompt": "Wrote the migration guide."}),
        (33, "old", "closed", {}),
        (30, "api", "question", {"prompt": "Which of the two price columns is the source?"}),
        (26, "api", "working", {}),
        (24, "docs", "working", {}),
        (21, "infra", "question", {"prompt": "Bash: terraform plan -out next.plan"}),
        (20, "infra", "working", {}),
        (15, "billing", "working", {"working_dir": f"{src}/billing/api"}),
        (13, "docs", "attention", {"prompt": "The guide now covers version 2, with examples."}),
        (12, "spike", "working", {"working_dir": f"{src}/spike", "session_id": "spike"}),
        (9, "billing", "working", {"prompt": "Rounding moves into the ledger, then tests."}),
        (8, "infra", "working", {"prompt": "Rewriting the module for the new provider."}),
        (6, "spike", "closed", {"prompt": "It does not pay: 3 % faster at best."}),
        (4.2, "api", "question", {"prompt": "Bash: git push --force-with-lease origin prices"}),
        (1.1, "web", "working", {"prompt": "Reading the router before I touch it."}),
    ]
    for minutes, session, status, metadata in told:
        with stage.at(minutes):
            stage.set(session, status, **metadata)
    for session, model, context, cost in (
        ("web", "Opus 5.5", 18, 0.84),
        ("api", "Opus 5.5", 61, 4.1),
        ("docs", "Haiku 5", 35, 0.12),
        ("infra", "Opus 5.5", 77, 6.3),
        ("billing", "Sonnet 5.5", 9, 0.4),
    ):
        usage = (
            f'{{"model":"{model}","context_window":{{"used_percentage":{context}}},'
            f'"input_tokens":{context * 2000},"output_tokens":{context * 310},'
            f'"cost":{{"total_cost_usd":{cost}}}}}'
        )
        stage.say(f"API_USAGE {session} {usage}")
    for number, session in enumerate(("web", "api", "docs", "infra", "billing")):
        stage.tell(
            session,
            pid=4100 + number,
            terminal={"TMUX": "/tmp/tmux-1000/default,1234,0", "TMUX_PANE": f"%{number + 3}"},
        )
