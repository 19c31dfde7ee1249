"""What tills may ask of central, and what people may do about tills. Every other area calls here only."""

import os
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Row

from central.db.engine import Database
from central.db.feed import current_epoch
from central.identity.people import COMMAND_LINE, EVERYWHERE, Actor
from central.identity.scope import Scope
from central.identity.sealing import sealing_key
from central.tills import chains, credentials, review
from central.tills.arriving import read_push
from central.tills.attempts import Attempts
from central.tills.credentials import find_till, token_hash
from central.tills.errors import TooManyCodesError, UnknownTokenError
from central.tills.fleet import Fleet, list_fleet
from central.tills.handover import Handover
from central.tills.pace import Pace
from central.tills.projector import Projection
from central.tills.review import Counting, Decision, EntryKey
from central.tills.storing import keep_batch
from central.tills.values import Gap, KnownTill, RawEntry
from commerce.dates import utc_text
from commerce.errors import ForbiddenError
from commerce.ledger import ChainMode, Head, Signer, sign_head
from commerce.wire import (
    MAX_BODY_BYTES,
    EnrolAnswer,
    EnrolRequest,
    GapAnswer,
    HeadMessage,
    HeadsAnswer,
    PushAnswer,
    PushRequest,
)

REVOKED_BURST, REVOKED_PER_MINUTE = 5_000, 600  # what a shop had not sent yet, not what a thief makes up
_TOKEN_MEMORY_S = 5.0
_TOKENS_REMEMBERED = 10_000


@dataclass(slots=True)
class TillService:
    """Enrolment, push and heads. ``now`` is the clock; ``signer`` is central's key."""

    database: Database
    signer: Signer
    now: Callable[[], datetime]
    fleet: Fleet
    projection: Projection
    modes: tuple[str, ...] = ("live",)
    handover: Handover = field(default_factory=Handover)
    attempts: Attempts = field(default_factory=Attempts)
    pace: Pace = field(default_factory=Pace)
    revoked_pace: Pace = field(default_factory=lambda: Pace(REVOKED_BURST, REVOKED_PER_MINUTE))
    _known: dict[bytes, tuple[float, KnownTill]] = field(default_factory=dict)

    async def enrol(self, request: EnrolRequest, address: str) -> EnrolAnswer:
        """Give a till its identity for a one-time code.

        An address that guesses has to wait with its guesses; whoever has a code that stands gets through beside it.
        """
        try:
            self.attempts.check(address, monotonic())
        except TooManyCodesError:
            if not await self.database.read(partial(credentials.code_stands, code=request.code, at=self.now())):
                raise
        job = partial(
            credentials.enrol,
            code=request.code,
            public_key=bytes.fromhex(request.public_key),
            app_version=request.app_version,
            at=self.now(),
            unsent_of=request.unsent_of,
        )
        try:
            enrolled = await self.database.write(job)
        except ForbiddenError:
            self.attempts.failed(address, monotonic())
            raise
        self._known.clear()  # the till's earlier tokens
        return EnrolAnswer(
            company=enrolled.company,
            shop=enrolled.shop,
            till=enrolled.till,
            token=enrolled.token.hex(),
            till_secret=enrolled.secret.hex(),
            central_public_key=self.signer.public_key.hex(),
            heads=await self._heads(enrolled.till.id),
        )

    async def recognise(self, token: str) -> KnownTill:
        """Return the till a token belongs to, revoked or not; UnknownTokenError when it is nobody's."""
        try:
            digest = token_hash(bytes.fromhex(token))
        except ValueError as error:
            raise UnknownTokenError from error
        remembered = self._known.get(digest)
        if remembered and monotonic() - remembered[0] < _TOKEN_MEMORY_S:
            known: KnownTill | None = remembered[1]
        else:
            known = await self.database.read(partial(find_till, digest=digest))
        if known is None:
            raise UnknownTokenError
        if not remembered or known is not remembered[1]:
            self._remember(digest, known)
        self.fleet.seen(known)
        return known

    async def admit(self, token: str) -> KnownTill:
        """Return the till a token belongs to; ForbiddenError ``till.revoked`` when it is shut out."""
        known = await self.recognise(token)
        if known.revoked:
            raise ForbiddenError("till.revoked")
        return known

    def check_pace(self, till: KnownTill) -> None:
        """Raise TooFastError while a till has to wait; one that is shut out waits much sooner."""
        self._pace(till).check(till.till, monotonic())

    def charge_refused(self, till: KnownTill) -> None:
        """Take for a push that could not be read what the largest weighs: bombs soon have to wait."""
        self._pace(till).take(till.till, 1, MAX_BODY_BYTES, monotonic())

    def _pace(self, till: KnownTill) -> Pace:
        return self.revoked_pace if till.revoked else self.pace

    async def receive(self, till: KnownTill, request: PushRequest) -> PushAnswer | GapAnswer:
        """Store a push durably, then say up to where central holds the chain, signed."""
        batch = read_push(request, till, self.now())
        if till.mode != ChainMode.REPLAY or till.revoked:  # replayed chains are sent as fast as they can be
            self._pace(till).take(till.till, len(batch.entries), batch.size, monotonic())
        stored = await keep_batch(self.database, batch, self.now())
        if isinstance(stored, Gap):
            return GapAnswer(expected=stored.expected)
        if stored.added == len(batch.entries) and not stored.set_aside:
            self.handover.put(till.till, request.chain, batch.entries)
        head, last = self._sign(till.till, request.chain, stored.head), batch.entries[-1]
        sent = Head(last.entry.seq, last.hash)
        received = self._sign(till.till, request.chain, sent) if sent != stored.head else None
        return PushAnswer(head=head, received=received, forked=stored.forked, set_aside=stored.set_aside)

    async def heads(self, till: KnownTill) -> HeadsAnswer:
        """Say what central holds of a till, what time it is here, and the feed's epoch."""
        epoch = await self.database.read(current_epoch)
        return HeadsAnswer(heads=await self._heads(till.till), time=utc_text(self.now()), epoch=epoch)

    async def issue_code(self, till_id: str, actor: Actor = COMMAND_LINE) -> str:
        """Return a one-time enrolment code."""
        return await self.database.write(partial(credentials.issue_code, actor=actor, till_id=till_id, at=self.now()))

    async def revoke(self, till_id: str, why: str, actor: Actor = COMMAND_LINE, reason: str = "") -> int:
        """Shut a till out (``credentials.revoke``); what it still sends is kept and set aside."""
        job = partial(credentials.revoke, actor=actor, till_id=till_id, why=why, at=self.now(), reason=reason)
        count = await self.database.write(job)
        self._known.clear()
        return count

    async def list_fleet(self, scopes: Sequence[Scope] = EVERYWHERE) -> list[Row[Any]]:
        """Return every till with how it is (``fleet.list_fleet``)."""
        return await self.database.read(partial(list_fleet, scopes=scopes))

    async def get_entry(self, key: EntryKey) -> RawEntry:
        """Return a stored entry's own bytes."""
        return await self.database.read(partial(review.get_entry, key=key))

    async def retry(self, key: EntryKey, decision: Decision) -> None:
        """Project an entry that was set aside."""
        job = partial(review.retry, counting=Counting(self.projection, self.modes), key=key, decision=decision)
        await self.database.write(job)

    async def dismiss(self, key: EntryKey, decision: Decision) -> None:
        """Leave an entry set aside for good."""
        await self.database.write(partial(review.dismiss, key=key, decision=decision))

    async def accept_fork(self, key: EntryKey, decision: Decision) -> None:
        """Let a fork's sale count."""
        job = partial(review.accept_fork, counting=Counting(self.projection, self.modes), key=key, decision=decision)
        await self.database.write(job)

    async def dismiss_fork(self, key: EntryKey, decision: Decision) -> None:
        """Leave a fork without effect."""
        await self.database.write(partial(review.dismiss_fork, key=key, decision=decision))

    async def _heads(self, till_id: str) -> list[HeadMessage]:
        heads = await self.database.read(partial(chains.heads_of, till=till_id))
        return [self._sign(till_id, chain, head) for chain, head in heads]

    def _sign(self, till_id: str, chain: str, head: Head) -> HeadMessage:
        return HeadMessage.model_validate(sign_head(self.signer, till_id, chain, head, self.now()).as_json())

    def _remember(self, digest: bytes, known: KnownTill) -> None:
        if len(self._known) >= _TOKENS_REMEMBERED:
            self._known.clear()
        self._known[digest] = (monotonic(), known)


def load_signer(path: Path) -> Signer:
    """Read central's key, making it at the first start (mode 0600, whole or not at all, and on disk before it is used).

    Tills trust this key alone: one that a power cut took would leave every till that was enrolled by it unheard.
    """
    try:
        return Signer(Ed25519PrivateKey.from_private_bytes(bytes.fromhex(path.read_text(encoding="ascii"))))
    except FileNotFoundError:
        pass
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    draft.touch(mode=0o600, exist_ok=False)
    draft.write_text(Ed25519PrivateKey.generate().private_bytes_raw().hex(), encoding="ascii")
    _sync(draft)
    try:
        path.hardlink_to(draft)  # the first of several processes wins
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    _sync(path.parent)
    return load_signer(path)


def load_sealing_key(path: Path) -> bytes:
    """Return what is derived of central's key to seal secrets with; ``load_signer`` has made it before."""
    return sealing_key(bytes.fromhex(path.read_text(encoding="ascii")))


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
