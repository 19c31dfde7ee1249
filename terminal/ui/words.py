"""The words for states and kinds that pages show; message ids are put into language where they are used."""

from typing import Final

from commerce.texts import N_

LANGUAGE_NAMES: Final = {"en": "English", "it": "Italiano"}

DEVICE_LABELS: Final = {
    "scanner": N_("Scanner"),
    "receipt_printer": N_("Printer"),
    "cash_drawer": N_("Drawer"),
    "fiscal_register": N_("Fiscal register"),
    "card_reader": N_("Card reader"),
    "storage": N_("Ledger"),
}
DEVICE_STATES: Final = {
    "ready": N_("ready"),
    "attention": N_("needs attention"),
    "gone": N_("not connected"),
}
DEVICE_REASONS: Final = {
    "printer.paper_out": N_("out of paper"),
    "printer.paper_near_end": N_("paper nearly finished"),
    "printer.cover_open": N_("cover open"),
    "printer.offline": N_("off line"),
    "printer.error": N_("reports a fault"),
    "printer.no_answer": N_("does not answer"),
    "printer.none": N_("none"),
    "device.absent": N_("not there"),
    "device.ambiguous": N_("several fit: say in the settings which one"),
    "device.busy": N_("in use by another program"),
    "device.no_permission": N_("this program may not use it: no permission"),
    "fiscal_register.no_answer": N_("does not answer"),
    "card_reader.unreachable": N_("not connected"),
    "card_reader.no_answer": N_("does not answer"),
    "link.busy": N_("in use by another program"),
    "ledger.damaged": N_("damaged: call support"),
    "ledger.damaged_file": N_("damaged: call support"),
    "link.unreachable": N_("not connected"),
    "link.lost": N_("not connected"),
}
MODES: Final = {
    "live": "",
    "training": N_("Training: these are not real sales"),
    "demo": N_("Demonstration: these are not real sales"),
    "replay": N_("Replay: these are not real sales"),
}
FLAGS: Final = {
    "return": N_("Return"),
    "price_typed": N_("Price typed"),
    "label": N_("Price from the label"),
    "scale": N_("Amount from the scale"),
    "import": N_("Imported"),
}
TENDER_KINDS: Final = {
    "cash": N_("Cash"),
    "card": N_("Card"),
    "voucher": N_("Voucher"),
    "on_account": N_("On account"),
}
UNITS: Final = {"pc": "", "kg": "kg", "g": "g", "l": "l", "m": "m"}

# Say what happened to the sale first, then what to do.
PRINT_WAITING: Final = N_("Printing…")
PRINT_DONE: Final = N_("Printed")
PRINT_SENT: Final = N_("Sent to the printer, which cannot say whether it printed")
PRINT_RECEIPT: Final = {
    "failed": N_("The sale is saved. Its receipt was not printed: look at the printer, then tap Print."),
    "not_done": N_("The sale is saved. Its receipt was not printed: look at the printer, then tap Print."),
    "unknown": N_(
        "The sale is saved. It is not known whether its receipt came out whole: look at the paper. "
        "If it is not good, print it again; it will be marked REPRINT."
    ),
}
PRINT_Z: Final = {
    "failed": N_("The session is closed and saved. Its report was not printed: look at the printer, then tap Print."),
    "not_done": N_("The session is closed and saved. Its report was not printed: look at the printer, then tap Print."),
    "unknown": N_(
        "The session is closed and saved. It is not known whether its report came out whole: look at the paper. "
        "If it is not good, print it again; it will be marked REPRINT."
    ),
}
FISCAL_WAITING: Final = N_("Waiting for the fiscal register…")
FISCAL: Final = {
    "failed": N_(
        "The sale is saved. The fiscal register did not print its document: look at the register, then try again."
    ),
    "not_done": N_(
        "The sale is saved. The fiscal register did not print its document: look at the register, then try again."
    ),
    "unknown": N_(
        "The sale is saved. It is not known which document the fiscal register printed for it: compare its paper "
        "and call whoever looks after the register. It is not sent again."
    ),
}
FISCAL_SILENT: Final = N_(
    "The sale is saved. The fiscal register does not say whether it printed the document; it is asked again and again. "
    "Look at the register. Selling goes on."
)
FISCAL_GIVE_UP: Final = N_("Do not wait")
FISCAL_AGAIN: Final = N_("Try again")
FISCAL_NOTED: Final = N_("Noted")
FISCAL_TITLE: Final = N_("Fiscal document of receipt {number}")
RECEIPT_TITLE: Final = N_("Receipt {number}")
REPORT_TITLE: Final = N_("Report {number}")
PRINT_AGAIN: Final = N_("Print again")
PRINT_ACTIONS: Final = {
    "failed": (N_("Print"), N_("Not needed")),
    "not_done": (N_("Print"), N_("Not needed")),
    "unknown": (PRINT_AGAIN, N_("The paper is good")),
}
PRINT_COPY: Final = N_("Print a copy")

SCAN_REFUSED: Final = {  # names the code: with a queue at the till nobody remembers which it was
    "sale.being_paid": N_("{scanned} was not added: the sale is being paid. Scan it again afterwards."),
    "operator.none": N_("{scanned} was not added: nobody is signed on."),
    "session.none": N_("{scanned} was not added: no session is open."),
}
PRICE_MISSING: Final = N_("{name} has no price. Type its price.")
