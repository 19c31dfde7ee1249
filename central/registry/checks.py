"""Numbers that carry a check digit. Only the digit refuses: offices and provinces change, and lists of them age."""

import re

from stdnum import iban, luhn
from stdnum.exceptions import ValidationError
from stdnum.it import codicefiscale

_MAIL = re.compile(r"[^@\s;,]+@[^@\s;,]+\.[^@\s;,.]{2,}")
_PERSON = re.compile(r"[A-Z]{6}[0-9LMNPQRSTUV]{2}[A-Z][0-9LMNPQRSTUV]{2}[A-Z][0-9LMNPQRSTUV]{3}[A-Z]")


def plain_number(text: str, country: str = "") -> str:
    """Return a number without blanks, points and dashes, and without its country before it."""
    return re.sub(r"[\s.\-/]", "", text).upper().removeprefix(country if country.isalpha() else "")


def is_vat_number(text: str, country: str) -> bool:
    """Tell whether a VAT number can be one; of other countries only that it is letters and digits."""
    if country != "IT":
        return text.isascii() and text.isalnum() and 2 <= len(text) <= 14
    return len(text) == 11 and text.isascii() and text.isdecimal() and bool(luhn.is_valid(text))


def is_fiscal_code(text: str, country: str) -> bool:
    """Tell whether a fiscal code can be one: a person's 16 characters or a company's 11 digits."""
    if country != "IT":
        return text.isascii() and text.isalnum()
    if len(text) == 11:
        return is_vat_number(text, country)
    return bool(_PERSON.fullmatch(text)) and codicefiscale.calc_check_digit(text[:-1]) == text[-1]


def is_iban(text: str) -> bool:
    """Tell whether an IBAN's check digits are right."""
    try:
        iban.validate(text, check_country=False)
    except ValidationError:
        return False
    return True


def is_recipient_code(text: str) -> bool:
    """Tell whether it is a code of the exchange system: 7 characters, 6 of an office."""
    return text.isascii() and text.isalnum() and len(text) in (6, 7)


def is_mail(text: str) -> bool:
    """Tell whether it looks like an address."""
    return text.isascii() and bool(_MAIL.fullmatch(text))


def is_country(text: str) -> bool:
    """Tell whether it looks like a country's code."""
    return len(text) == 2 and text.isascii() and text.isalpha()
