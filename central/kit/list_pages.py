"""The pages of a kind's list: the list, its saved views, what is done to many at once, what changed meanwhile."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from aiohttp import web

from central.db.events import keys_since, newest_event
from central.db.faults import DatabaseAwayError
from central.db.feed import Place
from central.identity import audit
from central.kit import bulk, records, service, views
from central.kit.addresses import Address, path_of, read_address
from central.kit.asking import Asking, asking
from central.kit.listing import Listing, read_list, settle
from central.kit.served import Served, sent_of, version_of
from central.kit.views import SavedView
from central.web.paging import decode_cursor, encode_cursor
from central.web.rendering import is_partial, words_of
from commerce.errors import BadInputError, NotFoundError
from commerce.texts import N_

_COUNT_S = 0.4
_DELETE = N_("Delete")
_NAMED = 8  # of those that are to be confirmed
_TOLD = 500  # changes of a list, at most


@dataclass(frozen=True, slots=True)
class _Read:
    """What a list's page shows; without a listing, where its default view is."""

    views: list[SavedView]
    listing: Listing | None
    place: str  # in what happens: what comes after it is news
    deed: bulk.Deed | None = None


class ListPages(Served):
    """The handlers of one kind's list."""

    def add_routes(self, app: web.Application) -> None:
        """Serve them; before the pages of records, whose ids may be anything."""
        add = app.router
        add.add_get(self.base, self.show_list)
        add.add_get(f"{self.base}/count", self.show_count)
        add.add_get(f"{self.base}/news", self.show_news)
        add.add_post(f"{self.base}/act", self.act)
        add.add_post(f"{self.base}/undo", self.undo)
        add.add_post(f"{self.base}/views", self.keep_view)
        add.add_post(f"{self.base}/views/{{view}}/delete", self.drop_view)

    async def show_list(self, request: web.Request) -> web.Response:
        """Show the list that the address asks for, or the view that somebody begins with."""
        ask, address = await asking(request, self.kind), read_address(self.kind, request.query)
        read = await ask.read(self._read, self.kind, ask=ask, address=address)
        if read.listing is None:
            kept = {name: request.query[name] for name in ("saved", "done") if name in request.query}
            begins = views.default_of(read.views)
            raise web.HTTPSeeOther(path_of(self.base, {**(begins.query if begins else {}), **kept}))
        query = self._canonical(request, read.listing.address)
        partial_ = is_partial(request)
        answer = self.page(
            ask, "table" if partial_ else "list", listing=read.listing, query=query, partial=partial_,
            address=path_of(self.base, query), saved=request.query.get("saved", ""), views=read.views, deed=read.deed,
            here_view={name: text for name, text in query.items() if name != "after"}, place=read.place,
            notice=self._notice(request), deed_label=self._label(read.deed.action) if read.deed else "",
            undo_s=bulk.UNDO_S,
        )  # fmt: skip
        if partial_:
            answer.headers["HX-Push-Url"] = path_of(self.base, query)
        return answer

    async def show_count(self, request: web.Request) -> web.Response:
        """Say how many there are, as far as can be counted in a moment."""
        ask, address = await asking(request, self.kind), read_address(self.kind, request.query)

        def job(conn: Any, kind: Any, company: str) -> int | None:  # noqa: ANN401 - SQLAlchemy's connection
            return records.hurried_count(conn, kind, company, settle(conn, kind, company, address).view, _COUNT_S)

        try:
            found = await ask.read(job, self.kind)
        except DatabaseAwayError:
            found = None
        return self.page(ask, "count", count=found, most=records.MOST_COUNTED)

    async def show_news(self, request: web.Request) -> web.Response:
        """Say quietly what changed since a list or a record was drawn: nothing moves by itself."""
        ask, query = await asking(request, self.kind), request.query
        if "record" in query:
            version, record = version_of({"version": query.get("version", "")}) or 0, query["record"]
            last = await ask.read(self._changed, self.kind, record=record, version=version)
            return self.page(ask, "news", keys=[], last=last, zone=await ask.zone(), many=False)
        after = Place(*_whole(decode_cursor(query.get("after", ""), 2)))

        def job(conn: Any, kind: Any, company: str) -> list[str]:  # noqa: ANN401 - SQLAlchemy's connection
            return keys_since(conn, company, f"{kind.name}.changed", after, _TOLD)

        keys = await ask.read(job, self.kind)
        return self.page(ask, "news", keys=keys, last=None, zone="UTC", many=len(keys) >= _TOLD)

    async def act(self, request: web.Request) -> web.Response:
        """Ask whether something is to be done to the records that were chosen, then do it."""
        ask, sent = await asking(request, self.kind), await request.post()
        ask.actor.scope(self.kind.edit, ask.company).whole()
        action, back = str(sent.get("action", "")), str(sent.get("back", ""))
        label = self._label(action)
        chosen = dict(_chosen(str(one)) for one in sent.getall("chosen", []))
        if sent.get("every") == "1":
            chosen = await ask.read(self._every, self.kind, address=self._address(back))
        if not chosen:
            raise BadInputError("bulk.nothing")
        if sent.get("sure") != "1":
            return await self._ask_whether(ask, action, label, chosen, back)
        job = partial(bulk.carry_out, kind=self.kind, edit=ask.edit, action=action, chosen=chosen)
        raise web.HTTPSeeOther(self.back(back, done=await ask.write(job)))

    async def undo(self, request: web.Request) -> web.Response:
        """Take back what was just done to many."""
        ask, sent = await asking(request, self.kind), await sent_of(request)
        await ask.write(bulk.take_back, kind=self.kind, edit=ask.edit, deed=sent.get("deed", ""))
        raise web.HTTPSeeOther(self.back(sent.get("back"), saved="undone"))

    async def keep_view(self, request: web.Request) -> web.Response:
        """Save the address that somebody is at under a name."""
        ask, sent = await asking(request, self.kind), await sent_of(request)
        query = self._address(sent.get("back", "")).query(self.kind)
        shared, first = sent.get("shared") == "1", sent.get("is_default") == "1"
        job = partial(views.keep_view, kind=self.kind, edit=ask.edit, name=sent.get("name", ""), query=query)
        await ask.write(job, shared=shared, is_default=first)
        raise web.HTTPSeeOther(path_of(self.base, query or {"view": "all"}))

    async def drop_view(self, request: web.Request) -> web.Response:
        """Forget a saved view; the list stays as it is."""
        ask, sent = await asking(request, self.kind), await sent_of(request)
        await ask.write(views.drop_view, kind=self.kind, edit=ask.edit, view=request.match_info["view"])
        raise web.HTTPSeeOther(self.back(sent.get("back")))

    def _read(self, conn: Any, kind: Any, company: str, ask: Asking, address: Address) -> _Read:  # noqa: ANN401
        query = ask.request.query
        found = views.views_of(conn, kind, company, str(ask.actor.id))
        if not {*query} - {"saved", "done", "lang"} and views.default_of(found):
            return _Read(found, None, "")
        place = newest_event(conn)
        deed = bulk.deed_of(conn, kind, ask.edit, query["done"]) if "done" in query else None
        listing = read_list(conn, kind, company, address, ask.language)
        return _Read(found, listing, encode_cursor(place.xid, place.position), deed)

    def _changed(self, conn: Any, kind: Any, company: str, record: str, version: int) -> audit.PastAct | None:  # noqa: ANN401
        found = records.find(conn, kind, company, [record]).get(record)
        if found is None or found.version <= version:
            return None
        return next(iter(audit.acts_on(conn, company, kind.name, record, 1)), None)

    def _every(self, conn: Any, kind: Any, company: str, address: Address) -> dict[str, int | None]:  # noqa: ANN401
        view = settle(conn, kind, company, address).view
        return {one.id: one.version for one in records.page(conn, kind, company, view, None, bulk.MOST + 1)}

    async def _ask_whether(
        self, ask: Asking, action: str, label: str, chosen: Mapping[str, int | None], back: str
    ) -> web.Response:
        called = await ask.read(records.titles, self.kind, ids=chosen)
        if len(called) < len(chosen):
            raise NotFoundError("record.gone")
        titles = [called[one] for one in list(chosen)[:_NAMED]]
        return self.page(ask, "sure", action=action, label=label, chosen=chosen, back=self.back(back), titles=titles)

    def _label(self, action: str) -> str:
        if action == bulk.DELETE:
            return _DELETE
        service.change_of(self.kind, action)
        return next(one.label for one in self.kind.actions if one.name == action)

    def _address(self, back: str) -> Address:
        """Return the list at whose page somebody is, from its beginning."""
        query = dict(parse_qsl(urlsplit(self.back(back)).query))
        return read_address(self.kind, {name: text for name, text in query.items() if name != "after"})

    def _canonical(self, request: web.Request, address: Address) -> dict[str, str]:
        """Return the address to give away; that of everything says so, or it would lead to the default view."""
        query = address.query(self.kind)
        return query or ({"view": "all"} if request.query.get("view") == "all" else {})

    def _notice(self, request: web.Request) -> str:
        saved, t = request.query.get("saved"), words_of(request).t
        if not saved:
            return ""
        if saved == "undone":
            return t("Taken back: all is as it was, but what somebody has changed since.")
        return t("Saved. The tills get it now.") if self.kind.feed else t("Saved.")


def _whole(keys: Sequence[str | int]) -> tuple[int, int]:
    first, second = keys
    if not isinstance(first, int) or not isinstance(second, int) or min(first, second) < 0:
        raise BadInputError("page.cursor")
    return first, second


def _chosen(text: str) -> tuple[str, int | None]:
    record, _, version = text.partition(":")
    return record, version_of({"version": version})
