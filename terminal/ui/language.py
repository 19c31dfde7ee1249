"""Which language a caller reads."""

from aiohttp import web

from commerce.texts import LANGUAGES


def language_of(request: web.Request, default: str) -> str:
    """Return ``?lang=``, else the first of ``Accept-Language`` that we have, else the default."""
    asked = request.query.get("lang")
    if asked in LANGUAGES:
        return asked
    return _accepted(request.headers.get("Accept-Language", "")) or (default if default in LANGUAGES else LANGUAGES[0])


def _accepted(header: str) -> str | None:
    wishes = [_wish(part) for part in header.split(",")[:20]]
    known = [(quality, language) for quality, language in wishes if language in LANGUAGES and quality > 0]
    return max(known, key=lambda wish: wish[0])[1] if known else None


def _wish(part: str) -> tuple[float, str]:
    name, _, quality = part.partition(";")
    try:
        weight = float(quality.strip().removeprefix("q=") or 1)
    except ValueError:
        weight = 0.0
    return weight, name.strip().split("-")[0].lower()
