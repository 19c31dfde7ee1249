"""What people do about tills, with permission and audit around the till service."""

from dataclasses import dataclass
from datetime import datetime

from central.db.engine import Database
from central.identity.people import Actor
from central.identity.scope import Permission
from central.organisation.service import find_till_within
from central.tills.area import APPROVE_AT_TILLS, MANAGE_TILLS
from central.tills.review import Decision, EntryKey
from central.tills.service import TillService
from commerce.errors import BadInputError


@dataclass(frozen=True, slots=True)
class TillManager:
    """The till service as one person may use it."""

    database: Database
    tills: TillService
    actor: Actor
    at: datetime

    async def issue_code(self, till: str) -> str:
        """Return a one-time enrolment code."""
        await self._permit(till, MANAGE_TILLS)
        return await self.tills.issue_code(till, self.actor)

    async def revoke(self, till: str, why: str) -> None:
        """Shut a till out; BadInputError ``resolve.note`` without a reason."""
        await self._permit(till, MANAGE_TILLS)
        if not why.strip():
            raise BadInputError("resolve.note")
        await self.tills.revoke(till, "shut_out", self.actor, why.strip()[:1000])

    async def decide(self, act: str, key: EntryKey, note: str) -> None:
        """Resolve an entry: retry or dismiss one set aside, accept or dismiss a fork."""
        await self._permit(key.till, APPROVE_AT_TILLS)
        decision = Decision(self.actor, self.at, note.strip())
        decide = {"retry": self.tills.retry, "accept": self.tills.accept_fork, "dismiss": self._dismiss}.get(act)
        if decide is None:
            raise BadInputError("resolve.act", act=act[:40])
        await decide(key, decision)

    async def _dismiss(self, key: EntryKey, decision: Decision) -> None:
        await (self.tills.dismiss(key, decision) if key.hash is None else self.tills.dismiss_fork(key, decision))

    async def _permit(self, till: str, permission: Permission) -> None:
        await self.database.read(lambda conn: find_till_within(conn, self.actor, permission, till))
