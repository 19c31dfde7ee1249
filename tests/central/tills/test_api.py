"""The sync protocol over real HTTP."""

import asyncio
import hashlib
import hmac
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import pytest
import zstandard
from aiohttp import WSMsgType, web
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import text

from central.db.feed import change_epoch, publish, publish_many
from central.runtime import make_runner
from central.tills import api
from central.tills.pace import Pace
from central.tills.snapshots import Snapshots
from central.tills.tables import ledger_entry
from commerce.catalog_schema import CATALOG_VERSION
from commerce.ledger import Signer, read_signed_head, verify_signature
from commerce.rows import catalogue_statement
from commerce.wire import CATALOGUE_SIGNATURE, MAX_BODY_BYTES, DeviceStatus, EnrolRequest, Heartbeat
from tests.central.office import Office
from tests.fakes.till import FakeTill

OPERATOR = {
    "name": "Anna", "pin_salt": "aa", "pin_hash": "bb" * 32, "pin_params": {}, "rights": ["sell"], "active": True
}  # fmt: skip


class Central:
    """A server on a real socket and a client that speaks raw HTTP."""

    def __init__(self, office: Office, session: aiohttp.ClientSession, app: web.Application) -> None:
        self.office, self.session, self.app = office, session, app

    async def ask(
        self,
        method: str,
        path: str,
        till: FakeTill | None = None,
        **options: Any,  # noqa: ANN401 - aiohttp's own
    ) -> tuple[int, Any]:
        """Ask and return status and JSON."""
        headers = {**options.pop("headers", {}), **({"Authorization": f"Bearer {till.token}"} if till else {})}
        async with self.session.request(method, f"/sync/v1/{path}", headers=headers, **options) as response:
            raw = await response.read()
            return response.status, orjson.loads(raw)

    async def changes(self, till: FakeTill, after: str = "", feed: str = "") -> tuple[list[list[Any]], dict[str, Any]]:
        """The transactions of a pull, and its trailer."""
        headers = {"Authorization": f"Bearer {till.token}", "Accept-Encoding": "zstd"}
        query = {"after": after, "feed": feed}
        async with self.session.get("/sync/v1/changes", headers=headers, params=query) as response:
            assert response.status == 200, await response.read()
            assert response.headers["Content-Encoding"] == "zstd"
            plain = zstandard.ZstdDecompressor().decompressobj().decompress(await response.read())
        lines = [orjson.loads(line) for line in plain.splitlines()]
        return lines[:-1], lines[-1]

    async def snapshot(self, till: FakeTill, target: Path) -> str:
        """Fetch the catalogue file; returns its cursor."""
        headers = {"Authorization": f"Bearer {till.token}"}
        async with self.session.get("/sync/v1/snapshot", headers=headers) as response:
            assert response.status == 200
            plain = zstandard.ZstdDecompressor().decompressobj().decompress(await response.read())
            target.write_bytes(plain)
            statement = catalogue_statement(self.office.company, hashlib.sha256(plain).digest())
            signature = bytes.fromhex(response.headers[CATALOGUE_SIGNATURE])
            assert verify_signature(self.office.tills.signer.public_key, statement, signature)
            return response.headers["X-Feed-Cursor"]

    async def publish(self, kind: str, rows: dict[str, Any], shop: str | None = None) -> None:
        job = partial(publish_many, company=self.office.company, shop=shop, kind=kind, rows=list(rows.items()))
        await self.office.database.write(job)


@pytest.fixture
async def central(office: Office, tmp_path: Path) -> AsyncIterator[Central]:
    app = web.Application(client_max_size=MAX_BODY_BYTES)
    app[api.TILLS], app[api.SNAPSHOTS] = office.tills, Snapshots(office.database, tmp_path / "snapshots")
    api.add_routes(app)
    runner = make_runner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    address = f"http://127.0.0.1:{runner.addresses[0][1]}"
    async with aiohttp.ClientSession(address, auto_decompress=False) as session:
        yield Central(office, session, app)
    await runner.cleanup()


def item(sku: str, rank: int = 0, price: str | None = "3.49000000", codes: tuple[str, ...] = ()) -> dict[str, Any]:
    return {
        "sku": sku, "names": {"it": f"Articolo {sku}", "en": f"Item {sku}"}, "unit": "pc", "vat_code": "22",
        "price": price, "codes": list(codes), "rank": rank,
    }  # fmt: skip


def body(till: FakeTill) -> bytes:
    return orjson.dumps(till.push().model_dump())


async def test_enrol_push_and_heads_over_http(central: Central) -> None:
    signer = Signer(Ed25519PrivateKey.generate())
    code = await central.office.tills.issue_code(await central.office.add_till())
    request = EnrolRequest(code=code, public_key=signer.public_key.hex(), app_version="0.1.0")
    status, answer = await central.ask("POST", "enrol", json=request.model_dump())
    assert status == 200
    till = FakeTill(answer["company"]["id"], answer["shop"]["id"], answer["till"]["id"], signer, token=answer["token"])
    till.open_chain()
    till.sell()

    status, pushed = await central.ask("POST", "ledger", till, data=body(till))
    assert (status, pushed["head"]["seq"]) == (200, 2)
    status, heads = await central.ask("GET", "heads", till)

    assert [read_signed_head(head).head for head in heads["heads"]] == [till.head]
    assert heads["time"] == "2026-11-23T12:00:00.000000Z"


async def test_a_till_that_sends_too_much_is_told_to_wait_and_loses_nothing(central: Central) -> None:
    stolen = await central.office.new_till()
    central.office.tills.pace = Pace(burst=3, per_minute=1)
    for _ in range(5):
        stolen.sell()
    first, _ = await central.ask("POST", "ledger", stolen, data=body(stolen))
    stolen.sell()
    headers = {"Authorization": f"Bearer {stolen.token}"}

    async with central.session.post("/sync/v1/ledger", data=body(stolen), headers=headers) as refused:
        answer = orjson.loads(await refused.read())
        waiting = int(refused.headers["Retry-After"])
    still_answers, heads = await central.ask("GET", "heads", stolen)
    central.office.tills.pace = Pace()
    again, _ = await central.ask("POST", "ledger", stolen, data=body(stolen))

    assert (first, refused.status, answer["code"], again) == (200, 429, "sync.wait", 200)
    assert waiting > 0
    assert (still_answers, heads["heads"][0]["seq"]) == (200, 6)


async def test_a_replayed_chain_is_not_slowed_down(central: Central) -> None:
    till = await central.office.new_till("R1", "replay")
    central.office.tills.pace = Pace(burst=1, per_minute=1)
    till.sell()

    statuses = [(await central.ask("POST", "ledger", till, data=body(till)))[0] for _ in range(3)]

    assert statuses == [200, 200, 200]


async def test_a_push_may_be_compressed(central: Central) -> None:
    till = await central.office.new_till()
    packed = zstandard.compress(body(till))

    status, _ = await central.ask("POST", "ledger", till, data=packed, headers={"Content-Encoding": "zstd"})

    assert status == 200


@pytest.mark.parametrize(
    ("data", "encoding", "status", "code"),
    [
        (b"", "identity", 400, "wire.unreadable"),
        (b'{"wire":1,"till":', "identity", 400, "wire.unreadable"),
        (b"\xff\xfe", "identity", 400, "wire.unreadable"),
        (b"not zstd", "zstd", 400, "wire.zstd"),
        (zstandard.compress(b"x" * 5000)[:-3], "zstd", 400, "wire.unreadable"),
        (zstandard.compress(bytes(MAX_BODY_BYTES + 1)), "zstd", 413, "wire.too_large"),
        (b"{}", "gzip", 400, "wire.encoding"),
    ],
)
async def test_bad_bodies_are_refused_with_a_code_and_store_nothing(
    central: Central, data: bytes, encoding: str, status: int, code: str
) -> None:
    till = await central.office.new_till()

    answer = await central.ask("POST", "ledger", till, data=data, headers={"Content-Encoding": encoding})

    assert (answer[0], answer[1]["code"]) == (status, code)
    assert answer[1].keys() == {"wire", "code", "values"}
    assert await central.office.rows(ledger_entry) == []


async def test_a_body_larger_than_any_honest_one_is_refused(central: Central) -> None:
    till = await central.office.new_till()

    status, answer = await central.ask("POST", "ledger", till, data=BytesIO(bytes(MAX_BODY_BYTES + 1)))

    assert (status, answer["code"]) == (413, "wire.too_large")


async def test_half_a_body_stores_nothing_and_leaves_the_server_well(central: Central) -> None:
    till = await central.office.new_till()
    url = central.session._base_url
    assert url is not None
    _, writer = await asyncio.open_connection(url.host, url.port or 0)
    whole = body(till)
    head = f"POST /sync/v1/ledger HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {till.token}\r\n"
    writer.write(f"{head}Content-Length: {len(whole)}\r\n\r\n".encode() + whole[: len(whole) // 2])
    await writer.drain()
    writer.close()
    await writer.wait_closed()

    status, _ = await central.ask("GET", "heads", till)

    assert status == 200
    assert await central.office.rows(ledger_entry) == []


async def test_gaps_and_refusals_have_their_status(central: Central) -> None:
    till = await central.office.new_till()
    other = await central.office.new_till("T2")
    till.sell()
    gap = orjson.dumps(till.push(2).model_dump())

    assert await central.ask("POST", "ledger", till, data=gap) == (409, {"wire": 1, "code": "sync.gap", "expected": 1})
    assert (await central.ask("POST", "ledger", other, data=body(till)))[0] == 403
    assert (await central.ask("POST", "ledger", data=body(till)))[0] == 401
    assert (await central.ask("GET", "heads", headers={"Authorization": "Bearer nonsense"}))[0] == 401


async def test_a_revoked_till_is_shut_out_of_everything_but_its_ledger(central: Central) -> None:
    till = await central.office.new_till()
    await central.office.tills.revoke(till.till, "stolen")

    for path in ("heads", "changes", "snapshot", "live"):
        status, answer = await central.ask("GET", path, till)
        assert (status, answer["code"]) == (403, "till.revoked")
    assert (await central.ask("POST", "ledger", till, data=body(till)))[0] == 200


async def test_a_pull_brings_one_commits_rows_together_and_a_cursor_to_go_on(central: Central) -> None:
    till = await central.office.new_till()
    _, start = await central.changes(till)
    await central.publish("item", {"a": item("A"), "b": item("B")})
    await central.publish("item", {"a": None})

    groups, trailer = await central.changes(till, start["cursor"])

    assert [[(c["id"], c["version"], c["row"] is None) for c in group] for group in groups] == [
        [("b", 1, False)], [("a", 2, True)]
    ]  # fmt: skip
    assert not trailer["more"]
    assert await central.changes(till, trailer["cursor"]) == ([], trailer)


async def test_a_long_commit_comes_in_parts_of_at_most_2000_rows(central: Central) -> None:
    till = await central.office.new_till()
    await central.publish("item", {f"i{n}": item(str(n)) for n in range(4500)})

    groups, _ = await central.changes(till, feed="catalog")

    assert [len(group) for group in groups] == [2000, 2000, 500]
    assert len({change["id"] for group in groups for change in group}) == 4500


async def test_a_till_sees_its_companys_rows_and_its_shops_only(central: Central) -> None:
    till = await central.office.new_till()
    other = await central.office.add_shop()
    await central.publish("operator", {"mine": OPERATOR}, shop=till.shop)
    await central.publish("operator", {"theirs": OPERATOR}, shop=other)
    await central.office.database.write(lambda c: publish(c, "another company", None, "item", "x", item("X")))

    groups, _ = await central.changes(till)

    seen = [(change["kind"], change["id"]) for group in groups for change in group]
    assert ("operator", "mine") in seen
    assert ("operator", "theirs") not in seen
    assert ("item", "x") not in seen
    assert [row for kind, row in seen if kind == "shop"] == [till.shop]


async def test_pin_verifiers_are_good_at_one_till_only(central: Central) -> None:
    one = await central.office.new_till("T1")
    two = await central.office.new_till("T2")
    await central.publish("operator", {"anna": OPERATOR}, shop=one.shop)

    verifiers = []
    for till in (one, two):
        groups, _ = await central.changes(till, feed="operating")
        row = groups[-1][0]["row"]
        secret = (await central.office.known(till)).secret
        assert "pin_hash" not in row
        assert row["pin_verifier"] == hmac.digest(secret, b"\xbb" * 32, hashlib.sha256).hex()
        verifiers.append(row["pin_verifier"])
    assert verifiers[0] != verifiers[1]


async def test_the_two_feeds_bring_their_own_kinds(central: Central) -> None:
    till = await central.office.new_till()
    await central.publish("item", {"a": item("A")})

    operating, _ = await central.changes(till, feed="operating")
    catalog, _ = await central.changes(till, feed="catalog")

    assert {change["kind"] for group in operating for change in group} == {"company", "shop"}
    assert {change["kind"] for group in catalog for change in group} == {"item"}
    assert (await central.ask("GET", "changes?feed=other", till))[1]["code"] == "feed.unknown"


async def test_a_cursor_of_another_epoch_means_snapshot(central: Central) -> None:
    till = await central.office.new_till()
    _, trailer = await central.changes(till)
    await central.office.database.write(change_epoch)

    status, answer = await central.ask("GET", f"changes?after={trailer['cursor']}", till)

    assert (status, answer["code"]) == (409, "feed.epoch")


async def test_a_cursor_ahead_of_a_restored_database_means_snapshot(central: Central) -> None:
    till = await central.office.new_till()
    await central.publish("item", {"a": item("A")})
    _, trailer = await central.changes(till)
    await central.office.database.write(lambda c: c.execute(text("DELETE FROM feed WHERE id = 'a'")).close())

    status, answer = await central.ask("GET", f"changes?after={trailer['cursor']}", till)

    assert (status, answer["code"]) == (409, "feed.epoch")


async def test_a_snapshot_holds_what_the_changes_hold_and_goes_on_from_its_cursor(
    central: Central, tmp_path: Path
) -> None:
    till = await central.office.new_till()
    await central.publish("item", {"a": item("A", 1, codes=("80", "81")), "b": item("B", 9, None), "c": item("C")})
    await central.publish("item", {"c": None, "a": item("A2", 1, codes=("80",))})

    cursor = await central.snapshot(till, tmp_path / "catalog.db")
    groups, _ = await central.changes(till, feed="catalog")

    rows = {c["id"]: c for group in groups for c in group if c["row"]}
    with closing(sqlite3.connect(tmp_path / "catalog.db")) as catalog:
        items = catalog.execute("SELECT number, id, sku, price_scaled, version FROM item ORDER BY number").fetchall()
        codes = catalog.execute("SELECT code, item FROM item_code").fetchall()
        found = catalog.execute("SELECT rowid FROM item_words WHERE item_words MATCH 'arti* AND a2'").fetchall()
        meta = dict(catalog.execute("SELECT key, value FROM meta"))
        assert catalog.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert items == [(1, "a", "A2", 349000000, 2), (2, "b", "B", None, 1)]
    assert {row[1]: (row[2], row[4]) for row in items} == {k: (r["row"]["sku"], r["version"]) for k, r in rows.items()}
    assert codes == [("80", "a")]
    assert found == [(1,)]
    assert (meta["cursor"], meta["schema_version"]) == (cursor, str(CATALOG_VERSION))
    assert (await central.changes(till, cursor, "catalog"))[0] == []


async def test_a_kept_snapshot_serves_until_the_epoch_changes(central: Central, tmp_path: Path) -> None:
    till = await central.office.new_till()
    await central.publish("item", {"a": item("A")})
    first = await central.snapshot(till, tmp_path / "1.db")
    await central.publish("item", {"b": item("B")})

    second = await central.snapshot(till, tmp_path / "2.db")
    groups, _ = await central.changes(till, second, "catalog")
    await central.office.database.write(change_epoch)
    third = await central.snapshot(till, tmp_path / "3.db")

    assert second == first
    assert [change["id"] for group in groups for change in group] == ["b"]
    assert third.split(".")[0] != first.split(".")[0]


async def test_the_live_channel_nudges_and_keeps_heartbeats(central: Central) -> None:
    till = await central.office.new_till()
    beat = Heartbeat(
        unsent=3, oldest_unsent_at="2026-11-23T11:00:00.000000Z", version="0.1.0", clock_offset_ms=-40,
        devices=[DeviceStatus.of("Printer", "printer", "available")], chain=till.chain, seq=7,
    )  # fmt: skip
    headers = {"Authorization": f"Bearer {till.token}"}
    nudging = asyncio.create_task(api.nudge_tills(central.app))
    async with asyncio.timeout(20), central.session.ws_connect("/sync/v1/live", headers=headers) as socket:
        await socket.send_str("not a heartbeat")
        await socket.send_str(beat.model_dump_json())
        await central.publish("item", {"a": item("A")})
        assert (await socket.receive_json())["type"] == "changed"
    nudging.cancel()

    await central.office.tills.fleet.flush()

    (row,) = await central.office.tills.list_fleet()
    assert (row.unsent, row.version, row.clock_offset_ms, row.seq) == (3, "0.1.0", -40, 7)
    assert row.devices == [DeviceStatus.of("Printer", "printer", "available").model_dump()]
    assert (row.last_contact_at, row.open_forks, row.open_set_aside) == (central.office.clock(), 0, 0)


async def test_a_till_that_floods_its_live_channels_waits_and_nobody_else_does(central: Central) -> None:
    stolen, honest = await central.office.new_till("T1"), await central.office.new_till("T2")
    sockets, waits, over = central.app[api.SOCKETS], asyncio.Event(), asyncio.Event()

    async def rest(_: float) -> None:
        waits.set()
        await over.wait()

    sockets.pace, sockets.rest = Pace(burst=4, per_minute=1), rest
    channels = [
        await central.session.ws_connect("/sync/v1/live", headers={"Authorization": f"Bearer {till.token}"})
        for till in (stolen, stolen, honest)
    ]
    for seq in range(1, 50):
        beat = Heartbeat(
            unsent=0, oldest_unsent_at=None, version="0.1.0", clock_offset_ms=0, devices=[], chain=stolen.chain, seq=seq
        )
        await channels[seq % 2].send_str(beat.model_dump_json())
        await channels[seq % 2].ping()
    async with asyncio.timeout(20):
        await waits.wait()
        await channels[2].send_str("a sign of life")
        await channels[2].ping(b"there?")

    await central.office.tills.fleet.flush()

    rows = {row.code: row.seq for row in await central.office.tills.list_fleet()}
    assert rows["T1"] is not None
    assert rows["T1"] <= 10  # the bucket, and what fills up meanwhile
    over.set()
    for channel in channels:
        channel._response.close()


async def test_the_live_channel_of_a_till_that_is_shut_out_ends_although_it_says_nothing(central: Central) -> None:
    stolen, honest = await central.office.new_till("T1"), await central.office.new_till("T2")
    channels = [
        await central.session.ws_connect("/sync/v1/live", headers={"Authorization": f"Bearer {till.token}"})
        for till in (stolen, honest)
    ]
    closing = asyncio.create_task(api.close_shut_out(central.app))

    await central.office.tills.revoke(stolen.till, "lost")

    async with asyncio.timeout(20):
        assert (await channels[0].receive()).type is WSMsgType.CLOSE
    assert list(central.app[api.SOCKETS].open.values()) == [(await central.office.known(honest)).token_hash]
    closing.cancel()
    await channels[1].close()
