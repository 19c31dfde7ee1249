"""What is wrong, for whoever has to put it right: problem+json for programs, sentences by field for forms.

RFC 9457; a page and the API say the same because both are made here, of ``PosError.problems``.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from commerce.errors import BadInputError
from commerce.texts.errors import error_text

if TYPE_CHECKING:
    from commerce.errors import PosError, Problem
    from commerce.texts import Translator

CONTENT_TYPE = "application/problem+json"


def problem_text(words: Translator, problem: Problem) -> str:
    """Return the sentence of one thing that is wrong."""
    return error_text(words, BadInputError(problem.code, **dict(problem.values)))


def field_texts(words: Translator, error: PosError | None) -> dict[str, str]:
    """Return the sentences of everything that is wrong by field; under "" those of no field."""
    found: dict[str, list[str]] = {}
    for one in error.problems if error else ():
        found.setdefault(one.field, []).append(problem_text(words, one))
    return {name: " ".join(texts) for name, texts in found.items()}


def problem_document(words: Translator, error: PosError, status: int) -> dict[str, Any]:
    """Return an error as RFC 9457 wants it: ``detail`` is for people, ``code`` and ``values`` are for programs.

    ``errors`` has everything that is wrong with its field, where there is one or several are.
    """
    found = error.problems if len(error.problems) > 1 or error.problems[0].field else ()
    return {
        "type": f"urn:cassaforte:problem:{error.code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": error_text(words, error),
        "code": error.code,
        "values": dict(error.values),
        "errors": [
            {"field": one.field, "code": one.code, "detail": problem_text(words, one), "values": dict(one.values)}
            for one in found
        ],
    }
