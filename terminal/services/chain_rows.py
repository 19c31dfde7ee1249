"""Puts the table of chains right: which chain is written, in which series it numbers, which one follows which.

A genesis says all of it but the sub-series, which the corrections of the clock say. A row that says something else
would number documents anew, or leave a session's sales out of its Z.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from commerce.bodies.chain import Checkpoint, ClockCorrected
from commerce.bodies.form import read
from commerce.errors import BadInputError
from commerce.kinds import ChainMode
from commerce.ledger import Problem
from terminal.db import chain_rows, ledger, sessions
from terminal.db.chain_rows import RawChain
from terminal.db.connection import Transaction
from terminal.services.chains import series_tag_of
from terminal.services.genesis import Genesis, Keys
from terminal.services.integrity import is_genuine

CHANGED = "ledger.chain_changed"
_CHAIN_ID = re.compile(r"[0-9a-f]{32}")
_MODES = frozenset(mode.value for mode in ChainMode)


@dataclass(slots=True)
class _Table:
    """The table and what its entries prove of it."""

    tx: Transaction
    till: str
    keys: Keys

    @property
    def proven(self) -> dict[str, Genesis]:
        """Return the chains whose genesis is genuine."""
        return {chain: one for chain, one in self.keys.genesis.items() if self.keys.proven(chain) is not None}

    def rows(self) -> list[RawChain]:
        return chain_rows.list_raw(self.tx)


def put_chains_right(tx: Transaction, till: str, own_key: bytes) -> list[Problem]:
    """Write the rows of chains anew that say something else than the entries; returns where that was so.

    A chain that nothing proves (an earlier key's, before one of this key was opened behind it) is left as it is.
    """
    table = _Table(tx, till, Keys(tx, own_key))
    changed = [*_useless(table), *_contents(table), *_order(table), *_current(table)]
    return [Problem(chain, 1, CHANGED) for chain in dict.fromkeys(changed)]


def _useless(table: _Table) -> Iterator[str]:
    """Rows that name no chain, or a mode that there is not."""
    for row in table.rows():
        genesis = table.keys.genesis.get(row.chain) if isinstance(row.chain, str) else None
        if _is_id(row.chain) and row.mode in _MODES:
            continue
        if genesis is None and ledger.find_last_entry(table.tx, row.chain) is None:
            chain_rows.forget_row(table.tx, row.position)
        else:
            mode = genesis.opened.mode if genesis else ChainMode.LIVE
            chain_rows.write_row(table.tx, row.chain, (row.till, mode.value, *row.values[2:]))
        yield str(row.chain)


def _contents(table: _Table) -> Iterator[str]:
    kept = {row.chain: row for row in table.rows()}
    for chain, genesis in table.proven.items():
        row, wanted = kept.get(chain), _values(table, genesis)
        if row is not None and row.values == wanted:
            continue
        was_current = row is not None and row.current == 1 and row.mode == wanted[1]
        chain_rows.write_row(table.tx, chain, wanted)
        if was_current:
            chain_rows.make_current(table.tx, wanted[1], _position(table, chain))
        yield chain


def _values(table: _Table, genesis: Genesis) -> tuple[Any, ...]:
    header, opened = genesis.header, genesis.opened
    return (
        header["till"], opened.mode.value, header["at"], opened.key_id, bytes.fromhex(opened.public_key),
        series_tag_of(genesis.chain), _sub_series(table, genesis.chain),
    )  # fmt: skip


def _sub_series(table: _Table, chain: str) -> int:
    """Return how often a person let a chain's dates go back, as entries say that are what was signed."""
    key = table.keys.of(chain)
    counted = [0]
    for row in chain_rows.iterate_corrections(table.tx, chain):
        if is_genuine(chain, row, key) and (sub_series := _said(row.entry.body)) is not None:
            counted.append(sub_series)
            break
    start = sessions.last_checkpoint_seq(table.tx, chain)
    checkpoint = ledger.find_row(table.tx, chain, start) if start else None
    if checkpoint is not None and is_genuine(chain, checkpoint, key):
        counted += _counted(checkpoint.entry.body)
    return max(counted)


def _said(body: bytes) -> int | None:
    try:
        return read(ClockCorrected, body).sub_series
    except BadInputError:
        return None


def _counted(body: bytes) -> Iterable[int]:
    try:
        counters = read(Checkpoint, body).counters
    except BadInputError:
        return ()
    ends = (counter.series.split("/")[2:] for counter in counters)
    return [int(end[0]) for end in ends if end and end[0].isdecimal()]


def _order(table: _Table) -> Iterator[str]:
    """A chain stands behind the one that it follows."""
    rows, proven = table.rows(), table.proven
    place = {row.chain: number for number, row in enumerate(rows)}
    follows = {chain: one.opened.previous_chain for chain, one in proven.items()}
    wrong = [chain for chain, before in follows.items() if before in place and place[before] > place[chain]]
    if not wrong:
        return
    depth = {row.chain: _depth(row.chain, follows) for row in rows}
    in_order = sorted(rows, key=lambda row: (depth[row.chain], row.position))
    chain_rows.bring_into_order(table.tx, [row.position for row in in_order])
    yield from wrong


def _depth(chain: str, follows: dict[str, str | None]) -> int:
    depth, seen = 0, set()
    while chain in follows and chain not in seen and (before := follows[chain]) is not None:
        seen.add(chain)
        chain, depth = before, depth + 1
    return depth


def _current(table: _Table) -> Iterator[str]:
    """The last chain of a mode is the one that is written, unless one that has no entries any more came behind it."""
    rows = table.rows()
    own = {chain: one for chain, one in table.proven.items() if one.header["till"] == table.till}
    for mode in ChainMode:
        followed = {one.opened.previous_chain for one in own.values() if one.opened.mode is mode}
        last = [r for r in rows if r.chain in own and own[r.chain].opened.mode is mode and r.chain not in followed]
        if not last:
            continue
        marked = [row for row in rows if row.mode == mode.value and row.current == 1]
        if marked == [last[-1]] or any(_is_emptied(table, row) for row in marked):
            continue
        chain_rows.make_current(table.tx, mode.value, last[-1].position)
        yield last[-1].chain


def _is_emptied(table: _Table, row: RawChain) -> bool:
    """A chain of which not even the genesis is there: the start goes on behind it in a new one."""
    return row.chain not in table.keys.genesis and ledger.find_last_entry(table.tx, row.chain) is None


def _position(table: _Table, chain: str) -> int:
    return next(row.position for row in table.rows() if row.chain == chain)


def _is_id(chain: object) -> bool:
    return isinstance(chain, str) and _CHAIN_ID.fullmatch(chain) is not None
