"""Reading bodies and writing answers: pydantic in, orjson out."""

import asyncio
import logging
from typing import TypeVar

import orjson
from aiohttp import web
from pydantic import BaseModel, ValidationError

from commerce.bounds import has_many_parts
from commerce.errors import BadInputError, PosError
from commerce.texts import translator
from commerce.texts.problems import CONTENT_TYPE, problem_document

log = logging.getLogger(__name__)

Model = TypeVar("Model", bound=BaseModel)
READ_S = 10
MOST_PARTS = 20_000  # objects and lists of one body: four for each line of the longest receipt


class TooLargeError(BadInputError):
    """The body is larger than any honest one."""

    status = 413
    default_code = "request.too_large"


class InternalError(PosError):
    """A bug of ours; the log has it."""

    default_code = "internal"


async def read_body(request: web.Request, model: type[Model], max_bytes: int) -> Model:
    """Return the body as the model; BadInputError names the first field that is wrong."""
    if request.content_type != "application/json":
        raise BadInputError("request.not_json")
    if (request.content_length or 0) > max_bytes:
        raise TooLargeError(limit=max_bytes)
    try:
        async with asyncio.timeout(READ_S):
            raw = await request.read()
    except TimeoutError as error:
        raise web.HTTPRequestTimeout from error
    if len(raw) > max_bytes:
        raise TooLargeError(limit=max_bytes)
    if has_many_parts(raw, MOST_PARTS):
        raise TooLargeError(limit=max_bytes)
    try:
        return model.model_validate(orjson.loads(raw))
    except orjson.JSONDecodeError as error:
        raise BadInputError("request.not_json") from error
    except ValidationError as error:
        raise _wrong_field(error) from error


def read_query(request: web.Request, model: type[Model]) -> Model:
    """Return the query's parameters as the model, others passed over; BadInputError names the first that is wrong."""
    try:
        return model.model_validate({key: text for key, text in request.query.items() if key in model.model_fields})
    except ValidationError as error:
        raise _wrong_field(error) from error


def json_answer(value: object, status: int = 200, content_type: str = "application/json") -> web.Response:
    """Return a value as JSON that nobody keeps."""
    return web.Response(body=orjson.dumps(value, default=_plain), status=status, content_type=content_type)


def error_answer(error: PosError, language: str) -> web.Response:
    """Return an error as RFC 9457 has it, in the caller's language."""
    document = problem_document(translator(language), error, error.status)
    return json_answer(document, error.status, CONTENT_TYPE)


def from_http(error: web.HTTPException) -> PosError:
    """Return aiohttp's own refusals as ours."""
    match error.status:
        case 404:
            return _with_status("request.no_such_address", 404)
        case 405:
            return _with_status("request.method", 405)
        case 413:
            return TooLargeError()
        case status:
            return _with_status("bad_input" if status < 500 else "internal", status)


def _with_status(code: str, status: int) -> PosError:
    error = PosError(code)
    error.status = status
    return error


def _wrong_field(error: ValidationError) -> BadInputError:
    """Name the field and the kind of fault; never the value, which may be a PIN."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    field = ".".join(str(part) for part in first["loc"])
    return BadInputError("bad_input.field" if field else "bad_input", field=field, fault=first["type"])


def _plain(value: object) -> str:
    """Show what JSON has no form for (decimals, enumerations) as text."""
    return str(value)
