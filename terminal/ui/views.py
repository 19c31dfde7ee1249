"""Turns the register's state into the view that pages draw: texts, amounts and dates in the reader's language."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from commerce.basket import Basket, Line, PriceOrigin, TotalOrigin
from commerce.tender import TenderKind
from commerce.texts import LANGUAGES, Translator, translator
from commerce.texts.formats import Formats, formats
from commerce.vat import TaxRow
from terminal.db.attempts import AttemptRow
from terminal.services.operating import OperatingSet
from terminal.services.state import DoneSale, RegisterState, SessionState
from terminal.ui.device_views import clock_view, device_view, network_view
from terminal.ui.page_texts import texts_version
from terminal.ui.ports import UiServices
from terminal.ui.print_views import notice_view, print_view
from terminal.ui.quick_cash import quick_amounts
from terminal.ui.tender_views import outstanding, tender_view, there
from terminal.ui.view_types import (
    DoneView,
    FlagView,
    LineView,
    OperatorView,
    QuickCashView,
    SaleView,
    SessionView,
    TaxView,
    TenderTypeView,
    View,
)
from terminal.ui.words import FLAGS, LANGUAGE_NAMES, MODES, UNITS
from terminal.ui.z_views import z_view


def pick_name(names: Mapping[str, str], language: str) -> str:
    """Return a name in a language, in any when it has none in that one."""
    return names.get(language) or next((name for name in names.values() if name), "")


class Viewer:
    """Makes the views of one language. Lines are kept: a basket of a hundred costs only what changed in it."""

    def __init__(self, language: str) -> None:
        self.language = language
        self.words: Translator = translator(language)
        self.formats: Formats = formats(language)
        self._lines = _LineViews(self)
        self._settled: tuple[OperatingSet, _OperatingViews] | None = None

    def view(self, state: RegisterState, services: UiServices) -> View:
        """Return everything the page draws."""
        operating = state.operating
        currency = operating.company.currency
        settled = self._operating_views(operating)
        basket = state.basket
        return {
            "revision": state.revision,
            "language": self.language,
            "languages": [{"code": code, "name": LANGUAGE_NAMES[code]} for code in LANGUAGES],
            "texts_version": texts_version(self.language),
            "mode": state.till.mode.value,
            "mode_text": self.words.t(MODES[state.till.mode.value]),
            "screen": state.screen.value,
            "till": {"name": state.till.name, "code": state.till.code, "shop": operating.shop.name},
            "money": self.formats.typing(currency),
            "clock": clock_view(self, state, services.now()),
            "operator": None if state.operator is None else {"id": state.operator.id, "name": state.operator.name},
            "operators": settled.operators,
            "session": None if state.session is None else self._session(state, state.session),
            "sale": None if basket is None else self._sale(basket, state.newest_line, state.attempts),
            "done": None if state.done is None else self._done(state.done),
            "tender_types": settled.tender_types,
            "devices": [device_view(self, device) for device in services.devices()],
            "network": network_view(self, services.network(), services.now().astimezone(operating.shop.zone)),
            "prints": [print_view(self, job) for job in state.prints],
            "notices": [notice_view(self, notice, currency) for notice in state.notices],
            "last_z": None if state.last_z is None else z_view(self, state.last_z, currency),
        }

    def taxes(self, rows: tuple[TaxRow, ...], currency: str) -> list[TaxView]:
        """Return the tax breakdown."""
        return [
            {
                "label": self.tax_label(row.vat.rate, row.vat.natura),
                "taxable": self.formats.amount(row.net, currency),
                "tax": self.formats.amount(row.tax, currency),
            }
            for row in rows
        ]

    def tax_label(self, rate: Decimal, natura: str | None) -> str:
        """Return how a VAT rate is named: its percentage, or its reason where it is none."""
        return self.words.t("VAT {rate}", rate=natura if natura and not rate else self.formats.percent(rate))

    def _session(self, state: RegisterState, session: SessionState) -> SessionView:
        opened = datetime.fromisoformat(session.opened_at).astimezone(state.operating.shop.zone)
        day = datetime.fromisoformat(session.business_day)
        return {
            "id": session.id,
            "business_day": self.formats.day(day),
            "opened": self.formats.moment(opened),
            "opening_cash": self.formats.money(session.opening_cash, session.currency),
        }

    def _sale(self, basket: Basket, newest: str | None, attempts: Sequence[AttemptRow]) -> SaleView:
        settled = basket.settlement
        money, currency = self.formats.money, basket.currency
        count = sum(_pieces(line) for line in basket.lines)
        return {
            "id": basket.sale,
            "language": basket.language,
            "lines": self._lines.of(basket, newest),
            "item_count": count,
            "items_text": self.words.tn("{count} item", "{count} items", count),
            "total": money(settled.total, currency),
            "total_cents": settled.total,
            "due": money(settled.due, currency),
            "due_cents": settled.due,
            "remaining": money(settled.remaining, currency),
            "remaining_cents": settled.remaining,
            "given": money(there(basket.tenders), currency),
            "given_cents": there(basket.tenders),
            "outstanding": money(outstanding(settled, basket.tenders), currency),
            "outstanding_cents": outstanding(settled, basket.tenders),
            "rounding": money(settled.rounding, currency) if settled.rounding else None,
            "taxes": self.taxes(basket.taxes, currency),
            "tenders": [tender_view(self, tender, attempts, currency) for tender in basket.tenders],
            "quick_cash": self._quick_cash(basket),
            "can_pay": bool(basket.lines),
        }

    def _quick_cash(self, basket: Basket) -> list[QuickCashView]:
        amounts = quick_amounts(basket.settlement.remaining, basket.currency, _cash_step(basket))
        return [
            {
                "label": self.formats.money(cents, basket.currency),
                "amount_cents": cents,
                "exact": place == 0,
            }
            for place, cents in enumerate(amounts)
        ]

    def _done(self, done: DoneSale) -> DoneView:
        return {
            "sale": done.sale,
            "document": done.document,
            "formatted": done.formatted,
            "total": self.formats.money(done.total, done.currency),
            "tendered": self.formats.money(done.tendered, done.currency),
            "change": self.formats.money(done.change, done.currency),
            "change_cents": done.change,
            "print": done.print,
        }

    def _operating_views(self, operating: OperatingSet) -> "_OperatingViews":
        if self._settled is None or self._settled[0] is not operating:
            self._settled = (operating, _operating_views(operating, self.language))
        return self._settled[1]


@dataclass(frozen=True, slots=True)
class _OperatingViews:
    operators: list[OperatorView]
    tender_types: list[TenderTypeView]


def _operating_views(operating: OperatingSet, language: str) -> _OperatingViews:
    people = sorted((o for o in operating.operators.values() if o.active), key=lambda o: o.name.casefold())
    kinds = sorted(operating.tender_types, key=lambda t: t.position)
    return _OperatingViews(
        [{"id": person.id, "name": person.name, "rights": sorted(person.rights)} for person in people],
        [
            {
                "code": t.code,
                "kind": t.kind.value,
                "name": pick_name(t.names, language),
                "by_reader": t.reader is not None,
            }
            for t in kinds
        ],
    )


class _LineViews:
    """Keeps the view of each line as long as the line is the same value at the same place."""

    def __init__(self, viewer: Viewer) -> None:
        self._viewer = viewer
        self._sale = ""
        self._kept: dict[str, tuple[Line, LineView]] = {}

    def of(self, basket: Basket, newest: str | None) -> list[LineView]:
        """Return the views of a sale's lines, the newest marked."""
        if basket.sale != self._sale:
            self._sale, self._kept = basket.sale, {}
        views = [self._view(line, place, basket.currency) for place, line in enumerate(basket.lines, 1)]
        return [{**view, "newest": True} if view["id"] == newest else view for view in views]

    def _view(self, line: Line, position: int, currency: str) -> LineView:
        kept = self._kept.get(line.id)
        if kept is not None and kept[0] is line and kept[1]["position"] == position:
            return kept[1]
        view = _line_view(self._viewer, line, position, currency)
        self._kept[line.id] = (line, view)
        return view


def _line_view(viewer: Viewer, line: Line, position: int, currency: str) -> LineView:
    return {
        "id": line.id,
        "position": position,
        "description": pick_name(line.names, viewer.language),
        "quantity": viewer.formats.quantity(line.quantity),
        "unit": UNITS.get(line.unit, line.unit),
        "unit_price": viewer.formats.price(line.unit_price, currency),
        "total": viewer.formats.amount(line.total, currency),
        "total_cents": line.total,
        "flags": _flags(viewer, line),
        "newest": False,
        "can_change_quantity": line.total_origin is TotalOrigin.COMPUTED,
    }


def _flags(viewer: Viewer, line: Line) -> list[FlagView]:
    codes = ["return"] if line.movement == "return" else []
    if line.total_origin is not TotalOrigin.COMPUTED:
        codes.append(line.total_origin.value)
    elif line.price_origin is PriceOrigin.OPERATOR:
        codes.append("price_typed")
    return [{"code": code, "text": viewer.words.t(FLAGS[code])} for code in codes]


def _pieces(line: Line) -> int:
    """Count pieces as pieces and what is weighed or measured as one."""
    whole = int(line.quantity)
    return abs(whole) if whole == line.quantity and line.unit == "pc" else 1


def _cash_step(basket: Basket) -> int | None:
    """Return the step that cash is rounded to as long as everything is paid in cash."""
    only_cash = all(tender.kind is TenderKind.CASH for tender in basket.tenders)
    return basket.cash_step if only_cash else None
