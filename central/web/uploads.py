"""Takes in files that are too large for memory: a form with one, whose token comes first, or a body that is one."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import TypeVar

from aiohttp import BodyPartReader, web

from central.identity.passwords import form_token_matches
from central.web.context import FORM_SECRET
from central.web.guards import FORM_FIELD, FORM_HEADER, STREAMED
from central.web.sheets import MAX_FILE_BYTES
from commerce.entrance import is_text
from commerce.errors import BadInputError, ForbiddenError

_READ_S = 30
_PIECE = 256 * 1024
_MOST_FIELD = 64 * 1024
_MOST_PARTS = 20
Taken = TypeVar("Taken", bound=Callable[..., Awaitable[web.StreamResponse]])


@dataclass(slots=True)
class Upload:
    """A form that came in: its texts, and where its files lie."""

    texts: dict[str, str] = field(default_factory=dict)
    files: dict[str, Path] = field(default_factory=dict)


def takes_files(handler: Taken) -> Taken:
    """Mark a handler of a form that reads it by ``receive_form``, which looks at its token itself."""
    setattr(handler, STREAMED, True)
    return handler


async def receive_form(request: web.Request, folder: Path) -> Upload:
    """Read a form, its files into a folder; ForbiddenError ``forbidden.form`` unless its token comes first.

    One of another type has no files, and nothing of it is read.
    """
    found, known = Upload(), bool(request.headers.get(FORM_HEADER))
    if request.content_type != "multipart/form-data":
        return _known(found, known=known)
    parts = await request.multipart()
    for number in range(_MOST_PARTS):
        part = await asyncio.wait_for(parts.next(), _READ_S)
        if part is None:
            break
        if not isinstance(part, BodyPartReader) or not part.name:
            raise BadInputError("bad_input")
        if part.filename is None:
            found.texts[part.name] = await _text(part)
            known = known or (part.name == FORM_FIELD and _holds(request, found.texts[part.name]))
        _known(found, known=known)
        if part.filename:
            (folder / str(number)).mkdir()
            found.files[part.name] = folder / str(number) / file_name(part.filename)
            await _write(_pieces(part), found.files[part.name])
    return _known(found, known=known)


async def receive_body(request: web.Request, target: Path) -> None:
    """Write a request's body to a file; BadInputError ``import.too_large``."""
    await _write(request.content.iter_chunked(_PIECE), target)


def file_name(given: str) -> str:
    """Return a name that is one on any disk: letters, digits and what joins them."""
    name = PurePath(given.replace("\\", "/")).name
    plain = "".join(char if char.isalnum() or char in "._- " else "_" for char in name).strip(". ")
    return plain[-100:] or "file"


async def _write(pieces: AsyncIterator[bytes], target: Path) -> None:
    size = 0
    with target.open("wb") as stream:
        while (piece := await asyncio.wait_for(anext(pieces, None), _READ_S)) is not None:
            size += len(piece)
            if size > MAX_FILE_BYTES:
                raise BadInputError("import.too_large", file=target.name, most_mb=MAX_FILE_BYTES >> 20)
            await asyncio.to_thread(stream.write, piece)


async def _pieces(part: BodyPartReader) -> AsyncIterator[bytes]:
    while piece := await part.read_chunk(_PIECE):
        yield bytes(piece)


async def _text(part: BodyPartReader) -> str:
    raw = bytearray()
    async for piece in _pieces(part):
        raw += piece
        if len(raw) > _MOST_FIELD:
            raise web.HTTPRequestEntityTooLarge(_MOST_FIELD, len(raw))
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        raise BadInputError("bad_input") from error
    if "\x00" in text or not is_text(text):
        raise BadInputError("bad_input")
    return text


def _known(found: Upload, *, known: bool) -> Upload:
    if not known:
        raise ForbiddenError("forbidden.form")
    return found


def _holds(request: web.Request, given: str) -> bool:
    secret = request.get(FORM_SECRET)
    return bool(secret) and form_token_matches(str(secret), given)
