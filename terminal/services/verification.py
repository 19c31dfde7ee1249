"""Walking a ledger file from outside: is every entry there, in order, unchanged and signed?"""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import orjson

from commerce.errors import BadInputError, PosError
from commerce.ledger import NO_HASH, Head, Problem, Verdict, verify_chain
from terminal.db import ledger
from terminal.db.connection import Connection, DatabaseFault, open_reader
from terminal.db.migrate import is_ledger
from terminal.services.kept_heads import read_heads


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
    chains = [row.chain for row in ledger.list_chains(reader)]
    verdicts = [
        verify_chain(
            chain,
            ledger.iterate_entries(reader, chain),
            known_head=known.get(chain),
        )
        for chain in chains
    ]
    for older, newer in pairwise(range(len(verdicts))):
        verdicts[newer] = _check_link(reader, verdicts[older], verdicts[newer])
    lost = [chain for chain in known if chain not in chains]
    return verdicts + [Verdict(chain, 0, Head(0, NO_HASH), Problem(chain, 1, "ledger.truncated")) for chain in lost]


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
