"""The files under packaging/ that are generated: manual pages and completion scripts.

They are not in the repository: the package build writes them (hatch_build.py), and
`python -m tools.docs` writes them after an edit.
"""

from __future__ import annotations

from pathlib import Path

from tools import completions, man

DIRECTORY = Path(__file__).parent.parent / "packaging"


def write(directory: Path = DIRECTORY) -> list[Path]:
    """Writes the files below the directory; returns the paths of those that changed."""
    texts = {f"man/{name}": make() for name, make in man.PAGES.items()}
    texts |= {f"completions/{name}": make() for name, make in completions.SCRIPTS.values()}
    changed = []
    for name, text in texts.items():
        path = directory / name
        if not path.exists() or path.read_text("utf-8") != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
            changed.append(path)
    return changed
