"""Registries flow down: the operating set, then the catalogue, each with its cursor; applying twice is harmless."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path
from typing import Protocol

import structlog
from pydantic import TypeAdapter, ValidationError

from commerce.errors import CentralUnreachableError, MessageRejectedError, PosError, StorageError
from commerce.wire import Change, ChangesPage
from terminal.sync.backoff import Backoff, Rest, rest

OPERATING = "operating"
CATALOG = "catalog"
EPOCH_UNKNOWN = "feed.epoch"
POLL_S = 30

_log = structlog.get_logger("sync.pull")
_changes = TypeAdapter(list[Change])


class Registries(Protocol):
    """What pulling needs of the till's two files."""

    async def cursor(self, feed: str) -> str | None:
        """Return where a feed was left; None where nothing was pulled yet (or the catalogue was deleted)."""
        ...

    async def apply(self, feed: str, changes: Sequence[Change]) -> None:
        """Apply one transaction of central's in one transaction here."""
        ...

    async def replace_operating(self, changes: Sequence[Change], cursor: str) -> None:
        """Put these rows in the place of the whole operating set, and keep where its feed was left."""
        ...

    async def keep_cursor(self, feed: str, cursor: str) -> None:
        """Keep where the feed was left, after everything before it was applied."""
        ...

    def snapshot_target(self) -> Path:
        """Return a free path for a new catalogue file."""
        ...

    async def adopt_snapshot(self, path: Path, signature: str) -> None:
        """Check a downloaded catalogue and central's signature (hex), and use it; the present one sells until then."""
        ...


class Feed(Protocol):
    """What pulling needs of central."""

    def changes(self, feed: str, after: str) -> AsyncIterator[object]:
        """Yield transactions (lists of changes) and the trailer."""
        ...

    async def download_snapshot(self, target: Path) -> str:
        """Fetch the ready catalogue file and return central's signature over it."""
        ...


class Puller:
    """Pulls when told that there is something new, and every half minute without being told."""

    def __init__(
        self,
        registries: Registries,
        server: Feed,
        *,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
        rest: Rest = rest,
    ) -> None:
        self._registries = registries
        self._server = server
        self._news = asyncio.Event()
        self._pause = pause
        self._rest = rest
        self._backoff = Backoff(rest=rest)

    def wake(self) -> None:
        """Pull now, unless a pause after a failure is going on."""
        self._news.set()

    async def run(self) -> None:
        """Pull for ever, whatever goes wrong. Without central the till sells with what it has."""
        while True:
            self._news.clear()
            try:
                await self.pull()
            except Exception as error:  # noqa: BLE001 - whatever it is, the till sells on with what it has
                self._say(error)
                await self._backoff.pause(error)
            else:
                self._backoff.progress()
                await self._rest(POLL_S, self._news)

    def _say(self, error: Exception) -> None:
        if isinstance(error, PosError):
            _log.info("nothing pulled", code=error.code)
        elif self._backoff.is_new(error):
            _log.error("pulling failed", exc_info=error)

    async def pull(self) -> None:
        """Bring both feeds up to date; SyncError when central stops answering in the middle."""
        await self._follow(OPERATING)
        if await self._registries.cursor(CATALOG) is None:
            await self._take_snapshot()
        await self._follow(CATALOG)

    async def _follow(self, feed: str) -> None:
        if feed == OPERATING and await self._registries.cursor(feed) is None:
            await self._start_over(feed)
            return
        try:
            await self._take_pages(feed)
        except MessageRejectedError as error:
            if error.code != EPOCH_UNKNOWN:
                raise
            _log.warning("central's feed has another epoch; starting over", feed=feed)
            await self._start_over(feed)

    async def _start_over(self, feed: str) -> None:
        if feed == CATALOG:
            await self._take_snapshot()
        else:
            await self._replace_operating()
        await self._take_pages(feed)

    async def _replace_operating(self) -> None:
        """Take the whole set and put it in the place of the old one: what central no longer has is gone here too."""
        changes: list[Change] = []
        asked, cursor, more = _Asked(), "", True
        while more:
            asked.note(cursor)
            async for line in self._server.changes(OPERATING, cursor):
                if isinstance(line, dict):
                    trailer = _trailer(line)
                    break
                changes += _transaction(line)
            else:
                raise CentralUnreachableError("sync.answer_cut_off")
            cursor, more = trailer.cursor, trailer.more
        await self._registries.replace_operating(changes, cursor)

    async def _take_pages(self, feed: str) -> None:
        """Apply pages until nothing is waiting."""
        asked, more = _Asked(), True
        while more:
            after = await self._registries.cursor(feed) or ""
            asked.note(after)
            more = await self._page(feed, after)
            await self._pause(0)

    async def _page(self, feed: str, after: str) -> bool:
        """Apply one page; return whether more was waiting."""
        async for line in self._server.changes(feed, after):
            if isinstance(line, dict):
                trailer = _trailer(line)
                await self._registries.keep_cursor(feed, trailer.cursor)
                return trailer.more
            await self._registries.apply(feed, _transaction(line))
        raise CentralUnreachableError("sync.answer_cut_off")

    async def _take_snapshot(self) -> None:
        target = self._registries.snapshot_target()
        try:
            signature = await self._server.download_snapshot(target)
            await self._registries.adopt_snapshot(target, signature)
        except BaseException as error:
            await asyncio.to_thread(target.unlink, missing_ok=True)
            if isinstance(error, OSError):
                raise StorageError(reason=str(error)) from error
            raise
        _log.info("catalogue taken over", file=target.name)


class _Asked:
    """The cursors of one pull: none is asked for twice, or a central that says "more" for ever is asked for ever."""

    def __init__(self) -> None:
        self._cursors: set[str] = set()

    def note(self, cursor: str) -> None:
        """Take note of a cursor; CentralUnreachableError ``sync.no_progress`` when it was asked for before."""
        if cursor in self._cursors:
            raise CentralUnreachableError("sync.no_progress")
        self._cursors.add(cursor)


def _trailer(line: object) -> ChangesPage:
    try:
        return ChangesPage.model_validate(line)
    except ValidationError as error:
        raise CentralUnreachableError("sync.answer_unreadable") from error


def _transaction(line: object) -> Sequence[Change]:
    try:
        return _changes.validate_python(line)
    except ValidationError as error:
        raise CentralUnreachableError("sync.answer_unreadable") from error
