"""Serves every kind of a server: pages and API."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from aiohttp import web

from central.identity.acts import Introduced, introduce
from central.kit import api
from central.kit.asking import KINDS
from central.kit.files import api as files_api
from central.kit.files.pages import FilePages
from central.kit.history import told
from central.kit.kinds import Kind, Kinds
from central.kit.pages import KindPages
from central.kit.showing import Showing
from central.web.navigation import TABS, Tab


def add_kinds(app: web.Application, kinds: Kinds) -> None:
    """Serve kinds; once for an application."""
    app[KINDS] = kinds
    tabs = app.setdefault(TABS, {})
    for kind in kinds:
        tabs.setdefault(kind.area.name, []).append(Tab(f"/{kind.path}", kind.words.many, kind.see))
        introduce(kind.name, _introduced(kind))
        FilePages(kind).add_routes(app)
        KindPages(kind, kinds).add_routes(app)
        api.add_routes(app, kind)
        files_api.add_routes(app, kind)


def _introduced(kind: Kind) -> Introduced:
    """Return how the record of changes tells what is done to a kind."""
    actions = {"added": kind.words.added, "changed": kind.words.changed, "deleted": kind.words.deleted}
    return Introduced(f"/{kind.path}/", {f"{kind.name}.{name}": text for name, text in actions.items()},
                      partial(_told, kind))  # fmt: skip


def _told(kind: Kind, change: Mapping[str, Any], language: str) -> list[tuple[str, str, str]]:
    return [(one.label, one.before, one.after) for one in told(kind, change, Showing(language))]
