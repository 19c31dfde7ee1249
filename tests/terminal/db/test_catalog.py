"""The catalogue: a cache that is looked up exactly, searched quickly and replaced without a rename."""

from __future__ import annotations

import asyncio
import os
import threading
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from commerce.errors import BadInputError, StorageError
from commerce.wire import Change
from terminal.db.catalog import POINTER, Catalog, check_file
from terminal.db.cores import use_all_cores

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

SECRET = bytes(range(32))


@pytest.fixture
async def catalog(tmp_path: Path) -> AsyncIterator[Catalog]:
    catalog = Catalog(tmp_path, SECRET)
    await catalog.open()
    yield catalog
    await catalog.close()


def item(
    item_id: str, name: str, *codes: str, rank: int = 0, version: int = 1, price: str | None = "1.00000000"
) -> Change:
    row = {
        "sku": item_id.upper(),
        "names": {"it": name},
        "unit": "pc",
        "vat_code": "22",
        "price": price,
        "codes": list(codes),
        "rank": rank,
    }
    return Change(kind="item", id=item_id, version=version, row=row)


async def test_a_code_is_matched_whole(catalog: Catalog) -> None:
    await catalog.apply_items([item("a", "Pane", "0012", "99")], "c1")

    assert [found.id for found in catalog.find_by_code("0012")] == ["a"]
    assert catalog.find_by_code("12") == []
    assert catalog.find_by_code("001") == []


async def test_prices_keep_their_eight_decimals(catalog: Catalog) -> None:
    await catalog.apply_items([item("a", "Vite", "1", price="0.00123456")])

    assert catalog.find_by_code("1")[0].price == Decimal("0.00123456")


async def test_applying_the_same_changes_twice_is_harmless(catalog: Catalog) -> None:
    changes = [item("a", "Pane", "1"), item("b", "Latte", "2")]
    await catalog.apply_items(changes, "c1")
    await catalog.apply_items(changes, "c1")

    assert catalog.count() == 2
    assert [found.id for found in await catalog.search("pa")] == ["a"]


async def test_a_changed_item_is_found_by_its_new_words_only(catalog: Catalog) -> None:
    await catalog.apply_items([item("a", "Pane", "1")])
    await catalog.apply_items([item("a", "Grissini", "2", version=2)])

    assert await catalog.search("pane") == []
    assert [found.version for found in await catalog.search("griss")] == [2]
    assert catalog.find_by_code("1") == []


async def test_a_deleted_item_is_gone(catalog: Catalog) -> None:
    await catalog.apply_items([item("a", "Pane", "1")])
    await catalog.apply_items([Change(kind="item", id="a", version=2, row=None)], "c2")

    assert catalog.find_item("a") is None
    assert await catalog.search("pane") == []
    assert catalog.cursor() == "c2"


@pytest.mark.parametrize("text", ["caffe", "CAFFÈ", "mac caff", "c", "caffè mac"])
async def test_search_ignores_case_accents_and_order(catalog: Catalog, text: str) -> None:
    await catalog.apply_items([item("a", "Caffè macinato"), item("b", "Tè verde")])

    assert "a" in [found.id for found in await catalog.search(text)]


@pytest.mark.parametrize("text", ["", "  ", '"', "*", "a AND OR", "NEAR(", "'; DROP TABLE item"])
async def test_search_takes_any_text(catalog: Catalog, text: str) -> None:
    await catalog.apply_items([item("a", "Pane")])

    assert await catalog.search(text) == []


async def test_what_sells_most_is_found_first(catalog: Catalog) -> None:
    await catalog.apply_items(
        [item("c", "Pane nero"), item("b", "Pane bianco", rank=2), item("a", "Pane raro", rank=9)]
    )

    assert [found.id for found in await catalog.search("pane")] == ["b", "a", "c"]


async def test_digits_find_codes_that_begin_with_them(catalog: Catalog) -> None:
    await catalog.apply_items([item("a", "Pane", "8001234567890")])

    assert [found.id for found in await catalog.search("80012")] == ["a"]


async def test_a_deleted_catalogue_file_comes_back_empty(tmp_path: Path) -> None:
    first = Catalog(tmp_path, SECRET)
    await first.open()
    await first.apply_items([item("a", "Pane", "1")], "c1")
    path = first.path
    await first.close()
    for file in tmp_path.glob("catalog-*"):
        file.unlink()

    again = Catalog(tmp_path, SECRET)
    await again.open()
    assert (again.count(), again.cursor()) == (0, None)
    assert again.path.name == path.name
    await again.close()


async def test_a_catalogue_taken_away_while_in_use_is_fetched_anew_under_another_name(catalog: Catalog) -> None:
    await catalog.apply_items([item("a", "Pane", "1")], "c1")
    old = catalog.path
    for file in old.parent.glob("catalog*"):
        file.unlink()

    assert [found.id for found in catalog.find_by_code("1")] == ["a"]
    assert [found.id for found in await catalog.search("pan")] == ["a"]
    assert catalog.cursor() is None

    await catalog.rebuild()
    await catalog.apply_items([item("b", "Latte", "2")], "c2")
    assert catalog.path.name == "catalog-2.db"
    assert [found.id for found in await catalog.search("lat")] == ["b"]
    assert (catalog.find_by_code("1"), catalog.cursor()) == ([], "c2")


async def test_a_catalogue_overwritten_while_in_use_ends_no_scan_in_a_fault(catalog: Catalog) -> None:
    await catalog.apply_items([item(f"i{n}", f"Pane {n}", f"{n:05}") for n in range(500)], "c1")
    path = catalog.path
    for file in path.parent.glob("catalog-*"):
        file.write_bytes(b"nonsense" * 512)

    def look_everything_up() -> None:
        for n in range(500):
            catalog.find_by_code(f"{n:05}")

    with pytest.raises(StorageError):
        look_everything_up()

    assert await catalog.search("pan") == []
    assert catalog.cursor() is None


async def test_a_damaged_catalogue_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "catalog-4.db").write_bytes(b"nonsense" * 1000)
    (tmp_path / POINTER).write_text("catalog-4.db")
    catalog = Catalog(tmp_path, SECRET)

    await catalog.open()

    assert catalog.path.name == "catalog-5.db"
    await catalog.close()


async def test_a_ready_file_is_adopted_under_a_new_name(tmp_path: Path) -> None:
    (tmp_path / "made").mkdir()
    source = Catalog(tmp_path / "made", SECRET)
    await source.open()
    await source.apply_items([item("z", "Zucca", "7")], "c9")
    made = source.path
    await source.close()
    catalog = Catalog(tmp_path, SECRET)
    await catalog.open()
    old = catalog.path
    fresh = catalog.fresh_path()
    fresh.write_bytes(made.read_bytes())

    await catalog.adopt(fresh)

    assert catalog.path == fresh
    assert [found.id for found in catalog.find_by_code("7")] == ["z"]
    assert [found.id for found in await catalog.search("zuc")] == ["z"]
    assert not old.exists()
    await catalog.close()


async def test_a_file_that_is_no_catalogue_is_not_adopted(catalog: Catalog) -> None:
    fresh = catalog.fresh_path()
    fresh.write_bytes(b"no")

    with pytest.raises(BadInputError):
        await catalog.adopt(fresh)

    assert catalog.path != fresh


async def test_a_rebuilt_catalogue_is_empty_and_in_use(catalog: Catalog) -> None:
    await catalog.apply_items([item("a", "Pane", "1")], "c1")

    await catalog.rebuild()
    await catalog.apply_items([item("b", "Latte", "2")], "c2")

    assert (catalog.count(), catalog.cursor()) == (1, "c2")


async def ready_file(folder: Path, *changes: Change) -> Path:
    """Make a catalogue file as central would."""
    source = Catalog(folder, SECRET)
    await source.open()
    await source.apply_items(changes, "c1")
    made = source.path
    await source.close()
    return made


async def test_no_look_up_finds_nothing_open_while_the_catalogue_is_swapped(tmp_path: Path) -> None:
    for name in ("made", "till"):
        (tmp_path / name).mkdir()
    made = await ready_file(tmp_path / "made", *[item(f"i{n}", f"Pane {n}", f"{n}") for n in range(50)])
    catalog = Catalog(tmp_path / "till", SECRET)
    await catalog.open()
    await catalog.apply_items([item(f"i{n}", f"Pane {n}", f"{n}") for n in range(50)], "c1")
    looked_up = 0

    async def swap() -> None:
        for _ in range(12):
            fresh = catalog.fresh_path()
            fresh.write_bytes(made.read_bytes())
            await catalog.adopt(fresh)

    swapping = asyncio.ensure_future(swap())
    while not swapping.done():
        assert [found.id for found in catalog.find_by_code(str(looked_up % 50))] == [f"i{looked_up % 50}"]
        assert [found.id for found in await catalog.search("pane 7", 1)] == ["i7"]
        looked_up += 1
        await asyncio.sleep(0)
    await swapping

    assert looked_up > 50
    await catalog.close()


async def test_a_new_catalogue_is_read_through_off_the_loop(tmp_path: Path) -> None:
    checked_by: list[int] = []

    def check(path: Path) -> None:
        checked_by.append(threading.get_ident())
        check_file(path)

    (tmp_path / "made").mkdir()
    made = await ready_file(tmp_path / "made", item("a", "Pane", "1"))
    catalog = Catalog(tmp_path, SECRET, check=check)
    await catalog.open()
    fresh = catalog.fresh_path()
    fresh.write_bytes(made.read_bytes())

    await catalog.adopt(fresh)

    assert len(checked_by) == 1
    assert threading.get_ident() not in checked_by
    await catalog.close()


async def test_the_catalogues_threads_do_not_stay_on_the_loops_core(tmp_path: Path) -> None:
    use_all_cores()
    every_core = os.sched_getaffinity(0)
    catalog = Catalog(tmp_path, SECRET)
    os.sched_setaffinity(0, {min(every_core)})
    try:
        await catalog.open()
        await catalog.rebuild()
        await catalog.search("pane")
        threads = {thread.name: thread.native_id for thread in threading.enumerate()}
        mine = [number for name, number in threads.items() if name.startswith(("search", "writer catalog"))]
        cores = [os.sched_getaffinity(number) for number in mine if number]
    finally:
        os.sched_setaffinity(0, every_core)
        await catalog.close()

    assert len(cores) >= 2
    assert all(found == every_core for found in cores)


async def test_a_damaged_catalogue_says_so_and_asks_for_another_at_once(tmp_path: Path) -> None:
    asked: list[None] = []
    catalog = Catalog(tmp_path, SECRET)
    await catalog.open()
    catalog.on_damage = lambda: asked.append(None)
    await catalog.apply_items([item(f"i{n}", f"Pane {n}", f"{n:05}") for n in range(500)], "c1")
    for file in tmp_path.glob("catalog-*"):
        file.write_bytes(b"nonsense" * 512)

    def look_everything_up() -> None:
        for n in range(500):
            catalog.find_by_code(f"{n:05}")

    with pytest.raises(StorageError) as refused:
        look_everything_up()
    with pytest.raises(StorageError):
        catalog.find_item("i499")

    assert refused.value.code == "catalog.damaged"
    assert asked == [None]
    assert catalog.cursor() is None
    await catalog.close()
