"""Walking a ledger file from outside: is every entry there, in order, unchanged and signed?"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from commerce.bodies.reading import read_body
from commerce.errors import BadInputError, PosError
from commerce.ledger import NO_HASH, ChainMode, Entry, Head, Problem, Verdict, read_header, verify_chain
from terminal.db import ledger
from terminal.db.connection import Connection, DatabaseFault, open_reader
from terminal.db.ledger import LedgerRow
from terminal.db.migrate import is_ledger
from terminal.services.derived_rows import column_problem, find_row_problem
from terminal.services.genesis import find_genesis
from terminal.services.kept_heads import read_heads

DAMAGED_PAGE = "ledger.damaged_page"


def verify_ledger(path: Path, head_file: Path | None = None) -> list[Verdict]:
    """Return a verdict per chain, oldest first; with central's signed head a truncated tail is named as well.

    BadInputError ``ledger.not_one`` when the file is no ledger, ``head.unreadable`` when the head is none.
    """
    known = {head.chain: head.head for head in read_heads(head_file)} if head_file else {}
    try:
        reader = open_reader(path)
    except PosError as error:
        raise BadInputError("ledger.not_one", path=path.name) from error
    try:
        if not is_ledger(reader):
            raise BadInputError("ledger.not_one", path=path.name)
        return _verify(reader, known)
    except DatabaseFault as error:
        raise BadInputError("ledger.not_one", path=path.name) from error
    finally:
        reader.close()


def _verify(reader: Connection, known: dict[str, Head]) -> list[Verdict]:
    rows = ledger.list_chains(reader)
    left = dict(filter(None, (_find_left_behind(reader, row.chain) for row in rows)))
    known = {chain: head for chain, head in known.items() if head.seq > left.get(chain, 0)}
    verdicts = {row.chain: _walk(reader, row.chain, known.get(row.chain)) for row in rows}
    seen: set[tuple[str, ChainMode]] = set()
    for row in rows:
        verdicts[row.chain] = _check_link(reader, verdicts, row.chain, is_first=(row.till, row.mode) not in seen)
        seen.add((row.till, row.mode))
    for chain in known.keys() - verdicts.keys():
        verdicts[chain] = Verdict(chain, 0, Head(0, NO_HASH), Problem(chain, 1, "ledger.truncated"))
    return list(verdicts.values())


def _find_left_behind(reader: Connection, chain: str) -> tuple[str, int] | None:
    """Return what a signed genesis says on central's word that this ledger goes on without."""
    try:
        opened = find_genesis(reader, chain)
    except DatabaseFault:
        return None
    if opened is None or opened.previous_chain is None or opened.previous_source == "ledger":
        return None
    return opened.previous_chain, opened.previous_seq


def _walk(reader: Connection, chain: str, known_head: Head | None) -> Verdict:
    """Walk a chain as far as the file can be read: the first entry that lies in a damaged page is named."""
    walked = _Readable(ledger.iterate_rows(reader, chain))
    verdict = verify_chain(chain, walked, known_head=known_head)
    if walked.problem and (verdict.problem is None or walked.problem.seq <= verdict.problem.seq):
        verdict = replace(verdict, problem=walked.problem)
    if verdict.problem is None and not walked.is_damaged:
        verdict = replace(verdict, problem=find_row_problem(reader, chain))
    if walked.is_damaged and (verdict.problem is None or verdict.problem.code == "ledger.truncated"):
        return replace(verdict, problem=Problem(chain, verdict.head.seq + 1, DAMAGED_PAGE))
    return verdict


class _Readable:
    """Entries up to the first that the file does not give; the first beside which a column says something else."""

    def __init__(self, rows: Iterator[LedgerRow]) -> None:
        self._rows = rows
        self.is_damaged = False
        self.problem: Problem | None = None

    def __iter__(self) -> Iterator[Entry]:
        try:
            for row in self._rows:
                self.problem = self.problem or column_problem(row) or _form_problem(row)
                yield row.entry
        except DatabaseFault:
            self.is_damaged = True


def _form_problem(row: LedgerRow) -> Problem | None:
    """Return what is wrong with a signed body that its reader does not take; kinds of a newer program pass."""
    try:
        header = read_header(row.entry)
    except (BadInputError, ValueError, TypeError):
        return None  # whoever walks the chain names it
    if hashlib.sha256(row.entry.body).hexdigest() != header["body_hash"]:
        return None  # so is this
    try:
        read_body(str(header["kind"]), int(str(header["kind_version"])), row.entry.body)
    except BadInputError as error:
        if error.code != "body.unknown":
            return Problem(str(header["chain"]), row.entry.seq, "ledger.body_form")
    return None


def _check_link(reader: Connection, verdicts: Mapping[str, Verdict], chain: str, *, is_first: bool) -> Verdict:
    """A genesis names the chain before it and the head it left behind; only a till's first of a mode has none before.

    What is named on central's word is further than this file goes, or not in it at all.
    """
    verdict = verdicts[chain]
    opened = None if verdict.problem else find_genesis(reader, chain)
    if opened is None:
        return verdict
    left = Head(opened.previous_seq, bytes.fromhex(opened.previous_head))
    older = verdicts.get(opened.previous_chain or "")
    if opened.previous_chain is None:
        holds = is_first
    elif opened.previous_source == "ledger":
        holds = older is not None and left == older.head
    else:
        holds = older is None or left.seq > older.head.seq
    return verdict if holds else replace(verdict, problem=Problem(chain, 1, "ledger.broken_link"))
