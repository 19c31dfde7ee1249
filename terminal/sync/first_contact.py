"""Before a ledger is begun where none lies: central is asked whether it knows an older one of this till."""

import asyncio
from pathlib import Path

import structlog

from commerce.errors import PosError
from commerce.ledger import SignedHead, read_signed_head
from terminal.db import ledger
from terminal.db.connection import DatabaseFault, open_reader
from terminal.services.identity import Identity
from terminal.services.kept_heads import HEAD_FILE, write_heads
from terminal.sync.client import CentralAddress, CentralClient

ASK_S = 5

_log = structlog.get_logger("sync.first_contact")


async def learn_heads(folder: Path, ledger_name: str, identity: Identity, address: CentralAddress) -> None:
    """Keep what central holds of a till that has neither a ledger nor central's word beside it.

    Without an answer in time the till starts all the same: the first contact tells it later.
    """
    if (folder / HEAD_FILE).exists() or await asyncio.to_thread(_has_entries, folder / ledger_name):
        return
    try:
        async with asyncio.timeout(ASK_S), CentralClient(address) as client:
            answer = await client.heads()
        heads = [read_signed_head(message.model_dump()) for message in answer.heads]
    except (PosError, TimeoutError) as error:
        _log.info("central was not asked for older chains", reason=type(error).__name__)
        return
    said = [head for head in heads if _is_its_word(head, identity)]
    if said:
        _log.warning("central knows chains of this till that are not here", chains=len(said))
        await asyncio.to_thread(write_heads, folder / HEAD_FILE, said)


def _is_its_word(head: SignedHead, identity: Identity) -> bool:
    return head.till == identity.till_id and head.public_key == identity.central_public_key


def _has_entries(path: Path) -> bool:
    """Return whether there is anything in a ledger; one that cannot be read has its own words at the start."""
    if not path.exists():
        return False
    try:
        reader = open_reader(path)
        try:
            return any(ledger.find_last_entry(reader, row.chain) for row in ledger.list_chains(reader))
        finally:
            reader.close()
    except (PosError, DatabaseFault):
        return False
