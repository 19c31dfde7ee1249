"""The words for stable codes that pages show: states of tills, entries, effects and movements."""

from collections.abc import Callable

from commerce.texts import N_
from commerce.texts.errors import sentence_of

STATE_TEXTS: dict[str, str] = {
    # a till
    "new": N_("never heard of"),
    "connected": N_("connected"),
    "silent": N_("not heard of for a while"),
    "alarm": N_("something has happened there that somebody must see"),
    "fork": N_("two different entries claim the same place"),
    "set_aside": N_("entries are set aside"),
    "not_enrolled": N_("not enrolled"),
    "unsent": N_("sales wait to be sent for more than 15 minutes"),
    "clock": N_("its clock is wrong by more than 2 minutes"),
    "device": N_("a device needs attention"),
    # what a till noticed
    "alarm.pin_guessed": N_("Somebody guesses a PIN"),
    "alarm.ledger_changed": N_("The ledger on its disk was changed"),
    "alarm.numbers_missing": N_("Numbered documents are gone from its disk"),
    "alarm.registry_changed": N_("Prices or settings on its disk were changed"),
    # entries by kind
    "kind.chain_opened": N_("Beginning of a chain"),
    "kind.key_rotated": N_("Change of the till's key"),
    "kind.checkpoint": N_("Checkpoint"),
    "kind.clock_corrected": N_("Confirmation of the clock"),
    "kind.setting_applied": N_("Settings taken over"),
    "kind.session_opened": N_("Opening of the session"),
    "kind.session_closed": N_("Closing of the session"),
    "kind.operator_signed_on": N_("Sign-on"),
    "kind.operator_signed_off": N_("Sign-off"),
    "kind.cash_moved": N_("Cash movement"),
    "kind.drawer_opened": N_("Opening of the drawer"),
    "kind.sale_completed": N_("Receipt"),
    "kind.sale_voided": N_("Voided sale"),
    "kind.line_voided": N_("Voided line"),
    "kind.sale_parked": N_("Parked sale"),
    "kind.sale_recalled": N_("Recalled sale"),
    "kind.sale_split": N_("Split sale"),
    "kind.approval_given": N_("Approval"),
    "kind.document_issued": N_("Document"),
    "kind.document_revised": N_("Revised document"),
    "kind.effect_intended": N_("Print, drawer or card: begun"),
    "kind.effect_settled": N_("Print, drawer or card: outcome"),
    "kind.stock_counted": N_("Stock count"),
    "kind.stock_reported": N_("Stock report"),
    "kind.value_moved": N_("Stored value"),
    "kind.customer_created": N_("New customer"),
    "kind.correction": N_("Correction"),
    "kind.alarm_raised": N_("Alarm"),
    # rows of the registries
    "row.item": N_("Item"),
    "row.operator": N_("Operator"),
    "row.vat_code": N_("VAT code"),
    "row.tender_type": N_("Means of payment"),
    "row.till_settings": N_("Till settings"),
    "row.company": N_("Company"),
    "row.shop": N_("Shop"),
    "row.customer": N_("Customer"),
    "row.reason": N_("Reason code"),
    # modes of a chain
    "live": N_("live"),
    "training": N_("training"),
    "demo": N_("demo"),
    "replay": N_("replay"),
    # effects
    "print": N_("receipt printed"),
    "drawer": N_("drawer opened"),
    "fiscal": N_("fiscal document"),
    "card": N_("card payment"),
    "done": N_("done"),
    "failed": N_("failed"),
    "unknown": N_("not known"),
    "not_done": N_("not done"),
    # entries
    "open": N_("waits for somebody"),
    "seen": N_("seen"),
    "projected": N_("counted"),
    "accepted": N_("accepted"),
    "dismissed": N_("dismissed"),
    # what an operator may do at a till
    "right.sell": N_("sell and take payments"),
    "right.void": N_("take lines off, cut quantities, give a sale up"),
    "right.return": N_("take goods back"),
    "right.card": N_("say what became of a card payment"),
    "right.session": N_("open and close the session"),
    "right.clock": N_("confirm the clock"),
    "right.unproven": N_("close a session without changed entries"),
    # why an entry is set aside
    "ledger.unreadable": N_("it cannot be read"),
    "ledger.signature": N_("its signature is not the till's"),
    "ledger.header_changed": N_("it was changed after it was written"),
    "ledger.body_changed": N_("its content was changed after it was written"),
    "ledger.broken_link": N_("it does not follow the entry before it"),
    "ledger.missing": N_("entries before it are missing"),
    "ledger.misplaced": N_("it names another chain or another place"),
    "ledger.no_genesis": N_("its chain does not begin as a chain does"),
    "ledger.unknown_kind": N_("it is of a kind that this version does not know"),
    "ledger.genesis": N_("its chain does not begin as a chain of this till does"),
    "ledger.previous_chain": N_("it goes on from another end of the chain before than is held here"),
    "ledger.shared_id": N_("another entry has the same identity"),
    "ledger.personal_changed": N_("the personal data beside it were changed"),
    "ledger.fork_key": N_(
        "signed with a key of its own history: the till went on from an older copy, from before its key was changed,"
        " or changed it there; count it only if you know of that copy"
    ),
    "ledger.other_till": N_("it names another till"),
    "ledger.other_shop": N_("it names another shop than the till's"),
    "ledger.out_of_time": N_("its time or its business day cannot be: see the till's clock"),
    "till.revoked": N_("it was sent after the till was shut out"),
    "projection.unreadable": N_("its content does not have the form of its kind"),
    "projection.out_of_bounds": N_("an amount, a quantity, a date or a text is beyond what the law of entries allows"),
    "projection.unknown": N_("it is of a form that this version does not know"),
    "projection.unbalanced": N_("its amounts do not add up"),
    "projection.control_characters": N_("it contains characters that no text has"),
    "projection.duplicate": N_("the same sale was counted before"),
    "projection.refused": N_("the database did not take it; the log says more"),
    "projection.failed": N_("this version cannot work it out; the log says more"),
    # devices
    "ready": N_("ready"),
    "attention": N_("needs attention"),
    "gone": N_("not connected"),
    "enrolled_again": N_("enrolled again"),
    "shut_out": N_("shut out by head office"),
}


def wording(code: str) -> str:
    """Return the sentence that stands for a stable code of a state."""
    return STATE_TEXTS.get(code, code)


def reason_text(code: str, t: Callable[[str], str]) -> str:
    """Return why something was not done, as a till would say it; "" for what has no words by itself."""
    sentence = sentence_of(code, {})
    if sentence is not None and "{" not in sentence:
        return t(sentence)
    return t(STATE_TEXTS[code]) if code in STATE_TEXTS else ""
