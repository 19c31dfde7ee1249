"""The pages of a kind's files: what is to go out; a file that comes in, what its columns are, what it would change."""

from functools import partial
from typing import cast

from aiohttp import web

from central.kit.addresses import path_of, read_address
from central.kit.asking import asking
from central.kit.files.exporting import FORMATS, Format, Wanted, ask_for_export
from central.kit.kinds import Kind
from central.web.rendering import page
from commerce.errors import BadInputError


class FilePages:
    """The handlers of one kind."""

    def __init__(self, kind: Kind) -> None:
        """Remember which."""
        self.kind = kind
        self.base = f"/{kind.path}"

    def add_routes(self, app: web.Application) -> None:
        """Serve them; before the pages of records, whose ids stand in the same place."""
        add = app.router
        add.add_get(f"{self.base}/export", self.show_export)
        add.add_post(f"{self.base}/export", self.export)

    async def show_export(self, request: web.Request) -> web.Response:
        """Ask what of a list is to go out, and as what."""
        await asking(request, self.kind)
        address, columns = read_address(self.kind, request.query), request.query.get("columns", "")
        query = address.query(self.kind) | ({"columns": columns} if columns else {})
        query.pop("after", None)
        return self._page(request, "export", query=query, back=path_of(self.base, query))

    async def export(self, request: web.Request) -> web.Response:
        """Have the file made, and go where it is seen coming."""
        ask, sent = await asking(request, self.kind), await request.post()
        if sent.get("format") not in FORMATS:
            raise BadInputError("bad_input.field", field="format")
        query = {name: str(value) for name, value in request.query.items() if name != "lang"}
        wanted = Wanted(query, cast("Format", sent["format"]), "whole" in sent, ask.language)
        job = partial(ask_for_export, kind=self.kind, actor=ask.actor, company=ask.company, wanted=wanted)
        raise web.HTTPSeeOther(f"/jobs/{await ask.write(job)}")

    def _page(self, request: web.Request, name: str, status: int = 200, **values: object) -> web.Response:
        template = self.kind.templates.get(name, f"kit/{name}.html")
        return page(request, template, status=status, kind=self.kind, base=self.base, path_of=path_of, **values)
