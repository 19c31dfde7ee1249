"""Who is at the till, and the till session from opening cash to the Z."""

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import orjson

from commerce.dates import business_day, utc_text
from commerce.errors import BadInputError, ConflictError, ForbiddenError, NotFoundError, RuleError
from commerce.ids import new_id
from commerce.ledger import Kind
from commerce.money import MAX_CENTS
from terminal.db import commands, documents, effects, ledger, sales, sessions
from terminal.db.effects import EffectRow, NewEffect
from terminal.db.sessions import SessionRow
from terminal.services.chains import Moment, Write
from terminal.services.commands import CloseSession, OpenSession, SignOff, SignOn
from terminal.services.operating import Operator
from terminal.services.plan import Plan, Till, Values, place_of, require_operator, require_session
from terminal.services.state import PrintState, RegisterState, SessionState

OPERATOR_KEY = "operator"
_SUMMED_KINDS = (Kind.SALE_COMPLETED.value, Kind.SALE_VOIDED.value, Kind.CASH_MOVED.value)
_CASH_SIGNS = {"loan": 1, "paid_in": 1, "pickup": -1, "paid_out": -1}
_COMMANDS_KEPT = timedelta(days=7)


def find_operator(state: RegisterState, operator: str) -> Operator:
    """Return an operator who may sign on; NotFoundError ``operator.unknown``, ForbiddenError ``operator.inactive``."""
    found = state.operating.operators.get(operator)
    if found is None:
        raise NotFoundError("operator.unknown", operator=operator)
    if not found.active:
        raise ForbiddenError("operator.inactive", operator=found.name)
    return found


def sign_on(till: Till, state: RegisterState, command: SignOn) -> Plan:
    """Sign an operator on whose PIN was checked before; somebody else who is signed on leaves."""
    operator, leaving = find_operator(state, command.operator), state.operator
    moment = till.moment(state, command.command_id)

    def write(write: Write) -> Values:
        if leaving is not None:
            write.append(moment, Kind.OPERATOR_SIGNED_OFF, {"operator": leaving.id, "reason": "switched"})
        body = {"operator": operator.id, "name": operator.name, "method": "pin"}
        write.append(replace(moment, operator=operator.id), Kind.OPERATOR_SIGNED_ON, body)
        ledger.set_meta(write.tx, OPERATOR_KEY, operator.id)
        return {"operator": operator.id, "name": operator.name}

    return Plan(moment, write, lambda now, _: replace(now, operator=operator))


def sign_off(till: Till, state: RegisterState, command: SignOff) -> Plan:
    """Let the operator leave; RuleError ``sale.open`` while something is on the sale."""
    operator = require_operator(state)
    _refuse_open_sale(state)
    moment = till.moment(state, command.command_id)

    def write(write: Write) -> Values:
        write.append(moment, Kind.OPERATOR_SIGNED_OFF, {"operator": operator.id, "reason": "asked"})
        ledger.set_meta(write.tx, OPERATOR_KEY, None)
        sales.leave_ended(write.tx, place_of(state))
        return {"operator": operator.id}

    return Plan(moment, write, lambda now, _: replace(now.without_done(), operator=None))


def open_session(till: Till, state: RegisterState, command: OpenSession) -> Plan:
    """Open a session; ConflictError ``session.open`` when one is."""
    require_operator(state)
    if state.session is not None:
        raise ConflictError("session.open", session=state.session.id)
    _check_cash(command.opening_cash_cents)
    before = till.moment(state, command.command_id)
    shop = state.operating.shop
    day = business_day(before.at, shop.zone, shop.cut_off)
    opened = SessionState(
        id=new_id(),
        drawer=state.operating.settings.drawer,
        currency=state.operating.company.currency,
        opening_cash=command.opening_cash_cents,
        business_day=day.isoformat(),
        opened_at=utc_text(before.at),
    )
    moment = replace(before, till_session=opened.id, business_day=day)

    def write(write: Write) -> Values:
        body = {
            "session": opened.id,
            "drawer": opened.drawer,
            "currency": opened.currency,
            "opening_cash": opened.opening_cash,
            "business_day": opened.business_day,
            "zone": shop.zone.key,
        }
        entry = write.append(moment, Kind.SESSION_OPENED, body)
        row = SessionRow(
            opened.id,
            state.till.mode.value,
            opened.drawer,
            opened.currency,
            opened.opening_cash,
            opened.business_day,
            opened.opened_at,
            write.origin.chain,
            entry.seq,
        )
        sessions.add_session(write.tx, row)
        return {"session": opened.id}

    return Plan(moment, write, lambda now, _: replace(now, session=opened))


def close_session(till: Till, state: RegisterState, command: CloseSession) -> Plan:
    """Close the session with its Z and a checkpoint; RuleError ``sale.open`` while something is on the sale."""
    require_operator(state)
    require_session(state)
    _refuse_open_sale(state)
    _check_cash(command.counted_cash_cents)
    moment = till.moment(state, command.command_id)
    printing = None if till.is_replay else new_id()
    empty_sale = state.basket.sale if state.basket else None

    def write(write: Write) -> Values:
        if empty_sale is not None:
            sales.void_sale(write.tx, empty_sale, utc_text(moment.at))
        sales.leave_ended(write.tx, place_of(state))
        z = _write_z(write, moment, command.counted_cash_cents, till, state.operating.shop.zone.key)
        if printing is not None:
            effect = NewEffect(printing, "print", z["session"], f"Z {z['z_number']}", "z_report", utc_text(moment.at))
            intend(write, moment, effect)
        commands.forget_commands(write.tx, utc_text(moment.at - _COMMANDS_KEPT))
        return {"z": z, "print": printing}

    return Plan(moment, write, _closed, "session.closed")


def intend(write: Write, moment: Moment, effect: NewEffect, baseline: dict[str, Any] | None = None) -> None:
    """Write an effect that no sale brings along, with its entry."""
    effects.add_effects(write.tx, [effect])
    body = {"effect": effect.id, "kind": effect.kind, "of": effect.of, "baseline": baseline}
    write.append(moment, Kind.EFFECT_INTENDED, body)


def _closed(state: RegisterState, values: Values) -> RegisterState:
    z, printing = values["z"], values["print"]
    after = state.without_done()
    if printing:
        title = f"Z {z['z_number']}"
        begun = PrintState(printing, z["session"], title, "z_report", "intended", "", 1, "")
        after = replace(after, prints=(*after.prints, begun))
    return replace(after, session=None, basket=None, newest_line=None, last_z=z)


@dataclass
class _Sums:
    """What a session's own entries add up to."""

    sales: int = 0
    voids: int = 0
    total: int = 0
    rounding: int = 0
    excess: int = 0
    cash: int = 0
    tenders: dict[tuple[str, str, str], list[int]] = field(default_factory=dict)
    tender_names: dict[str, dict[str, str]] = field(default_factory=dict)  # by type, as it was last called
    taxes: dict[tuple[Any, ...], list[int]] = field(default_factory=dict)

    def add(self, kind: str, body: dict[str, Any], currency: str) -> None:
        if kind == Kind.SALE_VOIDED:
            self.voids += 1
        elif kind == Kind.CASH_MOVED:
            self.cash += _CASH_SIGNS[body["movement"]] * body["amount"]
        else:
            self._add_sale(body, currency)

    def _add_sale(self, body: dict[str, Any], currency: str) -> None:
        settlement = body["settlement"]
        self.sales += 1
        self.total += settlement["total"]
        self.rounding += settlement["rounding"]
        self.excess += settlement["excess"]
        change = settlement["change"]
        for tender in reversed(body["tenders"]):  # change was given out of the last cash
            given_back = change if tender["kind"] == "cash" else 0
            change -= given_back
            self._add_tender(tender, given_back, currency)
        for row in body["taxes"]:
            key = (row["code"], row["rate"], row["treatment"], row["natura"], row["receipt_code"])
            sums = self.taxes.setdefault(key, [0, 0])
            sums[0] += row["taxable"]
            sums[1] += row["tax"]

    def _add_tender(self, tender: dict[str, Any], given_back: int, currency: str) -> None:
        row = self.tenders.setdefault((tender["type"], tender["kind"], tender["currency"]), [0, 0])
        row[0] += tender["amount"] - given_back
        row[1] += 1
        self.tender_names[tender["type"]] = tender["names"]
        if tender["kind"] == "cash" and tender["currency"] == currency:
            self.cash += tender["amount"] - given_back


def _write_z(write: Write, moment: Moment, counted: int, till: Till, zone: str) -> dict[str, Any]:
    session = sessions.get_open_session(write.tx, moment.till_session or "")
    sums, grand = _sum_session(write, session)
    number = sessions.next_z_number(write.tx, session.mode)
    unknown = [effect for effect in effects.list_open(write.tx) if effect.state in ("intended", "started", "unknown")]
    z = {**_z_body(session, sums, number, moment, counted, unknown, write.head.seq), "zone": zone}
    entry = write.append(moment, Kind.SESSION_CLOSED, z)
    till.steps.reached("session.close_written")
    write.append(moment, Kind.CHECKPOINT, _checkpoint(write, session.id, grand))
    sessions.close_session(write.tx, session.id, utc_text(moment.at), write.origin.chain, entry.seq, number)
    effects.retire_listed(write.tx)
    return z


def _sum_session(write: Write, session: SessionRow) -> tuple[_Sums, dict[str, int]]:
    """Sum the session's entries, and go on from the last checkpoint's grand totals of the current chain."""
    sums, current = _Sums(), write.origin.chain
    last = sessions.find_last_checkpoint(write.tx, current)
    grand = dict(last["totals"]) if last else {"sales": 0, "gross_total": 0}
    for chain in ledger.chains_since(write.tx, session.chain):
        first_seq = session.opened_seq if chain == session.chain else 1
        before = (sums.sales, sums.total)
        for kind, body in ledger.iterate_bodies(write.tx, chain, first_seq, session.id, _SUMMED_KINDS):
            sums.add(kind, orjson.loads(body), session.currency)
        if chain == current:
            grand["sales"] += sums.sales - before[0]
            grand["gross_total"] += sums.total - before[1]
    return sums, grand


def _z_body(
    session: SessionRow,
    sums: _Sums,
    number: int,
    moment: Moment,
    counted: int,
    unknown: list[EffectRow],
    last_seq: int,
) -> dict[str, Any]:
    expected = session.opening_cash + sums.cash
    return {
        "session": session.id,
        "drawer": session.drawer,
        "z_number": number,
        "currency": session.currency,
        "business_day": session.business_day,
        "opened_at": session.opened_at,
        "sales": sums.sales,
        "voids": sums.voids,
        "totals": {"total": sums.total, "rounding": sums.rounding, "excess": sums.excess},
        "tenders": [
            dict(zip(("type", "kind", "currency"), key, strict=True))
            | {"names": sums.tender_names[key[0]], "amount": row[0], "count": row[1]}
            for key, row in sorted(sums.tenders.items())
        ],
        "taxes": [
            dict(zip(("code", "rate", "treatment", "natura", "receipt_code"), key, strict=True))
            | {"taxable": row[0], "tax": row[1]}
            for key, row in sorted(sums.taxes.items(), key=lambda item: str(item[0]))
        ],
        "expected_cash": expected,
        "counted_cash": counted,
        "over_short": counted - expected,
        "unknown_effects": [
            {"effect": e.id, "kind": e.kind, "of": e.of, "title": e.title, "state": e.state} for e in unknown
        ],
        "first_seq": session.opened_seq,
        "last_seq": last_seq,
    }


def _checkpoint(write: Write, session: str, grand: dict[str, int]) -> dict[str, Any]:
    counters = documents.list_counters(write.tx, f"{write.origin.chain}/")
    return {
        "session": session,
        "reason": "z",
        "counters": [{"series": s, "period": p, "last_number": n} for s, p, n in counters],
        "totals": grand,
        "head_seq": write.head.seq,
        "head_hash": write.head.hash.hex(),
    }


def _refuse_open_sale(state: RegisterState) -> None:
    if state.basket is not None and not state.basket.is_empty:
        raise RuleError("sale.open")


def _check_cash(cents: int) -> None:
    if not 0 <= cents <= MAX_CENTS:
        raise BadInputError("amount.too_large")
