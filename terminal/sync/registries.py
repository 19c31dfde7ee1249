"""The till's two files as pulling sees them: the operating set in ``ledger.db``, the catalogue beside it."""

import asyncio
import hashlib
import hmac
from collections.abc import Sequence
from pathlib import Path

import structlog

from commerce.errors import BadInputError, CentralUnreachableError
from commerce.ledger import verify_signature
from commerce.rows import catalogue_statement, row_bytes, row_digest
from commerce.wire import Change
from terminal.db import ledger
from terminal.db.catalog import Catalog
from terminal.db.connection import Readers
from terminal.services.identity import Identity
from terminal.services.register import Register
from terminal.services.registry import understood_by
from terminal.sync.pull import OPERATING

_log = structlog.get_logger("sync.registries")


class TillRegistries:
    """Applies the operating set through the register's queue, and items to the catalogue.

    A row that makes no sense is set aside, alone, and said; the rest of its transaction applies.
    """

    def __init__(self, register: Register, catalog: Catalog, readers: Readers, identity: Identity) -> None:
        self._register = register
        self._catalog = catalog
        self._readers = readers
        self._identity = identity

    async def cursor(self, feed: str) -> str | None:
        """Return where a feed was left; None where it begins anew, for another program or another till as well."""
        kept = await ledger.read_pull_cursor(self._readers, feed)
        if feed == OPERATING:
            now = self._register.state.operating
            good = kept and not now.changed and kept[1] == understood_by(self._identity, kept[0], now.rows)
            return kept[0] if kept and good else None
        return self._catalog.cursor() if kept is None or kept[1] == understood_by(self._identity) else None

    async def apply(self, feed: str, changes: Sequence[Change]) -> None:
        """Apply one transaction of central's in one transaction here."""
        self._check(changes)
        if feed == OPERATING:
            await self._register.apply_operating(changes)
            return
        bad = await self._catalog.apply_items(changes)
        _say(bad)
        await self._register.note_items(changes, bad)

    async def replace_operating(self, changes: Sequence[Change], cursor: str) -> None:
        """Put these rows in the place of the whole operating set, in one transaction."""
        self._check(changes)
        await self._register.apply_operating(changes, cursor=cursor, whole=True)

    async def keep_cursor(self, feed: str, cursor: str) -> None:
        """Keep where the feed was left."""
        if feed == OPERATING:
            if await self.cursor(feed) != cursor:
                await self._register.apply_operating((), cursor=cursor)
        elif self._catalog.cursor() != cursor:
            await self._catalog.apply_items((), cursor)

    def _check(self, changes: Sequence[Change]) -> None:
        """Take nothing that central did not make for this till; CentralUnreachableError, and it is asked again."""
        secret = self._identity.secret
        for change in changes:
            encoded = None if change.row is None else row_bytes(change.row)
            made = row_digest(secret, change.kind, change.id, change.version, encoded).hex()
            if change.digest is None or not hmac.compare_digest(made, change.digest):
                raise CentralUnreachableError("sync.row_digest", row=f"{change.kind}/{change.id}")

    def snapshot_target(self) -> Path:
        """Return a free path for a new catalogue file."""
        return self._catalog.fresh_path()

    async def adopt_snapshot(self, path: Path, signature: str) -> None:
        """Use a downloaded catalogue; one that central did not sign, or that cannot be read, is asked for again."""
        who = self._identity
        if not await asyncio.to_thread(_is_signed, path, signature, who.company.id, who.central_public_key):
            raise CentralUnreachableError("sync.catalogue_forged")
        try:
            await self._catalog.adopt(path)
        except BadInputError as error:
            raise CentralUnreachableError(error.code) from error
        await self._register.note_catalogue()


def _is_signed(path: Path, signature: str, company: str, central_key: bytes) -> bool:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").digest()
    try:
        made = bytes.fromhex(signature)
    except ValueError:
        return False
    return verify_signature(central_key, catalogue_statement(company, digest), made)


def _say(bad: Sequence[Change]) -> None:
    for change in bad:
        _log.warning("a row makes no sense; what it was before stays", kind=change.kind, row=change.id)
