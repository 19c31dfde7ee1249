"""The pages of a kind's records: form, record, look-up; what one is beside, and what one is led to."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from aiohttp import web

from central.kit import forms, records, service
from central.kit.addresses import path_of
from central.kit.asking import Asking, asking
from central.kit.conflicts import Conflict, conflict_of, settled
from central.kit.forms import Form
from central.kit.history import Told, history
from central.kit.kinds import Kind
from central.kit.links import Link, links_of
from central.kit.proposals import DoubtError, Proposal, Record
from central.kit.served import Served, sent_of, version_of
from central.kit.showing import Showing
from central.web.rendering import is_partial, words_of
from central.web.shell import safe_path
from commerce.errors import ConflictError, InvalidError, NotFoundError, PosError
from commerce.texts.errors import error_text

_LOOKED_UP = 12


@dataclass(frozen=True, slots=True)
class Shown:
    """What a record's page shows besides its form; nothing of it for a new one."""

    record: Record | None = None
    title: str = ""
    told: tuple[Told, ...] = ()
    links: tuple[Link, ...] = ()


class KindPages(Served):
    """The handlers of one kind's records."""

    def add_routes(self, app: web.Application) -> None:
        """Serve them; an area that serves one of its own adds it before."""
        add = app.router
        add.add_post(self.base, self.save_new)
        add.add_get(f"{self.base}/new", self.show_new)
        add.add_get(f"{self.base}/look-up", self.look_up)
        add.add_post(f"{self.base}/check", self.check)
        add.add_get(f"{self.base}/{{record}}", self.show_record)
        add.add_post(f"{self.base}/{{record}}", self.save)
        add.add_post(f"{self.base}/{{record}}/check", self.check)
        add.add_post(f"{self.base}/{{record}}/delete", self.delete)

    async def look_up(self, request: web.Request) -> web.Response:
        """Offer what fits what is being typed, by title."""
        ask = await asking(request, self.kind)
        typed = next(iter(request.query.values()), "")[:100]
        found = await ask.read(records.called, self.kind, typed=typed, most=_LOOKED_UP)
        return self.page(ask, "options", options=[self.kind.title(one.card) for one in found])

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
        ask, sent = await asking(request, self.kind), await sent_of(request)
        ask.actor.scope(self.kind.edit, ask.company).whole()
        form = forms.tidy(self.kind, sent)

        def job(conn: Any, kind: Kind, company: str) -> Proposal:  # noqa: ANN401 - SQLAlchemy's connection
            card, problems = forms.read_card(conn, kind, company, form)
            proposal = Proposal(card, request.match_info.get("record"), version_of(sent), problems=problems)
            service.look_over(conn, kind, ask.edit, [proposal])
            return proposal

        found = await ask.read(job, self.kind)
        problems = tuple(one for one in found.problems if one.code != "field.needed")
        form = replace(form, problems=problems, warnings=tuple(found.warnings))
        return self.page(ask, "checked", form=form)

    async def delete(self, request: web.Request) -> web.Response:
        """Delete a record that nobody has changed since."""
        ask, sent = await asking(request, self.kind), await sent_of(request)
        record = request.match_info["record"]
        try:
            shown = {record: version_of(sent)}
            await ask.write(service.remove, kind=self.kind, edit=ask.edit, shown=shown)
        except (ConflictError, PosError) as error:
            if error.code not in ("version.stale", "record.used"):
                raise
            read, form = await ask.read(self._read_record, self.kind, ask=ask)
            version = str(read.record.version if read.record else 0)
            return await self._form_page(ask, form, version, read, refusal=error)
        raise web.HTTPSeeOther(path_of(self.base, {"saved": "deleted"}))

    async def _save(self, request: web.Request, record: str | None) -> web.Response:
        ask, sent = await asking(request, self.kind), await sent_of(request)
        edit = replace(ask.edit, accepted=frozenset(filter(None, sent.get("accept", "").split(","))))
        form = forms.tidy(self.kind, sent)
        if "add" in sent:
            return await self._again(ask, record, form, sent)

        def job(conn: Any) -> Record:  # noqa: ANN401 - SQLAlchemy's connection, passed on
            card, problems = forms.read_card(conn, self.kind, ask.company, form)
            if record is not None and sent.get("over"):
                card = settled(self.kind, service.get(conn, self.kind, ask.company, record).card, card, sent)
            proposal = Proposal(card, record, version_of(sent), problems=problems)
            return service.save(conn, self.kind, edit, [proposal])[0]

        try:
            saved = await ask.write(job)
        except DoubtError as error:
            return await self._again(ask, record, replace(form, warnings=error.problems), sent, error)
        except InvalidError as error:
            return await self._again(ask, record, replace(form, problems=error.problems), sent, error)
        except ConflictError as error:
            return await self._again(ask, record, form, sent, error)
        target = self.back(sent.get("back"), saved=saved.id) + f"#r-{saved.id}"
        if is_partial(request):  # beside its list: the whole page goes on
            return web.Response(headers={"HX-Redirect": target})
        raise web.HTTPSeeOther(target)

    async def _again(
        self, ask: Asking, record: str | None, form: Form, sent: Mapping[str, str], error: PosError | None = None
    ) -> web.Response:
        """Show the form once more with everything that was typed."""
        shown, conflict = Shown(), None
        if record is not None:
            shown, _ = await ask.read(self._read_record, self.kind, ask=ask)
            if error is not None and error.code == "version.stale":
                conflict = await ask.read(self._read_conflict, self.kind, ask=ask, shown=shown, form=form)
        version = str(version_of({"version": sent.get("version", "")}) or 0)  # pressing Save again is refused again
        return await self._form_page(ask, form, version, shown, error, conflict)

    def _read_record(self, conn: Any, kind: Kind, company: str, ask: Asking) -> tuple[Shown, Form]:  # noqa: ANN401
        record = service.get(conn, kind, company, ask.request.match_info["record"])
        told = tuple(history(conn, kind, company, record.id, Showing(ask.language)))
        links = tuple(links_of(conn, kind, self.kinds, company, record, ask.actor))
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
        return self.page(
            ask, "form", form=form, version=version, place=place,
            shown=shown, conflict=conflict, status=_status(refusal),
            refusal=error_text(words, refusal) if refusal else "",
            doubt=",".join(sorted({one.code for one in form.warnings})),
            zone=await ask.zone(), beside=is_partial(ask.request),
            back=safe_path(ask.request.query.get("back")) if ask.request.query.get("back") else "",
            may_edit=ask.may_edit(self.kind), labels={n: words.t(s.label) for n, s in self.kind.shapes.items()},
        )  # fmt: skip


def _status(refusal: PosError | None) -> int:
    return 200 if refusal is None else refusal.status
