"""The sentence that people read for each error code. Say what happened to the sale first, then what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from commerce.texts import N_

if TYPE_CHECKING:
    from commerce.errors import PosError
    from commerce.texts import Translator

UNKNOWN_CODE = N_("That did not work ({code}). Nothing was changed.")

ERROR_TEXTS: dict[str, str] = {
    "error": UNKNOWN_CODE,
    "rule": N_("That is not allowed here ({code})."),
    "not_found": N_("What you asked for was not found."),
    "conflict": N_("Somebody changed this meanwhile. Look at it again and repeat what you wanted to do."),
    "forbidden": N_("You may not do this. Sign on, or ask somebody who may."),
    "bad_input": N_("This could not be read. Check what was typed and try again."),
    "internal": N_("That did not work because of a fault in the till. Look at the sale, then try again."),
    "amount.too_large": N_("That amount is too large. Check what was typed."),
    "bad_input.field": N_("“{field}” is missing or cannot be read. Check it and try again."),
    "clock.not_suspect": N_("The clock is already confirmed."),
    "code.ambiguous": N_("Several items have the code {code}. Choose the right one."),
    "code.other_currency": N_("The label {code} has its price in another currency. Nothing was added."),
    "code.unknown": N_("{code} is not known here. Nothing was added."),
    "command.reused": N_("This was already done with other content. Look at the sale and try again."),
    "item.unknown": N_("This item is no longer in the catalogue. Nothing was added."),
    "language.unknown": N_("This language is not available."),
    "line.amount_stands": N_("The amount of this line stands as it came: remove the line or leave it."),
    "line.unknown": N_("This line is no longer in the sale."),
    "notice.unknown": N_("This message is gone already."),
    "number.too_many_decimals": N_("That number has too many decimals."),
    "number.unreadable": N_("That is not a number."),
    "operator.inactive": N_("This operator may no longer sell here."),
    "operator.none": N_("Nobody is signed on. Sign on first."),
    "operator.unknown": N_("This operator is not known here."),
    "paper.unknown": N_("There is no such print."),
    "pin.wrong": N_("The PIN is not right. Try again."),
    "price.fixed": N_("This item has its own price; another one cannot be typed."),
    "price.missing": N_("This item has no price. Type its price."),
    "price.unreadable": N_("That is not a price."),
    "print.running": N_("It is being printed right now."),
    "print.unknown": N_("There is nothing such to print."),
    "printer.none": N_("This till has no printer. The sale is saved."),
    "quantity.too_large": N_("That quantity is too large. Check what was typed."),
    "quantity.zero": N_("A quantity cannot be zero: remove the line instead."),
    "receipt.none": N_("Nothing was sold on this till yet."),
    "receipt.unknown": N_("This till has no such receipt."),
    "replay.only": N_("This is possible only where old receipts are replayed."),
    "request.host": N_("This address is not one of the till's. Open the till by its own address."),
    "request.method": N_("This address does not take such a request."),
    "request.no_such_address": N_("There is nothing at this address."),
    "request.not_json": N_("The request is not readable JSON."),
    "request.origin": N_("Requests of other pages are refused."),
    "request.token": N_("The page lost its right to act. Load it again."),
    "request.too_large": N_("The request is too large."),
    "sale.already_settled": N_("The sale is paid already."),
    "sale.being_paid": N_("The sale is being paid. Take back what was given first, then change it."),
    "sale.no_lines": N_("There is nothing in the sale yet."),
    "sale.none": N_("No sale is open."),
    "sale.not_open": N_("This sale is no longer open. Look at the screen and go on."),
    "sale.not_settled": N_("The sale is not paid in full yet."),
    "sale.open": N_("A sale is still open. Finish it or void it first."),
    "sale.total_changed": N_("The sale changed meanwhile. Look at the new total and tap again."),
    "session.none": N_("No session is open. Open one first."),
    "session.open": N_("A session is open already."),
    "tender.more_than_due": N_("That is more than what is due, and change is given for cash only. Nothing was taken."),
    "tender.negative": N_("Money can be paid back only when the sale is to be paid back."),
    "tender.type_unknown": N_("This means of payment is not offered here."),
    "tender.unknown": N_("This payment was taken back already."),
    "tender.zero": N_("Type an amount first."),
    "vat.no_rate": N_("The VAT code {code} has no rate for today. Head office has to add it."),
    "vat.unknown": N_("The VAT code of this item is missing. Head office has to add it."),
    "storage.failed": N_("Nothing was saved: the disk refused it. Free some space or call support."),
    "storage.full": N_("Nothing was saved: the disk is full. Free some space, then try again."),
    "device": N_("The device did not do what it was asked."),
    "device.unavailable": N_("The device is not connected. Nothing was sent to it."),
    "device.refused": N_("The device refused."),
    "device.outcome_unknown": N_("The device did not answer: it is not known whether it did what it was asked."),
    "printer.paper_out": N_("Printer out of paper. The sale is saved: change the roll and tap Print."),
    "printer.cover_open": N_("The printer's cover is open. The sale is saved: close it and tap Print."),
    "printer.offline": N_("The printer is off line. The sale is saved: switch the printer on and tap Print."),
    "printer.error": N_("The printer reports a fault. The sale is saved: look at the printer, then tap Print."),
    "sync": N_("Central did not answer as expected. Sales are kept here and sent later."),
    "sync.central_unreachable": N_("Central cannot be reached. Sales are kept here and sent later."),
    "sync.rejected": N_("Central refused an entry. It is kept; head office has to look at it."),
}


def error_text(translator: Translator, error: PosError) -> str:
    """Put an error into a person's language; a code without a sentence falls back to its class's."""
    msgid = ERROR_TEXTS.get(error.code) or ERROR_TEXTS.get(error.default_code) or UNKNOWN_CODE
    return translator.t(msgid).format_map(_Values({"code": error.code, **error.values}))


class _Values(dict[str, object]):
    """Shows a missing value as "?": a person told something imprecise is better off than one told nothing."""

    def __missing__(self, key: str) -> str:
        return "?"
