"""What must hold after any crash. Every check returns sentences about what does not, so that a run can count them."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from central.db.engine import open_database
from terminal.services.verification import verify_ledger
from tests.crash.card_checks import Cards, read_cards

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from sqlalchemy import Connection

    from tests.crash.cashier import Notes
    from tests.crash.printed import Receipt

SETTLED = ("done", "failed", "unknown", "not_done")


@dataclass(frozen=True)
class Entry:
    """An entry as the ledger file has it."""

    chain: str
    seq: int
    kind: str
    hash: bytes
    header: dict[str, Any]
    body: dict[str, Any]


@dataclass(frozen=True)
class Ledger:
    """A ledger file read whole, from outside and without the till's own code."""

    path: Path
    entries: tuple[Entry, ...]
    documents: tuple[dict[str, Any], ...]
    effects: tuple[dict[str, Any], ...]
    stored_sales: tuple[dict[str, Any], ...]
    current_sales: tuple[str, ...]
    journaled: frozenset[str]
    counters: dict[tuple[str, str], int]
    commands: frozenset[str]
    cards: Cards

    @property
    def sales(self) -> list[Entry]:
        """The completed sales in order."""
        return self.of("sale_completed")

    def of(self, kind: str) -> list[Entry]:
        """The entries of one kind in order."""
        return [entry for entry in self.entries if entry.kind == kind]


def read_ledger(path: Path) -> Ledger:
    """Read a ledger, also one that a running till holds."""
    connection = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)
    connection.row_factory = sqlite3.Row
    try:
        connection.execute("BEGIN")  # one moment for all that is read
        found = connection.execute("SELECT e.* FROM entry e JOIN chain c USING (chain) ORDER BY c.position, e.seq")
        entries = tuple(
            Entry(
                row["chain"], row["seq"], row["kind"], row["hash"], json.loads(row["header"]), json.loads(row["body"])
            )
            for row in found
        )
        counters = connection.execute("SELECT series, period, last_number FROM series_counter")
        return Ledger(
            path=path,
            entries=entries,
            documents=tuple(map(dict, connection.execute("SELECT * FROM document ORDER BY series, period, number"))),
            effects=tuple(map(dict, connection.execute("SELECT * FROM effect ORDER BY position"))),
            stored_sales=tuple(map(dict, connection.execute("SELECT * FROM sale"))),
            current_sales=tuple(row[0] for row in connection.execute("SELECT sale FROM current_sale")),
            journaled=frozenset(row[0] for row in connection.execute("SELECT DISTINCT sale FROM basket_event")),
            counters={(row[0], row[1]): row[2] for row in counters},
            commands=frozenset(row[0] for row in connection.execute("SELECT command_id FROM command")),
            cards=read_cards(connection),
        )
    finally:
        connection.close()


def count_unsettled(path: Path) -> int:
    """Return how many effects have no outcome yet."""
    connection = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)
    try:
        found = connection.execute("SELECT count(*) FROM effect WHERE state IN ('intended', 'started')").fetchone()
        return int(found[0])
    finally:
        connection.close()


def check_ledger(ledger: Ledger) -> list[str]:
    """Chain, numbers, money, and what is said of each sale."""
    numbers = [*_check_numbers(ledger), *_check_dates(ledger), *_check_money(ledger)]
    return [*_check_chain(ledger), *numbers, *_check_sales(ledger)]


def _check_sales(ledger: Ledger) -> list[str]:
    """Each sale's stored state is what the entries say, and what is current and journaled follows from it."""
    completed = {entry.body["sale"]: entry.body["document"]["id"] for entry in ledger.sales}
    voided = {entry.body["sale"] for entry in ledger.of("sale_voided")}
    rows = {row["id"]: row for row in ledger.stored_sales}
    found = [f"no row of sale {sale}" for sale in (completed.keys() | voided) - rows.keys()]
    for sale, row in rows.items():
        document = completed.get(sale)
        if (row["state"], row["document"]) != ("completed", document) and (document or row["state"] == "completed"):
            found.append(f"sale {sale} is said to be {row['state']}, and the ledger says otherwise")
        if sale in voided and row["state"] != "voided":
            found.append(f"sale {sale} was given up and is said to be {row['state']}")
        if row["state"] in ("open", "parked") and sale not in ledger.journaled:
            found.append(f"sale {sale} is {row['state']} without a journal")
        if row["state"] == "open" and sale not in ledger.current_sales:
            found.append(f"sale {sale} is open and nobody's")
    found += [f"journal of a sale that has ended: {sale}" for sale in _left_over(ledger, rows)]
    return found + [f"current, but not there: {sale}" for sale in set(ledger.current_sales) - rows.keys()]


def _left_over(ledger: Ledger, rows: dict[str, dict[str, Any]]) -> list[str]:
    """Return journals that nobody will read: only a completed sale that is still on the screen keeps one."""
    return [
        sale
        for sale in ledger.journaled
        if rows[sale]["state"] == "voided" or (rows[sale]["state"] == "completed" and sale not in ledger.current_sales)
    ]


def check_notes(ledger: Ledger, notes: Notes) -> list[str]:
    """Everything that was acknowledged is there."""
    documents = {entry.body["document"]["id"]: entry.body["document"]["formatted"] for entry in ledger.sales}
    lost = [f"lost: acknowledged sale {number}" for key, number in notes.documents.items() if key not in documents]
    other = [
        f"renumbered: {number} is {documents[key]}"
        for key, number in notes.documents.items()
        if documents.get(key, number) != number
    ]
    forgotten = [f"lost: acknowledged command {key}" for key in notes.commands if key not in ledger.commands]
    return lost + other + forgotten


def check_paper(ledger: Ledger, receipts: Sequence[Receipt]) -> list[str]:
    """No printed sale is missing, and no receipt came out twice as if it were the only one."""
    known = {entry.body["document"]["formatted"] for entry in ledger.sales}
    numbers = [receipt.number for receipt in receipts if receipt.number]
    missing = [f"printed, not in the ledger: {number}" for number in sorted(set(numbers) - known)]
    plain = Counter(r.number for r in receipts if r.number and not r.is_reprint and not r.is_copy)
    return missing + [f"printed {count} times without a mark: {number}" for number, count in plain.items() if count > 1]


def check_prints(ledger: Ledger, receipts: Sequence[Receipt]) -> list[str]:
    """What the ledger says was printed is on paper, and every effect of the past has an outcome."""
    printed = {receipt.number for receipt in receipts}
    claimed = {row["title"] for row in ledger.effects if row["kind"] == "print" and row["state"] == "done"}
    numbers = {document["formatted"] for document in ledger.documents}
    lies = [f"said to be printed, but is not: {title}" for title in sorted((claimed & numbers) - printed)]
    return lies + [f"never settled: {row['kind']} of {row['title']}" for row in ledger.effects if not _is_settled(row)]


def check_fiscal(ledger: Ledger, register: Path) -> list[str]:
    """The fiscal register has printed each document once at most, and those it has are in the ledger by reference."""
    printed = json.loads(register.read_bytes())["documents"] if register.exists() else []
    times = Counter(document["effect"] for document in printed)
    found = [f"fiscal document printed {count} times: {key}" for key, count in times.items() if count > 1]
    references = {
        row["id"]: json.loads(row["reference"])
        for row in ledger.effects
        if row["kind"] == "fiscal" and row["state"] == "done"
    }
    on_paper = {document["effect"]: document["reference"] for document in printed}
    found += [f"fiscal reference of nothing: {key}" for key in references.keys() - on_paper.keys()]
    return found + [
        f"fiscal reference differs: {key}"
        for key in references
        if references[key] != on_paper.get(key, references[key])
    ]


def check_central(ledger: Ledger, url: str, till: str) -> list[str]:
    """Central holds exactly the till's entries, and of live chains exactly its sales."""
    held = read_central(url, till)
    ours = {(entry.chain, entry.seq): entry.hash for entry in ledger.entries}
    faults = [f"central lacks {key}" for key in ours.keys() - held.entries.keys()]
    faults += [f"central has more: {key}" for key in held.entries.keys() - ours.keys()]
    faults += [f"central has other bytes: {key}" for key in ours if held.entries.get(key, ours[key]) != ours[key]]
    sold = Counter(entry.body["document"]["formatted"] for entry in ledger.sales)
    faults += [f"central's sales differ: {number}" for number in (sold - held.sales) + (held.sales - sold)]
    money = sum(entry.body["settlement"]["total"] for entry in ledger.sales)
    if not faults and money != held.total:
        faults.append(f"central adds up to {held.total} instead of {money}")
    faults += [
        f"central does not know what became of card attempt {key}" for key in _settled_cards(ledger) ^ held.cards
    ]
    return faults + held.troubles


def _settled_cards(ledger: Ledger) -> frozenset[tuple[str, str]]:
    bodies = [entry.body for entry in ledger.of("effect_settled")]
    return frozenset((body["effect"], body["outcome"]) for body in bodies if body["kind"].startswith("card"))


@dataclass(frozen=True)
class Held:
    """What central holds of a till."""

    entries: dict[tuple[str, int], bytes]
    forks: frozenset[bytes]
    sales: Counter[str]
    total: int
    cards: frozenset[tuple[str, str]]
    troubles: list[str]


def read_central(url: str, till: str) -> Held:
    """Read what central holds, on either engine."""
    return asyncio.run(_read_central(url, till))


async def _read_central(url: str, till: str) -> Held:
    database = open_database(url)

    def read(connection: Connection) -> Held:
        def rows(what: str) -> Iterable[Any]:
            return connection.exec_driver_sql(f"SELECT {what} WHERE till = '{till}'").all()

        sales, forks = rows("formatted, total FROM sale"), rows("seq, hash FROM ledger_fork")
        outcomes = rows("effect, outcome, kind FROM effect_outcome")
        aside = [f"set aside: {row[0]} {row[1]}" for row in rows("seq, reason FROM set_aside")]
        return Held(
            {(row[0], row[1]): bytes(row[2]) for row in rows("chain, seq, hash FROM ledger_entry")},
            frozenset(bytes(row[1]) for row in forks),
            Counter(row[0] for row in sales),
            sum(row[1] for row in sales),
            frozenset((row[0], row[1]) for row in outcomes if row[2].startswith("card")),
            aside + [f"forked: {row[0]}" for row in forks],
        )

    try:
        return await database.read(read)
    finally:
        await database.close()


def _check_chain(ledger: Ledger) -> list[str]:
    return [f"chain: {verdict.problem}" for verdict in verify_ledger(ledger.path) if verdict.problem]


def _check_numbers(ledger: Ledger) -> list[str]:
    """Every series counts 1, 2, 3 … without a gap; entries, documents and counters say the same."""
    series: dict[tuple[str, str], list[int]] = defaultdict(list)
    for entry in ledger.sales:
        document = entry.body["document"]
        series[document["series"], document["period"]].append(document["number"])
    faults = [
        f"numbers of {key}: {numbers}"
        for key, numbers in series.items()
        if numbers != list(range(1, len(numbers) + 1)) or ledger.counters.get(key) != len(numbers)
    ]
    faults += [
        f"counter without documents: {key}" for key, last in ledger.counters.items() if last and key not in series
    ]
    in_entries = {(e.body["document"]["id"], e.body["document"]["formatted"], e.chain, e.seq) for e in ledger.sales}
    in_rows = {(row["id"], row["formatted"], row["chain"], row["seq"]) for row in ledger.documents}
    return faults + [f"document and entry differ: {row}" for row in in_entries ^ in_rows]


def _check_dates(ledger: Ledger) -> list[str]:
    """A document's date never precedes its series' last."""
    last: dict[str, str] = {}
    faults = []
    for entry in ledger.sales:
        document = entry.body["document"]
        if document["date"] < last.get(document["series"], ""):
            faults.append(f"{document['formatted']} is dated {document['date']}, before {last[document['series']]}")
        last[document["series"]] = document["date"]
    return faults


def _check_money(ledger: Ledger) -> list[str]:
    """Σ tenders − change = due + rounding + excess, and the tax rows add up to the total."""
    faults = []
    for entry in ledger.sales:
        body, settlement = entry.body, entry.body["settlement"]
        given = sum(tender["value"] for tender in body["tenders"]) - settlement["change"]
        owed = settlement["due"] + settlement["rounding"] + settlement["excess"]
        taxed = sum(row["taxable"] + row["tax"] for row in body["taxes"])
        lines = sum(line["total"] for line in body["lines"])
        if given != owed or taxed != settlement["total"] or lines != settlement["total"]:
            faults.append(f"{body['document']['formatted']} does not add up: {given}, {owed}, {taxed}, {settlement}")
    return faults


def _is_settled(row: dict[str, Any]) -> bool:
    return row["state"] in SETTLED
