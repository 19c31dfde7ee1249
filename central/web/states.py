"""The words for stable codes that pages show: states of tills, entries, effects and movements."""

from commerce.texts import N_

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
