"""Which GS1 application identifiers may, must and must not stand together on one item.

Facts from the GS1 General Specifications, section 4.13 (invalid pairs, mandatory associations) for the identifiers
that goods, logistics and coupons carry. ``n`` in a pattern stands for any digit.
"""

from collections.abc import Iterable, Sequence

from commerce.barcode.gs1_elements import Gs1Element, find_identifier
from commerce.errors import BadInputError

# Identifiers of the left never stand with one of the right, read in both directions.
_EXCLUSIVE: tuple[tuple[str, str], ...] = (
    ("01", "02 03 255 37 8006"),
    ("02", "03 255 8026"),
    ("03", "37 235 7240 8006 8026"),
    ("21", "235"),
    ("255", "415 8006 8020 8026"),
    ("37", "8006"),
    ("390n", "391n 394n 8111"),
    ("392n", "393n"),
    ("394n", "8111"),
    ("395n", "392n 393n 8005"),
    ("420", "421"),
    ("421", "4307"),
    ("426", "422 423 424 425"),
    ("4330", "4331"),
    ("4332", "4333"),
    ("7250", "7251"),
    ("7256", "7253 7254 7255 7259"),
    ("7259", "7253 7254 7255"),
    ("8006", "8026"),
    ("8017", "8018"),
)
# One identifier out of each of these families at most: the fourth digit is only the place of the decimal point.
_ONE_OF_FAMILY = frozenset(
    str(n) for n in (*range(310, 317), *range(320, 338), *range(340, 358), *range(360, 370), *range(390, 396))
)

_TRADE_ITEM = "01 02 03 8006 8026"
_KNOWN_WEIGHT = "30 31nn 32nn 35nn 36nn"
# Each line: the identifiers, and the alternatives of which one must be there; ``+`` joins what must come together.
_REQUISITES: tuple[tuple[str, str], ...] = (
    ("02", "37"),
    ("10 11 13 15 16 20 240 241", _TRADE_ITEM),
    ("12", "8020"),
    ("17", f"{_TRADE_ITEM} 255"),
    ("21", "01 03 8006"),
    ("22 235", "01"),
    ("242", "01 02 8006 8026"),
    ("243", "01 03"),
    ("250", "01+21 03+21 8006+21"),
    ("251", "01 03 8006"),
    ("254", "414"),
    ("30", "01 02"),
    ("310n 311n 312n 313n 314n 315n 316n 32nn 350n 351n 352n 356n 357n 360n 361n 364n 365n 366n", "01 02"),
    ("330n 331n 332n 333n 334n 335n 336n 34nn 353n 354n 355n 362n 363n 367n 368n 369n", "00 01"),
    ("337n", "01"),
    ("37", "00+02 00+8026"),
    ("390n", "255 8020"),
    ("391n", "8020"),
    ("392n", "01+30 01+31nn 01+32nn 01+35nn 01+36nn"),
    ("393n 395n", _KNOWN_WEIGHT),
    ("394n 8111", "255"),
    ("403 430n 4310 4311 4312 4314 4315 4316 4317 4318 4319 432n 433n 7041", "00"),
    ("4303", "4302"),
    ("4313", "4312"),
    ("415", "8020"),
    ("422", _TRADE_ITEM),
    ("423 424 425 426", "01 02 03"),
    ("427", "01+422 02+422 03+422"),
    ("7001", "01 02 8006 8026"),
    ("7002 7005 7006 7007 7008 7009 703n", "01 02"),
    ("7003 7010 7011 8008", "01 02 03"),
    ("7004", "01+10 03+10"),
    ("7020", "01+416 03+416 8006+416"),
    ("7021", "01 03 8006"),
    ("7022", "01+7021 03+7021 8006+7021"),
    ("710 711 712 713 714 715 716 717 8014 8200", "01"),
    ("723n", "01 8004"),
    ("7240", "01 8006"),
    ("7241 7242 7253 7254 7255 7256 8019", "8017 8018"),
    ("7250 7251 7252 7257 7259", "8018"),
    ("7258", "8018+7259"),
    ("8001", "01"),
    ("8005", "01 02"),
    ("8007 8020", "415"),
    ("8009", "00 01 03"),
    ("8011", "8010"),
    ("8012", "01 03 8006"),
    ("8026", "37"),
    ("8030", "00 01+21 03+21 253 255 8003 8004 8006+21 8010+8011 8017 8018"),
    ("8040", "01+21"),
    ("8041 8042 8043", "01+21+8040"),
)
# Keys whose serial number is optional, and how long they are without it.
_SERIAL_STARTS_AT = {"253": 13, "255": 13, "8003": 14}


def validate_ai_combination(elements: Sequence[Gs1Element], *, permit_unknown_ais: bool = False) -> None:
    """Check that the identifiers may stand together, or raise BadInputError; values are not looked at again."""
    ais = {element.ai for element in elements}
    if not permit_unknown_ais:
        _check_known(ais)
    check_repeats(elements)
    _check_exclusive(ais)
    _check_requisites(ais)
    _check_signature(elements)


def requisites_of(ai: str) -> list[str]:
    """Return what an identifier needs beside it: one of the blank-separated alternatives out of every line."""
    return [alternatives for dependents, alternatives in _REQUISITES if _matching(dependents, {ai})]


def check_repeats(elements: Iterable[Gs1Element]) -> None:
    """Refuse an identifier that comes twice with different values."""
    seen: dict[str, str] = {}
    for ai, value in elements:
        if seen.setdefault(ai, value) != value:
            raise BadInputError("gs1.repeat_differs", ai=ai)


def _check_known(ais: Iterable[str]) -> None:
    for ai in ais:
        known = find_identifier(ai)
        if known is None or known.ai != ai:
            raise BadInputError("gs1.unknown_ai", ai=ai)


def _check_exclusive(ais: set[str]) -> None:
    for left, right in _EXCLUSIVE:
        if (ours := _matching(left, ais)) and (others := _matching(right, ais)):
            raise BadInputError("gs1.exclusive", ai=ours[0], other=others[0])
    members: dict[str, str] = {}
    for ai in sorted(ais):
        if len(ai) == 4 and ai[:3] in _ONE_OF_FAMILY and members.setdefault(ai[:3], ai) != ai:
            raise BadInputError("gs1.exclusive", ai=members[ai[:3]], other=ai)


def _check_requisites(ais: set[str]) -> None:
    for ai in sorted(ais):
        for alternatives in requisites_of(ai):
            if not _any_present(alternatives, ais):
                raise BadInputError("gs1.requires", ai=ai, one_of=alternatives)


def _any_present(alternatives: str, ais: set[str]) -> bool:
    return any(all(_matching(part, ais) for part in group.split("+")) for group in alternatives.split())


def _check_signature(elements: Sequence[Gs1Element]) -> None:
    if not any(ai == "8030" for ai, _ in elements):
        return
    for ai, value in elements:
        if len(value) == _SERIAL_STARTS_AT.get(ai):
            raise BadInputError("gs1.signature_needs_serial", ai=ai)


def _matching(patterns: str, ais: set[str]) -> list[str]:
    return sorted(ai for ai in ais for pattern in patterns.split() if _matches(ai, pattern))


def _matches(ai: str, pattern: str) -> bool:
    return len(ai) == len(pattern) and ai.startswith(pattern.rstrip("n"))
