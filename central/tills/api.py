"""What tills speak: ``/sync/v1``. Errors travel as ``commerce.wire.ErrorAnswer``."""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial, wraps
from time import monotonic

import orjson
from aiohttp import WSCloseCode, WSMsgType, web
from pydantic import BaseModel, Field
from zstandard import ZstdCompressor

from central.db.signals import ACCESS, FEED
from central.identity.audit import Act
from central.identity.limits import counted_address
from central.tills import credentials
from central.tills.errors import TooFastError, UnknownTokenError
from central.tills.messages import parse, parse_push, read_message
from central.tills.pace import Pace
from central.tills.pulling import change_lines, start_pull
from central.tills.service import TillService
from central.tills.snapshots import Snapshots
from central.web.addresses import client_address
from central.web.api import describe_also
from central.web.api_docs import SOCKETS as API_SOCKETS
from central.web.refused import write_down
from commerce.apis.operations import Operation, Socket
from commerce.errors import BadInputError, ForbiddenError, PosError
from commerce.rows import catalogue_statement
from commerce.texts import N_
from commerce.wire import (
    CATALOGUE_SIGNATURE,
    MAX_BODY_BYTES,
    MAX_ENROL_BYTES,
    EnrolAnswer,
    EnrolRequest,
    ErrorAnswer,
    GapAnswer,
    HeadsAnswer,
    Heartbeat,
    Nudge,
    PushAnswer,
    PushRequest,
)

_BEATS_BURST, _BEATS_PER_MINUTE = 120, 300  # of all channels of a till together; an honest one sends 12


@dataclass(slots=True)
class Sockets:
    """The live channels that are open, each with the digest of the token it came by."""

    open: dict[web.WebSocketResponse, bytes] = field(default_factory=dict)
    pace: Pace = field(default_factory=lambda: Pace(_BEATS_BURST, _BEATS_PER_MINUTE))
    rest: Callable[[float], Awaitable[object]] = asyncio.sleep


class ChangesQuery(BaseModel):
    """What is pulled: ``feed`` is ``operating`` or ``catalog``, ``after`` the cursor of the page before."""

    feed: str = Field(default="", examples=["operating", "catalog"])
    after: str = ""


SOCKETS = web.AppKey("till_sockets", Sockets)
TILLS = web.AppKey("tills", TillService)
SNAPSHOTS = web.AppKey("snapshots", Snapshots)


Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
_SMALL = 64 * 1024  # parsed on the loop when it is not compressed; everything else in a thread
_PARSERS = ThreadPoolExecutor(2, "central-wire")
_READ_S = 30
_HEARTBEAT_S = 20
_POLL_S = 60
_SEND_S = 2
_LONGEST_REST_S = 20


def add_routes(app: web.Application) -> None:
    """Add the sync routes; the application has ``TILLS`` and ``SNAPSHOTS``."""
    app[SOCKETS] = Sockets()
    app.on_shutdown.append(_close_sockets)
    for operation, handler in WIRE:
        app.router.add_route(operation.method, operation.path, handler)
    describe_also(app, *(operation for operation, _ in WIRE))
    app.setdefault(API_SOCKETS, []).append(_LIVE)


def speaks_wire(handler: Handler) -> Handler:
    """Turn expected failures into the wire's error answer."""

    @wraps(handler)
    async def answering(request: web.Request) -> web.StreamResponse:
        try:
            return await handler(request)
        except PosError as error:
            values = {name: value if isinstance(value, int) else str(value) for name, value in error.values.items()}
            answer = reply(ErrorAnswer(code=error.code, values=values), error.status)
            if "wait_s" in values:
                answer.headers["Retry-After"] = str(values["wait_s"])
            return answer

    return answering


@speaks_wire
async def enrol(request: web.Request) -> web.StreamResponse:
    """Exchange a one-time code for an identity."""
    raw, compressed = await _read(request, MAX_ENROL_BYTES)
    if compressed:  # before a till has shown who it is, a request costs what it weighs
        raise BadInputError("wire.encoding", encoding="zstd")
    message = parse(EnrolRequest, raw)
    try:
        return reply(await request.app[TILLS].enrol(message, counted_address(client_address(request))))
    except ForbiddenError:
        await write_down(request, Act("enrolment.refused", "till", "-", {}))
        raise


@speaks_wire
async def push(request: web.Request) -> web.StreamResponse:
    """Take entries of one chain. Revoked tills are heard too: what they send is set aside."""
    tills = request.app[TILLS]
    known = await tills.recognise(_token(request))
    tills.check_pace(known)
    try:
        raw, compressed = await _read(request, MAX_BODY_BYTES)
        message = await _parse_push(raw, compressed=compressed)
    except PosError:
        tills.charge_refused(known)
        raise
    answer = await tills.receive(known, message)
    return reply(answer, 409 if isinstance(answer, GapAnswer) else 200)


@speaks_wire
async def heads(request: web.Request) -> web.StreamResponse:
    """Say what central holds of the asking till."""
    tills = request.app[TILLS]
    return reply(await tills.heads(await tills.admit(_token(request))))


@speaks_wire
async def changes(request: web.Request) -> web.StreamResponse:
    """Stream changed registry rows, one commit a line."""
    tills = request.app[TILLS]
    known = await tills.admit(_token(request))
    asked = ChangesQuery.model_validate(dict(request.query))
    pull = await start_pull(tills.database, known, asked.feed, asked.after)
    response = web.StreamResponse(headers={"Content-Type": "application/x-ndjson"})
    compressor = None
    if "zstd" in request.headers.get("Accept-Encoding", ""):
        compressor = ZstdCompressor(level=3).compressobj()
        response.headers["Content-Encoding"] = "zstd"
    await response.prepare(request)
    async for line in change_lines(tills.database, pull):
        chunk = compressor.compress(line) if compressor else line
        if chunk:
            await response.write(chunk)
    if compressor:
        await response.write(compressor.flush())
    await response.write_eof()
    return response


@speaks_wire
async def snapshot(request: web.Request) -> web.StreamResponse:
    """Send the ready catalogue file (always zstd) and say where changes go on."""
    known = await request.app[TILLS].admit(_token(request))
    ready = await request.app[SNAPSHOTS].get(known)
    signature = request.app[TILLS].signer.sign(catalogue_statement(known.company, ready.digest))
    headers = {
        "Content-Encoding": "zstd",
        "Content-Type": "application/vnd.sqlite3",
        "X-Feed-Cursor": ready.cursor,
        CATALOGUE_SIGNATURE: signature.hex(),
    }
    return web.FileResponse(ready.path, headers=headers)


@speaks_wire
async def live(request: web.Request) -> web.StreamResponse:
    """Hold a till's live channel: nudges go down, heartbeats come up."""
    tills = request.app[TILLS]
    known = await tills.admit(_token(request))
    socket = web.WebSocketResponse(heartbeat=_HEARTBEAT_S, max_msg_size=_SMALL, autoping=False)
    await socket.prepare(request)
    request.app[SOCKETS].open[socket] = known.token_hash
    try:
        async for message in socket:
            await _pace(request.app[SOCKETS], known.till)
            if message.type is WSMsgType.PING:
                await socket.pong(message.data)
            if message.type is WSMsgType.TEXT:
                tills.fleet.heard(known, message.data)
            if (await tills.recognise(_token(request))).revoked:
                break
    finally:
        request.app[SOCKETS].open.pop(socket, None)
        await socket.close()
    return socket


async def _pace(sockets: Sockets, till: str) -> None:
    """Let a till that says more than heartbeats wait: what it sends meanwhile stays with it."""
    now_s = monotonic()
    try:
        sockets.pace.check(till, now_s)
    except TooFastError as error:
        await sockets.rest(min(int(str(error.values["wait_s"])), _LONGEST_REST_S))
    sockets.pace.take(till, 1, 0, now_s)


async def nudge_tills(app: web.Application) -> None:
    """Tell connected tills about every publication, for ever; one that just connected pulls without being told."""
    message = Nudge().model_dump_json()
    with app[TILLS].database.signals.subscribe(FEED) as news:
        while True:
            if not await news.wait(_POLL_S):
                continue
            for socket in set(app[SOCKETS].open):
                with suppress(ConnectionError, TimeoutError):
                    async with asyncio.timeout(_SEND_S):
                        await socket.send_str(message)


async def close_shut_out(app: web.Application) -> None:
    """End the live channels of tills that were shut out, for ever; those that say nothing too."""
    database, channels = app[TILLS].database, app[SOCKETS].open
    with database.signals.subscribe(ACCESS) as news:
        while True:
            shut_out = await database.read(partial(credentials.shut_out, digests=list(set(channels.values()))))
            for socket in [one for one, digest in channels.items() if digest in shut_out]:
                with suppress(ConnectionError, TimeoutError):
                    async with asyncio.timeout(_SEND_S):
                        await socket.close(code=WSCloseCode.POLICY_VIOLATION)
            await news.wait(_POLL_S)


async def _close_sockets(app: web.Application) -> None:
    for socket in set(app[SOCKETS].open):
        await socket.close(code=1001)


async def _read(request: web.Request, most: int) -> tuple[bytes, bool]:
    try:
        async with asyncio.timeout(_READ_S):
            return await read_message(request, most)
    except TimeoutError as error:
        raise web.HTTPRequestTimeout from error


async def _parse_push(raw: bytes, *, compressed: bool) -> PushRequest:
    """Parse on the loop what is small as it came; what may grow is taken apart by two threads and no more."""
    if not compressed and len(raw) <= _SMALL:
        return parse_push(raw, compressed=False)
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(_PARSERS, partial(parse_push, raw, compressed=compressed))


def _token(request: web.Request) -> str:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or len(token) != 64:
        raise UnknownTokenError
    return token


def reply(message: BaseModel, status: int = 200) -> web.Response:
    """Return a message as JSON."""
    return web.Response(body=orjson.dumps(message.model_dump()), status=status, content_type="application/json")


_of_tills = partial(Operation, tag="tills", refusal=ErrorAnswer, refusal_type="application/json", security=("till",))
_LIVE = Socket(
    path="/sync/v1/live",
    description=N_("The till says how it is, head office says that there is news."),
    receive=(Nudge,),
    send=(Heartbeat,),
)
WIRE: tuple[tuple[Operation, Handler], ...] = (
    (_of_tills(method="POST", path="/sync/v1/enrol", summary=N_("Exchange a one-time code for an identity"),
               body=EnrolRequest, answer=EnrolAnswer, security=()), enrol),
    (_of_tills(method="POST", path="/sync/v1/ledger", summary=N_("Take entries of one chain"), body=PushRequest,
               answer=PushAnswer, others={409: GapAnswer | ErrorAnswer}), push),
    (_of_tills(method="GET", path="/sync/v1/heads", summary=N_("What head office holds of the till"),
               answer=HeadsAnswer), heads),
    (_of_tills(method="GET", path="/sync/v1/changes", media_type="application/x-ndjson", query=ChangesQuery,
               summary=N_("Changed registry rows, one commit a line")), changes),
    (_of_tills(method="GET", path="/sync/v1/snapshot", media_type="application/vnd.sqlite3",
               summary=N_("The ready catalogue file")), snapshot),
    (_of_tills(method="GET", path="/sync/v1/live", summary=N_("The live channel of a till (WebSocket)"), status=101),
     live),
)  # fmt: skip
