"""How the day goes at all shops of one currency together, with the picture of its hours."""

from collections.abc import Sequence
from dataclasses import dataclass

from central.sales.reading import ShopToday
from central.web.charts import Chart, Column, chart_of


@dataclass(frozen=True, slots=True)
class Day:
    """The business day so far against the same weekday last week until the same time."""

    currency: str
    shops: tuple[ShopToday, ...]
    receipts: int
    total: int
    receipts_before: int
    total_before: int
    chart: Chart

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
    columns = [Column(str(hour), f"{hour}:00", total, before) for hour, total, before in _hours(shops)]
    return Day(
        currency=currency,
        shops=shops,
        receipts=sum(shop.receipts for shop in shops),
        total=sum(shop.total for shop in shops),
        receipts_before=sum(shop.receipts_before for shop in shops),
        total_before=sum(shop.total_before for shop in shops),
        chart=chart_of(columns, currency),
    )


def _hours(shops: Sequence[ShopToday]) -> list[tuple[int, int, int]]:
    sums: dict[int, tuple[int, int]] = {}
    for hour, total, before in (one for shop in shops for one in shop.hours):
        now, then = sums.get(hour, (0, 0))
        sums[hour] = now + total, then + before
    span = range(min(sums), max(sums) + 1) if sums else range(0)
    return [(hour, *sums.get(hour, (0, 0))) for hour in span]
