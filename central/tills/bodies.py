"""Reading a till's request: size limits hold before and after decompression."""

from typing import TypeVar

from aiohttp import web
from pydantic import BaseModel, ValidationError
from zstandard import ZstdDecompressor, ZstdError

from central.tills.errors import TooLargeError
from commerce.errors import BadInputError
from commerce.wire import MAX_BODY_BYTES

M = TypeVar("M", bound=BaseModel)
_MAX_WINDOW = 8 * 1024 * 1024


async def read_body(request: web.Request) -> tuple[bytes, bool]:
    """Return the body as it came and whether it is compressed, by its type or by its encoding."""
    encoding = request.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding not in ("identity", "", "zstd"):
        raise BadInputError("wire.encoding", encoding=encoding[:20])
    try:
        return await request.read(), encoding == "zstd" or request.content_type == "application/zstd"
    except web.HTTPRequestEntityTooLarge as error:
        raise TooLargeError from error


def parse(model: type[M], raw: bytes, *, compressed: bool) -> M:
    """Return the message; BadInputError ``wire.zstd`` or ``wire.unreadable``, TooLargeError for a bomb."""
    plain = _decompress(raw) if compressed else raw
    try:
        return model.model_validate_json(plain)
    except ValidationError as error:
        place = ".".join(map(str, error.errors(include_url=False, include_input=False)[0]["loc"]))
        raise BadInputError("wire.unreadable", where=place[:100]) from error


def _decompress(raw: bytes) -> bytes:
    try:
        with ZstdDecompressor(max_window_size=_MAX_WINDOW).stream_reader(raw) as reader:
            plain = reader.read(MAX_BODY_BYTES + 1)
            if len(plain) > MAX_BODY_BYTES:
                raise TooLargeError
    except ZstdError as error:
        raise BadInputError("wire.zstd") from error
    return bytes(plain)
