"""The pages of a kind: its list, its form, its records. Every template can be replaced by one of the kind's own."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from aiohttp import web

from central.db.faults import DatabaseAwayError
from central.kit import forms, records, service
from central.kit.addresses import path_of, read_address
from central.kit.asking import Asking, asking
from central.kit.conflicts import Conflict, conflict_of
from central.kit.forms import Form
from central.kit.history import Told, history
from central.kit.kinds import Kind, Kinds
from central.kit.listing import read_list, settle
from central.kit.proposals import DoubtError, Proposal, Record
from central.kit.showing import Showing
from central.web.rendering import is_partial, page, words_of
from central.web.shell import safe_path
from commerce.errors import BadInputError, ConflictError, InvalidError, NotFoundError, PosError, Problem
from commerce.texts.errors import error_text

_COUNT_S = 0.4
_LOOKED_UP = 12


@dataclass(frozen=True, slots=True)
class Shown:
    """What a record's page shows besides its form; nothing of it for a new one."""

    record: Record | None = None
    title: str = ""
    told: tuple[Told, ...] = ()
    links: tuple[tuple[str, str], ...] = ()  # words and path of what names it


class KindPages:
    """The handlers of one kind."""

    def __init__(self, kind: Kind, kinds: Kinds) -> None:
        """Remember which."""
        self.kind = kind
        self.base = f"/{kind.path}"
        self._naming = [(other, path) for other, path in kinds.naming(kind) if path in other.narrowing]

    def add_routes(self, app: web.Application) -> None:
        """Serve them; an area that serves one of its own adds it before."""
        add = app.router
        add.add_get(self.base, self.show_list)
        add.add_post(self.base, self.save_new)
        add.add_get(f"{self.base}/count", self.show_count)
        add.add_get(f"{self.base}/new", self.show_new)
        add.add_get(f"{self.base}/look-up", self.look_up)
        add.add_post(f"{self.base}/act", self.act)
        add.add_post(f"{self.base}/check", self.check)
        add.add_get(f"{self.base}/{{record}}", self.show_record)
        add.add_post(f"{self.base}/{{record}}", self.save)
        add.add_post(f"{self.base}/{{record}}/check", self.check)
        add.add_post(f"{self.base}/{{record}}/delete", self.delete)

    async def show_list(self, request: web.Request) -> web.Response:
        """Show the list that the address asks for."""
        ask = await asking(request, self.kind)
        address = read_address(self.kind, request.query)
        listing = await ask.read(read_list, self.kind, address=address, language=ask.language)
        query = listing.address.query(self.kind)
        template = "table" if is_partial(request) else "list"
        answer = self._page(ask, template, listing=listing, query=query, address=path_of(self.base, query),
                            saved=request.query.get("saved", ""), notice=self._notice(request))  # fmt: skip
        if is_partial(request):
            answer.headers["HX-Push-Url"] = path_of(self.base, query)
        return answer

    async def show_count(self, request: web.Request) -> web.Response:
        """Say how many there are, as far as can be counted in a moment."""
        ask = await asking(request, self.kind)
        address = read_address(self.kind, request.query)

        def job(conn: Any, kind: Kind, company: str) -> int | None:  # noqa: ANN401 - SQLAlchemy's connection
            return records.hurried_count(conn, kind, company, settle(conn, kind, company, address).view, _COUNT_S)

        try:
            found = await ask.read(job, self.kind)
        except DatabaseAwayError:
            found = None
        return self._page(ask, "count", count=found, most=records.MOST_COUNTED)

    async def look_up(self, request: web.Request) -> web.Response:
        """Offer what fits what is being typed, by title."""
        ask = await asking(request, self.kind)
        typed = next(iter(request.query.values()), "")[:100]
        found = await ask.read(records.called, self.kind, typed=typed, most=_LOOKED_UP)
        return self._page(ask, "options", options=[self.kind.title(one.card) for one in found])

    async def show_new(self, request: web.Request) -> web.Response:
        """Show an empty form."""
        ask = await asking(request, self.kind)
        ask.actor.scope(self.kind.edit, ask.company).whole()
        form = await ask.read(forms.form_of, self.kind, card=self.kind.card(), language=ask.language)
        return await self._form_page(ask, form, "0", Shown())

    async def show_record(self, request: web.Request) -> web.Response:
        """Show a record: its form, its history, what names it."""
        ask = await asking(request, self.kind)
        shown, form = await ask.read(self._read_record, self.kind, ask=ask)
        return await self._form_page(ask, form, str(shown.record.version if shown.record else 0), shown)

    async def save_new(self, request: web.Request) -> web.Response:
        """Add a record."""
        return await self._save(request, None)

    async def save(self, request: web.Request) -> web.Response:
        """Change a record."""
        return await self._save(request, request.match_info["record"])

    async def check(self, request: web.Request) -> web.Response:
        """Say what is wrong with what is being typed, beside each field; what is still empty is no fault yet."""
        ask, sent = await asking(request, self.kind), await _sent(request)
        ask.actor.scope(self.kind.edit, ask.company).whole()
        form = forms.tidy(self.kind, sent)

        def job(conn: Any, kind: Kind, company: str) -> Proposal:  # noqa: ANN401 - SQLAlchemy's connection
            card, problems = forms.read_card(conn, kind, company, form)
            proposal = Proposal(card, request.match_info.get("record"), _version(sent), problems=problems)
            service.look_over(conn, kind, ask.edit, [proposal])
            return proposal

        found = await ask.read(job, self.kind)
        problems = tuple(one for one in found.problems if one.code != "field.needed")
        form = replace(form, problems=problems, warnings=tuple(found.warnings))
        words = words_of(request)
        return self._page(ask, "checked", form=form, say=lambda problem: problem_text(words, problem))

    async def delete(self, request: web.Request) -> web.Response:
        """Delete a record that nobody has changed since."""
        ask, sent = await asking(request, self.kind), await _sent(request)
        record = request.match_info["record"]
        try:
            shown = {record: _version(sent)}
            await ask.write(service.remove, kind=self.kind, edit=ask.edit, shown=shown)
        except (ConflictError, PosError) as error:
            if error.code not in ("version.stale", "record.used"):
                raise
            read, form = await ask.read(self._read_record, self.kind, ask=ask)
            version = str(read.record.version if read.record else 0)
            return await self._form_page(ask, form, version, read, refusal=error)
        raise web.HTTPSeeOther(path_of(self.base, {"saved": "deleted"}))

    async def act(self, request: web.Request) -> web.Response:
        """Do something to the records that were chosen in the list."""
        ask, sent = await asking(request, self.kind), await request.post()
        chosen = dict(_chosen(str(one)) for one in sent.getall("chosen", []))
        if sent.get("action") == "delete":
            await ask.write(service.remove, kind=self.kind, edit=ask.edit, shown=chosen)
        else:
            name = str(sent.get("action", ""))
            await ask.write(service.act, kind=self.kind, edit=ask.edit, name=name, ids=list(chosen))
        raise web.HTTPSeeOther(safe_path(sent.get("back")) if sent.get("back") else self.base)

    async def _save(self, request: web.Request, record: str | None) -> web.Response:
        ask, sent = await asking(request, self.kind), await _sent(request)
        edit = replace(ask.edit, accepted=frozenset(filter(None, sent.get("accept", "").split(","))))
        form = forms.tidy(self.kind, sent)
        if "add" in sent:
            return await self._again(ask, record, form, sent)

        def job(conn: Any) -> Record:  # noqa: ANN401 - SQLAlchemy's connection, passed on
            card, problems = forms.read_card(conn, self.kind, ask.company, form)
            proposal = Proposal(card, record, _version(sent), problems=problems)
            return service.save(conn, self.kind, edit, [proposal])[0]

        try:
            saved = await ask.write(job)
        except DoubtError as error:
            return await self._again(ask, record, replace(form, warnings=error.problems), sent, error)
        except InvalidError as error:
            return await self._again(ask, record, replace(form, problems=error.problems), sent, error)
        except ConflictError as error:
            return await self._again(ask, record, form, sent, error)
        raise web.HTTPSeeOther(_back(sent, self.base, saved.id))

    async def _again(
        self, ask: Asking, record: str | None, form: Form, sent: Mapping[str, str], error: PosError | None = None
    ) -> web.Response:
        """Show the form once more with everything that was typed."""
        shown, conflict = Shown(), None
        if record is not None:
            shown, _ = await ask.read(self._read_record, self.kind, ask=ask)
            if error is not None and error.code == "version.stale":
                conflict = await ask.read(self._read_conflict, self.kind, ask=ask, shown=shown, form=form)
        version = str(conflict.version if conflict else _version(sent) or 0)
        return await self._form_page(ask, form, version, shown, error, conflict)

    def _read_record(self, conn: Any, kind: Kind, company: str, ask: Asking) -> tuple[Shown, Form]:  # noqa: ANN401
        record = service.get(conn, kind, company, ask.request.match_info["record"])
        told = tuple(history(conn, kind, company, record.id, Showing(ask.language)))
        links = tuple(
            (other.words.many, path_of(f"/{other.path}", {path: record.id}))
            for other, path in self._naming
            if records.naming(conn, other, path, company, record.id)
        )
        form = forms.form_of(conn, kind, company, record.card, ask.language)
        return Shown(record, kind.title(record.card), told, links), form

    def _read_conflict(self, conn: Any, kind: Kind, company: str, ask: Asking, shown: Shown, form: Form) -> Conflict:  # noqa: ANN401
        if shown.record is None:
            raise NotFoundError("record.gone")
        card, _ = forms.read_card(conn, kind, company, form)
        return conflict_of(conn, kind, company, shown.record, card, ask.language)

    async def _form_page(
        self, ask: Asking, form: Form, version: str, shown: Shown, refusal: PosError | None = None,
        conflict: Conflict | None = None,
    ) -> web.Response:  # fmt: skip
        words, place = words_of(ask.request), f"{self.base}/{shown.record.id}" if shown.record else self.base
        return self._page(
            ask, "form", form=form, version=version, place=place,
            shown=shown, conflict=conflict, status=_status(refusal),
            refusal=error_text(words, refusal) if refusal else "",
            doubt=",".join(sorted({one.code for one in form.warnings})),
            say=lambda problem: problem_text(words, problem), zone=await ask.zone(), notice=self._notice(ask.request),
            back=safe_path(ask.request.query.get("back")) if ask.request.query.get("back") else "",
            may_edit=ask.may_edit(self.kind), labels={n: words.t(s.label) for n, s in self.kind.shapes.items()},
        )  # fmt: skip

    def _page(self, ask: Asking, name: str, status: int = 200, **values: object) -> web.Response:
        template = self.kind.templates.get(name, f"kit/{name}.html")
        values.setdefault("may_edit", ask.may_edit(self.kind))
        return page(ask.request, template, status=status, kind=self.kind, base=self.base, path_of=path_of, **values)

    def _notice(self, request: web.Request) -> str:
        words = words_of(request)
        if not request.query.get("saved"):
            return ""
        return words.t("Saved. The tills get it now.") if self.kind.feed else words.t("Saved.")


def problem_text(words: Any, problem: Problem) -> str:  # noqa: ANN401 - a translator
    """Return the sentence of one thing that is wrong."""
    return error_text(words, PosError(problem.code, **problem.values))


def _status(refusal: PosError | None) -> int:
    return 200 if refusal is None else refusal.status


async def _sent(request: web.Request) -> dict[str, str]:
    return {name: value for name, value in (await request.post()).items() if isinstance(value, str)}


def _version(sent: Mapping[str, str]) -> int | None:
    """Return the version that was shown; pressing "save mine over it" names the one that stands instead."""
    text = sent.get("over") or sent.get("version") or ""
    if not text:
        return None
    if not (text.isascii() and text.isdecimal()) or len(text) > 18:
        raise BadInputError("bad_input.field", field="version")
    return int(text)


def _chosen(text: str) -> tuple[str, int | None]:
    record, _, version = text.partition(":")
    return record, _version({"version": version})


def _back(sent: Mapping[str, str], base: str, record: str) -> str:
    """Return the list that somebody came from, its place and filters kept."""
    back = sent.get("back", "")
    target = safe_path(back) if back.startswith(base) else base
    return f"{target}{'&' if '?' in target else '?'}saved={record}#r-{record}"
