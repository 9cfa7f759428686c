"""Fuzzes for some time: `python -m checks.fuzz --minutes 30 [--target hook]`.

Each round is a run of tests/fuzz with another seed and many more examples. A failure is
printed in its smallest form, to be added to the corpus, and the exit code is then 1.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time

from checks.fuzz.targets import TARGETS
from testing.checkout import CHECKOUT

PYTEST = [sys.executable, "-m", "pytest", "-q", "-x", "--hypothesis-seed=random"]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m checks.fuzz", description=__doc__)
    parser.add_argument("--minutes", type=float, default=1, help="duration (1)")
    parser.add_argument(
        "--target", choices=[*TARGETS, "conversations"], help="one target (all, in turns)"
    )
    parser.add_argument("--examples", type=int, default=500, help="examples in a round (500)")
    given = parser.parse_args()
    chosen = {
        None: "nothing_like_the_corpus or Conversations",
        "conversations": "Conversations",
    }.get(given.target, f"nothing_like_the_corpus and {given.target}")

    end = time.monotonic() + given.minutes * 60
    rounds = 0
    while time.monotonic() < end:
        rounds += 1
        done = subprocess.run(
            [*PYTEST, "tests/fuzz", "-k", chosen],
            cwd=CHECKOUT,
            env={**os.environ, "ACD_FUZZ_EXAMPLES": str(given.examples)},
            check=False,
        )
        if done.returncode:
            print(f"round {rounds} failed", file=sys.stderr)
            return 1
    print(f"{rounds} rounds of {given.examples} examples a target: no failure")
    return 0


if __name__ == "__main__":
    sys.exit(main())
