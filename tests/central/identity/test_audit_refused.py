"""What cannot be written down does not happen: the audit's row is in the transaction of its change."""

from __future__ import annotations

import asyncio
import re
import sys
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

import aiohttp
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import inspect
from sqlalchemy.exc import DatabaseError

from central import __main__ as cli
from central.db.engine import open_database
from central.db.readers import Reader, enter
from central.identity.people import Role
from central.jobs.housekeeping import TRIM
from central.jobs.queue import ask_for
from central.jobs.values import Asked
from central.tills.rebuilding import rebuild
from commerce.ledger import Signer
from commerce.wire import EnrolRequest
from tests.central.head_office import HeadOffice, Visitor, open_head_office

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
    from pathlib import Path

    from sqlalchemy import Connection

    from central.db.engine import Database
    from tests.central.office import Office

Rows: TypeAlias = "dict[str, list[str]]"
Seen: TypeAlias = "Callable[..., Coroutine[Any, Any, Rows]]"
PASSWORD = "una password lunga"  # noqa: S105 - of an invented user
REFUSE = {
    "sqlite": ["CREATE TRIGGER refused BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'no room'); END"],
    "postgresql": [
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''no room''; END'",
        "CREATE TRIGGER refused BEFORE INSERT ON audit FOR EACH ROW EXECUTE FUNCTION refuse()",
    ],
}
ALLOW = {"sqlite": ["DROP TRIGGER refused"], "postgresql": ["DROP FUNCTION refuse CASCADE"]}


async def carry_out(database: Database, statements: dict[str, list[str]]) -> None:
    """Change what the audit takes."""

    def job(connection: Connection) -> None:
        for statement in statements[connection.dialect.name]:
            connection.exec_driver_sql(statement).close()

    await database.write(job)


async def enter_reader(url: str) -> None:
    """Have a reader of events that can be forgotten."""
    database = open_database(url)
    try:
        await database.write(partial(enter, reader=Reader("old", lambda *_: None)))
    finally:
        await database.close()


async def everything(database: Database) -> Rows:
    """Every row of every table."""

    def job(connection: Connection) -> Rows:
        names = inspect(connection).get_table_names()
        rows = {name: connection.exec_driver_sql(f'SELECT * FROM "{name}"').all() for name in names}
        return {name: sorted(map(repr, found)) for name, found in rows.items()}

    return await database.read(job)


@pytest.fixture
async def site(office: Office, tmp_path: Path) -> AsyncIterator[HeadOffice]:
    """A running head office on either engine."""
    head_office, runner = await open_head_office(office, tmp_path)
    yield head_office
    await runner.cleanup()


@pytest.fixture
async def anna(site: HeadOffice) -> AsyncIterator[Visitor]:
    """The administrator's browser."""
    async with aiohttp.ClientSession(site.address, cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        visitor = Visitor(session)
        await visitor.sign_in()
        yield visitor


async def test_no_page_changes_what_cannot_be_written_down(site: HeadOffice, anna: Visitor) -> None:
    office, item = site.office, site.items[0]
    till = (await office.new_till("T8")).till
    user = await site.user("vera", Role.VIEWER)
    job = await office.database.write(partial(ask_for, kind=TRIM, asked=Asked(company=None)))
    form = {"name_it": "Caffè", "price": "4", "vat_code": "10", "unit": "pc"}
    changes: list[tuple[str, dict[str, str]]] = [
        ("/items", {**form, "sku": "N1"}),
        (f"/items/{item.id}", {**form, "sku": "A1", "version": str(item.version)}),
        (f"/items/{item.id}/delete", {"version": str(item.version + 1)}),
        ("/operators", {"name": "Bruno", "shop": office.shop, "pin": "2468"}),
        (f"/settings/shops/{office.shop}", {"header": "Nuova", "footer": "", "version": "1"}),
        ("/settings/vat", {"code": "6", "name_it": "Prova", "rates": "2020-01-01 6", "treatment": "taxed"}),
        ("/tender-types", {"code": "ticket", "names.it": "Buono pasto", "kind": "voucher", "version": "0"}),
        ("/settings/users", {"name": "carlo", "password": PASSWORD, "role": "viewer", "language": "it"}),
        ("/account/tokens", {"name": "replay", "days": "90"}),
        ("/tills", {"shop": office.shop, "code": "T9", "name": "Cassa 9"}),
        (f"/tills/{till}/code", {}),
        (f"/tills/{till}/revoke", {"note": "lost"}),
        (f"/jobs/{job}/cancel", {}),
        ("/settings/roles", {"name_it": "Cassa", "name_en": "Desk", "right:sales.see": "1"}),
        (f"/settings/users/{user}/roles", {"act": "give", "role": "manager", "place": office.company}),
        (f"/settings/users/{user}", {"act": "shut_out"}),
    ]
    for path, sent in changes:
        before = await everything(office.database)
        await carry_out(office.database, REFUSE)
        refused = await anna.post(path, **sent)
        after = await everything(office.database)
        await carry_out(office.database, ALLOW)
        taken = await anna.post(path, **sent)

        assert (path, refused.status, after) == (path, 500, before)
        assert (path, taken.status) == (path, 200)
        assert _unlike(await everything(office.database), before), path


async def test_no_till_is_enrolled_and_nothing_is_rebuilt_without_a_word_of_it(site: HeadOffice) -> None:
    office = site.office
    await site.busy_till("T7")
    till, signer = await office.add_till("T8"), Signer(Ed25519PrivateKey.generate())
    code = await office.tills.issue_code(till)
    request = EnrolRequest(code=code, public_key=signer.public_key.hex(), app_version="0.1.0")
    changes: list[Callable[[], Awaitable[object]]] = [
        lambda: office.tills.enrol(request, "127.0.0.1"),
        lambda: rebuild(office.projector),
    ]
    for change in changes:
        before = await everything(office.database)
        await carry_out(office.database, REFUSE)
        with pytest.raises(DatabaseError):
            await change()
        after = await everything(office.database)
        await carry_out(office.database, ALLOW)
        await change()

        assert after == before
        assert _unlike(await everything(office.database), before)


@pytest.fixture
def command(central_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., bool]:
    """Runs ``central`` on either engine and says whether it ended well."""
    config = tmp_path / "central.toml"
    config.write_text(f'data_dir = "data"\nlog_level = "error"\n[database]\nurl = "{central_url}"\n', encoding="utf-8")
    monkeypatch.setenv("CENTRAL_PASSWORD", PASSWORD)

    def run(*words: object) -> bool:
        monkeypatch.setattr(sys, "argv", ["central", *map(str, words), "--config", str(config)])
        try:
            cli.main()
        except SystemExit as end:
            return not end.code
        except Exception:  # noqa: BLE001 - what a driver raises when a trigger refuses a row
            return False
        return True

    return run


def test_no_command_changes_what_cannot_be_written_down(
    command: Callable[..., bool], central_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def seen(statements: dict[str, list[str]] | None = None) -> Rows:
        database = open_database(central_url)
        try:
            if statements:
                await carry_out(database, statements)
            return await everything(database)
        finally:
            await database.close()

    (tmp_path / "goods.csv").write_text("code,name,price,vat\n80012346,Nuovo,1.20,22\n", encoding="utf-8")
    founding = ("setup", "--company", "Bottega", "--tax-id", "01234567897", "--shop", "Centro")
    assert command("migrate")
    asyncio.run(enter_reader(central_url))
    _check(command, seen, founding)
    shop = re.findall(r"shop (\S+)", capsys.readouterr().out)[0]
    _check(command, seen, ("till", "add", "--shop", shop, "--code", "T1", "--name", "Cassa 1"))
    till = re.findall(r"till (\S+)", capsys.readouterr().out)[0]
    for words in (
        ("till", "code", till),
        ("feed", "new-epoch"),
        ("import", "items", tmp_path / "goods.csv"),
        ("user", "add", "bruno"),
        ("user", "give", "bruno", "--role", "manager"),
        ("user", "take", "bruno", "--role", "manager"),
        ("events", "forget-reader", "old"),
    ):
        _check(command, seen, words)


def _check(
    command: Callable[..., bool], seen: Callable[..., Coroutine[Any, Any, Rows]], words: tuple[object, ...]
) -> None:
    """Have a command refused its row of the audit, and then not: it changes nothing, and then something."""
    before = _now(seen(REFUSE))
    assert not command(*words), words
    assert _now(seen(ALLOW)) == before, words
    assert command(*words), words
    assert _unlike(_now(seen()), before), words


def _now(seen: Coroutine[Any, Any, Rows]) -> Rows:
    return asyncio.run(seen)


def _unlike(now: Rows, before: Rows) -> bool:
    """Whether something else than the audit changed."""
    return any(now[name] != before[name] for name in now if name != "audit")
