"""What customers and suppliers have in common: numbers with check digits, and mail."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from central.kit import records
from central.kit.kinds import Kind
from central.kit.proposals import Edit, Proposal
from central.registry.checks import (
    is_country,
    is_fiscal_code,
    is_iban,
    is_mail,
    is_recipient_code,
    is_vat_number,
    plain_number,
)
from commerce.texts import N_

LANGUAGES = {"it": N_("Italian"), "en": N_("English")}


def check_party(one: Proposal) -> None:
    """Put numbers as they are kept, and hold them to their check digits."""
    card = one.card
    one.put(
        vat_number=plain_number(card.vat_number, card.country),
        fiscal_code=plain_number(card.fiscal_code),
        iban=plain_number(card.iban),
    )
    for code, where in _faults(one.card):
        one.refuse(code, where)


def warn_of_twins(conn: Connection, kind: Kind, edit: Edit, proposals: Sequence[Proposal]) -> None:
    """The same company twice is mostly a mistake, and sometimes two branches."""
    shape = kind.shapes["vat_number"]
    numbers = [shape.key(one.card.vat_number) for one in proposals if one.card.vat_number]
    holders = records.holders(conn, kind, edit.company, "vat_number", numbers)
    for one in proposals:
        holder = holders.get(shape.key(one.card.vat_number))
        known = one.before is not None and one.before.card.vat_number == one.card.vat_number
        if holder not in (None, one.id) and not known:
            one.warn(f"{kind.name}.twin", "vat_number", value=one.card.vat_number)


def _faults(card: Any) -> Iterator[tuple[str, str]]:  # noqa: ANN401 - a card of either
    checks: Mapping[str, bool] = {
        "vat_number": is_vat_number(card.vat_number, card.country),
        "fiscal_code": is_fiscal_code(card.fiscal_code, card.country),
        "recipient_code": is_recipient_code(getattr(card, "recipient_code", "")),
        "pec": is_mail(card.pec),
        "iban": is_iban(card.iban),
        "country": is_country(card.country),
    }
    yield from ((f"party.{name}", name) for name, holds in checks.items() if getattr(card, name, "") and not holds)
    for n, contact in enumerate(card.contacts):
        if not all(is_mail(mail.strip()) for mail in contact.mail.split(";") if mail.strip()):
            yield "party.mail", f"contacts.{n}.mail"
