"""The kiosk page's own words by name. The page has none in itself: it fetches these in its language."""

import hashlib
from functools import lru_cache
from typing import Final

from commerce.texts import N_, Counted, counted, translator

PAGE_TEXTS: Final[dict[str, str]] = {
    "title": N_("Till"),
    # status line
    "status": N_("State of the till"),
    "central": N_("Central"),
    "language": N_("Language"),
    "menu": N_("Menu"),
    "nobody": N_("Nobody signed on"),
    # connection
    "away": N_("The till is not answering. The sale is kept; the page goes on by itself as soon as it answers."),
    "away_pending": N_(
        "The till is not answering. It is not known whether what you tapped last was done: it is asked again until it "
        "answers, and nothing is done twice."
    ),
    "loading": N_("Connecting to the till…"),
    # sign-on
    "who": N_("Who is selling?"),
    "no_operators": N_("Nobody may sell here yet. Operators arrive from head office by themselves."),
    "pin_of": N_("PIN of {name}"),
    "pin_typed": counted("count", "{count} digit typed", "{count} digits typed"),
    "pin_checking": N_("The PIN is being checked…"),
    "pin_waits": counted(
        "count",
        "After a wrong PIN the next one waits. It is looked at in {count} second.",
        "After a wrong PIN the next one waits. It is looked at in {count} seconds.",
    ),
    "sign_on": N_("Sign on"),
    "someone_else": N_("Someone else"),
    # the layer
    "approve_title": N_("Approval"),
    "approve_nobody": N_("Nobody who works here may approve this."),
    "approve": N_("Approve"),
    "sure_title": N_("Are you sure?"),
    "card_title": N_("Card payment"),
    "leave_out_title": N_("Close the session without it?"),
    "leave_out_yes": N_("Close without it"),
    # session
    "open_title": N_("Open the session"),
    "open_hint": N_("Count the cash in the drawer and type it."),
    "opening_cash": N_("Cash in the drawer"),
    "open": N_("Open"),
    "close_title": N_("Close the session"),
    "close_hint": N_("Count all the cash in the drawer and type it. The report follows."),
    "counted_cash": N_("Cash counted"),
    "close": N_("Close the session"),
    "z_done": N_("The session is closed"),
    "z_expected": N_("Should be in the drawer"),
    "z_counted": N_("Counted"),
    # lines
    "sale": N_("The sale"),
    "lines": N_("Lines of the sale"),
    "empty_title": N_("Ready for the next customer"),
    "empty_hint": N_("Scan the first item, or type its name or code."),
    # totals
    "total": N_("Total"),
    "vat": N_("of which VAT"),
    "vat_on": N_("{tax} on {taxable}"),
    # search
    "search": N_("Search, or type a code"),
    "guide_scan": N_("Scan: the item is added, wherever you are."),
    "guide_type": N_("Type a name or a code: what fits is shown here."),
    "guide_line": N_("Tap a line: another quantity, or off with it."),
    "guide_keys": N_("Press ? to see every key."),
    "results": N_("Items found"),
    "nothing_found": N_("Nothing found for “{words}”."),
    "no_price": N_("price asked"),
    "add_code": N_("Add"),
    # actions
    "pay": N_("Pay"),
    "void_sale": N_("Void the sale"),
    "void_sale_sure": N_("Give up this whole sale?"),
    "void_sale_yes": N_("Yes, void it"),
    "no": N_("No"),
    "last_receipt": N_("Last receipt"),
    "sign_off": N_("Sign off"),
    "back_to_sale": N_("Back"),
    # a line
    "quantity": N_("Quantity"),
    "set_quantity": N_("Set quantity"),
    "remove_line": N_("Remove line"),
    "amount_stands": N_("The amount of this line stands as it came: remove it or leave it."),
    # paying
    "paying": N_("Pay"),
    "due": N_("To pay"),
    "pay_back": N_("To pay back"),
    "remaining": N_("Still to pay"),
    "exact": N_("Exact"),
    "cash_typed": N_("Cash received"),
    "given": N_("Given"),
    "rounding": N_("Rounding"),
    "take_back": N_("Take back {name} {amount}"),
    "complete": N_("Complete the sale"),
    "nothing_due": N_("Nothing to pay."),
    "all_paid": N_("Everything is paid."),
    "awaited": N_("The rest is asked for and not there yet."),
    "no_tenders": N_("No means of payment has arrived from head office yet."),
    "card_hint": N_("Take the card payment on the card reader first, then tap."),
    # done
    "change": N_("Change"),
    "no_change": N_("Paid"),
    "paid": N_("Paid {amount}"),
    "given_amount": N_("Given {amount}"),
    "next": N_("Next customer"),
    "next_hint": N_("Or simply scan the next item."),
    # receipts
    "receipt": N_("Receipt"),
    "no_receipt": N_("Nothing was sold on this till yet."),
    # notices
    "notice": N_("Please look"),
    "dismiss": N_("Understood"),
    "cancel": N_("Cancel"),
    "choose_item": N_("Choose the item"),
    "ask_price": N_("Price"),
    "add_with_price": N_("Add at this price"),
    "copy": N_("Print a copy"),
    "look": N_("Light or dark"),
    "clock_yes": N_("Yes, the clock is right"),
    # number pad
    "pad": N_("Number pad"),
    "pad_clear": N_("Clear"),
    "pad_erase": N_("Erase the last digit"),
    "pad_decimal": N_("Decimal separator"),
    # keyboard
    "keys_title": N_("Keyboard"),
    "keys_code": N_("Add what a code stands for"),
    "keys_code_keys": N_("code, Enter"),
    "keys_search": N_("Search"),
    "keys_lines": N_("Choose a line"),
    "keys_open_line": N_("Actions of the chosen line"),
    "keys_remove": N_("Remove the chosen line"),
    "keys_pay": N_("Pay; then exact cash"),
    "keys_card": N_("Card, while paying"),
    "keys_card_again": N_("Ask the card reader again, when it declined"),
    "keys_amount": N_("Cash received, while paying"),
    "keys_amount_keys": N_("amount, Enter"),
    "keys_last": N_("Last receipt"),
    "keys_menu": N_("Menu"),
    "keys_back": N_("Back"),
    "keys_next": N_("Next customer"),
    "keys_help": N_("This list"),
    # other pages
    "paper_title": N_("Paper of the virtual printer"),
    "paper_none": N_("Nothing was printed yet."),
    "paper_number": N_("Print {number}"),
    "paper_bytes": N_("Bytes"),
    "paper_cut": N_("cut"),
    "paper_drawer": N_("Drawer opened"),
    "paper_picture": N_("Picture"),
    "paper_no_printer": N_("This till has no virtual printer."),
}


@lru_cache(maxsize=8)
def page_texts(language: str) -> dict[str, str]:
    """Return the page's words in a language, their placeholders left for the page; ``name.one`` is said of one."""
    words = translator(language)
    texts = {name: words.t(msgid) for name, msgid in PAGE_TEXTS.items()}
    return texts | {
        f"{name}.one": words.forms(msgid)[0] for name, msgid in PAGE_TEXTS.items() if isinstance(msgid, Counted)
    }


@lru_cache(maxsize=8)
def texts_version(language: str) -> str:
    """Return what changes with any of the words, so that a page knows when to fetch them again."""
    told = "\0".join(f"{name}\0{text}" for name, text in page_texts(language).items())
    return f"{language}-{hashlib.sha256(told.encode()).hexdigest()[:12]}"
