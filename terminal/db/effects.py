# ruff: noqa: S608 - only constants of this module are put into the text of a statement
"""Effects outside the database: print, drawer, fiscal document, card. Intent, act and outcome each on disk."""

from dataclasses import dataclass
from typing import Any

import orjson

from terminal.db.connection import Queries, Row, Transaction

EFFECT_COLUMNS = (
    "id, kind, of, title, document_kind, state, attempt, marker, reason, baseline, reference, created_at, dismissed,"
    " device, sale"
)
_INSERT = (
    "INSERT INTO effect (id, kind, of, title, document_kind, state, attempt, marker, created_at, device, sale)"
    " VALUES (?, ?, ?, ?, ?, 'intended', ?, ?, ?, ?, ?)"
)


@dataclass(frozen=True, slots=True)
class NewEffect:
    """Something to be done once the transaction is on disk."""

    id: str
    kind: str  # print, drawer, fiscal, card
    of: str  # id of the document, or of the session for a Z
    title: str
    document_kind: str  # receipt, z_report
    created_at: str
    attempt: int = 1
    marker: str = ""
    device: str | None = None  # by its name in the till's settings
    sale: str | None = None  # whose document it is, where it is one's


@dataclass(frozen=True, slots=True)
class EffectRow:
    """An effect as it stands."""

    id: str
    kind: str
    of: str
    title: str
    document_kind: str
    state: str  # intended, started, done, failed, unknown, not_done
    attempt: int
    marker: str
    reason: str
    baseline: dict[str, Any] | None
    reference: dict[str, Any] | None
    created_at: str
    dismissed: bool
    device: str | None = None
    sale: str | None = None


def add_effects(tx: Transaction, effects: list[NewEffect]) -> None:
    """Keep what is to be done."""
    tx.executemany(
        _INSERT,
        [
            (e.id, e.kind, e.of, e.title, e.document_kind, e.attempt, e.marker, e.created_at, e.device, e.sale)
            for e in effects
        ],
    )


def find_effect(queries: Queries, effect: str) -> EffectRow | None:
    """Return one effect."""
    row = queries.fetch_one(f"SELECT {EFFECT_COLUMNS} FROM effect WHERE id = ?", (effect,))
    return None if row is None else read_effect(row)


def list_open(queries: Queries, kind: str | None = None) -> list[EffectRow]:
    """Return the effects that still need doing or somebody's look, oldest first."""
    rows = queries.fetch_all(f"SELECT {EFFECT_COLUMNS} FROM effect WHERE open = 1 ORDER BY position")
    return [effect for effect in map(read_effect, rows) if kind is None or effect.kind == kind]


def list_of(queries: Queries, of: str, kind: str) -> list[EffectRow]:
    """Return every attempt of one kind for one document, oldest first."""
    rows = queries.fetch_all(f"SELECT {EFFECT_COLUMNS} FROM effect WHERE of = ? ORDER BY position", (of,))
    return [effect for effect in map(read_effect, rows) if effect.kind == kind]


def mark_started(tx: Transaction, effect: str, baseline: dict[str, Any] | None = None) -> bool:
    """Note, before acting, that the act begins; False when it is not waiting to begin."""
    encoded = None if baseline is None else orjson.dumps(baseline)
    return (
        tx.execute(
            "UPDATE effect SET state = 'started', baseline = coalesce(?, baseline)"
            " WHERE id = ? AND state IN ('intended', 'started')",
            (encoded, effect),
        )
        == 1
    )


def settle(
    tx: Transaction, row: EffectRow, outcome: str, reason: str, reference: dict[str, Any] | None, *, waits: bool
) -> None:
    """Note an outcome; what ``waits`` for a person stays open."""
    tx.execute(
        "UPDATE effect SET state = ?, reason = ?, reference = ?, open = ? WHERE id = ?",
        (outcome, reason, None if reference is None else orjson.dumps(reference), int(waits), row.id),
    )


def retire(tx: Transaction, effect: str) -> None:
    """Take an effect from the open ones: a newer attempt stands for it."""
    tx.execute("UPDATE effect SET open = 0 WHERE id = ?", (effect,))


def dismiss(tx: Transaction, effect: str) -> None:
    """Stop offering an effect; one of unknown outcome stays open until a Z has listed it."""
    tx.execute(
        "UPDATE effect SET dismissed = 1, open = (state = 'unknown') WHERE id = ? AND state IN ('failed', 'unknown')",
        (effect,),
    )


def retire_listed(tx: Transaction) -> None:
    """Let go of what the Z has listed and nobody can do more about: dismissed effects, drawers of unknown outcome."""
    tx.execute(
        "UPDATE effect SET open = 0 WHERE open = 1 AND (dismissed = 1 OR (kind = 'drawer' AND state = 'unknown'))"
    )


def read_effect(row: Row) -> EffectRow:
    """Return the effect that a row of ``EFFECT_COLUMNS`` holds."""
    values = list(row)
    for place in (9, 10):  # baseline, reference
        values[place] = _read_object(values[place])
    values[12] = bool(values[12])
    return EffectRow(*values)


def find_with_open(queries: Queries, effect: str) -> tuple[EffectRow, bool] | None:
    """Return one effect, and whether somebody or something still has to deal with it."""
    row = queries.fetch_one(f"SELECT {EFFECT_COLUMNS}, open FROM effect WHERE id = ?", (effect,))
    return None if row is None else (read_effect(row[:-1]), bool(row[-1]))


def forget_unreadable(tx: Transaction) -> None:
    """Take away rows that no entry could name: a Z lists every effect that waits, and none could be signed."""
    tx.execute(
        "DELETE FROM effect WHERE typeof(id) <> 'text' OR typeof(kind) <> 'text' OR typeof(of) <> 'text'"
        " OR typeof(title) <> 'text' OR typeof(state) <> 'text'"
    )


def write_effect(tx: Transaction, row: EffectRow, *, is_open: bool) -> None:
    """Write an effect's row anew, in its place among the others where it has one."""
    tx.execute(
        "INSERT INTO effect (id, kind, of, title, document_kind, state, attempt, marker, reason, baseline, reference,"
        " created_at, dismissed, device, sale, open) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (id) DO UPDATE SET kind = excluded.kind, of = excluded.of, title = excluded.title,"
        " document_kind = excluded.document_kind, state = excluded.state, attempt = excluded.attempt,"
        " marker = excluded.marker, reason = excluded.reason, baseline = excluded.baseline,"
        " reference = excluded.reference, created_at = excluded.created_at, dismissed = excluded.dismissed,"
        " device = excluded.device, sale = excluded.sale, open = excluded.open",
        (row.id, row.kind, row.of, row.title, row.document_kind, row.state, row.attempt, row.marker, row.reason,
         _written(row.baseline), _written(row.reference), row.created_at, int(row.dismissed), row.device, row.sale,
         int(is_open)),
    )  # fmt: skip


def _read_object(raw: object) -> dict[str, Any] | None:
    """Return what a device said; None where a hand on the file left something else."""
    if not isinstance(raw, bytes | str):
        return None
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return None
    return value if isinstance(value, dict) else None


def _written(value: dict[str, Any] | None) -> bytes | None:
    return None if value is None else orjson.dumps(value)
