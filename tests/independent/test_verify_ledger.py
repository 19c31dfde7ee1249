"""A verifier written from docs/ledger.md alone, run over ledgers of the real till and over changed copies of them."""

from __future__ import annotations

import asyncio
import hashlib
import re
import shutil
import sqlite3
import subprocess
import sys
from dataclasses import fields, is_dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from commerce import basket as sale
from commerce.basket import Basket, apply
from commerce.bodies.form import Part
from commerce.bodies.line import StageBody
from commerce.bodies.paid import ChargeBody, DepositBody
from commerce.bodies.reading import BODIES
from commerce.canonical import canonical_bytes
from commerce.discounts import discounted
from commerce.documents import IssuedNumber, numbered_body, unnumbered_body
from commerce.ids import new_id
from commerce.kinds import Kind
from commerce.ledger import Signer, entry_hash
from commerce.tender import Tender, TenderKind
from terminal.db import documents
from terminal.services.commands import ChangeQuantity, CloseSession, OpenSession, VoidLine, VoidSale
from terminal.services.payments import sale_context
from terminal.services.verification import verify_ledger
from tests.commerce.test_basket_events import discount
from tests.shared_data import PROJECT
from tests.terminal.shop import BREAD, COFFEE, TestTill, make_shop_identity, running_till

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from terminal.services.chains import Write

SCRIPT = Path(__file__).parent / "verify_ledger.py"
PAGE = (PROJECT / "docs" / "ledger.md").read_text(encoding="utf-8")
FIRST, SECOND = (Ed25519PrivateKey.from_private_bytes(bytes([n]) * 32) for n in (1, 2))
SIGNERS = {signer.key_id: signer for signer in (Signer(FIRST), Signer(SECOND))}


def run(ledger: Path, *keys: bytes) -> tuple[int, str]:
    """Run the script as anybody would: in a process of its own that does not find our packages."""
    command = [sys.executable, "-I", str(SCRIPT), str(ledger), *(key.hex() for key in keys)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


async def a_day(till: TestTill) -> None:
    """What the till sells today: receipts, a cut, voids, a print of unknown outcome, a Z; and the shapes that come."""
    await till.ready()
    await till.sell(COFFEE, BREAD, amount=1000)
    await till.scan(COFFEE, Decimal(3))
    await till.submit(ChangeQuantity(new_id(), first_line(till), Decimal(1)))
    await till.scan(BREAD)
    await till.submit(VoidLine(new_id(), first_line(till)))
    await till.pay("card")
    await till.scan(COFFEE)
    await till.submit(VoidSale(new_id(), "changed their mind"))
    printing = next(e["id"] for e in (await till.sell(kind="voucher", amount=500)).values["effects"])
    await till.register.settle_effect(printing, "unknown", "printer.silent")
    await till.scan(COFFEE, Decimal(-1))
    await till.pay()
    await with_every_shape(till)
    await till.submit(CloseSession(new_id(), 10_000))


def first_line(till: TestTill) -> str:
    assert till.state.basket is not None
    return till.state.basket.lines[0].id


async def with_every_shape(till: TestTill) -> None:
    """Commit a sale with stages, a promotion, a discount on the whole, a charge and a deposit, as the till commits."""
    await till.scan(COFFEE, Decimal(3))
    await till.scan(BREAD)
    basket, moment = till.state.basket, till.core.register._moment()
    assert basket is not None
    unnumbered = unnumbered_body(shaped(basket), sale_context(till.core.register._till, till.state), (), ready=True)
    series, total = till.core.chains.series(till.state.operating), unnumbered["settlement"]["total"]

    def write(write: Write) -> None:
        day = moment.at.date()
        number = documents.take_number(write.tx, series.id, str(day.year), day)
        issued = IssuedNumber(new_id(), "receipt", series.id, series.code, str(day.year), number, f"n{number}", day)
        body = numbered_body(unnumbered, issued, write.receipt_code(day, total))
        entry = write.append(moment, Kind.SALE_COMPLETED, body)
        documents.add_document(write.tx, issued, write.origin.chain, entry.seq)

    await till.core.chains.write(write)
    await till.submit(VoidSale(new_id()))


def shaped(basket: Basket) -> Basket:
    first, second = basket.lines
    stages = [StageBody("percent", "10.00000000", "customer", "c", "remaining")]
    staged = discounted(first.total, stages, "EUR")
    charge = ChargeBody("ch-1", "transport", {"it": "Trasporto"}, "customer", None, 250, first.stored.vat)
    events = [
        sale.lines_priced([replace(first, discounts=staged.discounts, total=staged.total)]),
        sale.promotions_set([discount("p-1", "percent", "20", {second.id: -39})]),
        sale.document_discount_set(discount("d-1", "percent", "5")),
        sale.charges_set([charge]),
        sale.deposits_set([DepositBody("dep-1", None, "T1/26/000001", "2026-11-20", 100)]),
    ]
    for event in events:
        basket = apply(basket, orjson.loads(canonical_bytes(event)))
    tender = Tender(new_id(), "card", TenderKind.CARD, {"it": "Carta"}, "EUR", basket.settlement.due)
    return apply(basket, sale.tender_added(tender))


async def make_ledger(folder: Path) -> None:
    """Three live chains under two keys, a training chain between them."""
    async with running_till(folder, identity=replace(make_shop_identity(), private_key=FIRST)) as till:
        await a_day(till)
        await till.submit(OpenSession(new_id(), 5_000))
        await till.sell()
        await till.register.open_new_chain("restored")
        await till.sell(BREAD)
        await till.submit(CloseSession(new_id(), 5_000))
    async with running_till(folder, identity=replace(make_shop_identity("training"), private_key=SECOND)) as till:
        await till.ready()
        await till.sell()
    async with running_till(folder, identity=replace(make_shop_identity(), private_key=SECOND), fill=False) as till:
        await till.ready()
        await till.sell()
        await till.submit(CloseSession(new_id(), 1))


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The ledger of a till's days, closed."""
    folder = tmp_path_factory.mktemp("till")
    asyncio.run(make_ledger(folder))
    return folder / "ledger.db"


@pytest.fixture
def copy(ledger: Path, tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """A copy of it that can be changed."""
    shutil.copy(ledger, tmp_path / "ledger.db")
    database = sqlite3.connect(tmp_path / "ledger.db", isolation_level=None)
    for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        database.execute(f"DROP TRIGGER {name}")
    yield database
    database.close()


def verdict(copy: sqlite3.Connection, *keys: bytes) -> tuple[int, str]:
    return run(Path(copy.execute("PRAGMA database_list").fetchone()[2]), *keys)


def rewrite(copy: sqlite3.Connection, kind: str, change: Callable[[Any], Any], nth: int = 0) -> None:
    """Change a body and seal the chain anew from there, with the till's own key: links and signatures hold again."""
    chain, seq = copy.execute(
        "SELECT chain, seq FROM entry JOIN chain USING (chain) WHERE kind = ? ORDER BY position, seq LIMIT 1 OFFSET ?",
        (kind, nth),
    ).fetchone()
    rows = copy.execute("SELECT seq, header, body FROM entry WHERE chain = ? AND seq >= ? ORDER BY seq", (chain, seq))
    previous = ""
    for place, raw_header, raw_body in rows.fetchall():
        header, body = orjson.loads(raw_header), orjson.loads(raw_body)
        encoded = canonical_bytes(change(body)) if place == seq else bytes(raw_body)
        header |= {"body_hash": hashlib.sha256(encoded).hexdigest(), "prev": previous or header["prev"]}
        sealed = canonical_bytes(header)
        digest = entry_hash(sealed)
        signature = SIGNERS[header["key_id"]].sign(digest)
        copy.execute(
            "UPDATE entry SET header = ?, body = ?, hash = ?, signature = ? WHERE chain = ? AND seq = ?",
            (sealed, encoded, digest, signature, chain, place),
        )
        previous = digest.hex()


def test_it_finds_nothing_wrong_with_what_the_till_wrote(ledger: Path) -> None:
    kinds = {row[0] for row in sqlite3.connect(ledger).execute("SELECT kind FROM entry")}

    assert run(ledger) == (0, "")
    assert all(found.problem is None for found in verify_ledger(ledger))
    assert kinds >= {
        "chain_opened", "sale_completed", "sale_voided", "line_voided", "session_closed", "checkpoint",
        "effect_intended", "effect_settled", "operator_signed_on",
    }  # fmt: skip


def test_it_takes_the_keys_that_head_office_knows_and_no_other(ledger: Path) -> None:
    keys = [signer.public_key for signer in SIGNERS.values()]

    assert run(ledger, *keys) == (0, "")
    status, said = run(ledger, keys[1])
    assert status == 1
    assert "brings a key that nobody vouches for" in said


def test_what_is_no_ledger_says_so(tmp_path: Path) -> None:
    (tmp_path / "other.db").write_bytes(b"nothing of the kind" * 100)

    assert run(tmp_path / "other.db")[0] == 2


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("UPDATE entry SET body = replace(body, '349', '111') WHERE kind = 'sale_completed'", "body was changed"),
        ("UPDATE entry SET header = replace(header, 'live', 'life') || ' ' WHERE seq = 4", "header was changed"),
        ("UPDATE entry SET signature = zeroblob(64) WHERE seq = 5", "has another's signature"),
        ("DELETE FROM entry WHERE seq = 6", "follows 5"),
        ("DELETE FROM chain WHERE position = 2", "its chain is not listed"),
        ("DELETE FROM entry WHERE seq > 15",
         "does not follow the chain before it"),
        ("UPDATE entry SET seq = 1007 WHERE seq = 7; UPDATE entry SET seq = 7 WHERE seq = 8", "names another place"),
    ],
)  # fmt: skip
def test_what_was_changed_in_the_file_is_named(copy: sqlite3.Connection, change: str, said: str) -> None:
    copy.executescript(change)

    status, found = verdict(copy)

    assert status == 1
    assert said in found


def put(path: str, value: object) -> Callable[[Any], Any]:
    """Return a change that puts a value in a place of a body; ``+n`` adds to what is there."""

    def change(body: Any) -> Any:  # noqa: ANN401 - JSON
        *way, last = [int(part) if part.isdigit() else part for part in path.split(".")]
        inner = body
        for part in way:
            inner = inner[part]
        inner[last] = inner[last] + value if isinstance(value, int) and not isinstance(value, bool) else value
        return body

    return change


# (kind, which of them, change, what is said)
FORGED = [
    ("sale_completed", 0, put("lines.0.amount", 1), "does not add up"),
    ("sale_completed", 0, put("lines.0.unit_price", "9.00000000"), "does not add up"),
    ("sale_completed", 0, put("settlement.change", -1), "is not settled"),
    ("sale_completed", 0, put("settlement.deposits", 1), "deposits do not hold"),
    ("sale_completed", 0, put("tenders.0.value", 1), "does not hold"),
    ("sale_completed", 0, put("taxes.0.tax", 1), "taxes are not those of the lines"),
    ("sale_completed", 4, put("document_discounts.0.shares.0.1", 1), "do not add up"),
    ("sale_completed", 4, put("document_discounts.0.shares.0.0", "nobody"), "shares name lines that are not there"),
    ("sale_completed", 4, put("charges.0.amount", 1), "taxes are not those of the lines"),
    ("sale_completed", 1, put("document.number", 1), "number 3 follows 1"),
    ("sale_completed", 1, put("document.date", "2026-01-01"), "date goes back"),
    ("sale_completed", 1, put("document.series", "0" * 32 + "/receipt"), "of another's series"),
    ("sale_completed", 0, put("receipt_code", "CF1." + "A" * 156), "receipt code is another's"),
    ("sale_completed", 0, put("further", "field"), "has not the fields"),
    ("sale_completed", 0, put("lines.0.quantity", "1.0"), "is no quantity"),
    ("session_closed", 0, put("totals.total", 1), "Z totals are not the session's"),
    ("session_closed", 0, put("tenders.0.amount", 1), "Z tenders are not the session's"),
    ("session_closed", 0, put("taxes.0.tax", 1), "Z taxes are not the session's"),
    ("session_closed", 0, put("voids", 1), "Z counts are not the session's"),
    ("session_closed", 0, put("expected_cash", 1), "Z cash are not the session's"),
    ("checkpoint", 0, put("totals.gross_total", 1), "checkpoint's totals"),
    ("checkpoint", 0, put("counters.0.last_number", 1), "checkpoint's counters"),
    ("checkpoint", 0, put("head_hash", "0" * 64), "checkpoint is of another place"),
    ("line_voided", 0, put("quantity", "9.000000"), "takes away more than there was"),
    ("effect_settled", 0, put("effect", "nobody's"), "settles what nobody intended"),
    ("chain_opened", 1, put("previous_seq", 1), "does not follow the chain before it"),
]


@pytest.mark.parametrize(("kind", "nth", "change", "said"), FORGED, ids=[f"{row[0]}-{row[3]}" for row in FORGED])
def test_what_a_till_that_lies_would_sign_is_named(
    copy: sqlite3.Connection, kind: str, nth: int, change: Callable[[Any], Any], said: str
) -> None:
    rewrite(copy, kind, change, nth)

    status, found = verdict(copy)

    assert status == 1
    assert said in found


def test_sealing_anew_without_a_change_is_no_fault(copy: sqlite3.Connection) -> None:
    """So that the forgeries above are found for what they say and not for how they were made."""
    rewrite(copy, "sale_completed", lambda body: body, nth=7)

    assert verdict(copy) == (0, "")


def documented(title: str) -> list[str]:
    section = PAGE.split(f"#### {title}\n", 1)[1].split("\n#", 1)[0]
    return re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)


def test_the_page_has_the_fields_of_every_kind_and_of_no_other() -> None:
    titles = re.findall(r"^#### `(\w+)` (\d+)$", PAGE, re.MULTILINE)

    assert {(kind, int(version)) for kind, version in titles} == set(BODIES)
    for (kind, version), body in BODIES.items():
        assert documented(f"`{kind}` {version}") == list(body.__slots__)


def test_the_page_has_the_fields_of_every_part() -> None:
    titles = re.findall(r"^#### \*([\w ]+)\*$", PAGE, re.MULTILINE)
    parts = {tuple(field.name for field in fields(part)) for part in every_part(Part)}

    assert len(titles) > 25
    assert [title for title in titles if tuple(documented(f"*{title}*")) not in parts] == []


def every_part(kind: type[Part]) -> list[Any]:
    found = [part for inner in kind.__subclasses__() for part in (inner, *every_part(inner))]
    return [part for part in found if is_dataclass(part)]


def test_kinds_without_a_body_are_named_as_such() -> None:
    later = PAGE.split("### Kinds that come later\n", 1)[1].split("\n##", 1)[0]

    assert {kind.value for kind in Kind if (kind.value, 1) not in BODIES} == set(
        re.findall(r"`(\w+)`", later.split("Each comes")[0])
    )


def test_the_script_knows_nothing_of_ours() -> None:
    imported = re.findall(r"^(?:from|import) (\w+)", SCRIPT.read_text(encoding="utf-8"), re.MULTILINE)

    assert {"commerce", "terminal", "central", "tests"} & set(imported) == set()
