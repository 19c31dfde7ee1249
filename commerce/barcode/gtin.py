"""GTIN arithmetic: check digits, UPC-E, and the spellings under which one number can be stored."""

from commerce.barcode.scan import ScannedCode, normalise_scan
from commerce.errors import BadInputError

GTIN_LENGTHS = (8, 12, 13, 14)
# In other symbologies a number is whatever its issuer says, so only its exact text may match.
_GTIN_SYMBOLOGIES = frozenset({None, "ean13", "ean8", "upca", "upce", "ean_addon", "itf"})


def gtin_check_digit(payload: str) -> str:
    """Return the check digit that belongs behind these digits (weights 3, 1, 3 … from the right)."""
    if not is_digits(payload):
        raise BadInputError("barcode.not_digits", text=payload)
    weighted = 3 * sum(map(int, payload[::-2])) + sum(map(int, payload[-2::-2]))
    return str(-weighted % 10)


def has_valid_check_digit(code: str) -> bool:
    """Tell whether the last digit is the check digit of those before it, whatever the length."""
    return len(code) > 1 and is_digits(code) and gtin_check_digit(code[:-1]) == code[-1]


def is_valid_gtin(code: str) -> bool:
    """Tell whether this is a GTIN-8, -12, -13 or -14 with a right check digit."""
    return len(code) in GTIN_LENGTHS and has_valid_check_digit(code)


def may_be_gtin(number: str, symbology: str | None) -> bool:
    """Tell whether digits of this length, read in this symbology, are meant as a GTIN; the check digit is not asked."""
    lengths = (14,) if symbology == "itf" else GTIN_LENGTHS
    return symbology in _GTIN_SYMBOLOGIES and len(number) in lengths and is_digits(number)


def is_ambiguous(scan: ScannedCode) -> bool:
    """Tell whether these are eight digits that name one thing as EAN-8 and another as UPC-E, the scanner not saying."""
    return scan.symbology is None and is_valid_gtin(scan.data) and is_valid_upce(scan.data)


def expand_upce(code: str) -> str:
    """Return the UPC-A that these eight UPC-E digits stand for; the check digit is taken over as it is."""
    if len(code) != 8 or not is_digits(code) or code[0] not in "01":
        raise BadInputError("barcode.not_upce", text=code)
    system, body, last, check = code[0], code[1:6], code[6], code[7]
    if last in "012":
        return f"{system}{body[:2]}{last}0000{body[2:]}{check}"
    if last == "3":
        return f"{system}{body[:3]}00000{body[3:]}{check}"
    if last == "4":
        return f"{system}{body[:4]}00000{body[4:]}{check}"
    return f"{system}{body}0000{last}{check}"


def is_valid_upce(code: str) -> bool:
    """Tell whether these eight digits are a UPC-E with a right check digit."""
    return len(code) == 8 and is_digits(code) and code[0] in "01" and has_valid_check_digit(expand_upce(code))


def to_gtin14(code: str | ScannedCode) -> str | None:
    """Return the 14-digit GTIN of a scanned code, or None where it has none or could have two.

    Eight digits without a word from the scanner can be both a valid EAN-8 and a valid UPC-E, which name different
    goods: that is not decided here.
    """
    scan = normalise_scan(code) if isinstance(code, str) else code
    number = without_addon(scan)
    if not may_be_gtin(number, scan.symbology):
        return None
    if len(number) == 8:
        return _gtin14_of_eight(number, scan.symbology)
    return number.zfill(14) if is_valid_gtin(number) else None


def lookup_keys(code: str | ScannedCode) -> tuple[str, ...]:
    """Return the texts under which a till looks a code up, best first, each to be matched whole.

    The code exactly as it came is first; the other spellings of the same GTIN follow, and only when its check digit
    is right.
    """
    scan = normalise_scan(code) if isinstance(code, str) else code
    keys = [scan.data, without_addon(scan)]
    gtin = to_gtin14(scan)
    if gtin is not None:
        keys += gtin_spellings(gtin)
    return tuple(dict.fromkeys(keys))


def gtin_spellings(gtin14: str) -> list[str]:
    """Return the ways to write a 14-digit GTIN: 13, 12 and 8 digits where it fits, then 14."""
    return [gtin14[14 - n :] for n in (13, 12, 8) if gtin14.startswith("0" * (14 - n))] + [gtin14]


def without_addon(scan: ScannedCode) -> str:
    """Return the main symbol's digits where the scanner said that an add-on of 2 or 5 digits follows."""
    if scan.symbology != "ean_addon":
        return scan.data
    return next((scan.data[:n] for n in (13, 12) if len(scan.data) - n in (2, 5)), scan.data)


def is_digits(text: str) -> bool:
    """Tell whether the text is one or more ASCII digits; other scripts' digits are not digits of a barcode."""
    return text.isascii() and text.isdigit()


def _gtin14_of_eight(number: str, symbology: str | None) -> str | None:
    as_ean8 = symbology != "upce" and is_valid_gtin(number)
    as_upce = symbology in (None, "upce") and is_valid_upce(number)
    if as_ean8 == as_upce:
        return None
    return (number if as_ean8 else expand_upce(number)).zfill(14)
