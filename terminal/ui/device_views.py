"""The status line: clock, devices and network, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from commerce.texts import N_
from terminal.services.state import ClockDoubt
from terminal.ui.words import DEVICE_LABELS, DEVICE_REASONS, DEVICE_STATES

if TYPE_CHECKING:
    from datetime import datetime

    from terminal.devices.protocols import DeviceState
    from terminal.services.state import ClockState, RegisterState
    from terminal.ui.ports import NetworkStatus
    from terminal.ui.view_types import ClockView, DeviceView, NetworkView
    from terminal.ui.views import Viewer


def clock_view(viewer: Viewer, state: RegisterState, now: datetime) -> ClockView:
    """Return the shop's time and, after a jump, the question to a person."""
    local = now.astimezone(state.operating.shop.zone)
    question = _clock_question(viewer, state.clock, local) if state.clock.asks else None
    return {"time": viewer.formats.time(local), "day": viewer.formats.day(local), "question": question}


def device_view(viewer: Viewer, device: DeviceState) -> DeviceView:
    """Return a device and how it is."""
    label = DEVICE_LABELS.get(device.kind)
    reason = DEVICE_REASONS.get(device.reason) or DEVICE_STATES[device.availability.value]
    if device.availability.value == "ready":
        reason = DEVICE_STATES["ready"]
    text = viewer.words.t(reason)
    if device.doubtful:
        text += "; " + viewer.words.tn("{count} code not read", "{count} codes not read", device.doubtful)
    return {
        "name": device.name,
        "kind": device.kind,
        "label": viewer.words.t(label) if label else device.name,
        "availability": device.availability.value,
        "text": text,
    }


def network_view(viewer: Viewer, network: NetworkStatus, now: datetime) -> NetworkView:
    """Return how the till stands with central; being apart is normal and said quietly."""
    words = viewer.words
    since = None if network.since is None else _short_moment(viewer, network.since.astimezone(now.tzinfo), now)
    states = {
        "online": words.t("connected"),
        "offline": words.t("not reachable"),
        "never": words.t("not connected yet"),
    }
    waiting = words.tn("{count} not yet sent", "{count} not yet sent", network.unsent) if network.unsent else ""
    if waiting and since and network.state != "online":
        waiting = words.t("{waiting} since {since}", waiting=waiting, since=since)
    sent = waiting or words.t("everything sent")
    if network.as_of is not None:
        as_of = _short_moment(viewer, network.as_of.astimezone(now.tzinfo), now)
        sent = words.t("{sent}; prices as of {moment}", sent=sent, moment=as_of)
    return {
        "state": network.state,
        "unsent": network.unsent,
        "text": states[network.state],
        "unsent_text": sent,
        "since": since,
    }


def _short_moment(viewer: Viewer, at: datetime, now: datetime) -> str:
    return viewer.formats.time(at) if at.date() == now.date() else viewer.formats.moment(at)


def _clock_question(viewer: Viewer, clock: ClockState, local: datetime) -> str:
    """Say what is known of the clock, and why somebody is asked."""
    words, shown = viewer.words, viewer.formats.moment(local)
    if not clock.suspect and clock.dated_until is not None:
        return words.t(
            "The clock says {now}, but receipts are dated up to {day}. New ones keep that date until somebody confirms "
            "the clock: then they go on in a series of their own. Is the clock right?",
            now=shown,
            day=viewer.formats.day(clock.dated_until),
        )
    if not clock.suspect and clock.session_day is not None:
        return words.t(
            "The clock says {now}, but the open session is of {day}. Its sales count on that day until somebody "
            "confirms the clock: then they count on the clock's. Is the clock right?",
            now=shown,
            day=viewer.formats.day(clock.session_day),
        )
    if clock.trusted_at is None:
        return words.t("The clock may be wrong: it says {now}. Selling goes on. Is it right?", now=shown)
    last = viewer.formats.moment(clock.trusted_at.astimezone(local.tzinfo))
    return words.t(_CLOCK_QUESTIONS[clock.doubt], last=last, now=shown)


_CLOCK_QUESTIONS = {
    ClockDoubt.NONE: N_("The clock has jumped: it was {last} and now says {now}. Selling goes on. Is it right now?"),
    ClockDoubt.JUMPED: N_("The clock has jumped: it was {last} and now says {now}. Selling goes on. Is it right now?"),
    ClockDoubt.WENT_BACK: N_(
        "The clock says {now}, but this till was last used later, on {last}. Selling goes on. Is the clock right?"
    ),
    ClockDoubt.OFF_TOO_LONG: N_(
        "This till was last used on {last}, and the clock says {now}: longer than a till is usually off. "
        "Selling goes on. Is the clock right?"
    ),
    ClockDoubt.CENTRAL: N_(
        "The clock says {now}, but head office's says {last}. Selling goes on. Is the clock here right?"
    ),
}
