"""The Z: what a session's own entries add up to, as the entry that closes it says for ever."""

from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, field, replace

from commerce.bodies.chain import Checkpoint, Counter, GrandTotals
from commerce.bodies.form import Body, read
from commerce.bodies.line import TaxBody, VatBody
from commerce.bodies.paid import TenderBody
from commerce.bodies.parties import LayoutBody, SellerBody
from commerce.bodies.sale import SaleCompleted
from commerce.bodies.session import (
    CashMoved,
    LeftOut,
    SessionClosed,
    SessionOpened,
    UnknownEffect,
    ZTax,
    ZTender,
    ZTotals,
)
from commerce.dates import utc_text
from commerce.errors import BadInputError
from commerce.kinds import Kind, TenderKind
from commerce.ledger import Problem
from terminal.db import documents, effects, ledger, sessions
from terminal.db.effects import EffectRow
from terminal.db.sessions import SessionRow
from terminal.services.chains import Moment, Write
from terminal.services.session_days import find_corrected_day
from terminal.services.steps import Steps

_SUMMED_KINDS = (Kind.SALE_COMPLETED.value, Kind.SALE_VOIDED.value, Kind.CASH_MOVED.value)
_READERS: dict[str, type[Body]] = {
    Kind.SESSION_OPENED.value: SessionOpened,
    Kind.SALE_COMPLETED.value: SaleCompleted,
    Kind.CASH_MOVED.value: CashMoved,
}
_CASH_SIGNS = {"loan": 1, "paid_in": 1, "pickup": -1, "paid_out": -1}
_LAYOUT = LayoutBody("z", 1, (), ())


@dataclass(frozen=True, slots=True)
class Dress:
    """What a Z prints beside its figures: a reprint years later asks nobody for it."""

    seller: SellerBody
    language: str
    zone: str


def write_z(
    write: Write, moment: Moment, counted: int, dress: Dress, steps: Steps, left_out: Sequence[Problem] = ()
) -> SessionClosed:
    """Close the open session with its Z and a checkpoint; RuleError ``session.none``.

    Entries that are ``left_out`` are named and in no sum.
    """
    without = {(problem.chain, problem.seq) for problem in left_out}
    session = _as_signed(write, sessions.get_open_session(write.tx, moment.till_session or ""), without)
    sums, grand = _sum_session(write, session, without)
    unknown = [effect for effect in effects.list_open(write.tx) if effect.state in ("intended", "started", "unknown")]
    z = replace(_z_body(write, session, sums, counted, unknown, dress), left_out=_named(left_out))
    entry = write.record(moment, z)
    steps.reached("session.close_written")
    write.record(moment, _checkpoint(write, session.id, grand))
    sessions.close_session(write.tx, session.id, utc_text(moment.at), write.origin.chain, entry.seq, z.z_number)
    effects.retire_listed(write.tx)
    return z


def find_unreadable(write: Write, session: SessionRow) -> tuple[Problem, ...]:
    """Return the entries of a session that are what was signed, and yet nothing that a Z can read."""
    return tuple(
        Problem(chain, seq, "ledger.unreadable")
        for chain in ledger.chains_since(write.tx, session.chain)
        for seq, kind, body in _iterate_since_checkpoint(write, chain, session.id)
        if not _is_readable(kind, body)
    )


def _iterate_since_checkpoint(write: Write, chain: str, session: str) -> Iterator[tuple[int, str, bytes]]:
    start = sessions.last_checkpoint_seq(write.tx, chain)
    return ledger.iterate_bodies(write.tx, chain, start, session, tuple(_READERS))


def _is_readable(kind: str, body: bytes) -> bool:
    try:
        read(_READERS[kind], body)
    except BadInputError:
        return False
    return True


@dataclass
class _Sums:
    """What a session's own entries add up to."""

    sales: int = 0
    voids: int = 0
    total: int = 0
    deposits: int = 0
    rounding: int = 0
    excess: int = 0
    cash: int = 0
    tenders: dict[tuple[str, TenderKind, str], list[int]] = field(default_factory=dict)
    tender_names: dict[str, dict[str, str]] = field(default_factory=dict)  # by type, as it was last called
    taxes: dict[VatBody, list[int]] = field(default_factory=dict)

    def add(self, kind: str, body: bytes, currency: str) -> None:
        """Take one entry in."""
        if kind == Kind.SALE_VOIDED:
            self.voids += 1
        elif kind == Kind.CASH_MOVED:
            moved = read(CashMoved, body)
            self.cash += _CASH_SIGNS[moved.movement] * moved.amount
        else:
            self._add_sale(read(SaleCompleted, body), currency)

    def _add_sale(self, sale: SaleCompleted, currency: str) -> None:
        settlement = sale.settlement
        self.sales += 1
        self.total += settlement.total
        self.deposits += settlement.deposits
        self.rounding += settlement.rounding
        self.excess += settlement.excess
        change = settlement.change
        for tender in reversed(sale.tenders):  # change was given out of the last cash
            given_back = change if tender.kind is TenderKind.CASH else 0
            change -= given_back
            self._add_tender(tender, given_back, currency)
        for row in sale.taxes:
            sums = self.taxes.setdefault(_vat_of(row), [0, 0])
            sums[0] += row.taxable
            sums[1] += row.tax

    def _add_tender(self, tender: TenderBody, given_back: int, currency: str) -> None:
        row = self.tenders.setdefault((tender.type, tender.kind, tender.currency), [0, 0])
        row[0] += tender.amount - given_back
        row[1] += 1
        self.tender_names[tender.type] = tender.names
        if tender.kind is TenderKind.CASH and tender.currency == currency:
            self.cash += tender.amount - given_back


def _totals_before(write: Write, chain: str) -> tuple[int, int]:
    """Return the grand totals of a chain's last checkpoint; they begin again where it cannot be read any more."""
    try:
        last = sessions.find_last_checkpoint(write.tx, chain)
    except BadInputError:
        return 0, 0
    return (last.totals.sales, last.totals.gross_total) if last else (0, 0)


def _vat_of(row: TaxBody) -> VatBody:
    return VatBody(row.code, row.rate, row.treatment, row.natura, row.receipt_code)


def _named(left_out: Sequence[Problem]) -> tuple[LeftOut, ...]:
    return tuple(LeftOut(problem.chain, problem.seq, problem.code) for problem in left_out)


def _as_signed(write: Write, session: SessionRow, without: Set[tuple[str, int]]) -> SessionRow:
    """Return the session as its entry says it: the row beside it proves nothing, and is all there is without it."""
    start = sessions.last_checkpoint_seq(write.tx, session.chain)
    opened = ledger.iterate_bodies(write.tx, session.chain, start, session.id, (Kind.SESSION_OPENED.value,))
    for seq, _, encoded in opened:
        if (session.chain, seq) in without:
            continue
        body = read(SessionOpened, encoded)
        return replace(
            session,
            drawer=body.drawer or session.drawer,
            currency=body.currency,
            opening_cash=body.opening_cash,
            business_day=find_corrected_day(write.tx, session.id, session.chain, without) or body.business_day,
            opened_seq=seq,
        )
    return session


def _sum_session(write: Write, session: SessionRow, left_out: Set[tuple[str, int]]) -> tuple[_Sums, GrandTotals]:
    """Sum the session's entries, and go on from the last checkpoint's grand totals of the current chain."""
    sums, current = _Sums(), write.origin.chain
    sales, gross = _totals_before(write, current)
    for chain in ledger.chains_since(write.tx, session.chain):
        first_seq = session.opened_seq if chain == session.chain else 1
        before = (sums.sales, sums.total)
        for seq, kind, body in ledger.iterate_bodies(write.tx, chain, first_seq, session.id, _SUMMED_KINDS):
            if (chain, seq) not in left_out:
                sums.add(kind, body, session.currency)
        if chain == current:
            sales, gross = sales + sums.sales - before[0], gross + sums.total - before[1]
    return sums, GrandTotals(sales, gross)


def _z_body(
    write: Write, session: SessionRow, sums: _Sums, counted: int, unknown: list[EffectRow], dress: Dress
) -> SessionClosed:
    expected = session.opening_cash + sums.cash
    return SessionClosed(
        session=session.id,
        drawer=session.drawer,
        z_number=sessions.next_z_number(write.tx, session.mode),
        currency=session.currency,
        business_day=session.business_day,
        zone=dress.zone,
        language=dress.language,
        layout=_LAYOUT,
        seller=dress.seller,
        opened_at=session.opened_at,
        opening_cash=session.opening_cash,
        sales=sums.sales,
        voids=sums.voids,
        totals=ZTotals(sums.total, sums.deposits, sums.rounding, sums.excess),
        tenders=tuple(
            ZTender(code, kind, currency, sums.tender_names[code], amount, count)
            for (code, kind, currency), (amount, count) in sorted(sums.tenders.items())
        ),
        taxes=tuple(
            ZTax(vat.code, vat.rate, vat.treatment, vat.natura, vat.receipt_code, taxable, tax)
            for vat, (taxable, tax) in sorted(sums.taxes.items(), key=lambda item: (item[0].code, item[0].rate))
        ),
        expected_cash=expected,
        counted_cash=counted,
        over_short=counted - expected,
        unknown_effects=tuple(UnknownEffect(e.id, e.kind, e.of, e.title, e.state) for e in unknown),
        left_out=(),
        first_chain=session.chain,
        first_seq=session.opened_seq,
        last_seq=write.head.seq,
    )


def _checkpoint(write: Write, session: str, grand: GrandTotals) -> Checkpoint:
    counters = documents.list_counters(write.tx, f"{write.origin.chain}/")
    return Checkpoint(
        session=session,
        reason="z",
        counters=tuple(Counter(series, period, last) for series, period, last in counters),
        totals=grand,
        head_seq=write.head.seq,
        head_hash=write.head.hash.hex(),
    )
