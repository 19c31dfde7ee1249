"""The pages of a kind's files: what is to go out; a file that comes in, what its columns are, what it would change."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any, cast

import orjson
from aiohttp import web

from central.jobs import results
from central.jobs.values import Outcome
from central.kit.addresses import path_of, read_address
from central.kit.asking import Asking, asking
from central.kit.files.columns import ID, FileColumn, file_column, file_columns
from central.kit.files.exporting import FORMATS, Format, Wanted, ask_for_export
from central.kit.files.handing import hand_in
from central.kit.files.importing import ask_for_load, ask_for_trial, get_job, imports_of
from central.kit.files.mapping import MOST_BYTES, FileMapping, read_mapping
from central.kit.handed import get_file
from central.kit.kinds import Kind
from central.kit.proposals import DoubtError
from central.web.exports import export_folder
from central.web.keys import database, now
from central.web.rendering import page, words_of
from central.web.uploads import Upload, receive_form, takes_files
from commerce.errors import BadInputError, InvalidError, PosError, Problem
from commerce.texts.errors import error_text
from commerce.texts.problems import field_texts, problem_text

_COLUMN, _CONSTANT = "column:", "constant:"
_SHOWN = 50


class FilePages:
    """The handlers of one kind."""

    def __init__(self, kind: Kind) -> None:
        """Remember which."""
        self.kind = kind
        self.base = f"/{kind.path}"

    def add_routes(self, app: web.Application) -> None:
        """Serve them; before the pages of records, whose ids stand in the same place."""
        add, file = app.router, f"{self.base}/import/{{file}}"
        add.add_get(f"{self.base}/export", self.show_export)
        add.add_post(f"{self.base}/export", self.export)
        add.add_get(f"{self.base}/import", self.show_import)
        add.add_post(f"{self.base}/import", self.hand_in)
        add.add_get(file, self.show_mapping)
        add.add_post(file, self.try_out)
        add.add_get(f"{file}/{{job}}", self.show_trial)
        add.add_get(f"{file}/{{job}}/mapping.json", self.give_mapping)
        add.add_post(f"{file}/{{job}}", self.load)

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

    async def show_import(self, request: web.Request) -> web.Response:
        """Ask for a file."""
        await self._importing(request)
        return self._page(request, "import", refusal="")

    @takes_files
    async def hand_in(self, request: web.Request) -> web.Response:
        """Keep a file, and go on to what its columns are; one that cannot be read is said so where it was chosen."""
        ask = await self._importing(request)
        with export_folder() as folder:
            form = await receive_form(request, folder)
            try:
                path, mapping = _handed_in(form)
                file = await hand_in(database(request), self.kind, ask.company, path, mapping, now(request))
            except BadInputError as error:
                return self._page(request, "import", status=error.status, refusal=_said(request, error))
        raise web.HTTPSeeOther(f"{self.base}/import/{file}")

    async def show_mapping(self, request: web.Request) -> web.Response:
        """Show which column is which field, as far as can be told."""
        row = await self._file(request, await self._importing(request))
        return self._mapping_page(request, row, FileMapping.model_validate(row.mapping))

    async def try_out(self, request: web.Request) -> web.Response:
        """Have the file tried out, and go where that is seen coming."""
        ask, sent = await self._importing(request), await request.post()
        row = await self._file(request, ask)
        mapping = _mapped(FileMapping.model_validate(row.mapping), {name: str(one) for name, one in sent.items()})
        job = partial(ask_for_trial, kind=self.kind, actor=ask.actor, company=ask.company, file=row.id,
                      mapping=mapping, language=ask.language)  # fmt: skip
        try:
            asked = await ask.write(job)
        except InvalidError as error:
            return self._mapping_page(request, row, mapping, error)
        raise web.HTTPSeeOther(f"/jobs/{asked}")

    async def show_trial(self, request: web.Request) -> web.Response:
        """Show what a file would change, or has, and what is doubtful of it."""
        return await self._trial_page(request, await self._importing(request))

    async def load(self, request: web.Request) -> web.Response:
        """Have it loaded, and go where that is seen coming."""
        ask, sent = await self._importing(request), await request.post()
        job = partial(ask_for_load, kind=self.kind, actor=ask.actor, company=ask.company,
                      trial=request.match_info["job"], accepted=frozenset(map(str, sent.getall("accept", []))),
                      language=ask.language)  # fmt: skip
        try:
            asked = await ask.write(job)
        except DoubtError as error:
            return await self._trial_page(request, ask, error)
        raise web.HTTPSeeOther(f"/jobs/{asked}")

    async def give_mapping(self, request: web.Request) -> web.Response:
        """Give the mapping that a job goes by, as a file to be used again."""
        ask = await self._importing(request)
        row = await self._job(ask)
        named = {"Content-Disposition": f'attachment; filename="{self.kind.path}-mapping.json"'}
        body = orjson.dumps(row.input["mapping"], option=orjson.OPT_INDENT_2)
        return web.Response(body=body, content_type="application/json", headers=named)

    async def _importing(self, request: web.Request) -> Asking:
        ask = await asking(request, self.kind)
        ask.actor.scope(self.kind.edit, ask.company).whole()
        return ask

    async def _file(self, request: web.Request, ask: Asking) -> Any:  # noqa: ANN401 - a row of the table
        return await ask.read(get_file, self.kind, file=request.match_info["file"])

    async def _job(self, ask: Asking) -> Any:  # noqa: ANN401 - a row of the table
        return await ask.read(get_job, self.kind, actor=ask.actor, wanted=ask.request.match_info["job"])

    async def _trial_page(self, request: web.Request, ask: Asking, error: PosError | None = None) -> web.Response:
        row, words = await self._job(ask), words_of(request)
        told = await database(request).read(
            lambda conn: [results.list_rows(conn, row.id, one, -1, _SHOWN) for one in (Outcome.DONE, Outcome.REFUSED)]
        )
        result: Mapping[str, Any] = row.result or {}
        doubts = [Problem(one["code"], one["field"], one["values"]) for one in result.get("doubts", [])]
        return self._page(
            request, "trial", status=error.status if error else 200, job=row, result=result, told=told, doubts=doubts,
            is_trial=row.kind == imports_of(self.kind).trial.name, open_doubts=bool(error),
            label=lambda name: words.t(self.kind.shapes[name].label) if name in self.kind.shapes else "",
            say=lambda code, values: problem_text(words, Problem(code, "", values or {})),
        )  # fmt: skip

    def _mapping_page(
        self,
        request: web.Request,
        row: Any,  # noqa: ANN401 - of the table
        mapping: FileMapping,
        error: InvalidError | None = None,
    ) -> web.Response:
        words = words_of(request)
        groups: dict[str, list[tuple[FileColumn, str]]] = {}
        for column in self._offered(mapping):
            about = words.t(column.about) if column.table else ""
            groups.setdefault(about, []).append((column, column.title(words)))
        faults = field_texts(words, error)
        return self._page(
            request, "mapping", status=error.status if error else 200, file=row, mapping=mapping, groups=groups,
            faults=faults, others=[text for where, text in faults.items() if where not in file_columns(self.kind)],
            matches=[(name, file_columns(self.kind)[name].title(words)) for name in (*self.kind.unique, ID)],
            column_prefix=_COLUMN, constant_prefix=_CONSTANT,
        )  # fmt: skip

    def _offered(self, mapping: FileMapping) -> list[FileColumn]:
        """Return every column of the kind, and those of rows beside each other that the mapping speaks of."""
        beside = [path for path in (*mapping.columns, *mapping.constants) if path not in file_columns(self.kind)]
        found = []
        for path in beside:
            try:
                found.append(file_column(self.kind, path))
            except BadInputError:
                continue  # said above the form
        return [*file_columns(self.kind).values(), *found]

    def _page(self, request: web.Request, name: str, status: int = 200, **values: object) -> web.Response:
        template = self.kind.templates.get(name, f"kit/{name}.html")
        return page(request, template, status=status, kind=self.kind, base=self.base, path_of=path_of, **values)


def _handed_in(form: Upload) -> tuple[Path, FileMapping]:
    """Return the file of a form and the mapping that came with it; BadInputError for a form without a file."""
    if "file" not in form.files:
        raise BadInputError("import.none")
    given, encoding = form.files.get("mapping"), form.texts.get("encoding")
    said = read_mapping(given.read_bytes()[:MOST_BYTES]) if given else FileMapping()
    return form.files["file"], _valid({**said.model_dump(), **({"encoding": encoding} if encoding else {})})


def _mapped(standing: FileMapping, sent: Mapping[str, str]) -> FileMapping:
    """Return what was chosen on the page; what it does not show stays as the mapping file had it."""
    columns = {name.removeprefix(_COLUMN): text for name, text in sent.items() if name.startswith(_COLUMN) and text}
    constants = {
        name.removeprefix(_CONSTANT): text
        for name, text in sent.items()
        if name.startswith(_CONSTANT) and text and name.removeprefix(_CONSTANT) not in columns
    }
    chosen = {name: sent[name] for name in ("match", "separator", "decimal") if name in sent}
    return _valid({**standing.model_dump(), "columns": columns, "constants": constants, **chosen})


def _valid(said: Mapping[str, Any]) -> FileMapping:
    try:
        return FileMapping.model_validate(said)
    except ValueError as error:
        raise BadInputError("bad_input") from error


def _said(request: web.Request, error: BadInputError) -> str:
    if len(error.problems) > 1:
        return " ".join(problem_text(words_of(request), one) for one in error.problems)
    return error_text(words_of(request), error)
