"""``/api/v1`` of a kind's files: have one made, hand one in, try it out, load it."""

from functools import partial
from typing import Annotated, Literal

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from central.kit.asking import asking
from central.kit.files.exporting import Format, Wanted, ask_for_export
from central.kit.files.handing import hand_in
from central.kit.files.importing import ask_for_load, ask_for_trial
from central.kit.files.mapping import FileMapping
from central.kit.handed import get_file
from central.kit.kinds import Kind
from central.web.api import Answer, ApiRoute, add_api, body_of, query_of
from central.web.exports import export_folder
from central.web.keys import database, now
from central.web.uploads import file_name, receive_body
from commerce.texts import N_

_READ = ConfigDict(frozen=True, extra="forbid")
_Text = Annotated[str, Field(max_length=200)]
_Language = Literal["en", "it"]


class JobAsked(Answer):
    """A job that was asked for; how it stands, its rows and its file are at ``/api/v1/jobs/{job}``."""

    job: str


class ExportBody(BaseModel):
    """What is to go out: the filters, ``q`` and ``sort`` of a list, and its ``columns`` with commas; or every field."""

    model_config = _READ

    query: dict[_Text, _Text] = Field(default_factory=dict, max_length=50)
    format: Format = "csv"
    whole: bool = False
    language: _Language = "en"


class FileQuery(BaseModel):
    """What the file is called, and how its text is written where that is not UTF-8."""

    model_config = _READ

    name: str = Field(default="file.csv", max_length=100)
    encoding: Literal["", "cp1252", "iso8859-15", "utf-16"] = ""


class FileAnswer(Answer):
    """A file that was handed in: its columns, and which of them seem to be which field."""

    file: str
    columns: list[str]
    mapping: FileMapping


class TrialBody(BaseModel):
    """A file and its mapping, without one that which was proposed. What would be written in words is in a language."""

    model_config = _READ

    file: str = Field(max_length=100)
    mapping: FileMapping | None = None
    language: _Language = "en"


class LoadBody(BaseModel):
    """``accept`` are the doubts about the file (``field:code``) and the codes of warnings that were read."""

    model_config = _READ

    accept: list[_Text] = Field(default_factory=list, max_length=100)
    language: _Language = "en"


def add_routes(app: web.Application, kind: Kind) -> None:
    """Serve a kind's files to programs."""
    base, serve = f"/api/v1/{kind.path}", FilesApi(kind)
    add_api(
        app,
        ApiRoute("POST", f"{base}/export", serve.export, N_("Have a file made of a list"), JobAsked, body=ExportBody),
        ApiRoute("POST", f"{base}/files", serve.hand_in, N_("Hand in a file to be imported: the body is the file"),
                 FileAnswer, query=FileQuery),
        ApiRoute("POST", f"{base}/import", serve.try_out, N_("Try out what a file would change"), JobAsked,
                 body=TrialBody),
        ApiRoute("POST", f"{base}/import/{{job}}/load", serve.load, N_("Load a file that was tried out"), JobAsked,
                 body=LoadBody),
    )  # fmt: skip


class FilesApi:
    """The handlers of one kind."""

    def __init__(self, kind: Kind) -> None:
        """Remember which."""
        self.kind = kind

    async def export(self, request: web.Request) -> JobAsked:
        """Have a file made."""
        ask, sent = await asking(request, self.kind), body_of(request, ExportBody)
        wanted = Wanted(sent.query, sent.format, sent.whole, sent.language)
        job = partial(ask_for_export, kind=self.kind, actor=ask.actor, company=ask.company, wanted=wanted)
        return JobAsked(job=await ask.write(job))

    async def hand_in(self, request: web.Request) -> FileAnswer:
        """Keep a file."""
        ask, asked = await asking(request, self.kind), query_of(request, FileQuery)
        ask.actor.scope(self.kind.edit, ask.company).whole()
        with export_folder() as folder:
            path = folder / file_name(asked.name)
            await receive_body(request, path)
            mapping = FileMapping(encoding=asked.encoding)
            file = await hand_in(database(request), self.kind, ask.company, path, mapping, now(request))
        row = await ask.read(get_file, self.kind, file=file)
        return FileAnswer(file=file, columns=row.header, mapping=FileMapping.model_validate(row.mapping))

    async def try_out(self, request: web.Request) -> JobAsked:
        """Have a file tried out."""
        ask, sent = await asking(request, self.kind), body_of(request, TrialBody)
        row = await ask.read(get_file, self.kind, file=sent.file)
        mapping = sent.mapping or FileMapping.model_validate(row.mapping)
        job = partial(ask_for_trial, kind=self.kind, actor=ask.actor, company=ask.company, file=sent.file,
                      mapping=mapping, language=sent.language)  # fmt: skip
        return JobAsked(job=await ask.write(job))

    async def load(self, request: web.Request) -> JobAsked:
        """Have loaded what was tried out."""
        ask, sent = await asking(request, self.kind), body_of(request, LoadBody)
        trial, accepted = request.match_info["job"], frozenset(sent.accept)
        job = partial(ask_for_load, kind=self.kind, actor=ask.actor, company=ask.company, trial=trial,
                      accepted=accepted, language=sent.language)  # fmt: skip
        return JobAsked(job=await ask.write(job))
