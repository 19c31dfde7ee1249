"""Sales in words: the filters that stand, the days one asks for most, and what devices did."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from central.sales.comparing import Compared, Span
from central.sales.queries import SaleFilter
from central.web.charts import Chart, Column, chart_of
from central.web.formats import Formats
from central.web.states import reason_text, wording
from commerce.texts import Translator

_MARKS = {"done": "good", "unknown": "warn", None: "plain"}
Query = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter that stands, or one to be chosen; ``query`` is the address without it, or with it."""

    label: str
    text: str
    query: dict[str, str]
    is_on: bool = False


@dataclass(frozen=True, slots=True)
class ShownEffect:
    """What a device was asked and what it did, without a code of ours."""

    what: str
    outcome: str
    mark: str
    why: str
    proof: str
    at: Any


def standing(wanted: SaleFilter, query: Query, found: Mapping[str, Any], words: Translator, f: Formats) -> list[Chip]:
    """Return the filters of a list, each with the address that lacks it."""
    names: dict[str, dict[str, str]] = {
        "shop": {row.id: row.name for row in found["shops"]},
        "till": {row.id: f"{row.code} · {row.name}" for row in found["tills"]},
        "operator": {row.operator: row.name for row in found["operators"]},
    }
    labels = {"number": words.t("Receipt number"), "shop": words.t("Shop"), "till": words.t("Till"),
              "operator": words.t("Operator")}  # fmt: skip
    chips = [_of_days(wanted, query, words, f)] if wanted.since or wanted.until else []
    for name, label in labels.items():
        if value := query.get(name):
            text = names.get(name, {}).get(value, value if name == "number" else words.t("unknown to head office"))
            chips.append(Chip(label, text, _without(query, name)))
    return chips


def often_asked(query: Query, today: date, words: Translator) -> list[Chip]:
    """Return the days that people ask for most."""
    spans = [
        (words.t("Today"), today, today),
        (words.t("Yesterday"), today - timedelta(days=1), today - timedelta(days=1)),
        (words.t("Last 7 days"), today - timedelta(days=6), today),
        (words.t("This month"), today.replace(day=1), today),
    ]
    asked = query.get("since"), query.get("until")
    return [_often(text, since, until, query, asked) for text, since, until in spans]


def chart_of_days(one: Compared, f: Formats) -> Chart | None:
    """Return the picture of a span's days; None of a single day, or of more than a picture holds."""
    columns = [Column(str(day.day), f.weekday(day), now.total, before.total) for day, now, before in one.days]
    return chart_of(columns, one.currency) if columns else None


def days_compared(span: Span | None, f: Formats) -> str:
    """Return the days that sums are compared with, "" for none."""
    return f.days(span.before.since, span.before.until) if span else ""


def shown_effects(rows: Sequence[Any], words: Translator, f: Formats) -> list[ShownEffect]:
    """Put what was asked of devices into words."""
    return [
        ShownEffect(
            what=words.t(wording(row.kind)),
            outcome=words.t(wording(row.outcome)) if row.outcome else words.t("no word yet"),
            mark=_MARKS.get(row.outcome, "bad"),
            why=reason_text(row.reason or "", words.t),
            proof=_fiscal_number(row.reference, words, f),
            at=row.at,
        )
        for row in rows
    ]


def _fiscal_number(reference: Mapping[str, Any] | None, words: Translator, f: Formats) -> str:
    if not reference:
        return ""
    day = f.day(date.fromisoformat(str(reference["issued_on"])))
    number = f"{int(reference['closure']):04d}-{int(reference['number']):04d}"
    return words.t("document {number} of {day}, register {serial}", number=number, day=day, serial=reference["serial"])


def _of_days(wanted: SaleFilter, query: Query, words: Translator, f: Formats) -> Chip:
    match wanted.since, wanted.until:
        case date() as since, date() as until:
            text = f.days(since, until) if since <= until else f"{f.day(since)} – {f.day(until)}"
        case date() as since, None:
            text = words.t("from {day}", day=f.day(since))
        case _, until:
            text = words.t("until {day}", day=f.day(until or date.max))
    return Chip(words.t("Days"), text, _without(query, "since", "until"))


def _often(text: str, since: date, until: date, query: Query, asked: tuple[str | None, str | None]) -> Chip:
    days = {"since": since.isoformat(), "until": until.isoformat()}
    return Chip("", text, {**query, **days}, is_on=asked == (days["since"], days["until"]))


def _without(query: Query, *names: str) -> dict[str, str]:
    return {key: value for key, value in query.items() if key not in names}
