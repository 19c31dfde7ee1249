"""Pictures of columns in pairs, what is and what it is compared with, along an axis of round amounts."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count

from commerce.money import minor_digits

HEIGHT, BASE, TOP = 190, 166, 10
CROWDED = 16  # more labels than a phone has room for
_STEPS = (1, 2, 5)
_WHOLE = 10_000  # the width, in hundredths of a percent


@dataclass(frozen=True, slots=True)
class Column:
    """What stands at one place: ``label`` under the axis, ``name`` in the table, and two sums in minor units."""

    label: str
    name: str
    now: int
    before: int


@dataclass(frozen=True, slots=True)
class Bar:
    """A column and where its two bars stand: across in percent, so that a picture keeps its height on a phone."""

    column: Column
    x: str
    middle: str
    width: str
    height: int
    height_before: int


@dataclass(frozen=True, slots=True)
class Tick:
    """A line of the axis: how far down it stands, and for how much."""

    y: int
    amount: int


@dataclass(frozen=True, slots=True)
class Chart:
    """A picture whose words are still to be put into a language."""

    currency: str
    bars: tuple[Bar, ...]
    ticks: tuple[Tick, ...]

    @property
    def is_crowded(self) -> bool:
        """Tell whether every other label has to go where there is little room."""
        return len(self.bars) > CROWDED


def chart_of(columns: Sequence[Column], currency: str) -> Chart:
    """Return the picture of these columns; sums below zero stand on the axis."""
    most = max([0, *(max(one.now, one.before) for one in columns)])
    step = axis_step(most, currency)
    top = max(step, -(-most // step) * step)
    ticks = tuple(Tick(BASE - _scaled(amount, top), amount) for amount in range(0, top + 1, step))
    return Chart(currency, tuple(_bars(columns, top)), ticks)


def axis_step(most: int, currency: str) -> int:
    """Return the least round amount of which four reach ``most``: 1, 2 or 5 times a power of ten, in whole units."""
    unit: int = 10 ** minor_digits(currency)
    steps: Iterator[int] = (one * 10**power * unit for power in count() for one in _STEPS)
    return next(step for step in steps if step * 4 >= most)


def _bars(columns: Sequence[Column], top: int) -> Iterator[Bar]:
    for place, one in enumerate(columns):
        room = _WHOLE // len(columns)
        width = min(room * 2 // 5, 300)
        middle = place * room + room // 2
        yield Bar(one, _percent(middle - width), _percent(middle), _percent(width),
                  _scaled(one.now, top), _scaled(one.before, top))  # fmt: skip


def _percent(hundredths: int) -> str:
    return f"{hundredths // 100}.{hundredths % 100:02d}%"


def _scaled(amount: int, top: int) -> int:
    return max(amount, 0) * (BASE - TOP) // top
