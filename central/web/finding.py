"""What can be found from anywhere: each area declares in its manifest how its own is found."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from aiohttp import web
from sqlalchemy import Connection

from central.identity.scope import Permission, Scope


@dataclass(frozen=True, slots=True)
class Hit:
    """Something found: what it is called, its page, and what tells it from others of its name."""

    title: str
    path: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Finder:
    """How one thing is found by what is typed, within a scope of one company, by an index; a few, best first."""

    title: str
    permission: Permission
    find: Callable[[Connection, Scope, str, int], Sequence[Hit]]


FINDERS: web.AppKey[list[Finder]] = web.AppKey("finders", list)
