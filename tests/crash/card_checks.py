"""What must hold of cards: what the reader was asked stands on disk, and what it took is on sales, to the cent."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from terminal.devices.card_reader.virtual import ReaderAct
    from tests.crash.invariants import Ledger

KINDS = {"payment": ("card", "pay", 1), "reversal": ("card_reversal", "reverse", -1)}  # entry, request, sign
OPEN = ("intended", "started", "unknown")
FINAL = {"approved": "done", "declined": "failed"}


@dataclass(frozen=True)
class Cards:
    """A till's attempts, and the tenders of its open sales as their journals have them."""

    attempts: tuple[dict[str, Any], ...]
    open_tenders: dict[str, dict[str, dict[str, Any]]]


def read_cards(connection: sqlite3.Connection) -> Cards:
    """Read them, in the transaction of whoever asks."""
    attempts = connection.execute("SELECT * FROM tender_attempt ORDER BY position")
    events = connection.execute(
        "SELECT e.sale, e.event FROM basket_event e JOIN sale s ON s.id = e.sale WHERE s.state IN ('open', 'parked')"
        " ORDER BY e.sale, e.position"
    )
    tenders: dict[str, dict[str, dict[str, Any]]] = defaultdict(dict)
    for sale, text in events:
        event = json.loads(text)
        match event["event"]:
            case "tender_added" | "tender_changed":
                tenders[sale][event["tender"]["id"]] = event["tender"]
            case "tender_removed":
                tenders[sale].pop(event["tender"], None)
    return Cards(tuple(map(dict, attempts)), dict(tenders))


def count_open(path: Path) -> int:
    """Return how many attempts have no outcome yet."""
    connection = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)
    try:
        found = connection.execute(
            "SELECT count(*) FROM tender_attempt WHERE state IN ('intended', 'started', 'unknown')"
        ).fetchone()
        return int(found[0])
    finally:
        connection.close()


def check_cards(ledger: Ledger, acts: Sequence[ReaderAct]) -> list[str]:
    """Check everything; ``acts`` is what the reader did, read before the ledger: an intent is always there first."""
    return [*_check_requests(ledger, acts), *_check_entries(ledger), *_check_money(ledger, acts)]


def _check_requests(ledger: Ledger, acts: Sequence[ReaderAct]) -> Iterator[str]:
    rows = {row["id"]: row for row in ledger.cards.attempts}
    for attempt, count in Counter(act.request.attempt for act in acts).items():
        if count > 1:
            yield f"the reader was asked {count} times for {attempt}"
    for act in acts:
        row = rows.get(act.request.attempt)
        if row is None:
            yield f"the reader was asked for what is not on disk: {act.request.attempt}"
            continue
        asked = (act.what, act.request.currency, act.request.amount)
        if asked != (KINDS[row["kind"]][1], row["currency"], row["amount"]) or row["state"] == "intended":
            yield f"the reader was asked for {asked}, and on disk stands {row}"
    approved = {act.request.attempt for act in acts if act.approved}
    for row in rows.values():
        if row["state"] in FINAL and (row["state"] == "approved") != (row["id"] in approved):
            yield f"attempt {row['id']} is said to be {row['state']}, and the reader says otherwise"


def _check_entries(ledger: Ledger) -> Iterator[str]:
    """Each attempt was intended once in the ledger, and its outcome is there once if it is known."""
    kinds = {entry for entry, _, _ in KINDS.values()}
    intended = Counter(e.body["effect"] for e in ledger.of("effect_intended") if e.body["kind"] in kinds)
    outcomes = defaultdict(list)
    for entry in ledger.of("effect_settled"):
        if entry.body["kind"] in kinds:
            outcomes[entry.body["effect"]].append(entry.body["outcome"])
    for row in ledger.cards.attempts:
        if intended.pop(row["id"], 0) != 1:
            yield f"attempt {row['id']} is not intended once in the ledger"
        said = outcomes.pop(row["id"], [])
        known = [one for one in said if one != "unknown"]
        if known != [FINAL[row["state"]]] * (row["state"] in FINAL) or len(said) - len(known) > 1:
            yield f"attempt {row['id']} is {row['state']}, and the ledger says {said}"
    yield from (f"intended in the ledger, and no attempt: {key}" for key in intended)
    yield from (f"settled in the ledger, and no attempt: {key}" for key in outcomes)


def _check_money(ledger: Ledger, acts: Sequence[ReaderAct]) -> Iterator[str]:
    """What the reader holds of each sale is what its document says, or the tenders of the open sale."""
    rows = {row["id"]: row for row in ledger.cards.attempts}
    if any(row["state"] in OPEN for row in rows.values()):
        return  # nobody knows yet
    held: Counter[str] = Counter()
    for act in acts:
        if act.approved and act.request.attempt in rows:
            row = rows[act.request.attempt]
            held[row["sale"]] += KINDS[row["kind"]][2] * act.request.amount
    said: Counter[str] = Counter()
    for entry in ledger.sales:
        said[entry.body["sale"]] += sum(one["amount"] for one in entry.body["tenders"] if one["attempts"])
    for sale, tenders in ledger.cards.open_tenders.items():
        taken = (one for one in tenders.values() if one["attempts"] and one["state"] == "approved")
        said[sale] += sum(one["amount"] for one in taken)
    for sale in held.keys() | said.keys():
        if held[sale] != said[sale]:
            yield f"the reader holds {held[sale]} of sale {sale}, which says {said[sale]}"
