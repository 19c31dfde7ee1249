"""An invented shop with one till, for tests of the till."""

from __future__ import annotations

import asyncio
import contextlib
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from commerce.ids import new_id
from commerce.ledger import Signer
from commerce.rights import ALL_RIGHTS
from commerce.wire import Change
from terminal.services.commands import (
    AddCode,
    AddTender,
    CompleteSale,
    OpenSession,
    SignOn,
)
from terminal.services.identity import Identity, make_identity
from terminal.services.operating import PinVerifier
from terminal.services.pins import bind_pin
from terminal.services.till_core import TillCore, close_till, open_till
from tests.fakes.clock import FakeClock

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
    from decimal import Decimal
    from pathlib import Path

    from terminal.services.clock import Clock
    from terminal.services.commands import Command
    from terminal.services.register import Register
    from terminal.services.results import Result
    from terminal.services.routes import Routes
    from terminal.services.state import RegisterState
    from terminal.services.steps import Steps

ANNA = "0193a000-0000-7000-8000-00000000000a"
BRUNO = "0193a000-0000-7000-8000-00000000000b"
CARLO = "0193a000-0000-7000-8000-00000000000c"  # may sell and no more
SHOP = "0193a000-0000-7000-8000-0000000000f0"
COMPANY = "0193a000-0000-7000-8000-0000000000f1"
SECRET = bytes(range(32))
PIN = "2468"
COFFEE, BREAD, CHEESE, LOOSE, BAG, BAG_TWIN = "8000000000017", "8000000000024", "cheese", "loose", "bag", "bag-twin"
CENTRAL = Signer(Ed25519PrivateKey.from_private_bytes(bytes(range(2, 34))))
_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))


def make_shop_identity(mode: str = "live", **shop: object) -> Identity:
    """Return the identity of an enrolled till."""
    return make_identity(
        _KEY,
        {
            "company": {
                "id": COMPANY,
                "name": "Emporio Aurora",
                "tax_id": "00000000000",
                "country": "IT",
                "currency": "EUR",
            },
            "shop": {"id": SHOP, "name": "Centro", "zone": "Europe/Rome", "languages": ["it", "en"]} | shop,
            "till": {"id": "0193a000-0000-7000-8000-0000000000f2", "code": "T1", "name": "Cassa 1", "mode": mode},
            "token": "00" * 32,
            "till_secret": SECRET.hex(),
            "central_public_key": CENTRAL.public_key.hex(),
        },
    )


def operating_changes(**settings: object) -> list[Change]:
    """Return the operating set as central sends it."""
    row = {
        "version": 3,
        "pos_type": "RECEIPT",
        "vat_mode": "gross",
        "cash_step": None,
        "warehouse": None,
        "drawer": "main",
        "layout": {"code": "standard", "version": 1, "header": ["Grazie"], "footer": []},
        "embedded_rules": [
            {"prefix": "21", "layout": "21 IIIII VVVVV C", "kind": "price", "decimals": 2},
            {"prefix": "22", "layout": "22 IIIII VVVVV C", "kind": "weight", "decimals": 3},
        ],
        "fiscal_required": False,
        "series_formula": "{series}/{yy}/{number:6}",
        "series_period": "yearly",
        "unknown_price": "ask",
        **settings,
    }
    return [
        Change(kind="till_settings", id=SHOP, version=3, row=row),
        _vat("22", "22.00", default=True),
        _vat("10", "10.00"),
        _vat("4", "4.00"),
        _tender("cash", "cash", 1, opens_drawer=True),
        _tender("card", "card", 2),
        _tender("voucher", "voucher", 3),
        _operator(ANNA, "Anna", b"a" * 16),
        _operator(BRUNO, "Bruno", b"b" * 16),
        _operator(CARLO, "Carlo", b"c" * 16, rights=["sell"]),
    ]


def items() -> list[Change]:
    """Return a small catalogue."""
    return [
        _item(COFFEE, "Caffè macinato", "3.49000000", "22", [COFFEE]),
        _item(BREAD, "Pane casereccio", "1.95000000", "4", [BREAD]),
        _item(CHEESE, "Pecorino", "18.90000000", "10", ["2200123000000", "2100123000000"], unit="kg"),
        _item(LOOSE, "Varie senza prezzo", None, "22", ["LOOSE"]),
        _item(BAG, "Busta", "0.10000000", "22", ["BAG"]),
        _item(BAG_TWIN, "Busta grande", "0.20000000", "22", ["BAG"]),
    ]


@dataclass
class TestTill:
    """An open till with its register running."""

    __test__ = False
    core: TillCore
    clock: Any

    @property
    def register(self) -> Register:
        return self.core.register

    @property
    def state(self) -> RegisterState:
        return self.core.register.state

    async def submit(self, command: Command) -> Result:
        return await self.core.register.submit(command)

    async def ready(self, opening_cash: int = 10_000) -> None:
        """Sign Anna on and open a session."""
        await self.submit(SignOn(new_id(), ANNA, PIN))
        await self.submit(OpenSession(new_id(), opening_cash))

    async def scan(self, code: str, quantity: Decimal | None = None) -> Result:
        return await self.submit(AddCode(new_id(), code, quantity))

    async def pay(self, kind: str = "cash", amount: int | None = None) -> Result:
        basket = self.state.basket
        assert basket is not None
        due = basket.settlement.remaining
        if due == 0:
            return await self.submit(CompleteSale(new_id(), basket.sale, due))
        return await self.submit(AddTender(new_id(), basket.sale, kind, due, amount))

    async def sell(self, *codes: str, kind: str = "cash", amount: int | None = None) -> Result:
        for code in codes or (COFFEE,):
            await self.scan(code)
        return await self.pay(kind, amount)


@asynccontextmanager
async def running_till(
    folder: Path,
    *,
    clock: Clock | None = None,
    mode: str = "live",
    steps: Steps | None = None,
    fill: bool = True,
    settings: dict[str, Any] | None = None,
    identity: Identity | None = None,
    routes: Routes | None = None,
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
) -> AsyncIterator[TestTill]:
    """Open a till on a folder, with its operating set and catalogue, until the block ends."""
    used = clock or FakeClock()
    identity = identity or make_shop_identity(mode)
    core = await open_till(folder, identity, clock=used, app_version="0.1.0", steps=steps, routes=routes, sleep=sleep)
    running = asyncio.create_task(core.register.run())
    try:
        if fill:
            await core.register.apply_operating(operating_changes(**(settings or {})), cursor="1.1.1")
            await core.catalog.apply_items(items(), "1.1.1")
        yield TestTill(core, used)
    finally:
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running
        await close_till(core)


async def nothing(_: float) -> None:
    """Wait for no time at all."""


def steady(state: RegisterState) -> RegisterState:
    """Return what of a state must survive a restart."""
    return replace(state, revision=0, notices=(), clock=None, last_z=None)  # type: ignore[arg-type]


def _vat(code: str, rate: str, *, default: bool = False) -> Change:
    row = {
        "code": code,
        "names": {"it": f"IVA {code}"},
        "rates": [["2013-10-01", rate]],
        "treatment": "taxed",
        "natura": None,
        "receipt_code": code,
        "default": default,
    }
    return Change(kind="vat_code", id=f"vat-{code}", version=1, row=row)


def _tender(code: str, kind: str, position: int, *, opens_drawer: bool = False) -> Change:
    row = {"code": code, "kind": kind, "names": {"it": code}, "opens_drawer": opens_drawer, "position": position}
    return Change(kind="tender_type", id=f"tender-{code}", version=1, row=row)


def _operator(operator: str, name: str, salt: bytes, rights: Sequence[str] = ALL_RIGHTS) -> Change:
    parameters = {"time_cost": 1, "memory_kib": 64, "parallelism": 1}
    verifier = bind_pin(PIN, PinVerifier(salt, b"", **parameters), SECRET).hex()
    row = {
        "name": name,
        "pin_salt": salt.hex(),
        "pin_verifier": verifier,
        "pin_params": parameters,
        "rights": list(rights),
        "active": True,
    }
    return Change(kind="operator", id=operator, version=1, row=row)


def _item(item: str, name: str, price: str | None, vat: str, codes: list[str], unit: str = "pc") -> Change:
    row = {
        "sku": item.upper(),
        "names": {"it": name},
        "unit": unit,
        "vat_code": vat,
        "price": price,
        "codes": codes,
        "rank": 0,
    }
    return Change(kind="item", id=item, version=1, row=row)
