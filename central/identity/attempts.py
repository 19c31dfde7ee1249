"""Attempts to sign in, and to give a code: counted where they come from, slowed down, never locked."""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from central.identity import limits, queries
from central.identity.errors import TooManyAttemptsError
from central.identity.passwords import token_digest

DEVICE_LENGTH = timedelta(days=400)  # browsers keep no cookie for longer


@dataclass(frozen=True, slots=True)
class Visit:
    """Where a sign-in comes from. ``device`` is the cookie that the browser keeps between sessions, "" without one."""

    address: str
    agent: str
    device: str = ""

    @property
    def device_digest(self) -> bytes | None:
        """Return what the database keeps of the browser's cookie."""
        return token_digest(self.device) if self.device else None


def keys_of(conn: Connection, name: str, visit: Visit, now: datetime) -> dict[str, int]:
    """Return what an attempt on a name is counted under, with how many failures of it are free.

    Failures of a browser that the person signed in with before; else of the name at the address and of the address.
    Those of a name wherever they come from are added for addresses that the person never signed in from: somebody
    elsewhere can slow them down only there.
    """
    named, address = named_key(name), limits.counted_address(visit.address)
    device = visit.device_digest
    if device and queries.knows_device(conn, name, device, now - DEVICE_LENGTH):
        return {f"device:{device.hex()}:{named}": limits.FREE_FAILURES}
    keys = {f"{named}@{address}": limits.FREE_FAILURES, f"address:{address}": limits.FREE_ADDRESS_FAILURES}
    known = queries.knows_address(conn, name, visit.address[:64])
    return keys if known else {**keys, named: limits.FREE_ADDRESS_FAILURES}


def named_key(name: str) -> str:
    """Return what failures of a name are counted under, wherever they come from."""
    return f"user:{name[:64]}"


def count(conn: Connection, keys: dict[str, int], now: datetime) -> None:
    """Count a failure under each key, of which so many are free; TooManyAttemptsError while one has to wait.

    In a transaction before that of the check: many at once gain nothing, and a refusal takes nothing back.
    """
    queries.lock_delays(conn)
    queries.clear_delays(conn, [], now - limits.FORGOTTEN_AFTER)
    held = {
        key: delay for key, delay in queries.find_delays(conn, list(keys)).items() if limits.still_counts(delay[1], now)
    }
    waits = [next_at - now for _, next_at in held.values() if next_at > now]
    if waits:
        raise TooManyAttemptsError(wait_s=math.ceil(max(waits).total_seconds()))
    for key, free in keys.items():
        failures = held[key][0] + 1 if key in held else 1
        queries.set_delay(conn, key, failures, now + limits.wait_after(failures, free))


def forget(conn: Connection, keys: list[str], now: datetime) -> None:
    """Hold nothing against anybody under some keys any more: somebody was right."""
    queries.lock_delays(conn)
    queries.clear_delays(conn, keys, now - limits.FORGOTTEN_AFTER)
