"""Every act of the API: its address, what it takes and the command it becomes. Nothing is decided here."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from commerce.errors import NotFoundError
from commerce.texts import N_
from terminal.services import commands
from terminal.ui import requests
from terminal.ui.requests import decimal_or_none

Path = dict[str, str]


@dataclass(frozen=True, slots=True)
class ActRoute:
    """An act: ``make`` turns the body and what stands in the address into a command."""

    path: str
    summary: str
    request: type[requests.Act]
    make: Callable[[Any, Path], commands.Command]
    errors: tuple[str, ...] = ()
    max_bytes: int = 16 * 1024

    def command(self, body: requests.Act, path: Path, client: str) -> commands.Command:
        """Return the command with its envelope: the sale it is meant for, who approves it, and whence it came."""
        sale = body.sale if isinstance(body, requests.AnySaleAct | requests.SaleAct) else None
        approval = body.approval.value() if body.approval else None
        return replace(self.make(body, path), sale=sale, approval=approval, client=client)


def _add_tender(body: requests.AddTender, _: Path) -> commands.Command:
    return commands.AddTender(body.command_id, body.sale, body.type, body.shown_due_cents, body.amount_cents)


def _add_item(body: requests.AddItem, _: Path) -> commands.Command:
    price = decimal_or_none(body.unit_price)
    return commands.AddItem(body.command_id, body.item, decimal_or_none(body.quantity), price)


def _add_code(body: requests.AddCode, _: Path) -> commands.Command:
    return commands.AddCode(body.command_id, body.code, decimal_or_none(body.quantity))


def _change_quantity(body: requests.ChangeQuantity, path: Path) -> commands.Command:
    return commands.ChangeQuantity(body.command_id, path["line"], Decimal(body.quantity))


def _import_lines(body: requests.ImportLines, _: Path) -> commands.Command:
    return commands.ImportLines(body.command_id, tuple(line.value() for line in body.lines))


def _number(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 16):
        raise NotFoundError("notice.unknown", notice=text[:16])
    return int(text)


_MEANT = ("sale.another",)
_APPROVED = ("approval.needed", "approval.no_right", "pin.wrong", "pin.asked_again")
_SELLING = ("operator.none", "right.missing", "session.none", *_MEANT)

ACTS: tuple[ActRoute, ...] = (
    ActRoute(
        "/api/v1/sign-on",
        N_("Sign an operator on by PIN"),
        requests.SignOn,
        lambda body, _: commands.SignOn(body.command_id, body.operator, body.pin),
        ("pin.wrong", "pin.asked_again", "operator.unknown"),
    ),
    ActRoute(
        "/api/v1/sign-off",
        N_("Sign the operator off"),
        requests.Act,
        lambda body, _: commands.SignOff(body.command_id),
        ("sale.open",),
    ),
    ActRoute(
        "/api/v1/session/open",
        N_("Open a till session with the cash in the drawer"),
        requests.OpenSession,
        lambda body, _: commands.OpenSession(body.command_id, body.opening_cash_cents),
        ("operator.none", "session.open", *_APPROVED),
    ),
    ActRoute(
        "/api/v1/session/close",
        N_("Close the session with its Z"),
        requests.CloseSession,
        lambda body, _: commands.CloseSession(body.command_id, body.counted_cash_cents, leave_out=body.leave_out),
        ("sale.open", *_SELLING, *_APPROVED),
    ),
    ActRoute(
        "/api/v1/sale/codes",
        N_("Add what a typed or scanned code stands for"),
        requests.AddCode,
        _add_code,
        ("code.unknown", "code.ambiguous", "price.missing", "sale.being_paid", *_SELLING, *_APPROVED),
    ),
    ActRoute(
        "/api/v1/sale/items",
        N_("Add an item chosen from a search or from candidates"),
        requests.AddItem,
        _add_item,
        ("item.unknown", "price.missing", "sale.being_paid", *_SELLING, *_APPROVED),
    ),
    ActRoute(
        "/api/v1/sale/lines/{line}/quantity",
        N_("Give a line another quantity"),
        requests.ChangeQuantity,
        _change_quantity,
        ("line.unknown", "line.amount_stands", "sale.being_paid", *_SELLING, *_APPROVED),
    ),
    ActRoute(
        "/api/v1/sale/lines/{line}/void",
        N_("Take a line off the sale"),
        requests.SaleAct,
        lambda body, path: commands.VoidLine(body.command_id, path["line"]),
        ("line.unknown", "sale.being_paid", *_SELLING, *_APPROVED),
    ),
    ActRoute(
        "/api/v1/sale/void",
        N_("Give the sale up"),
        requests.VoidSale,
        lambda body, _: commands.VoidSale(body.command_id, body.reason),
        ("sale.none", "sale.being_paid", *_SELLING, *_APPROVED),
    ),
    ActRoute(
        "/api/v1/sale/tenders",
        N_("Settle the sale, whole or in part; it completes when nothing remains"),
        requests.AddTender,
        _add_tender,
        ("sale.total_changed", "tender.more_than_due", "tender.type_unknown", *_SELLING),
    ),
    ActRoute(
        "/api/v1/sale/tenders/{tender}/void",
        N_("Take a tender back before the sale completes; what a card reader took, it gives back"),
        requests.SaleAct,
        lambda body, path: commands.VoidTender(body.command_id, path["tender"]),
        ("tender.unknown", "tender.waiting", "sale.none", *_SELLING),
    ),
    ActRoute(
        "/api/v1/sale/tenders/{tender}/retry",
        N_("Ask the card reader again for a tender that it declined"),
        requests.SaleAct,
        lambda body, path: commands.RetryTender(body.command_id, path["tender"]),
        ("tender.unknown", "tender.waiting", "tender.approved", "sale.none", *_SELLING),
    ),
    ActRoute(
        "/api/v1/sale/tenders/{tender}/decide",
        N_("Say what became of a card payment, or of its reversal, whose outcome nobody knows"),
        requests.DecideTender,
        lambda body, path: commands.DecideTender(body.command_id, path["tender"], body.approved),
        ("tender.unknown", "tender.not_in_doubt", "sale.none", *_SELLING, *_APPROVED),
    ),
    ActRoute(
        "/api/v1/sale/complete",
        N_("Complete a sale with nothing to pay"),
        requests.CompleteSale,
        lambda body, _: commands.CompleteSale(body.command_id, body.sale, body.shown_due_cents),
        ("sale.total_changed", "sale.not_settled", "sale.no_lines", *_SELLING),
    ),
    ActRoute(
        "/api/v1/sale/next",
        N_("Leave the screen of the completed sale; the next scan does it as well"),
        requests.AnySaleAct,
        lambda body, _: commands.NextSale(body.command_id),
        _MEANT,
    ),
    ActRoute(
        "/api/v1/sale/imported-lines",
        N_("Add the lines of a receipt made elsewhere; replay chains only"),
        requests.ImportLines,
        _import_lines,
        ("replay.only", "sale.too_long", "sale.being_paid", *_SELLING),
        4 * 1024 * 1024,
    ),
    ActRoute(
        "/api/v1/replay/clock",
        N_("Set the till's clock; replay chains only"),
        requests.SetReplayClock,
        lambda body, _: commands.SetReplayClock(body.command_id, body.moment()),
        ("replay.only",),
    ),
    ActRoute(
        "/api/v1/language",
        N_("Choose the language of the sale's document"),
        requests.ChooseLanguage,
        lambda body, _: commands.ChooseLanguage(body.command_id, body.language),
    ),
    ActRoute(
        "/api/v1/notices/{notice}/dismiss",
        N_("Take a notice off the screen"),
        requests.Act,
        lambda body, path: commands.DismissNotice(body.command_id, _number(path["notice"])),
    ),
    ActRoute(
        "/api/v1/prints/{print}/again",
        N_("Print again: marked REPRINT while the last outcome is not certain, COPY when it is"),
        requests.Act,
        lambda body, path: commands.PrintAgain(body.command_id, path["print"]),
        ("operator.none", "print.unknown"),
    ),
    ActRoute(
        "/api/v1/prints/{print}/dismiss",
        N_("Stop offering a print"),
        requests.Act,
        lambda body, path: commands.DismissPrint(body.command_id, path["print"]),
        ("operator.none", "print.unknown"),
    ),
    ActRoute(
        "/api/v1/clock/confirm",
        N_("Say that the clock is right after a jump"),
        requests.Act,
        lambda body, _: commands.ConfirmClock(body.command_id),
        ("operator.none", "clock.not_suspect", *_APPROVED),
    ),
)
