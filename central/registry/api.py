"""``/api/v1`` of the registry: items and operators."""

from collections.abc import Sequence
from typing import Any

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from central.identity.passwords import hash_pin
from central.identity.scope import Permission
from central.registry import queries, service
from central.registry.area import EDIT_ITEMS, EDIT_OPERATORS, SEE_ITEMS, SEE_OPERATORS
from central.registry.queries import StoredItem, newest_of, people
from central.registry.service import Edit, OperatorCard
from central.registry.values import ItemCard, parse_price
from central.web.api import MAX_LIST, Answer, ApiRoute, add_api, body_of, query_of
from central.web.keys import database, now
from central.web.paging import decode_cursor, encode_cursor
from central.web.scoping import scope_in
from commerce.money import price_text
from commerce.rights import ALL_RIGHTS, Right
from commerce.texts import N_


class Body(BaseModel):
    """What comes in; an unknown field is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class ItemBody(Body):
    """An item; ``price`` is a decimal string with VAT, None where the till asks. The article number identifies it.

    ``version`` is the one that was read before it was changed: left out for a new item, refused when somebody
    saved since.
    """

    sku: str
    names: dict[str, str]
    vat_code: str
    price: str | None = None
    codes: list[str] = []
    unit: str = "pc"
    brand: str = ""
    size: str = ""
    rank: int = Field(default=0, ge=0, le=10**9)
    version: int | None = Field(default=None, ge=0, lt=2**63)


class ItemsBody(Body):
    """Items to add or change, all or none."""

    items: list[ItemBody] = Field(min_length=1, max_length=MAX_LIST)


class ItemAnswer(ItemBody):
    """An item as it is held; its ``version`` goes back with a change."""

    id: str


class ItemList(Answer):
    """A page of items by name; ``next`` is None on the last."""

    items: list[ItemAnswer]
    next: str | None


class ItemQuery(Body):
    """Words of the name, a whole code or an article number."""

    q: str = Field(default="", max_length=100)
    after: str | None = None
    limit: int = Field(default=100, ge=1, le=MAX_LIST)


class OperatorBody(Body):
    """An operator and a shop to sell in; ``id`` with ``version`` changes one that exists.

    Without ``pin`` and ``rights`` one that exists keeps them; a new one may do everything.
    """

    id: str | None = None
    name: str
    shop: str
    pin: str | None = None
    rights: list[Right] | None = Field(default=None, max_length=len(ALL_RIGHTS))
    active: bool = True
    version: int | None = Field(default=None, ge=0, lt=2**63)


class OperatorAnswer(Answer):
    """An operator, never with anything of the PIN; ``version`` goes back with a change."""

    id: str
    name: str
    shops: list[str]
    rights: list[Right]
    active: bool
    version: int


class OperatorList(Answer):
    """All operators."""

    operators: list[OperatorAnswer]


def add_routes(app: web.Application) -> None:
    """Add this area's operations."""
    add_api(
        app,
        ApiRoute("GET", "/api/v1/items", list_items, N_("List items"), ItemList, query=ItemQuery),
        ApiRoute("PUT", "/api/v1/items", put_items, N_("Add or change items"), ItemList, body=ItemsBody),
        ApiRoute("GET", "/api/v1/operators", list_operators, N_("List operators"), OperatorList),
        ApiRoute("PUT", "/api/v1/operators", put_operator, N_("Add or change an operator"), OperatorAnswer,
                 body=OperatorBody),
    )  # fmt: skip


async def list_items(request: web.Request) -> ItemList:
    """Give a page of items."""
    asked, company = query_of(request, ItemQuery), str((await scope_in(request, SEE_ITEMS)).company)
    after: Any = tuple(map(str, decode_cursor(asked.after, 2))) if asked.after else None
    found = await database(request).read(
        lambda conn: queries.search_items(conn, company, words=asked.q, after=after, limit=asked.limit + 1)
    )
    shown = found[: asked.limit]
    more = encode_cursor(shown[-1].card.sort_name(), shown[-1].id) if len(found) > asked.limit else None
    return ItemList(items=[_item(one) for one in shown], next=more)


async def put_items(request: web.Request) -> ItemList:
    """Add or change items by their article numbers, in one transaction."""
    asked = body_of(request, ItemsBody)
    edit = await _edit(request, EDIT_ITEMS)

    def job(conn: Any) -> list[StoredItem]:  # noqa: ANN401 - SQLAlchemy's connection, passed on
        known = queries.items_by_sku(conn, edit.company, [one.sku for one in asked.items])
        return [
            service.save_item(conn, edit, _card(one), known[one.sku].id if one.sku in known else None, one.version)
            for one in asked.items
        ]

    return ItemList(items=[_item(one) for one in await database(request).write(job)], next=None)


async def list_operators(request: web.Request) -> OperatorList:
    """Give all operators."""
    scope = await scope_in(request, SEE_OPERATORS)
    found = await database(request).read(lambda conn: queries.list_operators(conn, str(scope.company)))
    rows = [row for row in found if scope.covers(row.company, row.shop)]
    return OperatorList(operators=[_operator(places) for places in people(rows)])


async def put_operator(request: web.Request) -> OperatorAnswer:
    """Add or change an operator."""
    asked = body_of(request, OperatorBody)
    edit = await _edit(request, EDIT_OPERATORS)
    pin = await hash_pin(asked.pin) if asked.pin is not None else None
    rights = None if asked.rights is None else tuple(asked.rights)
    card = OperatorCard(asked.name, asked.shop, rights, asked.active, pin)

    def job(conn: Any) -> list[Any]:  # noqa: ANN401 - SQLAlchemy's connection, passed on
        identity = service.save_operator(conn, edit, card, asked.id, asked.version)
        return list(queries.operator_places(conn, edit.company, identity).values())

    return _operator(await database(request).write(job))


async def _edit(request: web.Request, permission: Permission) -> Edit:
    scope = await scope_in(request, permission)
    return Edit(scope.actor, str(scope.company), now(request))


def _operator(places: Sequence[Any]) -> OperatorAnswer:
    newest = newest_of(places)
    shops = sorted(row.shop for row in places)
    return OperatorAnswer(
        id=newest.id,
        name=newest.name,
        shops=shops,
        rights=newest.rights,
        active=bool(newest.active),
        version=newest.version,
    )


def _card(body: ItemBody) -> ItemCard:
    price = None if body.price is None else parse_price(body.price, ".")
    return ItemCard(
        body.sku, body.names, body.vat_code, price, tuple(body.codes), body.unit, body.brand, body.size, body.rank
    )


def _item(stored: StoredItem) -> ItemAnswer:
    card = stored.card
    return ItemAnswer(
        id=stored.id,
        version=stored.version,
        sku=card.sku,
        names=card.names,
        vat_code=card.vat_code,
        price=None if card.price is None else price_text(card.price),
        codes=list(card.codes),
        unit=card.unit,
        brand=card.brand,
        size=card.size,
        rank=card.rank,
    )
