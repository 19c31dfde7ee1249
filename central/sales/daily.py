"""How the day goes at all shops of one currency together, and the drawing of its hours."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count

from central.sales.reading import ShopToday
from commerce.money import minor_digits

WIDTH, HEIGHT, LEFT, BASE, TOP = 760, 190, 56, 166, 10
_STEPS = (1, 2, 5)


@dataclass(frozen=True, slots=True)
class Bar:
    """One hour: its sums, and the two columns that stand for them."""

    hour: int
    total: int
    before: int
    x: int
    width: int
    height: int
    height_before: int


@dataclass(frozen=True, slots=True)
class Tick:
    """A line of the axis: how high it stands, and for how much."""

    y: int
    amount: int


@dataclass(frozen=True, slots=True)
class Day:
    """The business day so far against the same weekday last week until the same time."""

    currency: str
    shops: tuple[ShopToday, ...]
    receipts: int
    total: int
    receipts_before: int
    total_before: int
    bars: tuple[Bar, ...]
    ticks: tuple[Tick, ...]

    @property
    def change(self) -> int | None:
        """Whole percent more (or less) than last week; None where there was nothing to compare with."""
        return change(self.total, self.total_before)


def days_of(shops: Sequence[ShopToday]) -> list[Day]:
    """Return one day per currency, in the order of the shops."""
    currencies = dict.fromkeys(shop.currency for shop in shops)
    return [_day(code, tuple(shop for shop in shops if shop.currency == code)) for code in currencies]


def change(now: int, before: int) -> int | None:
    """Return by how many whole percent something changed."""
    if before <= 0:
        return None
    size = abs(now - before) * 100 // before
    return size if now >= before else -size


def _day(currency: str, shops: tuple[ShopToday, ...]) -> Day:
    hours = _hours(shops)
    step = axis_step(max([0, *(max(total, before) for _, total, before in hours)]), currency)
    top = max(step, *(-(-max(total, before) // step) * step for _, total, before in hours)) if hours else step
    return Day(
        currency=currency,
        shops=shops,
        receipts=sum(shop.receipts for shop in shops),
        total=sum(shop.total for shop in shops),
        receipts_before=sum(shop.receipts_before for shop in shops),
        total_before=sum(shop.total_before for shop in shops),
        bars=tuple(_bars(hours, top)),
        ticks=tuple(Tick(BASE - _scaled(amount, top), amount) for amount in range(0, top + 1, step)),
    )


def axis_step(most: int, currency: str) -> int:
    """Return the least round amount of which four reach ``most``: 1, 2 or 5 times a power of ten, in whole units."""
    unit: int = 10 ** minor_digits(currency)
    steps: Iterator[int] = (one * 10**power * unit for power in count() for one in _STEPS)
    return next(step for step in steps if step * 4 >= most)


def _hours(shops: Sequence[ShopToday]) -> list[tuple[int, int, int]]:
    sums: dict[int, tuple[int, int]] = {}
    for hour, total, before in (one for shop in shops for one in shop.hours):
        now, then = sums.get(hour, (0, 0))
        sums[hour] = now + total, then + before
    span = range(min(sums), max(sums) + 1) if sums else range(0)
    return [(hour, *sums.get(hour, (0, 0))) for hour in span]


def _bars(hours: Sequence[tuple[int, int, int]], top: int) -> Iterator[Bar]:
    for place, (hour, total, before) in enumerate(hours):
        room = (WIDTH - LEFT) // len(hours)
        width = min(room - 8, 44) // 2
        x = LEFT + place * room + (room - 2 * width) // 2
        yield Bar(hour, total, before, x, width, _scaled(total, top), _scaled(before, top))


def _scaled(amount: int, top: int) -> int:
    return max(amount, 0) * (BASE - TOP) // top
