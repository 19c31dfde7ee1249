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
