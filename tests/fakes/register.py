"""A register in memory: the same commands, refusals and states as the real one, nothing on disk, no PIN hashing."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from commerce.basket import (
    Basket,
    Line,
    LineKind,
    PriceOrigin,
    TotalOrigin,
    apply,
    language_chosen,
    line_changed,
    line_voided,
    lines_added,
    price_line,
    tender_added,
    tender_removed,
)
from commerce.bodies.form import read
from commerce.bodies.sale import SaleCompleted
from commerce.canonical import canonical_bytes
from commerce.documents import IntendedEffect, IssuedNumber, Layout, SaleContext, sale_body
from commerce.errors import ConflictError, ForbiddenError, NotFoundError, PosError, RuleError
from commerce.ids import new_id
from commerce.money import line_total_cents
from commerce.tender import Tender, TenderKind
from terminal.services import commands as c
from terminal.services.approvals import check_meant_sale
from terminal.services.pins import WrongPinError
from terminal.services.results import Result
from terminal.services.state import (
    ClockState,
    DoneSale,
    Notice,
    PrintState,
    RegisterState,
    Screen,
    SessionState,
)
from tests.fakes.bodies import SELLER, z_body
from tests.fakes.shop import ANNA, ITEMS, PINS, TODAY, VAT_CODES, FakeItem, first_state

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from terminal.services.register import Listener


@dataclass
class FakeRegister:
    """Carries out commands in memory. ``print_state`` is how the next prints end, ``fails_with`` what comes next."""

    state: RegisterState = field(default_factory=first_state)
    items: tuple[FakeItem, ...] = ITEMS
    print_state: str = "done"
    print_reason: str = ""
    fails_with: Exception | None = None
    needs: dict[type[c.Command], str] = field(default_factory=dict)  # rights that acts need beyond selling
    pin_wait_s: int = 1  # how long the next PIN waits after a wrong one
    changed_entry: int = 0  # whose Z waits for somebody who leaves it out
    listeners: list[Listener] = field(default_factory=list)
    submitted: list[c.Command] = field(default_factory=list)
    receipts: list[SaleCompleted] = field(default_factory=list)
    _results: dict[str, tuple[c.Command, Result]] = field(default_factory=dict)
    _cash: int = 0

    async def submit(self, command: c.Command) -> Result:
        """Carry a command out; see ``terminal.services.register.Register.submit``."""
        known = self._results.get(command.command_id)
        if known is not None:
            if known[0] != command:
                raise ConflictError("command.reused")
            return replace(known[1], repeated=True)
        self.submitted.append(command)
        if self.fails_with is not None:
            failure, self.fails_with = self.fails_with, None
            raise failure
        check_meant_sale(self.state, command)
        self._check_rights(command)
        result = Result(self._handler(command)(command) or {})
        self._results[command.command_id] = (command, result)
        return result

    def show(self, **changes: Any) -> RegisterState:  # noqa: ANN401
        """Put the state and tell the listeners."""
        self.state = replace(self.state, revision=self.state.revision + 1, **changes)
        for listener in list(self.listeners):
            listener(self.state)
        return self.state

    def sign_on(self) -> FakeRegister:
        """Stand where Anna has signed on and opened the session."""
        self.show(operator=self.state.operating.operators[ANNA])
        self._open(100_00)
        return self

    def scan(self, code: str) -> None:
        """Take a code as a scanner delivers it: a refusal is only a notice."""
        try:
            self._add_code(c.AddCode(new_id(), code, device="scanner"))
        except PosError:
            return

    def search(self, words: str, language: str, limit: int) -> list[FakeItem]:
        """Find the items whose name has every word, or that have the code."""
        asked = words.casefold().split()
        return [
            item
            for item in self.items
            if words in item.codes or all(word in item.names[language].casefold() for word in asked)
        ][:limit]

    def _check_rights(self, command: c.Command) -> None:
        right, given = self.needs.get(type(command)), command.approval
        if right is None or self.state.operator is None or right in self.state.operator.rights:
            return
        if given is None:
            raise ForbiddenError("approval.needed", rights=[right])
        if PINS[given.operator] != given.pin:
            raise WrongPinError(given.operator, 1, self.pin_wait_s, is_alarming=False)
        if right not in self.state.operating.operators[given.operator].rights:
            raise ForbiddenError("approval.no_right", rights=[right])

    def _handler(self, command: c.Command) -> Callable[[Any], dict[str, Any] | None]:
        handlers: dict[type[c.Command], Callable[[Any], dict[str, Any] | None]] = {
            c.SignOn: self._sign_on,
            c.SignOff: self._sign_off,
            c.OpenSession: lambda command: self._open(command.opening_cash_cents),
            c.CloseSession: self._close,
            c.AddCode: self._add_code,
            c.AddItem: self._add_item,
            c.ChangeQuantity: self._change_quantity,
            c.VoidLine: self._void_line,
            c.VoidSale: self._void_sale,
            c.AddTender: self._add_tender,
            c.VoidTender: self._void_tender,
            c.CompleteSale: self._complete,
            c.NextSale: lambda _: self._show_sale(None, done=None),
            c.ChooseLanguage: self._choose_language,
            c.DismissNotice: lambda command: self._keep_notices(lambda notice: notice.number != command.notice),
            c.PrintAgain: self._print_again,
            c.DismissPrint: lambda command: self._keep_prints(lambda job: job.id != command.print),
            c.ConfirmClock: lambda _: self._none(self.show(clock=ClockState())),
            c.ImportLines: self._refuse_replay,
            c.SetReplayClock: self._refuse_replay,
        }
        return handlers[type(command)]

    def _none(self, _: object) -> None:
        return None

    def _refuse_replay(self, _: object) -> None:
        raise RuleError("replay.only")

    def _sign_on(self, command: c.SignOn) -> None:
        operator = self.state.operating.operators.get(command.operator)
        if operator is None:
            raise NotFoundError("operator.unknown")
        if PINS[command.operator] != command.pin:
            raise WrongPinError(operator.name, 1, self.pin_wait_s, is_alarming=False)
        self.show(operator=operator, screen=Screen.SELLING if self.state.session else Screen.SESSION)

    def _sign_off(self, _: c.SignOff) -> None:
        if self.state.basket and self.state.basket.lines:
            raise RuleError("sale.open")
        self.show(operator=None, screen=Screen.SIGN_ON, done=None)

    def _open(self, cash: int) -> dict[str, Any]:
        session = SessionState(new_id(), "main", "EUR", cash, TODAY.isoformat(), "2026-11-23T07:30:00.000000Z")
        self._cash = cash
        self.show(session=session, screen=Screen.SELLING)
        return {"session": session.id}

    def _close(self, command: c.CloseSession) -> dict[str, Any]:
        session = self._session()
        if self.state.basket and self.state.basket.lines:
            raise RuleError("sale.open")
        if self.changed_entry and not command.leave_out:
            raise ConflictError("ledger.changed", seq=self.changed_entry, count=1)
        counted = command.counted_cash_cents
        z = z_body(
            session=session.id,
            sales=len(self.receipts),
            totals={"total": sum(r.settlement.total for r in self.receipts), "deposits": 0, "rounding": 0, "excess": 0},
            expected_cash=self._cash,
            counted_cash=counted,
            over_short=counted - self._cash,
        )
        self.show(session=None, screen=Screen.SESSION, last_z=z, done=None)
        return {"z": z.as_body(), "print": self._print(session.id, "Z 12", "z_report")}

    def _add_code(self, command: c.AddCode) -> dict[str, Any]:
        self._session()
        found = [item for item in self.items if command.code in item.codes]
        if not found:
            raise self._refuse(command.code, NotFoundError("code.unknown", code=command.code))
        if len(found) > 1:
            candidates = [
                {"item": i.id, "sku": i.sku, "names": dict(i.names), "unit": i.unit, "price": str(i.price)}
                for i in found
            ]
            raise self._refuse(command.code, ConflictError("code.ambiguous", code=command.code, candidates=candidates))
        item = found[0]
        if item.price is None:
            missing = RuleError("price.missing", code=command.code, item=item.id, names=dict(item.names))
            raise self._refuse(command.code, missing)
        return self._add(item, command.quantity, item.price, PriceOrigin.REGISTRY, command.code)

    def _add_item(self, command: c.AddItem) -> dict[str, Any]:
        self._session()
        item = next((item for item in self.items if item.id == command.item), None)
        if item is None:
            raise NotFoundError("item.unknown", item=command.item)
        price = command.unit_price if command.unit_price is not None else item.price
        if price is None:
            raise RuleError("price.missing", item=item.id, names=dict(item.names))
        origin = PriceOrigin.REGISTRY if command.unit_price is None else PriceOrigin.OPERATOR
        return self._add(item, command.quantity, price, origin, None)

    def _add(
        self, item: FakeItem, quantity: Decimal | None, price: Decimal, origin: PriceOrigin, code: str | None
    ) -> dict[str, Any]:
        number = quantity or (Decimal("0.482") if item.unit == "kg" else Decimal(1))
        line = Line(
            new_id(),
            LineKind.ITEM,
            dict(item.names),
            number,
            item.unit,
            price,
            VAT_CODES[item.vat].on(TODAY),
            line_total_cents(number, price, "EUR"),
            TotalOrigin.COMPUTED,
            origin,
            item=item.id,
            code=code,
        )
        basket = self._apply(lines_added([line]))
        self._show_sale(basket, newest_line=line.id, notices=self.state.without_scans, done=None)
        return {"sale": basket.sale, "line": line.id}

    def _change_quantity(self, command: c.ChangeQuantity) -> dict[str, Any]:
        line = self._line(command.line)
        basket = self._apply(line_changed(price_line(line, command.quantity, "EUR")))
        self._show_sale(basket, newest_line=line.id)
        return {"sale": basket.sale, "line": line.id}

    def _void_line(self, command: c.VoidLine) -> None:
        self._show_sale(self._apply(line_voided(self._line(command.line).id)), newest_line=None)

    def _void_sale(self, _: c.VoidSale) -> None:
        if self._sale().tenders:
            raise RuleError("sale.being_paid")
        self._show_sale(None, newest_line=None)

    def _add_tender(self, command: c.AddTender) -> dict[str, Any]:
        basket = self._shown(command.shown_due_cents)
        kind = next((t for t in self.state.operating.tender_types if t.code == command.type), None)
        if kind is None:
            raise NotFoundError("tender.type_unknown", type=command.type)
        amount = basket.settlement.remaining if command.amount_cents is None else command.amount_cents
        tender = Tender(new_id(), kind.code, kind.kind, kind.names, "EUR", amount)
        paid = self._apply(tender_added(tender))
        if not paid.settlement.is_settled:
            self._show_sale(paid)
            return {"sale": paid.sale, "tender": tender.id}
        return {"tender": tender.id, **self._finish(paid)}

    def _void_tender(self, command: c.VoidTender) -> None:
        self._show_sale(self._apply(tender_removed(command.tender)))

    def _complete(self, command: c.CompleteSale) -> dict[str, Any]:
        basket = self._shown(command.shown_due_cents)
        if not basket.lines:
            raise RuleError("sale.no_lines")
        if not basket.settlement.is_settled:
            raise RuleError("sale.not_settled", remaining=basket.settlement.remaining)
        return self._finish(basket)

    def _choose_language(self, command: c.ChooseLanguage) -> None:
        self._show_sale(self._apply(language_chosen(command.language)))

    def _print_again(self, command: c.PrintAgain) -> dict[str, Any]:
        job = next((job for job in self.state.prints if job.id == command.print), None)
        if job is None:
            raise NotFoundError("print.unknown")
        marker = "COPY" if job.state == "done" else "REPRINT"
        again = replace(job, id=new_id(), state=self.print_state, attempt=job.attempt + 1, marker=marker)
        self.show(prints=(*(other for other in self.state.prints if other.id != job.id), again))
        return {"print": again.id}

    def _finish(self, basket: Basket) -> dict[str, Any]:
        number = f"T2/26/{len(self.receipts) + 481:06d}"
        document = new_id()
        printing = self._print(document, number, "receipt")
        self._keep_receipt(basket, document, number, printing)
        settled = basket.settlement
        self._cash += sum(t.value for t in basket.tenders if t.kind is TenderKind.CASH) - settled.change
        done = DoneSale(basket.sale, document, number, "EUR", settled.total, settled.tendered, settled.change, printing)
        self.show(basket=None, newest_line=None, screen=Screen.DONE, done=done)
        return {
            "sale": basket.sale,
            "document": {"id": document, "formatted": number},
            "change_cents": settled.change,
            "effects": [{"id": printing, "kind": "print"}],
        }

    def _keep_receipt(self, basket: Basket, document: str, number: str, printing: str) -> None:
        issued = IssuedNumber(document, "receipt", "s-1", "T2", "2026", len(self.receipts) + 481, number, TODAY)
        context = SaleContext(SELLER, Layout("receipt", 1, (), ()), "RECEIPT", 1, None, "main", "Europe/Rome")
        body = sale_body(basket, issued, "CF1.code", context, [IntendedEffect(printing, "print")])
        self.receipts.append(read(SaleCompleted, canonical_bytes(body)))

    def _print(self, of: str, title: str, kind: str) -> str:
        job = PrintState(new_id(), of, title, kind, self.print_state, self.print_reason, 1, "")
        kept = tuple(other for other in self.state.prints if other.state not in ("done", "intended"))
        self.show(prints=(*kept, job))
        return job.id

    def _keep_prints(self, wanted: Callable[[PrintState], bool]) -> None:
        self.show(prints=tuple(filter(wanted, self.state.prints)))

    def _keep_notices(self, wanted: Callable[[Notice], bool]) -> None:
        self.show(notices=tuple(filter(wanted, self.state.notices)))

    def _refuse(self, code: str, error: PosError) -> PosError:
        number = max((notice.number for notice in self.state.notices), default=self.state.revision) + 1
        values = {**error.values, "scanned": code}
        notice = Notice(number, error.code, values, "2026-11-23T17:42:07.000000Z", of_scan=True)
        self.show(notices=(*self.state.notices, notice))
        return error

    def _session(self) -> SessionState:
        if self.state.operator is None:
            raise ForbiddenError("operator.none")
        if self.state.session is None:
            raise RuleError("session.none")
        return self.state.session

    def _sale(self) -> Basket:
        if self.state.basket is None:
            raise RuleError("sale.none")
        return self.state.basket

    def _line(self, line_id: str) -> Line:
        line = self._sale().find_line(line_id)
        if line is None:
            raise NotFoundError("line.unknown", line=line_id)
        return line

    def _shown(self, due: int) -> Basket:
        basket = self._sale()
        if basket.settlement.remaining != due:
            raise ConflictError("sale.total_changed", sale=basket.sale, due=basket.settlement.remaining)
        return basket

    def _apply(self, event: Mapping[str, Any]) -> Basket:
        basket = self.state.basket or Basket(new_id(), "EUR", self.state.language, "2026-11-23T17:40:00.000000Z")
        return apply(basket, event)

    def _show_sale(self, basket: Basket | None, **changes: Any) -> None:  # noqa: ANN401
        screen = Screen.PAYING if basket is not None and basket.tenders else Screen.SELLING
        self.show(basket=basket, screen=screen, **changes)
