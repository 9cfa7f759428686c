"""Makes the screenshots of the documentation: `python -m tools.pictures [DIRECTORY]`."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from pathlib import Path
from typing import Any

from testing.dashboard.screenshot import screenshot

SCREENSHOTS: dict[str, tuple[tuple[str, ...], dict[str, Any]]] = {
    "dashboard-dark": ((), {"theme": "dark", "size": (130, 12)}),
    "dashboard-light": ((), {"theme": "light", "size": (130, 12)}),
    "dashboard-details-dark": (("enter", "2"), {"theme": "dark", "size": (100, 32)}),
    "dashboard-details-light": (("enter", "2"), {"theme": "light", "size": (100, 32)}),
    "dashboard-narrow": ((), {"theme": "dark", "size": (40, 12)}),
}
"""The keys and the options of each screenshot."""


def main(directory: Path) -> None:
    os.environ["TZ"] = "UTC"
    time.tzset()
    directory.mkdir(parents=True, exist_ok=True)
    for name, (keys, options) in SCREENSHOTS.items():
        path = directory / f"{name}.svg"
        path.write_text(asyncio.run(screenshot(*keys, **options)), "utf-8")
        print(path)


if __name__ == "__main__":
    root = Path(__file__).parent.parent
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else root / "docs" / "pictures")
