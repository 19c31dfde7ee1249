"""Reading what a till sends: sizes hold before and after decompression, and nothing is made that is not asked for.

A push is decoded by its type, so that the first thing in a wrong place ends the reading: a parser that makes a tree of
whatever comes took 2.5 GB for 2.9 KB.
"""

from functools import cache
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from aiohttp import web
from pydantic import BaseModel, ValidationError
from zstandard import ZstdDecompressor, ZstdError

from central.tills.errors import TooLargeError
from commerce.bounds import MOST_BODY_BYTES, MOST_HEADER_BYTES, MOST_WHOLE, has_many_parts
from commerce.errors import BadInputError
from commerce.wire import (
    MAX_BATCH_ENTRIES,
    MAX_BODY_BYTES,
    MAX_PERSONAL_BYTES,
    SIGNATURE_CHARS,
    PushRequest,
    WireEntry,
)

M = TypeVar("M", bound=BaseModel)
_MAX_WINDOW = 8 * 1024 * 1024
_CHUNK = 256 * 1024
_MOST_PARTS = 100  # of a message that is no push


async def read_message(request: web.Request, most: int) -> tuple[bytes, bool]:
    """Return the body as it came, at most so long, and whether it is compressed, by its type or by its encoding."""
    encoding = request.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding not in ("identity", "", "zstd"):
        raise BadInputError("wire.encoding", encoding=encoding[:20])
    if (request.content_length or 0) > most:
        raise TooLargeError
    raw = bytearray()
    async for chunk in request.content.iter_any():
        raw += chunk
        if len(raw) > most:
            raise TooLargeError
    return bytes(raw), encoding == "zstd" or request.content_type == "application/zstd"


def parse(model: type[M], raw: bytes) -> M:
    """Return a small message that was not compressed; BadInputError ``wire.unreadable``."""
    if has_many_parts(raw, _MOST_PARTS):
        raise BadInputError("wire.unreadable", where="")
    try:
        return model.model_validate_json(raw)
    except ValidationError as error:
        place = ".".join(map(str, error.errors(include_url=False, include_input=False)[0]["loc"]))
        raise BadInputError("wire.unreadable", where=place[:100]) from error


def parse_push(raw: bytes, *, compressed: bool) -> PushRequest:
    """Return a push; BadInputError ``wire.zstd`` or ``wire.unreadable``, TooLargeError for a bomb."""
    plain = _decompress(raw) if compressed else raw
    try:
        push = _decoder().decode(plain)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise BadInputError("wire.unreadable", where=str(error)[:100]) from error
    entries = [
        WireEntry.model_construct(
            seq=one.seq, header=one.header, body=one.body, hash=one.hash, signature=one.signature, personal=one.personal
        )
        for one in push.entries
    ]
    return PushRequest.model_construct(wire=1, till=push.till, chain=push.chain, entries=entries)


class _Entry(msgspec.Struct, forbid_unknown_fields=True):
    """``commerce.wire.WireEntry``, bounds included."""

    seq: Annotated[int, msgspec.Meta(ge=1, le=MOST_WHOLE)]
    header: Annotated[str, msgspec.Meta(max_length=MOST_HEADER_BYTES)]
    body: Annotated[str, msgspec.Meta(max_length=MOST_BODY_BYTES)]
    hash: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}\\Z")]
    signature: Annotated[str, msgspec.Meta(max_length=SIGNATURE_CHARS)]
    personal: Annotated[str, msgspec.Meta(max_length=MAX_PERSONAL_BYTES)] | None = None


class _Push(msgspec.Struct, forbid_unknown_fields=True):
    """``commerce.wire.PushRequest``, bounds included."""

    till: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\\Z")]
    chain: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{32}\\Z")]
    entries: Annotated[list[_Entry], msgspec.Meta(min_length=1, max_length=MAX_BATCH_ENTRIES)]
    wire: Literal[1] = 1


@cache
def _decoder() -> Any:  # noqa: ANN401 - msgspec's own
    return msgspec.json.Decoder(_Push)


def _decompress(raw: bytes) -> bytes:
    plain = bytearray()
    try:
        with ZstdDecompressor(max_window_size=_MAX_WINDOW).stream_reader(raw) as reader:
            while chunk := reader.read(_CHUNK):
                plain += chunk
                if len(plain) > MAX_BODY_BYTES:
                    raise TooLargeError
    except ZstdError as error:
        raise BadInputError("wire.zstd") from error
    return bytes(plain)
