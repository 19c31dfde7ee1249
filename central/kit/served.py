"""What the handlers of a kind's pages share."""

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from central.kit.addresses import path_of
from central.kit.asking import Asking
from central.kit.kinds import Kind, Kinds
from central.web.rendering import page, words_of
from central.web.shell import safe_path
from commerce.errors import BadInputError, PosError, Problem
from commerce.texts.errors import error_text


class Served:
    """Serves one kind; every template can be replaced by one of the kind's own."""

    def __init__(self, kind: Kind, kinds: Kinds) -> None:
        """Remember which."""
        self.kind, self.kinds = kind, kinds
        self.base = f"/{kind.path}"

    def page(self, ask: Asking, name: str, status: int = 200, **values: object) -> web.Response:
        """Return one of the kind's pages."""
        template = self.kind.templates.get(name, f"kit/{name}.html")
        values.setdefault("may_edit", ask.may_edit(self.kind))
        words = words_of(ask.request)
        say = lambda problem: problem_text(words, problem)  # noqa: E731 - a function of the template's
        return page(ask.request, template, status=status, kind=self.kind, base=self.base, path_of=path_of, say=say,
                    **values)  # fmt: skip

    def back(self, wanted: object, **added: str) -> str:
        """Return the list that somebody came from, its place and filters kept."""
        target = safe_path(wanted)
        target = target if target.partition("?")[0] == self.base else self.base
        query = path_of("", added)[1:]
        return f"{target}{'&' if '?' in target else '?'}{query}" if query else target


def problem_text(words: Any, problem: Problem) -> str:  # noqa: ANN401 - a translator
    """Return the sentence of one thing that is wrong."""
    return error_text(words, PosError(problem.code, **problem.values))


async def sent_of(request: web.Request) -> dict[str, str]:
    """Return a form's texts."""
    return {name: value for name, value in (await request.post()).items() if isinstance(value, str)}


def version_of(sent: Mapping[str, str]) -> int | None:
    """Return the version that was shown; pressing "save mine over it" names the one that stands instead."""
    text = sent.get("over") or sent.get("version") or ""
    if not text:
        return None
    if not (text.isascii() and text.isdecimal()) or len(text) > 18:
        raise BadInputError("bad_input.field", field="version")
    return int(text)
