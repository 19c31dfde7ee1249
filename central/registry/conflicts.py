"""Two people changed one thing: who saved meanwhile, and both values side by side for whoever was second to choose."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from central.identity import audit
from commerce.errors import PosError


@dataclass(frozen=True, slots=True)
class Difference:
    """One field of the form: what stands now, and what was typed."""

    field: str
    standing: str
    typed: str


@dataclass(frozen=True, slots=True)
class Conflict:
    """``version`` is what stands now: saving over it is possible with that one only, so not blindly a second time."""

    version: int
    who: str
    at: datetime | None
    differences: tuple[Difference, ...]


def find_conflict(
    conn: Connection,
    refusal: PosError | None,
    subject: tuple[str, str],
    version: int,
    standing: Mapping[str, str],
    typed: Mapping[str, str],
) -> Conflict | None:
    """Return what to show of a refusal for a stale version, None for any other; ``subject`` is the audit's."""
    if refusal is None or refusal.code != "version.stale":
        return None
    last = audit.last_act(conn, *subject)
    differences = tuple(
        Difference(name, now, typed.get(name, "").strip())
        for name, now in standing.items()
        if _plain(now) != _plain(typed.get(name, ""))
    )
    return Conflict(version, last.who if last else "", last.at if last else None, differences)


def _plain(text: str) -> str:
    """Browsers send lines with CRLF and people leave blanks."""
    return "\n".join(line.strip() for line in text.strip().splitlines())
