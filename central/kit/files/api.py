"""``/api/v1`` of a kind's files: have one made, hand one in, follow the job."""

from functools import partial
from typing import Annotated, Literal

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from central.kit.asking import asking
from central.kit.files.exporting import Format, Wanted, ask_for_export
from central.kit.kinds import Kind
from central.web.api import Answer, ApiRoute, add_api, body_of
from commerce.texts import N_

_READ = ConfigDict(frozen=True, extra="forbid")
_Text = Annotated[str, Field(max_length=200)]


class JobAsked(Answer):
    """A job that was asked for; how it stands is told at ``/api/v1/jobs/{job}``, and so is its file."""

    job: str


class ExportBody(BaseModel):
    """What is to go out: the filters, ``q`` and ``sort`` of a list, and its ``columns`` with commas; or every field."""

    model_config = _READ

    query: dict[_Text, _Text] = Field(default_factory=dict, max_length=50)
    format: Format = "csv"
    whole: bool = False
    language: Literal["en", "it"] = "en"


def add_routes(app: web.Application, kind: Kind) -> None:
    """Serve a kind's files to programs."""
    base, serve = f"/api/v1/{kind.path}", FilesApi(kind)
    add_api(
        app,
        ApiRoute("POST", f"{base}/export", serve.export, N_("Have a file made of a list"), JobAsked, body=ExportBody),
    )


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
