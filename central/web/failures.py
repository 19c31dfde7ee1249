"""Puts what went wrong into words: a page for people, a stable code with its sentence for programs."""

import orjson
from aiohttp import web

from central.identity.audit import Act
from central.web.context import language_of
from central.web.guards import Handler
from central.web.refused import write_down
from central.web.rendering import is_partial, page
from commerce.errors import PosError
from commerce.texts import translator
from commerce.texts.errors import error_text
from commerce.texts.problems import CONTENT_TYPE, problem_document

_RIGHTS = frozenset({"forbidden.role", "forbidden.company", "forbidden.shops", "user.elsewhere", "role.more"})


@web.middleware
async def answer_failures(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn expected failures into answers; everything else is a bug and travels on to the server's log."""
    if request.path.startswith("/sync/"):  # speaks the wire's own language
        return await handler(request)
    try:
        return await handler(request)
    except PosError as error:
        if error.code in _RIGHTS:
            change = {"method": (None, request.method), "permission": (None, error.values.get("permission", "-"))}
            await write_down(request, Act("right.refused", "page", request.path[:200], change))
        return failure(request, error)
    except web.HTTPNotFound:
        return failure(request, PosError("not_found"), status=404)
    except web.HTTPMethodNotAllowed:
        return failure(request, PosError("method"), status=405)
    except web.HTTPRequestEntityTooLarge:
        return failure(request, PosError("too_large"), status=413)


def failure(request: web.Request, error: PosError, status: int | None = None) -> web.Response:
    """Return the answer for an expected failure."""
    code = status or error.status
    text = error_text(translator(language_of(request)), error)
    if request.path.startswith("/api/"):
        document = problem_document(translator(language_of(request)), error, code)
        answer = web.Response(body=orjson.dumps(document, default=str), status=code, content_type=CONTENT_TYPE)
    elif is_partial(request):
        answer = page(request, "web/notice.html", status=code, kind="error", text=text)
        answer.headers.update({"HX-Retarget": "#notices", "HX-Reswap": "innerHTML"})
    else:
        answer = page(request, "web/failure.html", status=code, text=text, code=error.code)
    if "wait_s" in error.values:
        answer.headers["Retry-After"] = str(error.values["wait_s"])
    return answer
