"""What the file holds beside what central holds: the same figures from two sides, compared to the last unit."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from commerce.money import cents_decimal

KINDS = ("all", "month", "document_date", "till")


@dataclass(frozen=True, slots=True)
class Figures:
    """Sums of some receipts; units as text of fixed scale, money in minor units."""

    receipts: int
    lines: int
    net_units: str
    cents: int

    def as_json(self, currency: str) -> dict[str, Any]:
        """Return the figures as people read them."""
        money = str(cents_decimal(self.cents, currency))
        return {"receipts": self.receipts, "lines": self.lines, "net_units": self.net_units, "money": money}


Account = Mapping[str, Mapping[str, Figures]]


def account_json(account: Account, currency: str) -> dict[str, Any]:
    """Return an account as JSON: the figures of all, then by month, document date and till."""
    shown: dict[str, Any] = {"all": _all(account).as_json(currency)}
    for by in KINDS[1:]:
        shown[by] = {key: figures.as_json(currency) for key, figures in sorted(account[by].items())}
    return shown


def read_totals(answers: Mapping[str, Mapping[str, Any]], currency: str, till_names: Mapping[str, str]) -> Account:
    """Return central's account from its answers to ``GET /api/v1/reports/totals``, one for each kind of sum."""
    return {by: dict(_read_rows(by, answers[by]["rows"], currency, till_names)) for by in KINDS}


def first_difference(file: Account, central: Account, currency: str) -> str | None:
    """Return the first figure in which the two sides differ, None where they agree in all."""
    for by in KINDS:
        for key in sorted({*file[by], *central[by]}):
            ours, theirs = file[by].get(key), central[by].get(key)
            if ours != theirs:
                place = f"{by} {key}".strip()
                return f"{place}: the file has {_said(ours, currency)}, central has {_said(theirs, currency)}"
    return None


def exact_text(amount: Decimal) -> str:
    """Return an exact amount without exponent, with no fewer decimals than cents."""
    text = format(amount.normalize() + 0, "f")
    whole, _, decimals = text.partition(".")
    return f"{whole}.{decimals.ljust(2, '0')}"


def _all(account: Account) -> Figures:
    return account["all"].get("", Figures(0, 0, "0.000000", 0))


def _said(figures: Figures | None, currency: str) -> str:
    if figures is None:
        return "nothing"
    return ", ".join(f"{name} {value}" for name, value in figures.as_json(currency).items())


def _read_rows(
    by: str, rows: list[dict[str, Any]], currency: str, till_names: Mapping[str, str]
) -> Iterator[tuple[str, Figures]]:
    for row in rows:
        key = "" if by == "all" else str(row["key"])
        if by == "till":
            key = till_names.get(key, key)
        if row["currency"] != currency:
            key = f"{key} {row['currency']}".strip()
        yield key, Figures(row["receipts"], row["lines"], row["net_units"], row["total_cents"])
