"""The words for stable codes that pages show: states of tills, entries, effects and movements."""

from commerce.texts import N_

STATE_TEXTS: dict[str, str] = {
    # a till
    "new": N_("never heard of"),
    "connected": N_("connected"),
    "silent": N_("not heard of for a while"),
    "fork": N_("two different entries claim the same place"),
    "set_aside": N_("entries are set aside"),
    "not_enrolled": N_("not enrolled"),
    "unsent": N_("sales wait to be sent for more than 15 minutes"),
    "clock": N_("its clock is wrong by more than 2 minutes"),
    "device": N_("a device needs attention"),
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
    "projected": N_("counted"),
    "accepted": N_("accepted"),
    "dismissed": N_("dismissed"),
    # devices
    "ready": N_("ready"),
    "attention": N_("needs attention"),
    "gone": N_("not connected"),
    "enrolled_again": N_("enrolled again"),
    "shut_out": N_("shut out by head office"),
}
