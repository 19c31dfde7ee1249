"""Ready catalogue files for tills: built from the feed, kept until too much has changed since.

A till that takes an older file pulls the rest as changes, so one build serves many tills.
"""

import asyncio
import hashlib
import sqlite3
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from uuid import uuid4

import orjson
import structlog
from sqlalchemy import Connection, text
from zstandard import ZstdCompressor

from central.db.engine import Database
from central.db.feed import FeedRow, Place, current_epoch, cursor_text, read_changes, settled_place
from central.db.feed_tables import COMPANY_WIDE
from central.tills.values import KnownTill
from commerce import catalog_schema as schema
from commerce.wire import CATALOG_KINDS

_log = structlog.get_logger()
_PAGE = 2000
_CHANGES_WORTH_A_BUILD = 5000


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A compressed catalogue file and the cursor from which changes go on."""

    path: Path
    cursor: str
    epoch: str
    place: Place
    digest: bytes  # SHA-256 of the file before it was compressed


@dataclass(slots=True)
class Snapshots:
    """Builds and keeps catalogue files in ``folder``."""

    database: Database
    folder: Path
    _kept: dict[tuple[str, str], Snapshot] = field(default_factory=dict)
    _locks: defaultdict[tuple[str, str], asyncio.Lock] = field(default_factory=lambda: defaultdict(asyncio.Lock))

    async def get(self, till: KnownTill) -> Snapshot:
        """Return a file that is new enough, building it when there is none."""
        shop = till.shop if await self.database.read(partial(_has_own_items, till=till)) else COMPANY_WIDE
        key = (till.company, shop)
        async with self._locks[key]:
            kept = self._kept.get(key)
            if kept is None or not await self._is_good(kept, key):
                kept = self._kept[key] = await self._build(key)
            return kept

    async def _is_good(self, kept: Snapshot, key: tuple[str, str]) -> bool:
        if kept.epoch != await self.database.read(current_epoch) or not kept.path.exists():
            return False
        later = partial(read_changes, company=key[0], shop=key[1], after=kept.place, kinds=CATALOG_KINDS)
        changed = await self.database.read(partial(later, limit=_CHANGES_WORTH_A_BUILD))
        erased = any(change.kind == "customer" and change.row is None for change in changed)
        return len(changed) < _CHANGES_WORTH_A_BUILD and not erased

    async def _build(self, key: tuple[str, str]) -> Snapshot:
        epoch = await self.database.read(current_epoch)
        until = await self.database.read(partial(settled_place, company=key[0]))
        name = hashlib.sha256("/".join((*key, epoch)).encode()).hexdigest()[:16]
        builder = CatalogBuilder(self.folder / f"{name}-{uuid4().hex}.building")
        after, count = Place(0, 0), 0
        while True:
            page = partial(read_changes, company=key[0], shop=key[1], kinds=CATALOG_KINDS, until=until)
            rows = await self.database.read(partial(page, after=after, limit=_PAGE))
            await asyncio.to_thread(builder.add, rows)
            count += len(rows)
            if len(rows) < _PAGE:
                break
            after = rows[-1].place
        cursor = cursor_text(epoch, until)
        target = self.folder / f"{name}-{until.xid}-{until.position}.catalog"
        digest = await asyncio.to_thread(builder.finish, target, epoch, cursor)
        _log.info("snapshot_built", company=key[0], items=count, bytes=target.stat().st_size)
        for older in self.folder.glob(f"{name}-*.catalog"):
            if older != target:
                older.unlink()  # whoever is reading it keeps it open
        return Snapshot(target, cursor, epoch, until, digest)


def _has_own_items(connection: Connection, till: KnownTill) -> bool:
    query = text("SELECT 1 FROM feed WHERE company = :company AND shop = :shop AND kind = 'item' LIMIT 1")
    return connection.execute(query, {"company": till.company, "shop": till.shop}).first() is not None


class CatalogBuilder:
    """Writes one catalogue file: items are staged as they come, then numbered by how often they sell."""

    def __init__(self, draft: Path) -> None:
        self._draft = draft
        self._connection: sqlite3.Connection | None = None

    def add(self, rows: Sequence[FeedRow]) -> None:
        """Stage items and customers; tombstones are left out."""
        connection = self._open()
        staged = [(change.kind, change.id, change.version, change.row) for change in rows if change.row is not None]
        connection.executemany(_STAGE, staged)

    def finish(self, target: Path, epoch: str, cursor: str) -> bytes:
        """Number the items, put customers in, build the indexes; return the digest of the file left at ``target``."""
        connection = self._open()
        connection.executescript(schema.CATALOG_TABLES)
        for statement in (_ITEMS, _CODES):
            connection.execute(statement)
        words = connection.execute("SELECT number, names_json, sku FROM item ORDER BY number")
        connection.executemany(
            schema.INSERT_WORDS,
            ((number, schema.item_words(orjson.loads(names), sku)) for number, names, sku in words),
        )
        connection.execute("INSERT INTO item_words (item_words) VALUES ('optimize')")
        staged = connection.execute("SELECT id, version, row FROM stage WHERE kind = 'customer' ORDER BY id")
        connection.executemany(schema.INSERT_CUSTOMER, map(_customer, staged))
        connection.execute("DROP TABLE stage")
        connection.executescript(schema.CATALOG_INDEXES)
        meta = {
            schema.META_SCHEMA_VERSION: str(schema.CATALOG_VERSION),
            schema.META_EPOCH: epoch,
            schema.META_CURSOR: cursor,
        }
        connection.executemany(schema.PUT_META, meta.items())
        connection.commit()
        connection.execute("VACUUM")
        connection.close()
        return _compress(self._draft, target)

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            self._draft.parent.mkdir(parents=True, exist_ok=True)
            self._draft.unlink(missing_ok=True)
            # Steps run in whichever pool thread is free, never two at once.
            self._connection = sqlite3.connect(self._draft, check_same_thread=False)
            self._connection.execute("PRAGMA journal_mode=OFF")
            self._connection.execute("PRAGMA synchronous=OFF")
            self._connection.execute("CREATE TABLE stage (kind TEXT, id TEXT, version INTEGER, row TEXT)")
        return self._connection


def _customer(staged: tuple[str, int, str]) -> tuple[object, ...]:
    customer, version, text = staged
    row = orjson.loads(text)
    return customer, row["code"], schema.customer_words(row), text, version, None


def _compress(draft: Path, target: Path) -> bytes:
    partial_file = draft.with_suffix(".part")
    with draft.open("rb") as source, partial_file.open("wb") as sink:
        digest = hashlib.file_digest(source, "sha256").digest()
        source.seek(0)
        ZstdCompressor(level=3).copy_stream(source, sink)
    partial_file.replace(target)
    draft.unlink()
    return digest


_STAGE = "INSERT INTO stage (kind, id, version, row) VALUES (?, ?, ?, ?)"
_ITEMS = """
INSERT INTO item (number, id, sku, names_json, unit, vat_code, price_scaled, version)
SELECT row_number() OVER (ORDER BY json_extract(row, '$.rank') = 0, json_extract(row, '$.rank'), id),
  id, json_extract(row, '$.sku'), json_extract(row, '$.names'), json_extract(row, '$.unit'),
  json_extract(row, '$.vat_code'), CAST(replace(json_extract(row, '$.price'), '.', '') AS INTEGER), version
FROM stage WHERE kind = 'item' ORDER BY 1
"""
_CODES = """
INSERT OR IGNORE INTO item_code (code, item)
SELECT codes.value, stage.id FROM stage, json_each(stage.row, '$.codes') AS codes
WHERE stage.kind = 'item' ORDER BY 1, 2
"""
