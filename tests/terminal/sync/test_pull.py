"""Pulling two feeds into two files, against a central that stops in the middle or starts a new epoch."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from commerce.errors import CentralUnreachableError, MessageRejectedError, StorageError
from commerce.wire import Change
from terminal.sync.pull import CATALOG, OPERATING, Puller


@dataclass
class MemoryRegistries:
    """The till's two files, in memory."""

    folder: Path
    cursors: dict[str, str] = field(default_factory=dict)
    rows: dict[str, dict[str, Any]] = field(default_factory=lambda: {OPERATING: {}, CATALOG: {}})
    log: list[str] = field(default_factory=list)

    async def cursor(self, feed: str) -> str | None:
        return self.cursors.get(feed)

    async def apply(self, feed: str, changes: Sequence[Change]) -> None:
        self.log.append(f"{feed}:{len(changes)}")
        for change in changes:
            if change.row is None:
                self.rows[feed].pop(change.id, None)
            else:
                self.rows[feed][change.id] = change.row

    async def replace_operating(self, changes: Sequence[Change], cursor: str) -> None:
        self.rows[OPERATING] = {}
        await self.apply(OPERATING, changes)
        self.cursors[OPERATING] = cursor

    async def keep_cursor(self, feed: str, cursor: str) -> None:
        self.cursors[feed] = cursor

    def snapshot_target(self) -> Path:
        return self.folder / "catalog-new.db"

    async def adopt_snapshot(self, path: Path, signature: str) -> None:
        self.log.append("snapshot")
        self.rows[CATALOG] = {"from-snapshot": {"content": path.read_bytes()}}
        self.cursors[CATALOG] = "e1.5"


def change(row_id: str, row: dict[str, Any] | None = None, kind: str = "item") -> dict[str, Any]:
    return {"kind": kind, "id": row_id, "version": 1, "row": row}


@dataclass
class ScriptedFeed:
    """Answers each request with the next list of lines of its feed; an exception in it is raised there."""

    pages: dict[str, list[list[Any]]]
    asked: list[tuple[str, str]] = field(default_factory=list)

    async def changes(self, feed: str, after: str) -> AsyncIterator[object]:
        self.asked.append((feed, after))
        script = self.pages[feed]
        for line in script.pop(0) if script else [trailer(after or "e1.0")]:
            if isinstance(line, Exception):
                raise line
            yield line

    async def download_snapshot(self, target: Path) -> str:
        target.write_bytes(b"catalogue")
        return "00" * 64


def trailer(cursor: str, more: bool = False) -> dict[str, Any]:
    return {"wire": 1, "cursor": cursor, "more": more}


async def test_the_operating_set_goes_first_and_each_feed_keeps_its_cursor(tmp_path: Path) -> None:
    here = MemoryRegistries(tmp_path, {OPERATING: "e1.1", CATALOG: "e1.2"})
    feed = ScriptedFeed(
        {
            OPERATING: [[[change("22", {"code": "22"}, "vat_code")], trailer("e1.7")]],
            CATALOG: [
                [[change("a", {"sku": "A"}), change("b", {"sku": "B"})], trailer("e1.8", more=True)],
                [[change("b")], trailer("e1.9")],
            ],
        }
    )

    await Puller(here, feed).pull()

    assert feed.asked == [(OPERATING, "e1.1"), (CATALOG, "e1.2"), (CATALOG, "e1.8")]
    assert here.cursors == {OPERATING: "e1.7", CATALOG: "e1.9"}
    assert here.rows[CATALOG] == {"a": {"sku": "A"}}
    assert here.log == ["operating:1", "catalog:2", "catalog:1"]


async def test_a_till_without_a_catalogue_takes_the_snapshot_and_follows_it(tmp_path: Path) -> None:
    here = MemoryRegistries(tmp_path)
    feed = ScriptedFeed({OPERATING: [], CATALOG: []})

    await Puller(here, feed).pull()

    assert feed.asked == [(OPERATING, ""), (OPERATING, "e1.0"), (CATALOG, "e1.5")]
    assert here.rows[CATALOG] == {"from-snapshot": {"content": b"catalogue"}}


async def test_a_stream_that_ends_early_is_taken_up_again_where_it_was(tmp_path: Path) -> None:
    here = MemoryRegistries(tmp_path, {OPERATING: "e1.1", CATALOG: "e1.2"})
    feed = ScriptedFeed({OPERATING: [], CATALOG: [[[change("a", {"sku": "A"})]]]})

    with pytest.raises(CentralUnreachableError) as caught:
        await Puller(here, feed).pull()
    await Puller(here, feed).pull()

    assert caught.value.code == "sync.answer_cut_off"
    assert feed.asked[-1] == (CATALOG, "e1.2")
    assert here.rows[CATALOG] == {"a": {"sku": "A"}}


async def test_another_epoch_starts_both_feeds_over(tmp_path: Path) -> None:
    here = MemoryRegistries(tmp_path, {OPERATING: "e0.9", CATALOG: "e0.9"})
    epoch = MessageRejectedError("feed.epoch")
    feed = ScriptedFeed({OPERATING: [[epoch]], CATALOG: [[epoch]]})

    await Puller(here, feed).pull()

    assert feed.asked == [
        (OPERATING, "e0.9"),
        (OPERATING, ""),
        (OPERATING, "e1.0"),
        (CATALOG, "e0.9"),
        (CATALOG, "e1.5"),
    ]
    assert "snapshot" in here.log


async def test_another_refusal_is_not_taken_for_a_new_epoch(tmp_path: Path) -> None:
    here = MemoryRegistries(tmp_path, {OPERATING: "e1.1", CATALOG: "e1.2"})

    with pytest.raises(MessageRejectedError):
        await Puller(here, ScriptedFeed({OPERATING: [[MessageRejectedError("till.unknown")]], CATALOG: []})).pull()

    assert here.cursors[OPERATING] == "e1.1"


@pytest.mark.parametrize("line", [[{"kind": "item"}], "text", 5, {"wire": 9, "cursor": "x", "more": False}])
async def test_a_line_that_is_none_applies_nothing(tmp_path: Path, line: object) -> None:
    here = MemoryRegistries(tmp_path, {OPERATING: "e1.1", CATALOG: "e1.2"})

    with pytest.raises(CentralUnreachableError):
        await Puller(here, ScriptedFeed({OPERATING: [[line]], CATALOG: []})).pull()

    assert here.rows[OPERATING] == {}
    assert here.cursors[OPERATING] == "e1.1"


async def test_a_snapshot_that_is_refused_leaves_no_file(tmp_path: Path) -> None:
    class Choosy(MemoryRegistries):
        async def adopt_snapshot(self, path: Path, signature: str) -> None:
            raise CentralUnreachableError("catalog.damaged")

    here = Choosy(tmp_path)

    with pytest.raises(CentralUnreachableError):
        await Puller(here, ScriptedFeed({OPERATING: [], CATALOG: []})).pull()

    assert list(tmp_path.iterdir()) == []


async def test_a_full_disk_does_not_end_the_pulling(tmp_path: Path) -> None:
    class Full(MemoryRegistries):
        refused: list[str]

        async def apply(self, feed: str, changes: Sequence[Change]) -> None:
            if "apply" not in self.refused:
                self.refused.append("apply")
                raise StorageError("storage.full")
            await super().apply(feed, changes)

        async def adopt_snapshot(self, path: Path, signature: str) -> None:
            if "adopt" not in self.refused:
                self.refused.append("adopt")
                raise OSError("no space left")
            await super().adopt_snapshot(path, signature)

    here = Full(tmp_path)
    here.refused = []
    page = [[change("t", {"a": 1}, "tender_type")], {"wire": 1, "cursor": "e1.9", "more": False}]
    pages: dict[str, list[list[Any]]] = {
        OPERATING: [page, page, page],
        CATALOG: [[{"wire": 1, "cursor": "e1.9", "more": False}]],
    }
    puller = Puller(here, ScriptedFeed(pages))
    pulling = asyncio.ensure_future(puller.run())
    async with asyncio.timeout(10):
        while here.cursors.get(CATALOG) != "e1.9" and not pulling.done():
            puller.wake()
            await asyncio.sleep(0)

    assert not pulling.done()
    pulling.cancel()
    await asyncio.gather(pulling, return_exceptions=True)


@dataclass
class Standing(ScriptedFeed):
    """A central that says that more is waiting and gives these cursors in turn, for ever."""

    cursors: tuple[str, ...] = ("e1.1",)

    async def changes(self, feed: str, after: str) -> AsyncIterator[object]:
        self.asked.append((feed, after))
        assert len(self.asked) < 100
        yield [change(f"row {len(self.asked)}", {})]
        yield trailer(self.cursors[len(self.asked) % len(self.cursors)], more=True)


@pytest.mark.parametrize("cursors", [("e1.1",), ("e1.1", "e1.2"), ("",)])
@pytest.mark.parametrize(
    "known",
    [
        {},  # the operating set is taken whole
        {OPERATING: "e1.1", CATALOG: "e1.1"},
    ],
)
async def test_a_feed_that_stands_still_is_left_and_asked_again_later(
    tmp_path: Path, cursors: tuple[str, ...], known: dict[str, str]
) -> None:
    feed = Standing({}, cursors=cursors)
    puller = Puller(MemoryRegistries(tmp_path, dict(known)), feed)

    with pytest.raises(CentralUnreachableError) as refused:
        await puller.pull()

    assert refused.value.code == "sync.no_progress"
    assert len(feed.asked) <= 1 + len(cursors)


async def test_a_catalogue_that_stands_still_is_left_too(tmp_path: Path) -> None:
    class OneStands(Standing):
        async def changes(self, feed: str, after: str) -> AsyncIterator[object]:
            if feed == OPERATING:
                yield trailer("e1.1")
                return
            async for line in super().changes(feed, after):
                yield line

    feed = OneStands({})
    with pytest.raises(CentralUnreachableError) as refused:
        await Puller(MemoryRegistries(tmp_path, {OPERATING: "e1.1"}), feed).pull()

    assert refused.value.code == "sync.no_progress"
    assert {name for name, _ in feed.asked} == {CATALOG}
