"""People with a second step, for tests: the app on their phone is the same library that central checks with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyotp

from central.identity import second_steps
from central.identity.attempts import Visit
from central.identity.errors import SecondStepError
from central.identity.people import Role
from central.identity.service import NewUser, add_user, find_actor, sign_in

if TYPE_CHECKING:
    from datetime import datetime

    from central.identity.people import Actor
    from tests.central.office import Office

KEY = b"k" * 32
PASSWORD = "una password lunga"  # noqa: S105 - of an invented user
HERE = Visit("10.0.0.1", "a browser", "11" * 32)


@dataclass
class Phone:
    """An app with somebody's secret."""

    secret: str

    def code(self, at: datetime, off: int = 0) -> str:
        """The code that it shows; ``off`` half minutes away."""
        return pyotp.TOTP(self.secret).at(int(at.timestamp()), counter_offset=off)


@dataclass
class Person:
    """Somebody who signs in with a code."""

    office: Office
    name: str
    actor: Actor
    phone: Phone
    codes: list[str]

    async def knock(self, visit: Visit = HERE) -> SecondStepError:
        """Give the password; what waits for a code."""
        return await knock(self.office, self.name, visit)


async def knock(office: Office, name: str, visit: Visit = HERE) -> SecondStepError:
    """Give the password of whoever needs a code."""
    try:
        await sign_in(office.database, name, PASSWORD, visit, office.clock())
    except SecondStepError as step:
        return step
    raise AssertionError("nobody asked for a code")


async def enter(office: Office, name: str, visit: Visit = HERE) -> tuple[Actor, str]:
    """Sign in with the password alone."""
    cookie = await sign_in(office.database, name, PASSWORD, visit, office.clock())
    actor = await find_actor(office.database, cookie, office.clock())
    assert actor
    return actor, cookie


async def person(office: Office, name: str = "anna", role: Role = Role.ADMIN) -> Person:
    """Somebody new who set a second step up a minute ago."""
    await add_user(office.database, NewUser(name, PASSWORD, role, display_name=name.title()), office.clock())
    actor, cookie = await enter(office, name)
    phone, made = await set_up(office, actor, cookie)
    office.clock.advance(seconds=60)
    return Person(office, name, actor, phone, made)


async def set_up(office: Office, actor: Actor, cookie: str) -> tuple[Phone, list[str]]:
    """Set a second step up with the password."""
    db, at = office.database, office.clock()
    await second_steps.begin(db, actor, cookie, PASSWORD, at, KEY)
    phone = Phone(str(await second_steps.offered(db, actor, cookie, at, KEY)))
    return phone, await second_steps.confirm(db, actor, cookie, phone.code(at), at, KEY)
