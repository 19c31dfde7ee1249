"""Effects as the register sees them: printing again, putting aside, and outcomes as facts of the ledger."""

from dataclasses import replace
from typing import Any

from commerce.dates import utc_text
from commerce.errors import ConflictError, NotFoundError, RuleError
from commerce.ids import new_id
from terminal.db import effects
from terminal.db.effects import EffectRow, NewEffect
from terminal.devices.protocols import ONE_WAY
from terminal.services.chains import Moment, Write
from terminal.services.commands import DismissPrint, PrintAgain
from terminal.services.effect_bodies import effect_intended, effect_settled, intend
from terminal.services.plan import Plan, Till, Values, require_operator
from terminal.services.state import PrintState, RegisterState

FISCAL = "fiscal"
SHOWN_KINDS = ("print", FISCAL)  # what a person may have to look at
GIVEN_UP = "fiscal_register.given_up"  # a person stopped waiting for its answer
REPRINT = "REPRINT"
COPY = "COPY"
OUTCOMES = ("done", "failed", "unknown", "not_done")


def print_again(till: Till, state: RegisterState, command: PrintAgain) -> Plan:
    """Print a document once more, or ask the fiscal register again for one that it refused.

    COPY when it is known to have been printed, REPRINT when it may have been, without mark when nothing came out.
    NotFoundError ``print.unknown``; ConflictError ``print.running`` while it is being printed; RuleError
    ``fiscal_register.ambiguous`` for a fiscal document that may exist: that is asked about, never repeated.
    """
    require_operator(state)
    moment, again = till.moment(state, command.command_id), new_id()

    def write(write: Write) -> Values:
        before = effects.find_effect(write.tx, command.print)
        if before is None or before.kind not in SHOWN_KINDS:
            raise NotFoundError("print.unknown", print=command.print)
        attempts = effects.list_of(write.tx, before.of, before.kind)
        if any(row.state in ("intended", "started") for row in attempts):
            raise ConflictError("print.running", print=command.print)
        if before.kind == FISCAL and any(row.state in ("done", "unknown") for row in attempts):
            raise RuleError("fiscal_register.ambiguous", print=command.print)
        effect = NewEffect(
            id=again,
            kind=before.kind,
            of=before.of,
            title=before.title,
            document_kind=before.document_kind,
            created_at=utc_text(moment.at),
            attempt=attempts[-1].attempt + 1,
            marker="" if before.kind == FISCAL else _marker(attempts),
            device=before.device,
            sale=before.sale,
        )
        for row in attempts:
            effects.retire(write.tx, row.id)
        intend(write, moment, effect)
        shown = {"marker": effect.marker, "attempt": effect.attempt, "title": effect.title, "kind": effect.kind}
        return {"print": again, "of": effect.of, "document_kind": effect.document_kind, **shown}

    return Plan(moment, write, _printing_again)


def dismiss_print(till: Till, state: RegisterState, command: DismissPrint) -> Plan:
    """Stop offering a print, or stop asking a silent fiscal register what became of one: that is unknown then."""
    require_operator(state)
    moment = till.moment(state, command.command_id)

    def write(write: Write) -> Values:
        row = effects.find_effect(write.tx, command.print)
        if row is None:
            raise NotFoundError("print.unknown", print=command.print)
        if row.kind == FISCAL and row.state == "started":
            _write_outcome(write, moment, row, "unknown", GIVEN_UP, None)
            return {"print": command.print, "given_up": True}
        effects.dismiss(write.tx, command.print)
        return {"print": command.print}

    def then(now: RegisterState, values: Values) -> RegisterState:
        if values.get("given_up"):
            return with_print_state(now, command.print, "unknown", GIVEN_UP)
        kept = tuple(p for p in now.prints if p.id != command.print or p.state in ("intended", "started"))
        return replace(now, prints=kept)

    return Plan(moment, write, then)


def settle_effect(moment: Moment, effect: str, outcome: str, reason: str, reference: dict[str, Any] | None) -> Plan:
    """Note an effect's outcome: the entry and the row in one transaction. Settling the same again changes nothing."""

    def write(write: Write) -> Values:
        row = effects.find_effect(write.tx, effect)
        if row is None:
            raise NotFoundError("effect.unknown", effect=effect)
        if row.state != outcome:
            _write_outcome(write, moment, row, outcome, reason, reference)
        return {}

    return Plan(moment, write, lambda now, _: with_print_state(now, effect, outcome, reason))


def _write_outcome(
    write: Write, moment: Moment, row: EffectRow, outcome: str, reason: str, reference: dict[str, Any] | None
) -> None:
    write.record(moment, effect_settled(row, outcome, reason, reference))
    effects.settle(write.tx, row, outcome, reason, reference, waits=waits(row.kind, outcome, reason))


def start_effect(moment: Moment, effect: str, baseline: dict[str, Any] | None) -> Plan:
    """Note that the act begins; a baseline (what the device said before) goes into the ledger too."""

    def write(write: Write) -> Values:
        row = effects.find_effect(write.tx, effect)
        if row is None or not effects.mark_started(write.tx, effect, baseline):
            return {"started": False}
        if baseline is not None:
            write.record(moment, effect_intended(row, baseline))
        return {"started": True}

    def then(now: RegisterState, values: Values) -> RegisterState:
        return with_print_state(now, effect, "started", "") if values["started"] else now

    return Plan(moment, write, then)


def with_print_state(state: RegisterState, effect: str, outcome: str, reason: str) -> RegisterState:
    """Return the state after an outcome; a good print stays on the screen only with its own sale."""
    shown = state.done.print if state.done else None
    is_over = outcome in ("done", "not_done") or reason == ONE_WAY
    prints = tuple(
        replace(p, state=outcome, reason=reason) if p.id == effect else p
        for p in state.prints
        if p.id != effect or not is_over or p.id == shown
    )
    return replace(state, prints=prints)


def print_state(row: EffectRow) -> PrintState:
    """Return what pages show of a print."""
    return PrintState(
        row.id, row.of, row.title, row.document_kind, row.state, row.reason, row.attempt, row.marker, row.kind
    )


def waits(kind: str, outcome: str, reason: str) -> bool:
    """Return whether a person has to look at it: not at a failed drawer, nor at what no printer can ever tell."""
    return (outcome == "unknown" and reason != ONE_WAY) or (outcome == "failed" and kind != "drawer")


def _marker(attempts: list[EffectRow]) -> str:
    states = {row.state for row in attempts}
    if "done" in states:
        return COPY
    return REPRINT if "unknown" in states else ""


def _printing_again(state: RegisterState, values: Values) -> RegisterState:
    again = PrintState(
        id=values["print"],
        of=values["of"],
        title=values["title"],
        document_kind=values["document_kind"],
        state="intended",
        reason="",
        attempt=values["attempt"],
        marker=values["marker"],
        kind=values["kind"],
    )
    prints = (*(p for p in state.prints if (p.of, p.kind) != (again.of, again.kind)), again)
    done = state.done
    if done is not None and done.document == values["of"] and again.kind == "print":
        done = replace(done, print=again.id)
    return replace(state, prints=prints, done=done)
