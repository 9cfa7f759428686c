"""Rows of the table of measurements: from samples to medians, ratios and verdicts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median, quantiles
from typing import Any, Final, Literal


@dataclass(frozen=True)
class Bound:
    """The upper limit of the ratio to the bare counterpart, or of the figure itself."""

    limit: float
    of: Literal["ratio", "ours"] = "ratio"


@dataclass(frozen=True)
class Samples:
    """Batches of measurements, taken in turns, so that a drift affects both sides."""

    ours: list[list[float]]
    bare: list[list[float]]


@dataclass(frozen=True)
class Measurement:
    """A row. Figures are seconds, bytes or plain numbers, according to `unit`."""

    what: str
    unit: Literal["s", "B", ""]
    ours: float
    bare: float | None = None
    """None without a counterpart."""
    ratio: float | None = None
    spread: tuple[float, float] | None = None
    """The quartiles of the ratio, batch by batch."""
    bound: Bound | None = None
    """None for a figure without a bound."""
    p99: tuple[float, float] | None = None
    """Ours and bare, where `ours` and `bare` are medians of many round trips."""

    @property
    def verdict(self) -> str:
        """`ok`, `over`, or empty for a row without a bound."""
        if self.bound is None:
            return ""
        measured = self.ratio if self.bound.of == "ratio" else self.ours
        assert measured is not None, f"{self.what}: a bound of nothing"
        return "ok" if measured <= self.bound.limit else "over"

    def to_json(self) -> dict[str, Any]:
        """Every field, and the verdict."""
        bound = None if self.bound is None else {"limit": self.bound.limit, "of": self.bound.of}
        return vars(self) | {"bound": bound, "verdict": self.verdict}


def compare(
    what: str,
    samples: Samples,
    *,
    bound: Bound | None,
    percentile: int = 50,
    unit: Literal["s", "B"] = "s",
) -> Measurement:
    """The row of a percentile: the median of the batches' percentiles."""
    ours = [_percentile(batch, percentile) for batch in samples.ours]
    bare = [_percentile(batch, percentile) for batch in samples.bare]
    ratios = [our / its for our, its in zip(ours, bare, strict=True)]
    first, ratio, third = quantiles(ratios, n=4)
    p99 = None
    if percentile == 50 and min(map(len, samples.ours)) >= 100:
        p99 = (
            median(_percentile(batch, 99) for batch in samples.ours),
            median(_percentile(batch, 99) for batch in samples.bare),
        )
    return Measurement(what, unit, median(ours), median(bare), ratio, (first, third), bound, p99)


def _percentile(batch: list[float], percentile: int) -> float:
    if percentile == 50:
        return median(batch)
    return quantiles(batch, n=100)[percentile - 1]


_HEAD: Final = ("what", "ours", "bare", "ratio", "(quartiles)", "bound", "", "p99 ours / bare")


def render(rows: Sequence[Measurement]) -> str:
    """The table, one line for each row."""
    table = [_HEAD, *(_cells(row) for row in rows)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    lines = (
        "  ".join(
            cell.ljust(width) if index in (0, 6) else cell.rjust(width)
            for index, (cell, width) in enumerate(zip(cells, widths, strict=True))
        ).rstrip()
        for cells in table
    )
    return "\n".join(lines)


def _cells(row: Measurement) -> tuple[str, ...]:
    show = _SHOWN[row.unit]
    return (
        row.what,
        show(row.ours),
        "" if row.bare is None else show(row.bare),
        "" if row.ratio is None else f"{row.ratio:.2f}",
        "" if row.spread is None else "({:.2f}-{:.2f})".format(*row.spread),
        _bound(row),
        row.verdict,
        "" if row.p99 is None else " / ".join(map(show, row.p99)),
    )


def _bound(row: Measurement) -> str:
    if row.bound is None:
        return ""
    limit = row.bound.limit
    return f"<= {limit:g}" if row.bound.of == "ratio" else f"<= {_SHOWN[row.unit](limit)}"


def _seconds(value: float) -> str:
    if value < 1e-5:
        return f"{value * 1e6:.2f} us"
    return f"{value * 1e6:.1f} us" if value < 1e-3 else f"{value * 1e3:.2f} ms"


def _bytes(value: float) -> str:
    return f"{value / 1e3:.0f} kB" if value < 1e6 else f"{value / 1e6:.1f} MB"


_SHOWN: Final[dict[str, Callable[[float], str]]] = {
    "s": _seconds,
    "B": _bytes,
    "": lambda value: f"{value:g}",
}
