"""What was done, as one sentence about it: "changed “Price with VAT” of Bread from 4.50 to 4.70".

Said where everything that the sentence names is known; what it has said is not told again beside it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from string import Formatter

from commerce.texts import N_, Translator

SENTENCES: dict[str, str] = {
    "company.second_step_off": N_("no longer asks everybody in {where} for a code"),
    "company.second_step_on": N_("asks everybody in {where} for a code"),
    "item.added": N_("added {names} at {price}"),
    "item.deleted": N_("took {names} off the tills"),
    "right.refused": N_("lacked the right {permission}"),
    "role.deleted": N_("deleted the role {names}"),
    "role.second_step_off": N_("no longer asks for a code of whoever has the role {names}"),
    "role.second_step_on": N_("asks for a code of whoever has the role {names}"),
    "second_step.taken": N_("took the sign-in with a code of {display_name} away"),
    "till.added": N_("added the till {code}"),
    "token.added": N_("made the key {name} for a program, until {expires_at}"),
    "user.added": N_("let {display_name} in, who signs in as {name}"),
    "user.role_given": N_("gave {display_name} the role {role} in {where}"),
    "user.role_taken": N_("took the role {role} in {where} from {display_name}"),
}
_SHUT_OUT, _LET_IN = N_("shut {display_name} out"), N_("let {display_name} in again")
_CHANGED = N_("changed “{field}” of {what} from {before} to {after}")
_SET = N_("set “{field}” of {what} to {after}")
_CLEARED = N_("cleared “{field}” of {what}, which was {before}")


@dataclass(frozen=True, slots=True)
class Change:
    """What became of one field, in words."""

    name: str
    label: str
    before: str
    after: str


def sentence(
    action: str, what: str, changes: Sequence[Change], words: Translator, *, ended: bool = False
) -> tuple[str, frozenset[str]]:
    """Return what was done as a sentence, with the names of the fields that it tells; "" where there is none.

    ``ended`` tells which way something went that can be active or not.
    """
    values = {one.name: one.after or one.before for one in changes}
    if what:
        values.setdefault("names", what)
    if action.startswith(("user.role_", "company.second_step_")):
        values.setdefault("where", words.t("every company"))
    template, told = SENTENCES.get(action, ""), frozenset[str]()
    if action == "user.changed" and "active" in values:
        template, told = _SHUT_OUT if ended else _LET_IN, frozenset({"active"})
    named = frozenset(name for _, name, _, _ in Formatter().parse(template) if name)
    if template and all(values.get(name) for name in named):
        return words.t(template, **{name: values[name] for name in named}), named | told
    if what and len(changes) == 1 and action.endswith((".changed", ".saved")):
        return _one_change(what, changes[0], words), frozenset({changes[0].name})
    return "", frozenset()


def _one_change(what: str, one: Change, words: Translator) -> str:
    values = {"field": one.label, "what": what}
    if not one.before:
        return words.t(_SET, **values, after=one.after)
    if not one.after:
        return words.t(_CLEARED, **values, before=one.before)
    return words.t(_CHANGED, **values, before=one.before, after=one.after)
