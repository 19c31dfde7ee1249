"""``/api/v1`` of a kind: list, get, create, patch, delete, many at once. It says and does what the pages do."""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any

import orjson
from aiohttp import web
from pydantic import BaseModel

from central.kit import service
from central.kit.addresses import read_address
from central.kit.asking import Asking, asking
from central.kit.errors import PreconditionFailedError, PreconditionMissingError
from central.kit.kinds import Kind
from central.kit.listing import read_records, settle, with_rows
from central.kit.models import Accepting, card_of, models_of, said_of
from central.kit.proposals import Proposal
from central.kit.requests import Reply, once
from central.web.api import ApiRoute, add_api, body_of, query_of
from central.web.keys import now
from central.web.paging import encode_cursor
from commerce.apis.operations import JSON_TYPE, NO_CONTENT, Header
from commerce.errors import BadInputError, ConflictError, InvalidError, PosError
from commerce.texts import N_

_MOST_KEY = 200
_TAG = Header("ETag", "The version of the record, for If-Match.")
MATCH = Header("If-Match", "The version that was read, as its ETag said it.", needed=True)
_KEY = Header(
    "Idempotency-Key", "Asked again under the same key, the same is answered and nothing is done twice; a day long."
)
_SEEING = ("forbidden.role", "company.unknown", "api.query")
_WRITING = (*_SEEING, "forbidden.shops", "api.body", "invalid", "request.reused", "field.needed", "field.long",
            "field.many", "field.characters", "field.number", "field.decimals", "field.range", "field.day",
            "field.choice", "field.unknown", "field.taken", "row.unknown")  # fmt: skip
_CHANGING = ("record.gone", "precondition.missing", "precondition.stale")


def add_routes(app: web.Application, kind: Kind) -> None:
    """Serve a kind to programs."""
    add_api(app, *_routes(kind))


def _routes(kind: Kind) -> tuple[ApiRoute, ...]:
    """Return its operations. Their names are made of the kind's, whatever the addresses are."""
    made, serve, name, names = models_of(kind), KindApi(kind), kind.name, kind.path.replace("-", "_")
    route = partial(ApiRoute, encodes=True, tag=kind.name, subject=kind.words.many)
    every, one = f"/api/v1/{kind.path}", f"/api/v1/{kind.path}/{{record}}"
    return (
        route("GET", every, serve.show_list, N_("list"), made.page, made.query, name=f"list_{names}",
              errors=(*_SEEING, "list.sort", "list.filter", "page.cursor")),
        route("POST", every, serve.create, N_("add one"), made.answer, Accepting, made.body, name=f"add_{name}",
              status=201, asks=(_KEY,), gives=(_TAG,), errors=_WRITING),
        route("POST", f"{every}/bulk", serve.save_many, N_("save many, all or none"), made.page, Accepting, made.bulk,
              name=f"save_{names}", asks=(_KEY,), errors=(*_WRITING, *_CHANGING)),
        route("GET", one, serve.show, N_("read one"), made.answer, name=f"get_{name}", gives=(_TAG,),
              errors=(*_SEEING, "record.gone")),
        route("PATCH", one, serve.change, N_("change one"), made.answer, Accepting, made.patch, name=f"change_{name}",
              asks=(MATCH, _KEY), gives=(_TAG,), errors=(*_WRITING, *_CHANGING)),
        route("DELETE", one, serve.delete, N_("delete one"), name=f"delete_{name}", status=NO_CONTENT, asks=(MATCH,),
              errors=(*_SEEING, "forbidden.shops", "record.used", *_CHANGING)),
    )  # fmt: skip


class KindApi:
    """The handlers of one kind. They encode their answers: what is kept under a key goes out again as it is."""

    def __init__(self, kind: Kind) -> None:
        """Remember which."""
        self.kind = kind
        self.models = models_of(kind)

    async def show_list(self, request: web.Request) -> web.Response:
        """Return a page of records, whole, in the order of the address."""
        ask, query = await asking(request, self.kind), query_of(request, self.models.query).model_dump()
        address, limit = read_address(self.kind, query), query["limit"]

        def job(conn: Any, kind: Kind, company: str) -> dict[str, Any]:  # noqa: ANN401 - SQLAlchemy's connection
            found, more = read_records(conn, kind, company, settle(conn, kind, company, address), limit)
            place = more.after if more else None
            said = [said_of(kind, record) for record in with_rows(conn, kind, company, found)]
            return {"records": said, "next": encode_cursor(*place) if place else None}

        return web.Response(body=orjson.dumps(await ask.read(job, self.kind)), content_type=JSON_TYPE)

    async def show(self, request: web.Request) -> web.Response:
        """Return a record; its ETag goes back with a change."""
        ask = await asking(request, self.kind)
        record = await ask.read(service.get, self.kind, record=request.match_info["record"])
        return _answer(self._reply(record))

    async def create(self, request: web.Request) -> web.Response:
        """Add a record."""
        ask, sent = await asking(request, self.kind), body_of(request, self.models.body)
        return await self._once(ask, sent, partial(self._save, ask=ask, sent=sent, status=201))

    async def change(self, request: web.Request) -> web.Response:
        """Change what a body names of a record of the version that If-Match names."""
        ask, sent = await asking(request, self.kind), body_of(request, self.models.patch)
        version = if_match(request)
        job = partial(self._save, ask=ask, sent=sent, record=request.match_info["record"], version=version)
        return await self._once(ask, sent, job)

    async def delete(self, request: web.Request) -> web.Response:
        """Delete a record of the version that If-Match names."""
        ask, shown = await asking(request, self.kind), {request.match_info["record"]: if_match(request)}
        try:
            await ask.write(service.remove, kind=self.kind, edit=ask.edit, shown=shown)
        except ConflictError as error:
            raise precondition(error) from error
        return web.Response(status=NO_CONTENT)

    async def save_many(self, request: web.Request) -> web.Response:
        """Add and change records, all or none; each that stands names its version."""
        ask, sent = await asking(request, self.kind), body_of(request, self.models.bulk)
        return await self._once(ask, sent, partial(self._save_many, ask=ask, sent=sent))

    def _save(
        self, conn: Any, ask: Asking, sent: BaseModel, status: int = 200, record: str | None = None,  # noqa: ANN401
        version: int | None = None,
    ) -> Reply:  # fmt: skip
        standing = None if record is None else service.get(conn, self.kind, ask.company, record).card
        proposal = Proposal(None, record, version)
        proposal.card = card_of(self.kind, sent, proposal.problems, standing)
        return self._reply(service.save(conn, self.kind, ask.edit, [proposal])[0], status)

    def _save_many(self, conn: Any, ask: Asking, sent: Any) -> Reply:  # noqa: ANN401
        proposals = [Proposal(None, one.id, one.version) for one in sent.records]
        for one, proposal in zip(sent.records, proposals, strict=True):
            proposal.card = card_of(self.kind, one, proposal.problems)
        with _in_records(len(proposals)):
            saved = service.save(conn, self.kind, ask.edit, proposals)
        said = {"records": [said_of(self.kind, record) for record in saved], "next": None}
        return Reply(200, orjson.dumps(said).decode())

    async def _once(self, ask: Asking, sent: BaseModel, job: Callable[..., Reply]) -> web.Response:
        """Save, and under an Idempotency-Key only the first time."""
        key = ask.request.headers.get("Idempotency-Key", "")
        if len(key) > _MOST_KEY or not key.isprintable():
            raise BadInputError("api.query", field="Idempotency-Key", fault="too long")
        if key:
            digest = _digest(ask, sent)
            job = partial(_kept, ask.actor.id or "", key, digest, now(ask.request), job)
        try:
            return _answer(await ask.write(job))
        except ConflictError as error:
            raise precondition(error) from error

    def _reply(self, record: Any, status: int = 200) -> Reply:  # noqa: ANN401 - a Record
        return Reply(status, orjson.dumps(said_of(self.kind, record)).decode(), f'"{record.version}"')


@contextmanager
def _in_records(many: int) -> Iterator[None]:
    """Say of what is refused where it was sent; the service numbers what is wrong with several, and not with one."""
    under = "records" if many > 1 else "records.0"
    try:
        yield
    except InvalidError as error:
        found = [replace(one, field=".".join(filter(None, (under, one.field)))) for one in error.problems]
        raise type(error)(*found) from error
    except PosError as error:
        if "field" in error.values:
            error.values["field"] = f"{under}.{error.values['field']}"
        raise


def _kept(actor: str, key: str, digest: bytes, at: Any, job: Callable[..., Reply], conn: Any) -> Reply:  # noqa: ANN401
    return once(conn, actor, key, digest, at, job)


def _digest(ask: Asking, sent: BaseModel) -> bytes:
    request = ask.request
    wanted = f"{request.method} {request.path_qs} {ask.company} {request.headers.get('If-Match', '')}"
    asked = f"{wanted} {sent.model_dump_json()}"
    return hashlib.sha256(asked.encode()).digest()


def _answer(reply: Reply) -> web.Response:
    headers = {"ETag": reply.tag} if reply.tag else {}
    return web.Response(body=reply.body.encode(), status=reply.status, content_type=JSON_TYPE, headers=headers)


def if_match(request: web.Request) -> int:
    """Return the version that a program read; PreconditionMissingError without one."""
    text = request.headers.get("If-Match", "").strip().removeprefix("W/").strip('"')
    if not (text.isascii() and text.isdecimal()) or len(text) > 18:
        raise PreconditionMissingError
    return int(text)


def precondition(error: ConflictError) -> Exception:
    """Return a conflict of versions as programs are told it."""
    return PreconditionFailedError(**error.values) if error.code == "version.stale" else error
