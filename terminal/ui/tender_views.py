"""Tenders of the open sale: where each one's money is, and what a person can do while a card reader is asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from commerce.tender import TenderState
from commerce.texts import N_
from commerce.texts.errors import ERROR_TEXTS
from terminal.db.attempts import AttemptKind, AttemptState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from commerce.tender import Settlement, Tender
    from terminal.db.attempts import AttemptRow
    from terminal.ui.view_types import CardStep, CardView, OpenTenderView, SureView, TenderActionView
    from terminal.ui.views import Viewer

_STEPS: Final[dict[CardStep, tuple[str, str]]] = {
    "waiting": (N_("waiting for the card reader"), N_("The card reader is about to be asked.")),
    "asking": (N_("waiting for the card"), N_("Present the card to the reader…")),
    "declined": (N_("declined"), N_("Nothing was taken.")),
    "unknown": (N_("outcome unknown"), N_("It is not known whether the money was taken.")),
    "giving_back": (N_("being given back"), N_("The reader is giving the money back…")),
    "giving_back_unknown": (N_("outcome unknown"), N_("It is not known whether the money was given back.")),
}
_TITLES: Final[dict[CardStep, str]] = {
    "waiting": N_("Card payment"),
    "asking": N_("Card payment"),
    "declined": N_("Declined"),
    "unknown": N_("Outcome unknown"),
    "giving_back": N_("Giving back"),
    "giving_back_unknown": N_("Outcome unknown"),
}
_ASKED_AGAIN: Final = N_(
    "The till asks the reader again and again, by itself. Where it gets no answer, look at the reader and its slips: "
    "somebody who may can say what it did."
)
_HINTS: Final[dict[CardStep, str]] = {
    "asking": N_("To give it up, press the red key on the reader."),
    "declined": N_("Try again, or take back and choose another means."),
    "unknown": _ASKED_AGAIN,
    "giving_back": N_("Follow the reader's display."),
    "giving_back_unknown": _ASKED_AGAIN,
}
_NOT_GIVEN_BACK: Final = N_("not given back")
_DECLINED: Final = "card.declined"
_NOT_PAID: Final = (N_("not paid"), N_("Not paid"))  # no card was refused: none was asked for, or somebody said so


@dataclass(frozen=True, slots=True)
class _Sure:
    title: str
    why: str
    yes: str


@dataclass(frozen=True, slots=True)
class _Act:
    name: Literal["void", "retry", "confirm", "deny"]
    text: str
    sure: _Sure | None = None


_TAKE_BACK: Final = _Act("void", N_("Take back"))
_GIVE_BACK: Final = _Act(
    "void",
    N_("Give back"),
    _Sure(
        N_("Give the money back?"),
        N_("The reader took {amount} ({name}). It gives it back to the same card."),
        N_("Give back"),
    ),
)
_ACTS: Final[dict[CardStep, tuple[_Act, ...]]] = {
    "waiting": (_Act("void", N_("Cancel")),),
    "declined": (_Act("void", N_("Another means")), _Act("retry", N_("Try again"))),
    "unknown": (
        _Act(
            "deny",
            N_("It was not paid"),
            _Sure(
                N_("Was it not paid?"),
                N_("You say that {amount} was not taken: the reader shows it. The customer pays again, or otherwise."),
                N_("Yes, it was not paid"),
            ),
        ),
        _Act(
            "confirm",
            N_("It was paid"),
            _Sure(
                N_("Was it paid?"),
                N_("You say that {amount} was taken: the reader or its slip shows it. The sale counts it as paid."),
                N_("Yes, it was paid"),
            ),
        ),
    ),
    "giving_back_unknown": (
        _Act(
            "deny",
            N_("It was not given back"),
            _Sure(
                N_("Was it not given back?"),
                N_("You say that {amount} stayed where it was: the sale counts it as paid."),
                N_("Yes, it was not given back"),
            ),
        ),
        _Act(
            "confirm",
            N_("It was given back"),
            _Sure(
                N_("Was it given back?"),
                N_("You say that {amount} went back to the card: the reader or its slip shows it."),
                N_("Yes, it was given back"),
            ),
        ),
    ),
}


def outstanding(settled: Settlement, tenders: Sequence[Tender]) -> int:
    """Return what is not there yet: money that is only asked for is no money."""
    missing = settled.due + settled.rounding - there(tenders)
    return max(missing, 0) if settled.due >= 0 else min(missing, 0)


def there(tenders: Sequence[Tender]) -> int:
    """Return what was given for certain."""
    return sum(tender.value for tender in tenders if tender.state is TenderState.APPROVED)


def tender_view(viewer: Viewer, tender: Tender, attempts: Sequence[AttemptRow], currency: str) -> OpenTenderView:
    """Return a tender; ``card`` while a reader's word is waited for or a person's is."""
    last = next((attempt for attempt in reversed(attempts) if attempt.tender == tender.id), None)
    step = _step(tender, last)
    values = {"name": _name(viewer, tender), "amount": viewer.formats.money(tender.value, currency)}
    return {
        "id": tender.id,
        "name": values["name"],
        "amount": values["amount"],
        "state": tender.state.value,
        "text": viewer.words.t(_step_word(step, last) if step else _settled_word(last)),
        "actions": [_action(viewer, act, values) for act in _acts(step, last)],
        "card": _card(viewer, step, last) if step else None,
    }


def _step(tender: Tender, last: AttemptRow | None) -> CardStep | None:
    if tender.state is TenderState.APPROVED:
        return None
    is_back = last is not None and last.kind is AttemptKind.REVERSAL
    if last is None or last.state is AttemptState.INTENDED:
        return "giving_back" if is_back else "waiting"
    if last.state is AttemptState.STARTED:
        return "giving_back" if is_back else "asking"
    if last.state is AttemptState.UNKNOWN:
        return "giving_back_unknown" if is_back else "unknown"
    return "declined"


def _is_as_named(step: CardStep, last: AttemptRow | None) -> bool:
    """Whether the step's own words hold: money not taken for want of a reader is no card that was declined."""
    return step != "declined" or (last is not None and last.reason == _DECLINED)


def _step_word(step: CardStep, last: AttemptRow | None) -> str:
    return _STEPS[step][0] if _is_as_named(step, last) else _NOT_PAID[0]


def _settled_word(last: AttemptRow | None) -> str:
    """Return what is to be said of a tender whose money is there."""
    refused = last is not None and last.kind is AttemptKind.REVERSAL and last.state is AttemptState.DECLINED
    return _NOT_GIVEN_BACK if refused else ""


def _card(viewer: Viewer, step: CardStep, last: AttemptRow | None) -> CardView:
    text = _STEPS[step][1]
    if step == "declined" and last is not None:
        text = ERROR_TEXTS.get(last.reason, text)
    words = viewer.words
    return {
        "step": step,
        "title": words.t(_TITLES[step] if _is_as_named(step, last) else _NOT_PAID[1]),
        "text": words.t(text),
        "hint": words.t(_HINTS.get(step, "")),
    }


def _acts(step: CardStep | None, last: AttemptRow | None) -> tuple[_Act, ...]:
    """Return what can be done; what a reader took is asked about before it is taken back."""
    if step is not None:
        return _ACTS.get(step, ())
    return (_TAKE_BACK if last is None else _GIVE_BACK,)


def _action(viewer: Viewer, act: _Act, values: dict[str, str]) -> TenderActionView:
    words, sure = viewer.words, act.sure
    asked: SureView | None = None
    if sure is not None:
        asked = {"title": words.t(sure.title), "why": words.t(sure.why, **values), "yes": words.t(sure.yes)}
    return {"name": act.name, "text": words.t(act.text), "sure": asked}


def _name(viewer: Viewer, tender: Tender) -> str:
    return tender.names.get(viewer.language) or next((name for name in tender.names.values() if name), "")
