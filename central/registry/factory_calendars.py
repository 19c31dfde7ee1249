"""Factory calendars: on which days a company works, and on which it does not."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection

from central.kit.fields import choices, day, row_id, rows, text, tick, translated
from central.kit.kinds import Kind, Words
from central.kit.proposals import Edit, Proposal
from central.registry.area import SETTINGS
from central.registry.groups import STOCK
from central.registry.naming import coded
from commerce.texts import N_, counted
from commerce.workdays import MOST_DAYS, WorkCalendar

WEEK = {"mon": N_("Monday"), "tue": N_("Tuesday"), "wed": N_("Wednesday"), "thu": N_("Thursday"), "fri": N_("Friday"),
        "sat": N_("Saturday"), "sun": N_("Sunday")}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Closure:
    """Days on which nothing is done, or on which something is done all the same."""

    id: str = row_id()
    name: str = text(N_("Name"), most=60, needed=True)
    since: date | None = day(N_("From day"), needed=True)
    until: date | None = day(N_("To day"))
    yearly: bool = tick(N_("Every year"))
    works: bool = tick(N_("Open all the same"))


@dataclass(frozen=True, kw_only=True)
class FactoryCalendar:
    """Which days are worked on."""

    code: str = text(N_("Code"), most=16, needed=True, letters="upper", titles=("codice",))
    names: dict[str, str] = translated(N_("Name"), most=60, needed=True, titles=("descrizione",))
    proposed: bool = tick(N_("Proposed"))
    closed_on: tuple[str, ...] = choices(N_("Closed every"), WEEK, default=("sat", "sun"))
    holidays: bool = tick(N_("Closed on Italian public holidays"), default=True)
    closures: tuple[Closure, ...] = rows(N_("Days"), Closure, most=200)


def calendar_of(card: FactoryCalendar) -> WorkCalendar:
    """Return the days as they are reckoned with."""
    spans = [(row.since, row.until or row.since, row.yearly, row.works) for row in card.closures if row.since]
    return WorkCalendar(frozenset(list(WEEK).index(one) for one in card.closed_on), card.holidays, tuple(spans))


def check_factory_calendars(_conn: Connection, _edit: Edit, proposals: Sequence[Proposal]) -> None:
    """Refuse spans that end before they begin or last longer than a year, and a week without a working day."""
    for one in proposals:
        if len(one.card.closed_on) == len(WEEK):
            one.refuse("factory_calendar.week", "closed_on")
        for code, where in _faults(one.card):
            one.refuse(code, where, most=MOST_DAYS)


def _faults(card: FactoryCalendar) -> Iterator[tuple[str, str]]:
    for n, row in enumerate(card.closures):
        if row.since and row.until and row.until < row.since:
            yield "factory_calendar.ends", f"closures.{n}.until"
        elif row.since and row.until and (row.until - row.since).days >= MOST_DAYS:
            yield "factory_calendar.long", f"closures.{n}.until"


FACTORY_CALENDARS = Kind(
    name="factory_calendar",
    path="factory-calendars",
    area=SETTINGS,
    group=STOCK,
    card=FactoryCalendar,
    words=Words(
        one=N_("Factory calendar"),
        many=N_("Factory calendars"),
        new=N_("New factory calendar"),
        none=N_("No factory calendar yet"),
        count=counted("count", "{count} factory calendar", "{count} factory calendars"),
        added=N_("added a factory calendar"),
        changed=N_("changed a factory calendar"),
        deleted=N_("deleted a factory calendar"),
    ),
    title=coded,
    columns=("code", "names", "closed_on", "holidays", "proposed"),
    sorts=("code", "names"),
    filters=("proposed",),
    found_by=("names",),
    codes=("code",),
    unique=("code",),
    check=check_factory_calendars,
)
