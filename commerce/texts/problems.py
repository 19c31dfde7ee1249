"""What is wrong, for whoever has to put it right: problem+json for programs, sentences by field for forms.

RFC 9457; a page and the API say the same because both are made here, of ``PosError.problems``.
"""

from __future__ import annotations

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
    """Return an error as RFC 9457 wants it, with every problem's field, code, sentence and values in ``errors``."""
    text = error_text(words, error)
    return {
        "type": f"urn:cassaforte:problem:{error.code}",
        "title": text,
        "status": status,
        "code": error.code,
        "values": _plain(error.values),
        "errors": [
            {"field": one.field, "code": one.code, "detail": problem_text(words, one), "values": _plain(one.values)}
            for one in error.problems
            if one.field or len(error.problems) > 1
        ],
    }


def _plain(values: Any) -> dict[str, str]:  # noqa: ANN401 - whatever an error carries
    return {name: str(value) for name, value in values.items()}
