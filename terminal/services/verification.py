"""Walking a ledger file from outside: is every entry there, in order, unchanged and signed?"""

import json
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import orjson

from commerce.errors import BadInputError, PosError
from commerce.ledger import Head, Problem, SignedHead, Verdict, read_signed_head, verify_chain
from terminal.db import ledger
from terminal.db.connection import Connection, DatabaseFault, open_reader
from terminal.db.migrate import is_ledger


def verify_ledger(path: Path, head_file: Path | None = None) -> list[Verdict]:
    """Return a verdict per chain, oldest first; with central's signed head a truncated tail is named as well.

    BadInputError ``ledger.not_one`` when the file is no ledger, ``head.unreadable`` when the head is none.
    """
    known = _read_head(head_file) if head_file else None
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


def _verify(reader: Connection, known: SignedHead | None) -> list[Verdict]:
    chains = [row.chain for row in ledger.list_chains(reader)]
    verdicts = [
        verify_chain(
            chain,
            ledger.iterate_entries(reader, chain),
            known_head=known.head if known and known.chain == chain else None,
        )
        for chain in chains
    ]
    for older, newer in pairwise(range(len(verdicts))):
        verdicts[newer] = _check_link(reader, verdicts[older], verdicts[newer])
    if known and known.chain not in chains:
        missing = Problem(known.chain, 1, "ledger.truncated")
        verdicts.append(Verdict(known.chain, 0, Head(0, bytes(32)), missing))
    return verdicts


def _check_link(reader: Connection, older: Verdict, newer: Verdict) -> Verdict:
    """A new chain's genesis names the chain before it and the head it left behind."""
    genesis = ledger.find_body(reader, newer.chain, 1)
    if newer.problem or genesis is None:
        return newer
    body = orjson.loads(genesis)
    left = Head(body["previous_seq"], bytes.fromhex(body["previous_head"]))
    if body["previous_chain"] == older.chain and left == older.head:
        return newer
    return replace(newer, problem=Problem(newer.chain, 1, "ledger.broken_link"))


def _read_head(path: Path) -> SignedHead:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BadInputError("head.unreadable", path=path.name) from error
    if not isinstance(document, dict):
        raise BadInputError("head.unreadable", path=path.name)
    return read_signed_head(document)
