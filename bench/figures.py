"""What a benchmark hands over: figures, and the statistics they are made of."""

import math
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Figure:
    """One row of the table. ``ratio`` says how many times as fast (or as small) as the raw engine ours is."""

    name: str
    ours: float
    raw: float
    ratio: float
    unit: str
    target: str
    holds: bool

    def as_json(self) -> dict[str, Any]:
        """Return the row of ``build/bench.json``."""
        rounded = {name: float(f"{getattr(self, name):.4g}") for name in ("ours", "raw", "ratio")}
        return {**asdict(self), **rounded}


@dataclass(frozen=True, slots=True)
class Round:
    """The times of one round, ours and raw, taken one after the other."""

    ours: list[float]
    raw: list[float]


def percentile(values: Sequence[float], percent: float) -> float:
    """Return the smallest value that so many percent of the values do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]


def rate(name: str, rounds: Sequence[Round], *, at_least: float, unit: str = "1/s", per: int = 1) -> Figure:
    """Return how many are done a second; the ratio is the median over the rounds.

    ``per`` is how many each measured time stands for.
    """
    ours = statistics.median(per * len(one.ours) / sum(one.ours) for one in rounds)
    raw = statistics.median(per * len(one.raw) / sum(one.raw) for one in rounds)
    ratio = statistics.median((len(one.ours) / sum(one.ours)) / (len(one.raw) / sum(one.raw)) for one in rounds)
    return Figure(name, ours, raw, ratio, unit, f"ratio ≥ {at_least}", ratio >= at_least)


def times_of_raw(name: str, rounds: Sequence[Round], percent: float, *, at_most: float) -> Figure:
    """Return a percentile in milliseconds that may be so many times the raw engine's (median over the rounds)."""
    ours = statistics.median(percentile(one.ours, percent) for one in rounds)
    raw = statistics.median(percentile(one.raw, percent) for one in rounds)
    times = statistics.median(percentile(one.ours, percent) / percentile(one.raw, percent) for one in rounds)
    target = f"p{percent:g} ≤ {at_most:g} × raw"
    return Figure(f"{name}, p{percent:g}", ours * 1000, raw * 1000, 1 / times, "ms", target, times <= at_most)


def limit(name: str, rounds: Sequence[Round], percent: float, *, at_most_ms: float) -> Figure:
    """Return a percentile in milliseconds, over all rounds, that has an absolute limit."""
    ours = percentile([value for one in rounds for value in one.ours], percent) * 1000
    raw = percentile([value for one in rounds for value in one.raw], percent) * 1000
    return Figure(
        f"{name}, p{percent:g}", ours, raw, raw / ours, "ms", f"p{percent:g} ≤ {at_most_ms:g} ms", ours <= at_most_ms
    )
